"""The store of a sweep: one Zarr group (format 3), written case by case by any number of writers.

Each variable is an array over the grid whose chunks hold one case, so that writers never share a
file.  The array ``record`` holds one JSON text a case and is written last: a case counts from the
moment its record is there, and its record says with which key it was computed.
"""

import contextlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from heavytail_snn.analysis.sweep.case import Case
from heavytail_snn.analysis.sweep.entry.measure import Output
from heavytail_snn.analysis.sweep.grid import Grid
from heavytail_snn.core.errors import BackendError, HeavytailError, StoreError
from heavytail_snn.core.version import SCIENTIFIC_VERSION, __version__

FORMAT = 1
RECORD, RECORD_BYTES = "record", 4096
_LONGEST_MESSAGE = 2500  # characters that fit a record with all else, whatever their encoding is


class Store:
    """An open store: read and written case by case.

    Parameters
    ----------
    path : Path
        A folder that `create` made.

    Raises
    ------
    StoreError
        If there is no store, or it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        zarr = _zarr()
        if not (path / "zarr.json").is_file():
            raise StoreError(f"{path} is not the store of a sweep; name another path")
        with _named(path, "read"):
            self._group = zarr.open_group(str(path), mode="r+" if _writable(path) else "r")
            self.facts: dict[str, Any] = dict(self._group.attrs).get("sweep", {})
        if self.facts.get("format") != FORMAT:
            raise StoreError(
                f"{path} must be the store of a sweep in format {FORMAT}, and its format is "
                f"{self.facts.get('format')!r}; name another store"
            )
        self._arrays: dict[str, Any] = {}

    def array(self, name: str) -> Any:
        """Return one of the store's arrays."""
        if name not in self._arrays:
            with _named(self.path, "read"):
                self._arrays[name] = self._group[name]
        return self._arrays[name]

    def names(self) -> list[str]:
        """Return the names of the variables, without coordinates and records."""
        return list(self.facts["variables"])

    def write(self, case: Case, numbers: Mapping[str, Any], record: Mapping[str, Any]) -> None:
        """Write the numbers of a case, and then its record, which makes it count."""
        with _named(self.path, "written"):
            for name, value in numbers.items():
                array = self.array(name)
                own = np.shape(value)
                place = (*case.index, *(slice(length) for length in own))
                array[place] = np.asarray(value, dtype=float)
            self.array(RECORD)[case.index] = _packed({"key": case.key, **record})

    def record(self, case: Case) -> dict[str, Any] | None:
        """Return the record of a case, None where it was not computed yet.

        Raises
        ------
        StoreError
            If another case stands in its place: the store was made with other code.
        """
        array = self.array(RECORD)
        with _named(self.path, "read"):
            found = _record_at(array, case.index)
        if found is not None and found.get("key") != case.key:
            raise StoreError(
                f"{self.path} holds another case at {case.index}: the model, a measure or the "
                "library changed since; name another store"
            )
        return found

    def records(self) -> np.ndarray:
        """Return all records, an array of dict or None over the grid.

        A record that cannot be read (a file cut by a power failure, say) is none: its case is
        computed again.
        """
        array = self.array(RECORD)
        with _named(self.path, "read"):
            try:
                packed = array[...]
            except (RuntimeError, ValueError):  # some record cannot be decoded: see which
                found = np.empty(array.shape[:-1], dtype=object)
                for place in np.ndindex(found.shape):
                    found[place] = _record_at(array, place)
                return found
        flat = packed.reshape(-1, RECORD_BYTES)
        found = np.empty(len(flat), dtype=object)
        for number in np.flatnonzero(flat[:, 0]):
            found[number] = _unpacked(flat[number])
        return found.reshape(packed.shape[:-1])


def create(path: Path, grid: Grid, facts: Mapping[str, Any]) -> Store:
    """Make the empty store of a grid; if another process was faster, open that one's.

    Parameters
    ----------
    path : Path
        Must not exist yet, or be a store.
    grid : Grid
    facts : mapping
        From `grid_facts`.
    """
    zarr = _zarr()
    # made under another name, so that no writer ever sees half of it
    building = path.parent / f".{path.name}-{uuid.uuid4().hex[:12]}"
    try:
        with _named(path, "written"):
            path.parent.mkdir(parents=True, exist_ok=True)
            group = zarr.open_group(str(building), mode="w-", zarr_format=3)
            outputs = grid.outputs()
            for output in outputs.values():
                _add_output(group, grid, output)
            _add_coordinates(group, grid, outputs)
            shape = (*grid.shape, RECORD_BYTES)
            _add(group, RECORD, shape, (*grid.dims, "record_byte"), np.uint8, own=1)
            group.attrs["sweep"] = {
                **facts, "format": FORMAT, "library": __version__, "variables": _variables(outputs),
            }  # fmt: skip
            try:
                building.rename(path)
            except OSError:
                if not (path / "zarr.json").exists():
                    raise
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return Store(path)


def grid_facts(grid: Grid) -> dict[str, Any]:
    """Return what a store keeps of its grid, as JSON: equal facts mean equal cases."""
    return {
        "scientific_version": SCIENTIFIC_VERSION,
        "model": [grid.entry.name, grid.entry.version],
        "measures": [[measure.name, measure.version] for measure in grid.measures],
        "axes": [[name, list(points)] for name, points in grid.axes.items()],
        "fixed": dict(grid.fixed),
        "seeds": list(grid.seeds),
    }


def check_same(store: Store, facts: Mapping[str, Any]) -> None:
    """Raise StoreError, naming what differs, unless a store holds exactly this grid."""
    for name, ours in facts.items():
        theirs = store.facts.get(name)
        if theirs == ours:
            continue
        if name == "scientific_version":
            raise StoreError(
                f"{store.path} holds numbers of scientific version {theirs} (library "
                f"{store.facts.get('library')}), and this library has version {ours}: they are "
                "never mixed; name another store, or go on with the library that began it"
            )
        raise StoreError(
            f"{store.path} holds a sweep with other {name}: {_difference(theirs, ours)}; name "
            "another store"
        )


def _difference(theirs: Any, ours: Any) -> str:
    if isinstance(theirs, dict) and isinstance(ours, dict):
        names = [n for n in {**theirs, **ours} if theirs.get(n) != ours.get(n)]
        theirs, ours = ({n: part.get(n) for n in names} for part in (theirs, ours))
    return f"{_short(theirs)} there, {_short(ours)} here"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:197]}..."


def _variables(outputs: Mapping[str, Output]) -> list[str]:
    names = []
    for output in outputs.values():
        names += [output.name, f"{output.name}_error"] if output.error else [output.name]
    return names


def _add_output(group: Any, grid: Grid, output: Output) -> None:
    own = tuple(len(points) for points in output.axes.values())
    dims = (*grid.dims, *output.axes)
    for name in [output.name, f"{output.name}_error"][: 1 + output.error]:
        array = _add(group, name, (*grid.shape, *own), dims, np.float64, own=len(own))
        array.attrs["unit"] = output.unit


def _add_coordinates(group: Any, grid: Grid, outputs: Mapping[str, Output]) -> None:
    coordinates: dict[str, Any] = {**grid.axes, "seed": grid.seeds}
    for output in outputs.values():
        coordinates |= output.axes
    for name, points in coordinates.items():
        values = np.asarray(points)
        if values.dtype.kind == "U":  # choices: fixed in length, no fixed-length text in format 3
            values = np.arange(len(values))
        array = _add(group, name, values.shape, (name,), values.dtype, own=1)
        array[...] = values
        array.attrs["unit"] = grid.units.get(name, "")


def _add(
    group: Any, name: str, shape: tuple, dims: tuple[str, ...], dtype: Any, *, own: int
) -> Any:
    """Add an array whose chunks hold one case: its last `own` axes whole."""
    n_grid = len(shape) - own
    fill = np.nan if np.dtype(dtype).kind == "f" else 0
    return group.create_array(
        name, shape=shape, chunks=(*(1,) * n_grid, *shape[n_grid:]), dtype=dtype, fill_value=fill,
        dimension_names=dims,
    )  # fmt: skip


def _packed(record: Mapping[str, Any]) -> np.ndarray:
    record = dict(record)
    for name in ("message", "warnings"):
        if name in record:
            record[name] = _cut(record[name])
    text = json.dumps(record).encode()
    return np.frombuffer(text.ljust(RECORD_BYTES, b"\0"), dtype=np.uint8)


def _cut(value: Any) -> Any:
    """Return a message, or as many of several, as fit."""
    if isinstance(value, str):
        while len(json.dumps(value)) > _LONGEST_MESSAGE:
            value = f"{value[: len(value) * 3 // 4]} ..."
        return value
    while len(json.dumps(value)) > _LONGEST_MESSAGE // 3:
        value = value[:-1]
    return value


def _record_at(array: Any, place: tuple[int, ...]) -> dict[str, Any] | None:
    try:
        return _unpacked(array[place])
    except (RuntimeError, ValueError):  # zarr's words for a chunk that cannot be decoded
        return None


def _unpacked(packed: np.ndarray) -> dict[str, Any] | None:
    text = np.asarray(packed).tobytes().rstrip(b"\0")
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None


def _writable(path: Path) -> bool:
    return os.access(path, os.W_OK)


def _zarr() -> Any:
    try:
        import zarr
    except ImportError as error:
        raise BackendError(
            "a sweep needs zarr, dask and distributed, which are not installed; "
            "pip install 'heavytail_snn[sweep]'"
        ) from error
    return zarr


@contextlib.contextmanager
def _named(path: Path, done: str) -> Iterator[None]:
    """Turn what the file system and zarr refuse into one sentence."""
    try:
        yield
    except HeavytailError:
        raise
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
        raise StoreError(
            f"the store {path} could not be {done} ({reason}); cases whose record was written are "
            "kept: free space or change permissions, and run the same sweep again"
        ) from error
