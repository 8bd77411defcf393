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
from heavytail_snn.recording.assembly import assembled
from heavytail_snn.recording.formats.objects.neo_files import from_segments, traces_of
from heavytail_snn.recording.raw.options import Reading
from heavytail_snn.recording.stored import stored_parts
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
    segment = neo.Segment(
        name="recording",
        attrs=json.dumps(plain(dict(recording.attrs))),
        parts=json.dumps({name: part.tolist() for name, part in stored_parts(recording).items()}),
    )
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
        names = recording.attrs.get("unit_names", [None] * recording.n_units)
        for unit, times in enumerate(recording.spike_trains()):
            train = neo.SpikeTrain(
                times.copy(), units="s", channel_id=unit, name=names[unit], **limits
            )
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
    """Return a Recording of a Segment, a Block, or spike trains.

    Called as `Recording.from_neo`.

    Units are numbered in the order of the spike trains, and named by them.  The limits of each
    train are its support.  Segments that follow each other are one recording with gaps.

    Parameters
    ----------
    data : neo.Segment, neo.Block, neo.SpikeTrain or sequence of neo.SpikeTrain
    make : type
        `Recording`, which depends on this file and not the other way round.
    t_start, t_stop : float or quantity, optional
        Default: the first and the last limit of the spike trains.
    sort, drop_duplicates : bool
        As for `Recording.from_spike_trains`.

    Raises
    ------
    RecordingError
        If there is no spike train, or the Segments of a Block overlap or have other units.
    """
    given = {"t_start": t_start, "t_stop": t_stop, "sort": sort, "drop_duplicates": drop_duplicates}
    given = {
        name: value for name, value in given.items() if value is not None and value is not False
    }
    segments = _segments_of(data)
    raw = from_segments(segments, "neo", Reading())
    if len(segments) == 1:
        raw.traces = traces_of(segments[0])
    return assembled("neo", make, raw, given)


def _segments_of(data: Any) -> list[neo.Segment]:
    """Return the Segments in `data`, or one made of a sequence of spike trains."""
    if isinstance(data, neo.Segment):
        segments = [data]
    elif isinstance(data, neo.Block):
        segments = list(data.segments)
    elif isinstance(data, neo.SpikeTrain | SpikeTrainList | list | tuple):
        trains = [data] if isinstance(data, neo.SpikeTrain) else list(data)
        segments = [neo.Segment()]
        _check_trains(trains)
        segments[0].spiketrains.extend(trains)
    else:
        raise RecordingError(
            f"data must be a neo Segment, Block or list of SpikeTrains, got {type(data).__name__}"
        )
    _check_trains([train for segment in segments for train in segment.spiketrains])
    return segments


def _check_trains(trains: list[Any]) -> None:
    if not trains or not all(isinstance(train, neo.SpikeTrain) for train in trains):
        raise RecordingError(
            "data must hold at least one neo.SpikeTrain and nothing else, got "
            f"{sorted({type(train).__name__ for train in trains})}; load lazy objects first"
        )


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
