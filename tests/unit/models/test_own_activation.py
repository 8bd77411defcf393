"""An activation of one's own: ours written as one's own is ours, and wrong ones are refused."""

import pickle

import numpy as np
import pytest

import heavytail_snn as ht
from heavytail_snn.analysis import lyapunov_spectrum, theory
from heavytail_snn.analysis.lyapunov import largest_exponent_curve
from heavytail_snn.models import Activation, RateFlow, RateMap, rate_trials, threshold_linear
from heavytail_snn.models.rate.activation import sech_squared

WEIGHTS = ht.Coupling(ht.LevyStable(1.5), ht.AllToAll()).sample(60, seed=1)
OWN_TANH = Activation("own tanh", np.tanh, sech_squared)


@pytest.mark.parametrize("kind", [RateMap, RateFlow])
def test_own_tanh_is_tanh_exactly(kind):
    own, ours = (kind(WEIGHTS, gain=3.0, phi=phi) for phi in (OWN_TANH, "tanh"))
    np.testing.assert_array_equal(own.run(50, seed=1), ours.run(50, seed=1))
    times = [1.0, 2.0]
    for found in zip(
        *(rate_trials(n, times, n_trials=2, seed=1) for n in (own, ours)), strict=True
    ):
        np.testing.assert_array_equal(*found)
    options = {"n_steps": 60} if kind is RateMap else {"duration": 6.0}
    spectra = [
        lyapunov_spectrum(n, k=3, seed=1, state_warmup=10, **options).exponents for n in (own, ours)
    ]
    np.testing.assert_array_equal(*spectra)


def test_own_tanh_in_the_gain_curve_and_the_theories():
    curves = [
        largest_exponent_curve(WEIGHTS, [1.0, 3.0], phi=phi, n_steps=50, seed=1)
        for phi in (OWN_TANH, "tanh")
    ]
    np.testing.assert_array_equal(curves[0].exponents, curves[1].exponents)
    own, ours = (theory.rate_map(2.0, phi=phi) for phi in (OWN_TANH, "tanh"))
    assert own.field_variance == pytest.approx(ours.field_variance, rel=1e-9)


def test_theories_say_what_an_activation_lacks():
    softplus = Activation("softplus", lambda x: np.logaddexp(0, x), lambda x: 1 / (1 + np.exp(-x)))
    with pytest.raises(ht.ParameterError, match=r"phi must be odd .*softplus"):
        theory.rate_map(2.0, phi=softplus)


@pytest.mark.parametrize(
    "phi", ["tanh", "erf", "relu", "threshold_linear", threshold_linear(0.3), OWN_TANH]
)
def test_networks_with_activations_of_modules_pickle(phi):
    network = RateFlow(WEIGHTS, phi=phi)
    again = pickle.loads(pickle.dumps(network))
    np.testing.assert_array_equal(again.run(3, seed=1), network.run(3, seed=1))


def spoil(x):
    x *= 2
    return x


@pytest.mark.parametrize(
    ("function", "derivative", "message"),
    [
        (np.tanh, np.cosh, "own derivative"),
        (lambda x: np.clip(x, -5, 5), np.ones_like, r"x = -?(5\.31|104|103\.9)"),  # far out only
        (lambda x: x**3, lambda x: 3 * x, "own derivative"),
        (np.tanh, lambda x: np.full_like(x, np.nan), "says nan"),
        (lambda x: x.sum(), lambda x: 0 * x, "same shape"),
        (lambda x: np.exp(x) / np.exp(x).sum(), lambda x: 0 * x, "elementwise"),
        (spoil, lambda x: 0 * x + 2, "leave its argument"),
        (np.tanh, 1.0, "pair of functions"),
        (lambda x: x + 0j, lambda x: 0 * x + 1, "same shape"),
    ],
)
def test_wrong_ones_are_refused_by_name(function, derivative, message):
    with pytest.raises(ht.ParameterError, match=message) as raised:
        Activation("mine", function, derivative)
    assert "phi" in str(raised.value)


@pytest.mark.parametrize(
    ("function", "derivative"),
    [
        (lambda x: x**3, lambda x: 3 * x**2),
        (np.exp, np.exp),
        (np.square, lambda x: 2 * x),
        (lambda x: x**9, lambda x: 9 * x**8),
        (lambda x: np.log1p(np.exp(x)), lambda x: 1 / (1 + np.exp(-x))),
        (lambda x: 1e6 + np.sin(x), np.cos),
    ],
)
def test_correct_ones_are_taken(function, derivative):
    assert Activation("mine", function, derivative).name == "mine"
