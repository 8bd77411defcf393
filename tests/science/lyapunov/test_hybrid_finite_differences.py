"""Each kind of event in the tangent of a whole network, against finite differences.

Truth: an event-exact simulation of the same network (`hybrid/exact`), which uses values only, from
starts that differ by +-eps.  The tangent goes along the same orbit with the kernels of the replay.
State at the end and the times of all spikes must agree to 1e-5 of the largest change (hybrid.md,
section 5); the best of three eps is taken, between curvature and rounding.
"""

import numpy as np
import pytest
from brian2 import (
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    defaultclock,
    linked_var,
    ms,
    prefs,
)  # fmt: skip
from exact_differences import compare
from hybrid_networks import EVENTS, GAP, GIVEN, HELD, JUNCTION, LIF, NS, joined, neurons, simple

from heavytail_snn.analysis.lyapunov.hybrid.exact import motion as X
from heavytail_snn.analysis.lyapunov.hybrid.kernels.fields import C_LIFTED
from heavytail_snn.analysis.lyapunov.hybrid.state import differentiate_all
from heavytail_snn.analysis.lyapunov.hybrid.system import read_system
from heavytail_snn.analysis.lyapunov.tangent.refusals import UnreadableModelError

AVALANCHES = (
    "avalanche", "avalanche_later", "avalanche_held", "avalanche_that_writes_its_source",
    "lifted_by_given_spikes", "two_events_lifted", "lifted_while_held",
)  # fmt: skip
HELD_ONES = ("held", "held_under_pulses", "held_with_long_delay", "gap_junctions_held", "muted")


@pytest.fixture(autouse=True)
def numpy_target():
    before = prefs.codegen.target, defaultclock.dt
    prefs.codegen.target, defaultclock.dt = "numpy", 0.1 * ms
    yield
    prefs.codegen.target, defaultclock.dt = before


def given_spikes(network):
    return {
        (o.name, "spike"): GIVEN[len(o)] for o in network.objects if type(o) is SpikeGeneratorGroup
    }


@pytest.mark.parametrize("name", EVENTS)
def test_state_and_spike_times_follow_a_perturbation_of_the_start(name):
    network, namespace, duration = EVENTS[name]()
    steep = name.startswith(("adex", "hodgkin"))
    found = compare(network, namespace, duration, given_spikes(network), 1e-5 if steep else 5e-5)
    assert found.n_spikes >= 5
    assert found.state < 1e-5
    assert found.times < 1e-5
    if name in AVALANCHES:
        assert found.counts[C_LIFTED] > 0
    if name in HELD_ONES:
        assert found.kinds[X.E_RELEASE] > 0


def refused(network, namespace):
    system = read_system(network, namespace)
    with pytest.raises(UnreadableModelError) as error:
        differentiate_all(system)
    return str(error.value)


@pytest.mark.parametrize("end", ["z > 0.6", "3*ms*(1 + z)"])
def test_a_refractory_end_that_shifts_otherwise_than_its_spike_is_refused(end):
    equations = HELD + "\ndz/dt = -z/tz : 1"
    network, namespace, _ = simple(equations, reset="v = 0; z += 1", refractory=end)
    assert "refractory" in refused(network, namespace)


def test_a_threshold_that_a_spike_elsewhere_moves_is_refused():
    other = NeuronGroup(1, "dy/dt = (1.2 - y)/tau : 1", threshold="y > 1.1", reset="y = 0.4")
    group = neurons(LIF + "\nq : 1 (linked)", threshold="v > 0.7 + 0.3*q")
    group.q = linked_var(other, "y", index=[0, 0, 0, 0])
    network, _, _ = simple()
    network.add(other, group)
    assert "y" in refused(network, NS)


def test_a_threshold_that_compares_with_gap_currents_is_refused():
    group = neurons(GAP, method="euler", threshold="v > 1 + 0.3*Ig")
    network, _, _ = simple()
    network.add(group, joined(group, JUNCTION))
    assert "Ig" in refused(network, NS)


def test_a_run_of_another_network_leaves_the_start_alone():
    expected = compare(*EVENTS["avalanche"](), given={})
    Network(NeuronGroup(1, "dv/dt = -v/(5*ms) : 1")).run(20 * ms)
    found = compare(*EVENTS["avalanche"](), given={})
    assert found.n_spikes == expected.n_spikes >= 5
    np.testing.assert_array_equal(found.kinds, expected.kinds)


def test_pulses_leave_held_variables_of_refractory_neurons_alone():
    """As Brian2 does: a pulse within the refractory period of its target is lost."""
    group = neurons(HELD, n=1, v=(0.99,), mu=(2.0,), refractory=20 * ms)
    source = SpikeGeneratorGroup(1, [0, 0], [5, 40] * ms)
    from brian2 import Network, Synapses

    synapses = Synapses(source, group, on_pre="v_post += 0.1; I_post += 0.1")
    synapses.connect()
    system = read_system(Network(group, source, synapses), NS)
    differentiate_all(system)
    from heavytail_snn.analysis.lyapunov.hybrid.exact.network import ExactNetwork

    net = ExactNetwork(system, 0.05, {(source.name, "spike"): ([0.005], [0])})
    orbit = net.orbit()
    v, current = (net.layout.z_first[f"{group.name}.{x}"] for x in ("v", "I"))
    orbit.advance(0.004)
    assert orbit.z[v] == 0.0
    orbit.advance(0.006)
    assert orbit.z[v] == 0.0
    assert orbit.z[current] == pytest.approx(0.1 * np.exp(-1 / 5), rel=1e-9)
