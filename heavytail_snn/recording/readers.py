"""One reader a format: from a file to `RawTrains`, one array of seconds a unit, unchecked.

What the spikes must obey is checked afterwards, in one place (`recording_files`).  A reader only
knows where its format keeps times, units and limits; whatever fails inside it becomes a
RecordingError that names the file.
"""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from heavytail_snn.core.errors import BackendError, HeavytailError, ParameterError, RecordingError
from heavytail_snn.recording.checks import check_shapes, checked_ids


@dataclass
class RawTrains:
    """What a reader found: spike times in the file's unit of time, names, limits if stated."""

    trains: list[np.ndarray]
    names: list[str]
    t_start: float | None = None
    t_stop: float | None = None
    attrs: dict[str, Any] = field(default_factory=dict)


@contextmanager
def reading(path: Path, what: str) -> Iterator[None]:
    """Turn whatever fails inside into a RecordingError with the file's name."""
    try:
        yield
    except HeavytailError:
        raise
    except Exception as error:  # readers of binary formats fail in every possible way
        raise RecordingError(
            f"{path} cannot be read as {what} ({type(error).__name__}: {error}); "
            "the file is damaged or of another format"
        ) from error


def split_by_id(times: np.ndarray, ids: np.ndarray, n_units: int | None) -> RawTrains:
    """Split (time, id) pairs; without `n_units` the ids are labels, numbered in sorted order."""
    check_shapes(times, ids)
    ids = checked_ids(ids)
    labels = np.unique(ids) if n_units is None else np.arange(n_units)
    if n_units is not None and ids.size and not 0 <= ids.min() <= ids.max() < n_units:
        raise RecordingError(
            f"ids must lie in 0 ... n_units - 1 = {n_units - 1}, got {ids.min()} to {ids.max()}; "
            "correct n_units, or leave it out to take the ids as labels"
        )
    order = np.argsort(ids, kind="stable")
    ends = np.searchsorted(ids[order], labels, side="right")
    starts = np.searchsorted(ids[order], labels, side="left")
    trains = [times[order[a:b]] for a, b in zip(starts, ends, strict=True)]
    return RawTrains(trains, [str(label) for label in labels])


# ---------------------------------------------------------------------------------------- text


def read_text(path: Path, *, n_units: int | None = None) -> RawTrains:
    """Read one column (times of one unit) or two (time, id); lines with # are comments."""
    with reading(path, "text"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "loadtxt: input contained no data")  # raised below
        delimiter = "," if path.suffix == ".csv" else None
        table = np.loadtxt(path, ndmin=2, delimiter=delimiter)
    stated = _stated_limits(path)
    if table.size == 0:
        if not stated:
            raise RecordingError(f"{path} holds no spike times; an empty file is no recording")
        table = np.empty((0, 2))
    if table.shape[1] not in (1, 2):
        raise RecordingError(
            f"{path} must have one column (times) or two (time, id), got {table.shape[1]}"
        )
    if table.shape[1] == 1:
        return RawTrains([table[:, 0]], ["0"])
    if n_units is None and stated:
        n_units = int(stated["n_units"])
    raw = split_by_id(table[:, 0], table[:, 1], n_units)
    raw.t_start, raw.t_stop = stated.get("t_start"), stated.get("t_stop")
    return raw


def _stated_limits(path: Path) -> dict[str, float]:
    """Return n_units and limits from the comment that `Recording.write` puts on line one."""
    with path.open(encoding="utf-8", errors="replace") as file:
        first = file.readline()
    if not first.startswith("# heavytail_snn recording"):
        return {}
    return {name: float(value) for name, value in re.findall(r"(\w+)=(\S+)", first)}


# ----------------------------------------------------------------------------------------- mat


def read_mat(path: Path, *, variable: str | None = None) -> RawTrains:
    """Read a MATLAB file: a vector, a cell array of vectors, or nested cells of structs with time.

    The units are numbered in the order of the walk through the cells; empty cells and structs
    without times are no units, their number is stored in ``attrs["empty_cells"]``.
    """
    from scipy.io import loadmat

    try:
        with reading(path, "a MATLAB file"):
            contents = loadmat(path)
    except RecordingError as error:
        if isinstance(error.__cause__, NotImplementedError):
            raise RecordingError(
                f"{path} is a MATLAB v7.3 file, which is not read; save it with the option -v7"
            ) from error
        raise
    names = [name for name in contents if not name.startswith("__")]
    if variable is None and len(names) == 1:
        variable = names[0]
    if variable is None or variable not in names:
        raise ParameterError("variable", variable, f"must be one of {names}")
    found = list(_walk(contents[variable], variable))
    raw = RawTrains([t for _, t in found if t.size], [name for name, t in found if t.size])
    raw.attrs["empty_cells"] = len(found) - len(raw.trains)
    if not raw.trains:
        raise RecordingError(f"variable {variable!r} of {path} holds no spike times")
    return raw


def _walk(value: np.ndarray, name: str) -> Iterator[tuple[str, np.ndarray]]:
    """Yield (place, times) of every leaf of nested cells and structs, in their order."""
    if value.dtype.names is not None:
        if "time" not in value.dtype.names:
            raise RecordingError(
                f"{name} is a struct without a field 'time', its fields are {value.dtype.names}"
            )
        value = value["time"]
    if value.dtype == object:
        for index, item in enumerate(value.ravel()):
            place = name if value.size == 1 else f"{name}[{index}]"
            yield from _walk(np.asarray(item), place)
        return
    if value.dtype.kind not in "iuf" or (value.size and max(value.shape) != value.size):
        raise RecordingError(
            f"{name} must be a vector of times, got dtype {value.dtype} and shape {value.shape}"
        )
    yield name, value.ravel().astype(np.float64)


# ----------------------------------------------------------------------------------------- nwb


def read_nwb(path: Path) -> RawTrains:
    """Read the units table of an NWB file, through pynwb or else h5py.

    Not through neo, whose reader fails on a table without obs_intervals.
    """
    try:
        import pynwb  # noqa: F401
    except ImportError:
        return _read_nwb_hdf5(path)
    return _read_nwb_pynwb(path)


def _read_nwb_pynwb(path: Path) -> RawTrains:
    from pynwb import NWBHDF5IO

    with reading(path, "NWB"), NWBHDF5IO(str(path), "r") as io:
        units = io.read().units
        if units is None or "spike_times" not in units.colnames:
            raise RecordingError(f"{path} has no units with spike times")
        n_units = len(units.id)
        trains = [np.array(units.get_unit_spike_times(i), dtype=float) for i in range(n_units)]
        raw = RawTrains(trains, [str(label) for label in units.id[:]])
        if "obs_intervals" in units.colnames:
            intervals = [np.asarray(units.get_unit_obs_intervals(i)) for i in range(n_units)]
            raw.t_start, raw.t_stop = _outer_limits(intervals)
    return raw


def _read_nwb_hdf5(path: Path) -> RawTrains:
    try:
        import h5py
    except ImportError as error:
        raise BackendError(
            f"{path} needs pynwb or h5py, and neither is installed; "
            "run pip install 'heavytail_snn[nwb]'"
        ) from error
    with reading(path, "NWB"), h5py.File(path, "r") as file:
        if "units/spike_times" not in file:
            raise RecordingError(f"{path} has no units with spike times")
        units = file["units"]
        raw = RawTrains(_ragged(units, "spike_times"), [str(label) for label in units["id"][:]])
        if "obs_intervals" in units:
            raw.t_start, raw.t_stop = _outer_limits(_ragged(units, "obs_intervals"))
    return raw


def _ragged(units: Any, column: str) -> list[np.ndarray]:
    # the index holds the end of each unit in the smallest integer type that fits: cast first
    ends = units[f"{column}_index"][:].astype(np.int64)
    return np.split(units[column][:].astype(np.float64), ends[:-1])


def _outer_limits(intervals: list[np.ndarray]) -> tuple[float | None, float | None]:
    edges = np.concatenate([np.ravel(interval) for interval in intervals])
    if not edges.size:
        return None, None
    return float(edges.min()), float(edges.max())


# ----------------------------------------------------------------------------------- phy, npz


def read_phy(path: Path, *, sampling_rate: float | None = None) -> RawTrains:
    """Read a Phy or Kilosort folder: spike_times.npy (samples) and spike_clusters.npy.

    The sampling rate in Hz comes from the argument or from params.py in the folder.
    """
    with reading(path, "a Phy folder"):
        samples = np.load(path / "spike_times.npy").ravel()
        clusters = np.load(path / "spike_clusters.npy").ravel()
    if sampling_rate is None:
        parameters = path / "params.py"
        text = parameters.read_text(encoding="utf-8") if parameters.exists() else ""
        stated = re.search(r"^\s*sample_rate\s*=\s*([0-9.eE+]+)", text, re.MULTILINE)
        if stated is None:
            raise RecordingError(
                f"{path} has no params.py with sample_rate; pass sampling_rate in Hz"
            )
        sampling_rate = float(stated.group(1))
    raw = split_by_id(samples / sampling_rate, clusters, None)
    raw.attrs["sampling_rate"] = sampling_rate
    return raw


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """Read the arrays of a .npz file; `times` and `ids` must be among them."""
    with reading(path, "a .npz archive"), np.load(path, allow_pickle=False) as archive:
        contents = {name: archive[name] for name in archive.files}
    missing = {"times", "ids"} - set(contents)
    if missing:
        raise RecordingError(
            f"{path} must hold the arrays times and ids, got {sorted(contents)}; "
            "write it with np.savez(path, times=..., ids=...) or Recording.write"
        )
    return contents
