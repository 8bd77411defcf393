"""Spikes sorted by unit, in chunks of units: what every statistic of single units walks through.

A chunk has a bounded number of spikes and cells, so that a statistic of 2e7 spikes needs little
memory beyond the spikes themselves.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from heavytail_snn.recording.windows import Windows

if TYPE_CHECKING:
    from heavytail_snn.recording.recording import Recording

CHUNK_SPIKES = 2**20
CHUNK_CELLS = 2**22


@dataclass(frozen=True)
class UnitTrains:
    """All spikes sorted by (unit, time).

    Parameters
    ----------
    times : (n_spikes,) ndarray
        In seconds.
    ends : (n_units + 1,) ndarray of int
        The spikes of unit u are ``times[ends[u]:ends[u + 1]]``.
    """

    times: np.ndarray
    ends: np.ndarray

    def train(self, unit: int) -> np.ndarray:
        """Return the times of one unit."""
        return self.times[self.ends[unit] : self.ends[unit + 1]]


def sorted_by_unit(times: np.ndarray, ids: np.ndarray, n_units: int) -> UnitTrains:
    """Return spikes that are sorted by time sorted by unit."""
    small = np.uint16 if n_units <= 2**16 else np.uint32  # numpy sorts 16 bits by their digits
    order = np.argsort(ids.astype(small), kind="stable")
    ends = np.concatenate([[0], np.cumsum(np.bincount(ids, minlength=n_units))])
    by_unit = times[order]
    by_unit.setflags(write=False)
    return UnitTrains(by_unit, ends)


@dataclass(frozen=True)
class Chunk:
    """The spikes of the units first ... stop - 1, sorted by (unit, time).

    Parameters
    ----------
    first, stop : int
    times : (n,) ndarray
        In seconds.
    owner : (n,) ndarray of int
        Unit of each spike, counted from `first`.
    joined : (n - 1,) ndarray of bool
        Whether the time from each spike to the next is an inter-spike interval: of one unit, and
        watched throughout.
    """

    first: int
    stop: int
    times: np.ndarray
    owner: np.ndarray
    joined: np.ndarray

    @property
    def n_units(self) -> int:
        """Number of units in the chunk."""
        return self.stop - self.first

    def by_unit(self, values: np.ndarray, owner: np.ndarray | None = None) -> np.ndarray:
        """Return the sum of `values` for each unit of the chunk."""
        return np.bincount(self.owner if owner is None else owner, values, minlength=self.n_units)


def chunks(recording: "Recording", cells_per_unit: int = 1) -> Iterator[Chunk]:
    """Yield all spikes in chunks of whole units.

    Parameters
    ----------
    recording : Recording
    cells_per_unit : int
        What the caller builds a unit, in numbers.
    """
    trains, support = recording.by_unit, recording.support
    units_at_once = max(1, CHUNK_CELLS // max(cells_per_unit, 1))
    first = 0
    while first < recording.n_units:
        by_spikes = (
            int(np.searchsorted(trains.ends, trains.ends[first] + CHUNK_SPIKES, "right")) - 1
        )
        stop = min(max(first + 1, min(by_spikes, first + units_at_once)), recording.n_units)
        times = trains.times[trains.ends[first] : trains.ends[stop]]
        owner = np.repeat(np.arange(stop - first), np.diff(trains.ends[first : stop + 1]))
        joined = owner[1:] == owner[:-1]
        if support.has_gaps:
            interval = support.interval_of(times, owner + first)
            joined &= interval[1:] == interval[:-1]
        yield Chunk(first, stop, times, owner, joined)
        first = stop


def window_chunks(
    recording: "Recording", width: float
) -> Iterator[tuple[np.ndarray, np.ndarray, Windows]]:
    """Yield the counts of some units in the windows of their support.

    Yields
    ------
    units : (n,) ndarray
        Their numbers.
    counts : (n, n_windows) ndarray
        Counts in the complete windows inside the intervals in which these units were watched.
    windows : Windows
    """
    for intervals, members in recording.support.groups():
        windows = Windows(intervals, width)
        whole = members.size == recording.n_units
        part = recording if whole else recording.select(members)
        for chunk in chunks(part, windows.n):
            index = windows.index(chunk.times)
            inside = index >= 0
            flat = chunk.owner[inside] * windows.n + index[inside]
            counts = np.bincount(flat, minlength=chunk.n_units * windows.n)
            shape = chunk.n_units, windows.n
            yield members[chunk.first : chunk.stop], counts.reshape(shape), windows
