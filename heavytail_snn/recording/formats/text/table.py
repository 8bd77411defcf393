"""Text with one or two columns, or a table with header: any separator, decimal comma, BOM, index.

Own text, NEST 2 (.gdf) and NEST 3 (.dat) files, columns of NeuroExplorer and of MC_DataTool, and
CSV of pandas, R or a spreadsheet are all tables whose header, or whose values, say what they are.
"""

import io
import re
from pathlib import Path

import numpy as np

from heavytail_snn.core.errors import RecordingError
from heavytail_snn.door.literals import strict_json, unit_of_time
from heavytail_snn.door.numbers import are_whole
from heavytail_snn.door.refusals import reading as reading_file
from heavytail_snn.door.refusals import refusal
from heavytail_snn.recording.formats.text.lines import Lines, check_whole, read_lines, split
from heavytail_snn.recording.formats.text.trains import is_one_train_a_line, trains_of_lines
from heavytail_snn.recording.formats.tree.frames import from_frame
from heavytail_snn.recording.raw.options import Reading
from heavytail_snn.recording.raw.trains import RawTrains, raw_pairs

OWN_HEADER = "# heavytail_snn recording"
OWN_COLUMNS, OWN_UNITS = "time_s,unit", "# units: "
OWN_END = "# end of recording"


def read_text(path: Path, reading: Reading) -> RawTrains:
    """Read a text file; what it means follows from its header or from its values."""
    with reading_file(path, "text"):
        lines = read_lines(path)
        if lines.comments and lines.comments[0].startswith(OWN_HEADER):
            return _own(path, lines)
        if not lines.rows:
            raise RecordingError(f"{path} holds no spike times; an empty file is no recording")
        explicit = reading.time_column is not None or reading.id_column is not None
        if not explicit and is_one_train_a_line(lines):
            return trains_of_lines(lines, path.name)
        return _table(path, lines, reading)


def _table(path: Path, lines: Lines, reading: Reading) -> RawTrains:
    import pandas as pd

    # pandas 3 reads every digit, and warns of the argument that earlier versions need
    exact = {} if int(pd.__version__.split(".")[0]) > 2 else {"float_precision": "round_trip"}
    if lines.decimal == ",":
        exact = {}
    header, first, unit = _header(lines)
    if first >= len(lines.rows):
        raise RecordingError(f"{path} holds no spike times, only {lines.rows[0][:80]!r}")
    rows = lines.rows[first:]
    widths = lines.widths[first:]
    if header is None or max(widths) > len(header) + 1:
        check_whole(path, Lines(rows, [], lines.separator, lines.decimal, widths))
    elif max(widths) == len(header) + 1 == min(widths):
        header = ["", *header]  # a table of R: the names of rows have no header
    if lines.separator == "" or header is None:
        check_whole(path, Lines(rows, [], lines.separator, lines.decimal, widths))
    frame = pd.read_csv(
        io.StringIO("\n".join(rows)),
        sep=lines.separator or r"\s+",
        decimal=lines.decimal,
        header=None,
        names=None if header is None else range(len(header)),
        keep_default_na=False,
        na_values=[""],
        low_memory=False,
        **exact,
        skipinitialspace=True,
    )
    said = reading.time_column is not None and reading.id_column is not None
    if header is None and path.suffix.lower() == ".gdf" and not said:
        return _nest2(frame, path, reading)
    frame.columns = [str(i) for i in range(frame.shape[1])] if header is None else header
    raw = from_frame(frame, path.name, reading, named=header is not None)
    raw.time_unit = raw.time_unit or unit
    return raw


def _header(lines: Lines) -> tuple[list[str] | None, int, str | None]:
    """Return the names of the columns, the first row of numbers, and a unit in a row of its own."""
    first = 0
    while first < min(len(lines.rows), 20) and not _has_number(lines, first):
        first += 1
    if first == 0:
        return None, 0, None
    unit = None
    names = lines.fields(first - 1)
    if all(re.fullmatch(r"\[.*\]|\(.*\)", name) for name in names if name):
        known = {unit_name for name in names if (unit_name := name.strip("[]()"))}
        times = {name for name in known if unit_of_time(name) is not None}
        unit = times.pop() if len(times) == 1 else None
        if first < 2:
            raise RecordingError(f"a row of units needs a row of names above it: {names}")
        names = lines.fields(first - 2)
    while names and names[-1] == "" and lines.widths[first] < len(names):
        names.pop()
    if len(set(names)) < len(names):
        raise RecordingError(f"columns must have different names, got {names[:20]}")
    return names, first, unit


def _has_number(lines: Lines, number: int) -> bool:
    """Tell whether a row belongs to the body: its fields are numbers, or most rows look like it."""
    if lines.is_numeric(number):
        return True
    fields = [f for f in lines.fields(number) if f]
    kinds = [_is_numeric_field(field, lines.decimal) for field in fields]
    return any(kinds) and lines.widths[number] > 1 and number > 0


def _is_numeric_field(field: str, decimal: str) -> bool:
    return re.fullmatch(r"[-+]?[\d.,]+([eE][-+]?\d+)?", field) is not None


def _nest2(frame: object, path: Path, reading: Reading) -> RawTrains:
    """Return a .gdf file: the number of the neuron, then the time in ms."""
    columns = [frame.iloc[:, i].to_numpy() for i in range(frame.shape[1])]  # type: ignore[attr-defined]
    if len(columns) != 2:
        raise refusal(
            f"{path} must have two columns (neuron, time), got {len(columns)}",
            {"format": "text", "time_column": 1, "id_column": 0, "time_unit": "ms"},
        )
    time = 1 if reading.time_column is None else reading.time_column
    raw = raw_pairs(columns[time], columns[1 - time], reading.n_units)
    # whole numbers may be steps of the simulation, which the file does not tell
    if reading.time_column is None and not all(are_whole(t) for t in raw.trains if t.size):
        raw.time_unit = "ms"
    return raw


# ------------------------------------------------------------------------------------ own text


def _own(path: Path, lines: Lines) -> RawTrains:
    """Return what `Recording.write` wrote: limits and counts in the first line."""
    facts = dict(re.findall(r"(\w+)=(\S+)", lines.comments[0]))
    rows = lines.rows
    header = bool(rows) and rows[0].startswith(OWN_COLUMNS)
    rows = rows[1:] if header else rows
    numbers = {name: float(facts[name]) for name in ("n_units", "t_start", "t_stop")}
    if "n_spikes" in facts and (
        int(facts["n_spikes"]) != len(rows) or lines.comments[-1] != OWN_END
    ):
        raise RecordingError(
            f"{path} must hold {facts['n_spikes']} spikes and an end mark, got {len(rows)} "
            "lines; the file is incomplete, write it anew"
        )
    pairs = [split(row, ",")[:2] if header else split(row, "") for row in rows]
    if any(len(pair) != 2 for pair in pairs):
        raise RecordingError(f"{path} must hold (time, unit) in each line; it is damaged")
    raw = raw_pairs(
        np.array([float(time) for time, _ in pairs]),
        np.array([int(unit) for _, unit in pairs], dtype=np.int64),
        int(numbers["n_units"]),
    )
    for comment in lines.comments[1:]:
        if comment.startswith(OWN_UNITS):
            for name, values in strict_json(comment.removeprefix(OWN_UNITS)).items():
                raw.keep_column(name, values)
    if "name" in raw.columns:
        raw.names = [str(name) for name in raw.columns["name"]]
    raw.time_unit, raw.t_start, raw.t_stop = "s", numbers["t_start"], numbers["t_stop"]
    return raw
