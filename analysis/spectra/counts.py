"""From a recording to the count vectors whose spectra are taken.

Bins lie inside the intervals in which the units were watched; the counts of all intervals follow
each other in one vector, and the segments of a spectrum never reach from one into the next.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from heavytail_snn.core.errors import ParameterError, RecordingError, check_integer
from heavytail_snn.core.time_units import one_time
from heavytail_snn.recording.inputs import as_recording
from heavytail_snn.recording.recording import Recording
from heavytail_snn.recording.support import intersection
from heavytail_snn.recording.trains import chunks
from heavytail_snn.recording.windows import Windows

MAX_BINS = 10**9


def prepared(spikes: Any, bin_size: Any, t_start: Any, t_stop: Any) -> tuple[Recording, float]:
    """Return the recording and the bin width in seconds."""
    bin_size = one_time("bin_size", bin_size, low=0, open_low=True)
    recording = as_recording("spikes", spikes, t_start=t_start, t_stop=t_stop, minimum_spikes=2)
    if recording.duration / bin_size > MAX_BINS:
        raise ParameterError(
            "bin_size",
            bin_size,
            f"must not cut the {recording.duration:g} s into more than {MAX_BINS:.0e} bins",
            "use wider bins; if the recording is shorter than that, its times are not in seconds: "
            "read it with time_unit='ms' or 'us'",
        )
    return recording, bin_size


def bins_of(recording: Recording, bin_size: float, units: np.ndarray | None = None) -> Windows:
    """Return the bins in which all of some units were watched; default all units.

    Raises
    ------
    RecordingError
        If there is no such time.
    """
    support = recording.support
    if units is None:
        watched = support.shared
    else:
        watched = support.intervals(units[0])
        for number in np.unique(support.pattern_of[units]):
            watched = intersection(watched, support.patterns[number])
    if not len(watched):
        raise RecordingError(
            "the units must have been watched at the same time, got no such time; "
            "select units observed together, or take the spectrum of one unit"
        )
    return Windows(watched, bin_size)


def unit_counts(recording: Recording, bins: Windows) -> Iterator[np.ndarray]:
    """Yield the counts in the bins, shape (n_bins,), unit by unit."""
    for chunk in chunks(recording, bins.n):
        index = bins.index(chunk.times)
        inside = index >= 0
        flat = chunk.owner[inside] * bins.n + index[inside]
        counts = np.bincount(flat, minlength=chunk.n_units * bins.n)
        yield from counts.reshape(chunk.n_units, bins.n).astype(np.float64)


def summed_counts(recording: Recording, bins: Windows, units: np.ndarray) -> np.ndarray:
    """Return the counts of some units together, shape (n_bins,)."""
    member = np.zeros(recording.n_units, dtype=bool)
    member[units] = True
    times = recording.times if member.all() else recording.times[member[recording.ids]]
    index = bins.index(times)
    return np.bincount(index[index >= 0], minlength=bins.n).astype(np.float64)


def unit_with_spikes(recording: Recording, argument: str, unit: Any) -> int:
    """Return the number of a unit with at least two spikes, or raise."""
    number = check_integer(argument, unit, high=recording.n_units - 1)
    n_spikes = np.count_nonzero(recording.ids == number)
    if n_spikes < 2:
        raise RecordingError(
            f"unit {number} must have at least 2 spikes for a spectrum, got {n_spikes}; "
            "choose another unit"
        )
    return number
