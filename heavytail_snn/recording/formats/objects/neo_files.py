"""All formats of neo: spikes alone are loaded, so that a signal that cannot be read does no harm.

Segments that follow each other are one recording with gaps; segments that overlap are trials with
clocks of their own, of which one must be chosen.
"""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from heavytail_snn.core.errors import BackendError, RecordingError, check_integer
from heavytail_snn.door.numbers import exact_times
from heavytail_snn.door.refusals import reading as reading_file
from heavytail_snn.door.refusals import refusal
from heavytail_snn.recording.raw.options import Reading
from heavytail_snn.recording.raw.trains import RawTrace, RawTrains, plain_cell

WHAT = "a file that neo knows"
PICKLES = ("PickleIO",)  # executes what the file says
NAMES = ("unit_name", "unit_id", "id", "channel_id", "channel_name")


def read_neo(path: Path, reading: Reading) -> RawTrains:
    """Read the spike trains of a file through neo."""
    import neo

    with reading_file(path, WHAT):
        if path.suffix == ".nix":
            _require_nixio(path)
            reader: Any = neo.io.NixIO(str(path), "ro")
        else:
            reader = neo.io.get_io(str(path))
        if type(reader).__name__ in PICKLES:
            raise refusal(f"{path} is a pickle, which can run any program", {"format": "pickle"})
        segments = _segments(reader)
    return from_segments(segments, str(path), reading)


def _segments(reader: Any) -> list[Any]:
    if getattr(reader, "support_lazy", False):
        try:
            return [s for block in reader.read(lazy=True) for s in block.segments]
        except (NotImplementedError, TypeError, AttributeError, ValueError):
            reader = type(reader)(reader.filename)  # a reader that fails half-way starts anew
    return [segment for block in reader.read() for segment in block.segments]


def from_segments(segments: list[Any], place: str, reading: Reading) -> RawTrains:
    """Return the trains of neo Segments as one recording.

    Parameters
    ----------
    segments : list of neo.Segment
    place : str
    reading : Reading
        ``segment`` chooses one.
    """
    if reading.segment is not None:
        number = check_integer("segment", reading.segment, high=len(segments) - 1)
        segments = [segments[number]]
    found = [_segment(segment, place) for segment in segments]
    found = [raw for raw in found if raw.trains]
    if not found:
        raise RecordingError(f"{place} holds no spike trains")
    if len(found) == 1:
        return found[0]
    return _joined(found, place)


def _segment(segment: Any, place: str) -> RawTrains:
    trains, limits = [], []
    raw = RawTrains([], [], "s")
    for item in segment.spiketrains:
        train = item.load() if hasattr(item, "load") else item
        times = exact_times("spikes", train.rescale("s").magnitude)
        trains.append(train)
        # neo's own limits are rounded by some readers: a spike may lie 1e-12 s outside
        edges = [
            float(getattr(train, name).rescale("s").magnitude) for name in ("t_start", "t_stop")
        ]
        limits.append([min([edges[0], *times[:1]]), max([edges[1], *times[-1:]])])
        raw.trains.append(times)
        raw.names.append(_name(train, len(raw.names)))
    if not trains:
        return raw
    if "attrs" in segment.annotations and "parts" in segment.annotations:
        raw.own = {key: str(segment.annotations[key]) for key in ("attrs", "parts")}
        raw.t_start, raw.t_stop = limits[0]
        raw.traces = traces_of(segment)
        return raw
    if len(set(raw.names)) < len(raw.names):
        raw.names = [f"{name}/{i}" for i, name in enumerate(raw.names)]
    raw.support = [np.array([edge]) for edge in limits]
    raw.t_start = min(low for low, _ in limits)
    raw.t_stop = max(high for _, high in limits)
    shared = set.intersection(*({*train.annotations} for train in trains))
    for name in sorted(shared - {*NAMES}):
        raw.keep_column(name, [plain_cell(train.annotations[name]) for train in trains])
    raw.epochs = _epochs(segment)
    return raw


def traces_of(segment: Any) -> dict[str, RawTrace]:
    """Return the signals of a Segment; annotations keep what neo rounds or cannot name."""
    found = {}
    for number, item in enumerate(segment.analogsignals):
        signal = item.load() if hasattr(item, "load") else item
        notes, unit = signal.annotations, signal.dimensionality.string
        ids = signal.array_annotations.get("channel_ids")
        dt = float(notes.get("trace_dt", signal.sampling_period.rescale("s").magnitude))
        found[signal.name or f"signal{number}"] = RawTrace(
            np.asarray(signal.magnitude, dtype=np.float64),
            dt,
            float(signal.t_start.rescale("s").magnitude),
            str(notes.get("trace_unit", "" if unit == "dimensionless" else unit)),
            np.arange(signal.shape[1]) if ids is None else np.asarray(ids),
        )
    return found


def _name(train: Any, number: int) -> str:
    for value in (train.name, *(train.annotations.get(key) for key in NAMES)):
        if value not in (None, ""):
            return str(plain_cell(value))
    return str(number)


def _epochs(segment: Any) -> dict[str, list[Any]] | None:
    rows: dict[str, list[Any]] = {"start": [], "stop": [], "label": [], "kind": []}
    for item in segment.epochs:
        epoch = item.load() if hasattr(item, "load") else item
        starts = epoch.times.rescale("s").magnitude
        lengths = epoch.durations.rescale("s").magnitude
        rows["start"] += starts.tolist()
        rows["stop"] += (starts + lengths).tolist()
        labels = list(epoch.labels) if len(epoch.labels) == len(starts) else [""] * len(starts)
        rows["label"] += [str(label) for label in labels]
        rows["kind"] += [str(epoch.name or "")] * len(starts)
    return rows if rows["start"] else None


def _joined(parts: list[RawTrains], place: str) -> RawTrains:
    """Return segments that follow each other as one recording, their trains matched by name."""
    spans = [(float(part.t_start or 0), float(part.t_stop or 0)) for part in parts]
    order = sorted(range(len(parts)), key=lambda i: spans[i])
    apart = all(spans[a][1] <= spans[b][0] for a, b in pairwise(order))
    if not apart or any(part.names != parts[0].names for part in parts):
        why = "other units" if apart else "clocks that overlap"
        raise refusal(
            f"{place} must have exactly one Segment, got {len(parts)} with {why}; they are "
            "separate recordings",
            *({"segment": number} for number in (0, 1)),
        )
    first = parts[order[0]]
    raw = RawTrains([], first.names, "s", None, first.t_start, parts[order[-1]].t_stop)
    raw.columns = first.columns
    raw.support = []
    for unit in range(len(first.names)):
        raw.trains.append(np.concatenate([parts[i].trains[unit] for i in order]))
        raw.support.append(np.concatenate([(parts[i].support or [])[unit] for i in order]))
    return raw


def _require_nixio(path: Path) -> None:
    try:
        import nixio  # noqa: F401
    except ImportError as error:
        raise BackendError(
            f"{path} needs the package nixio; run pip install 'neo[nixio]', or write .npz"
        ) from error
