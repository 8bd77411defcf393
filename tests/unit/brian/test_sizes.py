"""One C++ program for all numbers of neurons and synapses, and models that do not allow it."""

import shutil
from dataclasses import dataclass

import numpy as np
import pytest
from brian2 import ms, mV

from heavytail_snn.brian.simulation.cpp import Cpp
from heavytail_snn.brian.simulation.prepare import prepare
from heavytail_snn.brian.simulation.project import fingerprint, generate_for_all_sizes
from heavytail_snn.brian.simulation.simulate import simulate
from heavytail_snn.brian.simulation.sizes import STAND_INS, FixedSizes, free_sizes, stand_in
from heavytail_snn.models import BinaryNetwork, LIFNetwork
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import LevyStable
from heavytail_snn.weights.wiring import AllToAll, FixedInDegree, FixedProbability

needs_compiler = pytest.mark.skipif(
    shutil.which("make") is None or shutil.which("g++") is None, reason="needs make and g++"
)


def coupling(wiring):
    return Coupling(LevyStable(1.5), wiring, 20.0, autapses=False)


@needs_compiler
@pytest.mark.standalone
def test_every_size_runs_one_program_and_gives_the_same_spikes_as_numpy(counted_compiler):
    for size, wiring in (
        (100, FixedInDegree(20)),
        (100, FixedProbability(0.2)),
        (101, FixedProbability(0.2)),
        (7, AllToAll()),
        (2, FixedInDegree(1)),
        (300, FixedProbability(0.05)),
    ):
        model = LIFNetwork(coupling(wiring), size, drive=np.linspace(22, 26, size) * mV)
        options = {"seed": 2, "record": ["v"], "record_dt": 1 * ms}
        ours = simulate(model, 60 * ms, backend="cpp", **options)
        numpy = simulate(model, 60 * ms, backend="numpy", **options)
        assert ours.n_spikes > 0
        assert np.array_equal(ours.times, numpy.times)
        assert np.array_equal(ours.ids, numpy.ids)
        np.testing.assert_allclose(
            ours.traces["v"].values, numpy.traces["v"].values, rtol=0, atol=1e-14
        )
    assert sum("-o main " in call for call in counted_compiler()) == 1


def test_source_for_all_sizes_names_no_size(tmp_path):
    found = []
    for size, p in ((50, 0.2), (61, 0.3)):
        run = prepare(BinaryNetwork(coupling(FixedProbability(p)), size, noise=0.1), 1 * ms, seed=1)
        assert generate_for_all_sizes(Cpp().generate, run, tmp_path / str(size))
        found.append(fingerprint(tmp_path / str(size)))
        texts = [path.read_text() for path in (tmp_path / str(size)).rglob("*.cpp")]
        assert not any(str(n) in text for text in texts for n in STAND_INS[0])
        assert [path.name for path in tmp_path.iterdir()] == [str(size)]
        shutil.rmtree(tmp_path / str(size))
    assert found[0] == found[1]


@dataclass(frozen=True, eq=False)
class SizeInText(LIFNetwork):
    """A model of a user's with a number in its code that follows from its size."""

    def brian_objects(self, clock):
        neurons, synapses = super().brian_objects(clock)
        text = f"v += {1 / self.size**2!r}*mV"
        neurons.run_regularly(text, clock=clock, name="neurons_kick")
        return neurons, synapses


@dataclass(frozen=True, eq=False)
class SizeInArray(LIFNetwork):
    """A model of a user's whose objects can only be made with its own number of neurons."""

    def brian_objects(self, clock):
        assert isinstance(self.weights, Coupling)
        return super().brian_objects(clock)


@pytest.mark.parametrize("model", [SizeInText, SizeInArray])
def test_a_model_whose_code_depends_on_its_size_has_a_program_for_each(tmp_path, model):
    run = prepare(model(coupling(FixedInDegree(3)), 10), 1 * ms, seed=1)
    assert not generate_for_all_sizes(Cpp().generate, run, tmp_path / "project")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["x = 999983.0;", "x = 999983L;", "int n999983 = 1;"])
def test_a_size_that_cannot_be_replaced_is_noticed(tmp_path, text):
    (tmp_path / "code.cpp").write_text(f"{text}\n")
    with pytest.raises(FixedSizes):
        free_sizes(tmp_path, STAND_INS[0])


def test_a_stand_in_leaves_the_model_as_it_was():
    model = LIFNetwork(coupling(FixedInDegree(3)), 10)
    before = (model.weights, model.n_neurons)
    assert stand_in(prepare(model, 1 * ms, seed=1), STAND_INS[0]).model.size == STAND_INS[0][0]
    assert (model.weights, model.n_neurons) == before
