"""A .npz file of anybody (times and ids, t and i, one array a unit), or of pynapple."""

from pathlib import Path

import numpy as np

from heavytail_snn.core.errors import RecordingError
from heavytail_snn.door.arrays import Archive, open_npz
from heavytail_snn.door.regular import budget, check_budget
from heavytail_snn.recording.formats.tree.walk import find_spikes
from heavytail_snn.recording.raw.options import Reading
from heavytail_snn.recording.raw.trains import RawTrains, split_by_id

OWN = "heavytail_snn_format"
PYNAPPLE_SPIKES = ("TsGroup", "Ts")


def is_own(path: Path) -> bool:
    """Tell whether `Recording.write` wrote the file."""
    with open_npz(path) as archive:
        return OWN in archive


def read_npz(path: Path, reading: Reading) -> RawTrains:
    """Read a .npz file that the library did not write."""
    with open_npz(path) as archive:
        if {"type", "t", "start", "end"} <= set(archive):
            return _pynapple(archive)
        wanted = [reading.variable] if reading.variable in archive else list(archive)
        total = sum(archive.members[str(name)].file_size for name in wanted)
        check_budget(path, "its arrays together", total, budget(path))
        tree = {str(name): _plain(archive[str(name)]) for name in wanted}
    return find_spikes(tree, path.name, reading)


def _plain(array: np.ndarray) -> object:
    if array.dtype.kind in "US" and array.size == 1:
        return str(array.ravel()[0])
    return array


def _pynapple(archive: Archive) -> RawTrains:
    """Return a Ts or TsGroup as pynapple saves it: seconds, unit of each spike, time support."""
    kind = str(np.ravel(archive["type"])[0])
    if kind not in PYNAPPLE_SPIKES:
        raise RecordingError(
            f"{archive.path} holds a pynapple {kind}, not spikes; save a Ts or a TsGroup"
        )
    support = np.column_stack([archive["start"], archive["end"]]).astype(np.float64)
    if kind == "Ts":
        raw = RawTrains([archive["t"].astype(np.float64)], ["0"])
    else:
        raw = _group(archive)
    raw.time_unit, raw.support = "s", [support]
    if support.size:
        raw.t_start, raw.t_stop = float(support.min()), float(support.max())
    return raw


def _group(archive: Archive) -> RawTrains:
    keys = archive["keys"] if "keys" in archive else np.unique(archive["index"])
    place = {int(key): number for number, key in enumerate(keys)}
    ids = np.array([place[int(i)] for i in archive["index"]], dtype=np.int64)
    raw = split_by_id(archive["t"].astype(np.float64), ids, len(keys))
    raw.names = [str(int(key)) for key in keys]
    for name in archive:
        if name in ("t", "index", "start", "end", "keys", "type", "rate", "d"):
            continue
        member = archive.members[name]
        if member.file_size < 200 * len(keys) + 1000:  # a pickled column is left out
            values = _column(archive, name)
            if values is not None and values.shape == (len(keys),):
                raw.keep_column(name, values)
    return raw


def _column(archive: Archive, name: str) -> np.ndarray | None:
    try:
        return archive[name]
    except RecordingError:
        return None
