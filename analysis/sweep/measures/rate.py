"""Mean rate of the units, in Hz: spikes, or flips of binary units."""

from heavytail_snn.analysis.spectra import spike_statistics
from heavytail_snn.analysis.sweep.entry.measure import Measure, Output, by_name
from heavytail_snn.analysis.sweep.entry.model import ModelEntry, Sample, Values


def outputs(entry: ModelEntry, values: Values) -> tuple[Output, ...]:
    """Return the rate, with the error over units."""
    return (Output("rate", "Hz", error=True),)


def take(sample: Sample) -> dict:
    """Return the rate of the recording."""
    return by_name(sample.noted(spike_statistics(sample.recording)))


MEASURE = Measure(name="rate", needs=("recording",), outputs=outputs, take=take)
