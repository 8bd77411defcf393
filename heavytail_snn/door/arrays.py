"""Arrays of numpy's own files: the header is compared with the bytes there are, then believed.

No pickles, no member that nobody asked for, and no allocation before the size is known.
"""

import math
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy

from heavytail_snn.core.errors import RecordingError
from heavytail_snn.door.refusals import reading
from heavytail_snn.door.regular import budget, check_budget, regular_file

FORMAT_NAME = "a .npy array"
MOST_MEMBERS = 200_000


def load_npy(path: Path) -> np.ndarray:
    """Read a .npy file; arrays that own their bytes are read in one copy.

    Raises
    ------
    RecordingError
        If the header does not fit the file, or the array holds pickled objects.
    """
    path = regular_file(path)
    with reading(path, FORMAT_NAME), path.open("rb") as file:
        return _array(path, file, path.stat().st_size)


class Archive(Mapping[str, np.ndarray]):
    """The arrays of a .npz file, each read when it is asked for and never twice its size.

    Parameters
    ----------
    path : Path
    file : zipfile.ZipFile
    """

    def __init__(self, path: Path, file: zipfile.ZipFile) -> None:
        members = file.infolist()
        if len(members) > MOST_MEMBERS:
            raise RecordingError(f"{path} must hold at most {MOST_MEMBERS} arrays")
        names = [item.filename.removesuffix(".npy") for item in members]
        if len(set(names)) < len(names):
            raise RecordingError(f"{path} must not hold two arrays of one name, got {names[:20]}")
        self.path, self.file = path, file
        self.members = dict(zip(names, members, strict=True))

    def __getitem__(self, name: str) -> np.ndarray:
        member = self.members[name]
        check_budget(self.path, f"array {name!r}", member.file_size)
        with reading(self.path, "a .npz archive"), self.file.open(member) as stream:
            return _array(self.path, stream, member.file_size)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[str]:
        return iter(self.members)

    def __len__(self) -> int:
        return len(self.members)

    def shapes(self) -> dict[str, str]:
        """Return "float64 (300,)" of each array, from the headers alone."""
        found = {}
        for name, member in list(self.members.items())[:50]:
            with reading(self.path, "a .npz archive"), self.file.open(member) as stream:
                shape, _, dtype = _header(stream)
                found[name] = f"{dtype} {shape}"
        return found


@contextmanager
def open_npz(path: Path) -> Iterator[Archive]:
    """Open a .npz file; see `Archive`."""
    path = regular_file(path)
    with reading(path, "a .npz archive"), zipfile.ZipFile(path) as file:
        yield Archive(path, file)


def _header(stream: Any) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = npy.read_magic(stream)
    reader = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
    if reader is None:
        raise RecordingError(f"version {version} of the .npy format is not read; save it anew")
    return reader(stream)


def _array(path: Path, stream: BinaryIO, size: int) -> np.ndarray:
    counted = _Counted(stream)
    shape, fortran, dtype = _header(counted)
    if dtype.hasobject:
        raise RecordingError(
            f"{path} holds pickled Python objects, which are not loaded; save plain arrays"
        )
    n_bytes = math.prod(shape) * dtype.itemsize
    if any(length < 0 for length in shape) or counted.read_bytes + n_bytes != size:
        raise RecordingError(
            f"{path}: an array of {dtype} with shape {shape} takes {n_bytes} bytes, but "
            f"{size - counted.read_bytes} are there; the file is damaged or incomplete"
        )
    check_budget(path, f"an array of {dtype} with shape {shape}", n_bytes, budget(path))
    array = np.empty(math.prod(shape), dtype=dtype)
    target = memoryview(array.view(np.uint8)) if array.size else memoryview(b"")
    done = 0
    while done < n_bytes:
        part = stream.read(min(n_bytes - done, 1 << 24))
        if not part:
            raise RecordingError(f"{path} ends within an array; it is incomplete")
        target[done : done + len(part)] = part
        done += len(part)
    if stream.read(1):
        raise RecordingError(f"{path} goes on after its array; it is damaged")
    return array.reshape(shape[::-1]).T if fortran else array.reshape(shape)


class _Counted:
    """A stream that counts the bytes read."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream, self.read_bytes = stream, 0

    def read(self, n_bytes: int = -1) -> bytes:
        """Read on."""
        found = self.stream.read(n_bytes)
        self.read_bytes += len(found)
        return found
