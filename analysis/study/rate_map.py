"""Rate maps in a study: exponents, moments and dimension, closed forms and population dynamics."""

import math
from dataclasses import replace

import numpy as np

from heavytail_snn.analysis import theory
from heavytail_snn.analysis.dimension import participation_ratio
from heavytail_snn.analysis.lyapunov import lyapunov_spectrum
from heavytail_snn.analysis.study.config import NetworkConfig
from heavytail_snn.analysis.study.parts import Measurement, Prediction, coupling_of, mean_of, stated
from heavytail_snn.analysis.tails import weight_tail
from heavytail_snn.core.results import Estimate
from heavytail_snn.models import RateMap

LEADING = 0.15  # fraction of the exponents shown where no theory says how many matter


def measure_rate_map(
    network: NetworkConfig, alpha: float, n_neurons: int, seed: int, backend: str
) -> Measurement:
    """Exponents from the tangent product, moments and dimension from the states."""
    coupling = coupling_of(network, alpha)
    model = RateMap(
        coupling.sample(n_neurons, seed) / network.gain, gain=network.gain, noise=network.noise
    )
    n_steps, warmup = round(network.duration), round(network.transient)
    expected = _map_spectrum(network, alpha)
    share = 1.25 * expected.kaplan_yorke_dimension_per_neuron if expected else LEADING
    exponents = lyapunov_spectrum(
        model, k=min(n_neurons, math.ceil(share * n_neurons) + 10), seed=seed, n_steps=n_steps,
        state_warmup=warmup, tangent_warmup=max(n_steps // 4, 10),
    )  # fmt: skip
    states = model.run(4 * n_steps, seed=seed, warmup=warmup)
    dimension = participation_ratio(states)
    found = {e.name: e for e in (*exponents.estimates(), *dimension.estimates())}
    estimates = [
        found["largest_exponent"],
        found["participation_ratio_per_neuron"],
        mean_of("mean_absolute_activity", np.abs(states).mean(axis=1)),
        mean_of("mean_square_activity", np.square(states).mean(axis=1)),
    ]
    if expected:  # the leading exponents reach the dimension only where it is known beforehand
        extensive = ("kaplan_yorke_dimension", "entropy_rate")
        estimates += [_per_neuron(found[name], n_neurons) for name in extensive]
        # one network's fraction is known to the width of a step of its spectrum
        step = 1.0 / (math.sqrt(12.0) * n_neurons)
        estimates.append(replace(found["positive_fraction"], standard_error=step))
    return Measurement(tuple(estimates), weight_tail(model.weights), seed, exponents=exponents)


def predict_rate_map(
    network: NetworkConfig, alpha: float, n_neurons: int, seed: int, population: int
) -> list[Prediction]:
    """Closed forms at alpha = 2; the stable field and population dynamics below."""
    expected = _map_spectrum(network, alpha)
    if expected:
        mean_field = expected.mean_field
        names = {"activity_variance": "mean_square_activity"}
        chosen = [
            replace(e, name=names.get(e.name, e.name), standard_error=0.0)
            for e in (*expected.estimates(), *mean_field.estimates())
            if e.name not in ("variance", "field_participation_ratio_per_neuron")
        ]
        curve = {"exponents": (expected.rank_fraction, expected.exponents)}
        return [stated("Gaussian mean field", chosen, 0.02, "infinite N", curves=curve)]
    if network.noise:
        return []
    field_theory = theory.stable_map(alpha, network.gain)
    size = theory.population_dynamics_map(
        alpha, network.gain, population=n_neurons, n_runs=8, seed=seed
    )
    return [
        stated(
            "stable field",
            [
                Estimate("mean_absolute_activity", field_theory.mean_absolute_activity, 0.0),
                Estimate("mean_square_activity", field_theory.mean_square_activity, 0.0),
            ],
            0.02,
            "infinite N",
        ),
        stated(
            "population dynamics",
            size.estimates()[:1],
            0.05,
            f"N = {n_neurons}, weights redrawn at each step",
            infinite=False,
        ),
    ]


def _map_spectrum(network: NetworkConfig, alpha: float) -> theory.RateMapSpectrumTheory | None:
    if alpha != 2:
        return None
    return theory.rate_map_spectrum(network.gain, noise=network.noise, convention="stable")


def _per_neuron(estimate: Estimate, n_neurons: int) -> Estimate:
    return replace(
        estimate,
        name=f"{estimate.name}_per_neuron",
        value=estimate.value / n_neurons,
        standard_error=estimate.standard_error / n_neurons,
    )
