"""Rate maps ``x(t+1) = tanh(gain W x(t))`` with alpha-stable weights, in steps."""

from dataclasses import replace
from typing import Any

import numpy as np

from heavytail_snn.analysis.lyapunov import lyapunov_spectrum
from heavytail_snn.analysis.sweep.entry.model import ModelEntry, Values
from heavytail_snn.analysis.sweep.entry.networks import check_weights, coupling, weight_parameters
from heavytail_snn.analysis.sweep.entry.parameter import Parameter
from heavytail_snn.models import RateMap


def network(values: Values, seed: int) -> RateMap:
    """Return the map with its weights drawn: of unit scale, and the gain beside them."""
    # the theory's matrix is full, its diagonal included
    full = not values["in_degree"] and not values["probability"]
    unit = replace(coupling(values, autapses=full), gain=1.0)
    weights = unit.sample(int(values["n_neurons"]), seed)
    return RateMap(weights, gain=float(values["gain"]), noise=float(values["noise"]))


def run(model: RateMap, values: Values, seed: int) -> np.ndarray:
    """Return the states after the transient."""
    steps, warmup = int(values["duration"]), int(values["transient"])
    return model.run(steps, seed=seed, warmup=warmup)


def states(found: np.ndarray, values: Values) -> np.ndarray:
    """Return the states: `run` has left out the transient."""
    return found


def exponents(model: RateMap, values: Values, seed: int) -> Any:
    """Return the spectrum of the tangent product."""
    return lyapunov_spectrum(
        model, k=int(values["k"]) or "auto", seed=seed, n_steps=int(values["duration"]),
        state_warmup=int(values["transient"]),
    )  # fmt: skip


ENTRY = ModelEntry(
    name="rate",
    summary="Rate networks in discrete time with alpha-stable weights.",
    parameters=(
        *weight_parameters(n_neurons=500, in_degree=0, gain=1.4),
        Parameter("noise", 0.0, meaning="standard deviation, at each step"),
        Parameter("duration", 1000, "steps", kind="integer", low=1),
        Parameter("transient", 500, "steps", kind="integer", meaning="left out before"),
    ),
    network=network,
    run=run,
    states=states,
    exponents=exponents,
    check=check_weights,
    rate_unit="1/step",
)
