"""Paths that a caller names: looked at before the work that they are read for or written with."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from heavytail_snn.core.errors import ParameterError


def input_file(argument: str, path: Any, *, remedy: str = "check the path") -> Path:
    """Return the path of a file that can be read, else raise `ParameterError`.

    Whether it is a regular one says the door that opens it.
    """
    path = _as_path(argument, path)
    if path.is_dir() or not path.exists():
        what = "a file, not a folder" if path.is_dir() else "an existing file"
        raise ParameterError(argument, str(path), f"must be {what}", remedy)
    if not os.access(path, os.R_OK):
        raise ParameterError(argument, str(path), "must be readable", "change its permissions")
    return path


def output_file(argument: str, path: Any, suffixes: Iterable[str] | None) -> Path:
    """Return the path of a file that can be written, else raise `ParameterError`.

    Parameters
    ----------
    argument : str
    path : path
        In a folder that exists; an existing file counts as one to replace.
    suffixes : iterable of str or None
        One of which the name must have; None for any.
    """
    path, known = _as_path(argument, path), list(suffixes or ())
    if suffixes is not None and path.suffix.lower() not in known:
        listed = f"{', '.join(known[:-1])} or {known[-1]}"
        raise ParameterError(argument, str(path), f"must end in {listed}")
    if path.is_dir():
        raise ParameterError(argument, str(path), "must be a file, not a folder", "add a name")
    folder = path.parent
    if not folder.is_dir():
        raise ParameterError(
            argument, str(path), "must lie in an existing folder", f"make the folder {folder}"
        )
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise ParameterError(
            argument, str(path), "must be writable", "change its permissions, or write elsewhere"
        )
    return path


def output_folder(argument: str, path: Any) -> Path:
    """Make a folder where there is none yet and return its path, else raise `ParameterError`."""
    path = _as_path(argument, path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        writable = os.access(path, os.W_OK)
    except OSError:  # a file stands there or above, or permissions are missing
        writable = False
    if not writable:
        raise ParameterError(
            argument, str(path), "must be a folder that can be written", "name another folder"
        )
    return path


def _as_path(argument: str, path: Any) -> Path:
    if not isinstance(path, str | os.PathLike):
        raise ParameterError(argument, path, "must be a path", 'give a text such as "run.npz"')
    return Path(path)
