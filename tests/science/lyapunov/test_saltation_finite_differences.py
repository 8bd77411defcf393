"""The tangent of recorded spikes against finite differences of exact trajectories.

Truth: `hybrid_reference`, an event-based simulation to rounding that shares no code with the
library, run from two initial states that differ by +-eps.  Acceptance: design test 15, best of
several eps below 1e-6, over 50 spikes or more, with delay and refractoriness; and the flow vector
(f, dt_k = -1) is transported to 1e-12 (Bizzarri et al. 2013, doi:10.1007/s10827-013-0454-5).
"""

import numpy as np
import pytest
import scipy.sparse as sp
import sympy
from hybrid_reference import Reference

from heavytail_snn.analysis.lyapunov.brian.equations.hybrid import Population, Pulse
from heavytail_snn.analysis.lyapunov.brian.saltation.exact_lif import ExactLIF, _Copy
from heavytail_snn.analysis.lyapunov.brian.saltation.network import (
    HybridNetwork,
    PopulationValues,
    PulseValues,
)
from heavytail_snn.analysis.lyapunov.brian.saltation.nonlinear import NonlinearModel
from heavytail_snn.analysis.lyapunov.brian.saltation.product import SaltationReplay
from heavytail_snn.analysis.lyapunov.brian.saltation.terms import Spikes, Wiring

N = 5


def symbols(names):
    return sympy.symbols(names, real=True)


def eif(exp, v, i, mu):
    """Exponential integrate-and-fire: a steep upstroke at the threshold."""
    return (-v + 0.3 * exp((v - 1) / 0.3) + i + mu) / 0.01, -i / 0.005


def adex(exp, v, i, mu, a):
    return (-v + 0.3 * exp((v - 1) / 0.3) + i - a + mu) / 0.01, -i / 0.005, (0.4 * v - a) / 0.05


def conductance(exp, v, e, g, mu):
    return (-v + e * (4 - v) + g * (-1 - v) + mu) / 0.01, -e / 0.005, -g / 0.008


def cubic(exp, v, i, mu):
    """A cubic leak, for a pulse and a reset that depend on the state."""
    return (-v - 0.2 * v**3 + i + mu) / 0.01, -i / 0.005


MODELS = {
    # drift, variables, threshold, reset, pulse, clamped, weights, drive, delay, refractory
    "eif": (
        eif, "v i", 1.6, lambda x: [0 * x[0], x[1]], lambda x, w: [x[0], x[1] + w],
        [True, False], -0.2, (1.6, 2.6), 0.0012, 0.0,
    ),
    "adex": (
        adex, "v i a", 1.6, lambda x: [0 * x[0], x[1], x[2] + 0.1],
        lambda x, w: [x[0], x[1] + w, x[2]], [True, False, False], 0.2, (2.0, 3.0), 0.001, 0.002,
    ),
    "conductance": (
        conductance, "v e g", 1.0, lambda x: [0 * x[0], x[1], x[2]],
        lambda x, w: [x[0], x[1] + w / 5, x[2] + w], [True, False, False], 0.3, (2.0, 3.2),
        0.0015, 0.003,
    ),
    "multiplicative pulse": (
        cubic, "v i", 1.0, lambda x: [x[0] - 1, 0.9 * x[1]],
        lambda x, w: [x[0] + 0.1 * w * (x[0] + 2), x[1] + w], [True, False], -0.2, (1.8, 2.8),
        0.001, 0.002,
    ),
}  # fmt: skip


def network(name, seed=0):
    rng = np.random.default_rng(seed)
    _, _, _, _, _, _, weight, drive, *_ = MODELS[name]
    matrix = (rng.random((N, N)) < 0.6) * weight * rng.uniform(0.5, 1.5, (N, N))
    np.fill_diagonal(matrix, 0.0)
    return matrix, np.linspace(*drive, N)


def reference(name, matrix, mu):
    drift, _, level, reset, pulse, clamped, _, _, delay, refractory = MODELS[name]

    def f(x, t):
        columns = x.T
        state = (*columns[:2], mu, *columns[2:]) if name != "conductance" else (*columns, mu)
        return np.stack(drift(np.exp, *state), axis=1)

    return Reference(
        f,
        lambda x: x[..., 0] - level,
        lambda x: np.array(reset(x)),
        lambda x, w: np.array(pulse(x, w)),
        matrix,
        delay=delay,
        refractory=refractory,
        clamped=clamped,
    )


def library(name, matrix, mu, initial, step=2e-5):
    drift, names, level, reset, pulse, clamped, _, _, delay, refractory = MODELS[name]
    x, m, w = symbols(names), sympy.Symbol("mu", real=True), sympy.Symbol("w", real=True)
    state = (*x[:2], m, *x[2:]) if name != "conductance" else (*x, m)
    population = Population(
        name,
        tuple(x),
        tuple(drift(sympy.exp, *state)),
        x[0] - level,
        tuple(map(sympy.sympify, reset(x))),
        tuple(c and refractory > 0 for c in clamped),
        refractory=sympy.Float(refractory, 17) if refractory else None,
    )
    targets, sources = np.nonzero(matrix)
    wiring = Wiring(sources, targets, np.full(sources.size, delay))
    model = NonlinearModel(
        [PopulationValues(population, N, {m: mu}, initial=initial)],
        [
            PulseValues(
                Pulse("pulse", population, tuple(pulse(x, w)), (w,)),
                np.arange(sources.size),
                {w: matrix[targets, sources]},
            )
        ],
        sources.size,
        step=step,
        scheme="rk4",
    )
    return model, wiring


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[pytest.mark.slow] * (n in ("eif", "adex"))) for n in MODELS],
)
def test_tangent_equals_finite_differences(name):
    matrix, mu = network(name)
    exact = reference(name, matrix, mu)
    rng = np.random.default_rng(1)
    n = len(MODELS[name][1].split())
    start = np.zeros((N, n))
    start[:, 0] = rng.uniform(0, 0.8, N)
    until = 0.12
    _, spikes, _ = exact.run(start, until)
    assert len(spikes) >= 50
    direction = rng.standard_normal((N, n))
    direction /= np.linalg.norm(direction)

    model, wiring = library(name, matrix, mu, start)
    train = Spikes(np.array([s[0] for s in spikes]), np.array([s[1] for s in spikes]))
    replay = SaltationReplay(model, train, wiring)
    list(replay.run(np.array([1e-14]), tangent=False))
    replay.vectors = np.zeros((replay.n_rows, 1))
    replay.vectors[: N * n, 0] = direction.ravel()
    list(replay.run(np.array([until])))
    tangent = replay.vectors[: N * n, 0].reshape(N, n)
    pending = replay.pending(until)
    times = replay.vectors[replay._row[pending], 0] * model.time_unit

    errors = []
    for eps in (1e-4, 1e-5):
        (up, s_up, _), (down, s_down, _) = (
            exact.run(start + s * eps * direction, until) for s in (1, -1)
        )
        assert [s[1] for s in s_up] == [s[1] for s in s_down] == [s[1] for s in spikes]
        difference = np.append(
            (up - down).ravel(), [s_up[k][0] - s_down[k][0] for k in pending]
        ) / (2 * eps)
        found = np.append(tangent.ravel(), times)
        errors.append(np.linalg.norm(found - difference) / np.linalg.norm(difference))
    assert min(errors) < 1e-6, errors


@pytest.mark.parametrize("name", MODELS)
def test_flow_vector_is_transported(name):
    matrix, mu = network(name)
    exact = reference(name, matrix, mu)
    start = np.zeros((N, len(MODELS[name][1].split())))
    start[:, 0] = np.random.default_rng(1).uniform(0, 0.8, N)
    until = 0.02
    spikes = exact.run(start, until)[1]
    model, wiring = library(name, matrix, mu, start, step=2e-6)
    train = Spikes(np.array([s[0] for s in spikes]), np.array([s[1] for s in spikes]))
    replay = SaltationReplay(model, train, wiring)
    list(replay.run(np.array([0.005]), tangent=False))
    replay.vectors = replay.flow(0.005)
    list(replay.run(np.array([until])))
    expected = replay.flow(until)
    assert np.abs(replay.vectors - expected).max() < 1e-12 * np.abs(expected).max()


def lif(delay, refractory, tau_s, n=30, k=8, seed=3):
    rng = np.random.default_rng(seed)
    links = rng.random((n, n)) < k / (n - 1)
    np.fill_diagonal(links, False)
    matrix = sp.csr_array(links * (-2 / np.sqrt(k) * 0.010 / tau_s))
    return ExactLIF(matrix, 3.0, tau_s=tau_s, delay=delay, refractory=refractory)


@pytest.mark.parametrize("code", ["0.0_0.0_0.005", "0.001_0.002_0.02", "0.0015_0.005_0.002"])
def test_lif_with_exponential_synapses(code, reference):
    """The three cases of the reference file: delay, refractory period, synaptic time constant."""
    entries = (reference / "lyapunov.json").read_text()
    assert f"lifexp/fd/{code}_0.05" in entries
    net = lif(*map(float, code.split("_")))
    rng = np.random.default_rng(0)
    start = np.stack([rng.uniform(0, 0.9, 30), 0.1 * rng.standard_normal(30)], axis=1)
    spikes = net.simulate(0.05, initial=start)
    assert spikes.times.size > 50
    direction = rng.standard_normal(start.shape)
    direction /= np.linalg.norm(direction)
    model = net.linear_model()
    model.initial = start
    replay = SaltationReplay(model, spikes, net.wiring())
    list(replay.run(np.array([1e-14]), tangent=False))
    replay.vectors = np.zeros((replay.n_rows, 1))
    replay.vectors[:60, 0] = direction.ravel()
    list(replay.run(np.array([0.05])))
    rows = replay._row[replay.pending(0.05)]
    found = np.append(replay.vectors[:60, 0], replay.vectors[rows, 0] * model.time_unit)
    errors = []
    for eps in (1e-5, 1e-6, 1e-7):
        up, down = (_Copy(net, start + s * eps * direction) for s in (1, -1))
        up.run(0.05), down.run(0.05)
        parts = [
            np.stack([up.v - down.v, up.i - down.i], axis=1).ravel(),
            up.spikes[0] - down.spikes[0],
        ]
        difference = np.concatenate(parts) / (2 * eps)
        errors.append(np.linalg.norm(found - difference) / np.linalg.norm(difference))
    assert min(errors) < 1e-6, errors

    model.restart()
    replay = SaltationReplay(model, spikes, net.wiring())
    list(replay.run(np.array([0.02]), tangent=False))
    replay.vectors = replay.flow(0.02)
    list(replay.run(np.array([0.05])))
    expected = replay.flow(0.05)
    assert np.abs(replay.vectors - expected).max() < 1e-12 * np.abs(expected).max()


def test_linear_and_nonlinear_routes_agree():
    """The same LIF network through exact propagators and through Runge-Kutta steps."""
    v, i, mu, w = symbols("v i mu w")
    population = Population(
        "lif", (v, i), ((mu - v + i) / sympy.Float(0.01), -i / sympy.Float(0.005)), v - 1,
        (0 * v, i), (True, False), refractory=sympy.Float(0.002),
    )  # fmt: skip
    net = lif(0.001, 0.002, 0.005)
    wiring = net.wiring()
    start = np.zeros((30, 2))
    start[:, 0] = np.random.default_rng(2).uniform(0, 0.9, 30)
    spikes = net.simulate(0.05, initial=start)
    weights = net.linear_model().jumps[:, 1]
    parts = [PopulationValues(population, 30, {mu: np.full(30, 3.0)}, initial=start)]
    pulse = Pulse("p", population, (v, i + w), (w,))
    pulses = [PulseValues(pulse, np.arange(weights.size), {w: weights})]
    results = []
    linear = HybridNetwork(parts, pulses, weights.size)
    assert linear.is_linear
    for model in (
        linear.linear_model(),
        NonlinearModel(parts, pulses, weights.size, step=1e-5, scheme="rk4"),
    ):
        replay = SaltationReplay(model, spikes, wiring)
        list(replay.run(np.array([0.01]), tangent=False))
        replay.vectors = np.random.default_rng(3).standard_normal((replay.n_rows, 3))
        replay.vectors[60:] = 0.0
        list(replay.run(np.array([0.05])))
        results.append(replay.vectors.copy())
    np.testing.assert_allclose(results[0], results[1], rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("scheme", ["euler", "rk2", "heun", "rk4", "exponential_euler"])
def test_propagator_is_the_derivative_of_the_scheme(scheme):
    """Not only of the flow: large steps, central differences of the numerical map itself."""
    matrix, mu = network("conductance")
    start = np.random.default_rng(4).uniform(0, 0.8, (N, 3))
    nothing = Spikes(np.zeros(0), np.zeros(0, dtype=int))

    def end(initial):
        model, wiring = library("conductance", matrix, mu, initial, step=1e-3)
        model.scheme, model.step = scheme, 1e-3
        model.__post_init__()
        replay = SaltationReplay(model, nothing, wiring)
        return model.path(replay._events(-1, replay._keys(np.array([0.004]))), nothing, 0.0)

    found = end(start).propagators
    for b in range(3):
        shift = 1e-5 * np.eye(3)[b]
        difference = (end(start + shift).states - end(start - shift).states) / 2e-5
        np.testing.assert_allclose(found[:, :, b], difference, atol=1e-8)
