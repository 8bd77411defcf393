"""Tables of spikes: a DataFrame, parquet or CSV with one row a spike or one column a unit."""

import re
from pathlib import Path
from typing import Any

import numpy as np

from heavytail_snn.core.errors import BackendError, RecordingError
from heavytail_snn.door.numbers import exact_times
from heavytail_snn.door.refusals import reading as reading_file
from heavytail_snn.door.refusals import refusal
from heavytail_snn.door.regular import check_budget
from heavytail_snn.recording.formats.tree import names as known
from heavytail_snn.recording.formats.tree.matrix import can_be_ids, from_columns
from heavytail_snn.recording.raw.options import Reading
from heavytail_snn.recording.raw.trains import RawTrains, raw_pairs

# nan and inf are numbers here, and refused as times by name
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?(nan|inf)", re.IGNORECASE)
MOST_COLUMNS = 20  # of a long table that are looked through for what is constant in a unit


def read_parquet(path: Path, reading: Reading) -> RawTrains:
    """Read a parquet file through pandas."""
    try:
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise BackendError(
            f"{path} needs pyarrow, which is not installed; run pip install "
            "'heavytail_snn[parquet]', or write CSV"
        ) from error
    with reading_file(path, "parquet"):
        meta = parquet.ParquetFile(path).metadata
        check_budget(path, "the table", 8 * meta.num_rows * meta.num_columns)
        frame = parquet.read_table(path).to_pandas()
    return from_frame(frame, path.name, reading, named=True)


def from_frame(frame: Any, place: str, reading: Reading, *, named: bool) -> RawTrains:
    """Return the trains of a pandas DataFrame.

    Parameters
    ----------
    frame : pandas.DataFrame
    place : str
    reading : Reading
        ``variable`` names the column of times, ``time_column`` and ``id_column`` number columns.
    named : bool
        Whether the names of the columns mean something.
    """
    names = [str(name) for name in frame.columns]
    columns = [frame.iloc[:, i].to_numpy() for i in range(len(names))]
    if named and not (reading.time_column is not None or reading.id_column is not None):
        names, columns = _without_index(names, columns)
        found = _by_names(names, columns, place, reading)
        if found is not None:
            return found
    if len(columns) == 1:
        raw = RawTrains([exact_times(place, _real(columns[0], place))], ["0"])
    else:
        _check_filled(names, columns, place)
        raw = from_columns(columns, place, reading)
    if named:
        chosen = 0 if len(columns) == 1 else reading.time_column
        raw.time_unit = known.split_unit(names[chosen])[1] if chosen is not None else None
    return raw


def _without_index(names: list[str], columns: list[Any]) -> tuple[list[str], list[Any]]:
    """Leave out a first column that only counts the rows."""
    first = names[0].lower()
    counts = columns[0].dtype.kind in "iu" and (
        np.array_equal(columns[0], np.arange(columns[0].size))
        or np.array_equal(columns[0], np.arange(columns[0].size) + 1)
    )
    quoted = first.startswith("unnamed") or first in ("", "index", "row")
    if len(names) > 1 and quoted and (counts or columns[0].dtype.kind in "OUST"):
        return names[1:], columns[1:]
    return names, columns


def _by_names(
    names: list[str], columns: list[Any], place: str, reading: Reading
) -> RawTrains | None:
    """Return what the header says, None where it says nothing."""
    if {"time_step", "time_offset"} <= set(names):
        return _nest_steps(names, columns, reading)
    times = [i for i, name in enumerate(names) if known.is_times(name)]
    if reading.variable is not None:
        if reading.variable not in names:
            raise refusal(f"variable must be one of {names[:40]}, got {reading.variable!r}")
        times = [names.index(reading.variable)]
    if len(times) > 1:  # "time" beside "spike": the one that says time
        times = [i for i in times if "time" in names[i].lower()] or times
    ids = sorted((rank, i) for i, n in enumerate(names) if (rank := known.id_rank(n)) is not None)
    ids = [(rank, i) for rank, i in ids if i not in times]
    if len(times) == 1 and ids:
        unit = ids[0][1]
        _check_filled([names[times[0]], names[unit]], [columns[times[0]], columns[unit]], place)
        ids_of_spikes = _with_group(names, columns, unit)
        times_of_spikes = _real(columns[times[0]], names[times[0]])
        raw = raw_pairs(times_of_spikes, ids_of_spikes, reading.n_units)
        columns[unit] = ids_of_spikes
        raw.time_unit = _stated_unit(names, times[0])
        _keep_constants(raw, names, columns, unit, times[0])
        return raw
    if len(times) == 1 and len(names) == 1:
        raw = RawTrains([exact_times(names[0], _real(columns[0], names[0]))], ["0"])
        raw.time_unit = known.split_unit(names[0])[1]
        return raw
    if not times and not ids and _are_trains(columns):
        return _columns_as_units(names, columns)
    if len(times) == 1 and len(names) == 2:
        _check_filled(names, columns, place)
    raise refusal(
        f"{place} is a table with columns {names[:20]}, of which "
        f"{[names[i] for i in times] or 'none'} can be times and "
        f"{[names[i] for _, i in ids] or 'none'} units",
        *_choices(names, columns, times, ids),
    )


def _stated_unit(names: list[str], time: int) -> str | None:
    """Return the unit of time that the header states, or the format that the header gives away."""
    if {"timestamps", "population", "node_ids"} == set(names):
        return "ms"  # SONATA in text
    plain = known.plain_name(names[time])
    return "samples" if plain in known.SAMPLED else known.split_unit(names[time])[1]


def _with_group(names: list[str], columns: list[Any], unit: int) -> np.ndarray:
    """Return the units, named with their population or probe where numbers are used twice."""
    ids = columns[unit]
    for i, name in enumerate(names):
        if i == unit or known.plain_name(name) not in known.GROUPS:
            continue
        group = columns[i].astype(str)
        both = np.array([f"{a}:{b}" for a, b in zip(group, ids, strict=True)])
        alone = np.unique(ids.astype(str)).size
        if name == "population" or np.unique(both).size > alone:
            return both
    return ids


def _choices(
    names: list[str], columns: list[Any], times: list[int], ids: list[tuple[int, int]]
) -> list[dict[str, int]]:
    numeric = [i for i, column in enumerate(columns) if column.dtype.kind in "iuf"]
    time = (times or [i for i in numeric if i not in [k for _, k in ids]] or [0])[0]
    rest = [i for _, i in ids] or [i for i in range(len(names)) if i != time]
    rest = [i for i in rest if can_be_ids(columns[i])]
    return [{"time_column": time, "id_column": i} for i in rest[:2]]


def _real(column: np.ndarray, name: str) -> np.ndarray:
    """Return a column of numbers, or raise naming the first cell that is none."""
    if column.dtype.kind in "iuf":
        return column
    if column.dtype.kind in "OUT":
        column = np.array([float(c) if _is_number(c) else c for c in column], dtype=object)
        for row, cell in enumerate(column):
            if isinstance(cell, bool) or not isinstance(cell, int | float | np.number):
                raise RecordingError(
                    f"{name} cannot be read as text: times must be numbers, got {cell!r} in row "
                    f"{row}; repair the file"
                )
        return np.array(column.tolist(), dtype=np.float64)
    raise RecordingError(
        f"{name} cannot be read as text: times must be numbers, got {column[:3].tolist()}; repair "
        "the file"
    )


def _is_number(cell: Any) -> bool:
    return isinstance(cell, str) and NUMBER.fullmatch(cell.strip()) is not None


def _check_filled(names: list[str], columns: list[Any], place: str) -> None:
    """Raise where a cell is empty: a row without its unit, or a file that was cut."""
    for name, column in zip(names, columns, strict=True):
        empty = np.zeros(column.size, dtype=bool)
        if column.dtype.kind in "fO":
            empty = np.array([cell != cell for cell in column.tolist()], dtype=bool)
        if empty.any():
            raise RecordingError(
                f"{place}: column {name!r} is empty in row {int(np.argmax(empty))}; the file is "
                "damaged or cut"
            )


def _are_trains(columns: list[Any]) -> bool:
    """Tell whether every column is a sorted train, empty after its end."""
    if any(column.dtype.kind not in "iuf" for column in columns):
        return False
    for column in columns:
        filled = np.isfinite(column)
        if (np.diff(filled.astype(int)) > 0).any() or (np.diff(column[filled]) < 0).any():
            return False
    return True


def _columns_as_units(names: list[str], columns: list[Any]) -> RawTrains:
    trains = [exact_times(n, c[np.isfinite(c)]) for n, c in zip(names, columns, strict=True)]
    units = {known.split_unit(name)[1] for name in names}
    stated = units.pop() if len(units) == 1 else None
    return RawTrains(trains, list(names), stated, attrs={"layout": "one column a unit"})


def _keep_constants(
    raw: RawTrains, names: list[str], columns: list[Any], unit: int, time: int
) -> None:
    """Keep further columns that have one value in each unit, such as an area or a label."""
    others = [i for i in range(len(names)) if i not in (unit, time)][:MOST_COLUMNS]
    labels = columns[unit].astype(str)
    unique, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    place = {label: number for number, label in enumerate(unique)}
    for i in others:
        values = columns[i][first]
        if (columns[i] == values[inverse]).all() and all(name in place for name in raw.names):
            raw.keep_column(names[i], [values[place[name]] for name in raw.names])


def _nest_steps(names: list[str], columns: list[Any], reading: Reading) -> RawTrains:
    """Return a NEST 3 file in steps and offsets: time = step / rate - offset."""
    if reading.sampling_rate is None:
        raise refusal(
            "times are steps of a simulation whose resolution the file does not say; for steps of "
            "0.1 ms",
            {"sampling_rate": 10000.0},
        )
    step, offset = (columns[names.index(n)] for n in ("time_step", "time_offset"))
    times = 1e3 * exact_times("time_step", step) / reading.sampling_rate
    raw = raw_pairs(times - exact_times("time_offset", offset), columns[names.index("sender")])
    raw.time_unit, raw.sampling_rate = "ms", reading.sampling_rate
    return raw
