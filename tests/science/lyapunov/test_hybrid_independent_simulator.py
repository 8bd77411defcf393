"""Exact orbits and tangents of Brian2 models against a simulation that shares no code with them.

`hybrid_reference` is written for the tests alone: models are Python functions, neurons are
integrated together, and crossings are found by Newton's method.  Its spike times prove what was
read from Brian2's strings; its differences of two orbits prove the tangent.
"""

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, Synapses, defaultclock, ms, prefs
from exact_differences import exact_network
from hybrid_reference import Reference

from heavytail_snn.analysis.lyapunov.hybrid.exact import motion as X
from heavytail_snn.analysis.lyapunov.hybrid.exact.tangent import ExactTangent

N, UNTIL = 5, 0.12


def eif(x, mu):
    """Exponential integrate-and-fire: a steep upstroke at the threshold."""
    v, i = x
    return (-v + 0.3 * np.exp((v - 1) / 0.3) + i + mu) / 0.01, -i / 0.005


def adex(x, mu):
    v, i, a = x
    return (
        (-v + 0.3 * np.exp((v - 1) / 0.3) + i - a + mu) / 0.01, -i / 0.005, (0.4 * v - a) / 0.05,
    )  # fmt: skip


def conductance(x, mu):
    v, e, g = x
    return (-v + e * (4 - v) + g * (-1 - v) + mu) / 0.01, -e / 0.005, -g / 0.008


def cubic(x, mu):
    """A cubic leak, for a pulse and a reset that depend on the state."""
    v, i = x
    return (-v - 0.2 * v**3 + i + mu) / 0.01, -i / 0.005


EXPONENTIAL = "dv/dt = (-v + 0.3*exp((v - 1)/0.3) + i_s{a} + mu)/(10*ms) : 1{held}\n"
CURRENT = "di_s/dt = -i_s/(5*ms) : 1\n"
MODELS = {
    # drift, equations, level, reset, code, pulse, code, weights, drive, delay, refractory (in s)
    "eif": (
        eif, EXPONENTIAL.format(a="", held="") + CURRENT, 1.6,
        lambda x: [0, x[1]], "v = 0", lambda x, w: [x[0], x[1] + w], "i_s += w",
        -0.2, (1.6, 2.6), 0.0012, 0.0,
    ),
    "adex": (
        adex, EXPONENTIAL.format(a=" - a", held=" (unless refractory)") + CURRENT
        + "da/dt = (0.4*v - a)/(50*ms) : 1\n", 1.6,
        lambda x: [0, x[1], x[2] + 0.1], "v = 0; a += 0.1",
        lambda x, w: [x[0], x[1] + w, x[2]], "i_s += w", 0.2, (2.0, 3.0), 0.001, 0.002,
    ),
    "conductance": (
        conductance, "dv/dt = (-v + e_s*(4 - v) + g_s*(-1 - v) + mu)/(10*ms) : 1 "
        "(unless refractory)\nde_s/dt = -e_s/(5*ms) : 1\ndg_s/dt = -g_s/(8*ms) : 1\n", 1.0,
        lambda x: [0, x[1], x[2]], "v = 0",
        lambda x, w: [x[0], x[1] + w / 5, x[2] + w], "e_s += w/5; g_s += w",
        0.3, (2.0, 3.2), 0.0015, 0.003,
    ),
    "multiplicative pulse": (
        cubic, "dv/dt = (-v - 0.2*v**3 + i_s + mu)/(10*ms) : 1\n" + CURRENT, 1.0,
        lambda x: [x[0] - 1, 0.9 * x[1]], "v -= 1; i_s *= 0.9",
        lambda x, w: [x[0] + 0.1 * w * (x[0] + 2), x[1] + w], "v += 0.1*w*(v + 2); i_s += w",
        -0.2, (1.8, 2.8), 0.001, 0.0,
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def numpy_target():
    kept = prefs.codegen.target, float(defaultclock.dt)
    prefs.codegen.target, defaultclock.dt = "numpy", 0.1 * ms
    yield
    prefs.codegen.target = kept[0]
    defaultclock.dt = kept[1] * 1e3 * ms


def both(name):
    """Return the model for the reference, as a Brian2 network, and its initial state."""
    drift, equations, level, reset, reset_code, pulse, pulse_code, *rest = MODELS[name]
    weight, drive, delay, refractory = rest
    rng = np.random.default_rng(0)
    matrix = (rng.random((N, N)) < 0.6) * weight * rng.uniform(0.5, 1.5, (N, N))
    np.fill_diagonal(matrix, 0.0)
    mu = np.linspace(*drive, N)
    held = [row.endswith("(unless refractory)") for row in equations.strip().split("\n")]
    reference = Reference(
        lambda x, t: np.stack(drift(x.T, mu), axis=1), lambda x: x[..., 0] - level,
        lambda x: np.array(reset(x)), lambda x, w: np.array(pulse(x, w)), matrix,
        delay=delay, refractory=refractory, clamped=held,
    )  # fmt: skip
    options = {"refractory": refractory * 1e3 * ms} if refractory else {}
    group = NeuronGroup(
        N, equations + "mu : 1 (constant)", threshold=f"v >= {level}", reset=reset_code,
        method="rk4", **options,
    )  # fmt: skip
    targets, sources = np.nonzero(matrix)
    synapses = Synapses(group, group, "w : 1", on_pre=pulse_code, delay=delay * 1e3 * ms)
    synapses.connect(i=sources, j=targets)
    synapses.w, group.mu = matrix[targets, sources], mu
    start = np.zeros((N, len(held)))
    start[:, 0] = np.random.default_rng(1).uniform(0, 0.8, N)
    group.v = start[:, 0]
    return reference, Network(group, synapses), start


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] * (n in ("eif", "adex"))) for n in MODELS]
)
def test_orbits_and_tangents_are_those_of_an_independent_simulation(name):
    reference, network, start = both(name)
    group = next(o for o in network.objects if isinstance(o, NeuronGroup))
    names = [n for n in ("v", "i_s", "e_s", "g_s", "a") if n in group.variables]
    net = exact_network(network, {}, UNTIL, step=2e-5)
    orbit = net.orbit(log_steps=True)
    orbit.advance(UNTIL)
    times, log = orbit.take_log()
    fired = log[:, 0] == X.E_FIRE
    end, spikes, _ = reference.run(start, UNTIL)
    assert len(spikes) >= 50
    np.testing.assert_array_equal(log[fired, 2], [s[1] for s in spikes])
    np.testing.assert_allclose(times[fired], [s[0] for s in spikes], rtol=0, atol=2e-9)

    first = net.layout.z_first
    cells = np.stack([first[f"{group.name}.{n}"] + np.arange(N) for n in names], axis=1)
    np.testing.assert_allclose(orbit.z[cells], end, rtol=1e-6, atol=1e-7)

    direction = np.random.default_rng(2).standard_normal(start.shape)
    where = np.searchsorted(np.sort(net.state_rows), cells)
    assert np.all(np.sort(net.state_rows)[where] == cells)
    rows = np.argsort(net.state_rows)[where]
    vectors = np.zeros((net.state_rows.size, 1))
    vectors[rows, 0] = direction
    tangent = ExactTangent(net, times, log).run(vectors, UNTIL)[rows, 0]
    errors = []
    for size in (1e-4, 1e-5):
        (up, *_), (down, *_) = (reference.run(start + s * size * direction, UNTIL) for s in (1, -1))
        difference = (up - down) / (2 * size)
        errors.append(np.abs(tangent - difference).max() / np.abs(difference).max())
    assert min(errors) < 1e-5, errors
