"""Irregularity: coefficient of variation of the intervals, the mean over units."""

from heavytail_snn.analysis.spectra import spike_statistics
from heavytail_snn.analysis.sweep.entry.measure import Measure, Output, by_name
from heavytail_snn.analysis.sweep.entry.model import ModelEntry, Sample, Values


def outputs(entry: ModelEntry, values: Values) -> tuple[Output, ...]:
    """Return the coefficient of variation, with the error over units."""
    return (Output("cv", error=True),)


def take(sample: Sample) -> dict:
    """Return the coefficient of variation of the recording."""
    return by_name(sample.noted(spike_statistics(sample.recording)))


MEASURE = Measure(name="cv", needs=("recording",), outputs=outputs, take=take)
