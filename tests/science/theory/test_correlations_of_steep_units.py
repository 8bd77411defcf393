"""Correlations and exponents of steep units against closed forms of the error function.

With phi(x) = erf(sqrt(pi) x / 2) and equal variances D0 (Williams, Neural Comput. 10 (1998) 1203,
doi:10.1162/089976698300017412)

    E[phi phi] = 2 asin(a D) / pi,  a = (pi / 2) / (1 + pi D0 / 2).

The exponents come from integrating D'' = D - g^2 f(D) and psi'' = (1 - g^2 f'(D) - E) psi from
tau = 0 with an adaptive Runge-Kutta method, and bisecting E for the sign of psi.
"""

import math

import numpy as np
import pytest
from scipy import integrate, optimize

from heavytail_snn.analysis import theory
from heavytail_snn.analysis.theory.numerics.correlation_series import correlation_series
from heavytail_snn.analysis.theory.numerics.correlation_table import (
    CorrelationTable,
    correlations,
)
from heavytail_snn.analysis.theory.numerics.gaussian import mean_square
from heavytail_snn.analysis.theory.numerics.transfer import TRANSFERS

RATIOS = np.array([1.0, 1 - 1e-6, 0.999, 0.9, 0.5, 0.1, 1e-3, 1e-8, 1e-14])


def closed_forms(d0, covariance):
    a = math.pi / 2 / (1 + math.pi / 2 * d0)
    root = np.sqrt(1 - (a * covariance) ** 2)
    value = 2 / math.pi * np.arcsin(a * covariance)
    return value, 2 / math.pi * a / root


@pytest.mark.parametrize("d0", [3.0, 20.0, 100.0, 7e3, 7e5, 9e7])
def test_the_table_is_the_arcsine(d0):
    table = CorrelationTable(TRANSFERS["erf"], d0)
    value, slope = closed_forms(d0, d0 * RATIOS)
    np.testing.assert_allclose(table.value(d0 * RATIOS), value, rtol=1e-6)
    np.testing.assert_allclose(table.value(-d0 * RATIOS), -value, rtol=1e-6)
    np.testing.assert_allclose(table.slope(d0 * RATIOS), slope, rtol=1e-7)
    for ratio in (0.9, 0.3, 0.01):
        integral = integrate.quad(lambda d: closed_forms(d0, d)[0], 0, ratio * d0, epsrel=1e-11)[0]
        assert float(table.integral(np.array(ratio * d0))) == pytest.approx(integral, rel=1e-6)
        missing = integrate.quad(
            lambda d: closed_forms(d0, d)[0], ratio * d0, d0, epsrel=1e-11, limit=200
        )[0]
        found = float(table.missing_integral(np.array([math.log(ratio)]))[0])
        assert found == pytest.approx(missing, rel=1e-6)
    assert table.error < 1e-9


@pytest.mark.parametrize("d0", [3.0, 10.0])
def test_table_and_series_agree_where_both_hold(d0):
    table, series = (
        CorrelationTable(TRANSFERS["tanh"], d0),
        correlation_series(TRANSFERS["tanh"], d0),
    )
    assert correlations(TRANSFERS["tanh"], d0).__class__ is series.__class__
    covariance = d0 * RATIOS[:-2]
    np.testing.assert_allclose(table.value(covariance), series.value(covariance), rtol=1e-7)
    np.testing.assert_allclose(table.slope(covariance), series.slope(covariance), rtol=1e-7)


def test_the_series_knows_where_it_ends():
    for d0 in (10.0, 100.0, 300.0):
        series = correlation_series(TRANSFERS["erf"], d0)
        exact = closed_forms(d0, d0)[1]
        assert series.error == pytest.approx(abs(series.slope(np.array(d0)) / exact - 1), abs=1e-9)
    assert series.error > 1e-5
    assert isinstance(correlations(TRANSFERS["erf"], 300.0), CorrelationTable)


@pytest.mark.parametrize("d0", [1e-3, 1.0, 60.0, 70.0, 1e4, 1e8, 1e14])
def test_gaussian_averages_at_any_variance(d0):
    exact = 1 - 4 / math.pi * math.asin(math.sqrt(1 / (1 + math.pi / 2 * d0) / 2))
    assert mean_square(TRANSFERS["erf"], d0) == pytest.approx(exact, rel=1e-10)


def exponent_by_shooting(g, end=4.0):
    def energy(d0):
        a = math.pi / 2 / (1 + math.pi / 2 * d0)
        lost = (math.sqrt(1 - (a * d0) ** 2) - 1) / a
        return -(d0**2) / 2 + g**2 * 2 / math.pi * (d0 * math.asin(a * d0) + lost)

    d0 = optimize.brentq(energy, 1e-3 * g**2, 2 * g**2, xtol=1e-14, rtol=1e-14)
    a = math.pi / 2 / (1 + math.pi / 2 * d0)

    def psi_at_the_end(e):
        def velocity(_, z):
            y, dy, psi, dpsi = z  # y = D0 - D
            rest = 1 / (1 + math.pi / 2 * d0) + a * y  # 1 - a D
            value = 1 - 4 / math.pi * math.asin(math.sqrt(min(1.0, max(rest, 0.0) / 2)))
            slope = 2 / math.pi * a / math.sqrt(rest * (2 - rest))
            return [dy, y - d0 + g**2 * value, dpsi, (1 - g**2 * slope - e) * psi]

        path = integrate.solve_ivp(
            velocity, [0, end], [0, 0, 1, 0], method="DOP853", rtol=1e-10, atol=1e-9,
            first_step=1e-9,
        )  # fmt: skip
        return path.y[2, -1]

    low, high = -60.0, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if psi_at_the_end(middle) > 0 else (low, middle)
    return math.sqrt(1 - low) - 1


@pytest.mark.parametrize(("g", "tolerance"), [(100.0, 2e-7), (1000.0, 2e-6)])
def test_exponents_of_steep_units_are_those_of_shooting(g, tolerance):
    found = theory.rate_flow(g, phi="erf")
    assert found.largest_exponent == pytest.approx(exponent_by_shooting(g), abs=tolerance)
    assert found.warnings == ()
