"""Curves of the largest exponent: batching, float32, onset, width, quenched threshold, protocol."""

import matplotlib as mpl
import numpy as np
import pytest
from tqdm import tqdm

from heavytail_snn.analysis.lyapunov import (
    NotLyapunovWarning,
    chaos_onset,
    edge_of_chaos_width,
    largest_exponent_curve,
    lyapunov_spectrum,
    quenched_gain,
)
from heavytail_snn.analysis.lyapunov.rate import gain_curve, onset
from heavytail_snn.analysis.lyapunov.rate.compat import published_transition
from heavytail_snn.analysis.lyapunov.rate.edge_of_chaos import last_upward_crossing
from heavytail_snn.core.errors import ConvergenceError, ParameterError
from heavytail_snn.models.rate.flow import RateFlow
from heavytail_snn.models.rate.map import RateMap
from heavytail_snn.models.rate.network import LowRankPlus
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import LevyStable
from heavytail_snn.weights.wiring import AllToAll, FixedInDegree

mpl.use("Agg")
STABLE = Coupling(LevyStable(1.5), AllToAll())
SHORT = {"n_steps": 50, "state_warmup": 0, "tangent_warmup": 0}


def minus_sine(x):
    return -np.sin(x)


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_batched_gains_equal_single_runs(noise):
    weights = STABLE.sample(80, 1)
    gains = [0.3, 1.0, 2.0, 5.0]
    # chaos multiplies the rounding of the matrix product, which differs with the shape: few steps
    few = SHORT | {"n_steps": 20}
    batched = largest_exponent_curve(weights, gains, noise=noise, seed=2, **few)
    single = [largest_exponent_curve(weights, g, noise=noise, seed=2, **few) for g in gains]
    np.testing.assert_allclose(batched.exponents, [c.exponents[0] for c in single], atol=1e-9)


def test_the_curve_is_the_first_exponent_of_the_spectrum():
    network = RateMap(STABLE, 80, noise=0.05, seed=1)
    curve = largest_exponent_curve(
        network, [2.0], seed=2, n_steps=2000, state_warmup=100, tangent_warmup=100
    )
    spectrum = lyapunov_spectrum(
        network.with_gain(2.0), k=3, seed=2, n_steps=2000, state_warmup=100, tangent_warmup=100
    )
    error = np.hypot(curve.standard_error[0], spectrum.standard_error[0])
    assert abs(curve.exponents[0] - spectrum.exponents[0]) < 3 * error + 0.002
    assert curve.standard_error[0] == pytest.approx(spectrum.standard_error[0], rel=0.8)


def test_quiescent_exponent_is_the_spectral_radius():
    weights = Coupling(LevyStable(2.0), AllToAll()).sample(60, 1)
    gain = 0.5 * quenched_gain(weights)
    curve = largest_exponent_curve(weights, [gain], seed=0, n_steps=3000)
    assert curve.exponents[0] == pytest.approx(np.log(0.5), abs=2e-3)


@pytest.mark.parametrize(
    ("phi", "noise", "bias"),
    [("tanh", 0.0, 0.0), ("relu", 1.0, 0.0), ("relu", 0.0, 0.2), ((np.cos, minus_sine), 0.0, 0.0)],
)
def test_only_states_that_are_silent_for_good_are_left_behind(phi, noise, bias):
    # relu states are exactly 0 now and then, and come back where noise or bias drive them
    network = RateMap(0.3 * STABLE.sample(4, 1), phi=phi, noise=noise, bias=bias)
    gains = np.array([0.01, 0.1, 0.5])
    batch = gain_curve._Batch(network, gains, "float64", 3)
    batch.skip(401, tqdm(disable=True))
    for i, gain in enumerate(gains):
        states = network.with_gain(gain).run(401, seed=3)
        np.testing.assert_allclose(batch.both[:, i], states[-1], atol=1e-12)
    assert batch.silence_lasts == (phi == "tanh")


def test_silent_gains_keep_their_exponents(monkeypatch):
    weights, gains = STABLE.sample(60, 1), [0.02, 0.1, 0.15, 3.0]
    quick = largest_exponent_curve(weights, gains, seed=1, n_steps=400)
    monkeypatch.setattr(gain_curve, "_STEPS_BETWEEN_LOOKS", 10**9)
    slow = largest_exponent_curve(weights, gains, seed=1, n_steps=400)
    np.testing.assert_allclose(quick.exponents[:3], slow.exponents[:3], rtol=1e-9)
    error = np.hypot(quick.standard_error, slow.standard_error)[3]
    assert abs(quick.exponents - slow.exponents)[3] < 4 * error


def test_float32_states_its_error_and_agrees_statistically():
    weights = Coupling(LevyStable(2.0), AllToAll()).sample(150, 1)
    options = {"seed": 1, "n_steps": 1500, "state_warmup": 200, "tangent_warmup": 50}
    double = largest_exponent_curve(weights, [2.0, 3.0], **options)
    single = largest_exponent_curve(weights, [2.0, 3.0], dtype="float32", **options)
    assert (double.rounding_error == 0).all()
    assert (single.rounding_error > 0).all()
    assert (single.rounding_error < 1e-5).all()
    error = np.hypot(single.standard_error, double.standard_error)
    assert (np.abs(single.exponents - double.exponents) < 4 * error).all()


def test_sparse_weights_and_low_rank_structure():
    weights = Coupling(LevyStable(1.5), FixedInDegree(10)).sample(50, 1)
    dense = weights.toarray()
    first = largest_exponent_curve(weights, [1.0, 2.0], seed=1, **SHORT)
    second = largest_exponent_curve(dense, [1.0, 2.0], seed=1, **SHORT)
    np.testing.assert_allclose(first.exponents, second.exponents, atol=1e-9)
    matrix = LowRankPlus(weights, np.ones((50, 1)), np.ones((50, 1)) / 50)
    third = largest_exponent_curve(matrix, [1.0], seed=1, **SHORT)
    fourth = largest_exponent_curve(matrix.toarray(), [1.0], seed=1, **SHORT)
    np.testing.assert_allclose(third.exponents, fourth.exponents, atol=1e-9)


def test_a_perturbation_that_dies_has_the_exponent_minus_infinity():
    shift = np.diag(np.ones(4), 1)  # nilpotent
    curve = largest_exponent_curve(shift, [1.0], n_steps=20, state_warmup=0, tangent_warmup=10)
    assert curve.exponents[0] == -np.inf
    assert quenched_gain(shift) == np.inf


def test_onset_is_the_last_upward_crossing():
    gains = [0.25, 0.5, 1.0, 2.0, 4.0]
    assert last_upward_crossing(gains, [-1, 0.5, -0.5, 0.5, 0.2], threshold=0) == pytest.approx(
        np.sqrt(2)
    )
    assert np.isnan(last_upward_crossing(gains, [-1, -1, -1, -1, 0.0]))
    assert np.isnan(last_upward_crossing(gains, [1, 1, 1, 1, 1]))


def test_width_counts_decades():
    gains = np.logspace(-1, 1, 9)
    assert edge_of_chaos_width(gains, np.linspace(-0.4, 0.4, 9)) == pytest.approx(0.5)
    assert edge_of_chaos_width(gains, np.zeros(9)) == pytest.approx(2)
    assert edge_of_chaos_width(gains, np.full(9, -0.5)) == 0
    half = edge_of_chaos_width(gains, np.linspace(-0.4, 0.4, 9), half_width=0.05)
    assert half == pytest.approx(0.25)


@pytest.mark.parametrize("alpha", [1.0, 2.0])
def test_quenched_gain_by_arpack_equals_the_dense_one(alpha, monkeypatch):
    weights = Coupling(LevyStable(alpha), FixedInDegree(50)).sample(300, 3)
    dense = quenched_gain(weights)
    assert dense == pytest.approx(1 / np.abs(np.linalg.eigvals(weights.toarray())).max())
    monkeypatch.setattr(onset, "_DENSE_BELOW", 100)
    zero = np.zeros((300, 1))
    for matrix in (weights, weights.toarray(), LowRankPlus(weights, zero, zero)):
        assert quenched_gain(matrix) == pytest.approx(dense, rel=1e-6)


def test_chaos_onset_gives_every_network_its_own_onset():
    options = {"n_steps": 300, "state_warmup": 300, "tangent_warmup": 50}
    gains = np.geomspace(0.5, 3, 8)
    coupling = Coupling(LevyStable(2.0), AllToAll())
    result = chaos_onset(coupling, gains, n_neurons=60, n_networks=4, seed=1, **options)
    assert result.exponents.shape == (4, 8)
    for crossing, curve in zip(result.onsets, result.exponents, strict=True):
        assert crossing == pytest.approx(last_upward_crossing(gains, curve), nan_ok=True)
    assert result.standard_error == pytest.approx(result.onsets.std(ddof=1) / 2)
    assert result.quantile_10 <= result.median <= result.quantile_90
    again = chaos_onset(coupling, gains, n_neurons=60, n_networks=4, seed=1, **options)
    np.testing.assert_array_equal(result.onsets, again.onsets)
    one = chaos_onset(coupling.sample(60, 0), gains, seed=1, **options)
    assert one.exponents.shape == (1, 8)


def test_networks_that_do_not_cross_make_the_mean_a_lower_bound():
    calm, wild = np.eye(20) * 1e-3, Coupling(LevyStable(2.0), AllToAll()).sample(20, 2)
    gains = np.geomspace(0.5, 20, 8)
    options = {"n_steps": 300, "state_warmup": 300, "tangent_warmup": 50, "seed": 1}
    result = chaos_onset([calm, wild], gains, **options)
    assert result.n_crossed == 1
    assert "lower bound" in result.warnings[0]
    assert result.quantile_90 == np.inf
    with pytest.raises(ConvergenceError, match="no network crosses"):
        chaos_onset([calm], gains, **options)


def test_curve_pictures_and_features():
    curve = largest_exponent_curve(STABLE.sample(60, 1), np.geomspace(0.2, 5, 6), seed=1)
    assert curve.onset() == last_upward_crossing(curve.gains, curve.exponents)
    assert curve.width() == edge_of_chaos_width(curve.gains, curve.exponents)
    assert curve.plot().get_xscale() == "log"
    assert curve.to_xarray()["exponents"].attrs["unit"] == "1/step"


@pytest.mark.parametrize(
    ("weights", "gains", "options", "name"),
    [
        (np.ones((2, 3)), [1.0], {}, "weights"),
        (np.full((2, 2), np.nan), [1.0], {}, "weights"),
        (np.eye(2), [], {}, "gains"),
        (np.eye(2), [-1.0], {}, "gains"),
        (np.eye(2), [np.nan], {}, "gains"),
        (np.eye(2), None, {}, "gains"),
        (np.eye(2), ["a"], {}, "gains"),
        (np.eye(2), [1j], {}, "gains"),
        ([[1.0, 2.0], [3.0]], [1.0], {}, "weights"),
        (np.eye(2), [1.0], {"n_steps": 5}, "n_steps"),
        (np.eye(2), [1.0], {"dtype": "float16"}, "dtype"),
        (np.eye(2), [1.0], {"phi": "tan"}, "phi"),
    ],
)
def test_bad_arguments_are_named(weights, gains, options, name):
    with pytest.raises(ParameterError, match=name):
        largest_exponent_curve(weights, gains, **options)


@pytest.mark.parametrize(
    "call",
    [
        lambda: quenched_gain(np.ones((2, 3))),
        lambda: quenched_gain([[np.inf, 0.0], [0.0, 1.0]]),
        lambda: chaos_onset(STABLE, [1.0, 2.0]),
        lambda: chaos_onset([], [1.0, 2.0]),
        lambda: chaos_onset(None),
        lambda: edge_of_chaos_width("a", [0.0, 0.1]),
        lambda: chaos_onset(STABLE, [2.0, 1.0], n_neurons=10, **SHORT),
        lambda: edge_of_chaos_width([1.0, 2.0], [0.0]),
        lambda: edge_of_chaos_width([1.0, -2.0], [0.0, 0.1]),
        lambda: edge_of_chaos_width([1.0, 2.0], [0.0, np.nan]),
        lambda: edge_of_chaos_width([1.0, 2.0], [0.0, 0.1], half_width=0.0),
    ],
)
def test_other_bad_arguments_are_refused(call):
    with pytest.raises(ParameterError, match=r"weights|n_neurons|gains|exponents|half_width"):
        call()


def test_the_published_protocol_only_on_request_and_with_a_warning():
    network = RateMap(STABLE, 40, gain=3.0, seed=1)
    with pytest.warns(NotLyapunovWarning, match="not the Lyapunov spectrum"):
        published = lyapunov_spectrum(network, compat="xie2025", seed=1, state_warmup=100)
    assert "not the Lyapunov spectrum" in published.warnings[0]
    assert published.parameters["transpose"]
    assert not published.converged
    with pytest.raises(ParameterError, match="RateMap"), pytest.warns(NotLyapunovWarning):
        lyapunov_spectrum(RateFlow(np.eye(3)), compat="xie2025")


@pytest.mark.filterwarnings("ignore::heavytail_snn.analysis.lyapunov.NotLyapunovWarning")
def test_each_switch_of_the_published_protocol():
    network = RateMap(STABLE, 30, gain=3.0, noise=0.2, seed=1)
    correct = {"transpose": False, "late_jacobian": False, "q0": "random", "clamp": 0.0}
    options = {"seed": 4, "state_warmup": 50, "n_steps": 100, "k": 30}
    ours = lyapunov_spectrum(
        network, k=30, seed=4, state_warmup=50, tangent_warmup=20, n_steps=100, qr_every=1
    )
    same = lyapunov_spectrum(network, compat="xie2025", tangent_warmup=20, **options, **correct)
    np.testing.assert_allclose(same.exponents, ours.exponents, atol=1e-9)
    for switch in (
        {"transpose": True}, {"late_jacobian": True}, {"q0": "identity"}, {"tangent_warmup": 0}
    ):  # fmt: skip
        changed = correct | {"tangent_warmup": 20} | switch
        other = lyapunov_spectrum(network, compat="xie2025", **options, **changed)
        assert np.abs(other.exponents - ours.exponents).max() > 1e-4, switch


@pytest.mark.filterwarnings("ignore::heavytail_snn.analysis.lyapunov.NotLyapunovWarning")
def test_the_published_protocol_written_out():
    network = RateMap(STABLE, 15, gain=2.0, noise=0.3, seed=1)
    found = lyapunov_spectrum(network, compat="xie2025", seed=4, state_warmup=3, n_steps=12)
    drives, x, q, logs = network.drives(4), network.initial_state(4), np.eye(15), []
    weights = 2.0 * network.weights
    for t in range(15):
        drive = next(drives)
        x = np.tanh(weights @ x + drive)
        if t >= 3:
            late = np.diag(1 / np.cosh(weights @ x + drive) ** 2) @ weights
            q, r = np.linalg.qr(late.T @ q)
            logs.append(np.log(np.maximum(np.abs(np.diag(r)), 1e-12)))
    expected = np.sort(np.mean(logs, axis=0))[::-1]
    np.testing.assert_allclose(found.exponents[:12], expected[:12], atol=1e-8)


@pytest.mark.filterwarnings("ignore::heavytail_snn.analysis.lyapunov.NotLyapunovWarning")
def test_the_published_protocol_in_single_precision():
    network = RateMap(Coupling(LevyStable(2.0), AllToAll()), 60, gain=2.0, seed=1)
    options = {"compat": "xie2025", "k": 5, "seed": 1, "n_steps": 200}
    single = lyapunov_spectrum(network.with_precision("float32"), state_warmup=100, **options)
    double = lyapunov_spectrum(network, state_warmup=100, **options)
    error = np.hypot(single.standard_error, double.standard_error)
    assert (np.abs(single.exponents - double.exponents) < 5 * error).all()
    assert (single.exponents != double.exponents).all()


@pytest.mark.filterwarnings("ignore::heavytail_snn.analysis.lyapunov.NotLyapunovWarning")
def test_published_conventions_of_the_dimension():
    chaotic = RateMap(Coupling(LevyStable(2.0), AllToAll()), 40, gain=3.0, seed=1)
    few = lyapunov_spectrum(chaotic, compat="xie2025", k=3, seed=1, state_warmup=100)
    assert few.kaplan_yorke_dimension == 3.0
    calm = lyapunov_spectrum(chaotic.with_gain(0.1), compat="xie2025", seed=1, state_warmup=100)
    assert calm.kaplan_yorke_dimension == 0.0
    dead = RateMap(np.zeros((3, 3)))
    clamped = lyapunov_spectrum(dead, compat="xie2025", seed=1, state_warmup=0)
    assert clamped.exponents[-1] == pytest.approx(np.log(1e-12))
    assert published_transition(np.array([1, 2, 4]), np.array([-1, 0.0, 1])) == 2
    assert np.isnan(published_transition(np.array([1, 2]), np.array([0.1, 0.2])))
