"""Rate map and rate flow: activations, Jacobians by finite differences, weights, errors."""

import numpy as np
import pytest

from heavytail_snn.analysis.lyapunov.tangent.jacobians import (
    LeakyColumns,
    RungeKuttaJacobian,
    ScaledRows,
)
from heavytail_snn.core.errors import ConvergenceError, ParameterError
from heavytail_snn.models.rate.activation import (
    Activation,
    activation,
    sech_squared,
    threshold_linear,
)
from heavytail_snn.models.rate.flow import RateFlow
from heavytail_snn.models.rate.map import RateMap
from heavytail_snn.models.rate.network import LowRankPlus
from heavytail_snn.weights.coupling import Coupling, Dale
from heavytail_snn.weights.laws import Constant, Gaussian, LevyStable, LogNormal, Mixture
from heavytail_snn.weights.wiring import AllToAll, FixedInDegree, FixedProbability

STABLE = Coupling(LevyStable(1.5), AllToAll())
SPARSE = Coupling(LevyStable(1.2), FixedInDegree(8), autapses=False)
COUPLINGS = {
    "dense": STABLE,
    "sparse": SPARSE,
    "dale": Coupling(LogNormal(1.0), FixedProbability(0.3), sign=Dale(0.8, g=4.0)),
    "mixture": Coupling(Mixture([LevyStable(1.0), Gaussian()], [0.3, 0.7]), AllToAll()),
}


def finite_difference(function, x, h=1e-6):
    columns = [(function(x + h * e) - function(x - h * e)) / (2 * h) for e in np.eye(x.size)]
    return np.array(columns).T


@pytest.mark.parametrize("phi", ["tanh", "erf", threshold_linear(0.3)])
@pytest.mark.parametrize("noise", [0.0, 0.3])
@pytest.mark.parametrize("name", COUPLINGS)
def test_map_jacobian_pairs_state_and_input_of_the_same_step(name, noise, phi):
    network = RateMap(COUPLINGS[name], 25, gain=1.3, phi=phi, noise=noise, seed=1)
    drives = network.drives(seed=2)
    x = network.initial_state(3)
    for _ in range(3):
        drive = next(drives)
        following, slope = network.step_and_slope(x, drive)
        expected = finite_difference(lambda y, d=drive: network.step(y, d), x)
        found = ScaledRows(slope, network.weights) @ np.eye(25)
        # the truncation of the differences, and the rounding of large unbounded activities
        limit = 1e-7 * max(1.0, np.abs(expected).max()) + 1e-9 * np.abs(following)[:, None]
        assert (np.abs(found - expected) <= limit).all()
        np.testing.assert_array_equal(following, network.step(x, drive))
        x = following


def test_flow_jacobian_through_the_four_stages():
    network = RateFlow(STABLE, 20, gain=2.0, dt=0.3, seed=1)
    x, drive = network.initial_state(3), np.linspace(-1, 1, 20)
    _, states = network.stages(x, drive)
    stages = tuple(LeakyColumns(network.slope(s), network.weights) for s in states)
    found = RungeKuttaJacobian(stages, 0.3) @ np.eye(20)
    expected = finite_difference(lambda y: network.step(y, drive), x)
    np.testing.assert_allclose(found, expected, atol=1e-7 * np.abs(expected).max())


def test_runge_kutta_is_of_fourth_order_and_euler_of_first():
    def end(dt, scheme):
        network = RateFlow(Coupling(Gaussian(), AllToAll()), 10, gain=1.5, dt=dt, scheme=scheme,
                           seed=1)  # fmt: skip
        return network.run(round(1.6 / dt), initial_state=np.linspace(-1, 1, 10))[-1]

    exact = end(0.0125, "rk4")
    for scheme, factor in (("rk4", 16), ("euler", 2)):
        errors = [np.abs(end(dt, scheme) - exact).max() for dt in (0.2, 0.1)]
        assert errors[0] / errors[1] == pytest.approx(factor, rel=0.35)


def test_euler_maruyama_noise_has_its_square_as_variance():
    network = RateFlow(np.zeros((400, 400)), noise=0.6, scheme="euler", dt=0.05)
    traces = network.run(2000, seed=1, warmup=200)
    # an Ornstein-Uhlenbeck step of length dt: variance 2 noise^2 / (2 - dt)
    assert traces.var() == pytest.approx(2 * 0.36 / 1.95, rel=0.04)


def test_sech_squared_keeps_its_digits():
    for x in (20.0, 100.0, -100.0):
        expected = 4 * np.exp(-2 * abs(x))  # to 1e-17 relative
        assert sech_squared(np.array(x)) == pytest.approx(expected, rel=1e-12, abs=0)
    assert sech_squared(np.array([0.0, 1e4]))[0] == 1
    np.testing.assert_allclose(sech_squared(np.array(0.7)), 1 - np.tanh(0.7) ** 2, rtol=1e-14)


def test_activations():
    x = np.array([-2.0, 0.1, 3.0])
    np.testing.assert_array_equal(activation("relu").function(x), [0, 0.1, 3])
    np.testing.assert_array_equal(activation("relu").derivative(x), [0, 1, 1])
    np.testing.assert_allclose(activation("threshold_linear").function(x), [0, 0, 2])
    assert activation("erf").derivative(np.array(0.0)) == pytest.approx(1)
    pair = activation((np.sin, np.cos))
    assert pair.name == "user function"
    assert activation(pair) is pair


@pytest.mark.parametrize(
    ("phi", "text"),
    [
        ((np.tanh, np.cos), "own derivative"),
        ((np.tanh, lambda x: 1 - np.tanh(x)), "own derivative"),
        ((np.tanh, lambda x: np.nan * x), "own derivative"),
        ((np.tanh, lambda x: 1.0), "same shape"),
        (np.tanh, "pair"),
        ("tahn", "did you mean 'tanh'"),
        (None, "phi"),
    ],
)
def test_bad_activations_are_refused_at_construction(phi, text):
    with pytest.raises(ParameterError, match=text):
        RateMap(np.eye(3), phi=phi)
    if isinstance(phi, tuple):
        with pytest.raises(ParameterError, match=text):
            Activation("mine", *phi)


@pytest.mark.parametrize(
    ("weights", "keywords", "name"),
    [
        (np.ones((3, 4)), {}, "weights"),
        (np.ones(4), {}, "weights"),
        (np.empty((0, 0)), {}, "weights"),
        ([[1.0, np.nan], [0.0, 1.0]], {}, "weights"),
        (np.eye(3) * np.inf, {}, "weights"),
        (np.eye(3) * 1j, {}, "weights"),
        (np.eye(3).astype(object), {}, "weights"),
        ("W", {}, "weights"),
        (None, {}, "weights"),
        (STABLE, {}, "n_neurons"),
        (np.eye(3), {"n_neurons": 4}, "n_neurons"),
        (np.eye(3), {"gain": -1.0}, "gain"),
        (np.eye(3), {"noise": np.nan}, "noise"),
        (np.eye(3), {"input_weights": np.ones((2, 2))}, "input_weights"),
        (np.eye(3), {"bias": [1.0, 2.0]}, "bias"),
        (STABLE, {"n_neurons": 5, "seed": -1}, "seed"),
    ],
)
@pytest.mark.parametrize("model", [RateMap, RateFlow])
def test_bad_networks_are_named(model, weights, keywords, name):
    with pytest.raises(ParameterError, match=name):
        model(weights, **keywords)


def test_flow_refuses_noise_with_runge_kutta_and_bad_steps():
    with pytest.raises(ParameterError, match="scheme"):
        RateFlow(np.eye(3), noise=0.1)
    with pytest.raises(ParameterError, match="dt"):
        RateFlow(np.eye(3), dt=0.0)
    with pytest.raises(ParameterError, match="euler"):
        RateFlow(np.eye(3), scheme="eular")


def test_low_rank_plus_bulk_acts_like_its_matrix():
    generator = np.random.default_rng(1)
    left, right = generator.standard_normal((2, 30, 2)) / 30**0.5
    for coupling in (STABLE, SPARSE):
        matrix = LowRankPlus(coupling.sample(30, 1), left, right)
        x = generator.standard_normal(30)
        found = RateMap(matrix).step(x)
        np.testing.assert_allclose(found, RateMap(matrix.toarray()).step(x), atol=1e-12)
    with pytest.raises(ParameterError, match="right"):
        LowRankPlus(np.eye(3), np.ones((3, 1)), np.ones((2, 1)))


def test_run_returns_the_states_after_each_step():
    network = RateMap(STABLE, 12, gain=1.5, noise=0.2, bias=0.1, seed=1)
    traces = network.run(6, seed=4, warmup=2)
    drives = network.drives(seed=4)
    x = network.initial_state(4)
    for t in range(8):
        x = np.tanh(1.5 * network.weights @ x + next(drives))
        if t >= 2:
            np.testing.assert_allclose(traces[t - 2], x, rtol=1e-9)
    np.testing.assert_array_equal(traces, network.run(6, seed=4, warmup=2))
    assert np.abs(traces - network.run(6, seed=5, warmup=2)).max() > 0.1


def test_inputs_go_through_the_input_weights():
    network = RateMap(np.zeros((3, 3)), input_weights=np.array([[1.0], [2.0], [0.0]]))
    traces = network.run(2, inputs=[[0.5], [1.0]], initial_state=np.zeros(3))
    np.testing.assert_allclose(traces, np.tanh([[0.5, 1.0, 0.0], [1.0, 2.0, 0.0]]))
    biased = RateMap(np.zeros((3, 3)), bias=[0.1, 0.2, 0.3])
    np.testing.assert_allclose(biased.run(1)[0], np.tanh([0.1, 0.2, 0.3]))
    with pytest.raises(ParameterError, match="inputs"):
        network.run(3, inputs=[[0.5], [1.0]])
    with pytest.raises(ParameterError, match="initial_state"):
        network.run(1, initial_state=np.zeros(2))


def test_simulate_arrays_returns_a_recording():
    network = RateFlow(STABLE, 5, gain=1.0, seed=1)
    recording = network.simulate_arrays(2.0, seed=3)
    np.testing.assert_array_equal(recording.traces["state"].values, network.run(20, seed=3))
    assert recording.t_stop == pytest.approx(2.0)
    with pytest.raises(ParameterError, match="dt"):
        network.simulate_arrays(2.0, dt=0.1)


def test_divergence_of_an_unbounded_activation_raises():
    with pytest.raises(ConvergenceError, match="non-finite"):
        RateMap(np.eye(2) * 4, phi="relu").run(2000, initial_state=np.ones(2))


def test_one_seed_one_matrix():
    first, second = (RateMap(STABLE, 20, seed=7) for _ in range(2))
    np.testing.assert_array_equal(first.weights, second.weights)
    np.testing.assert_array_equal(first.weights, STABLE.sample(20, 7))
    constant = RateMap(Coupling(Constant(), FixedInDegree(3), normalisation="none"), 10, seed=1)
    np.testing.assert_allclose(constant.preactivation(np.ones(10)), 3)
    assert first.with_gain(2.0).gain == 2.0
    assert first.gain == 1.0
