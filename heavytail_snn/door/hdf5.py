"""HDF5 of strangers: no link out of the file, and no dataset larger than the budget.

An external link, an external or a virtual dataset makes the library open other files, whatever
they are; a sparse dataset of a few bytes may claim terabytes.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from heavytail_snn.core.errors import BackendError, RecordingError
from heavytail_snn.door.refusals import reading
from heavytail_snn.door.regular import budget, check_budget, regular_file

MOST_OBJECTS = 100_000
DEEPEST = 12


class Hdf5:
    """An open HDF5 file that gives arrays, texts and structure, and nothing from elsewhere.

    Parameters
    ----------
    path : Path
    file : h5py.File
    """

    def __init__(self, path: Path, file: Any) -> None:
        self.path, self.file, self.left = path, file, budget(path)

    def has(self, name: str) -> bool:
        """Tell whether an object of this name is in the file."""
        return self._find(name) is not None

    def names(self, name: str = "/") -> list[str]:
        """Return the names of a group's members, in the order of the file's index."""
        group = self._find(name)
        if group is None or not hasattr(group, "keys"):
            return []
        found = list(group.keys())
        if len(found) > MOST_OBJECTS:
            raise RecordingError(f"{self.path}: {name} holds more than {MOST_OBJECTS} members")
        return found

    def is_group(self, name: str) -> bool:
        """Tell whether the name is a group."""
        return hasattr(self._find(name), "keys")

    def shape(self, name: str) -> tuple[int, ...] | None:
        """Return the shape of a dataset, None for a group or nothing."""
        return getattr(self._find(name), "shape", None)

    def dtype(self, name: str) -> Any:
        """Return the dtype of a dataset, None for a group or nothing."""
        return getattr(self._find(name), "dtype", None)

    def attribute(self, name: str, key: str) -> Any:
        """Return an attribute as text, number or array; None where there is none."""
        item = self._find(name)
        value = None if item is None else item.attrs.get(key)
        return _text(value)

    def array(self, name: str) -> np.ndarray:
        """Return a dataset as an array, or raise if it is none, links out or claims too much."""
        item = self._find(name)
        if item is None or not hasattr(item, "shape") or item.shape is None:
            raise RecordingError(f"{self.path} has no dataset {name}")
        return self.values(item, name)

    def values(self, item: Any, name: str) -> np.ndarray:
        """Return the values of an h5py dataset after its checks."""
        if item.is_virtual or item.external:
            raise RecordingError(
                f"{self.path}: {name} lies in another file, which is not opened; copy the data "
                "into one file (h5repack)"
            )
        n_bytes = math.prod(item.shape) * max(item.dtype.itemsize, 1)
        check_budget(self.path, f"dataset {name} of shape {item.shape}", n_bytes, self.left)
        self.left -= n_bytes
        return item[()] if item.shape else np.asarray(item[()])

    def texts(self, name: str) -> list[str]:
        """Return a dataset of texts or numbers as texts."""
        return [str(_text(item)) for item in self.array(name).ravel()]

    def walk(self, name: str = "/", depth: int = 0) -> Iterator[str]:
        """Yield the names of all datasets below a group."""
        for member in self.names(name):
            full = f"{name.rstrip('/')}/{member}"
            if self.is_group(full):
                if depth < DEEPEST:
                    yield from self.walk(full, depth + 1)
            else:
                yield full

    def seen(self) -> list[str]:
        """Return "name float64 (300,)" of the first datasets."""
        found = []
        for name, _ in zip(self.walk(), range(30), strict=False):
            found.append(f"{name} {self.dtype(name)} {self.shape(name)}")
        return found

    def _find(self, name: str) -> Any:
        """Return an object, None if there is none; every step of the way is looked at."""
        import h5py

        item, way = self.file, ""
        for part in (p for p in name.split("/") if p):
            if not hasattr(item, "get"):
                return None
            link = item.get(part, getlink=True)
            way = f"{way}/{part}"
            if link is None:
                return None
            if isinstance(link, h5py.ExternalLink):
                raise RecordingError(
                    f"{self.path}: {way} is a link to the file {link.filename!r}, which is not "
                    "opened; copy the data into one file (h5repack)"
                )
            if isinstance(link, h5py.SoftLink):
                item = self._find_soft(link.path, way)
            else:
                item = item[part]
        return item

    def _find_soft(self, target: str, way: str) -> Any:
        if not target.startswith("/") or way.startswith(target):
            target = f"{way.rpartition('/')[0]}/{target}"
        if target == way or ".." in target:
            raise RecordingError(f"{self.path}: {way} is a link that leads nowhere ({target})")
        self.steps = getattr(self, "steps", 0) + 1
        if self.steps > MOST_OBJECTS:
            raise RecordingError(f"{self.path}: links go round in a circle at {way}")
        return self._find(target)


def _text(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, np.ndarray) and value.shape == (1,):
        return _text(value[0])
    return value.item() if isinstance(value, np.generic) else value


@contextmanager
def open_hdf5(path: Path) -> Iterator[Hdf5]:
    """Open an HDF5 file for reading; see `Hdf5`.

    Raises
    ------
    BackendError
        If h5py is not installed.
    """
    path = regular_file(path)
    try:
        import h5py
    except ImportError as error:
        raise BackendError(
            f"{path} needs h5py, which is not installed; run pip install 'heavytail_snn[hdf5]'"
        ) from error
    with reading(path, "HDF5"), h5py.File(path, "r") as file:
        yield Hdf5(path, file)
