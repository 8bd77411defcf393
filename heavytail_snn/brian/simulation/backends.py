"""The backends by name: the one place where one is chosen.

A backend makes a program of a run (or finds one that fits), executes it and lets the final arrays
be read.  Cpp and cuda are two forms of one standalone backend.
"""

import logging
import warnings
from contextlib import AbstractContextManager
from typing import Any, Protocol

from brian2.core.base import BrianObjectException

from heavytail_snn.brian.device import exclusive
from heavytail_snn.brian.simulation.cpp import Cpp
from heavytail_snn.brian.simulation.cuda import Cuda
from heavytail_snn.brian.simulation.network import recording_of
from heavytail_snn.brian.simulation.run import Reader, Run, check_sizes
from heavytail_snn.brian.simulation.runtime import Runtime, runtime_target
from heavytail_snn.core.errors import ParameterError, check_choice
from heavytail_snn.recording.recording import Recording

logger = logging.getLogger(__name__)

BACKENDS = ("runtime", "numpy", "cython", "cpp", "cuda")


class Backend(Protocol):
    """What a backend can do."""

    @property
    def name(self) -> str:
        """How recordings call it."""

    def program(self, run: Run) -> Any:
        """Return what executes runs of this structure, made now or found."""

    def execute(self, program: Any, run: Run) -> AbstractContextManager[Reader]:
        """Execute a run; its arrays can be read until the context is left."""


def backend_named(name: str) -> Backend:
    """Return the backend of a name; "runtime" is cython where it works, else numpy."""
    check_choice("backend", name, BACKENDS)
    if name == "cpp":
        return Cpp()
    if name == "cuda":
        return Cuda()
    return Runtime(runtime_target() if name == "runtime" else name)


def execute(run: Run, backend: str) -> Recording:
    """Execute a run on a backend: "runtime" (cython, else numpy), "numpy", "cython", "cpp", "cuda".

    Raises
    ------
    ParameterError
        If there is no such backend, or Brian2 cannot read the model's strings.
    BackendError
        If a tool is missing, a build fails or a program stops.
    ConvergenceError
        If a state became non-finite or the run stopped early.
    """
    chosen = backend_named(backend)
    check_sizes(run)
    logger.info("%s: %d steps on backend %s", type(run.model).__name__, run.n_steps, backend)
    with exclusive(), warnings.catch_warnings():
        # what Brian2 still has to change in its own code is no concern of the user
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"brian2\.")
        try:
            with chosen.execute(chosen.program(run), run) as read:
                return recording_of(run, read, chosen.name)
        except BrianObjectException as error:  # only strings of a model bring it about
            raise ParameterError(
                "model",
                type(run.model).__name__,
                f"must be code for Brian2, which says: {error.__cause__}",
                "correct its strings; each name in them is a variable, a unit or a function",
            ) from error
