"""Welch's and multitaper spectra by elephant, of binned trains and interval by interval.

elephant's spectra of SpikeTrain objects are not used: they are none of delta functions.  On counts
in bins they are, up to the factor two of one-sided spectra; `power_spectrum` says the same.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from heavytail_snn.core.errors import RecordingError, check_choice, check_integer
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.core.time_units import one_time
from heavytail_snn.recording.inputs import as_recording
from heavytail_snn.recording.windows import Windows


@dataclass(frozen=True, kw_only=True)
class ElephantSpectrum(Result):
    """Two-sided power of one unit, of delta functions, with the rate as its tail.

    Parameters
    ----------
    frequencies, power : (n_frequencies,) ndarray
        In Hz and in 1/s, without the frequency zero.
    n_intervals : int
        Intervals of the support that were long enough.
    """

    frequencies: np.ndarray = field_of(unit="Hz", dims=("frequency",))
    power: np.ndarray = field_of(unit="Hz", dims=("frequency",))
    n_intervals: int


def elephant_spectrum(
    spikes: Any,
    *,
    unit: int,
    method: str = "welch",
    bin_size: Any = 1e-3,
    segment: Any = 1.024,
) -> ElephantSpectrum:
    """Return elephant's spectrum of one unit, averaged over the intervals of its support.

    Parameters
    ----------
    spikes : Recording, neo object or times in seconds
        See `heavytail_snn.recording.inputs.as_recording`.
    unit : int
    method : {"welch", "multitaper"}
    bin_size : float or quantity of time
    segment : float or quantity of time
        Length of a segment.  Shorter intervals are left out; others count by their length.
    """
    check_choice("method", method, ("welch", "multitaper"))
    recording = as_recording("spikes", spikes)
    unit = check_integer("unit", unit, high=recording.n_units - 1)
    bin_size = one_time("bin_size", bin_size, low=0, open_low=True)
    size = round(one_time("segment", segment, low=8 * bin_size) / bin_size)
    train, weight, number = recording.spike_trains()[unit], 0, 0
    total: Any = 0.0
    frequencies = np.empty(0)
    for interval in recording.support.intervals(unit):
        windows = Windows(interval[None, :], bin_size)
        if windows.n < size:
            continue
        index = windows.index(train[(train >= interval[0]) & (train <= interval[1])])
        counts = np.bincount(index[index >= 0], minlength=windows.n) / bin_size
        found, power = _spectrum(counts, method, 1 / bin_size, size)
        frequencies = found[1:-1]
        total = total + windows.n * power[1:-1] / 2
        weight, number = weight + windows.n, number + 1
    if not weight:
        raise RecordingError(
            f"unit {unit} must be watched for a segment of {size * bin_size:g} s in one piece; "
            "use a shorter segment"
        )
    return ElephantSpectrum(
        frequencies=frequencies,
        power=np.asarray(total / weight),
        n_intervals=number,
        parameters={
            "unit": unit,
            "method": method,
            "bin_size": bin_size,
            "segment": size * bin_size,
        },
    )


def _spectrum(
    counts: np.ndarray, method: str, rate: float, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return frequencies and one-sided power of the counts of one interval."""
    from elephant.spectral import multitaper_psd, welch_psd

    if method == "welch":
        found, power = welch_psd(counts[None, :], fs=rate, len_segment=size)
        return np.asarray(found, dtype=float), np.asarray(power, dtype=float)[0]
    # segment by segment: elephant's own segmented spectrum is complex, and nan (elephant 1.2)
    pieces = [counts[i : i + size] for i in range(0, counts.size - size + 1, size)]
    parts = [multitaper_psd(p[None, :] - counts.mean(), fs=rate) for p in pieces]
    frequencies = np.asarray(parts[0][0], dtype=float)
    return frequencies, np.mean([np.real(np.asarray(power))[0] for _, power in parts], axis=0)
