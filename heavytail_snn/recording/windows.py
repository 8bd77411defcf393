"""Counting windows that lie inside the intervals of a support, and the counts in them.

Windows begin at the start of each interval and follow each other; what is left of an interval at
its end is in no window, and no window reaches across a gap.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from heavytail_snn.core.errors import MemoryLimitError
from heavytail_snn.core.time_units import one_time
from heavytail_snn.recording.support import interval_numbers

if TYPE_CHECKING:
    from heavytail_snn.recording.recording import Recording

# A spike closer than this fraction of a bin below a bin's edge lies on the edge: times on a
# simulation grid carry rounding errors of some 1e-9 bins.
EDGE_TOLERANCE = 1e-6


def edge_tolerance(largest: float, width: float) -> float:
    """Return the fraction of a bin by which a time may lie below an edge and still be on it.

    Times far from zero, such as those of a Unix clock, are rounded more: by 2.4e-4 bins of 1 ms.

    Parameters
    ----------
    largest : float
        Largest absolute time in seconds.
    width : float
        Of a bin, in seconds.
    """
    return max(EDGE_TOLERANCE, min(0.25, 2 * float(np.spacing(abs(largest))) / width))


@dataclass(frozen=True)
class Windows:
    """Complete windows of one width inside sorted intervals.

    Parameters
    ----------
    intervals : (m, 2) ndarray
        In seconds.
    width : float
        In seconds.
    """

    intervals: np.ndarray
    width: float

    @property
    def tolerance(self) -> float:
        """Fraction of a window by which a time may lie below an edge and still be on it."""
        return edge_tolerance(float(np.abs(self.intervals).max(initial=0.0)), self.width)

    @property
    def per_interval(self) -> np.ndarray:
        """Number of complete windows in each interval, shape (m,)."""
        exact = np.diff(self.intervals, axis=1)[:, 0] / self.width
        return (exact + self.tolerance).astype(np.int64)

    @property
    def n(self) -> int:
        """Number of windows."""
        return int(self.per_interval.sum())

    @property
    def starts(self) -> np.ndarray:
        """Starts of the windows in seconds, shape (n,)."""
        number = self.per_interval
        within = np.arange(number.sum()) - np.repeat(np.cumsum(number) - number, number)
        return np.repeat(self.intervals[:, 0], number) + within * self.width

    def index(self, times: np.ndarray) -> np.ndarray:
        """Return the window of each time, -1 for none; a time on an edge is in the later one.

        A time at the end of an interval that whole windows fill is in the last of them.
        """
        if len(self.intervals) == 0:
            return np.full(times.shape, -1)
        if len(self.intervals) == 1:
            return self._index_in_one(times)
        number = self.per_interval
        interval = interval_numbers(self.intervals, times)
        position = (times - self.intervals[interval, 0]) / self.width
        place = np.floor(position + self.tolerance).astype(np.int64)
        at_end = self._filled[interval] & (times <= self.intervals[interval, 1])
        place = place - (at_end & (place == number[interval]))
        inside = (place >= 0) & (place < number[interval]) & (interval >= 0)
        return np.where(inside, (np.cumsum(number) - number)[interval] + place, -1)

    @property
    def _filled(self) -> np.ndarray:
        """Whether whole windows fill each interval."""
        exact = np.diff(self.intervals, axis=1)[:, 0] / self.width
        return np.abs(exact - self.per_interval) < self.tolerance

    def _index_in_one(self, times: np.ndarray) -> np.ndarray:
        """Do the same for one interval, in place: 2e7 times take half a second."""
        (start, stop), number = self.intervals[0], self.n
        position = times - start
        position /= self.width
        position += self.tolerance
        if position.size and position.min() < 0:
            np.floor(position, out=position)
        place = position.astype(np.int64)
        if self._filled[0]:
            place[(place == number) & (times <= stop)] -= 1
        place[place >= number] = -1
        return np.maximum(place, -1, out=place)


def covering_bins(start: float, stop: float, bin_size: Any) -> int:
    """Return the number of bins from `start` on that cover a run; the last may reach beyond it."""
    width = one_time("bin_size", bin_size, low=0, open_low=True)
    exact = (stop - start) / width
    whole = round(exact)
    close = abs(exact - whole) < edge_tolerance(max(abs(start), abs(stop)), width)
    return whole if whole and close else int(exact) + 1


def covering_index(times: np.ndarray, start: float, stop: float, bin_size: Any) -> np.ndarray:
    """Return the covering bin of each time; that of `stop` is the last."""
    width = one_time("bin_size", bin_size, low=0, open_low=True)
    position = (times - start) / width + edge_tolerance(max(abs(start), abs(stop)), width)
    return np.minimum(position.astype(np.int64), covering_bins(start, stop, width) - 1)


def counts_in(recording: "Recording", windows: Windows) -> np.ndarray:
    """Return the spikes of each unit in each window, shape (n_windows, n_units), int."""
    n_units = recording.n_units
    index = windows.index(recording.times)
    inside = index >= 0
    flat = index[inside] * n_units + recording.ids[inside]
    return np.bincount(flat, minlength=windows.n * n_units).reshape(windows.n, n_units)


def check_count_memory(n_bins: float, n_units: int, bin_size: float, max_memory: float) -> None:
    """Raise if counts in `n_bins` bins of all units need more than `max_memory` bytes."""
    needed = 8.0 * n_bins * n_units
    if needed > max_memory:
        raise MemoryLimitError(
            f"bins of {bin_size:g} s for {n_units} units over {n_bins * bin_size:g} s need "
            f"{1e-9 * needed:.3g} GB, more than max_memory = {1e-9 * max_memory:.3g} GB; "
            "use wider bins, fewer units (select) or a shorter stretch (slice)"
        )
