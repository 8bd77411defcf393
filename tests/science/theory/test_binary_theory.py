"""Binary mean field against closed forms, the rate-flow theory and its own refinement.

Closed forms are written out here: the arcsine map of +-1 units (Keup, Kuehn, Dahmen & Helias, PRX
11, 021064 (2021)), Newton's equation for the autocorrelation integrated by plain Runge-Kutta, and
scipy's bivariate normal for 0/1 units.  The matched rate network is compared with the rate-flow
theory, which shares no code with it.
"""

import math

import numpy as np
import pytest
from scipy import integrate, optimize, special, stats

from heavytail_snn.analysis import theory
from heavytail_snn.analysis.theory.binary_networks.onset import survival_of_chain
from heavytail_snn.analysis.theory.binary_networks.units import binary_units

PAIRS = [(1.0, 0.0), (1.0, 0.5), (0.7, 1.3), (3.0, 0.2)]


@pytest.mark.parametrize(("g", "s"), PAIRS)
def test_sign_autocorrelation_solves_newtons_equation(g: float, s: float) -> None:
    a = g**2 / (g**2 + s**2)

    def potential(q: float) -> float:
        y = a * q
        f = 2 / (math.pi * a) * (y * math.asin(y) + math.sqrt(1 - y**2) - 1)
        return q**2 - 2 * f

    times = np.linspace(0, 5, 11)
    exact = integrate.solve_ivp(
        lambda t, q: [-math.sqrt(potential(q[0]))],
        (0, 5),
        [1.0],
        t_eval=times,
        rtol=1e-11,
        atol=1e-12,
    ).y[0]
    ours = theory.binary(g, s, tau_max=5.0, dt=0.5)
    np.testing.assert_allclose(ours.autocorrelation, exact, atol=1e-8)
    assert ours.initial_decay_rate == pytest.approx(math.sqrt(potential(1.0)), rel=1e-12)
    assert ours.residual < 1e-10


@pytest.mark.parametrize(("g", "s"), PAIRS)
def test_sign_overlap_map_and_stationary_overlap(g: float, s: float) -> None:
    units = binary_units(g, s)
    c = np.linspace(-0.9, 0.99, 20)
    exact = 2 / math.pi * np.arcsin((g**2 * c + s**2) / (g**2 + s**2))
    np.testing.assert_allclose(1 - units.gap(units.weight * (1 - c)), exact, atol=1e-14)
    curve = theory.binary_replicas(g, s, [60.0], initial_distance=1e-6)
    fixed = curve.stationary_overlap
    back = 2 / math.pi * math.asin((g**2 * fixed + s**2) / (g**2 + s**2))
    assert back == pytest.approx(fixed, abs=1e-12)
    assert curve.overlap[0] == pytest.approx(fixed, abs=1e-6)


def test_replicas_against_leading_order_and_exact_identity() -> None:
    times = np.array([0.01, 0.1, 0.5])
    curve = theory.binary_replicas(0.01, 1.0, times, initial_distance=1e-9)
    leading = (math.sqrt(1e-9) * np.exp(-times / 2) + curve.kappa * (1 - np.exp(-times / 2))) ** 2
    np.testing.assert_allclose(curve.distance, leading, rtol=1e-5)
    same = theory.binary_replicas(1.0, 0.5, [0.0, 3.0], initial_distance=0.0)
    np.testing.assert_array_equal(same.distance, 0.0)


def test_independent_noise_gives_the_autocorrelations_limit() -> None:
    options = {"units": "zero_one", "mean_coupling": -2.0, "threshold": -0.3}
    network = theory.binary(1.0, 0.3, tau_max=40.0, dt=0.5, **options)
    replicas = theory.binary_replicas(
        1.0, 0.3, [40.0], initial_distance=1e-3, noise="independent", **options
    )
    assert replicas.stationary_overlap == pytest.approx(network.static_overlap, abs=1e-12)
    assert network.autocorrelation[-1] == pytest.approx(network.static_overlap, abs=1e-9)
    sign = theory.binary_replicas(1.0, 0.5, [1.0], initial_distance=0.1, noise="independent")
    assert sign.stationary_overlap == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    ("g", "s", "j0", "threshold"), [(1.0, 0.3, -2.0, -0.3), (1.5, 0.0, 0.5, 0.1)]
)
def test_zero_one_units_against_the_bivariate_normal(g, s, j0, threshold) -> None:
    options = {"units": "zero_one", "mean_coupling": j0, "threshold": threshold}
    network = theory.binary(g, s, tau_max=3.0, dt=1.0, **options)
    m, q = network.mean_activity, network.static_overlap
    v = s**2 + g**2 * m
    zeta = (j0 * m - threshold) / math.sqrt(v)
    assert special.ndtr(zeta) == pytest.approx(m, abs=1e-12)

    def product(overlap: float) -> float:
        rho = g**2 * overlap / v
        return integrate.quad(
            lambda x: stats.norm.pdf(x) * special.ndtr((zeta - rho * x) / math.sqrt(1 - rho**2)),
            -np.inf,
            zeta,
            epsabs=1e-10,
        )[0]

    assert product(q) == pytest.approx(q, abs=1e-9)
    assert q < m

    def velocity(_, x):
        work = integrate.quad(lambda u: u - product(u), q, x[0], limit=20, epsabs=1e-6)[0]
        return [-math.sqrt(2 * work)]

    steps = integrate.solve_ivp(velocity, (0, 1), [m * (1 - 1e-9)], rtol=1e-4, max_step=0.5)
    assert steps.y[0, -1] == pytest.approx(network.autocorrelation[1], abs=2e-4)


@pytest.mark.parametrize(("g", "s"), [(1.0, 0.5), (2.0, 0.5), (1.0, 1.0)])
def test_matched_network_is_the_rate_flow_and_never_chaotic(g: float, s: float) -> None:
    matched = theory.matched_rate_network(g, s)
    flow = theory.rate_flow(
        g,
        math.sqrt(matched.noise_variance),
        phi=lambda x: special.erf(x / (s * math.sqrt(2))),
    )
    assert flow.variance == pytest.approx(g**2, rel=1e-5)
    common = np.linspace(0.0, 5.0, 21)
    ours = np.interp(common, matched.times, matched.autocovariance)
    np.testing.assert_allclose(ours, np.interp(common, flow.time, flow.autocovariance), atol=2e-4)
    assert matched.chaos_margin == pytest.approx(
        flow.variance - g**2 * flow.activity_variance, rel=1e-4
    )
    assert matched.chaos_margin > 0 > matched.largest_exponent


@pytest.mark.parametrize("ratio", [0.01, 0.1, 0.5, 2.0, 30.0])
def test_matched_network_has_margin_at_every_noise(ratio: float) -> None:
    matched = theory.matched_rate_network(1.0, ratio, tau_max=60.0, n_lags=6000)
    assert matched.chaos_margin > 0 > matched.largest_exponent


def test_doubling_grids_changes_less_than_the_tolerances() -> None:
    coarse, fine = (
        theory.matched_rate_network(1.0, 0.5, tau_max=80.0, n_lags=n).largest_exponent
        for n in (8000, 16000)
    )
    assert abs(coarse - fine) < 1e-5
    coarse, fine = (theory.binary_participation(1.0, 0.5, refine=r) for r in (1, 2))
    assert fine.field_participation_ratio_per_neuron == pytest.approx(
        coarse.field_participation_ratio_per_neuron, rel=1e-4
    )
    loose, tight = (
        theory.binary_replicas(1.0, 0.5, [1.0, 8.0], initial_distance=1e-3, tolerance=t).overlap
        for t in (1e-8, 1e-12)
    )
    np.testing.assert_allclose(loose, tight, atol=1e-7)


def test_states_of_uncoupled_units_fill_all_dimensions() -> None:
    ratio = theory.binary_participation(1e-3, 1.0)
    assert ratio.participation_ratio_per_neuron == pytest.approx(1.0, abs=1e-5)
    # a field J S with independent states is Wishart: PR/N = 1/2
    assert ratio.field_participation_ratio_per_neuron == pytest.approx(0.5, abs=1e-4)


def test_survival_of_a_linear_chain() -> None:
    """Linear birth and death: survival (1 - r) / (exp(t (1 - r)) - r), r births per death."""
    n_neurons, births, duration = 4000, 0.6, 3.0
    flips = np.arange(n_neurons + 1)
    # births n r and deaths n in the limit of rare flips
    different = np.minimum(births * flips / (n_neurons - 0.999 * flips), 1.0)
    different[1:] = births * flips[1:] / n_neurons
    alive, residual = survival_of_chain(different, 1, duration)
    exact = (1 - births) / (math.exp(duration * (1 - births)) - births)
    assert alive == pytest.approx(exact, rel=2e-3)
    assert residual < 1e-5
    three = survival_of_chain(different, 3, duration)[0]
    assert three == pytest.approx(1 - (1 - exact) ** 3, rel=2e-3)


def test_onset_gain_has_one_induced_flip() -> None:
    gain = theory.binary_onset_gain(400, 0.7)
    assert theory.binary_onset(400, gain, 0.7).r0 == pytest.approx(1.0, rel=1e-12)
    assert gain == pytest.approx(math.pi * 0.7 / (2 * math.sqrt(400)), rel=5e-3)


def test_flips_per_flip_of_zero_one_units() -> None:
    """Two units of input that differ by one weight: both conventions of the flip's distance."""
    onset = theory.binary_onset(
        2000, 1.0, 0.3, units="zero_one", mean_coupling=-2.0, threshold=-0.3
    )
    network = theory.binary(1.0, 0.3, units="zero_one", mean_coupling=-2.0, threshold=-0.3)
    v = 0.3**2 + network.mean_activity
    zeta = special.ndtri(network.mean_activity)
    # a flip shifts each field by J ~ N(0, 1/N); new states differ with probability E|J| density
    expected = 2000 * math.sqrt(2 / math.pi / 2000) * stats.norm.pdf(zeta) / math.sqrt(v)
    assert onset.r0 == pytest.approx(expected, rel=1e-9)
    assert onset.flips_per_flip == pytest.approx(expected, rel=2e-3)


def test_several_mean_activities_are_announced() -> None:
    bistable = theory.binary(
        0.2, 0.3, units="zero_one", mean_coupling=4.0, threshold=2.0, tau_max=1.0
    )
    assert bistable.warnings
    excess = optimize.brentq(
        lambda m: special.ndtr((4 * m - 2) / math.sqrt(0.09 + 0.04 * m)) - m, 0.6, 1 - 1e-12
    )
    assert bistable.mean_activity == pytest.approx(excess, abs=1e-10)
