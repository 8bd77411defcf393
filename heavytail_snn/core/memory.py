"""How much memory this process may use: the machine's, or less where a limit says so."""

import math
import os
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path("/")
# of each version of control groups: where its tree is mounted, and the file with the limit
_MOUNTS = {
    "v1": (("sys/fs/cgroup/memory",), "memory.limit_in_bytes"),
    "v2": (("sys/fs/cgroup", "sys/fs/cgroup/unified"), "memory.max"),
}


def memory_limit() -> float:
    """Return the bytes that this process may use; infinite where the system tells nothing.

    The smallest of the physical memory, what of it is available now, the limits of the control
    group and its parents (containers, batch systems) and those of the process (``ulimit -v``).
    """
    return min(_limits(), default=math.inf)


def _limits() -> Iterator[float]:
    if hasattr(os, "sysconf"):  # not on Windows
        try:
            yield float(os.sysconf("SC_PAGE_SIZE")) * os.sysconf("SC_PHYS_PAGES")
        except (ValueError, OSError):
            yield math.inf
    yield _available()
    yield from map(_bytes, _group_files())
    yield from _process_limits()


def _available() -> float:
    """Return the memory that new work can have without swapping, as Linux estimates it."""
    for line in _text(_ROOT / "proc/meminfo").splitlines():
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            return 1024 * float(rest.split()[0])
    return math.inf


def _group_files() -> Iterator[Path]:
    """Yield the limits of this process's control group and of all its parents."""
    groups = {"v1": "/", "v2": "/"}
    listed = _text(_ROOT / "proc/self/cgroup")
    for line in listed.splitlines():
        number, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        if number == "0" and not controllers:
            groups["v2"] = group
        elif "memory" in controllers.split(","):
            groups["v1"] = group
    for version, (mounts, name) in _MOUNTS.items():
        # a container may see its own group as the root, and the path of the host beside it
        parts = [part for part in groups[version].split("/") if part not in ("", "..")]
        for mount in mounts:
            for depth in range(len(parts), -1, -1):
                yield _ROOT.joinpath(mount, *parts[:depth], name)


def _bytes(path: Path) -> float:
    text = _text(path).strip()
    return float(text) if text.isdigit() else math.inf


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # no such file: another system, or another version of control groups
        return ""


def _process_limits() -> Iterator[float]:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
        soft, _ = resource.getrlimit(kind)
        yield math.inf if soft == resource.RLIM_INFINITY else float(soft)
