"""Scratch folders of builds and runs: outside the programs, and gone with their process.

They lie in the cache folder, on the file system of the programs, or among the temporary files where
the cache can only be read.
"""

import functools
import os
import platform
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from heavytail_snn.brian.cache import cache_directory, of_this_user, writable
from heavytail_snn.core.errors import BackendError

_NAME = re.compile(r"(?:build|run)-(?P<host>.+)-(?P<process>\d+)-[^-]*")
_OLD = 7 * 86400.0  # s, after which a folder of another machine is taken for left behind


@contextmanager
def scratch(prefix: str) -> Iterator[Path]:
    """Yield a fresh folder that is removed afterwards.

    Raises
    ------
    BackendError
        If nothing can be written.
    """
    root = scratch_directory()
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        remove_stale(root)
        folder = tempfile.TemporaryDirectory(
            prefix=f"{prefix}{_host()}-{os.getpid()}-", dir=root, ignore_cleanup_errors=True
        )
    except OSError as error:
        raise BackendError(
            f"programs are built and run in {root}, where nothing can be written ({error}); set "
            "the environment variable HEAVYTAIL_CACHE to a folder that can be"
        ) from error
    with folder as name:
        yield Path(name)


def scratch_directory() -> Path:
    """Return the folder that holds the scratch folders."""
    cache = cache_directory()
    if cache.is_dir() and not writable(cache):
        return of_this_user(Path(tempfile.gettempdir())) / "scratch"
    return cache / "scratch"


@functools.cache
def remove_stale(root: Path) -> int:
    """Remove what processes left that no longer run; return how many folders.  Once a process."""
    removed = 0
    for folder in root.iterdir():
        found = _NAME.fullmatch(folder.name)
        if found is None:
            continue
        here = found["host"] == _host()
        if not _runs(int(found["process"])) if here else _age(folder) > _OLD:
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9.]", "", platform.node())[:40] or "here"


def _runs(process: int) -> bool:
    if os.name == "nt":  # where signal 0 is no question
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True
    return True


def _age(folder: Path) -> float:
    try:
        return time.time() - folder.stat().st_mtime
    except OSError:  # its owner removed it meanwhile
        return 0.0
