"""Equations whose speeds jump in the state: closed forms and exact identities."""

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, Synapses, TimedArray, defaultclock, ms, prefs

from heavytail_snn.analysis.lyapunov import lyapunov_spectrum_of_network
from heavytail_snn.analysis.lyapunov.hybrid.exact.network import ExactNetwork
from heavytail_snn.analysis.lyapunov.hybrid.state import differentiate_all
from heavytail_snn.analysis.lyapunov.hybrid.system import read_system
from heavytail_snn.analysis.lyapunov.tangent.refusals import UnreadableModelError


@pytest.fixture(autouse=True)
def numpy_target():
    kept = prefs.codegen.target, float(defaultclock.dt)
    prefs.codegen.target, defaultclock.dt = "numpy", 0.05 * ms
    yield
    prefs.codegen.target = kept[0]
    defaultclock.dt = kept[1] * 1e3 * ms


def spectrum(*objects, k, duration=1.0, **options):
    return lyapunov_spectrum_of_network(
        Network(*objects), k=k, duration=duration, state_warmup=0.1, tangent_warmup=0.1, seed=1,
        **{"namespace": {}} | options,
    )  # fmt: skip


@pytest.mark.parametrize(
    "test",
    ["v > 0.4", "0.4 <= v", "v >= 0.4 and v < 2", "not (v < 0.4)", "0.5 + 0.5*sign(v - 0.4)"],
)
@pytest.mark.parametrize("method", ["euler", "rk4"])
def test_a_regular_neuron_with_two_speeds_is_neutral(test, method):
    """Exact: the spike contributes ln(2.5/0.5), the switch its negative."""
    group = NeuronGroup(
        1, f"dv/dt = (0.5 + 2*int({test}))/(10*ms) : 1", threshold="v > 1", reset="v = 0",
        method=method,
    )  # fmt: skip
    found = spectrum(group, k=1)
    assert found.rate > 90
    assert found.largest_exponent == pytest.approx(
        0, abs=1.01 * np.log(5)
    )  # a window of 1 s holds whole periods but one


def test_a_relay_oscillator_has_a_neutral_direction_and_contracts_as_its_leaks():
    """Third-order lag with a relay: a limit cycle; the speed of x3 is continuous, so det S = 1."""
    group = NeuronGroup(
        1, """dx1/dt = (1 - 2*int(x3 > 0) - x1)/(10*ms) : 1
        dx2/dt = (x1 - x2)/(10*ms) : 1
        dx3/dt = (x2 - x3)/(10*ms) : 1""",
        method="rk4",
    )  # fmt: skip
    group.x1 = 0.5
    found = spectrum(group, k=3, duration=2.0)
    assert found.exponents[0] == pytest.approx(0, abs=0.5)
    assert found.exponents.sum() == pytest.approx(-300, abs=0.5)
    assert found.exponents[1] < -50


def test_a_table_that_switches_at_given_times_shifts_nothing():
    """The switch follows the table alone: the leak is all that is left."""
    group = NeuronGroup(1, "dv/dt = (int(level(t) > 0.5) - v)/(10*ms) : 1", method="euler")
    table = TimedArray(np.arange(300) % 2, dt=5 * ms)
    found = spectrum(group, k=1, namespace={"level": table})
    exact = np.log(1 - 0.05 / 10) / 0.05e-3
    assert found.largest_exponent == pytest.approx(exact, rel=1e-9)


def driven(n=4):
    """Neurons with a speed that jumps, and synapses that learn while a trace is high."""
    group = NeuronGroup(
        n, """dv/dt = (mu - v + 0.6*int(v > 0.6) + s)/(10*ms) : 1
        ds/dt = -s/(5*ms) : 1
        mu : 1 (constant)""",
        threshold="v > 1", reset="v = 0", method="rk4",
    )  # fmt: skip
    group.mu, group.v = 1.15 + 0.1 * np.arange(n), np.linspace(0, 0.8, n)
    synapses = Synapses(
        group, group, """dw/dt = (0.4*int(c > 0.5) - w)/(40*ms) : 1 (clock-driven)
        dc/dt = -c/(20*ms) : 1 (clock-driven)""",
        on_pre="s_post -= w; c = 1", delay=1.5 * ms, method="rk4",
    )  # fmt: skip
    synapses.connect(condition="i != j")
    synapses.w = 0.3
    return Network(group, synapses)


def test_an_autonomous_network_has_a_neutral_direction():
    """Neurons, pulses, and synapses that learn while a trace is high, all with switches."""
    found = spectrum(*driven().objects, k=2, duration=2.0)
    assert found.n_spikes > 300
    assert min(abs(found.exponents)) < 0.5
    system = read_system(driven(), {})
    differentiate_all(system)
    with pytest.raises(UnreadableModelError, match="event-exact"):
        ExactNetwork(system, 1.0)


def test_steps_without_a_place_are_refused_by_name():
    group = NeuronGroup(1, "dv/dt = (floor(3*v) - v)/(10*ms) : 1", method="euler")
    with pytest.raises(UnreadableModelError, match=r"must be continuous.*compar"):
        spectrum(group, k=1)
    same = NeuronGroup(
        1, "dv/dt = (int(v >= 1/3.0) + int(v >= 2/3.0) - v)/(10*ms) : 1", method="euler"
    )
    same.v = 0.5
    assert spectrum(same, k=1).largest_exponent < -90


def test_switches_that_meet_in_one_step_are_counted_and_said():
    group = NeuronGroup(
        1, "dv/dt = (0.5 + 2*int(v > 0.4012) - int(v > 0.4017))/(10*ms) : 1", threshold="v > 1",
        reset="v = 0", method="euler",
    )  # fmt: skip
    found = spectrum(group, k=1)
    counted = found.parameters["replay"]
    assert counted["switches_that_meet_or_turn_round"] == counted["switches"] > 50
    assert any("switches of the equations meet" in w for w in found.warnings)
