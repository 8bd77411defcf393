"""Layouts of known tools in MATLAB variables: CellExplorer, Kilosort's rez, wave_clus.

CellExplorer: https://cellexplorer.org/datastructure/data-structure-and-format/ ; wave_clus:
cluster_class holds (class, time in ms) of each spike, class 0 being unassigned.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from heavytail_snn.core.errors import RecordingError
from heavytail_snn.door.numbers import exact_times, one_number
from heavytail_snn.recording.formats.tree.walk import find_spikes
from heavytail_snn.recording.raw.options import Reading
from heavytail_snn.recording.raw.trains import RawTrains, raw_pairs

Tree = dict[str, Any]


def from_matlab(tree: Tree, place: str, reading: Reading) -> RawTrains:
    """Return the trains in the variables of a MATLAB file."""
    if reading.variable is None:
        for layout in _LAYOUTS:
            found = layout(tree, reading)
            if found is not None:
                return found
    raw = find_spikes(tree, place, reading)
    kept = [i for i, train in enumerate(raw.trains) if train.size]
    if not kept:
        raise RecordingError(f"{reading.variable or list(tree)!r} of {place} holds no spike times")
    # an empty cell is no unit: sorters leave one for every number never used
    raw.attrs["empty_cells"] = len(raw.trains) - len(kept)
    raw.columns = {name: [column[i] for i in kept] for name, column in raw.columns.items()}
    raw.trains, raw.names = [raw.trains[i] for i in kept], [raw.names[i] for i in kept]
    return raw


def _cell_explorer(tree: Tree, reading: Reading) -> RawTrains | None:
    """Return `spikes` of *.spikes.cellinfo.mat or `cell_metrics` of *.cell_metrics.cellinfo.mat."""
    if _is_struct(tree.get("cell_metrics"), "spikes"):
        facts, times = tree["cell_metrics"], tree["cell_metrics"]["spikes"]
        times = times.get("times") if isinstance(times, dict) else None
    elif _is_struct(tree.get("spikes"), "times", "UID"):
        facts, times = tree["spikes"], tree["spikes"]["times"]
    else:
        return None
    if not isinstance(times, list):
        return None
    while len(times) == 1 and isinstance(times[0], list):
        times = times[0]
    trains = [exact_times(f"times{{{i + 1}}}", train) for i, train in enumerate(times)]
    raw = RawTrains(trains, [str(i + 1) for i in range(len(trains))], "s")
    for name, values in facts.items():
        items = values if isinstance(values, list) else list(np.ravel(values))
        if isinstance(values, list | np.ndarray) and all(_is_cell(item) for item in items):
            raw.keep_column(name, items)
    if "UID" in raw.columns:
        raw.names = [str(_whole(uid)) for uid in raw.columns["UID"]]
    return raw


def _kilosort(tree: Tree, reading: Reading) -> RawTrains | None:
    """Return `rez.st3` of Kilosort: sample, template (or cluster in column 5) of each spike."""
    rez: Any = tree.get("rez")
    if not _is_struct(rez, "st3", "ops") or not isinstance(rez["ops"], dict):
        return None
    table = np.asarray(rez["st3"])
    if table.ndim != 2 or table.shape[1] < 2:
        return None
    merged = 4 if table.shape[1] > 4 else 1  # after merging, column 5 holds the clusters
    raw = raw_pairs(table[:, 0], table[:, merged])
    raw.time_unit = "samples"
    if "fs" in rez["ops"]:
        raw.sampling_rate = one_number("rez.ops.fs", rez["ops"]["fs"])
    return raw


def _wave_clus(tree: Tree, reading: Reading) -> RawTrains | None:
    """Return `cluster_class` of wave_clus: class and time in ms."""
    table = tree.get("cluster_class")
    if not isinstance(table, np.ndarray) or table.ndim != 2 or table.shape[1] != 2:
        return None
    raw = raw_pairs(table[:, 1], table[:, 0])
    raw.time_unit = "ms"
    raw.columns["label"] = ["noise" if name == "0" else "good" for name in raw.names]
    return raw


def _is_struct(value: Any, *fields: str) -> bool:
    return isinstance(value, dict) and all(field in value for field in fields)


def _is_cell(item: Any) -> bool:
    return not isinstance(item, dict | list) and (isinstance(item, str) or np.size(item) == 1)


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


_LAYOUTS: tuple[Callable[[Tree, Reading], RawTrains | None], ...] = (
    _cell_explorer,
    _kilosort,
    _wave_clus,
)
