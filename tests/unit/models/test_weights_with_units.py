"""A matrix of weights with a unit: volts for LIF networks, refused elsewhere, never stripped."""

import numpy as np
import pytest
from brian2 import Quantity, ms, mV, volt

import heavytail_snn as ht
from heavytail_snn.core.errors import ParameterError, UnitError
from heavytail_snn.models import (
    BinaryNetwork,
    ConductanceLIFNetwork,
    LIFNetwork,
    PulseLIFNetwork,
    RapidThetaNetwork,
    RateFlow,
    RateMap,
    SpikingNetwork,
    ThetaNetwork,
    binary_trials,
    synchronous_trials,
)
from heavytail_snn.models.rate.network import LowRankPlus
from heavytail_snn.models.rate.pruning import prune

W = np.array([[0.0, 3.0], [3.0, 0.0]])


class Own(SpikingNetwork):
    """Neurons of a user."""

    equations = "dv/dt = (24*mV - v)/(20*ms) : volt"
    threshold = "v > 20*mV"
    reset = "v = 0*mV"
    on_pre = "v_post += w*mV"


PLAIN = {
    "map": RateMap,
    "flow": RateFlow,
    "low rank": lambda w: RateMap(LowRankPlus(w, np.ones((2, 1)), np.ones((2, 1)))),
    "factor": lambda w: RateMap(LowRankPlus(np.eye(2), w, np.asarray(w))),
    "binary": BinaryNetwork,
    "conductance": ConductanceLIFNetwork,
    "own": Own,
    "theta": lambda w: ThetaNetwork(w, drive=0.1),
    "rapid theta": lambda w: RapidThetaNetwork(w, drive=0.1),
    "pulse lif": lambda w: PulseLIFNetwork(w, drive=0.1),
    "binary trials": lambda w: binary_trials(w, [1.0], n_trials=1, seed=1),
    "synchronous trials": lambda w: synchronous_trials(w, 1, initial=[[1, 1]], seed=1),
    "pruning": lambda w: prune(w, bottom=0.5),
}


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("unit", [mV, ms])
def test_networks_of_plain_numbers_refuse_a_unit(name, unit):
    with pytest.raises(UnitError, match="must have no unit"):
        PLAIN[name](W * unit)
    with pytest.raises(UnitError, match="must have no unit"):
        PLAIN[name]([[0 * unit, 3 * unit], [3 * unit, 0 * unit]])
    PLAIN[name](np.asarray(W * unit / unit))  # the remedy


@pytest.mark.parametrize("name", ["binary", "conductance", "own"])
def test_weights_of_a_run_refuse_a_unit(name):
    with pytest.raises(UnitError, match="weights must have no unit"):
        ht.simulate(PLAIN[name](W), 5 * ms, weights=W * mV, backend="numpy")


def test_rate_and_event_networks_refuse_a_unit_in_simulate():
    with pytest.raises(UnitError, match="weights must have no unit"):
        ht.simulate(RateMap(W), 5, weights=W * mV)
    with pytest.raises(UnitError, match="weights must have no unit"):
        ht.simulate(ThetaNetwork(W, drive=0.1), 1.0, weights=W * mV)


@pytest.mark.parametrize("unit_weight", [1 * mV, 0.5 * mV])
def test_a_lif_network_takes_a_matrix_in_volts(unit_weight):
    """W*mV of unit weight 0.5 mV are 2 W: the jump of v stays 3 mV."""
    network = LIFNetwork(W * mV, unit_weight=unit_weight)
    np.testing.assert_allclose(network.weights, W * (1 * mV / unit_weight), rtol=1e-14)
    options = {"duration": 100 * ms, "backend": "numpy", "seed": 1}
    plain = ht.simulate(LIFNetwork(W), **options)
    for run in (
        ht.simulate(network, **options),
        ht.simulate(LIFNetwork(np.eye(2), unit_weight=unit_weight), weights=W * mV, **options),
        ht.simulate(LIFNetwork(W * 1e-3 * volt), **options),
    ):
        np.testing.assert_array_equal(run.times, plain.times)
    assert plain.n_spikes > 5


def test_a_lif_network_refuses_other_units():
    with pytest.raises(UnitError, match="LIFNetwork takes a gain or an array in volts"):
        LIFNetwork(W * ms)
    with pytest.raises(UnitError, match="weights must have no unit"):
        LIFNetwork([[0 * mV, 3 * mV], [3 * mV, 0 * mV]])
    LIFNetwork(Quantity([[0 * mV, 3 * mV], [3 * mV, 0 * mV]]))
    with pytest.raises(ParameterError, match=r"unit_weight must not be 0 .* use 1\*mV"):
        LIFNetwork(W * mV, unit_weight=0 * mV)
    with pytest.raises(ParameterError, match="unit_weight must not be 0"):
        LIFNetwork(ht.Coupling(ht.LevyStable(1.5), ht.AllToAll(), 1 * mV), 5, unit_weight=0 * mV)


@pytest.mark.parametrize("text", ["w : volt", "u : 1"])
def test_the_weight_of_a_network_of_ones_own_has_no_unit(text):
    class InVolts(Own):
        synaptic_equations = text

    with pytest.raises(ParameterError, match=r'must hold "w : 1".*on_pre, such as "v_post \+= w'):
        InVolts(W)
