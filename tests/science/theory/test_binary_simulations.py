"""Binary theories against direct simulations at three sizes, with the trend in N.

The simulations are those of examples/tutorials/theory_meets_simulation_binary.py: plain numpy,
asynchronous updates of +-1 units, Gaussian and alpha-stable weights.
"""

import math

import numpy as np
import pytest

from heavytail_snn.analysis import theory

SIZES = (100, 400, 1600)


@pytest.fixture(scope="module")
def example(tutorial):
    return tutorial("theory_meets_simulation_binary")


def test_simulation_in_two_solvable_cases(example) -> None:
    """Units without weights: Q = exp(-lag); equal replicas stay equal."""
    rng = np.random.default_rng(1)
    start = example.random_states(2000, rng)[None]
    states = example.simulate(np.zeros((2000, 2000)), start, 1.0, [1.0, 2.5], rng)[:, 0]
    assert np.mean(states[0] * states[1]) == pytest.approx(math.exp(-1.5), abs=0.09)
    weights = example.gaussian_weights(50, 1.0, rng)
    pair = np.tile(example.random_states(50, rng), (2, 1))
    end = example.simulate(weights, pair, 0.5, [3.0], rng)[-1]
    np.testing.assert_array_equal(end[0], end[1])


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_overlap_map_of_heavy_tailed_networks(example, alpha: float) -> None:
    """The rms deviation of single networks falls with N; their mean agrees with theory."""
    rng = np.random.default_rng(2)
    expected = float(theory.stable_sign_map(alpha, 1.0, 0.0, 0.6).overlap)
    deviations = []
    for size in SIZES:
        measured = example.one_step_overlap(size, alpha, 0.6, rng, n_networks=16)
        error = measured.std() / math.sqrt(len(measured))
        assert measured.mean() == pytest.approx(expected, abs=4 * error)
        deviations.append(example.deviation(measured, expected))
    assert deviations[2] < 0.5 * deviations[0]


@pytest.mark.parametrize("alpha", [0.5, 1.0, 1.5, 2.0])
def test_induced_flips_at_three_sizes(example, alpha: float) -> None:
    rng = np.random.default_rng(3)
    for size in SIZES:
        measured = example.induced_flips(size, alpha, rng, n_networks=6)
        error = measured.std() / math.sqrt(len(measured))
        expected = theory.flips_per_flip(size, alpha)
        assert measured.mean() == pytest.approx(expected, abs=4 * error + 0.02 * expected)


@pytest.mark.slow
def test_threshold_units_at_three_sizes(example) -> None:
    """Cauchy weights at 1.5 times the critical gain; the mean over time approaches theory."""
    rng, deviations = np.random.default_rng(4), []
    g = 1.5 * theory.critical_gain(1.0)
    expected = theory.threshold_units(1.0, g).active_fraction
    for size in (200, 800, 2400):
        active = []
        for _ in range(4):
            weights = example.stable_weights(size, 1.0, g, rng)
            x = np.ones(size)
            history = []
            for _ in range(60):
                x = (weights @ x > 1.0).astype(float)
                history.append(x.mean())
            active.append(np.mean(history[20:]))
        deviations.append(np.sqrt(np.mean((np.array(active) - expected) ** 2)))
    assert deviations[2] < 0.03
    assert deviations[2] < deviations[0]


@pytest.mark.slow
def test_autocorrelation_at_three_sizes(example) -> None:
    rng = np.random.default_rng(5)
    expected = theory.binary(1.0, 0.5, tau_max=4.0, dt=0.5).autocorrelation[[1, 2, 4, 8]]
    deviations = [
        example.deviation(example.autocorrelation(size, 1.0, 0.5, rng), expected) for size in SIZES
    ]
    assert deviations[2] < 0.5 * deviations[0]
    assert deviations[2] < 0.015


@pytest.mark.slow
def test_replica_overlap_at_three_sizes(example) -> None:
    rng, times = np.random.default_rng(6), np.array([1.0, 2.0, 4.0, 8.0])
    expected = theory.binary_replicas(1.0, 0.5, times, initial_distance=0.04).overlap
    deviations = []
    for size in SIZES:
        measured = example.overlap_curve(size, 1.0, 0.5, times, rng)
        deviations.append(example.deviation(measured, expected))
        error = measured.std(axis=0) / math.sqrt(len(measured))
        assert np.all(np.abs(measured.mean(axis=0) - expected) < 4.5 * error + 0.01)
    assert deviations[2] < 0.6 * deviations[0]


@pytest.mark.slow
def test_driven_kernel_of_a_network(example) -> None:
    """Eight stimuli on a half circle drive one network from one state with one noise."""
    rng, n_neurons, angles = np.random.default_rng(7), 1600, math.pi * np.arange(8) / 8
    kernels = []
    for _ in range(6):
        axes = rng.standard_normal((2, n_neurons))
        drive = np.outer(np.cos(angles), axes[0]) + np.outer(np.sin(angles), axes[1])
        weights = example.gaussian_weights(n_neurons, 1.0, rng)
        states = np.tile(example.random_states(n_neurons, rng), (8, 1))
        fields = states @ weights.T + drive
        for _ in range(rng.poisson(2.0 * n_neurons)):
            unit, noise = rng.integers(n_neurons), 0.5 * rng.standard_normal()
            new = np.where(fields[:, unit] + noise > 0, 1.0, -1.0)
            fields += np.outer(new - states[:, unit], weights[:, unit])
            states[:, unit] = new
        gram = states @ states.T / n_neurons
        kernels.append([np.mean(np.diagonal(gram, k)) for k in range(8)])
    measured = np.mean(kernels, axis=0)
    exact = theory.response_kernel(angles, [2.0], g=1.0, s=0.5).kernel[0]
    np.testing.assert_allclose(measured, exact, atol=0.03)
    assert measured[0] - measured[1] > 0.1  # the jump at coincidence


@pytest.mark.slow
def test_survival_of_one_flip(example) -> None:
    rng = np.random.default_rng(8)
    for r0 in (1.4, 4.0):
        alive, g = example.survival(100, r0, rng, n_trials=60, duration=30.0)
        expected = theory.binary_onset(100, g, 1.0, duration=30.0).survival
        error = math.sqrt(expected * (1 - expected) / 60)
        assert alive == pytest.approx(expected, abs=3.5 * error + 0.03)


@pytest.mark.slow
def test_population_predicts_a_network_of_the_same_size(example) -> None:
    """Largest exponent of x(t+1) = J tanh x(t), alpha = 1, at three sizes."""
    rng = np.random.default_rng(9)
    measured, predicted = [], []
    for size, n_networks in ((100, 24), (300, 16), (900, 8)):
        exponents = []
        for _ in range(n_networks):
            weights = example.stable_weights(size, 1.0, 2.0, rng)
            x, y, growth = rng.standard_normal(size), rng.standard_normal(size), []
            for _ in range(260):
                y = weights @ (y / np.cosh(np.minimum(np.abs(x), 300.0)) ** 2)
                x = weights @ np.tanh(x)
                growth.append(math.log(np.linalg.norm(y)))
                y /= np.linalg.norm(y)
            exponents.append(np.mean(growth[60:]))
        error = np.std(exponents) / math.sqrt(n_networks)
        theirs = theory.population_dynamics_map(
            1.0, 2.0, population=size, n_terms=30, n_runs=16000 // size, seed=size
        )
        deviation = abs(np.mean(exponents) - theirs.largest_exponent)
        allowed = 3 * math.hypot(error, theirs.standard_error) + 0.1 * theirs.largest_exponent
        assert deviation < allowed
        measured.append(np.mean(exponents))
        predicted.append(theirs.largest_exponent)
    assert measured[0] < measured[1] < measured[2]
    assert predicted[0] < predicted[1] < predicted[2]
