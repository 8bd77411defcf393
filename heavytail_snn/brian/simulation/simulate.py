"""simulate: run a model on a backend and return a Recording that says how it was made."""

from collections.abc import Iterable
from typing import Any

from heavytail_snn.brian.model import NetworkModel
from heavytail_snn.brian.simulation.backends import BACKENDS, execute
from heavytail_snn.brian.simulation.prepare import prepare, provenance
from heavytail_snn.core.errors import ParameterError, check_choice, check_flag
from heavytail_snn.core.randomness import Seed
from heavytail_snn.recording.recording import Recording


def simulate(
    model: Any,
    duration: Any,
    *,
    backend: str = "runtime",
    dt: Any = None,
    seed: Seed = None,
    record: Iterable[str] = ("spikes",),
    record_dt: Any = None,
    weights: Any = None,
    max_memory: float | None = None,
    progress: bool = False,
) -> Recording:
    """Simulate a model.

    Parameters
    ----------
    model : LIFNetwork, BinaryNetwork, ... or a model with a `simulate_arrays` method
        Models of the second kind (rate networks, event-based networks) need no Brian2 and no
        backend: ``simulate_arrays(duration, dt=, seed=, record=, weights=, progress=)`` is called
        with what was given.
    duration : Quantity of time
        A whole number of steps.
    backend : "runtime", "numpy", "cython", "cpp" or "cuda"
        "runtime" is cython where it works, else numpy.  "cpp" compiles once per model structure
        and keeps the program; sizes, time step and recorded variables are structure, all else is
        not.
    dt : Quantity of time, optional
        Default: the model's.
    seed : int, SeedSequence, Generator or None
        Of weights (as ``Coupling.sample(n, seed)``), initial states and noise, in separate
        streams.  Equal seeds give equal weights and initial states on all backends, and equal noise
        on one backend.
    record : iterable of str
        "spikes" (always recorded) and variables of the model, such as "v".
    record_dt : Quantity of time, optional
        Sampling interval of the variables, a multiple of dt; default dt.
    weights : Coupling, ndarray or sparse array, optional
        Instead of the model's.
    max_memory : float, optional
        Limit in bytes, checked before anything is built; default nine tenths of what this process
        may use.
    progress : bool

    Returns
    -------
    Recording
        Its ``attrs`` hold model, parameters, seed, dt, backend and versions.

    Raises
    ------
    UnitError, ParameterError
        Naming the argument.
    MemoryLimitError
        Before anything is built.
    BackendError
        If a tool is missing or a program fails.
    ConvergenceError
        If a state became non-finite, naming variable, neuron and first time.
    """
    check_choice("backend", backend, BACKENDS)
    check_flag("progress", progress)
    if hasattr(model, "simulate_arrays"):
        if backend != "runtime" or record_dt is not None:
            raise ParameterError(
                "backend" if backend != "runtime" else "record_dt",
                backend if backend != "runtime" else record_dt,
                f"does not apply to {type(model).__name__}, which is simulated without Brian2",
                "omit it",
            )
        return model.simulate_arrays(
            duration, dt=dt, seed=seed, record=record, weights=weights, progress=progress
        )
    if not isinstance(model, NetworkModel):
        raise ParameterError("model", model, "must be a model", "use heavytail_snn.models")
    run = prepare(
        model,
        duration,
        dt=dt,
        seed=seed,
        record=record,
        record_dt=record_dt,
        weights=weights,
        max_memory=max_memory,
        progress=progress,
    )
    return execute(run, backend).with_attrs(**provenance(run))
