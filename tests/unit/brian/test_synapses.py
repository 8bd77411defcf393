"""Weight matrices on Brian2 Synapses: orientation, order, scalar delays, memory."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, Synapses, ms, mV
from scipy import sparse

from heavytail_snn.brian.connect import connect
from heavytail_snn.brian.connectivity import Connectivity, check_memory, estimate_memory
from heavytail_snn.brian.device import preferences
from heavytail_snn.brian.simulation.prepare import prepare
from heavytail_snn.core.errors import MemoryLimitError, ParameterError, UnitError
from heavytail_snn.models import LIFNetwork, RateMap
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import LevyStable
from heavytail_snn.weights.wiring import AllToAll, FixedInDegree

W = np.array([[0.0, 2.0, 0.0], [-1.0, 0.0, 5.0], [0.0, 0.0, 0.25]])


@pytest.fixture(autouse=True)
def on_numpy():
    with preferences(codegen__target="numpy"):
        yield


def group(n=3):
    return NeuronGroup(n, "v : 1", threshold="v > 100", reset="v = 0")


@pytest.mark.parametrize("matrix", [W, sparse.csr_array(W), sparse.coo_array(W)])
def test_three_neurons_by_hand(matrix):
    found = Connectivity.from_matrix(matrix)
    assert found.sources.tolist() == [0, 1, 2, 2]
    assert found.targets.tolist() == [1, 0, 1, 2]
    assert found.weights.tolist() == [-1.0, 2.0, 5.0, 0.25]
    assert found.sources.dtype == found.targets.dtype == np.int32


def test_stored_zero_is_a_synapse_only_in_a_sparse_matrix():
    stored = sparse.csr_array((np.array([0.0, 1.0]), np.array([0, 1]), np.array([0, 1, 2])))
    assert Connectivity.from_matrix(stored).n_synapses == 2
    assert Connectivity.from_matrix(stored.toarray()).n_synapses == 1


def test_random_sparse_matrix_is_sorted_and_complete():
    weights = Coupling(LevyStable(1.5), FixedInDegree(7)).sample(40, seed=3)
    found = Connectivity.from_matrix(weights)
    assert (np.diff(found.sources) >= 0).all()
    back = np.zeros((40, 40))
    back[found.targets, found.sources] = found.weights
    assert np.array_equal(back, weights.toarray())


def test_a_spike_reaches_its_targets_with_their_weights():
    source = SpikeGeneratorGroup(3, [2], [1] * ms)
    target = group()
    synapses = Synapses(source, target, "w : 1", on_pre="v_post += w", delay=0.5 * ms)
    connect(synapses, W)
    Network(source, target, synapses).run(3 * ms)
    assert np.array(target.v).tolist() == [0.0, 5.0, 0.25]  # the column of neuron 2


def test_delay_stays_one_number():
    synapses = Synapses(group(), group(), "w : 1", on_pre="v_post += w", delay=0.5 * ms)
    connect(synapses, W)
    assert np.size(synapses.pre.variables["delay"].get_value()) == 1


def test_coupling_is_sampled_with_the_seed():
    coupling = Coupling(LevyStable(1.5), FixedInDegree(4), autapses=False)
    neurons = group(30)
    synapses = Synapses(neurons, neurons, "weight : 1", on_pre="v_post += weight")
    connect(synapses, coupling, seed=8, weight="weight")
    expected = Connectivity.from_matrix(coupling.sample(30, 8))
    assert np.array_equal(synapses.i, expected.sources)
    assert np.array_equal(synapses.j, expected.targets)
    assert np.array_equal(synapses.weight, expected.weights)


def test_too_much_memory_is_refused_before_sampling():
    neurons = group(10_000)
    synapses = Synapses(neurons, neurons, "w : 1")
    with pytest.raises(MemoryLimitError, match=r"1e\+08 synapses.*8 GB.*max_memory = 1 GB"):
        connect(synapses, Coupling(LevyStable(1.5), AllToAll()), max_memory=1e9)
    check_memory(1e6, 1000, max_memory=1e9)


@pytest.mark.parametrize(
    ("weights", "rule"),
    [
        (np.array([[np.nan, 1.0], [0.0, 0.0]]), "must be finite"),
        (np.array([[np.inf, 1.0], [0.0, 0.0]]), "must be finite"),
        (np.ones(3), "must be a real matrix"),
        (np.ones((3, 3)) * 1j, "must be a real matrix"),
        ("W", "must be a real matrix"),
    ],
)
def test_bad_matrices(weights, rule):
    with pytest.raises(ParameterError, match=rule):
        Connectivity.from_matrix(weights)


def test_wrong_shape_or_variable_is_named():
    synapses = Synapses(group(3), group(4), "w : 1")
    with pytest.raises(ParameterError, match=r"shape \(targets, sources\) = \(4, 3\)"):
        connect(synapses, np.ones((3, 4)))
    with pytest.raises(ParameterError, match="must be a variable of the synapses, one of"):
        connect(synapses, np.ones((4, 3)), weight="strength")
    with pytest.raises(ParameterError, match="needs equal groups"):
        connect(synapses, Coupling(LevyStable(1.5), FixedInDegree(1)))


# ru_maxrss of a child starts at the peak of the process that started it, VmHWM does not.
MEASURE = """
import re
from brian2 import Network, NeuronGroup, Synapses, ms, prefs, ms, mV
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import LevyStable
from heavytail_snn.brian.connect import connect
from heavytail_snn.weights.wiring import FixedInDegree
prefs.codegen.target = "numpy"

def build(n, k):
    neurons = NeuronGroup(n, "v : 1", threshold="v > 1", reset="v = 0")
    synapses = Synapses(neurons, neurons, "w : 1", on_pre="v_post += w", delay=1*ms)
    connect(synapses, Coupling(LevyStable(1.5), FixedInDegree(k)), seed=1)
    Network(neurons, synapses).run(0.1*ms)

def peak():
    return 1024 * int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])

build(100, 2)
before = peak()
build(10_000, 100)
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/status")
def test_announced_memory_is_that_measured():
    run = subprocess.run(
        [sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True
    )
    announced = estimate_memory(1e6, 10_000)
    assert announced / 1.5 < float(run.stdout) < 1.3 * announced


def test_a_matrix_without_synapses_connects_nothing():
    neurons = group(3)
    synapses = Synapses(neurons, neurons, "w : 1", on_pre="v_post += w")
    assert connect(synapses, np.zeros((3, 3))).n_synapses == 0
    assert len(synapses) == 0


def test_weights_in_volts_come_with_their_unit():
    neurons = NeuronGroup(6, "v : volt", threshold="v > 1*volt", reset="v = 0*volt")
    matrix = np.diag(np.arange(1.0, 7.0))
    law = LevyStable(1.5)

    def connected(weights, **options):
        synapses = Synapses(neurons, neurons, "w : volt", on_pre="v_post += w")
        return connect(synapses, weights, seed=3, **options), synapses

    coupling = Coupling(law, FixedInDegree(2), gain=0.5 * mV, autapses=False)
    assert (coupling.gain, coupling.unit) == (pytest.approx(5e-4), "V")
    assert replace(coupling, autapses=True).unit == "V"
    plain = Coupling(law, FixedInDegree(2), gain=0.5, autapses=False)
    connectivity, synapses = connected(coupling)
    assert connectivity.weights == pytest.approx(
        1e-3 * Connectivity.from_matrix(plain.sample(6, 3)).weights
    )
    assert np.array_equal(synapses.w_[:], connectivity.weights)
    for given, options in ((matrix * mV, {}), (sparse.csr_array(matrix), {"unit": mV})):
        assert connected(given, **options)[0].weights == pytest.approx(1e-3 * np.arange(1.0, 7.0))
    with pytest.raises(UnitError, match=r"gain must have the unit of w, V.*gain=0\.5\*mV"):
        connected(plain)
    with pytest.raises(UnitError, match=r"weights must have the unit of w.*unit=mV"):
        connected(matrix)
    with pytest.raises(UnitError, match="weights must have the unit of w"):
        connected(matrix * ms)
    numbers = Synapses(neurons, neurons, "w : 1", on_pre="v_post += w*mV")
    with pytest.raises(UnitError, match=r"gain must have no unit.*gain=0\.5"):
        connect(numbers, coupling)
    with pytest.raises(UnitError, match="must have one of the units"):
        Coupling(law, FixedInDegree(2), gain=1 * mV**2)


def test_networks_take_volts_where_their_weights_are_volts():
    volts = Coupling(LevyStable(1.5), FixedInDegree(3), gain=20 * mV, autapses=False)
    plain = Coupling(LevyStable(1.5), FixedInDegree(3), gain=20.0, autapses=False)
    run = [prepare(LIFNetwork(c, 8, drive=30 * mV), 1 * ms, seed=1) for c in (volts, plain)]
    assert run[0].values["synapses.w"] == pytest.approx(run[1].values["synapses.w"])
    half = LIFNetwork(volts, 8, unit_weight=2 * mV).weights
    assert (half.gain, half.unit) == (pytest.approx(10.0), "")
    with pytest.raises(UnitError, match=r"gain must be a plain number.*got 0\.02"):
        RateMap(volts, n_neurons=8)
