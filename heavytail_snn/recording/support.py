"""Time support: the intervals in which the spikes of a unit could have been seen.

Units that were watched at the same times share one pattern of intervals, so that a recording of
ten thousand units with a common support holds a single array.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from heavytail_snn.core.errors import RecordingError
from heavytail_snn.core.showing import Rows
from heavytail_snn.core.time_units import in_seconds
from heavytail_snn.recording.frozen import Frozen, freeze


@dataclass(frozen=True, eq=False)
class TimeSupport(Frozen):
    """Intervals in which spikes could have been seen, common to all units or unit by unit.

    Made by `Recording` from what its argument `support` is given; see there.

    Parameters
    ----------
    patterns : tuple of (m, 2) ndarray
        Starts and stops in seconds, sorted, without overlap; both ends belong to an interval, but
        where two touch, the shared time belongs to the later one.  Intervals that touch stay two:
        nothing is known about what lies between them.
    pattern_of : (n_units,) ndarray of int
        Which pattern each unit has.
    """

    patterns: tuple[np.ndarray, ...]
    pattern_of: np.ndarray

    def __post_init__(self) -> None:
        freeze(self, patterns=tuple(self.patterns), pattern_of=np.asarray(self.pattern_of))
        for pattern in self.patterns:
            pattern.setflags(write=False)

    def __setstate__(self, state: dict[str, Any]) -> None:
        for pattern in state["patterns"]:
            pattern.setflags(write=False)
        freeze(self, **state)

    @property
    def n_units(self) -> int:
        """Number of units."""
        return self.pattern_of.size

    @property
    def is_common(self) -> bool:
        """Whether all units were watched at the same times."""
        return len(self.patterns) == 1

    @property
    def has_gaps(self) -> bool:
        """Whether some unit was not watched throughout one interval that all units share."""
        return not self.is_common or len(self.patterns[0]) != 1

    @property
    def observed(self) -> np.ndarray:
        """Observed time of each unit in seconds, shape (n_units,)."""
        return np.array([np.diff(p, axis=1).sum() for p in self.patterns])[self.pattern_of]

    @property
    def shared(self) -> np.ndarray:
        """The (m, 2) intervals in which all units were watched; (0, 2) where there is no time."""
        common = self.patterns[0]
        for pattern in self.patterns[1:]:
            common = intersection(common, pattern)
        return common

    def intervals(self, unit: int) -> np.ndarray:
        """Return the (m, 2) intervals of one unit in seconds."""
        return self.patterns[self.pattern_of[unit]]

    def groups(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return, for each pattern, its intervals and the numbers of its units."""
        return [(p, np.flatnonzero(self.pattern_of == i)) for i, p in enumerate(self.patterns)]

    def interval_of(self, times: np.ndarray, ids: np.ndarray) -> np.ndarray:
        """Return for each spike the number of its interval within its unit's pattern, else -1."""
        if self.is_common:
            return interval_numbers(self.patterns[0], times)
        found, pattern = np.empty(times.shape, dtype=np.int64), self.pattern_of[ids]
        order = np.argsort(pattern, kind="stable")
        ends = np.cumsum(np.bincount(pattern, minlength=len(self.patterns)))
        for number, (first, last) in enumerate(zip([0, *ends[:-1]], ends, strict=True)):
            mine = order[first:last]
            found[mine] = interval_numbers(self.patterns[number], times[mine])
        return found

    # ------------------------------------------------------------------ parts

    def select(self, units: np.ndarray) -> "TimeSupport":
        """Return the support of some units, in the order given."""
        return _gathered([self.intervals(unit) for unit in units])

    def restricted(self, intervals: np.ndarray) -> "TimeSupport":
        """Return what lies inside `intervals`, (m, 2), too."""
        cut = [intersection(pattern, intervals) for pattern in self.patterns]
        return _gathered([cut[number] for number in self.pattern_of])

    def shifted(self, offset: float) -> "TimeSupport":
        """Return the support `offset` seconds later."""
        return TimeSupport(tuple(p + offset for p in self.patterns), self.pattern_of)

    def joined(self, other: "TimeSupport") -> "TimeSupport":
        """Return the intervals of both, unit by unit; they must not overlap."""
        return _gathered(
            [np.concatenate([self.intervals(u), other.intervals(u)]) for u in range(self.n_units)]
            if not (self.is_common and other.is_common)
            else [np.concatenate([self.patterns[0], other.patterns[0]])] * self.n_units
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TimeSupport) or self.n_units != other.n_units:
            return False
        if self.is_common and other.is_common:
            return np.array_equal(self.patterns[0], other.patterns[0])
        pairs = set(zip(self.pattern_of.tolist(), other.pattern_of.tolist(), strict=True))
        return all(np.array_equal(self.patterns[a], other.patterns[b]) for a, b in pairs)

    __hash__ = None  # type: ignore[assignment]  # it holds arrays

    def shown(self) -> tuple[str, Rows]:
        """Return how long was observed, and in how many intervals."""
        observed = self.observed
        counts = [len(pattern) for pattern in self.patterns]
        return "TimeSupport", [
            ("units", f"{self.n_units}"),
            ("observed", f"{observed.min():.6g} to {observed.max():.6g} s a unit"),
            ("intervals", f"{min(counts)} to {max(counts)} a unit"),
            ("patterns", f"{len(self.patterns)}"),
        ]

    def __repr__(self) -> str:
        kind = "common" if self.is_common else f"{len(self.patterns)} patterns"
        return (
            f"TimeSupport({self.n_units} units, {kind}, "
            f"{self.observed.min():.6g} to {self.observed.max():.6g} s observed)"
        )


def time_support(given: Any, n_units: int, t_start: float, t_stop: float) -> TimeSupport:
    """Return the support of a recording, or raise.

    Parameters
    ----------
    given : None, TimeSupport, (m, 2) array_like of times, or one such array a unit
        None is the whole recording for every unit.
    n_units : int
    t_start, t_stop : float
        Limits of the recording in seconds; every interval must lie inside.

    Raises
    ------
    RecordingError
        If an interval is empty, overlaps another one or leaves the recording, or if there is not
        one array a unit.
    """
    if given is None:
        return TimeSupport((np.array([[t_start, t_stop]]),), np.zeros(n_units, dtype=np.int64))
    if isinstance(given, TimeSupport):
        support = given
    elif _is_per_unit(given):
        parts = [checked_intervals(f"support[{u}]", part) for u, part in enumerate(given)]
        support = _gathered(parts) if parts else TimeSupport((), np.empty(0, dtype=np.int64))
    else:
        common = checked_intervals("support", given)
        support = TimeSupport((common,), np.zeros(n_units, dtype=np.int64))
    if support.n_units != n_units:
        raise RecordingError(
            f"support must hold the intervals of each of {n_units} units, got {support.n_units}; "
            "for one that all units share pass an array of shape (m, 2)"
        )
    for pattern in support.patterns:
        if pattern.size and (pattern[0, 0] < t_start or pattern[-1, 1] > t_stop):
            raise RecordingError(
                f"support must lie in [t_start, t_stop] = [{t_start:g}, {t_stop:g}] s, got "
                f"intervals from {pattern[0, 0]:g} to {pattern[-1, 1]:g} s; correct the limits"
            )
    return support


def checked_intervals(argument: str, given: Any) -> np.ndarray:
    """Return (m, 2) sorted intervals in seconds, or raise; m may be 0."""
    array = in_seconds(argument, given)
    if array.size == 0:
        return np.empty((0, 2))
    if array.ndim != 2 or array.shape[1] != 2 or not np.isfinite(array).all():
        raise RecordingError(
            f"{argument} must hold finite (start, stop) pairs, got shape {array.shape}; "
            "for one interval pass [[start, stop]]"
        )
    array = array[np.argsort(array[:, 0], kind="stable")]
    empty = array[:, 1] <= array[:, 0]
    if empty.any():
        start, stop = array[np.argmax(empty)]
        raise RecordingError(
            f"{argument} must hold intervals that end after they start, got [{start:g}, {stop:g}] "
            "s; give (start, stop), not (start, duration)"
        )
    over = array[1:, 0] < array[:-1, 1]
    if over.any():
        first = int(np.argmax(over))
        raise RecordingError(
            f"{argument} must hold intervals that do not overlap, got {array[first].tolist()} and "
            f"{array[first + 1].tolist()} s; "
            "pass heavytail_snn.recording.support.merged(intervals) to unite them"
        )
    return array


def merged(intervals: Any) -> np.ndarray:
    """Return intervals, (m, 2) in seconds, with those united that overlap or touch.

    Examples
    --------
    >>> merged([[0.0, 2.0], [1.0, 3.0], [5.0, 6.0]])
    array([[0., 3.],
           [5., 6.]])
    """
    array = in_seconds("intervals", intervals).reshape(-1, 2)
    array = array[np.argsort(array[:, 0], kind="stable")]
    if not array.size:
        return array
    reach = np.maximum.accumulate(array[:, 1])
    new = np.concatenate([[True], array[1:, 0] > reach[:-1]])
    last = np.concatenate([np.flatnonzero(new)[1:] - 1, [len(array) - 1]])
    return np.column_stack([array[new, 0], reach[last]])


def without(intervals: Any, removed: Any) -> np.ndarray:
    """Return what of `intervals` lies outside of `removed`, such as a file's invalid times.

    Examples
    --------
    >>> without([[0.0, 10.0]], [[2.0, 3.0], [9.0, 12.0]])
    array([[0., 2.],
           [3., 9.]])
    """
    array, gone = checked_intervals("intervals", intervals), merged(removed)
    edges = np.concatenate([[-np.inf], gone.ravel(), [np.inf]]).reshape(-1, 2)
    return intersection(array, edges)


def intersection(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Return the (m, 2) intervals, of more than one point, that lie in both; both sorted."""
    if len(one) == len(two) == 1:
        cut = np.array([[max(one[0, 0], two[0, 0]), min(one[0, 1], two[0, 1])]])
        return cut[cut[:, 1] > cut[:, 0]]
    first = np.searchsorted(two[:, 1], one[:, 0], side="right")  # the first that ends later
    last = np.searchsorted(two[:, 0], one[:, 1], side="left")  # behind the last that starts before
    number = np.maximum(last - first, 0)
    mine = np.repeat(np.arange(len(one)), number)
    other = np.arange(mine.size) + np.repeat(first - (np.cumsum(number) - number), number)
    cut = np.column_stack(
        [np.maximum(one[mine, 0], two[other, 0]), np.minimum(one[mine, 1], two[other, 1])]
    )
    return cut[cut[:, 1] > cut[:, 0]]


def interval_numbers(intervals: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return the number of the interval that holds each time, -1 for none."""
    if len(intervals) == 0:
        return np.full(times.shape, -1)
    number = np.searchsorted(intervals[:, 0], times, side="right") - 1
    return np.where((number >= 0) & (times <= intervals[number, 1]), number, -1)


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


def _is_per_unit(given: Any) -> bool:
    """Tell one (m, 2) array a unit from one (m, 2) array for all."""
    if isinstance(given, np.ndarray) and given.dtype != object:
        return given.ndim == 3
    return isinstance(given, Sequence | np.ndarray) and any(
        np.ndim(item) == 2 or np.size(item) == 0 for item in given
    )


def _gathered(parts: Sequence[np.ndarray]) -> TimeSupport:
    """Return the support of units with these intervals, equal ones kept once."""
    known: dict[bytes, int] = {}
    patterns: list[np.ndarray] = []
    numbers = np.empty(len(parts), dtype=np.int64)
    for unit, part in enumerate(parts):
        key = part.tobytes()
        if key not in known:
            known[key] = len(patterns)
            patterns.append(part)
        numbers[unit] = known[key]
    return TimeSupport(tuple(patterns), numbers)
