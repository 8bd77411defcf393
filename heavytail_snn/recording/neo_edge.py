"""The edge to neo: a Recording as a Segment, and Segments, Blocks or spike trains as a Recording.

Arrays stay inside the library: ten thousand neo.SpikeTrain objects cost a second, so they are made
only where they are asked for.
"""

import json
from typing import TYPE_CHECKING, Any

import neo
import quantities as pq
from neo.core.spiketrainlist import SpikeTrainList

from heavytail_snn.core.errors import RecordingError
from heavytail_snn.core.results import plain
from heavytail_snn.recording.traces import Trace

if TYPE_CHECKING:
    from heavytail_snn.recording.recording import Recording


def to_neo(recording: "Recording", *, lazy: bool = True) -> neo.Segment:
    """Return a neo.Segment whose limits are those of the run.

    Parameters
    ----------
    recording : Recording
    lazy : bool
        Keep the spikes as two arrays in the Segment's SpikeTrainList, which makes neo.SpikeTrain
        objects on first access.  False makes them now, which is faster for thousands of units.
    """
    segment = neo.Segment(name="recording", attrs=json.dumps(plain(dict(recording.attrs))))
    limits = {"t_start": recording.t_start * pq.s, "t_stop": recording.t_stop * pq.s}
    if lazy:
        segment.spiketrains = SpikeTrainList.from_spike_time_array(
            recording.times.copy(),
            recording.ids.copy(),
            all_channel_ids=list(range(recording.n_units)),
            units="s",
            **limits,
        )
    else:
        for unit, times in enumerate(recording.spike_trains()):
            train = neo.SpikeTrain(times.copy(), units="s", channel_id=unit, **limits)
            segment.spiketrains.append(train)
    for name, trace in recording.traces.items():
        segment.analogsignals.append(_to_signal(name, trace))
    return segment


def from_neo(
    data: Any,
    make: "type[Recording]",
    t_start: Any = None,
    t_stop: Any = None,
    *,
    sort: bool = False,
    drop_duplicates: bool = False,
) -> "Recording":
    """Return a Recording of a Segment, a Block with one Segment, or spike trains.

    Called as `Recording.from_neo`.

    Units are numbered in the order of the spike trains.

    Parameters
    ----------
    data : neo.Segment, neo.Block, neo.SpikeTrain or sequence of neo.SpikeTrain
    make : type
        `Recording`, which depends on this file and not the other way round.
    t_start, t_stop : float or quantity, optional
        Default: the limits that all spike trains share.
    sort, drop_duplicates : bool
        As for `Recording.from_spike_trains`.

    Raises
    ------
    RecordingError
        If there is no spike train, a Block has several Segments, or the limits differ.
    """
    segment = _segment_of(data)
    if segment is not None:
        trains = list(segment.spiketrains)
    else:
        trains = [data] if isinstance(data, neo.SpikeTrain) else list(data)
    if not trains or not all(isinstance(train, neo.SpikeTrain) for train in trains):
        raise RecordingError(
            "data must hold at least one neo.SpikeTrain and nothing else, got "
            f"{sorted({type(train).__name__ for train in trains})}; load lazy objects first"
        )
    start = _shared_limit(trains, "t_start") if t_start is None else t_start
    stop = _shared_limit(trains, "t_stop") if t_stop is None else t_stop
    attrs = {"source": "neo", "t_start_from": "file", "t_stop_from": "file"}
    if segment is not None and "attrs" in segment.annotations:
        attrs = json.loads(segment.annotations["attrs"])
    spikes = make.from_spike_trains(
        trains, start, stop, sort=sort, drop_duplicates=drop_duplicates, attrs=attrs
    )
    if segment is None or not segment.analogsignals:
        return spikes
    traces = {s.name or f"signal{i}": _to_trace(s) for i, s in enumerate(segment.analogsignals)}
    return make(
        spikes.times, spikes.ids, spikes.n_units, spikes.t_start, spikes.t_stop, traces, attrs
    )


def _segment_of(data: Any) -> neo.Segment | None:
    """Return the Segment in `data`, None where it is a sequence of spike trains."""
    if isinstance(data, neo.Segment):
        return data
    if isinstance(data, neo.Block):
        if len(data.segments) != 1:
            raise RecordingError(
                f"a neo.Block must have exactly one Segment, got {len(data.segments)}; "
                "pass one of block.segments: trials are separate recordings"
            )
        return data.segments[0]
    if isinstance(data, neo.SpikeTrain | SpikeTrainList | list | tuple):
        return None
    raise RecordingError(
        f"data must be a neo Segment, Block or list of SpikeTrains, got {type(data).__name__}"
    )


def _shared_limit(trains: list[neo.SpikeTrain], name: str) -> float:
    values = {float(getattr(train, name).rescale("s").magnitude) for train in trains}
    if len(values) > 1:
        raise RecordingError(
            f"all spike trains must share {name}, got {len(values)} values from {min(values):g} "
            f"to {max(values):g} s; give {name} of the run, or select the trains of one run"
        )
    return values.pop()


def _to_signal(name: str, trace: Trace) -> neo.AnalogSignal:
    """Return the trace as a neo signal; the annotations keep what neo rounds or cannot name."""
    try:
        units = pq.Quantity(1.0, trace.unit or "dimensionless").units
    except LookupError:
        units = pq.dimensionless
    return neo.AnalogSignal(
        trace.values.copy(),
        units=units,
        sampling_period=trace.dt * pq.s,
        t_start=trace.t_start * pq.s,
        name=name,
        array_annotations={"channel_ids": trace.ids.copy()},
        trace_unit=trace.unit,
        trace_dt=trace.dt,
    )


def _to_trace(signal: neo.AnalogSignal) -> Trace:
    notes = signal.annotations
    unit = signal.dimensionality.string
    return Trace(
        signal.magnitude,
        dt=notes.get("trace_dt", float(signal.sampling_period.rescale("s").magnitude)),
        t_start=float(signal.t_start.rescale("s").magnitude),
        unit=notes.get("trace_unit", "" if unit == "dimensionless" else unit),
        ids=signal.array_annotations.get("channel_ids"),
    )
