"""From what a reader found to a Recording: units of time, limits, support, tables, in one place.

Where a file does not say when the recording began and ended, the first and last spike are taken,
and ``attrs["t_start_from"]`` and ``attrs["t_stop_from"]`` say so ("given", "file" or "spikes").
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from heavytail_snn.core.errors import ParameterError
from heavytail_snn.core.time_units import one_time
from heavytail_snn.door.literals import unit_of_time
from heavytail_snn.door.numbers import are_whole
from heavytail_snn.door.refusals import refusal
from heavytail_snn.recording.checks import check_finite
from heavytail_snn.recording.raw.options import TIME_UNITS
from heavytail_snn.recording.raw.trains import RawTrains, Table
from heavytail_snn.recording.review.plausible import first_doubt, swapped
from heavytail_snn.recording.stored import restored_parts
from heavytail_snn.recording.support import intersection, merged, time_support, without
from heavytail_snn.recording.traces import Trace

if TYPE_CHECKING:
    from heavytail_snn.recording.recording import Recording

LABELS = ("good", "mua", "noise", "unsorted", "good.", "bad")
# names of columns that mean what the unit table calls by the first
ALIASES = {
    "label": ("label", "quality", "cluster_group", "unit_type", "ks_label", "KSLabel", "group"),
    "area": (
        "area", "location", "brain_area", "brain_region", "brainRegion", "region", "structure",
        "acronym", "brainLocation", "ecephys_structure_acronym",
    ),
    "depth": ("depth", "depths"),
    "electrode": ("electrode", "ch", "channel", "channels", "peak_channel", "peakChannel",
                  "maxWaveformCh1", "maxWaveformCh"),
}  # fmt: skip


def assembled(
    place: Path | str, make: "type[Recording]", raw: RawTrains, given: dict[str, Any]
) -> "Recording":
    """Return the Recording of what a reader found.

    Parameters
    ----------
    place : path or str
        Where it was found; its name is the source.
    make : type
        `Recording`.
    raw : RawTrains
    given : dict
        Options of reading.

    Raises
    ------
    RecordingError
        If the times have no unit, or a rule of `Recording` is broken.
    """
    if raw.own is not None and set(given) <= {"segment"}:
        return _own(make, raw)
    seconds, origin = _seconds(place, raw, given)
    trains = [seconds(train) for train in raw.trains]
    for unit, train in enumerate(trains):
        check_finite(train, unit)
    _check_doubts(place, raw, trains, given, unit_stated=origin != "assumed")
    name = place.name if isinstance(place, Path) else place
    attrs: dict[str, Any] = {"source": name, "unit_names": list(raw.names), **raw.attrs}
    attrs["time_unit_from"] = origin
    limits = _limits(place, raw, trains, seconds, given, attrs)
    parts: dict[str, Any] = {
        table: _intervals(table, getattr(raw, table), seconds, attrs)
        for table in ("epochs", "trials")
    }
    parts["units"], parts["traces"] = _unit_table(raw), _traces(raw)
    parts["support"] = _support(raw, seconds, limits)
    repairs = {
        option: given.get(option, False) for option in ("sort", "drop_duplicates", "drop_outside")
    }
    if parts["support"] is not None and not repairs["drop_outside"]:
        _check_inside(place, trains, parts["support"], limits)
    start, stop = limits
    options: dict[str, Any] = {"attrs": attrs, **repairs, **parts}
    return make.from_spike_trains(trains, start, stop, **options)


def _check_doubts(
    place: Path | str,
    raw: RawTrains,
    trains: list[np.ndarray],
    given: dict[str, Any],
    *,
    unit_stated: bool,
) -> None:
    """Raise if the trains can hardly be spikes, unless the caller has named the reading."""
    doubt = swapped(trains) if raw.columns_read and "id_column" not in given else None
    if doubt is not None:
        time, unit = raw.columns_read or (0, 1)
        raise refusal(
            f"{place}: {doubt.text}, or column {unit} does not hold units; if it does",
            {"time_column": time, "id_column": unit},
        )
    doubt = first_doubt(trains, given, unit_stated=unit_stated)
    if doubt is not None:
        raise refusal(f"{place}: {doubt.text}", *doubt.readings)


def _own(make: "type[Recording]", raw: RawTrains) -> "Recording":
    """Return a recording that the library wrote through neo."""
    assert raw.own is not None
    parts = {name: np.array(value) for name, value in json.loads(raw.own["parts"]).items()}
    if "part_support_intervals" in parts:
        parts["part_support_intervals"] = parts["part_support_intervals"].reshape(-1, 2)
    attrs = json.loads(raw.own["attrs"])
    return make.from_spike_trains(
        raw.trains, raw.t_start, raw.t_stop, attrs=attrs, traces=_traces(raw),
        **restored_parts(parts),
    )  # fmt: skip


def _traces(raw: RawTrains) -> dict[str, Trace]:
    return {
        name: Trace(item.values, item.dt, item.t_start, item.unit, item.ids)
        for name, item in raw.traces.items()
    }


# ---------------------------------------------------------------------------------- unit of time


def _seconds(place: Path | str, raw: RawTrains, given: dict[str, Any]) -> tuple[Any, str]:
    """Return the function from the file's times to seconds, and where its unit comes from."""
    unit, rate = given.get("time_unit"), given.get("sampling_rate")
    if raw.time_unit == "samples":
        return _per_sample(place, raw, unit, rate)
    if raw.time_unit is not None:
        scale = unit_of_time(raw.time_unit)
        assert scale is not None, raw.time_unit
        if (unit is not None and TIME_UNITS[unit] != scale) or (
            rate is not None and rate != raw.sampling_rate
        ):
            option, value = ("time_unit", unit) if unit is not None else ("sampling_rate", rate)
            raise ParameterError(
                option, value, f"must not be given for {place}, which states its unit",
                f"its times are in {raw.time_unit}",
            )  # fmt: skip
        return _scaled(scale), "file"
    if unit is not None and rate is not None:
        raise ParameterError("sampling_rate", rate, "must not be given beside time_unit")
    if unit is not None:
        return _scaled(TIME_UNITS[unit]), "given"
    if rate is not None:
        _check_samples(place, raw)
        return (lambda times: times / rate), "given"
    if any(train.size for train in raw.trains) and all(map(_whole_or_empty, raw.trains)):
        raise refusal(
            f"{place}: the times are whole numbers from {_edge(raw, np.min):g} to "
            f"{_edge(raw, np.max):g}, and nothing says what they count",
            {"time_unit": "ms"},
            {"time_unit": "s"},
            {"sampling_rate": 30000.0},
        )
    return _scaled(1.0), "assumed"


def _per_sample(
    place: Path | str, raw: RawTrains, unit: str | None, rate: float | None
) -> tuple[Any, str]:
    if unit is not None:
        raise ParameterError(
            "time_unit", unit, f"must not be given for {place}, whose times are samples",
            "give sampling_rate",
        )  # fmt: skip
    found = rate if rate is not None else raw.sampling_rate
    if found is None:
        raise refusal(
            f"{place}: times are samples, and nothing says at which rate; at 30 kHz",
            {"sampling_rate": 30000.0},
        )
    if not 0 < found < 1e12:
        raise refusal(f"{place} states a sampling rate of {found}", {"sampling_rate": 30000.0})
    _check_samples(place, raw)
    return (lambda times: times / found), "given" if rate is not None else "file"


def _check_samples(place: Path | str, raw: RawTrains) -> None:
    if not all(map(_whole_or_empty, raw.trains)):
        raise refusal(
            f"{place}: samples must be whole numbers, but there are fractions among the times; as "
            "seconds",
            {"time_unit": "s"},
        )


def _scaled(scale: float) -> Any:
    return (lambda times: times) if scale == 1.0 else (lambda times: times * scale)


def _whole_or_empty(train: np.ndarray) -> bool:
    return not train.size or are_whole(train)


def _edge(raw: RawTrains, extreme: Any) -> float:
    return float(extreme([extreme(train) for train in raw.trains if train.size]))


# --------------------------------------------------------------------------- limits and support


def _limits(
    place: Path | str,
    raw: RawTrains,
    trains: list[np.ndarray],
    seconds: Any,
    given: dict[str, Any],
    attrs: dict[str, Any],
) -> tuple[Any, Any]:
    found = []
    for name, extreme in (("t_start", np.min), ("t_stop", np.max)):
        stated = getattr(raw, name)
        if given.get(name) is not None:
            value, attrs[f"{name}_from"] = one_time(name, given[name]), "given"
        elif stated is not None:
            value, attrs[f"{name}_from"] = float(seconds(np.float64(stated))), "file"
        elif any(train.size for train in trains):
            value = float(extreme([extreme(train) for train in trains if train.size]))
            attrs[f"{name}_from"] = "spikes"
        else:
            raise refusal(
                f"{place} holds no spikes and does not state its limits",
                {"t_start": 0.0, "t_stop": 1.0},
            )
        found.append(value)
    return found[0], found[1]


def _support(raw: RawTrains, seconds: Any, limits: tuple[float, float]) -> Any:
    """Return the intervals of the file inside the limits, invalid times cut out; None for all."""
    if raw.support is None and raw.invalid is None:
        return None
    run = np.array([limits])
    parts = [run] if raw.support is None else [_united(seconds(part)) for part in raw.support]
    parts = [intersection(part, run) if len(part) else part for part in parts]
    if raw.invalid is not None:
        gone = np.column_stack([raw.invalid["start"], raw.invalid["stop"]])
        parts = [
            without(part, seconds(gone)) if len(part) and len(gone) else part for part in parts
        ]
    return parts[0] if len(parts) == 1 else parts


def _united(intervals: np.ndarray) -> np.ndarray:
    """Return sorted intervals, those that overlap united, those without length left out."""
    array = intervals[np.argsort(intervals[:, 0], kind="stable")]
    array = array[array[:, 1] != array[:, 0]]
    return merged(array) if (array[1:, 0] < array[:-1, 1]).any() else array


def _check_inside(
    place: Path | str, trains: list[np.ndarray], support: Any, limits: tuple[float, float]
) -> None:
    known = time_support(support, len(trains), *limits)
    outside = sum(
        int(np.count_nonzero(known.interval_of(train, np.full(train.shape, unit)) < 0))
        for unit, train in enumerate(trains)
        if train.size and (np.diff(train) >= 0).all()
    )
    if outside:
        raise refusal(
            f"{place}: {outside} spikes lie outside of the intervals in which the file says that "
            "their units were observed; to leave them out",
            {"drop_outside": True},
        )


# ----------------------------------------------------------------------------------------- tables


def _unit_table(raw: RawTrains) -> dict[str, Any]:
    columns = dict(raw.columns)
    for name, aliases in ALIASES.items():
        for alias in aliases:
            if name in columns or alias not in columns:
                continue
            if alias == "group" and not set(map(str, columns[alias])) <= {*LABELS, ""}:
                continue
            columns[name] = columns.pop(alias)
    if raw.names != [str(i) for i in range(len(raw.names))]:
        columns = {"name": list(raw.names), **{k: v for k, v in columns.items() if k != "name"}}
    return columns


def _intervals(
    name: str, table: Table | None, seconds: Any, attrs: dict[str, Any]
) -> dict[str, Any] | None:
    """Return a table with times in seconds; rows without sound times are counted and left out."""
    if table is None:
        return None
    start, stop = (seconds(np.array(table[key], dtype=np.float64)) for key in ("start", "stop"))
    sound = np.isfinite(start) & np.isfinite(stop) & (stop >= start)
    if not sound.all():
        attrs[f"{name}_left_out"] = int(np.count_nonzero(~sound))
    kept = {
        key: [value for value, is_sound in zip(values, sound, strict=True) if is_sound]
        for key, values in table.items()
        if key not in ("start", "stop")
    }
    return {"start": start[sound], "stop": stop[sound], **kept}
