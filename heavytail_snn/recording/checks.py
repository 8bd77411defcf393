"""The rules that spikes must obey to form a `Recording`; each broken rule is a named error.

Nothing is repaired here.  The error gives the first offending value and the option that repairs
it, so that sorting or dropping spikes is always the user's decision.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from heavytail_snn.core.errors import ParameterError, RecordingError, UnitError
from heavytail_snn.core.time_units import has_unit, one_time
from heavytail_snn.door.numbers import LARGEST_EXACT, LARGEST_ID
from heavytail_snn.door.refusals import refusal
from heavytail_snn.recording.support import TimeSupport


def checked_ids(ids: object) -> np.ndarray:
    """Return unit ids as a new int64 array, or raise."""
    array = np.asarray(ids)
    if array.size == 0:
        return np.empty(0, dtype=np.int64)
    if array.dtype.kind not in "iuf":
        raise RecordingError(f"ids must be whole numbers, got dtype {array.dtype}; renumber units")
    if array.dtype.kind == "f" and not np.array_equal(array, np.trunc(array)):
        bad = array[array != np.trunc(array)][0]
        raise RecordingError(
            f"ids must be whole numbers, got {bad}; are the columns (time, id) swapped?"
        )
    largest = max(abs(int(array.max())), abs(int(array.min())))
    if largest > (LARGEST_EXACT if array.dtype.kind == "f" else LARGEST_ID):
        raise RecordingError(f"ids must be exact whole numbers, got {largest}; renumber the units")
    return array.astype(np.int64)


def check_shapes(times: np.ndarray, ids: np.ndarray) -> None:
    """Raise unless `times` and `ids` are one-dimensional and of equal length."""
    if times.ndim != 1 or ids.ndim != 1 or times.size != ids.size:
        raise RecordingError(
            f"times and ids must be one-dimensional and equally long, got shapes {times.shape} "
            f"and {ids.shape}; for one array per unit use Recording.from_spike_trains"
        )


def check_values(
    times: np.ndarray, ids: np.ndarray, n_units: int, t_start: float, t_stop: float
) -> None:
    """Raise if a time is not finite or outside the recording, or an id is not of a unit."""
    check_finite(times, ids)
    outside = (times < t_start) | (times > t_stop)
    if outside.any():
        first = int(np.argmax(outside))
        raise RecordingError(
            f"times must lie in [t_start, t_stop] = [{t_start:g}, {t_stop:g}] s, got "
            f"{times[first]:.9g} s at spike {first} ({np.count_nonzero(outside)} in all); "
            "are the times in seconds? else correct t_start and t_stop"
        )
    strange = (ids < 0) | (ids >= n_units)
    if strange.any():
        first = int(np.argmax(strange))
        raise RecordingError(
            f"ids must lie in 0 ... n_units - 1 = {n_units - 1}, got {ids[first]} at spike "
            f"{first}; renumber the units from 0 or correct n_units"
        )


def check_finite(times: np.ndarray, ids: np.ndarray | int) -> None:
    """Raise if a time is nan or infinite; `ids` are those of the spikes, or one for all."""
    finite = np.isfinite(times)
    if not finite.all():
        first = int(np.argmin(finite))
        unit = np.broadcast_to(ids, times.shape)[first]
        raise RecordingError(
            f"times must be finite, got {times[first]} at spike {first} of unit {unit} "
            f"({np.count_nonzero(~finite)} in all); remove these spikes or repair the file"
        )


def check_sorted(times: np.ndarray, what: str = "times") -> None:
    """Raise if the times decrease anywhere."""
    falls = np.diff(times) < 0
    if falls.any():
        first = int(np.argmax(falls))
        raise refusal(
            f"{what} must be sorted, got {times[first + 1]:.9g} s after {times[first]:.9g} s at "
            f"spike {first + 1} ({np.count_nonzero(falls)} such places); if the order is noise",
            {"sort": True},
        )


def duplicate_spikes(times: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Return a mask of the spikes that repeat the one before, for spikes sorted by (time, id)."""
    repeats = np.zeros(times.size, dtype=bool)
    repeats[1:] = (np.diff(times) == 0) & (np.diff(ids) == 0)
    return repeats


def check_no_duplicates(times: np.ndarray, ids: np.ndarray) -> None:
    """Raise if one unit has two spikes at one time; spikes must be sorted by (time, id)."""
    repeats = duplicate_spikes(times, ids)
    if repeats.any():
        first = int(np.argmax(repeats))
        raise refusal(
            f"a unit cannot spike twice at one time, got unit {ids[first]} twice at "
            f"{times[first]:.9g} s ({np.count_nonzero(repeats)} such spikes)",
            {"drop_duplicates": True},
        )


def check_limit_units(times: Any, **limits: Any) -> None:
    """Refuse plain limits beside times with a unit: 1000 may mean what the times mean, or seconds.

    Parameters
    ----------
    times : array_like, quantity, or a sequence of these
    **limits
        ``t_start`` and ``t_stop`` as they were given; None and 0 need no unit.
    """
    if not _all_have_units(times):
        return
    for name, value in limits.items():
        if value is not None and not has_unit(value) and np.ndim(value) == 0 and value != 0:
            raise UnitError(
                name,
                value,
                "must carry a unit where the times do",
                f"write {name}={value}*second, or in the unit of the times",
            )


def _all_have_units(times: Any) -> bool:
    parts = [item for item in times if np.size(item)] if isinstance(times, list | tuple) else []
    return has_unit(times) or (bool(parts) and all(_all_have_units(item) for item in parts))


def checked_limits(t_start: Any, t_stop: Any) -> tuple[float, float]:
    """Return the limits of a recording in seconds, or raise."""
    start, stop = one_time("t_start", t_start), one_time("t_stop", t_stop)
    if stop <= start:
        raise RecordingError(
            f"t_stop must be later than t_start, got t_start = {start:g} s and t_stop = {stop:g} "
            "s; give the limits of the run, a recording needs a duration"
        )
    return start, stop


def check_support(times: np.ndarray, ids: np.ndarray, support: TimeSupport) -> None:
    """Raise if a spike lies outside of its unit's support."""
    if not support.has_gaps and times.size:
        (low, high) = support.patterns[0][0]
        if low <= times[0] and times[-1] <= high:
            return
    outside = support.interval_of(times, ids) < 0
    if outside.any():
        first = int(np.argmax(outside))
        raise refusal(
            f"spikes must lie inside the support of their unit, got unit {ids[first]} at "
            f"{times[first]:.9g} s ({np.count_nonzero(outside)} such spikes); correct the support, "
            "or leave them out",
            {"drop_outside": True},
        )


def as_dict(argument: str, value: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a mapping as a new dict, or raise."""
    if not isinstance(value, Mapping | None):
        raise ParameterError(argument, value, "must be a mapping", 'use {"name": ...}')
    return dict(value or {})


def check_unit_names(n_units: int, attrs: Mapping[str, Any]) -> None:
    """Raise unless every unit has one name, if any has."""
    if len(attrs.get("unit_names", range(n_units))) != n_units:
        raise RecordingError(
            f"unit_names must name each of the {n_units} units, got {attrs['unit_names']!r}"
        )


def unit_indices(units: Any, n_units: int) -> np.ndarray:
    """Return the chosen units as numbers, from numbers or a mask, else raise."""
    array = np.atleast_1d(np.asarray(units))
    if array.dtype == bool and array.shape == (n_units,):
        array = np.flatnonzero(array)
    whole = array.dtype.kind in "iu" and array.ndim == 1 and array.size > 0
    if not whole or array.min() < 0 or array.max() >= n_units:
        raise ParameterError(
            "units", units, f"must be unit numbers in 0 ... {n_units - 1}, at least one"
        )
    if np.unique(array).size != array.size:
        raise ParameterError("units", units, "must not name a unit twice")
    return array
