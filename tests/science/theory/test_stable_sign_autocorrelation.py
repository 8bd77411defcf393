"""Autocorrelation of +-1 networks with stable weights: the Gaussian limit, free units, simulation.

Gaussian limit: Keup, Kuehn, Dahmen & Helias, Phys. Rev. X 11, 021064 (2021), as in `theory.binary`.
"""

import math

import numpy as np
import pytest

from heavytail_snn.analysis import theory
from heavytail_snn.analysis.theory.stable.sign_autocorrelation import (
    field_correlation,
    stable_sign_autocorrelation,
)
from heavytail_snn.core.errors import ParameterError
from heavytail_snn.weights.laws import LevyStable

TIMES = np.array([0.0, 0.5, 1.0, 2.0])


@pytest.mark.parametrize(("g", "s"), [(0.7, 0.4), (1.5, 0.2)])
def test_gaussian_limit_is_the_theory_of_binary_networks(g, s):
    found = stable_sign_autocorrelation(2.0, g, s, TIMES)
    width = math.sqrt(2.0)
    known = theory.binary(width * g, width * s, tau_max=2.0, dt=0.5)
    expected = known.autocorrelation[[0, 1, 2, 4]]
    assert found.autocorrelation == pytest.approx(expected, abs=1e-7)
    assert found.flip_rate == pytest.approx(known.initial_decay_rate / 2, abs=1e-6)
    assert found.residual < 1e-5


def test_field_correlation_is_that_of_sampled_fields():
    alpha, share, overlap, n = 1.3, 0.7, 0.6, 400_000
    law, rng = LevyStable(alpha), np.random.default_rng(1)
    same, opposite, first, second = law.sample((4, n), rng)
    a = (share * (1 + overlap) / 2) ** (1 / alpha) * same
    b = (share * (1 - overlap) / 2) ** (1 / alpha) * opposite
    noise = (1 - share) ** (1 / alpha)
    products = np.sign(a + b + noise * first) * np.sign(a - b + noise * second)
    error = 1 / math.sqrt(n)
    expected = field_correlation(alpha, share, overlap)
    assert products.mean() == pytest.approx(expected, abs=4 * error)


def test_weak_weights_leave_free_units():
    found = stable_sign_autocorrelation(1.5, 0.02, 1.0, TIMES)
    assert found.autocorrelation == pytest.approx(np.exp(-TIMES), abs=2e-3)
    assert found.flip_rate == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [((2.5, 1.0, 1.0), "alpha"), ((1.5, 1.0, 0.0), "s must be positive"),
     ((1.5, 0.0, 1.0), "g must be positive"), ((1.5, -1.0, 1.0), "g must be")],
)  # fmt: skip
def test_refusals(arguments, said):
    with pytest.raises(ParameterError, match=said):
        stable_sign_autocorrelation(*arguments, TIMES)
