"""A clock that stands still while nothing is watched, so that gaps take no time."""

import numpy as np


class WatchedClock:
    """From times to watched time and back, along sorted intervals.

    Parameters
    ----------
    intervals : (m, 2) ndarray
        In seconds.

    Examples
    --------
    >>> clock = WatchedClock(np.array([[1.0, 2.0], [5.0, 8.0]]))
    >>> clock.total, clock.watched(np.array([1.5, 6.0])).tolist()
    (4.0, [0.5, 2.0])
    >>> clock.time(np.array([0.5, 2.0])).tolist()
    [1.5, 6.0]
    """

    def __init__(self, intervals: np.ndarray) -> None:
        self.intervals = intervals
        self.before = np.concatenate([[0.0], np.cumsum(np.diff(intervals, axis=1)[:, 0])])

    @property
    def total(self) -> float:
        """Watched time in seconds."""
        return float(self.before[-1])

    def watched(self, times: np.ndarray) -> np.ndarray:
        """Return the watched time before each time, which must lie in an interval."""
        number = np.searchsorted(self.intervals[:, 0], times, side="right") - 1
        return self.before[number] + (times - self.intervals[number, 0])

    def time(self, watched: np.ndarray) -> np.ndarray:
        """Return the time at which so much has been watched."""
        number = np.searchsorted(self.before[1:-1], watched, side="right")
        start, stop = self.intervals[number].T
        # rounding must not leave the interval
        return np.clip(start + (watched - self.before[number]), start, stop)
