"""Every shipped model, on every target: a finite run passes, an overflowing one raises."""

import shutil
from dataclasses import dataclass

import numpy as np
import pytest
from brian2 import ms, mV

import heavytail_snn as ht
from heavytail_snn.core.errors import ConvergenceError, ParameterError
from heavytail_snn.models import (
    BinaryNetwork,
    ColouredNoise,
    ConductanceLIFNetwork,
    LIFNetwork,
    SpikingNetwork,
    WhiteNoise,
)

FINITE = np.array([[0.0, 0.1, 0.0], [0.1, 0.0, 0.1], [-0.1, 0.1, 0.0]])
TOO_LARGE = np.full((3, 3), -1e308)  # three of them are beyond all numbers
needs_compiler = pytest.mark.skipif(
    shutil.which("make") is None or shutil.which("g++") is None, reason="needs make and g++"
)
TARGETS = [
    "numpy",
    pytest.param("cython", marks=needs_compiler),
    pytest.param("cpp", marks=[needs_compiler, pytest.mark.standalone]),
]


class Own(SpikingNetwork):
    """Neurons of a user."""

    equations = "dv/dt = (24*mV - v)/(20*ms) : volt"
    threshold = "v > 20*mV"
    reset = "v = 0*mV"
    on_pre = "v_post += w*volt"


STRONG = {"drive": 40 * mV, "unit_weight": 1e3 * mV}
MODELS = {
    "binary": lambda w: BinaryNetwork(w, drive=[1.0, 1.0, 1.0], initial=[-1, -1, -1]),
    "lif": lambda w: LIFNetwork(w, **STRONG),
    "lif exponential": lambda w: LIFNetwork(w, synapse="exponential", **STRONG),
    "lif alpha": lambda w: LIFNetwork(w, synapse="alpha", **STRONG),
    "lif white noise": lambda w: LIFNetwork(w, noise=WhiteNoise(1 * mV), **STRONG),
    "lif coloured noise": lambda w: LIFNetwork(w, noise=ColouredNoise(1 * mV), **STRONG),
    "conductance": lambda w: ConductanceLIFNetwork(w, drive=40 * mV, initial=0 * mV),
    "own": lambda w: Own(w, delay=1 * ms),
}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", MODELS)
def test_finite_runs_pass_and_overflowing_ones_raise(name, target):
    model = MODELS[name]
    run = ht.simulate(model(FINITE), 50 * ms, backend=target, seed=1)
    assert run.n_spikes >= 3
    with pytest.raises(ConvergenceError, match="non-finite"):
        ht.simulate(model(TOO_LARGE), 50 * ms, backend=target, seed=1)


def test_the_conductance_that_overflows_is_named():
    model = ConductanceLIFNetwork(TOO_LARGE, drive=40 * mV, initial=0 * mV)
    with pytest.raises(ConvergenceError, match="g_i"):
        ht.simulate(model, 50 * ms, backend="numpy", seed=1)


@pytest.mark.parametrize("watched", ["abs(v) < 1*volt", "not (v > 1*volt)", "not_refractory"])
def test_a_condition_cannot_be_watched(watched):
    @dataclass(frozen=True, eq=False)
    class Conditional(LIFNetwork):
        pass

    Conditional.watched = watched
    message = r"watched of Conditional must be a quantity.*watched = \"v/volt\", or None"
    with pytest.raises(ParameterError, match=message):
        ht.simulate(Conditional(FINITE), 5 * ms, backend="numpy")
    Conditional.watched = None  # the remedies
    assert ht.simulate(Conditional(FINITE), 50 * ms, backend="numpy", seed=1).n_spikes
    Conditional.watched = "v/volt"
    assert ht.simulate(Conditional(FINITE), 50 * ms, backend="numpy", seed=1).n_spikes
