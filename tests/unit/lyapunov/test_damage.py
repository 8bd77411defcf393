"""Damage spreading against exactly solvable maps.

A permutation map moves damage and never changes its amount; a copy map with in-degree c multiplies
it by the out-degree; erasing maps heal it in one step.  With random tables (Kauffman network,
in-degree c) the annealed branching ratio is c/2 for one flipped unit (Derrida & Pomeau 1986).
"""

import numpy as np
import pytest

from heavytail_snn.analysis.lyapunov.damage import damage_spreading
from heavytail_snn.core.errors import ParameterError

N = 64


def states(seed=0, rows=6, low=-1.0):
    return np.random.default_rng(seed).choice([low, 1.0], (rows, N))


def test_a_permutation_conserves_damage():
    order = np.random.default_rng(1).permutation(N)
    result = damage_spreading(lambda s, rng: s[:, order], states(), initial_damage=8, seed=1)
    np.testing.assert_allclose(result.distance, 8 / N)
    np.testing.assert_array_equal(result.survival, 1.0)
    assert result.offspring == 1.0
    assert result.log_offspring == 0.0
    assert result.plateau == 8 / N
    assert result.kind == "damage"
    assert not hasattr(result, "exponents")


def test_healing_is_counted_and_not_averaged_into_a_logarithm():
    """Even units are copied to three places, odd ones are forgotten: d(1) is 3 or 0."""
    source = np.repeat(np.arange(0, N, 2), 2)

    def step(s, rng):
        return s[:, source]

    result = damage_spreading(step, states(low=0.0), n_flips=200, n_steps=2, seed=3)
    assert result.survival[1] == pytest.approx(0.5, abs=0.05)
    assert result.offspring == pytest.approx(1.0, abs=0.1)
    assert result.log_offspring_of_survivors == pytest.approx(np.log(2))
    assert set(np.unique(result.quantiles)) <= {0.0, 2.0}


def test_erased_damage_has_no_logarithm():
    result = damage_spreading(lambda s, rng: np.ones_like(s), states(), seed=1)
    assert result.offspring == 0
    assert result.log_offspring == -np.inf
    assert np.isnan(result.log_offspring_of_survivors)
    np.testing.assert_array_equal(result.survival[1:], 0)


@pytest.mark.parametrize("degree", [1, 2, 4])
def test_random_boolean_networks_branch_with_half_their_degree(degree):
    rng = np.random.default_rng(degree)
    n = 300
    inputs = rng.integers(n, size=(n, degree))
    table = rng.choice([0.0, 1.0], (n, 2**degree))

    def step(s, noise):
        index = (s[:, inputs] * 2 ** np.arange(degree)).sum(axis=2).astype(int)
        return table[np.arange(n), index]

    start = rng.choice([0.0, 1.0], (40, n))
    result = damage_spreading(step, start, n_flips=40, n_steps=2, seed=5)
    # spread over tables and wirings: sd of the out-degree and of the tables, both about sqrt(c/n)
    assert result.offspring == pytest.approx(degree / 2, abs=4 * np.sqrt(degree / n))


def test_noise_is_shared_by_all_copies():
    def step(s, rng):
        return np.where(rng.random(N) < 0.5, s, -s)

    result = damage_spreading(step, states(), initial_damage=1, seed=2)
    np.testing.assert_allclose(result.distance, 1 / N)


@pytest.mark.parametrize(
    "change",
    [
        {"states": np.random.default_rng(0).standard_normal((3, N))},
        {"states": np.ones((3, N))},
        {"states": [[np.nan, 1.0]]},
        {"initial_damage": 0},
        {"initial_damage": N + 1},
        {"n_steps": 0},
        {"step": lambda s, rng: s[:, :3]},
    ],
)
def test_bad_input_is_named(change):
    step = change.pop("step", lambda s, rng: s)
    start = change.pop("states", states())
    with pytest.raises(ParameterError):
        damage_spreading(step, start, seed=1, **change)
