"""Mean power spectrum of the units' spike trains, and its tail over the rate."""

import numpy as np

from heavytail_snn.analysis.spectra import power_spectrum
from heavytail_snn.analysis.sweep.entry.measure import Measure, Output, by_name
from heavytail_snn.analysis.sweep.entry.model import ModelEntry, Sample, Values
from heavytail_snn.analysis.sweep.entry.parameter import Parameter

WIDTH = 1e-3  # s, of the bins in which spikes are counted
SEGMENT = Parameter(
    "segment", 1024, kind="integer", low=64, high=65536,
    meaning="milliseconds whose spectra are averaged",
)  # fmt: skip


def outputs(entry: ModelEntry, values: Values) -> tuple[Output, ...]:
    """Return the spectrum over the frequencies that the segment has."""
    n_points = int(values["segment"])
    inner = slice(1, (n_points + 1) // 2)  # neither zero nor Nyquist
    frequencies = np.fft.rfftfreq(n_points, WIDTH)[inner]
    return (
        Output("power", "Hz", axes={"frequency": frequencies}),
        Output("spectrum_tail_over_rate", error=True),
    )


def take(sample: Sample) -> dict:
    """Return the mean spectrum of the recording's units."""
    resolution = 1.0 / (int(sample.values["segment"]) * WIDTH)
    found = sample.noted(
        power_spectrum(sample.recording, bin_size=WIDTH, frequency_resolution=resolution)
    )
    return by_name(found) | {"power": found.power}


MEASURE = Measure(
    name="spectrum", needs=("recording",), outputs=outputs, take=take, parameters=(SEGMENT,)
)
