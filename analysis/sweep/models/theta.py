"""Theta neurons: alpha-stable pulses, simulated spike by spike without a time grid."""

from typing import Any

from heavytail_snn.analysis.lyapunov import lyapunov_spectrum
from heavytail_snn.analysis.sweep.entry.model import ModelEntry, Values
from heavytail_snn.analysis.sweep.entry.networks import check_weights, coupling, weight_parameters
from heavytail_snn.analysis.sweep.entry.parameter import Parameter
from heavytail_snn.models import ThetaNetwork
from heavytail_snn.recording.recording import Recording


def network(values: Values, seed: int) -> ThetaNetwork:
    """Return the network with its weights drawn."""
    weights = coupling(values).sample(int(values["n_neurons"]), seed)
    return ThetaNetwork(weights, drive=float(values["drive"]), tau=float(values["tau"]) * 1e-3)


def run(model: ThetaNetwork, values: Values, seed: int) -> Recording:
    """Simulate transient and duration."""
    return model.run(float(values["transient"]) + float(values["duration"]), seed=seed).recording


def recording(whole: Recording, values: Values) -> Recording:
    """Leave out the transient."""
    return whole.slice(whole.t_start + float(values["transient"]), whole.t_stop)


def exponents(model: ThetaNetwork, values: Values, seed: int) -> Any:
    """Return the spectrum from the exact single-spike Jacobians."""
    start, duration = float(values["transient"]), float(values["duration"])
    state = model.run(start, seed=seed).state if start else None
    return lyapunov_spectrum(
        model, k=int(values["k"]) or "auto", duration=duration, state=state, seed=seed
    )


ENTRY = ModelEntry(
    name="theta",
    summary="Theta neurons with alpha-stable pulses, exact in time.",
    parameters=(
        *weight_parameters(n_neurons=200, in_degree=50, gain=1.0),
        Parameter("drive", 1.0, open_low=True, meaning="constant input, above 0"),
        Parameter("tau", 10.0, "ms", open_low=True, meaning="membrane time constant"),
        Parameter("duration", 10.0, "s", open_low=True),
        Parameter(
            "transient",
            1.0,
            "s",
            meaning="left out before; exponents leave out 100 spikes a neuron more",
        ),
    ),
    network=network,
    run=run,
    recording=recording,
    exponents=exponents,
    check=check_weights,
    version=2,
)
