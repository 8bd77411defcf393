"""Brian2's global state: one lock around it, and everything given back as it was.

Brian2 keeps its device, its preferences and numpy's global random generator once for a process.
Whatever of ours touches them holds `exclusive`, so that threads wait for each other.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from brian2 import prefs
from brian2.devices.device import RuntimeDevice, get_device, reset_device, set_device

from heavytail_snn.brian.internals import discard_random_buffers
from heavytail_snn.core.errors import BackendError
from heavytail_snn.core.global_state import LOCK


@contextmanager
def exclusive() -> Iterator[None]:
    """Hold the one lock of this process around Brian2's global state; other threads wait."""
    with LOCK:
        yield


def on_runtime_device() -> bool:
    """Return whether Brian2 runs in this process, not in a standalone program."""
    return isinstance(get_device(), RuntimeDevice)


@contextmanager
def active_device(name: str, **options: Any) -> Iterator[Any]:
    """Make a Brian2 device active and return to the previous one.

    Raises
    ------
    BackendError
        If the caller's own script is using a standalone device.
    """
    with exclusive():
        if not on_runtime_device():
            raise BackendError(
                "simulate() cannot run inside a script that has called set_device(...) for a "
                "standalone device; call set_device('runtime') first, or choose the backend in "
                "simulate()"
            )
        if name == "runtime":
            yield get_device()
            return
        set_device(name, build_on_run=False, **options)
        try:
            yield get_device()
        finally:
            get_device().reinit()
            reset_device()


@contextmanager
def preferences(**settings: Any) -> Iterator[None]:
    """Set Brian2 preferences (dots written as double underscores) and restore them."""
    names = {name: name.replace("__", ".") for name in settings}
    with exclusive():
        before = {name: prefs[path] for name, path in names.items()}
        try:
            for name, path in names.items():
                prefs[path] = settings[name]
            yield
        finally:
            for name, path in names.items():
                prefs[path] = before[name]


@contextmanager
def global_random_state(device: RuntimeDevice) -> Iterator[None]:
    """Give numpy's global generator, which Brian2 draws from, back as it was."""
    with exclusive():
        state = np.random.get_state()  # noqa: NPY002
        try:
            yield
        finally:
            np.random.set_state(state)  # noqa: NPY002
            discard_random_buffers(device)
