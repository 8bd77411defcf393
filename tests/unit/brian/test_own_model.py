"""Models of one's own: a LIF network from strings is ours, and faults are named."""

import pickle
from dataclasses import dataclass

import numpy as np
import pytest
from brian2 import NeuronGroup, Quantity, Synapses, ms, mV, second, volt

import heavytail_snn as ht
from heavytail_snn.analysis import lyapunov_spectrum
from heavytail_snn.analysis.geometry import present
from heavytail_snn.brian.device import preferences
from heavytail_snn.brian.simulation.prepare import prepare
from heavytail_snn.models import ConductanceLIFNetwork, LIFNetwork, NetworkModel, SpikingNetwork

COUPLING = ht.Coupling(ht.LevyStable(1.5), ht.FixedInDegree(20), autapses=False)


class OwnLIF(SpikingNetwork):
    """The equations of LIFNetwork with delta synapses."""

    equations = """
        dv/dt = (drive - v)/tau : volt (unless refractory)
        drive : volt (constant)
        tau : second (shared, constant)
        theta : volt (shared, constant)
        v_reset : volt (shared, constant)
        t_ref : second (shared, constant)
        """
    threshold = "v > theta"
    reset = "v = v_reset"
    refractory = "t_ref"
    on_pre = "v_post += w*mV"
    method = "exact"
    drive: Quantity = 24 * mV
    tau: Quantity = 20 * ms
    theta: Quantity = 20 * mV
    v_reset: Quantity = 0 * mV
    t_ref: Quantity = 2 * ms

    def initial_values(self, generator):
        limits = float(self.v_reset), float(self.theta)
        return {"v": generator.uniform(*limits, self.size) * volt}


class OwnExponential(OwnLIF):
    """The equations of LIFNetwork with exponential synapses."""

    equations = (
        OwnLIF.equations.replace("(drive - v)", "(drive - v + recurrent)")
        + """
        drecurrent/dt = -recurrent/tau_syn : volt
        tau_syn : second (shared, constant)
        """
    )
    on_pre = "recurrent_post += w*mV*tau_post/tau_syn_post"
    method = None
    tau_syn: Quantity = 5 * ms


class OwnConductance(SpikingNetwork):
    """The equations of ConductanceLIFNetwork; one line tells the signs of weights apart."""

    equations = """
        dv/dt = (drive - v + g_e*(70*mV - v) + g_i*(-10*mV - v))/(20*ms) : volt (unless refractory)
        dg_e/dt = -g_e/(5*ms) : 1
        dg_i/dt = -g_i/(10*ms) : 1
        drive : volt (constant)
        """
    threshold = "v > 20*mV"
    reset = "v = 0*mV"
    refractory = "timestep(t - lastspike, dt) < timestep(2*ms, dt)"
    on_pre = "g_e_post += w*int(w > 0)\ng_i_post -= w*int(w <= 0)"
    drive: Quantity = 24 * mV

    def initial_values(self, generator):
        return {"v": generator.uniform(0.0, 0.02, self.size) * volt}


class OwnExponentialIF(SpikingNetwork):
    """Exponential integrate-and-fire neurons, which the library has not."""

    equations = """
        dv/dt = (drive - v + slope*exp((v - bend)/slope) + recurrent)/tau : volt
        drecurrent/dt = -recurrent/tau_syn : volt
        drive : volt (constant)
        slope : volt (shared, constant)
        bend : volt (shared, constant)
        tau : second (shared, constant)
        tau_syn : second (shared, constant)
        """
    threshold = "v > bend + 2*slope"
    reset = "v = 0*mV"
    on_pre = "recurrent_post += w*mV*tau_post/tau_syn_post"
    drive: Quantity = 24 * mV
    slope: Quantity = 2 * mV
    bend: Quantity = 18 * mV
    tau: Quantity = 20 * ms
    tau_syn: Quantity = 5 * ms

    def initial_values(self, generator):
        return {"v": generator.uniform(0.0, 0.018, self.size) * volt}


@pytest.fixture
def numpy_target():
    with preferences(codegen__target="numpy"):
        yield


def same_spikes(first, second):
    return np.array_equal(first.times, second.times) and np.array_equal(first.ids, second.ids)


BACKENDS = [
    "numpy",
    pytest.param("cython", marks=pytest.mark.slow),
    pytest.param("cpp", marks=pytest.mark.standalone),
]


@pytest.mark.parametrize("backend", BACKENDS)
def test_own_lif_is_ours_spike_for_spike(backend):
    own, ours = (
        ht.simulate(model(COUPLING, 80, delay=1.5 * ms), 100 * ms, seed=5, backend=backend)
        for model in (OwnLIF, LIFNetwork)
    )
    assert own.n_spikes > 150
    assert same_spikes(own, ours)
    assert own.attrs["parameters"]["drive"] == "24. mV"


@pytest.mark.parametrize(
    ("own", "ours"),
    [
        (OwnExponential, lambda *a, **k: LIFNetwork(*a, synapse="exponential", **k)),
        (OwnConductance, ConductanceLIFNetwork),
    ],
)
def test_own_synapses_are_ours(own, ours):
    runs = [
        ht.simulate(
            model(COUPLING, 40, delay=1.5 * ms), 60 * ms, seed=2, backend="numpy", record=["v"]
        )
        for model in (own, ours)
    ]
    assert runs[0].n_spikes > 40
    assert same_spikes(*runs)
    np.testing.assert_allclose(*(run.traces["v"].values for run in runs), atol=1e-12)


@pytest.mark.usefixtures("numpy_target")
def test_own_lif_has_the_exponents_of_ours():
    options = {"k": 2, "seed": 1, "duration": 0.2, "state_warmup": 0.1, "tangent_warmup": 0.1}
    own = OwnExponential(COUPLING, 40, delay=1.5 * ms)
    ours = LIFNetwork(COUPLING, 40, synapse="exponential")
    found = [lyapunov_spectrum(model, **options) for model in (own, ours)]
    np.testing.assert_allclose(found[0].exponents, found[1].exponents, atol=1e-9)


@pytest.mark.parametrize("backend", BACKENDS)
def test_exponential_integrate_and_fire_runs(backend):
    model = OwnExponentialIF(COUPLING, 40, delay=1 * ms)
    run = ht.simulate(model, 100 * ms, seed=1, record=["v", "recurrent"], backend=backend)
    assert run.n_spikes > 40
    assert {name: trace.unit for name, trace in run.traces.items()} == {"v": "V", "recurrent": "V"}


@pytest.mark.usefixtures("numpy_target")
def test_exponential_integrate_and_fire_has_exponents():
    model = OwnExponentialIF(COUPLING, 40, delay=1 * ms)
    options = {"k": 2, "seed": 1, "duration": 0.3, "state_warmup": 0.1, "tangent_warmup": 0.1}
    assert np.isfinite(lyapunov_spectrum(model, dt=0.05 * ms, **options).exponents).all()


def test_own_model_is_shown_stimuli_by_its_drive():
    patterns = np.random.default_rng(1).standard_normal((2, 80))
    own, ours = (
        present(model(COUPLING, 80, delay=1.5 * ms), patterns, 40 * ms, amplitude=1 * mV, seed=1,
                backend="numpy")
        for model in (OwnLIF, LIFNetwork)
    )  # fmt: skip
    for found, expected in zip(own.recordings, ours.recordings, strict=True):
        assert same_spikes(found[0], expected[0])
    with pytest.raises(ht.ParameterError, match="must be 'drive' for a OwnLIF"):
        present(OwnLIF(COUPLING, 80), patterns, 40 * ms, coding="initial", seed=1)


def test_numbers_are_no_structure_and_texts_are():
    runs = [
        prepare(OwnLIF(COUPLING, 40, drive=drive, tau=tau), 1 * ms, seed=1)
        for drive, tau in ((24 * mV, 20 * ms), (np.linspace(20, 30, 40) * mV, 10 * ms))
    ]
    assert runs[0].structure() == runs[1].structure()
    assert set(runs[0].values) == set(runs[1].values)
    assert prepare(OwnExponential(COUPLING, 40), 1 * ms).structure() != runs[0].structure()


def test_own_model_pickles():
    model = OwnLIF(COUPLING, 40, drive=22 * mV)
    again = pickle.loads(pickle.dumps(model))
    runs = [ht.simulate(m, 30 * ms, seed=1, backend="numpy") for m in (model, again)]
    assert same_spikes(*runs)


# ---------------------------------------------------------------- what is refused


COUNTING = OwnLIF.equations + "\nfinite_steps : 1"


def variant(**changes):
    return type("Variant", (OwnLIF,), changes)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: SpikingNetwork(COUPLING, 40), "equations must be a Brian2 string of Spiking"),
        (lambda: variant(threshold=None)(COUPLING, 40), "threshold must be a Brian2 string"),
        (lambda: variant(equations="dv = 3")(COUPLING, 40), "equations of Variant must be Brian2"),
        (
            lambda: variant(equations=OwnLIF.equations + "\nrest : volt (constant)")(COUPLING, 40),
            "a value for each constant, got 'rest'; add the attribute rest: Quantity = 1.volt",
        ),
        (
            lambda: variant(equations=OwnLIF.equations + "\nk : integer (constant)", k=3,
                            __annotations__={"k": int})(COUPLING, 40),
            "must be a real parameter",
        ),
        (lambda: OwnLIF(COUPLING, 40, drive=24), "drive must be a Brian2 quantity"),
        (lambda: OwnLIF(COUPLING, 40, drive=24 * ms), "drive must be a Brian2 quantity"),
        (lambda: OwnLIF(COUPLING, 40, drive=[1, 2] * mV), "drive must be one value or 40"),
        (lambda: OwnLIF(COUPLING, 40, tau=[1, 2] * ms), "tau must be a single value"),
        (lambda: OwnLIF(COUPLING), "n_neurons"),
        (lambda: OwnLIF(COUPLING, 40, delay=-1 * ms), "delay"),
        (lambda: run_of(OwnLIF(COUPLING, 40, t_ref=0.25 * ms)), "refractory must be a whole"),
        (lambda: run_of(OwnLIF(COUPLING, 40, delay=0.25 * ms)), "delay must be a whole"),
        (lambda: run_of(variant(threshold="v > nothing")(COUPLING, 40)), '"nothing" could not'),
        (lambda: run_of(variant(on_pre="v_post += w")(COUPLING, 40)), "inconsistent units"),
        (
            lambda: run_of(variant(initial_values=lambda self, generator: {"u": 1})(COUPLING, 40)),
            "initial_values must be one of",
        ),
        (
            lambda: run_of(variant(initial_values=lambda self, generator: {"v": 1})(COUPLING, 40)),
            "v must be a Brian2 quantity",
        ),
        (
            lambda: run_of(variant(equations=COUNTING)(COUPLING, 40)),
            "of Variant must not declare finite_steps",
        ),
    ],
)  # fmt: skip
def test_faults_are_named(call, message):
    with pytest.raises(ht.HeavytailError, match=message):
        call()


def run_of(model):
    return ht.simulate(model, 1 * ms, backend="numpy", seed=1)


# ---------------------------------------------------------------- the protocol underneath


@dataclass(frozen=True, eq=False)
class Growing(NetworkModel):
    """As little as a NetworkModel can say: nothing of finite_steps, nothing to watch."""

    weights: object
    n_neurons: int | None = None
    names: tuple[str, str] = ("neurons", "synapses")

    @property
    def variables(self):
        return {"x": "", "u": "V"}

    def structure(self):
        return ("growing",)

    def brian_objects(self, clock):
        neurons = NeuronGroup(
            self.size, "dx/dt = x*x/second : 1\ndu/dt = -u/second : volt\nlast : second",
            threshold="x > 2", reset="", method="euler", clock=clock, name=self.names[0],
        )  # fmt: skip
        synapses = Synapses(
            neurons,
            neurons,
            "w : 1",
            on_pre="x_post += w",
            delay=0 * ms,
            clock=clock,
            name=self.names[1],
        )
        return neurons, synapses

    def values(self, connectivity, dt, seed):
        start = np.ones(self.size)
        start[-1] = 1e200
        return {"neurons.x": start, "neurons.u": np.zeros(self.size)}


def test_the_library_watches_what_a_model_does_not_name():
    with pytest.raises(ht.ConvergenceError, match=r"x of neuron 2 first at t = .* s of 1 s"):
        ht.simulate(Growing(np.zeros((3, 3))), 1 * second, backend="numpy", dt=0.1 * second)


@pytest.mark.parametrize("names", [("cells", "synapses"), ("neurons", "wires")])
def test_other_names_of_objects_are_refused(names):
    with pytest.raises(ht.ParameterError, match="brian_objects of Growing must return"):
        run_of(Growing(np.zeros((3, 3)), names=names))
