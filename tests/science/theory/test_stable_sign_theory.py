"""Sign formula, overlap maps, threshold units and kernels with stable weights: closed forms.

Alpha = 2 is the arcsine law; at alpha = 1 the map is a dilogarithm; for alpha < 1 the slope is
tan(pi alpha/2) / (pi alpha/2), and 1 + 2/(alpha D) are the eigen-exponents.  The Cauchy threshold
units are those of Kusmierz, Ogawa & Toyoizumi, PRL 125, 028101 (2020); stable tails against scipy.
"""

import math

import mpmath
import numpy as np
import pytest
from scipy import integrate, special, stats

from heavytail_snn.analysis import theory
from heavytail_snn.analysis.theory.stable.sign_map import lost_overlap
from heavytail_snn.core.errors import ParameterError

ALPHAS = [0.2, 0.6, 0.95, 1.0, 1.05, 1.4, 1.9, 2.0]


def overlap_exponent(alpha: float, a: float, b: float):
    return lambda k1, k2: a * np.abs(k1 + k2) ** alpha + b * np.abs(k1 - k2) ** alpha


@pytest.mark.parametrize("alpha", ALPHAS)
def test_overlap_map_is_the_sign_formula(alpha: float) -> None:
    g, s = 1.3, 0.4
    c = np.array([-0.8, 0.0, 0.5, 0.97])
    ours = theory.stable_sign_map(alpha, g, s, c)
    for overlap, value in zip(c, ours.overlap, strict=True):
        a, b = g**alpha * (1 + overlap) / 2 + s**alpha, g**alpha * (1 - overlap) / 2
        exact = theory.sign_pair_correlation(overlap_exponent(alpha, a, b), alpha)
        assert value == pytest.approx(exact, abs=1e-7)
    assert ours.residual < 1e-12


def test_sign_formula_at_two_is_the_arcsine_law() -> None:
    for rho in (-0.9, -0.2, 0.0, 0.4, 0.99):
        value = theory.sign_pair_correlation(lambda a, b, r=rho: a * a + b * b + 2 * r * a * b, 2.0)
        assert value == pytest.approx(2 / math.pi * math.asin(rho), abs=1e-6)
    g, s, c = 0.8, 0.5, np.linspace(-1, 1, 9)
    exact = 2 / math.pi * np.arcsin((g**2 * c + s**2) / (g**2 + s**2))
    np.testing.assert_allclose(theory.stable_sign_map(2.0, g, s, c).overlap, exact, atol=1e-12)
    # the map just below 2, by quadrature, joins the closed form at 2
    near = theory.stable_sign_map(2.0 - 1e-9, g, s, c).overlap
    np.testing.assert_allclose(near, exact, atol=1e-8)


def test_sign_formula_against_sampled_pairs() -> None:
    """A pair that is not exchangeable: x1 = z1 + 0.5 z2, x2 = z2 (Cauchy)."""
    rng = np.random.default_rng(3)
    z = np.tan(math.pi * (rng.random((2, 400_000)) - 0.5))
    sampled = np.mean(np.sign(z[0] + 0.5 * z[1]) * np.sign(z[1]))
    exact = theory.sign_pair_correlation(lambda a, b: np.abs(a) + np.abs(0.5 * a + b), 1.0)
    assert exact == pytest.approx(sampled, abs=4 / math.sqrt(400_000))


def test_cauchy_map_is_a_dilogarithm() -> None:
    for d in (1e-9, 1e-3, 0.3, 1.0):
        r = (d / 2) / (1 - d / 2)
        exact = (
            8
            / math.pi**2
            * integrate.quad(lambda x: -math.log(x) / (1 - x * x), 0, r, epsabs=0, epsrel=1e-12)[0]
            if r < 1
            else 1.0
        )
        assert float(lost_overlap(1.0, d)) == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize("alpha", [0.1, 0.5, 0.9])
def test_slope_below_one_is_kappa(alpha: float) -> None:
    kappa = math.tan(math.pi * alpha / 2) / (math.pi * alpha / 2)
    assert theory.small_distance_law(alpha).amplitude == pytest.approx(kappa, rel=1e-14)
    d = 1e-250
    assert float(lost_overlap(alpha, d)) / d == pytest.approx(kappa, rel=1e-6)


@pytest.mark.parametrize("alpha", [1.1, 1.5, 2.0])
def test_power_law_above_one(alpha: float) -> None:
    law = theory.small_distance_law(alpha)
    d = 1e-200
    assert float(lost_overlap(alpha, d)) == pytest.approx(law.amplitude * d**law.exponent, rel=1e-6)


def test_finite_number_of_flips_only_below_one() -> None:
    growth = {a: theory.flips_per_flip(4e5, a) / theory.flips_per_flip(1e5, a) for a in ALPHAS}
    assert growth[0.2] == pytest.approx(1.0, abs=1e-3)
    assert growth[1.4] == pytest.approx(4 ** (1 - 1 / 1.4), rel=0.02)
    assert growth[2.0] == pytest.approx(2.0, rel=1e-3)


@pytest.mark.parametrize("alpha", [0.7, 1.0, 1.6])
def test_asynchronous_distance_at_small_d(alpha: float) -> None:
    times, start = np.array([0.2, 1.0]), 1e-60
    result = theory.stable_sign_dynamics(alpha, 1.0, 0.5, times, initial_distance=start)
    share = 1 / (1 + 0.5**alpha)
    law = theory.small_distance_law(alpha)
    if alpha < 1:
        exact = start * np.exp((law.amplitude * share - 1) * times)
        assert result.largest_exponent == pytest.approx(law.amplitude * share - 1, rel=1e-12)
    elif alpha > 1:
        q, a = 1 - 1 / alpha, law.amplitude * share ** (1 / alpha)
        exact = (start**q * np.exp(-q * times) + a * (1 - np.exp(-q * times))) ** (1 / q)
    else:
        # y = ln(2 / (share d)) obeys y' = 1 - (4/pi^2) share (y + 1)
        k = 4 / math.pi**2 * share
        y0 = math.log(2 / (share * start))
        y = 1 / k - 1 + (y0 + 1 - 1 / k) * np.exp(-k * times)
        exact = 2 / share * np.exp(-y)
    tolerance = 0.05 if alpha > 1 else 1e-6  # d is no longer small after t = 1
    np.testing.assert_allclose(result.distance[:1], exact[:1], rtol=tolerance)
    if alpha != 1.6:
        np.testing.assert_allclose(result.distance, exact, rtol=1e-6)


def test_onset_of_heavy_networks_does_not_depend_on_size() -> None:
    noise = theory.onset_noise(0.8)
    below = theory.stable_sign_dynamics(0.8, 1.0, 1.02 * noise, [50.0], initial_distance=1e-3)
    above = theory.stable_sign_dynamics(0.8, 1.0, 0.9 * noise, [50.0], initial_distance=1e-3)
    assert below.stationary_distance == 0.0
    assert below.largest_exponent < 0 < above.largest_exponent
    assert above.stationary_distance > 0
    assert math.isinf(theory.onset_noise(1.2))


def test_stable_dynamics_at_two_is_the_binary_theory() -> None:
    """g and s of the stable convention enter as a ratio, which both conventions share."""
    times = [0.5, 2.0, 6.0]
    heavy = theory.stable_sign_dynamics(2.0, 1.0, 0.5, times, initial_distance=[1e-3, 1.4])
    for column, start in enumerate((1e-3, 1.4)):
        gauss = theory.binary_replicas(1.0, 0.5, times, initial_distance=start)
        np.testing.assert_allclose(heavy.distance[:, column], gauss.distance, rtol=1e-6)
    assert heavy.stationary_overlap == pytest.approx(gauss.stationary_overlap, abs=1e-10)


def test_table_density_of_the_dynamics() -> None:
    coarse, fine = (
        theory.stable_sign_dynamics(
            0.8, 1.0, 0.3, [3.0], initial_distance=1e-3, points_per_decade=n
        ).distance
        for n in (12, 50)
    )
    np.testing.assert_allclose(coarse, fine, rtol=1e-4)


@pytest.mark.parametrize("alpha", [0.4, 0.98, 1.3, 1.5, 1.52, 1.8])
def test_stable_survival_against_scipy(alpha: float) -> None:
    u = np.array([0.05, 1.0, 7.0])
    exact = [stats.levy_stable.sf(point, alpha, 0) for point in u]
    np.testing.assert_allclose(theory.stable_survival(alpha, u), exact, rtol=1e-6)
    np.testing.assert_allclose(
        theory.stable_survival(alpha, u), theory.stable_survival(alpha, u, refine=2), rtol=1e-10
    )
    tail = special.gamma(alpha) * math.sin(math.pi * alpha / 2) / math.pi
    far = 1e12 ** (1 / alpha)
    assert float(theory.stable_survival(alpha, far)) == pytest.approx(tail * 1e-12, rel=1e-4)


def survival_series(alpha: float, u: float) -> float:
    """Bergstrom's series, which converges for alpha < 1, in as many digits as it cancels."""
    with mpmath.workdps(60):
        a, total = mpmath.mpf(alpha), mpmath.mpf(0)
        for k in range(1, 2000):
            size = mpmath.gamma(a * k) / mpmath.factorial(k) * mpmath.mpf(u) ** (-a * k)
            total += (-1) ** (k + 1) * size * mpmath.sin(mpmath.pi * a * k / 2)
            if k > 20 and size < abs(total) * 1e-30:
                return float(total / mpmath.pi)
    raise AssertionError("the series does not converge")


@pytest.mark.parametrize(
    ("alpha", "u", "exact"),
    [(0.02, 1.0, 0.313938), (0.05, 1.0, 0.3107663), (0.05, 1e-6, 0.4279136)],
)
def test_stable_survival_of_extreme_tails(alpha: float, u: float, exact: float) -> None:
    assert float(theory.stable_survival(alpha, u)) == pytest.approx(exact, abs=5e-7)


@pytest.mark.parametrize("alpha", [0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.9])
def test_stable_survival_against_its_series(alpha: float) -> None:
    # at 1e100 and alpha = 0.2 a quadrature that starts at e^-40 misses 4e-4
    u = np.array([0.5, 1.0, 1e3, 1e12, 1e100])
    exact = [survival_series(alpha, point) for point in u]
    np.testing.assert_allclose(theory.stable_survival(alpha, u), exact, rtol=1e-11)
    one_by_one = [float(theory.stable_survival(alpha, point)) for point in u]
    np.testing.assert_allclose(one_by_one, exact, rtol=1e-11)


def test_stable_survival_is_refused_where_it_was_not_compared() -> None:
    with pytest.raises(ParameterError, match=r"alpha must be at least 0.001 here.*use 0.001"):
        theory.stable_survival(0.0009, 1.0)
    with pytest.raises(ParameterError, match=r"alpha must be at least 0.001 here"):
        theory.threshold_units(0.0009, 1.0)
    assert float(theory.stable_survival(0.001, 1.0)) == pytest.approx(
        (1 - math.exp(-1)) / 2, abs=1e-3
    )


def test_stable_survival_across_one_and_at_the_ends() -> None:
    u = np.array([0.3, 2.0, 50.0])
    np.testing.assert_allclose(
        theory.stable_survival(1.0, u), np.arctan(1 / u) / math.pi, rtol=1e-12
    )
    near = theory.stable_survival(1.0 + 1e-9, u)
    np.testing.assert_allclose(near, np.arctan(1 / u) / math.pi, rtol=1e-7)
    np.testing.assert_allclose(
        theory.stable_survival(2.0, u[:2]), stats.norm.sf(u[:2] / math.sqrt(2))
    )


def test_cauchy_threshold_units() -> None:
    for ratio in (1.01, 1.2, 2.5, 50.0):
        g = ratio * math.pi * 0.7
        result = theory.threshold_units(1.0, g, threshold=0.7)
        m = result.active_fraction
        assert m == pytest.approx(0.5 - math.atan(0.7 / (g * m)) / math.pi, abs=1e-10)
        assert (result.state, result.transition) == ("active", "continuous")
    assert theory.threshold_units(1.0, 0.99 * math.pi).state == "quiescent"


@pytest.mark.parametrize("alpha", [0.5, 0.9, 1.2, 1.7, 2.0])
def test_kind_of_transition(alpha: float) -> None:
    onset = theory.threshold_units(alpha, 1.0).onset_gain
    just_above = theory.threshold_units(alpha, onset * (1 + 1e-4))
    assert theory.threshold_units(alpha, onset * (1 - 1e-4)).active_fraction == 0
    if alpha <= 1:
        assert just_above.transition == "continuous"
        assert just_above.active_fraction < 1e-3
        assert onset == theory.critical_gain(alpha)
    else:
        assert just_above.transition == "discontinuous"
        assert just_above.active_fraction > 0.05
        assert onset < theory.critical_gain(alpha)
        assert 0 < just_above.unstable_fraction < just_above.active_fraction
    assert abs(just_above.residual) < 1e-9


def test_threshold_units_at_two_iterate_to_the_same_fraction() -> None:
    m, g = 0.5, 2.0
    for _ in range(400):
        m = stats.norm.sf(1 / (math.sqrt(2 * m) * g))
    result = theory.threshold_units(2.0, g)
    assert result.active_fraction == pytest.approx(m, abs=1e-10)
    below = result.unstable_fraction * 0.99
    for _ in range(400):
        below = stats.norm.sf(1 / (math.sqrt(2 * below) * g)) if below > 0 else 0.0
    assert below < 1e-10


def test_former_and_common_names_of_arguments() -> None:
    """One name and one order for what is the same, and the former keyword still works."""
    assert theory.stable_map(1.5, gain=2.0).scale == theory.stable_map(1.5, g=2.0).scale
    with pytest.raises(ParameterError, match=r"gain is the former name of g.*give g alone"):
        theory.stable_map(1.5, g=2.0, gain=2.0)
    with pytest.raises(ParameterError, match=r"n_neurons must .*it comes before alpha"):
        theory.flips_per_flip(0.5, 2000)
    found = theory.flips_per_flip(2000, 0.5)
    assert (
        found == theory.flips_per_flip(alpha=0.5, n_neurons=2000) == pytest.approx(1.2706, abs=1e-4)
    )
    assert (
        theory.rate_map(2.0, 0.3).field_variance == theory.rate_map(2.0, noise=0.3).field_variance
    )
    assert theory.rate_flow(2.0, 0.9).variance == theory.rate_flow(2.0, noise=0.9).variance


def test_one_initial_distance_gives_one_curve_as_for_binary_replicas() -> None:
    times = [0.0, 1.0, 2.0]
    one = theory.stable_sign_dynamics(2.0, 1.0, 0.5, times, initial_distance=0.1)
    gaussian = theory.binary_replicas(math.sqrt(2.0), math.sqrt(0.5), times, initial_distance=0.1)
    assert one.distance.shape == gaussian.distance.shape == (3,)
    np.testing.assert_allclose(one.distance, gaussian.distance, rtol=1e-3)
    several = theory.stable_sign_dynamics(2.0, 1.0, 0.5, times, initial_distance=[0.1])
    np.testing.assert_array_equal(several.distance[:, 0], one.distance)
    assert one.to_xarray().distance.dims == ("time",)
    assert several.to_xarray().distance.dims == ("time", "pair")
