"""Parts of a recording, and recordings joined: what happens to spikes, support and tables."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from heavytail_snn.core.errors import ParameterError, RecordingError
from heavytail_snn.core.time_units import one_time
from heavytail_snn.recording import checks
from heavytail_snn.recording.support import TimeSupport, checked_intervals
from heavytail_snn.recording.tables import EpochTable

if TYPE_CHECKING:
    from heavytail_snn.recording.recording import Recording


def selected(recording: "Recording", units: Any) -> "Recording":
    """Return some units, renumbered in the order given; see `Recording.select`."""
    chosen = checks.unit_indices(units, recording.n_units)
    new_id = np.full(recording.n_units, -1)
    new_id[chosen] = np.arange(chosen.size)
    kept = new_id[recording.ids] >= 0
    times, ids = recording.times[kept], new_id[recording.ids[kept]]
    order = np.lexsort((ids, times))
    attrs = {**recording.attrs, "selected_units": chosen.tolist()}
    if "unit_names" in attrs:
        attrs["unit_names"] = [recording.attrs["unit_names"][unit] for unit in chosen]
    return replace(
        recording,
        times=times[order],
        ids=ids[order],
        n_units=chosen.size,
        traces={name: trace.select(new_id) for name, trace in recording.traces.items()},
        attrs=attrs,
        support=recording.support.select(chosen),
        units=recording.units.rows(chosen),
    )


def sliced(recording: "Recording", t0: Any, t1: Any) -> "Recording":
    """Return the stretch from t0 to t1; see `Recording.slice`."""
    t0, t1 = checks.checked_limits(t0, t1)
    if t0 < recording.t_start or t1 > recording.t_stop:
        raise RecordingError(
            f"a slice must lie in [t_start, t_stop] = [{recording.t_start:g}, "
            f"{recording.t_stop:g}] s, got [{t0:g}, {t1:g}] s"
        )
    first = np.searchsorted(recording.times, t0, side="left")
    last = np.searchsorted(recording.times, t1, side="right" if t1 == recording.t_stop else "left")
    times, ids = recording.times[first:last], recording.ids[first:last]
    support = recording.support.restricted(np.array([[t0, t1]]))
    if recording.support.has_gaps:  # a spike on the end of an interval that is cut off goes too
        inside = support.interval_of(times, ids) >= 0
        times, ids = times[inside], ids[inside]
    return _stretch(recording, times, ids, t0, t1, support)


def restricted(recording: "Recording", epochs: Any) -> "Recording":
    """Return what was recorded in some epochs; see `Recording.restrict`."""
    given = epochs.intervals if isinstance(epochs, EpochTable) else epochs
    intervals = checked_intervals("epochs", given)
    support = recording.support.restricted(intervals)
    seen = [pattern for pattern in support.patterns if len(pattern)]
    if not seen:
        raise RecordingError(
            f"epochs must hold some time that was observed, got {len(intervals)} intervals outside "
            f"of it; the recording goes from {recording.t_start:g} to {recording.t_stop:g} s"
        )
    t0, t1 = min(pattern[0, 0] for pattern in seen), max(pattern[-1, 1] for pattern in seen)
    inside = support.interval_of(recording.times, recording.ids) >= 0
    times, ids = recording.times[inside], recording.ids[inside]
    return _stretch(recording, times, ids, float(t0), float(t1), support)


def _stretch(
    recording: "Recording",
    times: np.ndarray,
    ids: np.ndarray,
    t0: float,
    t1: float,
    support: TimeSupport,
) -> "Recording":
    return replace(
        recording,
        times=times,
        ids=ids,
        t_start=t0,
        t_stop=t1,
        traces={name: trace.slice(t0, t1) for name, trace in recording.traces.items()},
        support=support,
        epochs=recording.epochs.clipped(t0, t1),
        trials=recording.trials.inside(t0, t1),
    )


def concatenated(recordings: Sequence["Recording"], gap: Any = 1.0) -> "Recording":
    """Return recordings of the same units one after another; see `Recording.concatenate`."""
    many = list(recordings) if isinstance(recordings, list | tuple) else []
    if not many or not all(hasattr(r, "support") for r in many):
        raise ParameterError("recordings", recordings, "must be a list of Recordings")
    sizes = {recording.n_units for recording in many}
    if len(sizes) > 1:
        raise RecordingError(
            f"recordings must have the same units, got {sorted(sizes)} units; select those that "
            "all have"
        )
    if any(recording.traces for recording in many):
        raise RecordingError(
            "recordings must have no traces to be joined, for a trace has one grid of times; use "
            "dataclasses.replace(recording, traces={})"
        )
    if gap is not None:
        gap = one_time("gap", gap, low=0, open_low=True, remedy="None keeps the clocks")
        many = _one_after_another(many, gap)
    many.sort(key=lambda recording: recording.t_start)
    for before, after in pairwise(many):
        if after.t_start <= before.t_stop:
            raise RecordingError(
                f"recordings must not overlap on one clock, got one from {after.t_start:g} s after "
                f"one until {before.t_stop:g} s; give gap=1.0, or slice them"
            )
    support, epochs, trials = many[0].support, many[0].epochs, many[0].trials
    for recording in many[1:]:
        support = support.joined(recording.support)
        epochs, trials = epochs.joined(recording.epochs), trials.joined(recording.trials)
    return replace(
        many[0],
        times=np.concatenate([recording.times for recording in many]),
        ids=np.concatenate([recording.ids for recording in many]),
        t_stop=many[-1].t_stop,
        support=support,
        epochs=epochs,
        trials=trials,
    )


def _one_after_another(recordings: list["Recording"], gap: float) -> list["Recording"]:
    placed = [recordings[0]]
    for recording in recordings[1:]:
        offset = placed[-1].t_stop + gap - recording.t_start
        placed.append(shifted(recording, offset))
    return placed


def shifted(recording: "Recording", offset: float) -> "Recording":
    """Return the recording on a clock that shows `offset` seconds more."""
    return replace(
        recording,
        # rounding must move no spike across a limit: all go through the same sum
        times=recording.times + offset,
        t_start=recording.t_start + offset,
        t_stop=recording.t_stop + offset,
        traces={
            name: replace(trace, t_start=trace.t_start + offset)
            for name, trace in recording.traces.items()
        },
        support=recording.support.shifted(offset),
        epochs=recording.epochs.shifted(offset),
        trials=recording.trials.shifted(offset),
    )
