"""Which files are opened at all, and how many bytes of them: regular files within a budget.

A FIFO waits for ever, a device fills the memory, and a small archive may claim to hold terabytes;
so a path is looked at before it is opened, and a size is compared before anything is allocated.
"""

import stat
from os import PathLike
from pathlib import Path
from typing import Any

from heavytail_snn.core.errors import MemoryLimitError, ParameterError, RecordingError
from heavytail_snn.core.memory import memory_limit

MEMORY_SHARE = 0.25  # of the memory of this process, for the arrays of one file
SMALLEST_BUDGET = 256e6  # bytes that any file may grow to
EXPANSION = 100  # times its size that a compressed file may grow to; spike times reach about 20


def checked_path(path: Any) -> Path:
    """Return what the caller gave as a path, or raise unless it is the name of a file."""
    if not isinstance(path, str | PathLike) or not str(path) or "\0" in str(path):
        raise ParameterError("path", path, "must be the name of a file", 'use "recording.npz"')
    return Path(path)


def regular_file(path: Any) -> Path:
    """Return the path of an existing regular file, or raise.

    Raises
    ------
    RecordingError
        If nothing is there, or a folder, FIFO, socket or device.
    """
    path = checked_path(path)
    kind = _mode(path)
    if not stat.S_ISREG(kind):
        found = "folder" if stat.S_ISDIR(kind) else "FIFO, socket or device"
        raise RecordingError(f"{path} must be a regular file, it is a {found}; copy it to a file")
    return path


def file_or_folder(path: Any) -> Path:
    """Return the path of an existing regular file or folder, or raise."""
    path = checked_path(path)
    return path if stat.S_ISDIR(_mode(path)) else regular_file(path)


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError as error:
        what = "does not exist" if isinstance(error, FileNotFoundError) else f"fails ({error})"
        raise RecordingError(f"{path} {what}; check the path") from error


def budget(path: Path) -> float:
    """Return how many bytes the contents of a file may take in memory.

    A quarter of what the process may use, and at most a hundred times the size of the file where
    that is above 256 MB.
    """
    return min(MEMORY_SHARE * memory_limit(), max(SMALLEST_BUDGET, EXPANSION * size_of(path)))


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of the regular files in a folder."""
    if path.is_dir():
        return sum(item.stat().st_size for item in path.iterdir() if item.is_file())
    return path.stat().st_size


def check_budget(path: Path, what: str, n_bytes: float, limit: float | None = None) -> None:
    """Raise MemoryLimitError if something in a file claims more than the budget."""
    limit = budget(path) if limit is None else limit
    if n_bytes > limit:
        raise MemoryLimitError(
            f"{path}: {what} claims {1e-9 * n_bytes:.3g} GB, more than the {1e-9 * limit:.3g} GB "
            "that a file of this size may take; it is damaged, or must be split"
        )


def read_bytes(path: Any, limit: float | None = None) -> bytes:
    """Read a whole regular file, or raise if it is larger than the limit or the budget."""
    path = regular_file(path)
    check_budget(path, "the file", path.stat().st_size, limit)
    with path.open("rb") as file:
        return file.read()


def read_head(path: Any, n_bytes: int) -> bytes:
    """Read the first bytes of a regular file."""
    with regular_file(path).open("rb") as file:
        return file.read(n_bytes)


def read_small_text(path: Any, limit: float = 1e7) -> str:
    """Read a regular file of UTF-8 text, with or without a byte order mark."""
    return read_bytes(path, limit).decode("utf-8-sig")
