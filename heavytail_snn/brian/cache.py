"""The folder in which compiled programs are kept, and Brian2's preference that names it."""

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from brian2 import prefs
from brian2.core.preferences import BrianPreference

from heavytail_snn.core.errors import BackendError

_log = logging.getLogger(__name__)


def register_preference() -> None:
    """Make the preference ``heavytail_snn.cache_directory`` known; once for a process."""
    if "heavytail_snn" not in prefs.pref_register:
        prefs.register_preferences(
            "heavytail_snn",
            "Preferences of heavytail_snn.",
            cache_directory=BrianPreference(
                default="",
                docs="Where compiled projects are kept; empty for $HEAVYTAIL_CACHE or ~/.cache.",
            ),
        )


def cache_directory() -> Path:
    """Return the folder of the compiled projects.

    The preference ``heavytail_snn.cache_directory``, else the environment variable
    HEAVYTAIL_CACHE, else ``heavytail_snn`` in the user's cache folder.  Where there is no home
    folder, or nothing can be written there, a folder of this user among the temporary files.
    """
    register_preference()
    chosen = prefs["heavytail_snn.cache_directory"] or os.environ.get("HEAVYTAIL_CACHE")
    if chosen:
        return Path(chosen).expanduser().resolve()
    root = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    if _writable(Path(root)):
        return Path(root) / "heavytail_snn"
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    return Path(tempfile.gettempdir()) / f"heavytail_snn-{user}"


def _writable(folder: Path) -> bool:
    """Return whether a folder can be made and written to, looking at what exists of its path."""
    if not folder.is_absolute():  # "~" stays where there is no home
        return False
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return os.access(folder, os.W_OK)


@contextmanager
def scratch(prefix: str) -> Iterator[Path]:
    """Yield a fresh folder inside the cache, on the same file system as the projects.

    Raises
    ------
    BackendError
        If the cache folder cannot be written.
    """
    root = cache_directory()
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = tempfile.TemporaryDirectory(prefix=prefix, dir=root, ignore_cleanup_errors=True)
    except OSError as error:
        raise BackendError(
            f"compiled programs are kept in {root}, where nothing can be written ({error}); set "
            "the environment variable HEAVYTAIL_CACHE to a folder that can be"
        ) from error
    with folder as name:
        yield Path(name)


@contextmanager
def one_builder(final: Path) -> Iterator[None]:
    """Let one process at a time build a program; the others wait, and find it built.

    The lock goes with the process that holds it, however that ends.  Where the file system has no
    locks, each process builds and the first one wins.
    """
    try:
        import fcntl
    except ImportError:  # not on Windows
        yield
        return
    final.parent.mkdir(parents=True, exist_ok=True)
    with (final.parent / f".{final.name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError:
            _log.debug("no lock for %s: the file system has none", final)
        yield


def keep(built: Path, final: Path) -> Path:
    """Move a finished project to its place; if another process was faster, use that one's."""
    final.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.rename(built, final)
    except OSError:
        if not final.exists():
            raise
    return final
