"""LIF networks: alpha-stable weights in mV, constant drive, white noise where it is asked for."""

from typing import Any

from brian2 import mV, second

from heavytail_snn.analysis.lyapunov import lyapunov_spectrum
from heavytail_snn.analysis.sweep.entry.model import ModelEntry, Values
from heavytail_snn.analysis.sweep.entry.networks import check_weights, coupling, weight_parameters
from heavytail_snn.analysis.sweep.entry.parameter import Parameter
from heavytail_snn.brian.simulation.backends import BACKENDS
from heavytail_snn.brian.simulation.simulate import simulate
from heavytail_snn.models import LIFNetwork
from heavytail_snn.models.brian.lif_noise import WhiteNoise
from heavytail_snn.recording.recording import Recording


def network(values: Values, seed: int) -> LIFNetwork:
    """Return the network with its weights drawn."""
    weights = coupling(values).sample(int(values["n_neurons"]), seed)
    noise = WhiteNoise(float(values["noise"]) * mV) if values["noise"] else None
    synapse: Any = values["synapse"]
    return LIFNetwork(weights, drive=float(values["drive"]) * mV, noise=noise, synapse=synapse)


def run(model: LIFNetwork, values: Values, seed: int) -> Recording:
    """Simulate transient and duration."""
    length = (float(values["duration"]) + float(values["transient"])) * second
    return simulate(model, length, backend=str(values["backend"]), seed=seed)


def recording(whole: Recording, values: Values) -> Recording:
    """Leave out the transient."""
    return whole.slice(whole.t_start + float(values["transient"]), whole.t_stop)


def exponents(model: LIFNetwork, values: Values, seed: int) -> Any:
    """Return the spectrum along a recorded run."""
    return lyapunov_spectrum(
        model, k=int(values["k"]) or "auto", duration=float(values["duration"]) * second, seed=seed,
        state_warmup=float(values["transient"]) * second,
    )  # fmt: skip


ENTRY = ModelEntry(
    name="lif",
    summary="Leaky integrate-and-fire neurons with alpha-stable synapses.",
    parameters=(
        *weight_parameters(n_neurons=1000, in_degree=100, gain=20.0, gain_unit="mV"),
        Parameter("drive", 24.0, "mV", meaning="potential without input; the threshold is 20 mV"),
        Parameter("noise", 0.0, "mV", meaning="standard deviation of white noise"),
        Parameter("synapse", "delta", kind="choice", choices=("delta", "exponential", "alpha")),
        Parameter("duration", 4.0, "s", open_low=True),
        Parameter("transient", 0.5, "s", meaning="left out before"),
        Parameter("backend", "cpp", kind="choice", choices=BACKENDS),
    ),
    network=network,
    run=run,
    recording=recording,
    exponents=exponents,
    check=check_weights,
)
