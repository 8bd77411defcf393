"""Response kernels of smooth networks: rate maps, rate flows and event-exact theta neurons.

Rate maps with Gaussian weights: theory.rate_map_kernel, whose curvature at coincidence is
exp(2 lambda t).  With stable weights one step has a closed form, theory.stable_smooth_kernel, with
a term angle^(1 + alpha): that smooth units have analytic kernels holds at alpha = 2 only.  Their
eigenvalues fall like n^-(1 + (1 + alpha)/D), and below alpha = 1 the code is not differentiable.

Theta neurons have no closed form: the null case without coupling, and signs of effects with their
errors over networks.
"""

import math

import numpy as np
import pytest

from heavytail_snn.analysis import theory
from heavytail_snn.analysis.geometry import eigenspectrum_exponent, present, response_kernel
from heavytail_snn.analysis.geometry.kernels import distance_bins
from heavytail_snn.analysis.theory.codes.stable_smooth_kernel import positive_stable
from heavytail_snn.core.errors import ConvergenceError
from heavytail_snn.models import RateFlow, RateMap, ThetaNetwork, circle
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import Gaussian, LevyStable
from heavytail_snn.weights.wiring import AllToAll, FixedInDegree

CLOSE = np.array([0.0, 0.003, 0.006, 0.012, 0.024])  # radian, from each centre
FAR = np.array([0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0, 1.2])


def around_centres(offsets, n_centres=4):
    centres = 2 * np.pi * np.arange(n_centres) / n_centres
    return circle((centres[:, None] + offsets).ravel())


def binned(matrix, stimulus):
    """Mean of a kernel over the pairs at each distance, as `response_kernel` bins them."""
    member = distance_bins(stimulus.distances)[1]
    return np.array([matrix[member == k].mean() for k in range(member.max() + 1)])


def map_states(coupling, n_neurons, n_networks, stimulus, n_steps, *, scale=1.0, **options):
    """States after each step, (n_steps, n_stimuli, n_networks * n_neurons), and networks' names."""
    states = np.empty((n_steps, len(stimulus), n_networks, n_neurons))
    for seed in range(n_networks):
        network = RateMap(coupling, n_neurons, seed=seed, **options)
        state = scale * stimulus.patterns(n_neurons, seed=seed).T
        state = network.activation.function(state) if scale != 1.0 else state
        for step in range(n_steps):
            state = network.step(state)
            states[step, :, seed] = state.T
    groups = np.repeat(np.arange(n_networks), n_neurons)
    return states.reshape(n_steps, len(stimulus), -1), groups


GAIN, STEPS = 3.0, 6


@pytest.fixture(scope="module")
def gaussian_map():
    """Kernels of 12 networks of 2000 units after each step, and of theory at the same stimuli.

    The states' kernel after t steps is that of the fields after t + 1.
    """
    stimulus = around_centres(np.concatenate([CLOSE, FAR]))
    deviation = math.sqrt(theory.rate_map(GAIN).field_variance)
    states, groups = map_states(
        Coupling(Gaussian(), AllToAll()), 2000, 12, stimulus, STEPS, scale=deviation, gain=GAIN
    )
    angles = np.minimum(np.round(stimulus.distances, 12), np.pi)
    predicted = theory.rate_map_kernel(angles.ravel(), STEPS + 1, g=GAIN)
    options = {"stimuli": stimulus, "band": (0, 0.03), "n_bootstrap": 100, "seed": 1}
    measured = [response_kernel(row, groups=groups, **options) for row in states]
    exact = np.array([binned(row.reshape(angles.shape), stimulus) for row in predicted.kernel[2:]])
    return measured, exact, predicted


def test_rate_map_has_the_kernel_of_theory(gaussian_map):
    for measured, exact in zip(*gaussian_map[:2], strict=True):
        deviation = np.abs(measured.profile - exact)
        assert (deviation < 4 * measured.profile_error + 2e-3).all()
        assert deviation.max() < 0.012


def test_rate_map_is_smooth_at_coincidence(gaussian_map):
    for measured in gaussian_map[0]:
        assert abs(measured.nugget) < 0.1 * measured.closest_loss < 5e-5
        assert measured.cusp_exponent == pytest.approx(2, abs=0.06)
        assert measured.cusp_exponent_error < 0.02


def test_rate_map_is_stretched_by_the_exponent(gaussian_map):
    measured, exact, predicted = gaussian_map
    loss = np.array([result.closest_loss for result in measured])
    error = np.array([result.closest_loss_error for result in measured])
    curvature = 2 * loss / CLOSE[1] ** 2
    np.testing.assert_array_less(
        np.abs(curvature - predicted.curvature[2:]), 4 * curvature * error / loss
    )
    growth = math.log(loss[-1] / loss[0]) / (2 * (STEPS - 1))
    assert growth == pytest.approx(predicted.largest_exponent, abs=0.02)
    for result, row in zip(measured, exact, strict=True):
        length = np.interp(-0.5, -row, result.distance)  # where K is one half
        assert result.smoothness_length == pytest.approx(length, rel=0.03)
    # in the end only it shrinks like exp(-lambda t): at first K = 1/2 lies outside the parabola
    angles = np.geomspace(1e-3, 1.5, 4000)
    rows = theory.rate_map_kernel(angles, 14, g=GAIN).kernel
    lengths = np.array([np.interp(-0.5, -row, angles) for row in rows])
    rate = -np.diff(np.log(lengths))
    assert rate[1] < 0.6 * predicted.largest_exponent
    assert rate[-1] == pytest.approx(predicted.largest_exponent, rel=0.02)


def test_law_of_the_variances():
    node, weight = positive_stable(0.6, 400)
    for scale in (0.01, 1.0, 3.0):
        assert weight @ np.exp(-scale * node) == pytest.approx(math.exp(-(scale**0.6)), rel=1e-6)


def test_limits_of_the_kernel_with_stable_weights():
    angles = np.array([0.0, 0.5, 1.0, 2.0, np.pi])
    share = math.pi / (1 + math.pi)  # alpha = 2, g = 1: fields of variance 2
    exact = np.arcsin(share * np.cos(angles)) / math.asin(share)
    gaussian = theory.stable_smooth_kernel(angles, alpha=2.0, g=1.0)
    np.testing.assert_allclose(gaussian.kernel, exact, atol=1e-14)
    sharp = theory.stable_smooth_kernel(angles, alpha=1.2, g=1e9)  # sign units
    np.testing.assert_allclose(sharp.kernel, 1 - 2 * angles / np.pi, atol=1e-6)
    linear = theory.stable_smooth_kernel(angles, alpha=2.0, g=1e-6)
    np.testing.assert_allclose(linear.kernel, np.cos(angles), atol=1e-9)
    for alpha in (1.8, 1.0, 0.7):
        assert theory.stable_smooth_kernel(angles, alpha=alpha, g=1.0).residual < 1e-8
    with pytest.raises(ConvergenceError, match="increase n_nodes"):
        theory.stable_smooth_kernel(angles, alpha=0.1, g=1.0)
    assert theory.stable_smooth_kernel([1e-3], alpha=0.1, g=1.0, n_nodes=1600).residual < 1e-6


@pytest.mark.parametrize(("alpha", "cusp"), [(1.8, 2.0), (1.5, 2.0), (0.7, 1.7), (0.5, 1.5)])
def test_cusp_with_stable_weights(alpha, cusp):
    result = theory.stable_smooth_kernel([1e-7, 1e-6], alpha=alpha, g=1.0)
    slope = math.log10(result.distance[1] / result.distance[0])
    assert slope == pytest.approx(cusp, abs=0.02)
    assert result.cusp_exponent == cusp


@pytest.mark.parametrize("alpha", [1.5, 1.0, 0.7])
def test_smooth_units_with_stable_weights_have_power_law_spectra(alpha):
    """1 + (1 + alpha)/D on the circle; at alpha = 1 the bound 1 + 2/D of differentiable codes."""
    angles = np.pi * np.arange(2**10 + 1) / 2**10
    half = theory.stable_smooth_kernel(angles, alpha=alpha, g=1.0, n_nodes=160).kernel
    odd = np.arange(81, 201, 2)
    values = theory.circle_spectrum(np.concatenate([half, half[-2:0:-1]])).eigenvalue[odd]
    assert theory.power_law_exponent(odd, values).exponent == pytest.approx(2 + alpha, abs=0.02)


@pytest.mark.parametrize("alpha", [1.0, 0.7])
def test_network_of_smooth_units_has_that_spectrum(alpha):
    stimulus = circle(128)
    coupling = Coupling(LevyStable(alpha), AllToAll())
    states, groups = map_states(coupling, 3000, 2, stimulus, 1, phi="erf")
    result = eigenspectrum_exponent(
        states[0],
        band=(3, 17),
        modes="circle",
        parity="odd",
        prediction=lambda angle: theory.stable_smooth_kernel(angle, alpha=alpha, g=1.0).kernel,
        groups=np.arange(groups.size) % 40,
        n_bootstrap=20,
        seed=1,
    )
    assert result.predicted_exponent == pytest.approx(2 + alpha, abs=0.1)
    assert result.exponent == pytest.approx(result.predicted_exponent, abs=0.1)
    assert result.standard_error < 0.05


@pytest.mark.parametrize("alpha", [1.5, 0.7])
def test_heavy_tailed_rate_map_has_the_sub_gaussian_kernel(alpha):
    stimulus = around_centres(np.concatenate([[0], np.geomspace(0.03, 1, 8)]))
    coupling = Coupling(LevyStable(alpha), AllToAll())
    states, groups = map_states(coupling, 1000, 24, stimulus, 3, phi="erf")
    options = {"stimuli": stimulus, "groups": groups, "n_bootstrap": 100, "seed": 1}
    result = response_kernel(states[0], band=(0.025, 0.3), with_nugget=False, **options)
    grid = np.geomspace(1e-3, np.pi, 200)
    log_loss = np.log(theory.stable_smooth_kernel(grid, alpha=alpha, g=1.0).distance)
    apart = np.maximum(stimulus.distances, grid[0])
    exact = binned(np.exp(np.interp(np.log(apart), np.log(grid), log_loss)), stimulus)
    deviation = np.abs(result.coincidence - result.profile - exact)
    assert (deviation < 4 * result.profile_error).all()
    assert deviation.max() < 0.01
    inside = (result.distance > 0.025) & (result.distance < 0.3)
    x, y, error = result.distance[inside], exact[inside], result.profile_error[inside]
    slope = np.polyfit(np.log(x), np.log(y), 1, w=y / error)[0]
    assert result.cusp_exponent == pytest.approx(slope, abs=3 * result.cusp_exponent_error)
    assert result.cusp_exponent_error < 0.06
    if alpha < 1:  # not differentiable, though every unit is analytic
        assert slope < 2 - 6 * result.cusp_exponent_error
    for state in states:
        later = response_kernel(state, band=(0.0, 0.3), **options)
        assert abs(later.nugget) < 2e-3


@pytest.mark.parametrize("alpha", [2.0, 1.5])
@pytest.mark.parametrize("coding", ["drive", "initial"])
def test_rate_flow_is_smooth_at_coincidence(alpha, coding):
    """The loss is a parabola of the distance, in transient and chaotic states."""
    stimulus = around_centres(np.linspace(0, 0.01, 6), 3)
    coupling = Coupling(LevyStable(alpha), AllToAll())
    for seed in range(3):
        network = RateFlow(coupling, 200, gain=3.0, seed=seed)
        run = present(network, stimulus, 8.0, coding=coding, amplitude=0.5, seed=seed)
        for time in (2.0, 8.0):
            states = run.states(time)
            result = response_kernel(
                states, stimuli=stimulus, band=(0, 0.011), n_bootstrap=20, seed=1
            )
            assert abs(result.nugget) < 0.1 * result.closest_loss < 1e-4
            assert result.cusp_exponent == pytest.approx(2, abs=0.03 if alpha == 2 else 0.15)


WINDOW, N_WINDOWS = 0.1, 5


def theta_kernels(alpha, gain, n_networks=5):
    """Kernels of the counts in successive windows after onset, with errors over networks."""
    coupling = Coupling(LevyStable(alpha), FixedInDegree(50), gain=gain, autapses=False)
    stimulus = around_centres([0.0, 1e-6, 0.001, 0.004, 0.016], 3)
    runs = [
        present(
            ThetaNetwork(coupling.sample(200, seed), drive=0.1),
            stimulus,
            WINDOW * N_WINDOWS,
            amplitude=0.02,
            seed=seed,
        )
        for seed in range(n_networks)
    ]
    groups = np.repeat(np.arange(n_networks), 200)
    return [
        response_kernel(
            np.concatenate([run.counts(start, start + WINDOW) for run in runs], axis=1),
            stimuli=stimulus,
            center=True,
            band=(5e-4, 0.02),
            groups=groups,
            seed=1,
        )
        for start in WINDOW * np.arange(N_WINDOWS)
    ]


def test_theta_code_is_rough_where_chaos_has_had_the_time():
    """Uncoupled, a spike crosses the window's edge now and then: a loss that is linear in distance.

    Coupled, pairs at 0.001 radian lose all similarity within half a second, Gaussian ones first,
    and the kernel is then as flat as white noise down to that distance.  At 1e-6 radian it is still
    continuous two windows after onset: chaos amplifies differences, it does not create them.
    """
    kernels = {key: theta_kernels(*key) for key in ((2.0, 0.0), (2.0, 1.0), (1.5, 1.0))}
    loss = {k: np.array([1 - r.profile for r in rows]) for k, rows in kernels.items()}
    error = {k: np.array([r.profile_error for r in rows]) for k, rows in kernels.items()}
    smallest, close, apart, far = 0, 1, 3, 5  # 1e-6, 0.001, 0.004 and 0.016 radian
    assert kernels[2.0, 0.0][0].distance[[smallest, close, apart, far]] == pytest.approx(
        [1e-6, 0.001, 0.004, 0.016], rel=0.05
    )
    null = loss[2.0, 0.0]
    assert (null[:, close] < 0.01).all()
    assert null[:, far].sum() / null[:, apart].sum() == pytest.approx(4, rel=0.35)
    for law in ((2.0, 1.0), (1.5, 1.0)):
        growth = np.diff(loss[law][:4, close])
        assert (growth > 2 * np.hypot(*[error[law][i : i + 3, close] for i in (0, 1)])).all()
        assert loss[law][-1, close] > 0.9
        assert loss[law][-1, [apart, far]] == pytest.approx(loss[law][-1, close], abs=0.15)
        assert loss[law][1, smallest] < 0.01
        assert loss[law][1, far] > 0.25
    for window in (1, 2, 3):
        difference = loss[2.0, 1.0][window, close] - loss[1.5, 1.0][window, close]
        assert difference > 2 * np.hypot(
            error[2.0, 1.0][window, close], error[1.5, 1.0][window, close]
        )
    # where the loss saturates inside the band the fit says that it means nothing
    assert "quote closest_loss" in kernels[1.5, 1.0][2].warnings[0]
