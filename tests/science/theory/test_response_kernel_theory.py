"""Response kernels, their spectra, learning curves and exponents by population dynamics.

Closed forms: the arc-cosine kernel of order 0 (Cho & Saul, NIPS 2009) and its eigenvalues on the
circle, 1 + 2/(alpha D) for one step, exp(2 lambda t) for the curvature of smooth units, ridge
regression on a finite set of modes (exact for P to infinity), and (1/2) ln(2 g^2 <phi'^2>) at
alpha = 2.
"""

import math

import numpy as np
import pytest

from heavytail_snn.analysis import theory
from heavytail_snn.core.errors import ParameterError


def full_circle(half: np.ndarray) -> np.ndarray:
    return np.concatenate([half, half[-2:0:-1]])


def half_circle(count: int) -> np.ndarray:
    return np.minimum(2 * math.pi / count * np.arange(count // 2 + 1), math.pi)


def test_one_step_is_the_arc_cosine_kernel() -> None:
    angles = half_circle(4096)
    kernel = theory.synchronous_kernel(angles, 1).kernel[1]
    np.testing.assert_allclose(kernel, 1 - 2 * angles / math.pi, atol=1e-12)
    spectrum = theory.circle_spectrum(full_circle(kernel))
    odd = np.arange(1, 20, 2)
    np.testing.assert_allclose(spectrum.eigenvalue[odd], 4 / (math.pi * odd) ** 2, rtol=1e-3)
    np.testing.assert_allclose(spectrum.eigenvalue[2:20:2], 0, atol=1e-12)
    assert np.sum(spectrum.eigenvalue * spectrum.degeneracy) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("alpha", [0.75, 1.0, 1.5, 2.0])
def test_asymptotic_exponent_on_the_circle(alpha: float) -> None:
    """Two bands, extrapolated: the exponent is 1 + 2/alpha to 1e-3."""
    kernel = theory.synchronous_kernel(half_circle(2**14), 1, alpha=alpha).kernel[1]
    spectrum = theory.circle_spectrum(full_circle(kernel))
    odd = np.arange(61, 121, 2)
    local = theory.power_law_exponent(odd, spectrum.eigenvalue[odd]).exponent
    assert local == pytest.approx(theory.eigen_exponent(alpha, 1), abs=2e-3)
    assert theory.eigen_exponent(alpha, 1) == pytest.approx(1 + 2 / alpha, rel=1e-14)


@pytest.mark.parametrize("dimension", [1, 2, 3, 5])
def test_sphere_spectrum(dimension: int) -> None:
    arc = theory.sphere_spectrum(lambda angle: 1 - 2 * angle / math.pi, dimension, max_degree=41)
    np.testing.assert_allclose(arc.eigenvalue[0:41:2], 0, atol=1e-10)
    linear = theory.sphere_spectrum(np.cos, dimension, max_degree=3)
    # the harmonics of degree 1 are the D + 1 coordinates
    np.testing.assert_allclose(linear.eigenvalue, [0, 1 / (dimension + 1), 0, 0], atol=1e-12)
    assert linear.degeneracy[1] == dimension + 1
    assert linear.residual < 1e-12
    if dimension == 2:
        np.testing.assert_array_equal(arc.degeneracy, 2 * np.arange(42) + 1)


def test_driven_kernel_solves_its_equation() -> None:
    g, s, s_in, angle = 0.8, 0.4, 1.2, 0.7
    total = g**2 + s**2 + s_in**2
    step, times = 1e-3, np.arange(0.5, 2.0, 1e-3)
    k = theory.response_kernel([angle], times, g=g, s=s, stimulus_sd=s_in).kernel[:, 0]
    slope = (k[2:] - k[:-2]) / (2 * step)
    inside = (g**2 * k[1:-1] + s_in**2 * math.cos(angle) + s**2) / total
    np.testing.assert_allclose(slope, -k[1:-1] + 2 / math.pi * np.arcsin(inside), atol=1e-6)


def test_kernel_is_one_at_coincidence_and_jumps() -> None:
    result = theory.response_kernel([0.0, 0.5], [0.0, 2.0], g=1.0, s=0.5)
    np.testing.assert_array_equal(result.kernel[:, 0], 1.0)
    np.testing.assert_allclose(result.kernel[0], 1.0, atol=1e-12)
    assert result.nugget[1] > 0.1
    assert result.residual < 1e-8


def test_distances_rounded_beyond_opposite_stimuli_are_opposite() -> None:
    kernel = theory.response_kernel([math.pi, 3.141592654], [1.0], g=1.0, s=0.5).kernel
    assert kernel[0, 0] == kernel[0, 1]
    with pytest.raises(ParameterError, match="between 0 and pi"):
        theory.response_kernel([3.15], [1.0], g=1.0, s=0.5)


def test_nugget_vanishes_with_the_coupling_and_with_independent_noise_is_no_jump() -> None:
    times = np.array([0.5, 3.0])
    weak = theory.response_kernel([0.5], times, g=1e-3, s=0.5).nugget
    np.testing.assert_allclose(
        weak, theory.leading_nugget(times, g=1e-3, s=0.5, stimulus_sd=1.0), rtol=1e-3
    )
    noisy = theory.response_kernel([1e-4, 1e-3], times, g=1.0, s=0.5, noise="independent")
    # continuous: the loss is that of the noise, the same at all small angles
    np.testing.assert_allclose(noisy.distance[:, 0], noisy.distance[:, 1], rtol=1e-3)
    np.testing.assert_allclose(noisy.distance[:, 0], noisy.nugget, rtol=1e-3)


def test_initial_condition_coding_is_the_replica_dynamics() -> None:
    angle, times = 0.4, [0.5, 4.0]
    kernel = theory.response_kernel([angle], times, g=1.0, s=0.5, coding="initial_condition")
    replicas = theory.binary_replicas(1.0, 0.5, times, initial_distance=1 - math.cos(angle))
    np.testing.assert_allclose(kernel.kernel[:, 0], replicas.overlap, atol=1e-9)
    heavy = theory.stable_response_kernel([angle], times, alpha=2.0, g=1.0, s=0.5)
    np.testing.assert_allclose(heavy.kernel, kernel.kernel, atol=1e-6)
    np.testing.assert_allclose(heavy.nugget, kernel.nugget, rtol=1e-4)


@pytest.mark.parametrize(
    ("alpha", "n_steps", "start"),
    [(2.0, 2, "cosine"), (1.5, 2, "cosine"), (1.5, 1, "triangle"), (2.0, 3, "triangle")],
)
def test_cusp_of_the_synchronous_kernel(alpha: float, n_steps: int, start: str) -> None:
    angles = np.geomspace(1e-12, 1e-10, 10)
    distance = theory.synchronous_kernel(angles, n_steps, alpha=alpha, start=start).distance[-1]
    measured = -theory.power_law_exponent(angles, distance).exponent
    assert measured == pytest.approx(theory.cusp_exponent(alpha, n_steps, start=start), abs=2e-3)


def test_cusp_behind_a_smooth_term() -> None:
    """For alpha < 1 the cusp angle^(2/alpha) follows kappa d; it is seen after subtraction."""
    alpha, angles = 0.75, np.geomspace(1e-3, 1e-2, 10)
    kernel = theory.synchronous_kernel(angles, 1, alpha=alpha)
    kappa = theory.small_distance_law(alpha).amplitude
    behind = np.abs(kernel.distance[1] - kappa * kernel.distance[0])
    measured = -theory.power_law_exponent(angles, behind).exponent
    assert measured == pytest.approx(theory.cusp_exponent(alpha), abs=0.03)


@pytest.mark.parametrize("g", [1.5, 4.0])
def test_smooth_kernel_is_stretched_by_the_exponent(g: float) -> None:
    small, n_steps = 1e-7, 5
    kernel = theory.rate_map_kernel([small, math.pi / 2, math.pi], n_steps, g=g)
    exponent = theory.rate_map(g).largest_exponent
    assert 2 * kernel.distance[-1, 0] / small**2 == pytest.approx(
        math.exp(2 * exponent * n_steps), rel=1e-4
    )
    np.testing.assert_allclose(kernel.kernel[:, 1], 0.0, atol=1e-12)  # odd phi
    np.testing.assert_allclose(kernel.kernel[:, 2], -1.0, atol=1e-12)
    assert kernel.residual < 1e-6


def test_learning_curve_of_flat_modes() -> None:
    """M equal modes and a ridge: kappa solves a quadratic equation."""
    modes, count, ridge, noise = 50, 20, 0.3, 0.4
    values, power = np.full(modes, 2.0), np.zeros(modes)
    power[0] = 1.0
    curve = theory.learning_curve(values, power, [count], ridge=ridge, label_noise=noise)
    # M lam kappa + ridge (lam + kappa) = P kappa (lam + kappa)
    b = 2 * modes + ridge - 2 * count
    kappa = (b + math.sqrt(b * b + 8 * ridge * count)) / (2 * count)
    learned = 2 / (2 + kappa)
    excess = count / (count - modes * learned**2)
    assert curve.kappa[0] == pytest.approx(kappa, rel=1e-10)
    assert curve.error[0] == pytest.approx(
        excess * ((1 - learned) ** 2 + noise**2) - noise**2, rel=1e-10
    )


def test_learning_curve_against_regression_on_random_modes() -> None:
    """Gaussian features: the formula is exact for many modes; 40 draws of regression."""
    rng, modes, count, ridge, noise = np.random.default_rng(5), 300, 100, 0.05, 0.3
    values = 1.0 / (1 + np.arange(modes)) ** 1.5
    power = np.zeros(modes)
    power[:4] = 0.25
    target = np.sqrt(power)
    errors = []
    for _ in range(40):
        features = rng.standard_normal((count, modes))
        labels = features @ target + noise * rng.standard_normal(count)
        gram = (features * values) @ features.T + ridge * np.eye(count)
        weights = values * (features.T @ np.linalg.solve(gram, labels))
        errors.append(np.sum((weights - target) ** 2))
    curve = theory.learning_curve(values, power, [count], ridge=ridge, label_noise=noise)
    assert curve.error[0] == pytest.approx(np.mean(errors), rel=0.06)


def test_exponent_at_two_is_the_closed_form_of_the_rate_map() -> None:
    """g of the stable convention is sqrt(2) times smaller; gamma^2 is half the variance."""
    ours = theory.population_dynamics_map(2.0, 1.5)
    gauss = theory.rate_map(1.5 * math.sqrt(2))
    assert ours.largest_exponent == pytest.approx(gauss.largest_exponent, abs=1e-12)
    assert ours.field_scale == pytest.approx(theory.stable_map(2.0, 1.5).scale, rel=1e-6)
    silent = theory.population_dynamics_map(2.0, 0.6)
    assert (silent.state, silent.field_scale) == ("quiescent", 0.0)
    assert silent.largest_exponent == pytest.approx(math.log(0.6 * math.sqrt(2)), abs=1e-12)


def test_population_joins_the_closed_form_near_two() -> None:
    ours = theory.population_dynamics_map(
        1.99, 1.5, population=2000, n_terms=40, n_steps=20, n_transient=15, n_runs=4, seed=1
    )
    exact = theory.population_dynamics_map(2.0, 1.5)
    assert ours.largest_exponent == pytest.approx(exact.largest_exponent, abs=0.02)
    assert ours.standard_error < 0.01


@pytest.mark.parametrize(("alpha", "g"), [(1.0, 2.0), (1.5, 1.0), (0.7, 1.0)])
def test_population_has_the_scale_of_the_fixed_point(alpha: float, g: float) -> None:
    ours = theory.population_dynamics_map(
        alpha, g, population=4000, n_terms=30, n_steps=6, n_transient=10, n_runs=3, seed=2
    )
    assert ours.field_scale == pytest.approx(theory.stable_map(alpha, g).scale, rel=0.02)


def test_linear_population_has_the_finite_size_gain() -> None:
    """Below the size-dependent onset the state dies and the exponent is that of silence."""
    silent = theory.population_dynamics_map(
        1.0, 0.02, population=200, n_steps=50, n_terms=40, n_runs=16, seed=3
    )
    assert silent.state == "quiescent"
    # silence loses stability where the exponent, ln(g / g*), passes zero; g* is a network's
    at_zero = 0.02 * math.exp(-silent.largest_exponent)
    assert at_zero == pytest.approx(theory.quiescent_gain(200, 1.0), rel=0.15)


@pytest.mark.slow
def test_exponent_grows_with_the_population_towards_its_limit() -> None:
    limit = theory.population_extrapolation(
        1.0,
        1.0,
        populations=(250, 1000, 4000),
        n_terms=20,
        n_steps=20,
        n_transient=15,
        n_runs=24,
        seed=4,
    )
    assert limit.exponents[0] < limit.exponents[-1]
    assert limit.largest_exponent > limit.exponents[-1]
    assert limit.slope < 0
    assert limit.chi_square_per_degree < 8
    # the stored estimate at P = 10000 is 0.228(11); the limit lies above by b / 100
    assert limit.largest_exponent == pytest.approx(
        0.228 - limit.slope / 100, abs=4 * math.hypot(limit.standard_error, 0.011)
    )


def test_same_seed_gives_the_same_population() -> None:
    first, second, other = (
        theory.population_dynamics_map(
            1.2, 1.0, population=100, n_terms=10, n_steps=3, n_transient=2, n_runs=2, seed=seed
        ).history
        for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)
