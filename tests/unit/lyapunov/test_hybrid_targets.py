"""The same spectrum on every target of Brian2, a C++ program included."""

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, Synapses, device, ms, prefs, set_device

import heavytail_snn as ht

pytestmark = pytest.mark.standalone


def exponents():
    group = NeuronGroup(
        6, "dv/dt = (1.5 - v + I)/(10*ms) : 1 (unless refractory)\ndI/dt = -I/(5*ms) : 1",
        threshold="v > 1", reset="v = 0", refractory=2 * ms, method="exact",
    )  # fmt: skip
    group.v = "i/6.0"
    synapses = Synapses(group, group, "w : 1", on_pre="I_post += w", delay=1 * ms)
    synapses.connect(condition="i != j")
    synapses.w = "-0.2 + 0.02*i"
    result = ht.analysis.lyapunov_spectrum(
        Network(group, synapses), duration=0.5, state_warmup=0.1, tangent_warmup=0.2, k=3, seed=1
    )
    assert result.parameters["replay"]["largest_deviation"] < 1e-12
    return result.exponents


def test_numpy_cython_and_a_cpp_program_give_the_same_exponents(tmp_path):
    kept = prefs.codegen.target
    try:
        prefs.codegen.target = "numpy"
        expected = exponents()
        prefs.codegen.target = "cython"
        np.testing.assert_allclose(exponents(), expected, atol=1e-8)
        set_device("cpp_standalone", directory=str(tmp_path / "program"))
        np.testing.assert_allclose(exponents(), expected, atol=1e-8)
    finally:
        device.reinit()
        set_device("runtime")
        prefs.codegen.target = kept
