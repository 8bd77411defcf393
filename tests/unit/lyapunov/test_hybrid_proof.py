"""A replay is believed only if it meets the run: wrong states and wrong spikes are noticed."""

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, Synapses, defaultclock, ms, prefs

from heavytail_snn.analysis.lyapunov import lyapunov_spectrum_of_network
from heavytail_snn.analysis.lyapunov.hybrid.account import check_spikes
from heavytail_snn.analysis.lyapunov.hybrid.spectrum import read_network, run_recorded
from heavytail_snn.analysis.lyapunov.tangent.refusals import UnreadableModelError
from heavytail_snn.core.errors import ConvergenceError


@pytest.fixture(autouse=True)
def numpy_target():
    kept = prefs.codegen.target
    prefs.codegen.target, defaultclock.dt = "numpy", 0.1 * ms
    yield
    prefs.codegen.target = kept


def neurons():
    group = NeuronGroup(
        4, "dv/dt = (mu + s - v)/(10*ms) : 1\nmu : 1 (constant)\ns : 1", threshold="v > 1",
        reset="v = 0", method="euler",
    )  # fmt: skip
    group.mu, group.v = [1.2, 1.3, 1.4, 1.5], [0, 0.2, 0.4, 0.6]
    return group


def replay():
    network = Network(neurons())
    return run_recorded(network, read_network(network, {}), 0.1, {})


def test_a_wrong_state_is_noticed():
    good = replay()
    good.advance(good.last)
    assert good.n_compared >= 2
    assert good.largest_deviation < 1e-9
    wrong = replay()
    wrong.states[-1, 0] += 1e-4
    with pytest.raises(UnreadableModelError, match=r"must be .*, which Brian2 had"):
        wrong.advance(wrong.last)


def test_a_spike_that_the_threshold_does_not_make_is_noticed():
    good = replay()
    good.advance(good.last)
    check_spikes(good)
    wrong = replay()
    (found,) = wrong.tapes.events.values()
    found.steps[-1] -= 1
    wrong.advance(wrong.last - 1)
    with pytest.raises(UnreadableModelError, match="must be those of the thresholds"):
        check_spikes(wrong)


def test_a_run_that_explodes_is_named():
    group = NeuronGroup(2, "dv/dt = v**3/ms : 1", method="euler")
    group.v = [0, 3]
    with pytest.raises(ConvergenceError, match=r"neurongroup.*\.v\[1\] is .* own run at"):
        lyapunov_spectrum_of_network(
            Network(group), duration=0.1, k=1, state_warmup=0, tangent_warmup=0, namespace={}
        )


def test_a_summed_variable_adds_no_exponent():
    group = neurons()
    junctions = Synapses(group, group, "s_post = 0.1*(v_pre - v_post) : 1 (summed)")
    junctions.connect(condition="i != j")
    found = lyapunov_spectrum_of_network(
        Network(group, junctions), duration=0.2, k="auto", state_warmup=0.05, tangent_warmup=0.05,
        namespace={},
    )  # fmt: skip
    assert found.tangent_dimension == found.exponents.size == 4
    assert np.isfinite(found.exponents).all()
