"""The folder in which compiled programs are kept, and Brian2's preference that names it."""

import os
import tempfile
from pathlib import Path

from brian2 import prefs
from brian2.core.preferences import BrianPreference


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
    root = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(root):  # its specification says that such a value does not count
        root = os.path.expanduser("~/.cache")
    if writable(Path(root)):
        return Path(root) / "heavytail_snn"
    return of_this_user(Path(tempfile.gettempdir()))


def of_this_user(folder: Path) -> Path:
    """Return the folder of this user inside one that all share."""
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    return folder / f"heavytail_snn-{user}"


def writable(folder: Path) -> bool:
    """Return whether a folder can be made and written to, looking at what exists of its path."""
    if not folder.is_absolute():  # "~" stays where there is no home
        return False
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK)
