"""How much memory this process may use: the machine's, or less where a limit says so."""

import math
import os
from collections.abc import Iterator
from pathlib import Path

_CONTROL_GROUPS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def memory_limit() -> float:
    """Return the bytes that this process may use; infinite where the system tells nothing.

    The smallest of the physical memory, the limit of the control group (containers, batch
    systems) and the limits of the process (``ulimit -v``).
    """
    return min(_limits(), default=math.inf)


def _limits() -> Iterator[float]:
    if hasattr(os, "sysconf"):  # not on Windows
        try:
            yield float(os.sysconf("SC_PAGE_SIZE")) * os.sysconf("SC_PHYS_PAGES")
        except (ValueError, OSError):
            yield math.inf
    for path in _CONTROL_GROUPS:
        text = path.read_text().strip() if os.access(path, os.R_OK) else "max"
        yield float(text) if text.isdigit() else math.inf
    yield from _process_limits()


def _process_limits() -> Iterator[float]:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
        soft, _ = resource.getrlimit(kind)
        yield math.inf if soft == resource.RLIM_INFINITY else float(soft)
