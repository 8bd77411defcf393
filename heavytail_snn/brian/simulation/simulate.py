"""simulate: run a model on a backend and return a Recording that says how it was made."""

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np
from brian2 import ms, second

from heavytail_snn.brian.connect import Connectivity, check_memory, count_synapses
from heavytail_snn.brian.model import NetworkModel
from heavytail_snn.brian.simulation import runtime as backends
from heavytail_snn.brian.simulation import standalone
from heavytail_snn.core.errors import ParameterError, check_choice
from heavytail_snn.core.randomness import Seed, recorded_seed, seed_sequence, stream
from heavytail_snn.core.units import in_unit, whole_steps
from heavytail_snn.recording.recording import Recording

# Where compiled projects are kept; registered with Brian2's preferences by this import.
cache_directory = standalone.cache_directory


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
        Limit in bytes, checked before anything is built; default nine tenths of the machine's.
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
    check_choice("backend", backend, backends.BACKENDS)
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
    return backends.execute(run, backend).with_attrs(**provenance(run))


def prepare(
    model: NetworkModel,
    duration: Any,
    *,
    dt: Any = None,
    seed: Seed = None,
    record: Iterable[str] = ("spikes",),
    record_dt: Any = None,
    weights: Any = None,
    max_memory: float | None = None,
    progress: bool = False,
) -> backends.Run:
    """Draw everything a run needs and check it; arguments as for `simulate`."""
    parent = seed_sequence(seed)
    if weights is not None:
        model = dataclasses.replace(model, weights=weights)  # type: ignore[type-var]
    step = model.default_dt if dt is None else in_unit("dt", dt, ms, low=0, open_low=True)
    sampling = step if record_dt is None else in_unit("record_dt", record_dt, ms)
    length = in_unit("duration", duration, second, low=0, open_low=True)
    check_memory(count_synapses(model.weights, model.size), model.size, max_memory)
    connectivity = Connectivity.from_matrix(model.sample_weights(parent))
    noise = parent if model.noise_seed is None else model.noise_seed
    return backends.Run(
        model=model,
        connectivity=connectivity,
        values=model.values(connectivity, step, parent),
        n_steps=whole_steps("duration", length, step, low=1),
        dt=step,
        noise_seed=int(stream(noise, "noise").integers(2**31)),
        record=_recorded(model, record),
        record_every=whole_steps("record_dt", sampling, step, low=1),
        seed=recorded_seed(parent),
        progress=progress,
    )


def provenance(run: backends.Run) -> dict[str, Any]:
    """Return what a recording must say about the run it came from."""
    from heavytail_snn import __version__

    parameters = {
        item.name: _described(getattr(run.model, item.name))
        for item in dataclasses.fields(run.model)  # type: ignore[arg-type]
    }
    extra = {}
    if "neurons.state" in run.values:
        extra = {
            "initial_state": np.asarray(run.values["neurons.state"]).tolist(),
            "states": [run.values["neurons.low"], run.values["neurons.high"]],
        }
    return {
        "model": type(run.model).__name__,
        "parameters": parameters,
        "seed": run.seed,
        "dt": run.dt,
        "n_synapses": run.connectivity.n_synapses,
        "heavytail_snn": __version__,
        **extra,
    }


def _described(value: Any) -> Any:
    shape = getattr(value, "shape", ())
    if shape and np.size(value) > 16:
        return f"array of shape {shape}"
    return value if isinstance(value, int | float | str | None) else str(value)


def _recorded(model: NetworkModel, record: Iterable[str]) -> tuple[str, ...]:
    names = (record,) if isinstance(record, str) else tuple(record)
    for name in names:
        check_choice("record", name, ("spikes", *model.variables))
    return tuple(sorted({name for name in names if name != "spikes"}))
