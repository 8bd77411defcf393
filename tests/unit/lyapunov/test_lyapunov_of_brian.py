"""The older name `lyapunov_spectrum_of_brian`, `BrianTangent`, and models of the library."""

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, Synapses, TimedArray, defaultclock, ms, prefs

from heavytail_snn.analysis.lyapunov import (
    BrianTangent,
    lyapunov_spectrum_of_brian,
    lyapunov_spectrum_of_network,
)
from heavytail_snn.analysis.lyapunov.tangent.refusals import (
    StochasticSynapseError,
    WhiteNoiseError,
)
from heavytail_snn.core.errors import ParameterError

N = 30
LIF = """
dv/dt = (mu - v + I + extra)/(10*ms) : 1 (unless refractory)
dI/dt = -I/(5*ms) : 1
extra = 0 : 1
mu : 1
"""
SHORT = {"duration": 0.2, "k": 2, "state_warmup": 0.05, "tangent_warmup": 0.05, "seed": 1}


@pytest.fixture(autouse=True)
def plain_brian():
    """Interpreted numpy code and a known time step."""
    before, prefs.codegen.target = prefs.codegen.target, "numpy"
    defaultclock.dt = 0.1 * ms
    yield
    prefs.codegen.target = before
    defaultclock.dt = 0.1 * ms


def neurons(equations=LIF, **options):
    options = {
        "threshold": "v > 1", "reset": "v = 0", "method": "exact", "refractory": 2 * ms
    } | options  # fmt: skip
    group = NeuronGroup(N, equations, **options)
    group.v, group.mu = np.random.default_rng(0).random(N), np.linspace(1.5, 3, N)
    return group


def coupled(group, on_pre="I_post += w", weight=-0.3):
    synapses = Synapses(group, group, "w : 1", on_pre=on_pre, delay=1 * ms)
    connected = np.random.default_rng(1).random((N, N)) < 0.2
    np.fill_diagonal(connected, False)
    targets, sources = np.nonzero(connected)
    synapses.connect(i=sources, j=targets)
    synapses.w = weight
    return synapses


def spectrum(group, synapses, **options):
    return lyapunov_spectrum_of_brian(
        Network(group, synapses), group, synapses, namespace={}, **SHORT | options
    )


def test_uncoupled_neurons_have_only_zero_exponents():
    """Exact: each clock of a regular neuron is neutral; all currents die out with -1/tau_s."""
    group = neurons(LIF.replace(" (unless refractory)", ""), refractory=False)
    result = spectrum(group, coupled(group, weight=0.0), k=N + 1, duration=1.0)
    np.testing.assert_allclose(result.exponents[:N], 0, atol=1.0)
    assert result.exponents[N] == pytest.approx(-200, abs=2)


def test_older_name_is_the_same_function(capsys):
    results = []
    for function in (spectrum, lambda g, s, **o: lyapunov_spectrum_of_network(
        Network(g, s), namespace={}, **SHORT | o
    )):  # fmt: skip
        group = neurons()
        results.append(function(group, coupled(group), explain=True))
    text = capsys.readouterr().out
    assert results[0].parameters["model"] in text
    assert results[0].kind == "posthoc"
    assert results[0].rate > 10
    assert not results[0].complete
    assert any("time step" in w for w in results[0].warnings)
    np.testing.assert_array_equal(results[0].exponents, results[1].exponents)


def test_a_run_of_your_own_gives_the_same_spectrum():
    group = neurons()
    expected = spectrum(group, coupled(group))
    group = neurons()
    network = Network(group, coupled(group))
    tangent = BrianTangent(network, group, duration=0.3, namespace={})
    network.run(300 * ms, namespace={})
    options = {"state_warmup": 0.05, "tangent_warmup": 0.05, "seed": 1}
    found = tangent.spectrum(k=2, **options)
    np.testing.assert_array_equal(found.exponents, expected.exponents)
    np.testing.assert_array_equal(tangent.spectrum(k=2, **options).exponents, found.exponents)
    assert "neurongroup" in tangent.explanation
    with pytest.raises(ParameterError, match="at most 60"):
        tangent.spectrum(k=61, **options)
    with pytest.raises(ParameterError, match="at least 10 time steps"):
        tangent.spectrum(k=2, **options | {"tangent_warmup": 0.25})


def test_frozen_input_and_coloured_noise_are_driven():
    values = TimedArray(np.zeros(10), dt=1 * ms)
    group = neurons(LIF.replace("extra = 0", "extra = values(t)"))
    network = Network(group, coupled(group))
    options = SHORT | {"namespace": {"values": values}}
    assert lyapunov_spectrum_of_brian(network, group, **options).zero_index is None
    coloured = LIF.replace("extra = 0 : 1", "dextra/dt = -extra/(10*ms) + 5*xi*Hz**.5 : 1")
    group = neurons(coloured, method="euler")
    assert spectrum(group, coupled(group)).zero_index is None


@pytest.mark.parametrize(
    ("old", "new"),
    [("extra)/(10*ms)", "extra)/(10*ms) + xi*Hz**.5"), ("-I/(5*ms)", "-I/(5*ms) + xi*Hz**.5")],
)
def test_refuses_white_noise_on_what_spikes_change(old, new):
    group = neurons(LIF.replace(old, new), method="euler")
    with pytest.raises(WhiteNoiseError, match="white_noise='frozen'"):
        spectrum(group, coupled(group))
    group = neurons(LIF.replace(old, new), method="euler")
    result = spectrum(group, coupled(group), white_noise="frozen")
    assert any("white noise" in w for w in result.warnings)


@pytest.mark.parametrize("code", ["I_post += w*int(rand() < 0.5)", "I_post += w*randn()"])
def test_refuses_stochastic_synapses(code):
    group = neurons()
    with pytest.raises(StochasticSynapseError) as caught:
        spectrum(group, coupled(group, on_pre=code))
    assert caught.value.remedy


def test_refuses_bad_numbers_and_nothing_to_run():
    for bad in ({"k": 0}, {"duration": -1}, {"k": 10**6}, {"qr_interval": 0}):
        group = neurons()
        with pytest.raises(ParameterError):
            spectrum(group, coupled(group), **bad)
    with pytest.raises(ParameterError, match="neurons with equations"):
        lyapunov_spectrum_of_brian(Network(), duration=1, k=1, namespace={})
