"""Exponents from perturbed copies of exact orbits, against numbers of other programs.

Truth: hybrid.json, an AdEx neuron by the return map of its adaptation variable (exact but for the
averaging, here about 1 in 1/s), and a network of 100 neurons by another event-exact simulator.
The bound is three joint standard errors.  And the replay where a closed form exists.
"""

import json

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, Synapses, ms, mV, nS, prefs

from heavytail_snn.analysis.lyapunov.hybrid.exact.exponents import perturbed_exponents
from heavytail_snn.analysis.lyapunov.hybrid.exact.network import ExactNetwork
from heavytail_snn.analysis.lyapunov.hybrid.spectrum import lyapunov_spectrum_of_network
from heavytail_snn.analysis.lyapunov.hybrid.state import differentiate_all
from heavytail_snn.analysis.lyapunov.hybrid.system import read_system


@pytest.fixture(scope="module")
def stored(reference):
    return json.loads((reference / "hybrid.json").read_text())


@pytest.fixture(autouse=True)
def numpy_target():
    before = prefs.codegen.target
    prefs.codegen.target = "numpy"
    yield
    prefs.codegen.target = before


def exact(network, namespace, duration):
    system = read_system(network, namespace)
    differentiate_all(system)
    return ExactNetwork(system, duration)


@pytest.mark.slow
@pytest.mark.parametrize("reset", ["-48.1105", "-47.8895", "-47.7"])
def test_an_adex_neuron_has_the_exponent_of_its_return_map(reset, stored):
    equations = """dv/dt = (gL*(EL - v) + gL*DT*exp((v - VT)/DT) + 0.8*nA - w)/(281*pF) : volt
    dw/dt = (4*nS*(v - EL) - w)/(40*ms) : amp"""
    namespace = {"gL": 30 * nS, "EL": -70.6 * mV, "VT": -50.4 * mV, "DT": 2 * mV}
    group = NeuronGroup(
        1, equations, threshold="v > VT + 5*DT", reset=f"v = {reset}*mV; w += 0.08*nA",
        method="rk4",
    )  # fmt: skip
    group.v = -70.6 * mV
    net = exact(Network(group), namespace, 12.0)
    found = perturbed_exponents(net, 2, 8.0, warm_up=1.0)
    other = int(np.argmax(np.abs(found.exponents)))
    entries = stored["adex_single"]["largest_nontrivial"]
    expected = next(v for k, v in entries.items() if reset in k)
    assert found.exponents[other] == pytest.approx(expected, abs=3 * found.errors[other])
    assert abs(found.exponents[1 - other]) < 3 * found.errors[1 - other]


@pytest.mark.slow
def test_a_network_with_delay_and_refractoriness_has_the_stored_exponents(stored):
    n = 100
    rng = np.random.default_rng(5)
    connected = (rng.random((n, n)) < 0.6) & ~np.eye(n, dtype=bool)
    equations = """dv/dt = (ge + gi - (v + 49*mV))/(20*ms) : volt (unless refractory)
    dge/dt = -ge/(5*ms) : volt
    dgi/dt = -gi/(10*ms) : volt"""
    group = NeuronGroup(
        n, equations, threshold="v > -50*mV", reset="v = -60*mV", refractory=5 * ms,
        method="exact",
    )  # fmt: skip
    group.v = (-60 + 10 * rng.random(n)) * mV
    i, j = np.nonzero(connected)
    network = Network(group)
    for part, effect in ((i < 80, "ge += 1.62*mV"), (i >= 80, "gi += -9*mV")):
        synapses = Synapses(group, group, on_pre=effect, delay=0.5 * ms)
        synapses.connect(i=i[part], j=j[part])
        network.add(synapses)
    found = perturbed_exponents(exact(network, {}, 8.0), 4, 5.0)
    expected = stored["cuba_delay"]
    joint = np.hypot(found.errors, expected["standard_error"])
    assert found.n_lost == 0
    assert np.all(np.abs(found.exponents - expected["exponents"]) < 3 * joint)


def test_event_driven_variables_of_silent_synapses_forget_with_their_time_constant():
    """Closed form: x of a synapse without spikes has the exponent -1/tau."""
    group = NeuronGroup(
        2, "dv/dt = (mu - v)/(20*ms) : 1\nmu : 1", threshold="v > 1", reset="v = 0",
        method="exact",
    )  # fmt: skip
    group.mu = [1.3, 0.5]
    synapses = Synapses(
        group, group, "dx/dt = (1 - x)/(50*ms) : 1 (event-driven)", on_pre="v += 0.01*x; x *= 0.6",
        delay=1 * ms,
    )  # fmt: skip
    synapses.connect(i=[0, 1], j=[1, 0])
    synapses.x = 1
    found = lyapunov_spectrum_of_network(
        Network(group, synapses), duration=0.5, k=4, state_warmup=0.2, tangent_warmup=0.5, seed=1
    )
    assert found.exponents[1] == pytest.approx(-20, abs=1e-2)
