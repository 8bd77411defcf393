"""Why no function estimates a Lyapunov exponent from a recording, and what can be measured instead.

Nearest-neighbour divergence (Rosenstein, Collins & De Luca, Physica D 65 (1993) 117,
doi:10.1016/0167-2789(93)90009-P) lives in this test only.  Applied to the population rate of a
chaotic theta network, of a stable LIF network and of independent Poisson trains it returns the same
slope (tests/reference/lyapunov.json, rosenstein_counterexample).  The divergence rate of copies
with a controlled perturbation does return the largest exponent (divergence_rate there).
"""

import importlib
import inspect
import pkgutil

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

import heavytail_snn.analysis
from heavytail_snn.analysis.lyapunov.events.spectrum import lyapunov_spectrum_of_events
from heavytail_snn.analysis.lyapunov.events.two_trajectories import displaced
from heavytail_snn.analysis.recorded.divergence import divergence_rate
from heavytail_snn.analysis.recorded.surrogates import poisson_surrogate
from heavytail_snn.models.pulse.drive_tuning import tune_drive
from heavytail_snn.models.pulse.lif_delta import PulseLIFNetwork
from heavytail_snn.models.pulse.theta import ThetaNetwork
from heavytail_snn.weights.coupling import Coupling, Inhibitory
from heavytail_snn.weights.laws import Constant
from heavytail_snn.weights.wiring import FixedProbability

DT = 1e-3  # s, sampling of the population rate


@pytest.fixture(scope="module")
def networks():
    """Return a chaotic and a stable network of equal rate, 1 Hz."""
    coupling = Coupling(
        Constant(),
        FixedProbability(50 / 199),
        sign=Inhibitory(),
        autapses=False,
        normalisation="balanced",
    )
    weights = coupling.sample(200, seed=1)
    return (
        tune_drive(ThetaNetwork(weights, drive=0.04), rate=1.0, seed=1),
        tune_drive(PulseLIFNetwork(weights, drive=1e-3), rate=1.0, seed=1),
    )


def nearest_neighbour_divergence(signal, dimension, *, lag=5, horizon=25, theiler=200):
    """Return the slope of the mean log distance of nearest neighbours over `horizon` samples."""
    n = len(signal) - (dimension - 1) * lag - horizon
    points = np.stack([signal[i * lag : i * lag + n + horizon] for i in range(dimension)], axis=1)
    logs = []
    for index in range(0, n, 7):
        distance = np.linalg.norm(points[:n] - points[index], axis=1)
        distance[max(0, index - theiler) : index + theiler] = np.inf
        neighbour = int(np.argmin(distance))
        gap = points[index : index + horizon + 1] - points[neighbour : neighbour + horizon + 1]
        distances = np.linalg.norm(gap, axis=1)
        if (distances > 0).all():  # not both silent
            logs.append(np.log(distances))
    return np.polyfit(DT * np.arange(horizon + 1), np.mean(logs, axis=0), 1)[0]


def population_rate(recording):
    return gaussian_filter1d(recording.binned(DT).sum(axis=1).astype(float), 5.0)


@pytest.mark.slow
@pytest.mark.parametrize("dimension", [3, 6, 10])
def test_nearest_neighbours_cannot_tell_chaos_from_stability_from_noise(networks, dimension):
    chaotic, stable = (
        network.run(10.0, state=network.run(50.0, seed=1).state).recording for network in networks
    )
    exponents = [
        lyapunov_spectrum_of_events(network, k=2, duration=10.0, seed=1).exponents
        for network in networks
    ]
    assert exponents[0][0] > 10
    assert exponents[1][1] < -1
    slopes = [
        nearest_neighbour_divergence(population_rate(recording), dimension)
        for recording in (chaotic, stable, poisson_surrogate(chaotic, seed=1))
    ]
    print(dimension, slopes)
    # large, positive and alike, whatever the dynamics
    assert min(slopes) > 5
    assert np.ptp(slopes) < 0.3 * np.mean(slopes)


def test_copies_with_a_controlled_perturbation_part_at_the_largest_exponent(networks):
    network = networks[0]
    generator = np.random.default_rng(1)
    state, pairs = network.run(20.0, seed=1).state, []
    for _ in range(16):
        state = network.run(2.0, state=state).state
        start = network.state_of(np.minimum(network.phases(state), network.threshold))
        direction = generator.standard_normal(200)
        direction *= 1e-8 / np.linalg.norm(direction)
        copy = displaced(network, start, direction)
        pairs.append(tuple(network.run(1.4, state=s).recording for s in (start, copy)))
    result = divergence_rate(pairs)
    exponent = lyapunov_spectrum_of_events(network, k=1, duration=40.0, seed=1)
    error = np.hypot(result.standard_error, exponent.standard_error[0])
    assert abs(result.divergence_rate - exponent.exponents[0]) < 3 * error
    assert error < 2


def public_functions():
    package = heavytail_snn.analysis
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        loaded = importlib.import_module(module.name)
        for name, item in vars(loaded).items():
            if inspect.isfunction(item) and item.__module__ == module.name:
                yield f"{module.name}.{name}", item


def test_no_public_function_estimates_an_exponent_from_spikes():
    names = [name for name, _ in public_functions()]
    assert len(names) > 20
    forbidden = ("rosenstein", "kantz", "wolf", "nearest_neighbour", "correlation_dimension")
    assert not [n for n in names if any(word in n.lower() for word in forbidden)]
    for name, function in public_functions():
        if "lyapunov" in name.rsplit(".", 1)[1]:
            # every route to an exponent starts from a model, not from a Recording
            annotations = [
                str(p.annotation) for p in inspect.signature(function).parameters.values()
            ]
            assert not any("Recording" in a for a in annotations), name
