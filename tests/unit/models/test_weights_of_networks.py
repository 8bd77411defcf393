"""Every network takes a Coupling or a matrix in the same place, and draws from the same stream."""

import numpy as np
import pytest
from brian2 import ms, mV
from scipy import sparse

import heavytail_snn as ht
from heavytail_snn.analysis import lyapunov_spectrum
from heavytail_snn.analysis.geometry import present
from heavytail_snn.analysis.lyapunov import (
    chaos_onset,
    covariant_lyapunov_vectors,
    flux_tube_radius,
    largest_exponent_curve,
    one_spike_perturbation,
    two_trajectory_exponent,
)
from heavytail_snn.brian.device import preferences
from heavytail_snn.brian.simulation.prepare import prepare
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
    delayed_xor,
    rate_trials,
    synchronous_trials,
    tune_drive,
)

N, SEED = 40, 3
COUPLING = ht.Coupling(
    ht.LevyStable(1.5), ht.FixedInDegree(10), 0.5, sign=ht.Inhibitory(), autapses=False
)
MATRIX = COUPLING.sample(N, SEED)


class Own(SpikingNetwork):
    """Neurons of a user."""

    equations = "dv/dt = (24*mV - v)/(20*ms) : volt"
    threshold = "v > 20*mV"
    reset = "v = 0*mV"
    on_pre = "v_post += w*mV"


MODELS = {
    "map": RateMap,
    "flow": RateFlow,
    "binary": BinaryNetwork,
    "lif": lambda *a: LIFNetwork(*a, synapse="exponential", drive=24 * mV),
    "conductance": ConductanceLIFNetwork,
    "own": Own,
    "theta": lambda *a: ThetaNetwork(*a, drive=0.1),
    "rapid theta": lambda *a: RapidThetaNetwork(*a, drive=0.1, rapidness=3.0),
    "pulse lif": lambda *a: PulseLIFNetwork(*a, drive=0.1),
}
PULSE = ("theta", "rapid theta", "pulse lif")


def dense(weights):
    return weights.toarray() if sparse.issparse(weights) else np.asarray(weights)


@pytest.fixture(autouse=True)
def on_numpy():
    with preferences(codegen__target="numpy"):
        yield


@pytest.mark.parametrize("name", MODELS)
def test_weights_are_those_of_the_coupling_and_the_seed(name):
    model = MODELS[name](COUPLING, N)
    for seed in (SEED, np.random.SeedSequence(SEED), np.random.default_rng(SEED)):
        again = np.random.default_rng(SEED) if isinstance(seed, np.random.Generator) else seed
        np.testing.assert_array_equal(
            dense(model.sample_weights(seed)), COUPLING.sample(N, again).toarray()
        )
    with pytest.raises(AssertionError):
        np.testing.assert_array_equal(dense(model.sample_weights(4)), MATRIX.toarray())


@pytest.mark.parametrize("kind", [dense, sparse.csr_array, sparse.csc_array])
@pytest.mark.parametrize("name", MODELS)
def test_a_matrix_stays_itself(name, kind):
    for given in (MODELS[name](kind(MATRIX)), MODELS[name](kind(MATRIX), N)):
        for seed in (1, 2, None):
            np.testing.assert_array_equal(dense(given.sample_weights(seed)), MATRIX.toarray())


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    ("weights", "n_neurons"),
    [(COUPLING, None), (COUPLING, 0), (COUPLING, 2.5), (COUPLING, "40"), (MATRIX, 41)],
)
def test_a_wrong_number_of_neurons_is_refused_by_name(name, weights, n_neurons):
    with pytest.raises(ht.ParameterError, match="n_neurons"):
        MODELS[name](weights, n_neurons)


@pytest.mark.parametrize("name", MODELS)
def test_too_few_neurons_for_the_wiring_are_refused_at_once(name):
    with pytest.raises(ht.ParameterError, match="k must not exceed the 9"):
        MODELS[name](COUPLING, 10)


# ---------------------------------------------------------------- the same run as with the matrix


def lengths(name):
    return 0.5 if name in PULSE else 20 if name in ("map", "flow") else 30 * ms


def on_numpy_target(name):
    return {"backend": "numpy"} if name in ("binary", "lif", "conductance", "own") else {}


def outcome(recording):
    values = recording.traces["state"].values if "state" in recording.traces else []
    return recording.times, recording.ids, values


def same(first, second):
    for a, b in zip(outcome(first), outcome(second), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", MODELS)
def test_simulate_draws_from_its_seed(name):
    options = {"seed": SEED, **on_numpy_target(name)}
    drawn = ht.simulate(MODELS[name](COUPLING, N), lengths(name), **options)
    given = ht.simulate(MODELS[name](MATRIX), lengths(name), **options)
    same(drawn, given)
    empty = MODELS[name](np.zeros((N, N)))
    same(ht.simulate(empty, lengths(name), weights=COUPLING, **options), given)
    provenance = drawn.attrs.get("parameters", {}).get("weights", drawn.attrs.get("coupling"))
    assert provenance == repr(COUPLING)


OPTIONS = {
    "map": {"n_steps": 50, "state_warmup": 20, "tangent_warmup": 20},
    "flow": {"duration": 5.0, "state_warmup": 5.0, "tangent_warmup": 2.0},
    "lif": {"duration": 0.2, "state_warmup": 0.1, "tangent_warmup": 0.1},
    **{name: {"duration": 0.5, "state_warmup": 5, "tangent_warmup": 5} for name in PULSE},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_lyapunov_spectrum_sees_the_weights_of_simulate(name):
    spectra = [
        lyapunov_spectrum(MODELS[name](*weights), k=2, seed=SEED, **OPTIONS[name])
        for weights in ((COUPLING, N), (MATRIX,))
    ]
    np.testing.assert_array_equal(*(s.exponents for s in spectra))


@pytest.mark.parametrize("name", MODELS)
def test_present_sees_the_weights_of_simulate(name):
    patterns = np.random.default_rng(1).standard_normal((1, N))
    amplitude = {"lif": 1 * mV, "conductance": 1 * mV}.get(name, 0.01)
    if name == "own":  # has no drive
        with pytest.raises(ht.ParameterError, match="a network that takes a drive"):
            present(Own(COUPLING, N), patterns, 10 * ms, seed=SEED)
        return
    runs = [
        present(
            MODELS[name](*weights),
            patterns,
            lengths(name),
            amplitude=amplitude,
            seed=SEED,
            **on_numpy_target(name),
        )
        for weights in ((COUPLING, N), (MATRIX,))
    ]
    same(runs[0].recordings[0][0], runs[1].recordings[0][0])


def test_trials_and_curves_draw_from_their_seed():
    def both(function):
        for found in ({"weights": COUPLING, "n_neurons": N}, {"weights": MATRIX},
                      {"weights": MATRIX.toarray()}):  # fmt: skip
            yield function(found.pop("weights"), **found)

    start = np.ones(N)
    calls = (
        lambda w, **k: binary_trials(w, [1.0, 2.0], n_trials=2, noise=0.1, seed=SEED, **k),
        lambda w, **k: synchronous_trials(w, 3, initial=start, seed=SEED, **k),
        lambda w, **k: rate_trials(RateFlow(w, *k.values()), [1.0], n_trials=2, seed=SEED),
        lambda w, **k: rate_trials(RateMap(w, *k.values()), [1.0], n_trials=2, seed=SEED),
        lambda w, **k: largest_exponent_curve(w, [2.0], n_steps=20, seed=SEED, **k).exponents,
        lambda w, **k: RateMap(w, *k.values()).run(5, seed=SEED),
    )
    for call in calls:
        drawn, sparsely, densely = both(call)
        np.testing.assert_allclose(drawn, sparsely, rtol=1e-12)
        np.testing.assert_allclose(drawn, densely, rtol=1e-9)
    xor = [
        delayed_xor(RateMap(*w), n_training=20, n_validation=10, n_test=10, seed=SEED).accuracy
        for w in ((COUPLING, N), (MATRIX,))
    ]
    assert xor[0] == xor[1]


@pytest.mark.parametrize(
    "call",
    [
        lambda w, **k: binary_trials(w, [1.0], n_trials=1, **k),
        lambda w, **k: synchronous_trials(w, 1, initial=np.ones(N), **k),
        lambda w, **k: largest_exponent_curve(w, [1.0], **k),
        lambda w, **k: chaos_onset(w, [1.0, 2.0], **k),
    ],
)
@pytest.mark.parametrize(
    ("weights", "n_neurons"), [(COUPLING, None), (COUPLING, 0), (MATRIX, 41), (dense(MATRIX), 41)]
)
def test_functions_refuse_a_wrong_number_of_neurons_by_name(call, weights, n_neurons):
    with pytest.raises(ht.ParameterError, match="n_neurons"):
        call(weights, n_neurons=n_neurons)


def test_all_measures_of_events_draw_from_their_seed():
    short = {"state_warmup": 5, "seed": SEED}
    calls = (
        lambda n: covariant_lyapunov_vectors(
            n, k=2, duration=0.3, tangent_warmup=2, **short
        ).exponents,
        lambda n: two_trajectory_exponent(n, duration=0.5, alignment=0.1, **short).history,
        lambda n: one_spike_perturbation(n, n_trials=2, duration=0.1, **short).distance,
        lambda n: flux_tube_radius(
            n, sizes=(1e-3, 0.1, 0.2), n_trials=4, duration=0.4, **short
        ).stayed,
    )  # fmt: skip
    for call in calls:
        drawn, given = (call(MODELS["pulse lif"](*w)) for w in ((COUPLING, N), (MATRIX,)))
        np.testing.assert_array_equal(drawn, given)
    tuned = [tune_drive(ThetaNetwork(*w, drive=1.0), rate=5.0, seed=SEED, tolerance=0.1)
             for w in ((COUPLING, N), (MATRIX,))]  # fmt: skip
    assert tuned[0].drive == tuned[1].drive
    np.testing.assert_array_equal(dense(tuned[0].sample_weights(1)), MATRIX.toarray())


# ---------------------------------------------------------------- before and after the drawing


@pytest.mark.parametrize("kind", [RateMap, RateFlow])
def test_a_seed_of_the_network_fixes_the_weights_for_all_runs(kind):
    network = kind(COUPLING, N, seed=SEED)
    np.testing.assert_array_equal(dense(network.sample_weights(7)), MATRIX.toarray())
    given = kind(MATRIX)
    np.testing.assert_array_equal(network.run(5, seed=7), given.run(5, seed=7))
    assert network.parameters["weights_seed"] == SEED


def test_what_is_not_drawn_says_so():
    state = np.ones(N)
    with pytest.raises(ht.ParameterError, match="weights are drawn when the network is simulated"):
        RateMap(COUPLING, N).step(state)
    with pytest.raises(ht.ParameterError, match="weights are drawn when"):
        RateFlow(COUPLING, N).velocity(state)
    with pytest.raises(ht.ParameterError, match="weights are drawn when"):
        ThetaNetwork(COUPLING, N, drive=0.1).outgoing(0)
    drawn, seed = RateMap(COUPLING, N).drawn(SEED)
    assert seed == SEED
    assert drawn.step(state).shape == (N,)
    assert drawn.drawn(8)[0] is drawn


def test_a_run_without_seed_has_one_seed_for_weights_and_state():
    network = ThetaNetwork(COUPLING, N, drive=0.1)
    run = network.run(0.2)
    again = network.run(0.2, seed=run.seed)
    np.testing.assert_array_equal(run.recording.times, again.recording.times)
    record = ht.simulate(RateMap(COUPLING, N), 5)
    repeated = ht.simulate(RateMap(COUPLING, N), 5, seed=record.attrs["seed"])
    same(record, repeated)


def test_a_continued_run_keeps_its_weights():
    network = ThetaNetwork(COUPLING, N, drive=0.1)
    whole = network.run(1.0, seed=SEED)
    first = network.run(0.5, seed=SEED)
    second = network.run(0.5, seed=SEED, state=first.state)
    assert first.recording.n_spikes + second.recording.n_spikes == whole.recording.n_spikes
    with pytest.raises(ht.ParameterError, match="seed must be that of the run"):
        network.run(0.5, state=first.state)


def test_precision_and_gain_go_with_weights_that_are_drawn_later():
    network = RateMap(COUPLING, N).with_precision("float32").with_gain(2.0)
    states = network.run(3, seed=SEED)
    assert states.dtype == np.float32
    expected = RateMap(MATRIX, gain=2.0).with_precision("float32").run(3, seed=SEED)
    np.testing.assert_array_equal(states, expected)


def test_prepare_sees_the_matrix():
    for name in ("binary", "lif", "conductance", "own"):
        run = prepare(MODELS[name](COUPLING, N), 1 * ms, seed=SEED)
        found = np.zeros((N, N))
        found[run.connectivity.targets, run.connectivity.sources] = run.connectivity.weights
        np.testing.assert_array_equal(found, MATRIX.toarray())
