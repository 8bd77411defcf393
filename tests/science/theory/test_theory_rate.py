"""Rate-network theories against closed forms and against each other.

Sources: Sompolinsky, Crisanti & Sommers, PRL 61, 259 (1988); Schuecker, Goedeke & Helias, arXiv
1603.01880; Newman, Commun. Math. Phys. 103, 121 (1986); Clark, Abbott & Litwin-Kumar, arXiv
2207.12373; arcsine law of the error function; Zolotarev, One-dimensional Stable Distributions.
Where no source is named the closed form is derived in the test.
"""

import math
from itertools import product

import numpy as np
import pytest
from scipy import integrate, optimize, special

from heavytail_snn.analysis import theory
from heavytail_snn.analysis.theory.numerics.correlation_series import correlation_series
from heavytail_snn.analysis.theory.numerics.covariance_spectrum import covariance_spectrum
from heavytail_snn.analysis.theory.numerics.stable_average import stable_nodes
from heavytail_snn.analysis.theory.numerics.transfer import as_transfer
from heavytail_snn.analysis.theory.rate.participation import (
    activity_participation,
    frequency_grid,
    state_participation,
)

ERF_WIDTH = 2 / math.pi  # erf(sqrt(pi) x / 2) = erf(x / sqrt(2 s^2)) with s^2 = 2 / pi


# --- averages -------------------------------------------------------------------------------------
@pytest.mark.parametrize("alpha", [0.3, 0.5, 0.9, 0.999, 1.0, 1.001, 1.5, 1.9, 2.0])
def test_stable_average_of_a_gaussian_is_an_average_of_the_characteristic_function(alpha):
    z, weights = stable_nodes(alpha)
    exact, _ = integrate.quad(
        lambda k: 2 * math.exp(-(k**2) / 2 - k**alpha) / math.sqrt(2 * math.pi),
        0,
        40,
        epsabs=1e-13,
        points=[1e-3, 0.1, 1, 5],
        limit=200,
    )
    assert weights @ np.exp(-(z**2) / 2) == pytest.approx(exact, abs=1e-10)
    assert weights.sum() == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("alpha", [0.5, 1.0, 1.5, 1.9])
def test_stable_tail_has_its_constant(alpha):
    """P(|z| > u) u^alpha -> 2 Gamma(alpha) sin(pi alpha / 2) / pi; a sampled tail has no digits."""
    z, weights = stable_nodes(alpha)
    u = 1e12 ** (1 / alpha)
    constant = 2 * special.gamma(alpha) * math.sin(math.pi * alpha / 2) / math.pi
    smooth_step = (z / u) ** 4 / (1 + (z / u) ** 4)
    # int alpha v^(-1-alpha) v^4 / (1 + v^4) dv = (alpha/4) pi / sin(pi (4 - alpha) / 4)
    expected = constant * alpha / 4 * math.pi / math.sin(math.pi * (4 - alpha) / 4)
    assert weights @ smooth_step * 1e12 == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("variance", [0.01, 0.7, 5.0, 40.0])
def test_series_of_the_error_function_is_the_arcsine_law(variance):
    series = correlation_series(as_transfer("erf"), variance)
    covariance = np.linspace(-variance, variance, 101)
    total = ERF_WIDTH + variance
    arcsine = 2 / math.pi * np.arcsin(covariance / total)
    slope = 2 / math.pi / np.sqrt(total**2 - covariance**2)
    integral = (
        2
        / math.pi
        * (covariance * np.arcsin(covariance / total) + np.sqrt(total**2 - covariance**2) - total)
    )
    # with unequal variances f = (2/pi) asin(D / sqrt((s^2 + D0)(s^2 + D1))): differentiate in D1
    response = -covariance / math.pi / total * np.sqrt(1 / (total**2 - covariance**2))
    assert np.abs(series.value(covariance) - arcsine).max() < 1e-8
    assert np.abs(series.slope(covariance) - slope).max() < 1e-7
    assert np.abs(series.integral(covariance) - integral).max() < 1e-8 * (1 + variance)
    assert np.abs(series.variance_response(covariance) - response).max() < 1e-7


# --- thresholds -----------------------------------------------------------------------------------
@pytest.mark.parametrize("n", [1, 2, 3, 10, 300, 10**4, 10**6])
def test_quiescent_gain_of_gaussian_weights(n):
    """<ln sum of squares> of normals is a digamma function."""
    exact = math.exp(-(math.log(4 / n) + special.digamma(n / 2)) / 2)
    assert theory.quiescent_gain(n, 2.0) == pytest.approx(exact, rel=1e-10)


@pytest.mark.parametrize("alpha", [0.1, 0.5, 0.999, 1.0, 1.3, 1.999])
def test_quiescent_gain_of_one_neuron(alpha):
    """N = 1: E ln|z| = gamma_E (1/alpha - 1)."""
    exact = math.exp(-np.euler_gamma * (1 / alpha - 1))
    assert theory.quiescent_gain(1, alpha) == pytest.approx(exact, rel=1e-10)


def test_quiescent_gain_of_cauchy_weights_by_monte_carlo():
    draws = np.random.default_rng(3).standard_cauchy((20_000, 100))
    xi = np.log(np.mean(np.abs(draws), axis=1))
    error = xi.std() / math.sqrt(len(xi))
    assert abs(-math.log(theory.quiescent_gain(100, 1.0)) - xi.mean()) < 3 * error


def test_quiescent_gain_falls_with_size_and_tail():
    gains = np.array([[theory.quiescent_gain(n, a) for n in (10, 1000, 10**6)] for a in (1.0, 1.6)])
    assert np.all(np.diff(gains, axis=1) < 0)
    assert np.all(gains[0] < gains[1])


# --- rate map -------------------------------------------------------------------------------------
@pytest.mark.parametrize(("g", "noise"), [(1.2, 0.0), (3.0, 0.0), (0.6, 0.5), (2.0, 1.0)])
def test_rate_map_with_the_error_function(g, noise):
    """The arcsine law gives <phi^2>, its derivative <phi'^2>."""

    def excess(d: float) -> float:
        return g**2 * 2 / math.pi * math.asin(d / (ERF_WIDTH + d)) + noise**2 - d

    variance = optimize.brentq(excess, 1e-3, 100, xtol=1e-14)
    squared_slope = 2 / math.pi / math.sqrt((ERF_WIDTH + variance) ** 2 - variance**2)
    found = theory.rate_map(g, noise=noise, phi="erf")
    assert found.field_variance == pytest.approx(variance, rel=1e-10)
    assert found.largest_exponent == pytest.approx(0.5 * math.log(g**2 * squared_slope), abs=1e-10)
    assert abs(found.residual) < 1e-10


def test_spectrum_of_a_quiescent_map_is_newmans_law():
    """D = 1: products of Gaussian matrices, lambda(p) = ln g + ln(1 - p) / 2."""
    found = theory.rate_map_spectrum(0.7, n_exponents=500)
    exact = math.log(0.7) + 0.5 * np.log1p(-found.rank_fraction)
    assert found.mean_field.state == "quiescent"
    assert np.abs(found.exponents - exact).max() < 1e-7
    assert found.kaplan_yorke_dimension_per_neuron == found.positive_fraction == 0


@pytest.mark.parametrize(("g", "noise"), [(1.5, 0.0), (4.0, 0.0), (1.5, 0.7)])
def test_exponents_of_the_map_sum_to_the_mean_log_determinant(g, noise):
    """<ln|det J|>/N = ln g - 1/2 + <ln phi'> for Gaussian weights of variance g^2/N."""
    found = theory.rate_map_spectrum(g, noise=noise, n_exponents=4000)
    z = np.linspace(-12, 12, 20_001)
    weights = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum()
    log_slope = -2 * np.log(np.cosh(math.sqrt(found.mean_field.field_variance) * z))
    exact = math.log(g) - 0.5 + weights @ log_slope
    assert found.exponents.mean() == pytest.approx(exact, abs=2e-3)
    assert np.all(np.diff(found.exponents) < 0)
    assert found.largest_exponent > found.exponents[0]


def test_summary_of_the_map_spectrum_agrees_with_its_exponents():
    found = theory.rate_map_spectrum(3.0, n_exponents=20_000)
    total = np.cumsum(found.exponents) / 20_000
    assert found.positive_fraction == pytest.approx(np.mean(found.exponents > 0), abs=1e-4)
    assert found.entropy_rate_per_neuron == pytest.approx(total.max(), rel=1e-5)
    dimension = (np.argmax(total < 0)) / 20_000
    assert found.kaplan_yorke_dimension_per_neuron == pytest.approx(dimension, abs=1e-4)


def test_participation_of_the_map_in_windows_is_the_sum_over_lags():
    """Linear response sampled on a frequency grid, S = <phi'> exp(-i theta)."""
    window, n = 5, 400
    found = theory.rate_map(2.0, noise=0.3)
    windowed = theory.rate_map_participation(2.0, noise=0.3, window=window)
    theta = 2 * math.pi * (np.arange(n) + 0.5) / n
    box = np.abs(np.exp(1j * np.outer(theta, np.arange(window))).mean(axis=1)) ** 2
    hop = np.exp(-1j * (theta[:, None] - theta))
    s = found.mean_slope**2
    trace = box.mean()
    total = np.mean(box[:, None] * box / np.abs(1 - s * hop) ** 2)
    assert windowed.participation_ratio_per_neuron == pytest.approx(trace**2 / total, rel=1e-9)
    u = 4.0 * hop / (1 - s * hop)
    slope, field = found.mean_slope / 2, found.field_variance
    excess = found.activity_variance**2 * np.abs(u) ** 2 + 2 * u.real * (slope * field) ** 2
    psi = np.mean(box[:, None] * box * excess)
    expected = (field * trace) ** 2 / ((field * trace) ** 2 + psi)
    assert windowed.field_participation_ratio_per_neuron == pytest.approx(expected, rel=1e-9)


def test_single_steps_of_the_map_have_the_dimension_of_its_theory():
    for noise in (0.0, 0.8):
        found = theory.rate_map(1.7, noise=noise)
        steps = theory.rate_map_participation(1.7, noise=noise)
        for name in ("participation_ratio_per_neuron", "field_participation_ratio_per_neuron"):
            assert getattr(found, name) == pytest.approx(getattr(steps, name), rel=1e-12)


# --- stable map -----------------------------------------------------------------------------------
def test_stable_map_at_alpha_two_is_the_rate_map():
    stable, gaussian = theory.stable_map(2.0, 1.3), theory.rate_map(1.3, convention="stable")
    assert 2 * stable.scale**2 == pytest.approx(gaussian.field_variance, rel=1e-10)
    assert stable.mean_square_activity == pytest.approx(gaussian.activity_variance, rel=1e-10)


def test_stable_map_of_binary_units_has_the_scale_of_the_gain():
    for alpha, noise in product((0.4, 1.0, 1.7), (0.0, 0.5)):
        found = theory.stable_map(alpha, 0.8, phi=np.sign, noise=noise)
        assert found.scale == pytest.approx((0.8**alpha + noise**alpha) ** (1 / alpha), rel=1e-9)


def test_stable_map_of_threshold_units_at_alpha_one():
    """0/1 units, Cauchy weights: gamma = g m, m = 1/2 - arctan(theta / gamma) / pi."""
    found = theory.stable_map(1.0, 2.0, phi=lambda x: np.where(x > 0.3, 1.0, 0.0), refine=8)
    mean = 0.5 - math.atan(0.3 / found.scale) / math.pi
    assert found.scale == pytest.approx(2.0 * mean, rel=1e-3)


def test_stable_map_never_falls_silent_for_heavy_tails_but_does_at_alpha_two():
    assert theory.stable_map(1.5, 0.2).state == "active"
    assert theory.stable_map(2.0, 0.7).state == "quiescent"
    small = theory.stable_map(1.5, 0.02)
    assert small.state == "quiescent"
    assert "exp(-60)" in small.warnings[0]


# --- rate flow ------------------------------------------------------------------------------------
@pytest.mark.parametrize(("g", "noise"), [(1.3, 0.0), (4.0, 0.0), (2.0, 0.5), (0.7, 0.3)])
def test_autocovariance_obeys_its_equation_of_motion(g, noise):
    """D'' = D - g^2 f(D), D'(0+) = -sigma^2, D(infinity) = 0."""
    found = theory.rate_flow(g, noise)
    d, h = found.autocovariance, found.time[1]
    curvature = (-d[4:] + 16 * d[3:-1] - 30 * d[2:-2] + 16 * d[1:-3] - d[:-4]) / (12 * h**2)
    force = d - g**2 * found.activity_autocovariance
    assert np.abs(curvature - force[2:-2]).max() < 1e-5 * found.variance
    slope = (-25 * d[0] + 48 * d[1] - 36 * d[2] + 16 * d[3] - 3 * d[4]) / (12 * h)
    assert slope == pytest.approx(-(noise**2), abs=1e-6 * found.variance)
    assert abs(d[-1]) < 1e-10 * found.variance
    assert d[0] == pytest.approx(found.variance, rel=1e-12)


def test_linear_limit_is_an_ornstein_uhlenbeck_process():
    found = theory.rate_flow(0.0, 0.8)
    assert found.state == "driven"
    assert found.largest_exponent == pytest.approx(-1.0, abs=1e-8)
    assert found.autocovariance == pytest.approx(0.64 * np.exp(-found.time), abs=1e-9)
    omega = np.array([0.0, 0.3, 2.0, 10.0])
    assert found.power_spectrum(omega) == pytest.approx(1.28 / (1 + omega**2), rel=1e-4)


def test_onset_of_chaos_without_noise():
    """g = 1 + eps: D0 -> eps, lambda -> eps^2 / 2, D/D0 -> sech(eps tau / sqrt 3)."""
    eps = 0.002
    found = theory.rate_flow(1 + eps)
    assert found.variance / eps == pytest.approx(1.0, abs=5e-3)
    assert found.largest_exponent / eps**2 == pytest.approx(0.5, abs=5e-3)
    shape = 1 / np.cosh(eps * found.time / math.sqrt(3))
    assert np.abs(found.autocovariance / found.variance - shape).max() < 5e-3


@pytest.mark.parametrize("noise", [0.05, 0.7, 2.0])
def test_exponent_vanishes_at_the_transition_only(noise):
    found = theory.rate_flow_transition(noise)
    assert abs(theory.rate_flow(found.critical_gain, noise).largest_exponent) < 1e-8
    assert theory.rate_flow(1.05 * found.critical_gain, noise).state == "chaotic"
    assert theory.rate_flow(found.local_gain, noise).largest_exponent < -1e-4


def test_power_spectrum_integrates_to_the_variance():
    found = theory.rate_flow(2.0)
    omega = np.linspace(0, 60, 6001)
    for of, exact in (("x", found.variance), ("phi", found.activity_variance)):
        power = found.power_spectrum(omega, of=of)
        assert integrate.trapezoid(power, omega) / math.pi == pytest.approx(exact, rel=1e-5)


def test_spectrum_of_a_triangle_is_exact_on_any_grid():
    """C = 1 - tau/4 is its own piecewise linear interpolant: S = 4 (sin(2w) / 2w)^2."""
    time, omega = np.arange(6.0), np.array([0.0, 0.4, 1.3, 2.9, 5.0])
    found = covariance_spectrum(time, np.maximum(1 - time / 4, 0.0), omega)
    assert found == pytest.approx(4 * np.sinc(2 * omega / np.pi) ** 2, abs=1e-12)


def test_fixed_point_with_a_coloured_drive_and_no_coupling():
    """A drive that alone gives covariance D_in leaves a lone unit with exactly that."""
    found = theory.rate_flow_fixed_point(0.0, drive=lambda lag: 0.3 * np.exp(-(lag**2)))
    assert found.autocovariance == pytest.approx(0.3 * np.exp(-(found.time**2)), abs=1e-12)


def test_white_drive_given_as_a_covariance_is_the_noise():
    exact = theory.rate_flow(2.0, 0.5)
    found = theory.rate_flow_fixed_point(2.0, drive=lambda lag: 0.25 * np.exp(-lag))
    assert found.variance == pytest.approx(exact.variance, abs=3e-4)
    assert found.largest_exponent == pytest.approx(exact.largest_exponent, abs=1e-4)


# --- two replicas ---------------------------------------------------------------------------------
def test_small_distances_grow_at_twice_the_largest_exponent():
    found, exponent = theory.two_replica(3.0, 1e-4), theory.rate_flow(3.0).largest_exponent
    late = (found.time > 10) & (found.time < 18)
    slope = np.polyfit(found.time[late], np.log(found.distance[late]), 1)[0]
    assert slope == pytest.approx(2 * exponent, rel=0.02)
    assert found.distance[0] == pytest.approx(0.5e-8, rel=1e-3)
    assert found.distance.min() < 0.6 * found.distance[0]  # contracting directions first


@pytest.mark.parametrize("perturbation", [1e-6, 1e-8])
def test_the_smallest_distances_grow_like_small_ones(perturbation):
    """The equations are linear there: d / perturbation^2 is one curve, of slope 0.4700 late."""
    found, small = theory.two_replica(3.0, perturbation), theory.two_replica(3.0, 1e-4)
    late = (found.time > 10) & (found.time < 18)
    slope = np.polyfit(found.time[late], np.log(found.distance[late]), 1)[0]
    assert slope == pytest.approx(0.4700, abs=2e-4)
    assert slope == pytest.approx(2 * theory.rate_flow(3.0).largest_exponent, rel=0.02)
    scaled = small.distance * (perturbation / 1e-4) ** 2
    assert found.distance == pytest.approx(scaled, rel=1e-4)
    assert found.residual < 1e-10


def test_replicas_with_shared_noise_meet_below_the_transition():
    found = theory.two_replica(2.0, 0.1, noise=0.9, dt=0.2)
    exponent = theory.rate_flow(2.0, 0.9).largest_exponent
    late = found.time > 13
    slope = np.polyfit(found.time[late], np.log(found.distance[late]), 1)[0]
    assert exponent < 0
    assert slope == pytest.approx(2 * exponent, rel=0.02)


def test_independent_replicas_stay_independent():
    found = theory.two_replica(2.0, 1.0, duration=5.0)
    assert found.distance == pytest.approx(np.ones_like(found.time), abs=0.02)


# --- participation --------------------------------------------------------------------------------
@pytest.mark.parametrize("g", [0.3, 0.5, 0.7])
def test_linear_participation_is_the_sum_over_noncrossing_pairings(g):
    """tr C^2 of C = 2 int exp(At) exp(A^T t) dt, A = -1 + gJ, as planar pairings of J with J^T.

    The words J^m J^T^n J^p J^T^q have one pairing for each a + d = m, a + b = n, b + c = p,
    c + d = q; each time integral is a binomial over a power of two.
    """
    orders = np.arange(70)
    a, b, c, d = np.meshgrid(*[orders[:26]] * 4, indexing="ij", sparse=True)
    first, second = 2 * a + b + d, 2 * c + b + d

    def weight(total, part):
        return np.exp(
            special.gammaln(total + 1)
            - special.gammaln(part + 1)
            - special.gammaln(total - part + 1)
            - total * math.log(2)
        )

    square = np.sum(g ** (2 * (a + b + c + d)) * weight(first, a + b) * weight(second, c + b))
    exact = 1 / (1 - g**2) / square  # (Tr C / N)^2 = 1 / (1 - g^2)
    found = theory.linear_participation(g).participation_ratio_per_neuron
    assert found == pytest.approx(exact, abs=3e-6)


def test_linear_participation_for_long_windows():
    for g in (0.3, 0.8):
        exact = (1 - g**2) ** 2
        found = theory.linear_participation(g, window=math.inf)
        assert found.participation_ratio_per_neuron == pytest.approx(exact, rel=1e-12)
        nearly = theory.linear_participation(g, window=2000.0)
        assert nearly.participation_ratio_per_neuron == pytest.approx(exact, rel=0.01)


def test_state_and_activity_have_one_dimension_in_a_linear_network():
    """With phi(x) = x both kernels describe the same covariance, noise included."""
    g = 0.6
    omega, weights = frequency_grid(largest=2000.0)
    spectrum = 2 / (1 + omega**2 - g**2)
    variance = 1 / math.sqrt(1 - g**2)
    one = activity_participation(weights, spectrum, 1 / (1 + 1j * omega), g=g, variance=variance)
    other = state_participation(
        omega, weights, spectrum, spectrum, g=g, mean_slope=1.0, variance=variance
    )
    assert one == pytest.approx(other, rel=1e-12)


def test_state_participation_agrees_with_the_word_sum():
    """A second form of the same theory: x = G(w) g J A, all planar words summed."""
    g, n = 3.0, 800
    flow = theory.rate_flow(g)
    omega, weights = frequency_grid(n_points=n)
    omega, weights = np.concatenate([-omega[::-1], omega]), np.concatenate([weights[::-1], weights])
    leak = 1 / (1 + 1j * omega)
    response = flow.mean_slope / g * leak
    spectrum = flow.power_spectrum(omega, of="phi")
    p = 1 - g**2 * np.abs(response) ** 2
    u = 1 - g**2 * np.outer(response, np.conj(response))
    p1, q1, v = p[:, None], p[None, :], np.conj(u)
    words = 1 / (p1 * q1 * u * v) - (1 / p1 + 1 / q1) * (1 / u + 1 / v)
    words = (words + 1 / p1 + 1 / q1 + 1 / u + 1 / v - 1).real
    amplitude = weights * spectrum * p * np.abs(leak) ** 2 / np.abs(response) ** 2
    trace = np.sum(weights * g**2 * np.abs(leak) ** 2 * spectrum)
    found = theory.rate_flow_participation(g).field_participation_ratio_per_neuron
    assert trace**2 / (amplitude @ words @ amplitude) == pytest.approx(found, rel=1e-4)


def test_windows_reduce_the_dimension_down_to_their_limit():
    windows = (0.0, 1.0, 30.0, 1000.0, math.inf)
    ratios = [theory.rate_flow_participation(3.0, 0.2, window=w) for w in windows]
    for name in ("participation_ratio_per_neuron", "field_participation_ratio_per_neuron"):
        values = [getattr(ratio, name) for ratio in ratios]
        assert np.all(np.diff(values) < 0)
        assert values[-2] == pytest.approx(values[-1], rel=0.05)


# --- accuracy is controlled -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("solve", "names", "tolerance"),
    [
        (lambda r: theory.rate_flow(2.0, 0.3, refine=r), ("variance", "largest_exponent"), 1e-7),
        (lambda r: theory.rate_flow(5.0, refine=r), ("variance", "largest_exponent"), 1e-7),
        (lambda r: theory.rate_map(5.0, refine=r), ("field_variance", "largest_exponent"), 1e-9),
        (
            lambda r: theory.rate_map_spectrum(2.0, refine=r),
            ("kaplan_yorke_dimension_per_neuron", "entropy_rate_per_neuron", "positive_fraction"),
            1e-7,
        ),
        (lambda r: theory.stable_map(1.2, 0.9, refine=r), ("scale", "mean_square_activity"), 1e-9),
        (
            lambda r: theory.rate_flow_participation(1.2, refine=r),
            ("participation_ratio_per_neuron", "field_participation_ratio_per_neuron"),
            1e-5,
        ),
        (
            lambda r: theory.linear_participation(0.8, refine=r),
            ("participation_ratio_per_neuron",),
            1e-5,
        ),
    ],
)
def test_doubling_the_grid_changes_nothing_that_matters(solve, names, tolerance):
    coarse, fine = solve(1), solve(2)
    for name in names:
        assert getattr(coarse, name) == pytest.approx(getattr(fine, name), rel=tolerance), name


@pytest.mark.slow
def test_halving_the_step_of_the_replicas_changes_less_than_two_per_cent():
    coarse, fine = theory.two_replica(3.0, 0.1), theory.two_replica(3.0, 0.1, dt=0.05)
    assert np.abs(coarse.distance / fine.distance[::2] - 1).max() < 0.02


def test_halving_the_step_of_the_fixed_point_quarters_its_error():
    exact = theory.rate_flow(2.0)
    errors = [
        abs(theory.rate_flow_fixed_point(2.0, dt=dt, duration=100.0).variance - exact.variance)
        for dt in (0.1, 0.05)
    ]
    assert errors[1] < errors[0] / 3
