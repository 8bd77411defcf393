"""Other ways to make a Recording: unsorted spikes, one array a unit, a Brian2 monitor."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from heavytail_snn.core.errors import RecordingError
from heavytail_snn.core.options import refuse_unknown
from heavytail_snn.core.time_units import in_seconds, one_time
from heavytail_snn.recording import checks
from heavytail_snn.recording.monitor_times import watched_intervals
from heavytail_snn.recording.support import time_support

if TYPE_CHECKING:
    from heavytail_snn.recording.recording import Recording

PARTS = ("support", "units", "epochs", "trials", "traces")


def from_unsorted(
    make: "type[Recording]",
    times: Any,
    ids: Any,
    n_units: int,
    t_start: Any,
    t_stop: Any,
    *,
    sort: bool,
    drop_duplicates: bool,
    drop_outside: bool,
    attrs: Mapping[str, Any] | None,
    parts: Mapping[str, Any],
) -> "Recording":
    """Return a Recording of spikes in any order; see `Recording.from_unsorted`."""
    refuse_unknown(f"{make.__name__}.from_unsorted", parts, PARTS)
    given = times
    times, ids = in_seconds("times", given), checks.checked_ids(ids)
    checks.check_limit_units(given, t_start=t_start, t_stop=t_stop)
    checks.check_shapes(times, ids)
    attributes, parts = dict(attrs or {}), dict(parts)
    if not sort:
        checks.check_sorted(times)
    order = np.lexsort((ids, times))
    times, ids = times[order], ids[order]
    if drop_duplicates:
        repeats = checks.duplicate_spikes(times, ids)
        times, ids = times[~repeats], ids[~repeats]
        attributes["duplicates_dropped"] = int(np.count_nonzero(repeats))
    if drop_outside:
        low, high = checks.checked_limits(t_start, t_stop)
        support = parts["support"] = time_support(parts.get("support"), n_units, low, high)
        inside = support.interval_of(times, ids) >= 0
        times, ids = times[inside], ids[inside]
        attributes["outside_dropped"] = int(np.count_nonzero(~inside))
    return make(times, ids, n_units, t_start, t_stop, attrs=attributes, **parts)


def from_spike_trains(
    make: "type[Recording]", trains: Iterable[Any], t_start: Any, t_stop: Any, *, sort: bool,
    **options: Any,
) -> "Recording":  # fmt: skip
    """Return a Recording of one array a unit; see `Recording.from_spike_trains`."""
    refuse_unknown(f"{make.__name__}.from_spike_trains", options["parts"], PARTS)
    if not isinstance(trains, Iterable) or getattr(trains, "ndim", 1) == 0:
        raise RecordingError(f"trains must hold one array a unit, got {trains!r}")
    trains = list(trains)
    arrays = [in_seconds(f"trains[{i}]", train) for i, train in enumerate(trains)]
    checks.check_limit_units(trains, t_start=t_start, t_stop=t_stop)
    shapes = [train.shape for train in arrays if train.ndim != 1]
    if shapes:
        raise RecordingError(
            f"trains must hold one flat array a unit, got one of shape {shapes[0]}; "
            "for one unit pass [times]"
        )
    if not arrays:
        raise RecordingError("trains must hold at least one unit, got none")
    for unit, train in enumerate(arrays if not sort else ()):
        checks.check_sorted(train, f"times of unit {unit}")
    ids = np.repeat(np.arange(len(arrays)), [train.size for train in arrays])
    times = np.concatenate(arrays)
    return from_unsorted(make, times, ids, len(arrays), t_start, t_stop, sort=True, **options)


def from_monitor(
    make: "type[Recording]",
    spike_monitor: Any,
    t_start: Any,
    t_stop: Any,
    traces: Mapping[str, Any] | None,
    attrs: Mapping[str, Any] | None,
) -> "Recording":
    """Return the spikes of a Brian2 monitor; see `Recording.from_monitor`."""
    if not (hasattr(spike_monitor, "source") and "i" in spike_monitor.variables):
        raise RecordingError(
            f"spike_monitor must record spike times and indices, got {spike_monitor!r}; "
            "use SpikeMonitor(neurons), with record=True"
        )
    clock = float(np.asarray(spike_monitor.clock.t_))
    end = clock if t_stop is None else one_time("t_stop", t_stop)
    times, ids = np.asarray(spike_monitor.t_), np.asarray(spike_monitor.i)
    order = np.lexsort((ids, times))
    support = watched_intervals(spike_monitor, end) if t_start is None else None
    extra: dict[str, Any] = {"support": support}
    return make(
        times[order],
        ids[order],
        len(spike_monitor.source),
        (support[0][0] if support else 0.0) if t_start is None else t_start,
        end,
        traces or {},
        {"source": f"Brian2 {spike_monitor.name}", **(attrs or {})},
        **extra,
    )


def fields_of_data(recording: "Recording") -> dict[str, Any]:
    """Return the fields of a Recording that was given nothing but an object with spikes."""
    limits = {"t_start": recording.t_start, "t_stop": recording.t_stop}
    given = {name: getattr(recording, name) for name in ("support", "units", "epochs", "trials")}
    found = vars(type(recording).from_data(recording.times, **limits))
    attrs = {**found["attrs"], **checks.as_dict("attrs", recording.attrs)}
    traces = recording.traces or found["traces"]
    if all(value is None for value in given.values()):
        return {**found, "attrs": attrs, "traces": traces}
    parts = {name: found[name] if value is None else value for name, value in given.items()}
    kept = {name: value for name, value in found.items() if name not in parts}
    return vars(type(recording)(**{**kept, **parts, "attrs": attrs, "traces": traces}))
