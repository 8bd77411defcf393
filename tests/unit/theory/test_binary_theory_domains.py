"""Nonsense arguments of the binary, sign and kernel theories: each a named error or result."""

import math

import numpy as np
import pytest

from heavytail_snn.analysis import theory
from heavytail_snn.core.errors import ConvergenceError, ParameterError

GOOD = {
    theory.binary: ((1.0, 0.5), {"tau_max": 1.0}),
    theory.matched_rate_network: ((1.0, 0.5), {}),
    theory.binary_participation: ((1.0, 0.5), {}),
    theory.binary_replicas: ((1.0, 0.5, [1.0]), {"initial_distance": 0.1}),
    theory.binary_onset: ((100, 1.0, 0.5), {}),
    theory.binary_onset_gain: ((100, 0.5), {}),
    theory.stable_sign_map: ((1.5, 1.0, 0.5, 0.3), {}),
    theory.small_distance_law: ((1.5,), {}),
    theory.flips_per_flip: ((100, 1.5), {}),
    theory.stable_sign_dynamics: ((1.5, 1.0, 0.5, [1.0]), {"initial_distance": 0.1}),
    theory.stable_sign_onset: ((100, 1.5, 1.0, 0.5), {}),
    theory.onset_noise: ((0.5,), {}),
    theory.threshold_units: ((1.5, 3.0), {}),
    theory.critical_gain: ((1.5,), {}),
    theory.stable_survival: ((1.5, 1.0), {}),
    theory.response_kernel: (([0.1], [1.0]), {"g": 1.0, "s": 0.5}),
    theory.stable_response_kernel: (([0.1], [1.0]), {"alpha": 1.5, "g": 1.0, "s": 0.5}),
    theory.synchronous_kernel: (([0.1], 2), {"alpha": 1.5}),
    theory.eigen_exponent: ((1.5, 2), {}),
    theory.rate_map_kernel: (([0.1], 2), {"g": 2.0}),
    theory.learning_curve: (([1.0, 0.5], [1.0, 0.0], [3]), {"ridge": 0.1}),
    theory.circle_spectrum: ((np.cos(np.arange(8) * math.pi / 4),), {}),
    theory.power_law_exponent: (([1, 2, 3], [3, 2, 1]), {}),
    theory.population_dynamics_map: (
        (1.5, 1.0),
        {"population": 50, "n_terms": 5, "n_steps": 2, "n_transient": 0, "n_runs": 2, "seed": 1},
    ),
}
NONSENSE = [None, "", [], math.nan, math.inf, -1.0, 1j, [[1.0, 2.0]], "three", {}]
# arrays of any shape, also empty, are meant to work
ARRAYS = {"stable_sign_map": (3, ([], -1.0)), "stable_survival": (1, ([], [[1.0, 2.0]]))}


@pytest.mark.parametrize("function", GOOD, ids=lambda f: f.__name__)
def test_every_argument_refuses_nonsense(function) -> None:
    arguments, options = GOOD[function]
    function(*arguments, **options)
    array_position, fine = ARRAYS.get(function.__name__, (-1, ()))
    for position in range(len(arguments)):
        for value in NONSENSE:
            changed = list(arguments)
            changed[position] = value
            if position == array_position and value in fine:
                function(*changed, **options)
                continue
            with pytest.raises((ParameterError, ConvergenceError)):
                function(*changed, **options)


@pytest.mark.parametrize("alpha", [0.0, -0.5, 2.01, math.nan])
def test_alpha_outside_its_range(alpha: float) -> None:
    with pytest.raises(ParameterError, match=r"alpha must be a finite number in \(0, 2\]"):
        theory.stable_sign_map(alpha, 1.0, 0.0, 0.5)
    with pytest.raises(ParameterError, match="alpha"):
        theory.threshold_units(alpha, 1.0)
    with pytest.raises(ParameterError, match="alpha"):
        theory.population_dynamics_map(alpha, 1.0)


def test_negative_noise_and_no_input_at_all() -> None:
    with pytest.raises(ParameterError, match="s must be"):
        theory.binary(1.0, -0.1)
    with pytest.raises(ParameterError, match="give the noise s"):
        theory.binary(0.0, 0.0)
    with pytest.raises(ParameterError, match="give the noise s"):
        theory.stable_sign_map(1.0, 0.0, 0.0, 0.5)
    with pytest.raises(ParameterError, match="step"):
        theory.matched_rate_network(1.0, 0.0)


def test_sign_units_have_no_threshold() -> None:
    with pytest.raises(ParameterError, match="zero_one"):
        theory.binary(1.0, 0.5, threshold=0.2)
    with pytest.raises(ParameterError, match="did you mean 'zero_one'"):
        theory.binary(1.0, 0.5, units="zero-one")


def test_silent_networks_are_named() -> None:
    silent = theory.binary(0.1, 0.0, units="zero_one", threshold=1.2, tau_max=1.0)
    assert (silent.state, silent.mean_activity) == ("quiescent", 0.0)
    with pytest.raises(ParameterError, match="no active state"):
        theory.binary_replicas(
            0.1, 0.0, [1.0], initial_distance=0.1, units="zero_one", threshold=1.2
        )
    assert theory.threshold_units(1.0, 1.0).state == "quiescent"
    with pytest.raises(ParameterError, match="quiescent"):
        theory.rate_map_kernel([0.1], 2, g=0.9)


def test_uncoupled_units_forget_everything() -> None:
    result = theory.binary_replicas(0.0, 1.0, [0.0, 1.0], initial_distance=0.5)
    np.testing.assert_allclose(result.distance, [0.5, 0.5 / math.e])
    assert result.stationary_overlap == 1.0
    heavy = theory.stable_sign_dynamics(1.2, 0.0, 1.0, [1.0], initial_distance=0.5)
    np.testing.assert_allclose(heavy.distance[0], 0.5 / math.e)
    assert (heavy.stationary_distance, heavy.largest_exponent) == (0.0, -1.0)


def test_times_must_increase() -> None:
    for times in ([2.0, 1.0], [1.0, 1.0], [-1.0], [math.nan]):
        with pytest.raises(ParameterError, match="times"):
            theory.binary_replicas(1.0, 0.5, times, initial_distance=0.1)


def test_exponent_must_be_homogeneous() -> None:
    with pytest.raises(ParameterError, match="homogeneous"):
        theory.sign_pair_correlation(lambda a, b: (a * a + b * b) ** 0.5, 2.0)


def test_learning_without_ridge_needs_enough_modes() -> None:
    with pytest.raises(ParameterError, match="ridge"):
        theory.learning_curve([1.0, 0.5], [1.0, 0.0], [2])
    with pytest.raises(ParameterError, match="three increasing"):
        theory.population_extrapolation(1.0, 1.0, populations=(100, 200))
    with pytest.raises(ParameterError, match="alpha"):
        theory.population_extrapolation(2.0, 1.0)
    with pytest.raises(ConvergenceError, match="dies out"):
        theory.population_extrapolation(
            1.0, 0.01, populations=(50, 60, 70), n_terms=5, n_steps=8, seed=1, n_runs=2
        )
    with pytest.raises(ConvergenceError, match="without bound"):
        theory.population_dynamics_map(
            1.0, 1e160, phi="linear", population=50, n_terms=5, n_steps=5, seed=1, n_runs=2
        )


def test_results_speak_xarray_and_share_names() -> None:
    overlap = theory.binary_replicas(1.0, 0.5, [1.0, 2.0], initial_distance=0.1)
    assert overlap.to_xarray()["overlap"].dims == ("time",)
    assert "overlap" in [estimate.name for estimate in overlap.estimates()]
    exponent = theory.population_dynamics_map(2.0, 1.0).estimates()[0]
    assert (exponent.name, exponent.unit, exponent.standard_error) == (
        "largest_exponent",
        "1/step",
        0.0,
    )
