"""The compiled programs that are kept: built by one process, whole or built anew, bounded in size.

A program is a folder in the cache.  Its mark says how large the binary is, so that what a full disk
or a killed process left is noticed at each use.
"""

import json
import logging
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from heavytail_snn.brian.cache import cache_directory
from heavytail_snn.brian.scratch import remove_stale, scratch_directory
from heavytail_snn.core.errors import BackendError

_log = logging.getLogger(__name__)

MARK = "built.json"
BINARY = "main"
LARGEST = 2e9  # bytes of all programs; the environment variable HEAVYTAIL_CACHE_BYTES changes it
IN_USE = 86400.0  # s since the last use in which a program is never removed for its size


def is_whole(program: Path) -> bool:
    """Return whether a program can be run: the binary is there, executable and complete."""
    binary = program / BINARY
    try:
        marked = json.loads((program / MARK).read_text())["bytes"]
        whole = binary.stat().st_size == marked and os.access(binary, os.X_OK)
    except (OSError, ValueError, KeyError, TypeError):
        return False
    if whole:
        with suppress(OSError):  # a cache that can only be read
            os.utime(program)
    return whole


@contextmanager
def one_builder(final: Path) -> Iterator[None]:
    """Let one process at a time build a program; the others wait, and find it built.

    The lock goes with the process that holds it, however that ends.  Where the file system has no
    locks, each process builds and the first one wins.

    Raises
    ------
    BackendError
        If nothing can be written where the program would be kept.
    """
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        file = (final.parent / f".{final.name}.lock").open("w")
    except OSError as error:
        raise BackendError(
            f"compiled programs are kept in {final.parent}, where nothing can be written ({error});"
            " set the environment variable HEAVYTAIL_CACHE to a folder that can be"
        ) from error
    with file:
        _lock(file.fileno(), final)
        yield


def keep(built: Path, final: Path) -> Path:
    """Mark a finished project and move it to its place; what is broken there makes room."""
    mark = {"bytes": (built / BINARY).stat().st_size}
    (built / MARK).write_text(json.dumps(mark))
    final.parent.mkdir(parents=True, exist_ok=True)
    if final.exists() and not is_whole(final):
        aside = final.with_name(f".{final.name}-{uuid.uuid4().hex[:8]}")
        with suppress(OSError):
            final.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)
    try:
        os.rename(built, final)
    except OSError:
        if not is_whole(final):  # else another process was faster
            raise
    make_room(keeping=final)
    return final


def make_room(*, keeping: Path | None = None) -> int:
    """Remove the programs that were used least recently until all fit; return how many."""
    limit = _limit()
    sizes = {program: folder_size(program) for program in programs()}
    total, removed, now = sum(sizes.values()), 0, time.time()
    for program in sorted(sizes, key=_last_use):
        if total <= limit:
            break
        if program == keeping or now - _last_use(program) < IN_USE:
            continue
        shutil.rmtree(program, ignore_errors=True)
        total -= sizes[program]
        removed += 1
    return removed


def programs() -> list[Path]:
    """Return the folders of all programs in the cache."""
    folders = [cache_directory() / name for name in ("cpp", "cuda")]
    return [
        item
        for folder in folders
        if folder.is_dir()
        for item in sorted(folder.iterdir())
        if item.is_dir() and not item.name.startswith(".")
    ]


def clear() -> tuple[int, float]:
    """Remove all programs, and what dead processes left; return how many programs and bytes.

    Raises
    ------
    BackendError
        If something cannot be removed.
    """
    found = programs()
    size = sum(map(folder_size, found))
    if scratch_directory().is_dir():
        remove_stale.__wrapped__(scratch_directory())
    try:
        for program in found:
            shutil.rmtree(program)
        for lock in cache_directory().glob("*/.*.lock"):
            lock.unlink(missing_ok=True)
    except OSError as error:
        raise BackendError(
            f"{error.filename} cannot be removed ({error.strerror}); change its permissions, or "
            "remove it as its owner"
        ) from error
    return len(found), size


def folder_size(folder: Path) -> float:
    """Return the bytes of all files below a folder."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):  # removed meanwhile
            total += path.lstat().st_size
    return float(total)


def _last_use(program: Path) -> float:
    try:
        return program.stat().st_mtime
    except OSError:
        return 0.0


def _limit() -> float:
    text = os.environ.get("HEAVYTAIL_CACHE_BYTES", "")
    try:
        return float(text) if text else LARGEST
    except ValueError:
        raise BackendError(
            f"HEAVYTAIL_CACHE_BYTES must be a number of bytes, got {text!r}; use for example 2e9"
        ) from None


def _lock(file: int, final: Path) -> None:
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)
    except (ImportError, OSError):  # Windows, and file systems without locks
        _log.debug("no lock for %s", final)
