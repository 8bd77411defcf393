"""The flow vector of an autonomous network is carried into itself by the replay, to rounding.

Moving all states along their speeds, and all pending spike times by -1, is the same as looking
earlier; with exact integration the replay must transport that vector exactly through thresholds,
delayed pulses, resets and ends of refractoriness.  Every wrong sign, lost shift or misplaced row of
the bookkeeping breaks it.
"""

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, Synapses, defaultclock, ms, prefs

from heavytail_snn.analysis.lyapunov.hybrid.spectrum import read_network, run_recorded

TAU, TAU_S = 10e-3, 5e-3
EQUATIONS = """
dv/dt = (mu - v + I)/(10*ms) : 1{held}
dI/dt = -I/(5*ms) : 1
mu : 1 (constant)
"""


@pytest.fixture(autouse=True)
def numpy_target():
    kept = prefs.codegen.target, defaultclock.dt
    prefs.codegen.target, defaultclock.dt = "numpy", 0.1 * ms
    yield
    prefs.codegen.target, defaultclock.dt = kept


def network(delay, refractory, on_pre):
    held = " (unless refractory)" if refractory else ""
    options = {"refractory": refractory} if refractory else {}
    group = NeuronGroup(
        8, EQUATIONS.format(held=held), threshold="v > 1", reset="v = 0", method="exact", **options
    )
    random = np.random.default_rng(2)
    group.mu, group.v = 1.1 + 0.6 * random.random(8), random.random(8)
    synapses = Synapses(group, group, "w : 1", on_pre=on_pre)
    synapses.connect(condition="i != j", p=0.6)
    synapses.w = "-0.5 + 0.1*i"
    synapses.delay = delay
    return Network(group, synapses)


def flow_vector(replay):
    """The speeds of all rows, from the equations above; -1 for times that are still to act."""
    layout, z = replay.layout, replay.z
    names = {n.rpartition(".")[2]: n for n in layout.z_first}

    def rows(name):
        return layout.z_first[names[name]] + np.arange(8)

    free = z[rows("not_refractory")] != 0 if "not_refractory" in names else np.ones(8, dtype=bool)
    vector = np.zeros(replay.n_rows)
    slopes = {
        "v": np.where(free, (z[rows("mu")] - z[rows("v")] + z[rows("I")]) / TAU, 0),
        "I": -z[rows("I")] / TAU_S,
    }
    for name, slope in slopes.items():
        at = rows(name)
        vector[layout.first_of[layout.e_of_z[at]] + layout.a_of_z[at]] = slope
    slots = np.arange(layout.n_state_rows, replay.first_own)
    vector[np.setdiff1d(slots, replay.tapes.dead_rows(replay.now))] = -1.0
    if layout.n_own:
        own = replay.first_own + layout.own[layout.base[layout.populations[0]] :][:8]
        vector[own] = np.where(free, 0.0, -1.0)
    return vector


@pytest.mark.parametrize(
    ("delay", "refractory", "on_pre"),
    [
        (1 * ms, False, "I_post += w"),
        (1 * ms, 2 * ms, "I_post += w"),
        ("0.5*ms + 0.3*ms*j", 2 * ms, "I_post += w"),
        (12 * ms, 3 * ms, "I_post += w*(1 - I_post)"),
        (0 * ms, 2 * ms, "I_post += w"),
        (1 * ms, 2 * ms, "v_post += 0.1*w\nI_post += w"),
    ],
)
def test_the_flow_vector_stays_the_flow_vector(delay, refractory, on_pre):
    net = network(delay, refractory, on_pre)
    system = read_network(net, {})
    replay = run_recorded(net, system, 0.25, {})
    replay.start(1)
    replay.advance(500)
    replay.settle()
    replay.V[:, 0] = flow_vector(replay)
    for stop in (501, 777, 1400, 2300):
        replay.advance(stop)
        replay.settle()
        expected = flow_vector(replay)
        error = np.abs(replay.V[:, 0] - expected) / replay.scale
        assert error.max() < 1e-9 * np.abs(expected / replay.scale).max()
    assert sum(found.steps.size for found in replay.tapes.events.values()) > 40
