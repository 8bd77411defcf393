"""MATLAB files of v7.3, which are HDF5: references are cells, groups are structs.

Datasets carry the class of the variable in MATLAB_class; matrices are stored transposed, and an
empty array as its shape with MATLAB_empty.
"""

from typing import Any

import numpy as np

from heavytail_snn.core.errors import RecordingError
from heavytail_snn.door.hdf5 import Hdf5
from heavytail_snn.recording.formats.matlab.layouts import from_matlab
from heavytail_snn.recording.raw.options import Reading
from heavytail_snn.recording.raw.trains import RawTrains

DEEPEST = 20
MOST_CELLS = 200_000


def is_mat73(file: Hdf5) -> bool:
    """Tell whether an HDF5 file was written by MATLAB."""
    names = [name for name in file.names() if not name.startswith("#")]
    return bool(names) and any(
        file.attribute(f"/{name}", "MATLAB_class") is not None for name in names
    )


def read_mat73(file: Hdf5, reading: Reading) -> RawTrains:
    """Read the variables of a MATLAB file of v7.3."""
    names = [name for name in file.names() if not name.startswith("#")]
    wanted = reading.variable.split(".")[0] if reading.variable else None
    chosen = [wanted] if wanted in names else names
    cells = _Cells(file)
    tree = {name: cells.tree(file.file[name], 0) for name in chosen if name and _inside(file, name)}
    return from_matlab(tree, file.path.name, reading)


def _inside(file: Hdf5, name: str) -> bool:
    return file.has(f"/{name}")  # refuses links out of the file


class _Cells:
    """Follows references inside one file, each at most a few times, never deeper than a bound."""

    def __init__(self, file: Hdf5) -> None:
        self.file, self.seen = file, 0

    def tree(self, item: Any, depth: int) -> Any:
        import h5py

        self.seen += 1
        if depth > DEEPEST or self.seen > MOST_CELLS:
            raise RecordingError(f"{self.file.path} nests cells too deeply, or has too many")
        if hasattr(item, "keys"):
            return self._struct(item, depth)
        if item.attrs.get("MATLAB_empty"):
            return np.empty(0)
        kind = self._class_of(item)
        values = self.file.values(item, item.name or "a cell")
        if h5py.check_ref_dtype(item.dtype) is not None:
            return [self.tree(self._target(ref), depth + 1) for ref in values.T.ravel(order="F")]
        if kind == "char":
            return "".join(chr(code) for code in values.T.ravel(order="F") if 0 < code < 0x110000)
        return values.T

    def _struct(self, group: Any, depth: int) -> Any:
        import h5py

        names = self.file.names(group.name)
        fields = {}
        arrays = True
        for name in names:
            if not self.file.has(f"{group.name}/{name}"):
                continue
            item = group[name]
            # in an array of structs every field is a dataset of references without a class
            plain = getattr(item, "dtype", None)
            arrays &= plain is not None and h5py.check_ref_dtype(plain) is not None
            arrays &= "MATLAB_class" not in item.attrs
            fields[name] = self.tree(item, depth + 1)
        lengths = {len(value) for value in fields.values() if isinstance(value, list)}
        if fields and arrays and len(lengths) == 1:
            return [{name: fields[name][i] for name in fields} for i in range(lengths.pop())]
        return fields

    def _target(self, reference: Any) -> Any:
        if not reference:
            raise RecordingError(f"{self.file.path} has a cell that refers to nothing")
        return self.file.file[reference]

    @staticmethod
    def _class_of(item: Any) -> str:
        kind = item.attrs.get("MATLAB_class", b"")
        return kind.decode() if isinstance(kind, bytes) else str(kind)
