"""Tail of a weight matrix against laws with known tails."""

import numpy as np
import pytest
from scipy import sparse

from heavytail_snn.analysis.tails import weight_tail
from heavytail_snn.core.errors import ParameterError
from heavytail_snn.weights.coupling import Coupling, Dale
from heavytail_snn.weights.laws import Constant, Gaussian, LevyStable, Pareto
from heavytail_snn.weights.wiring import AllToAll, FixedInDegree


@pytest.mark.parametrize("alpha", [0.8, 1.5, 3.0])
def test_pareto_exponents_are_recovered_whatever_the_sign_and_the_gain(alpha):
    coupling = Coupling(Pareto(alpha), FixedInDegree(100), gain=7.0, sign=Dale(g=1.0))
    tail = weight_tail(coupling.sample(1000, seed=1), fraction=0.1)
    assert abs(tail.exponent - alpha) < 3 * tail.standard_error
    assert tail.standard_error == pytest.approx(alpha / 100, rel=0.1)
    assert tail.n_weights == 100_000


def test_stable_tails_are_told_from_gaussian_ones():
    heavy = weight_tail(Coupling(LevyStable(1.5), AllToAll()).sample(500, seed=2))
    light = weight_tail(Coupling(Gaussian(), AllToAll()).sample(500, seed=2))
    assert heavy.exponent == pytest.approx(1.5, abs=0.12)
    assert light.exponent > 6
    assert heavy.largest_fraction > 10 * light.largest_fraction
    quantile = np.interp(0.01, light.survival, light.sizes)
    assert quantile == pytest.approx(2.576 / np.sqrt(500), rel=0.02)


def test_equal_weights_share_the_row_equally_and_have_no_tail():
    weights = Coupling(Constant(), FixedInDegree(50)).sample(100, seed=3)
    with pytest.raises(ParameterError, match="must differ in the tail"):
        weight_tail(weights)
    weights.data += 1e-9 * np.arange(weights.nnz)
    assert weight_tail(weights).largest_fraction == pytest.approx(1 / 50, rel=1e-3)


def test_bad_arguments_are_named():
    with pytest.raises(ParameterError, match="at least 20 of the 9 weights"):
        weight_tail(np.ones((3, 3)))
    with pytest.raises(ParameterError, match="finite"):
        weight_tail(np.full((40, 40), np.nan))
    with pytest.raises(ParameterError, match="fraction"):
        weight_tail(np.eye(3), fraction=1.0)


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e-160, 1e160, 1e300])
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_shares_and_exponents_do_not_depend_on_the_unit_of_the_weights(scale, form):
    weights = np.random.default_rng(1).standard_t(3, (60, 60))
    weights[7] = 0.0
    rescaled = weight_tail(form(weights * scale), fraction=0.05)
    found = weight_tail(weights, fraction=0.05)
    assert rescaled.exponent == pytest.approx(found.exponent, rel=1e-12)
    assert rescaled.largest_fraction == pytest.approx(found.largest_fraction, rel=1e-12)
    squares = np.delete(weights, 7, axis=0) ** 2
    exact = (squares.max(axis=1) / squares.sum(axis=1)).mean()
    assert found.largest_fraction == pytest.approx(exact, rel=1e-12)
