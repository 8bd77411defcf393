"""Python objects that hold spikes, by their protocol: none of their packages is needed here.

Dictionaries, lists and arrays; pandas; pynapple's Ts and TsGroup; sortings of SpikeInterface.
"""

from typing import Any

import numpy as np

from heavytail_snn.core.errors import ParameterError
from heavytail_snn.core.time_units import has_unit, in_seconds
from heavytail_snn.door.numbers import exact_times
from heavytail_snn.door.refusals import refusal
from heavytail_snn.recording.formats.objects.json_files import is_trains
from heavytail_snn.recording.formats.objects.pickles import from_object
from heavytail_snn.recording.formats.tree.walk import from_mapping
from heavytail_snn.recording.raw.options import Reading
from heavytail_snn.recording.raw.trains import RawTrains, Table

ACCEPTED = (
    "must be a dictionary, list or array of times, a DataFrame or Series, a Ts, TsGroup or sorting"
)


def raw_of(data: Any, reading: Reading) -> RawTrains:
    """Return the trains in a Python object, or raise ParameterError if it is none that is known."""
    place = type(data).__name__
    if _is_sorting(data):
        return _of_sorting(data, reading)
    if hasattr(data, "time_support"):
        return _of_pynapple(data)
    if hasattr(data, "iloc") and not hasattr(data, "columns"):
        return _of_series(data)
    if hasattr(data, "iloc") or isinstance(data, dict | list | tuple | np.ndarray):
        return _of_plain(data, place, reading)
    raise ParameterError("data", data, ACCEPTED, "write its times as {unit: times}")


def _of_plain(data: Any, place: str, reading: Reading) -> RawTrains:
    carries = isinstance(data, dict | list | tuple) and _has_units(data)
    if has_unit(data):
        data, carries = in_seconds("data", data), True
    if isinstance(data, list | tuple) and any(np.ndim(item) == 1 for item in data):
        trains = [exact_times(f"data[{i}]", _seconds(item)) for i, item in enumerate(data)]
        raw = RawTrains(trains, [str(i) for i in range(len(trains))])
    elif isinstance(data, dict):
        plain = {name: _seconds(value) for name, value in data.items()}
        # one train, or trains whose names say nothing, are the units of a dictionary
        alone = len(plain) == 1 and not isinstance(next(iter(plain)), str)
        flat = alone or is_trains(plain)
        raw = from_mapping(plain, place) if flat else from_object(plain, place, reading)
    else:
        raw = from_object(data, place, reading)
    if carries:
        raw.time_unit = "s"
    return raw


def _has_units(data: Any) -> bool:
    return any(map(has_unit, data.values() if isinstance(data, dict) else data))


def _seconds(value: Any) -> Any:
    if has_unit(value):
        dimensionless = getattr(value, "is_dimensionless", False)
        return np.asarray(value) if dimensionless else in_seconds("data", value)
    return np.asarray(value) if isinstance(value, list | tuple) and value else value


def _of_series(series: Any) -> RawTrains:
    """Return a Series of trains by unit, or of the times of one unit."""
    if series.dtype == object:
        trains = [exact_times(str(name), np.asarray(train)) for name, train in series.items()]
        return RawTrains(trains, [str(name) for name in series.index])
    return RawTrains([exact_times(str(series.name), series.to_numpy())], [str(series.name or 0)])


# -------------------------------------------------------------------------------------- pynapple


def _of_pynapple(data: Any) -> RawTrains:
    """Return a Ts or TsGroup: seconds, with the time support."""
    support = np.column_stack([np.asarray(data.time_support[name]) for name in ("start", "end")])
    if hasattr(data, "keys"):
        keys = list(data.keys())
        raw = RawTrains([_times(data[key]) for key in keys], [str(key) for key in keys])
        for name, values in _metadata(data).items():
            if name != "rate":
                raw.keep_column(name, values)
    else:
        raw = RawTrains([_times(data)], ["0"])
    raw.time_unit, raw.support = "s", [support.astype(np.float64)]
    if support.size:
        raw.t_start, raw.t_stop = float(support.min()), float(support.max())
    return raw


def _times(train: Any) -> np.ndarray:
    return exact_times("t", np.asarray(train.t if hasattr(train, "t") else train.index))


def _metadata(group: Any) -> Table:
    table = getattr(group, "metadata", None)
    if table is None or not hasattr(table, "columns"):
        return {}
    return {str(name): list(table[name]) for name in table.columns}


# -------------------------------------------------------------------------------- SpikeInterface


def _is_sorting(data: Any) -> bool:
    return hasattr(data, "get_unit_spike_train") and hasattr(data, "get_sampling_frequency")


def _of_sorting(sorting: Any, reading: Reading) -> RawTrains:
    """Return a sorting: samples, with the properties of its units."""
    count = int(sorting.get_num_segments())
    if count > 1 and reading.segment is None:
        raise refusal(
            f"the sorting has {count} segments, each with a clock of its own",
            *({"segment": number} for number in (0, 1)),
        )
    segment = reading.segment or 0
    if segment >= count:
        raise ParameterError("segment", segment, f"must be below the number of segments, {count}")
    units = list(sorting.get_unit_ids())
    trains = [
        exact_times(f"unit {unit}", sorting.get_unit_spike_train(unit, segment_index=segment))
        for unit in units
    ]
    rate = float(sorting.get_sampling_frequency())
    raw = RawTrains(trains, [str(unit) for unit in units], "samples", rate)
    for key in sorting.get_property_keys():
        raw.keep_column(str(key), list(sorting.get_property(key)))
    return raw
