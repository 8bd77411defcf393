"""From a recording to the count vectors whose spectra are taken."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from heavytail_snn.core.errors import ParameterError, RecordingError, check_integer
from heavytail_snn.core.time_units import one_time
from heavytail_snn.recording.inputs import as_recording
from heavytail_snn.recording.recording import EDGE_TOLERANCE, Recording

MAX_BINS = 10**9


def prepared(spikes: Any, bin_size: Any, t_start: Any, t_stop: Any) -> tuple[Recording, float, int]:
    """Return the recording, the bin width in seconds and the number of complete bins."""
    bin_size = one_time("bin_size", bin_size, low=0, open_low=True)
    recording = as_recording("spikes", spikes, t_start=t_start, t_stop=t_stop, minimum_spikes=2)
    exact = recording.duration / bin_size
    if exact > MAX_BINS:
        raise ParameterError(
            "bin_size",
            bin_size,
            f"must not cut the {recording.duration:g} s into more than {MAX_BINS:.0e} bins",
            "use wider bins; if the recording is shorter than that, its times are not in seconds: "
            "read it with time_unit='ms' or 'us'",
        )
    return recording, bin_size, int(exact + EDGE_TOLERANCE)


def count_vectors(
    recording: Recording, bin_size: float, n_bins: int, groups: list[np.ndarray] | None = None
) -> Iterator[np.ndarray]:
    """Yield the counts in the first `n_bins` bins, shape (n_bins,), unit by unit.

    Parameters
    ----------
    recording : Recording
    bin_size : float
        In seconds.
    n_bins : int
    groups : list of arrays of unit numbers, optional
        Yield the summed counts of each group instead.
    """
    position = recording.bin_indices(bin_size)
    inside = position < n_bins
    position, ids = position[inside], recording.ids[inside]
    if groups is None:
        order = np.argsort(ids, kind="stable")
        position = position[order]
        ends = np.cumsum(np.bincount(ids, minlength=recording.n_units))
        for first, last in zip(ends - np.diff(ends, prepend=0), ends, strict=True):
            yield np.bincount(position[first:last], minlength=n_bins).astype(np.float64)
        return
    for group in groups:
        member = np.zeros(recording.n_units, dtype=bool)
        member[group] = True
        yield np.bincount(position[member[ids]], minlength=n_bins).astype(np.float64)


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
