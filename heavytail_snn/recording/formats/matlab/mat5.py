"""MATLAB files before v7.3, through scipy: cells become lists, structs dictionaries."""

import math
from pathlib import Path
from typing import Any

import numpy as np

from heavytail_snn.core.errors import RecordingError
from heavytail_snn.door.refusals import reading as reading_file
from heavytail_snn.door.regular import check_budget, regular_file
from heavytail_snn.recording.formats.matlab.layouts import from_matlab
from heavytail_snn.recording.raw.options import Reading
from heavytail_snn.recording.raw.trains import RawTrains

DEEPEST = 20
BYTES = 8


def read_mat5(path: Path, reading: Reading) -> RawTrains:
    """Read a MATLAB file of version 4, 5, 6 or 7."""
    from scipy.io import loadmat, whosmat

    path = regular_file(path)
    with reading_file(path, "a MATLAB file"):
        for name, shape, kind in whosmat(str(path)):
            sizes = BYTES * math.prod(int(n) for n in shape)
            check_budget(path, f"{kind} {name} of shape {shape}", sizes)
        wanted = reading.variable.split(".")[0] if reading.variable else None
        names = [name for name, _, _ in whosmat(str(path))]
        contents = loadmat(
            str(path), variable_names=[wanted] if wanted in names else None, mat_dtype=True
        )
        tree = {name: to_tree(contents[name]) for name in contents if not name.startswith("__")}
    if not tree:
        raise RecordingError(f"{path} holds no variables")
    return from_matlab(tree, path.name, reading)


def to_tree(value: Any, depth: int = 0) -> Any:
    """Return a value of scipy's reader as lists, dictionaries, texts and arrays."""
    if depth > DEEPEST:
        raise RecordingError(f"structs and cells are nested deeper than {DEEPEST} levels")
    if not isinstance(value, np.ndarray):
        return value if isinstance(value, str | int | float | None) else str(value)[:200]
    if value.dtype.names is not None:
        structs = [
            {name: to_tree(item[name], depth + 1) for name in value.dtype.names}
            for item in value.ravel(order="F")
        ]
        return structs[0] if len(structs) == 1 else structs
    if value.dtype == object:
        return [to_tree(item, depth + 1) for item in value.ravel(order="F")]
    if value.dtype.kind in "US":
        return str(value.ravel()[0]) if value.size == 1 else [str(item) for item in value.ravel()]
    return value
