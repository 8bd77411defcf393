"""NWB 2: the units table with all its columns, obs_intervals, invalid_times, trials and epochs.

Through h5py and not pynwb, which needs two seconds to be imported, follows links to other files
and refuses files whose extensions it does not know; tests compare with pynwb.
https://nwb-schema.readthedocs.io
"""

from typing import Any

import numpy as np

from heavytail_snn.core.errors import RecordingError
from heavytail_snn.door.hdf5 import Hdf5
from heavytail_snn.door.numbers import exact_ids, exact_times
from heavytail_snn.recording.raw.options import Reading
from heavytail_snn.recording.raw.trains import RawTrains, Table

RAGGED = "_index"
LEFT_OUT = ("spike_times", "obs_intervals", "waveforms", "waveform_mean", "waveform_sd", "id")


def is_nwb(file: Hdf5) -> bool:
    """Tell whether an HDF5 file is NWB."""
    return file.attribute("/", "nwb_version") is not None or file.has("/units/spike_times")


def read_nwb(file: Hdf5, reading: Reading) -> RawTrains:
    """Read the units of an NWB file; times are seconds."""
    if not file.has("/units/spike_times"):
        raise RecordingError(f"{file.path} has no units with spike times")
    trains = [exact_times("spike_times", part) for part in _ragged(file, "/units/spike_times")]
    ids = exact_ids("units/id", file.array("/units/id")) if file.has("/units/id") else None
    labels = np.arange(len(trains)) if ids is None else ids
    if labels.size != len(trains):
        raise RecordingError(
            f"{file.path}: units/id has {labels.size} rows, but spike_times {len(trains)}; the "
            "file is damaged"
        )
    raw = RawTrains(trains, [str(label) for label in labels], "s")
    for name, column in _columns(file, "/units").items():
        raw.keep_column(name, column)
    _electrodes(file, raw)
    if file.has("/units/obs_intervals"):
        raw.support = [
            part.reshape(-1, 2).astype(np.float64) for part in _ragged(file, "/units/obs_intervals")
        ]
        edges = np.concatenate([np.ravel(part) for part in raw.support] or [np.empty(0)])
        if edges.size:
            raw.t_start, raw.t_stop = float(edges.min()), float(edges.max())
    raw.trials = _table(file, "/intervals/trials")
    raw.epochs = _table(file, "/intervals/epochs")
    raw.invalid = _table(file, "/intervals/invalid_times")
    return raw


def _ragged(file: Hdf5, name: str) -> list[np.ndarray]:
    values = file.array(name)
    # the index holds the end of each unit in the smallest integer type that fits: cast first
    ends = exact_ids(f"{name}{RAGGED}", file.array(f"{name}{RAGGED}"))
    if ends.size and (ends[0] < 0 or (np.diff(ends) < 0).any() or ends[-1] != len(values)):
        raise RecordingError(
            f"{file.path}: {name}{RAGGED} must rise to {len(values)}, got {ends[:5]} ... "
            f"{ends[-1]}; the file is damaged"
        )
    if not ends.size and len(values):
        raise RecordingError(f"{file.path}: {name} has values but no units; the file is damaged")
    return np.split(values, ends[:-1]) if ends.size else []


def _columns(file: Hdf5, table: str) -> dict[str, list[Any]]:
    """Return the columns of a DynamicTable that have one plain value a row."""
    members = set(file.names(table))
    found: dict[str, list[Any]] = {}
    for name in file.names(table):
        kind = file.dtype(f"{table}/{name}")
        shape = file.shape(f"{table}/{name}")
        ragged = f"{name}{RAGGED}" in members or name.endswith(RAGGED)
        if name in LEFT_OUT or ragged or kind is None or shape is None or len(shape) != 1:
            continue
        if kind.kind in "iufb":
            found[name] = file.array(f"{table}/{name}").tolist()
        elif kind.kind in "SU" or _is_text(kind):
            found[name] = file.texts(f"{table}/{name}")
    return found


def _is_text(kind: Any) -> bool:
    import h5py

    return h5py.check_string_dtype(kind) is not None


def _electrodes(file: Hdf5, raw: RawTrains) -> None:
    """Add the first electrode of each unit and where it lies."""
    if not file.has("/units/electrodes_index"):
        return
    first = [int(part[0]) if len(part) else -1 for part in _ragged(file, "/units/electrodes")]
    raw.keep_column("electrode", first)
    place = "/general/extracellular_ephys/electrodes/location"
    if "location" not in raw.columns and file.has(place):
        locations = file.texts(place)
        if all(-1 <= row < len(locations) for row in first):
            raw.keep_column("location", [locations[row] if row >= 0 else "" for row in first])


def _table(file: Hdf5, name: str) -> Table | None:
    """Return a table of intervals, its limits named start and stop."""
    if not file.has(f"{name}/start_time") or not file.has(f"{name}/stop_time"):
        return None
    table: Table = {
        "start": exact_times(f"{name}/start_time", file.array(f"{name}/start_time")).tolist(),
        "stop": exact_times(f"{name}/stop_time", file.array(f"{name}/stop_time")).tolist(),
    }
    for column, values in _columns(file, name).items():
        if column not in ("start_time", "stop_time") and len(values) == len(table["start"]):
            table[column] = values
    return table
