"""The demo's networks, and what theory says of them."""

from dataclasses import replace

import numpy as np
from brian2 import ms, mV

from heavytail_snn.analysis import theory
from heavytail_snn.analysis.comparison import Comparison, compare
from heavytail_snn.analysis.description import Description
from heavytail_snn.analysis.lyapunov import LargestExponentCurve
from heavytail_snn.core.results import Estimate
from heavytail_snn.models import BinaryNetwork, LIFNetwork
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import LevyStable
from heavytail_snn.weights.wiring import FixedInDegree

N_NEURONS, IN_DEGREE, SEED = 1000, 100, 1
GAIN_MV, DRIVE_MV = 20.0, 22.0  # strong enough that recurrent input makes the spiking irregular
BINARY_GAIN, BINARY_NOISE = 0.7, 0.5
DURATION, TRANSIENT = 11.0, 1.0  # seconds
ALPHAS = (1.5, 2.0)
MAP_GAINS = np.array([0.3, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0])
MAP_STEPS = 400
COMPARED_GAIN = 2.0


def lif_coupling(alpha: float) -> Coupling:
    """Return the coupling of the demo's LIF networks."""
    return Coupling(LevyStable(alpha), FixedInDegree(IN_DEGREE), GAIN_MV, autapses=False)


def lif_network(alpha: float) -> LIFNetwork:
    """Return a LIF network with alpha-stable weights of scale 20 mV / K^(1/alpha)."""
    return LIFNetwork(lif_coupling(alpha), N_NEURONS, drive=DRIVE_MV * mV)


def binary_network() -> BinaryNetwork:
    """Return a network of +-1 units with Gaussian weights (alpha = 2) and threshold noise."""
    coupling = Coupling(LevyStable(2.0), FixedInDegree(IN_DEGREE), BINARY_GAIN, autapses=False)
    return BinaryNetwork(coupling, N_NEURONS, noise=BINARY_NOISE)


def predicted_exponents(alpha: float) -> list[Estimate]:
    """Return the mean-field largest exponent of the rate map at each of `MAP_GAINS`.

    Population dynamics of the network's size for alpha < 2, the closed form at alpha = 2.
    """
    found = []
    for gain in MAP_GAINS:
        solution = theory.population_dynamics_map(
            alpha, float(gain), population=N_NEURONS, n_runs=4, seed=SEED
        )
        found.append(replace(solution.estimates()[0], domain="large N, weights redrawn each step"))
    return found


def compare_exponents(
    curves: dict[str, LargestExponentCurve], predicted: dict[str, list[Estimate]]
) -> list[Comparison]:
    """Compare the largest exponents at `COMPARED_GAIN`."""
    index = int(np.flatnonzero(MAP_GAINS == COMPARED_GAIN)[0])
    comparisons = []
    for name, curve in curves.items():
        measured = Estimate(
            "largest_exponent",
            float(curve.exponents[index]),
            float(curve.standard_error[index]),
            "1/step",
        )
        title = f"rate map, {name}, g = {COMPARED_GAIN:g}"
        comparisons.append(compare(measured, predicted[name][index], tolerance=0.05, title=title))
    return comparisons


def compare_lif(descriptions: dict[str, Description]) -> Comparison:
    """Compare the rate of the Gaussian LIF network with white-noise mean-field theory."""
    deviation = lif_coupling(2.0).scale(N_NEURONS) * np.sqrt(2) * mV  # alpha = 2: variance 2
    circuit = theory.LIFCircuit(
        in_degree=(IN_DEGREE,), weight=(0.0,), weight_sd=deviation, drive=DRIVE_MV * mV, dt=0.1 * ms
    )
    predicted = replace(theory.lif_network(circuit).estimates()[0], domain="white, Gaussian input")
    measured = next(e for e in descriptions["LIF alpha=2"].estimates() if e.name == "rate")
    return compare(
        measured, predicted, tolerance=0.05, title="LIF network, alpha = 2, spikes per neuron"
    )


def compare_binary(descriptions: dict[str, Description]) -> Comparison:
    """Compare the flip rate of the binary network with mean-field theory."""
    # the stable scale of alpha = 2 is a Gaussian gain larger by sqrt(2)
    solution = theory.binary(float(np.sqrt(2)) * BINARY_GAIN, BINARY_NOISE)
    tau = float(binary_network().tau)
    # Q(t) = 1 - 2 (flips per unit and time) t for small t
    flips = Estimate(
        "rate", solution.initial_decay_rate / 2 / tau, 0.0, "Hz", "mean field", "N -> infinity"
    )
    measured = next(e for e in descriptions["binary"].estimates() if e.name == "rate")
    return compare(measured, flips, tolerance=0.02, title="binary network, flips per unit")
