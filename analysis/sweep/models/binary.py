"""Binary units of -1 and 1: asynchronous updates every 10 ms on average, stable threshold noise."""

import math

import numpy as np
from brian2 import second

from heavytail_snn.analysis.sweep.entry.model import ModelEntry, Values
from heavytail_snn.analysis.sweep.entry.networks import check_weights, coupling, weight_parameters
from heavytail_snn.analysis.sweep.entry.parameter import Parameter
from heavytail_snn.brian.simulation.backends import BACKENDS
from heavytail_snn.brian.simulation.simulate import simulate
from heavytail_snn.models import BinaryNetwork
from heavytail_snn.models.binary.network import states_at
from heavytail_snn.recording.recording import Recording

UPDATE_INTERVAL = 10e-3  # s, mean of a unit
STEP = UPDATE_INTERVAL / 2  # s, between two samples of the states


def network(values: Values, seed: int) -> BinaryNetwork:
    """Return the network with its weights drawn; the noise has the weights' stability."""
    weights = coupling(values).sample(int(values["n_neurons"]), seed)
    return BinaryNetwork(
        weights, noise=float(values["noise"]), noise_alpha=float(values["alpha"]),
        tau=UPDATE_INTERVAL * second,
    )  # fmt: skip


def run(model: BinaryNetwork, values: Values, seed: int) -> Recording:
    """Simulate transient and duration."""
    length = (float(values["duration"]) + float(values["transient"])) * second
    return simulate(model, length, backend=str(values["backend"]), seed=seed)


def recording(whole: Recording, values: Values) -> Recording:
    """Return the flips after the transient."""
    return whole.slice(whole.t_start + float(values["transient"]), whole.t_stop)


def states(whole: Recording, values: Values) -> np.ndarray:
    """Return the states every 5 ms after the transient."""
    start = whole.t_start + float(values["transient"])
    return states_at(whole, start + STEP * np.arange(math.floor(float(values["duration"]) / STEP)))


ENTRY = ModelEntry(
    name="binary",
    summary="Asynchronous binary units with alpha-stable weights and threshold noise.",
    parameters=(
        *weight_parameters(n_neurons=500, in_degree=100, gain=0.7),
        Parameter("noise", 0.4, meaning="scale of the threshold noise"),
        Parameter("duration", 10.0, "s", open_low=True),
        Parameter("transient", 0.5, "s", meaning="left out before"),
        Parameter("backend", "cpp", kind="choice", choices=BACKENDS),
    ),
    network=network,
    run=run,
    recording=recording,
    states=states,
    check=check_weights,
    state_interval=STEP,
)
