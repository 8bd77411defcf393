"""Pruning and the delayed exclusive-or task: exact cases and limits."""

import numpy as np
import pytest

from heavytail_snn.core.errors import ParameterError
from heavytail_snn.models.rate.delayed_xor import delayed_xor
from heavytail_snn.models.rate.map import RateMap
from heavytail_snn.models.rate.pruning import prune
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import LevyStable
from heavytail_snn.weights.wiring import AllToAll, FixedInDegree

SMALL = {"n_training": 300, "n_validation": 100, "n_test": 300, "warmup": 300}


def test_pruning_removes_exactly_the_chosen_fraction_by_size():
    weights = Coupling(LevyStable(1.0), AllToAll()).sample(40, 1)
    size = np.abs(weights)
    for options, kept in (
        ({"top": 0.03}, size <= np.quantile(size, 0.97, method="inverted_cdf")),
        ({"bottom": 0.95}, size > np.quantile(size, 0.95, method="inverted_cdf")),
    ):
        pruned = prune(weights, **options)
        np.testing.assert_array_equal(pruned, np.where(kept, weights, 0))
    assert np.count_nonzero(weights) == 1600  # the argument is left alone
    assert np.count_nonzero(prune(weights, bottom=0.5, top=0.25)) == 400


def test_pruning_of_a_sparse_matrix_counts_its_synapses():
    weights = Coupling(LevyStable(1.0), FixedInDegree(10)).sample(50, 1)
    pruned = prune(weights, top=0.1)
    assert pruned.nnz == 450
    assert np.abs(pruned.data).max() < np.sort(np.abs(weights.data))[-50]


@pytest.mark.parametrize(
    ("weights", "options", "name"),
    [
        (np.ones((2, 3)), {"top": 0.1}, "weights"),
        (np.eye(3), {"top": 1.0}, "top"),
        (np.eye(3), {"bottom": -0.1}, "bottom"),
        (np.eye(3), {"bottom": 0.6, "top": 0.5}, "bottom"),
    ],
)
def test_bad_pruning_is_named(weights, options, name):
    with pytest.raises(ParameterError, match=name):
        prune(weights, **options)


def test_a_memory_without_dynamics_fails_and_a_reservoir_near_the_edge_succeeds():
    coupling = Coupling(LevyStable(2.0), AllToAll())
    near_edge = RateMap(coupling, 150, gain=0.75, seed=1)
    good = delayed_xor(near_edge, delay_steps=3, seed=1, **SMALL)
    assert good.accuracy > 0.95
    chaotic = delayed_xor(near_edge.with_gain(4.0), delay_steps=10, seed=1, **SMALL)
    assert abs(chaotic.accuracy - 0.5) < 4 * np.sqrt(0.25 / 300)
    silent = delayed_xor(RateMap(np.zeros((50, 50))), seed=1, **SMALL)
    assert abs(silent.accuracy - 0.5) < 4 * np.sqrt(0.25 / 300)


def test_a_linear_network_cannot_solve_exclusive_or():
    coupling = Coupling(LevyStable(2.0), AllToAll())
    linear = RateMap(coupling, 100, gain=0.6, phi=(lambda x: x * 1, np.ones_like), seed=1)
    result = delayed_xor(linear, delay_steps=2, seed=1, **SMALL)
    assert result.accuracy < 0.8  # a plane separates three of the four cases at best


def test_opposite_stimuli_are_opposite_states_of_a_silent_odd_network():
    quiet = RateMap(Coupling(LevyStable(2.0), AllToAll()), 100, gain=0.6, seed=1)
    options = SMALL | {"delay_steps": 1, "seed": 1}
    sign = delayed_xor(quiet, encoding="sign", **options)
    assert sign.accuracy < 0.8  # readouts of opposite states are opposite but for the constant
    assert delayed_xor(quiet, **options).accuracy > 0.95


def test_settings_are_stored_and_seeds_repeat():
    network = RateMap(Coupling(LevyStable(1.5), AllToAll()), 40, gain=0.5, noise=0.1, seed=1)
    first, second = (delayed_xor(network, seed=2, **SMALL) for _ in range(2))
    assert first.accuracy == second.accuracy
    assert first.parameters["delay_steps"] == 10
    assert first.parameters["chance"] == 0.5
    assert first.standard_error == pytest.approx(
        np.sqrt(first.accuracy * (1 - first.accuracy) / 300)
    )
    with pytest.raises(ParameterError, match="n_test"):
        delayed_xor(network, n_test=0)
