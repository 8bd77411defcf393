"""Binary networks in a study: flips, autocorrelation and dimension, mean field of stable signs."""

import math
from dataclasses import replace

import numpy as np
from brian2 import second

from heavytail_snn.analysis import theory
from heavytail_snn.analysis.dimension import participation_ratio
from heavytail_snn.analysis.spectra import power_spectrum, spike_statistics
from heavytail_snn.analysis.study.config import NetworkConfig
from heavytail_snn.analysis.study.parts import Measurement, Prediction, coupling_of, mean_of, stated
from heavytail_snn.analysis.tails import weight_tail
from heavytail_snn.analysis.theory.stable.sign_autocorrelation import stable_sign_autocorrelation
from heavytail_snn.brian.simulation.simulate import simulate
from heavytail_snn.core.results import Estimate
from heavytail_snn.models import BinaryNetwork
from heavytail_snn.models.binary.network import states_at

UPDATE_INTERVAL = 10e-3  # s, of the binary units
LAGS = (1.0, 2.0)  # update intervals


def measure_binary(
    network: NetworkConfig, alpha: float, n_neurons: int, seed: int, backend: str
) -> Measurement:
    """Flip rate, autocorrelation of the states and their dimension."""
    weights = coupling_of(network, alpha).sample(n_neurons, seed)
    model = BinaryNetwork(
        weights, noise=network.noise, noise_alpha=alpha, tau=UPDATE_INTERVAL * second
    )
    whole = simulate(
        model, (network.duration + network.transient) * second, backend=backend, seed=seed
    )
    start = whole.t_start + network.transient
    step = UPDATE_INTERVAL / 2
    times = start + step * np.arange(math.floor(network.duration / step))
    states = states_at(whole, times)
    recording = whole.slice(start, whole.t_stop)
    flips = {e.name: e for e in spike_statistics(recording).estimates()}["rate"]
    per_neuron = participation_ratio(states).estimates()[1]
    products = [_lagged(states, round(lag / 0.5), lag) for lag in LAGS]
    return Measurement(
        (replace(flips, name="flip_rate"), *products, per_neuron),
        weight_tail(weights),
        seed,
        recording=recording,
        spectrum=power_spectrum(recording),
    )


def predict_binary(
    network: NetworkConfig, alpha: float, n_neurons: int, seed: int, population: int
) -> list[Prediction]:
    """Mean field of +-1 units with stable fields; the dimension at alpha = 2."""
    solution = stable_sign_autocorrelation(alpha, network.gain, network.noise, [0.0, *LAGS])
    estimates = [
        Estimate("flip_rate", solution.flip_rate / UPDATE_INTERVAL, 0.0, "Hz"),
        *(
            Estimate(_lag_name(lag), float(value), 0.0)
            for lag, value in zip(LAGS, solution.autocorrelation[1:], strict=True)
        ),
    ]
    if alpha == 2:
        width = math.sqrt(2.0)
        estimates += theory.binary_participation(
            width * network.gain, width * network.noise
        ).estimates()[:1]
    return [stated("mean field of stable signs", estimates, 0.02, "infinite N")]


def _lagged(states: np.ndarray, shift: int, lag: float) -> Estimate:
    products = np.mean(states[shift:] * states[:-shift], axis=1)
    return mean_of(_lag_name(lag), products)


def _lag_name(lag: float) -> str:
    return f"state_autocorrelation_at_{lag:g}"
