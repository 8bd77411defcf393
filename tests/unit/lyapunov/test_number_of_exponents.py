"""k is the number of exponents returned, for every model; "auto" reaches the dimension."""

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, Synapses, ms, mV, prefs

from heavytail_snn.analysis.lyapunov import lyapunov_spectrum, lyapunov_spectrum_of_brian
from heavytail_snn.core.errors import ParameterError
from heavytail_snn.models.brian.lif import LIFNetwork
from heavytail_snn.models.pulse.lif_delta import PulseLIFNetwork
from heavytail_snn.models.pulse.rapid_theta import RapidThetaNetwork
from heavytail_snn.models.pulse.theta import ThetaNetwork
from heavytail_snn.models.rate.flow import RateFlow
from heavytail_snn.models.rate.map import RateMap
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import Constant, Gaussian
from heavytail_snn.weights.wiring import AllToAll, FixedInDegree

RATE = Coupling(Gaussian(), AllToAll())
PULSES = -0.5 * Coupling(Constant(), FixedInDegree(5)).sample(20, 1)
WARM = {"state_warmup": 5.0, "tangent_warmup": 5.0, "duration": 1.0}


@pytest.fixture
def numpy_code():
    before = prefs.codegen.target
    prefs.codegen.target = "numpy"
    yield
    prefs.codegen.target = before


def brian_network(k):
    neurons = NeuronGroup(
        6, "dv/dt = (24*mV - v + I)/(20*ms) : volt\ndI/dt = -I/(5*ms) : volt",
        threshold="v > 20*mV", reset="v = 0*mV", method="exact",
    )  # fmt: skip
    neurons.v = np.linspace(0, 19, 6) * mV
    synapses = Synapses(neurons, neurons, on_pre="I_post -= 1*mV", delay=1.5 * ms)
    synapses.connect(condition="i != j")
    return lyapunov_spectrum_of_brian(
        Network(neurons, synapses), neurons, synapses, k=k, duration=0.5, state_warmup=0.1,
        tangent_warmup=0.2,
    )  # fmt: skip


def lif_network(k):
    model = LIFNetwork(PULSES, drive=24 * mV, synapse="exponential")
    return lyapunov_spectrum(model, k=k, duration=0.5, state_warmup=0.1, tangent_warmup=0.2, seed=1)


FRONTS = {
    "map": lambda k: lyapunov_spectrum(RateMap(RATE, 20, gain=2.0, seed=1), k=k, seed=1),
    "map at rest": lambda k: lyapunov_spectrum(RateMap(RATE, 20, gain=0.1, seed=1), k=k, seed=1),
    "flow": lambda k: lyapunov_spectrum(
        RateFlow(RATE, 20, gain=2.0, seed=1), k=k, seed=1, duration=50
    ),
    "theta": lambda k: lyapunov_spectrum(ThetaNetwork(PULSES, drive=1.0), k=k, seed=1, **WARM),
    "rapid theta": lambda k: lyapunov_spectrum(
        RapidThetaNetwork(PULSES, drive=1.0, rapidness=3.0), k=k, seed=1, **WARM
    ),
    "pulse LIF": lambda k: lyapunov_spectrum(
        PulseLIFNetwork(0.1 * PULSES, drive=1.0), k=k, seed=1, **WARM
    ),
    "LIFNetwork": lif_network,
    "brian": brian_network,
}


@pytest.mark.usefixtures("numpy_code")
@pytest.mark.parametrize("name", FRONTS)
def test_k_is_the_number_of_exponents_for_every_model(name):
    assert FRONTS[name](3).exponents.shape == (3,)


@pytest.mark.usefixtures("numpy_code")
@pytest.mark.parametrize("name", FRONTS)
@pytest.mark.parametrize("k", ["auto", None])
def test_auto_reaches_the_kaplan_yorke_dimension(name, k):
    found = FRONTS[name](k)
    assert np.isfinite(found.kaplan_yorke_dimension)
    assert not any("too small" in warning for warning in found.warnings)


@pytest.mark.usefixtures("numpy_code")
@pytest.mark.parametrize("name", FRONTS)
@pytest.mark.parametrize("k", [0, "all", 2.5, 10_000])
def test_other_numbers_are_refused_by_name(name, k):
    with pytest.raises(ParameterError) as caught:
        FRONTS[name](k)
    assert caught.value.argument == "k"


def test_a_lone_neutral_exponent_is_not_enough():
    network = ThetaNetwork([[0.0, 0.2], [-0.2, 0.0]], drive=0.25)
    found = lyapunov_spectrum(network, seed=1)
    assert found.exponents.size == 2
    assert not found.converged
    assert "between 1 and" in found.warnings[-1]
