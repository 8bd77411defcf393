"""Stable samples against the law they claim: body by characteristic function, tail by extremes.

Sources: characteristic function exp(-|k|^alpha) (S1); tail constant 2 Gamma(alpha) sin(pi alpha/2)
/ pi (Nolan 2020, doi:10.1007/978-3-030-52915-4); Hill's estimator with its exact expectation above
a fixed threshold.  Both tests must reject a clipped law and an alpha off by 0.05.
"""

import math

import numpy as np
import pytest
from scipy import special, stats

from heavytail_snn.weights.laws import LevyStable, Mixture
from heavytail_snn.weights.stable import stable_from_uniform_and_exponential

N = 200_000
ALPHAS = [0.6, 1.0, 1.2, 1.5, 1.9, 2.0]
K = np.geomspace(0.01, 2.5, 25)
Z_LIMIT = 3.5  # samples of the law stay below 2.5 in 36 trials, wrong ones above 3.7 in 68


def body_z(x, alpha):
    """Largest standardised error of the empirical characteristic function."""
    expected = np.exp(-(K**alpha))
    variance = (1 + np.exp(-((2 * K) ** alpha))) / 2 - expected**2
    empirical = np.array([np.cos(k * x).mean() for k in K])
    return np.max(np.abs(empirical - expected) / np.sqrt(variance / x.size))


def survival(x, alpha):
    """P(|X| > x) by the Zolotarev integral, independent of the sampler and of scipy's law."""
    if alpha == 2:
        return special.erfc(x / 2)
    if alpha == 1:
        return 2 / math.pi * math.atan2(1, x)
    s = np.linspace(0, 60, 6001)  # fine steps near the angle pi / 2, where the tail is made
    gap = math.pi / 2 * np.exp(-s)
    angle = np.maximum(math.pi / 2 - gap, 1e-300)
    sine = np.sin(alpha * angle) if alpha < 1.5 else np.sin(math.pi * (1 - alpha / 2) + alpha * gap)
    with np.errstate(over="ignore"):  # exp(-inf) = 0 is the right integrand
        v = (
            (np.sin(gap) / sine) ** (alpha / (alpha - 1))
            * np.cos((alpha - 1) * angle)
            / np.sin(gap)
        )
    exponent = x ** (alpha / (alpha - 1)) * v
    integrand = np.exp(-exponent) if alpha > 1 else -np.expm1(-exponent)
    return float(np.trapezoid(integrand * gap, s) * 2 / math.pi)


def tail_z(x, alpha):
    """Larger of the two tail deviations: Hill's statistic and the maximum, as normal scores."""
    size = np.abs(x)
    threshold = {0.6: 40.0, 1.0: 12.0, 1.2: 7.0, 1.5: 4.0, 1.9: 2.5, 2.0: 2.5}[alpha]
    above = survival(threshold, alpha)
    y = np.linspace(0, 60 / alpha if alpha < 2 else 4, 400)
    tail = np.array([survival(threshold * math.exp(v), alpha) / above for v in y])
    mean, second = np.trapezoid(tail, y), np.trapezoid(2 * y * tail, y)
    log_excess = np.log(size[size > threshold] / threshold)
    if log_excess.size == 0:
        return math.inf
    hill = abs(log_excess.mean() - mean) / math.sqrt((second - mean**2) / log_excess.size)
    expected_count = above * x.size
    count = abs(log_excess.size - expected_count) / math.sqrt(expected_count)
    below_maximum = x.size * math.log1p(-survival(size.max(), alpha))
    maximum = abs(stats.norm.ppf(min(max(math.exp(below_maximum), 1e-300), 1 - 1e-16)))
    return max(hill, count, maximum)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_stable_samples_have_the_right_body_and_tail(alpha):
    x = LevyStable(alpha).sample(N, seed=11)
    assert body_z(x, alpha) < Z_LIMIT
    assert tail_z(x, alpha) < Z_LIMIT


@pytest.mark.parametrize("alpha", ALPHAS)
def test_both_tests_reject_alpha_off_by_five_hundredths(alpha):
    wrong = LevyStable(alpha - 0.05).sample(N, seed=12)
    assert body_z(wrong, alpha) > Z_LIMIT
    assert tail_z(wrong, alpha) > Z_LIMIT


@pytest.mark.parametrize("alpha", [a for a in ALPHAS if a < 2])  # a normal never reaches 20
def test_both_tests_reject_weights_clipped_at_twenty(alpha):
    clipped = np.clip(LevyStable(alpha).sample(N, seed=13), -20, 20)
    assert body_z(clipped, alpha) > Z_LIMIT
    assert tail_z(clipped, alpha) > Z_LIMIT


@pytest.mark.parametrize("alpha", [0.6, 1.5, 1.9])
def test_fractional_moments_match_the_closed_form(alpha):
    p = alpha / 4
    exact = 2**p * math.gamma((1 + p) / 2) * math.gamma(1 - p / alpha)
    exact /= math.gamma(1 - p / 2) * math.sqrt(math.pi)
    moments = np.abs(LevyStable(alpha).sample(N, seed=14)) ** p
    assert abs(moments.mean() - exact) < 4 * moments.std() / math.sqrt(N)


@pytest.mark.parametrize(("alpha", "beta"), [(0.7, 0.5), (1.3, -0.8), (1.5, 1.0), (1.0, 0.6)])
def test_skewed_samples_have_the_s1_characteristic_function(alpha, beta):
    x = LevyStable(alpha, beta).sample(N, seed=15)
    k = np.array([0.3, 1.0, 2.0])
    skew = -2 / math.pi * np.log(k) if alpha == 1 else math.tan(math.pi * alpha / 2)
    expected = np.exp(-(k**alpha) * (1 - 1j * beta * skew))
    empirical = np.exp(1j * k[:, None] * x).mean(axis=1)
    assert np.abs(empirical - expected).max() < 5 / math.sqrt(N)


def test_the_sampler_is_continuous_in_alpha_through_one():
    rng = np.random.default_rng(1)
    u, w = rng.random(10_000), rng.standard_exponential(10_000)
    at_one = stable_from_uniform_and_exponential(1.0, 0.0, u, w)
    np.testing.assert_allclose(at_one, np.tan(math.pi * (u - 0.5)), rtol=1e-7, atol=1e-12)
    for step in (1e-6, -1e-6, 1e-12, -1e-12):
        near = stable_from_uniform_and_exponential(1 + step, 0.0, u, w)
        np.testing.assert_allclose(near, at_one, rtol=40 * abs(step) + 1e-9, atol=1e-12)
    skewed = LevyStable(1.0, 0.7, "S0").sample(10_000, seed=2)
    for alpha in (1 + 1e-7, 1 - 1e-7):
        near = LevyStable(alpha, 0.7, "S0").sample(10_000, seed=2)
        np.testing.assert_allclose(near, skewed, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("alpha", [0.3, 0.5, 1.0, 1.5, 1.999, 2.0])
def test_the_ends_of_the_uniform_give_finite_numbers_of_opposite_sign(alpha):
    u = np.array([0.0, 2.0**-53, 1 - 2.0**-53, 1.0])
    x = stable_from_uniform_and_exponential(alpha, 0.0, u, np.full(4, 1.0))
    assert np.isfinite(x).all()
    assert (x[:2] < 0).all()
    assert (x[2:] > 0).all()


def test_mixture_of_two_alphas_has_the_mixed_characteristic_function():
    x = Mixture((LevyStable(1.2), LevyStable(2.0)), (0.25, 0.75)).sample(N, seed=3)
    k = np.array([0.3, 1.0, 2.0])
    expected = 0.25 * np.exp(-(k**1.2)) + 0.75 * np.exp(-(k**2))
    assert np.abs(np.cos(k[:, None] * x).mean(axis=1) - expected).max() < 4 / math.sqrt(N)


@pytest.mark.parametrize("alpha", [0.6, 1.2, 1.5, 1.9])
def test_cdf_and_pdf_keep_the_power_law_far_from_the_centre(alpha):
    law, x = LevyStable(alpha), np.array([3.0, 20.0, 49.0, 51.0, 400.0, 3e3, 1e6])
    expected = [survival(v, alpha) for v in x]
    np.testing.assert_allclose(2 * law.cdf(-x), expected, rtol=2e-4)
    np.testing.assert_allclose(2 * (1 - law.cdf(x)), expected, rtol=2e-4, atol=4e-16)
    slope = (law.cdf(-x * 0.999) - law.cdf(-x * 1.001)) / (0.002 * x)
    np.testing.assert_allclose(law.pdf(x), slope, rtol=1e-3)


@pytest.mark.parametrize(("alpha", "beta"), [(0.8, 0.5), (1.5, -0.6)])
def test_skewed_tails_join_the_integral_and_split_by_one_plus_beta(alpha, beta):
    law = LevyStable(alpha, beta)
    upper, lower = 1 - law.cdf([49.99, 50.01]), law.cdf([-49.99, -50.01])
    np.testing.assert_allclose(upper[0], upper[1], rtol=1e-3)
    np.testing.assert_allclose(lower[0], lower[1], rtol=1e-3)
    far = (1 - law.cdf([1e5])[0]) / law.cdf([-1e5])[0]
    assert far == pytest.approx((1 + beta) / (1 - beta), rel=2e-3)
