"""Spikes in a matrix: two columns (time, id), trains padded with nan, or a raster of 0 and 1.

What a matrix means must follow from its values; where two readings fit, both are named.
"""

from typing import Any

import numpy as np

from heavytail_snn.core.errors import ParameterError
from heavytail_snn.door.numbers import are_whole, exact_times
from heavytail_snn.door.refusals import refusal
from heavytail_snn.recording.raw.options import Reading
from heavytail_snn.recording.raw.trains import RawTrains, raw_pairs

FEWEST_SIDES = 3  # a raster has at least so many units and bins; two columns are (time, id)
LARGEST_COUNT = 1  # two spikes in a bin have lost their times


def from_matrix(value: np.ndarray, place: str, reading: Reading) -> RawTrains:
    """Return the trains of a matrix.

    Parameters
    ----------
    value : (a, b) ndarray of real numbers
    place : str
        Its name, for errors and for the names of units.
    reading : Reading
        ``time_column``, ``id_column``, ``sampling_rate``.
    """
    if reading.time_column is not None or reading.id_column is not None:
        return from_columns(list(value.T), place, reading)
    if value.dtype.kind == "f" and np.isnan(value).any():
        return _padded(value, place)
    if min(value.shape) == 2 and max(value.shape) > 2:
        columns = value.T if value.shape[1] == 2 else value
        return from_columns(list(columns), place, reading)
    zeros_and_ones = value.dtype.kind != "f" or are_whole(value.ravel())
    if zeros_and_ones and value.min() >= 0 and value.max() <= LARGEST_COUNT:
        return _raster(value, place, reading)
    if value.shape[1] <= 12:
        raise refusal(
            f"{place} is a matrix of {value.shape[0]} rows and {value.shape[1]} columns, of which "
            "one must hold the times and one the units",
            *_readings(list(value.T), reading),
        )
    raise refusal(
        f"{place} must be a vector of times, two columns (time, id), trains padded with nan or a "
        f"raster of 0 and 1, got dtype {value.dtype}, shape {value.shape} and values from "
        f"{value.min():g} to {value.max():g}"
    )


def from_columns(columns: list[Any], place: str, reading: Reading) -> RawTrains:
    """Return the trains of columns of which one holds times and one the units of the spikes."""
    time, unit = reading.time_column, reading.id_column
    for name, number in (("time_column", time), ("id_column", unit)):
        if number is not None and number >= len(columns):
            raise ParameterError(
                name, number, f"must be one of the {len(columns)} columns of {place}, from 0"
            )
    if time is not None and time == unit:
        raise ParameterError("id_column", unit, "must be another column than time_column")
    if len(columns) == 2 and unit is not None:
        time = 1 - unit
    elif len(columns) == 2 and time is not None and can_be_ids(columns[1 - time]):
        unit = 1 - time
    if time is not None and unit is None:
        return RawTrains([exact_times(place, columns[time])], [place])
    if time is None or unit is None:
        time, unit = _told_apart(columns, place, reading)
    raw = raw_pairs(columns[time], columns[unit], reading.n_units)
    if reading.id_column is None:
        raw.columns_read = time, unit
    return raw


def _told_apart(columns: list[Any], place: str, reading: Reading) -> tuple[int, int]:
    """Return (times, ids) of two columns where only one of them can be unit numbers."""
    whole = [can_be_ids(column) for column in columns]
    if len(columns) == 2 and whole.count(True) == 1:
        return (1, 0) if whole[0] else (0, 1)
    if not any(whole):
        raise refusal(
            f"{place} has {len(columns)} columns and none of whole numbers that could be unit "
            "numbers; for several units write one column of times and one of units, or read one",
            *({"time_column": i} for i in range(min(len(columns), 3))),
        )
    raise refusal(
        f"{place} has {len(columns)} columns that can be read in several ways "
        f"({'; '.join(_described(columns))})",
        *_readings(columns, reading),
    )


def can_be_ids(column: Any) -> bool:
    """Tell whether a column could hold the units of spikes: whole numbers or texts."""
    array = np.asarray(column)
    return array.dtype.kind in "iuOUST" or (array.dtype.kind == "f" and are_whole(array))


def _readings(columns: list[Any], reading: Reading) -> list[dict[str, Any]]:
    """Return the two most plausible choices of columns as options."""
    ids = [i for i, column in enumerate(columns) if can_be_ids(column)]
    pairs = [(t, i) for i in ids for t in range(len(columns)) if t != i]
    pairs.sort(key=lambda pair: (can_be_ids(columns[pair[0]]), pair[0]))
    unitless = reading.time_unit is None and reading.sampling_rate is None
    found = []
    for time, unit in pairs[:2]:
        option: dict[str, Any] = {"time_column": time, "id_column": unit}
        if unitless and can_be_ids(columns[time]):
            option["time_unit"] = "ms"
        found.append(option)
    return found


def _described(columns: list[Any]) -> list[str]:
    return [
        f"column {number} as units: {np.unique(np.asarray(column)).size} units of "
        f"{np.asarray(column).size / max(np.unique(np.asarray(column)).size, 1):.3g} spikes"
        for number, column in enumerate(columns[:4])
        if can_be_ids(column)
    ]


def _padded(value: np.ndarray, place: str) -> RawTrains:
    """Return the trains of rows (or else columns) that end in nan."""
    for rows, name in ((value, "row"), (value.T, "column")):
        finite = np.isfinite(rows)
        ends = finite.sum(axis=1)
        filled = finite == (np.arange(rows.shape[1]) < ends[:, None])
        trains = [row[:end] for row, end in zip(rows, ends, strict=True)]
        if filled.all() and all((np.diff(train) >= 0).all() for train in trains):
            names = [f"{place}[{i}]" for i in range(len(trains))]
            return RawTrains(trains, names, attrs={"layout": f"one {name} a unit, nan after it"})
    raise refusal(
        f"{place} holds nan, but neither its rows nor its columns are sorted times that end in "
        "nan; repair the file"
    )


def _raster(value: np.ndarray, place: str, reading: Reading) -> RawTrains:
    if min(value.shape) < FEWEST_SIDES or value.shape[0] == value.shape[1]:
        raise refusal(
            f"{place} is a matrix of 0 and 1 with shape {value.shape}, in which time cannot be "
            "told from units; write one array of times a unit"
        )
    if reading.sampling_rate is None:
        raise refusal(
            f"{place} is a raster of 0 and 1 with shape {value.shape}, the longer side being time, "
            "and the file does not say how long a bin is; as bins of 1 ms",
            {"sampling_rate": 1000.0},
        )
    rows = value if value.shape[0] < value.shape[1] else value.T
    trains = [np.flatnonzero(row).astype(np.float64) for row in rows]
    names = [f"{place}[{i}]" for i in range(len(trains))]
    return RawTrains(
        trains, names, "samples", reading.sampling_rate, 0.0, float(rows.shape[1]),
        attrs={"layout": "raster, spikes at the starts of their bins"},
    )  # fmt: skip
