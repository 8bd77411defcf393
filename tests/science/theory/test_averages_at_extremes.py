"""Averages over Gaussian and stable variables at extreme steepness and stability.

Moments of the symmetric stable law are Zolotarev's (One-dimensional Stable Distributions, 1986);
slopes of steep units are integrated by QUADPACK in the variable in which they are smooth.
"""

import math

import numpy as np
import pytest
from scipy import integrate, special

from heavytail_snn.analysis.theory.numerics.gaussian import (
    mean_slope,
    mean_square,
    mean_square_slope,
)
from heavytail_snn.analysis.theory.numerics.stable_average import (
    log_stable_nodes,
    mean_log_power_mean,
    stable_nodes,
)
from heavytail_snn.analysis.theory.numerics.transfer import Transfer
from heavytail_snn.core.errors import ConvergenceError


def steep_tanh(b):
    return Transfer(
        "steep", lambda x: np.tanh(b * x), lambda x: b * np.cosh(np.clip(b * x, -300, 300)) ** -2.0
    )


@pytest.mark.parametrize("b", [0.1, 1.0, 5.0, 20.0, 50.0])
@pytest.mark.parametrize("variance", [1e-4, 1.0, 5.0, 50.0, 1e4])
def test_slopes_of_steep_units(b, variance):
    def average(power):
        def integrand(y):
            density = math.exp(-((y / b) ** 2) / 2 / variance) / math.sqrt(2 * math.pi * variance)
            return b ** (power - 1) * math.cosh(y) ** (-2 * power) * density

        end = min(40.0, 38.0 * b * math.sqrt(variance))
        return 2 * integrate.quad(integrand, 0, end, epsabs=0, epsrel=1e-12, limit=500)[0]

    transfer = steep_tanh(b)
    assert mean_square_slope(transfer, variance) == pytest.approx(average(2), rel=1e-9)
    assert mean_slope(transfer, variance) == pytest.approx(average(1), rel=1e-9)


def test_steps_and_kinks_are_good_to_a_thousandth_and_what_is_steeper_is_refused():
    kinked = Transfer(
        "kinked", lambda x: np.clip(x, -1, 1), lambda x: (np.abs(x) < 1).astype(float)
    )
    inside = special.erf(1 / math.sqrt(2 * 3.0))
    assert mean_square_slope(kinked, 3.0) == pytest.approx(inside, rel=1e-3)
    assert mean_slope(kinked, 3.0) == pytest.approx(inside, rel=1e-3)
    with pytest.raises(ConvergenceError, match="too steep"):
        mean_square_slope(steep_tanh(1e6), 3.0)
    assert mean_square(steep_tanh(1e3), 3.0) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("alpha", [0.05, 0.07, 0.1, 0.5, 1.0, 1.999, 2.0])
def test_moments_of_stable_laws(alpha):
    x, weights = log_stable_nodes(alpha)
    for power in (-0.5, -0.1, alpha / 4, 0.45 * alpha):
        exact = math.exp(
            power * math.log(2) + math.lgamma((1 + power) / 2) + math.lgamma(1 - power / alpha)
            - math.lgamma(1 - power / 2) - math.log(math.pi) / 2
        )  # fmt: skip
        assert weights @ np.exp(power * x) == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize("alpha", [1.0, 0.1, 0.05])
def test_mean_logarithm_of_one_stable_variable(alpha):
    euler = -special.psi(1)
    exact = alpha * (math.log(2) + special.psi(0.5) / 2 - euler / 2) + euler
    assert mean_log_power_mean(1, alpha) == pytest.approx(exact, abs=1e-8)


@pytest.mark.parametrize("alpha", [1e-4, 0.01, 0.03])
def test_stabilities_beyond_the_quadrature_are_refused(alpha):
    with pytest.raises(ConvergenceError, match="alpha"):
        stable_nodes(alpha)
