"""A law of one's own: two members suffice, ours can be written with them, the rest is refused."""

import pickle
from dataclasses import dataclass

import numpy as np
import pytest
from brian2 import NeuronGroup, Synapses, ms, mV
from scipy import stats

import heavytail_snn as ht
from heavytail_snn.analysis import lyapunov_spectrum, theory, weight_tail
from heavytail_snn.weights.stable import stable_from_uniform_and_exponential


@dataclass(frozen=True)
class OwnStable(ht.Law):
    """Symmetric stable numbers, by the public protocol alone."""

    tail_exponent: float = 1.5

    def draw(self, size, generator):
        u, w = generator.random(size), generator.standard_exponential(size)
        return stable_from_uniform_and_exponential(self.tail_exponent, 0.0, u, w)


class Resampled(ht.Law):
    """Weights that were measured, drawn anew; no dataclass, and it hands out its own array."""

    tail_exponent = np.inf

    def __init__(self, measured):
        self.measured = measured

    def draw(self, size, generator):
        return self.measured if size == self.measured.size else self.measured[:size]


WIRING = ht.FixedInDegree(20)
OWN, OURS = (ht.Coupling(law, WIRING, 2.0) for law in (OwnStable(), ht.LevyStable(1.5)))


def test_own_stable_law_is_ours_in_distribution():
    own, ours = OwnStable().sample(4000, seed=1), ht.LevyStable(1.5)
    assert stats.kstest(own, ours.cdf).pvalue > 1e-3
    assert OwnStable().scale(100, 3.0) == ours.scale(100, 3.0)
    for n in (30, 300):
        assert OWN.scale(n) == OURS.scale(n)
        np.testing.assert_array_equal(OWN.sample(n, 1).indices, OURS.sample(n, 1).indices)


@pytest.mark.parametrize(
    "backend",
    [
        "numpy",
        pytest.param("cython", marks=pytest.mark.slow),
        pytest.param("cpp", marks=pytest.mark.standalone),
    ],
)
def test_own_law_in_spiking_networks(backend):
    model = ht.models.LIFNetwork(OWN, 50, drive=24 * mV)
    found = ht.simulate(model, 30 * ms, seed=3, backend=backend)
    given = ht.simulate(
        ht.models.LIFNetwork(OWN.sample(50, 3), drive=24 * mV), 30 * ms, seed=3, backend=backend
    )
    assert found.n_spikes > 20
    np.testing.assert_array_equal(found.times, given.times)
    np.testing.assert_array_equal(found.ids, given.ids)


def test_own_law_in_rate_networks_connect_mixtures_tail_and_theory():
    network = ht.models.RateMap(OWN, 60, gain=0.3, seed=1)
    assert np.isfinite(lyapunov_spectrum(network, k=2, n_steps=50, seed=1).exponents).all()
    neurons = NeuronGroup(60, "v : 1", name="own_law_neurons*")
    synapses = Synapses(neurons, neurons, "w : 1", name="own_law_synapses*")
    connected = ht.connect(synapses, OWN, seed=1)
    assert np.sort(connected.weights) == pytest.approx(np.sort(OWN.sample(60, 1).data))
    mixed = ht.Coupling(ht.Mixture((OwnStable(), ht.Gaussian())), WIRING).sample(60, 1)
    assert mixed.nnz == 1200
    tail = weight_tail(ht.Coupling(OwnStable(), ht.AllToAll()).sample(400, seed=1))
    assert tail.exponent == pytest.approx(1.5, abs=4 * tail.standard_error)


@pytest.mark.slow
def test_own_law_in_the_theory_of_couplings():
    sampling = theory.LIFSampling(population=60)
    options = {"drive": 24 * mV, "sampling": sampling, "seed": 1, "tolerance": 0.3}
    own, ours = (theory.lif_coupling(c, 200, **options) for c in (OWN, OURS))
    assert own.rate == pytest.approx(ours.rate, rel=0.2)


def test_own_law_pickles_and_shows_itself():
    assert pickle.loads(pickle.dumps(OWN)) == OWN
    assert repr(OwnStable(1.2)) == "OwnStable(tail_exponent=1.2)"
    assert repr(Resampled(np.ones(2))) == "Resampled(measured=[1.0, 1.0])"
    again = pickle.loads(pickle.dumps(Resampled(np.arange(3.0))))
    np.testing.assert_array_equal(again.sample(3), [0, 1, 2])


def test_what_a_law_keeps_is_not_scaled():
    law = Resampled(np.ones(100))
    ht.Coupling(law, ht.AllToAll(), 5.0).sample(10, seed=1)
    assert (law.measured == 1).all()


@pytest.mark.parametrize(
    ("ask", "member"),
    [
        (lambda law: law.mean, "mean"),
        (lambda law: law.variance, "variance"),
        (lambda law: law.pdf(0.0), "distribution"),
        (lambda law: law.cdf(0.0), "distribution"),
        (lambda law: law.brian_expression(), "connect"),
        (
            lambda law: ht.Coupling(law, WIRING, normalisation="balanced").sample(30, 1),
            "absolute_mean",
        ),
    ],
)
def test_what_a_law_does_not_state_is_refused_by_name(ask, member):
    with pytest.raises(ht.ParameterError, match=member) as raised:
        ask(OwnStable())
    assert "OwnStable" in str(raised.value)


def law_of(drawn, exponent=2.0):
    """Return a law that draws something."""
    members = {"tail_exponent": exponent, "draw": lambda self, size, generator: drawn(size)}
    return type("Wrong", (ht.Law,), members)()


@pytest.mark.parametrize(
    ("drawn", "message"),
    [
        (lambda size: np.ones((size, 1)), "shape"),
        (lambda size: np.ones(size + 1), "shape"),
        (lambda size: np.ones(size, dtype=complex), "complex"),
        (lambda size: None, "object"),
        (lambda size: np.full(size, np.inf), "largest float64"),
    ],
)
def test_wrong_draws_are_refused_by_name(drawn, message):
    with pytest.raises(ht.ParameterError, match=message) as raised:
        law_of(drawn).sample(3)
    assert "Wrong()" in str(raised.value)


@pytest.mark.parametrize("exponent", [0, -1.0, np.nan, None, True, "2"])
def test_wrong_exponents_are_refused_by_name(exponent):
    with pytest.raises(ht.ParameterError, match="tail_exponent of Wrong"):
        ht.Coupling(law_of(np.ones, exponent), WIRING).sample(30)


def test_both_members_are_needed():
    with pytest.raises(TypeError, match="draw"):
        type("Silent", (ht.Law,), {"tail_exponent": 2.0})()
    with pytest.raises(TypeError, match="tail_exponent"):
        type("Tailless", (ht.Law,), {"draw": lambda self, size, generator: np.ones(size)})()
