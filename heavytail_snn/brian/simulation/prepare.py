"""Draw everything a run needs and check it, before anything is built."""

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np
from brian2 import ms, second

from heavytail_snn.brian.connectivity import Connectivity, check_memory, count_synapses
from heavytail_snn.brian.model import NetworkModel
from heavytail_snn.brian.simulation.run import Run
from heavytail_snn.core.errors import ParameterError, check_choice, check_sequence
from heavytail_snn.core.randomness import Seed, recorded_seed, seed_sequence, stream
from heavytail_snn.core.units import in_unit, whole_steps
from heavytail_snn.core.version import __version__
from heavytail_snn.weights.coupling import Coupling


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
) -> Run:
    """Return a Run with everything drawn; arguments as for `simulate`."""
    parent = seed_sequence(seed)
    if record_dt is not None and not _recorded(model, record):
        raise ParameterError(
            "record_dt", record_dt, "has nothing to sample", 'omit it, or write record=["v"]'
        )
    if weights is not None:
        size = model.size if isinstance(weights, Coupling) else model.n_neurons
        model = dataclasses.replace(model, weights=weights, n_neurons=size)  # type: ignore[type-var]
    step = model.default_dt if dt is None else in_unit("dt", dt, ms, low=0, open_low=True)
    sampling = step if record_dt is None else in_unit("record_dt", record_dt, ms)
    length = in_unit("duration", duration, second, low=0, open_low=True)
    check_memory(count_synapses(model.weights, model.size), model.size, max_memory)
    connectivity = Connectivity.from_matrix(model.sample_weights(parent))
    noise = parent if model.noise_seed is None else model.noise_seed
    return Run(
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


def provenance(run: Run) -> dict[str, Any]:
    """Return what a recording must say about the run it came from."""
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
    return value if isinstance(value, int | float | str | None) else " ".join(str(value).split())


def _recorded(model: NetworkModel, record: Iterable[str]) -> tuple[str, ...]:
    remedy = 'write record=["v"]'
    names = (
        (record,) if isinstance(record, str) else check_sequence("record", record, "names", remedy)
    )
    for name in names:
        check_choice("record", name, ("spikes", *model.variables))
    return tuple(sorted({name for name in names if name != "spikes"}))
