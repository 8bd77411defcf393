"""Support and tables as plain arrays and text, for the library's own files and for neo."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from heavytail_snn.core.results import plain
from heavytail_snn.recording.support import TimeSupport
from heavytail_snn.recording.tables import EpochTable, Table, UnitTable

if TYPE_CHECKING:
    from heavytail_snn.recording.recording import Recording

_TABLES = {"units": UnitTable, "epochs": EpochTable, "trials": EpochTable}


def stored_parts(recording: "Recording") -> dict[str, np.ndarray]:
    """Return support and tables as arrays without objects, by names that start with "part_"."""
    support = recording.support
    found = {
        "part_support_intervals": np.concatenate([*support.patterns, np.empty((0, 2))]),
        "part_support_sizes": np.array([len(pattern) for pattern in support.patterns]),
        "part_support_of": support.pattern_of,
    }
    for name in _TABLES:
        found[f"part_{name}"] = np.array(table_text(getattr(recording, name)))
    return found


def restored_parts(contents: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Return the arguments of a Recording that `stored_parts` has stored; none in older files."""
    if "part_support_of" not in contents:
        return {}
    sizes = contents["part_support_sizes"].astype(np.int64)
    patterns = np.split(contents["part_support_intervals"], np.cumsum(sizes)[:-1])
    parts: dict[str, Any] = {
        "support": TimeSupport(tuple(np.array(p) for p in patterns), contents["part_support_of"])
    }
    for name, kind in _TABLES.items():
        parts[name] = table_from_text(str(contents[f"part_{name}"]), kind)
    return parts


def table_text(table: Table) -> str:
    """Return a table as JSON; numbers keep every digit."""
    columns = {
        name: {"kind": values.dtype.kind, "values": plain(values)}
        for name, values in table.columns.items()
    }
    return json.dumps({"n_rows": table.n_rows, "columns": columns})


def table_from_text(text: str, kind: type[Table]) -> Any:
    """Return the table that `table_text` wrote."""
    stored = json.loads(text)
    columns = {}
    for name, column in stored["columns"].items():
        values, letter = column["values"], column["kind"]
        dtype = {"f": np.float64, "i": np.int64, "u": np.uint64, "b": np.bool_, "U": np.str_}
        columns[name] = np.array(values, dtype=dtype[letter]) if letter in dtype else values
    return kind(columns, stored["n_rows"])
