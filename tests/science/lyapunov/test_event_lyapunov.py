"""Tangent dynamics of event-exact networks: finite differences and exact identities.

Identities: the flow vector is carried into itself; the exponents of a complete spectrum sum to the
mean logarithm of the determinants; inhibitory LIF networks have largest exponent 0 (Jahnke,
Memmesheimer & Timme, Front. Comput. Neurosci. 3 (2009) 13); covariant vectors of a constant matrix
are its eigenvectors (Ginelli et al., Phys. Rev. Lett. 99 (2007) 130601).  Flux tubes and
two-trajectory rates: tests/reference/lyapunov.json.
"""

import json

import numpy as np
import pytest

from heavytail_snn.analysis.lyapunov import lyapunov_spectrum, spectrum_from_blocks
from heavytail_snn.analysis.lyapunov.events import spectrum as events_spectrum
from heavytail_snn.analysis.lyapunov.events.covariant import (
    covariant_coefficients,
    covariant_lyapunov_vectors,
)
from heavytail_snn.analysis.lyapunov.events.flux_tube import (
    _exponential_radius,
    flux_tube_radius,
    one_spike_perturbation,
)
from heavytail_snn.analysis.lyapunov.events.spectrum import (
    entropy_per_spike,
    lyapunov_spectrum_of_events,
    random_frame,
    tangent_memory,
)
from heavytail_snn.analysis.lyapunov.events.two_trajectories import (
    displaced,
    phase_difference,
    two_trajectory_exponent,
)
from heavytail_snn.core.errors import ConvergenceError, HeavytailError, MemoryLimitError
from heavytail_snn.models.pulse.drive_tuning import tune_drive
from heavytail_snn.models.pulse.event_state import Stepper
from heavytail_snn.models.pulse.lif_delta import PulseLIFNetwork
from heavytail_snn.models.pulse.rapid_theta import RapidThetaNetwork
from heavytail_snn.models.pulse.theta import ThetaNetwork
from heavytail_snn.weights.coupling import Coupling, Dale, Inhibitory
from heavytail_snn.weights.laws import Constant, LevyStable
from heavytail_snn.weights.wiring import FixedInDegree, FixedProbability


def weights_of(n=50, k=15, law=None, sign=None, gain=1.0, seed=2, autapses=False):
    coupling = Coupling(
        law or LevyStable(1.5),
        FixedInDegree(k),
        gain=gain,
        sign=sign or Inhibitory(),
        autapses=autapses,
        normalisation="balanced",
    )
    return coupling.sample(n, seed=seed)


def erdos_renyi(n, k, seed):
    coupling = Coupling(
        Constant(),
        FixedProbability(k / (n - 1)),
        sign=Inhibitory(),
        autapses=False,
        normalisation="balanced",
    )
    return coupling.sample(n, seed=seed)


UNEQUAL = np.linspace(0.05, 0.2, 50)
CASES = {
    "theta": ThetaNetwork(weights_of(), drive=0.05),
    "theta, both signs": ThetaNetwork(weights_of(sign=Dale(0.6, 2.0)), drive=0.05),
    "theta, unequal drives": ThetaNetwork(weights_of(), drive=UNEQUAL),
    "theta, autapses": ThetaNetwork(weights_of(autapses=True), drive=0.05),
    "rapid theta": RapidThetaNetwork(weights_of(), drive=0.05, rapidness=5.0),
    "rapid theta, both signs": RapidThetaNetwork(
        weights_of(sign=Dale(0.6, 2.0)), drive=0.05, rapidness=5.0
    ),
    "LIF": PulseLIFNetwork(weights_of(), drive=0.1),
    "LIF, unequal drives": PulseLIFNetwork(weights_of(), drive=UNEQUAL),
    "LIF, autapses": PulseLIFNetwork(weights_of(autapses=True), drive=0.1),
}
cases = pytest.mark.parametrize("network", CASES.values(), ids=CASES.keys())


def later(network, state, time, tangent=None):
    stepper = Stepper(network, state)
    _, ids = stepper.run_until(time, tangent)
    return stepper.state(), ids


@cases
def test_tangent_equals_finite_differences_over_50_spikes(network):
    state = network.run(n_spikes=40 * network.n_neurons, seed=1).state
    state = network.state_of(network.phases(state))
    stop = float(network.run(n_spikes=51, state=state).recording.times[-2:].mean())
    direction = np.random.default_rng(0).standard_normal(network.n_neurons)
    tangent = direction[:, None].copy()
    _, ids = later(network, state, stop, tangent)
    assert len(ids) == 50
    errors = []
    for size in (1e-5, 1e-6, 1e-7):
        ends = []
        for sign in (1, -1):
            copy = network.state_of(network.phases(state) + sign * size * direction)
            shifted, shifted_ids = later(network, copy, stop)
            if not np.array_equal(shifted_ids, ids):
                break
            ends.append(shifted)
        else:
            derivative = phase_difference(network, ends[1], ends[0]) / (2 * size)
            errors.append(
                np.linalg.norm(derivative - tangent[:, 0]) / np.linalg.norm(tangent[:, 0])
            )
    assert min(errors) < 1e-6
    assert np.linalg.norm(tangent[:, 0] - direction) > 0.1  # it did something


@cases
def test_flow_vector_is_carried_into_itself(network):
    state = network.run(n_spikes=500, seed=1).state
    flow = network.phase_velocity[:, None].copy()
    # few spikes: after 50, chaos has brought rounding to a third of this bound without FMA
    Stepper(network, state).run_spikes(20, flow)
    assert flow[:, 0] == pytest.approx(network.phase_velocity, rel=1e-12)


@cases
def test_complete_spectrum_sums_to_the_determinants_and_has_a_zero(network):
    spectrum = lyapunov_spectrum_of_events(network, k=50, duration=8.0, seed=1)
    assert spectrum.complete
    assert spectrum.mean_exponent == pytest.approx(spectrum.mean_logdet, rel=1e-9)
    assert abs(spectrum.zero_value) < 10 / spectrum.time
    assert (np.diff(spectrum.exponents) <= 0).all()


def test_mean_exponent_of_unequal_lif_neurons():
    """Each neuron contributes ``-1/tau + rate ln(1 + 1/I)``."""
    network = CASES["LIF, unequal drives"]
    state = network.run(n_spikes=5000, seed=1).state
    stepper = Stepper(network, state)
    _, ids = stepper.run_until(state.time + 60.0, np.zeros((50, 1)))
    rates = np.bincount(ids, minlength=50) / 60.0
    formula = np.mean(-1 / network.tau + rates * np.log1p(1 / UNEQUAL))
    assert stepper.take_log_determinant() / (50 * 60.0) == pytest.approx(formula, abs=0.1)


@pytest.mark.parametrize("alpha", [1.2, 1.8])
def test_inhibitory_lif_networks_are_stable_for_any_weights(alpha):
    network = PulseLIFNetwork(weights_of(law=LevyStable(alpha), seed=5), drive=0.1)
    spectrum = lyapunov_spectrum_of_events(network, k=5, duration=10.0, seed=1)
    assert abs(spectrum.exponents[0]) < 1e-12
    assert spectrum.exponents[1] < -5
    assert spectrum.kaplan_yorke_dimension == 1
    assert spectrum.entropy_rate == 0
    frame = random_frame(50, 5, 1)
    before = np.abs(frame).max(axis=0)
    Stepper(network, network.initial_state(1)).run_spikes(300, frame)
    assert (np.abs(frame).max(axis=0) <= before).all()


def test_interval_between_factorisations_does_not_matter():
    network = CASES["theta"]
    runs = [
        lyapunov_spectrum_of_events(network, k=25, duration=6.0, seed=1, qr_spikes=q)
        for q in (5, 10)
    ]
    # equal total numbers of spikes up to one interval
    shorter = [r.n_spikes for r in runs]
    assert abs(shorter[0] - shorter[1]) <= 10
    if shorter[0] == shorter[1]:
        assert runs[0].kaplan_yorke_dimension == pytest.approx(
            runs[1].kaplan_yorke_dimension, rel=1e-6
        )
    assert runs[0].exponents[0] == pytest.approx(runs[1].exponents[0], rel=0.02)


def test_leading_exponents_are_those_of_the_complete_spectrum():
    network = CASES["theta"]
    options = {"duration": 4.0, "seed": 1, "qr_spikes": 4}
    few = lyapunov_spectrum_of_events(network, k=8, **options)
    whole = lyapunov_spectrum_of_events(network, k=50, **options)
    assert few.exponents[:4] == pytest.approx(whole.exponents[:4], rel=1e-6)
    assert not few.complete
    assert np.isnan(few.kaplan_yorke_dimension) or few.kaplan_yorke_dimension < 8


def test_too_few_vectors_are_enlarged_until_the_dimension_exists(monkeypatch):
    network = CASES["theta"]
    fixed = lyapunov_spectrum_of_events(network, k=4, duration=3.0, seed=1)
    assert fixed.exponents.size == 4
    assert np.isnan(fixed.kaplan_yorke_dimension)
    monkeypatch.setattr(events_spectrum, "_DEFAULT_FRACTION", 0.08)
    found = lyapunov_spectrum_of_events(network, k="auto", duration=3.0, seed=1)
    monkeypatch.undo()
    assert 4 < found.kaplan_yorke_dimension < found.exponents.size < 50
    default = lyapunov_spectrum(network, seed=1, duration=3.0)
    assert default.kaplan_yorke_dimension == pytest.approx(found.kaplan_yorke_dimension, rel=0.1)
    assert default.kind == "event"
    assert default.unit == "1/s"


def test_condition_guard_shortens_the_interval():
    network = PulseLIFNetwork(weights_of(), drive=0.2)
    options = {"k": 50, "duration": 1.0, "seed": 1}
    assert lyapunov_spectrum_of_events(network, **options).parameters["qr_spikes"] == 13
    sparse = ThetaNetwork(weights_of(k=2), drive=0.05)
    guarded = lyapunov_spectrum_of_events(sparse, **options)
    assert guarded.parameters["qr_spikes"] < 100
    assert guarded.log10_cond_first < 8
    careless = lyapunov_spectrum_of_events(sparse, qr_spikes=400, duration=20.0, k=50, seed=1)
    assert any("lost their digits" in warning for warning in careless.warnings)


def test_spikes_that_forget_their_neuron_give_minus_infinity():
    weights = np.zeros((3, 3))
    weights[1, 0] = 2.0
    network = PulseLIFNetwork(weights, drive=np.array([1.0, 0.1, 0.1]), on_avalanche="fire")
    spectrum = lyapunov_spectrum_of_events(network, k=3, duration=5.0, seed=1, qr_spikes=4)
    assert np.isneginf(spectrum.exponents[-1])
    assert spectrum.n_floored > 0
    assert spectrum.exponents[:2] == pytest.approx([0, 0], abs=1e-12)
    assert spectrum.parameters["on_avalanche"] == "fire"
    with pytest.raises(ConvergenceError, match="no way back"):
        covariant_lyapunov_vectors(network, k=3, duration=1.0, seed=1)


def test_entropy_per_spike():
    spectrum = spectrum_from_blocks(
        np.tile([2.0, 1.0, -5.0], (10, 1)),
        np.ones(10),
        unit="1/s",
        kind="event",
        tangent_dimension=3,
        n_spikes=40,
    )
    # 3 nats a second at 4 spikes a second
    assert entropy_per_spike(spectrum).value == pytest.approx(0.75 / np.log(2))
    silent = spectrum_from_blocks(
        np.ones((10, 1)), np.ones(10), unit="1/s", kind="flow", tangent_dimension=1
    )
    with pytest.raises(HeavytailError, match=r"^spectrum "):
        entropy_per_spike(silent)


@pytest.mark.parametrize(
    ("options", "argument"),
    [
        ({"k": 0}, "k"),
        ({"k": 51}, "k"),
        ({"duration": 0.0}, "duration"),
        ({"qr_spikes": 0}, "qr_spikes"),
        ({"state_warmup": -1}, "state_warmup"),
        ({"tangent_warmup": np.nan}, "tangent_warmup"),
        ({"duration": 1e-3}, "log_stretches"),
    ],
)
def test_bad_arguments_are_named(options, argument):
    with pytest.raises(HeavytailError, match=f"^{argument} "):
        lyapunov_spectrum_of_events(CASES["theta"], **{"duration": 1.0, "seed": 1} | options)


def test_memory_is_estimated_before_anything_runs():
    assert tangent_memory(1000, 500) == 12_000_000
    with pytest.raises(MemoryLimitError, match="fewer exponents"):
        lyapunov_spectrum_of_events(CASES["theta"], k=50, duration=1.0, seed=1, max_memory=1e4)
    with pytest.raises(MemoryLimitError, match="shorten duration"):
        covariant_lyapunov_vectors(CASES["theta"], k=20, duration=5.0, seed=1, max_memory=2e5)


# --- two trajectories ---------------------------------------------------------------------------


def entry_of(reference, name):
    entries = json.loads((reference / "lyapunov.json").read_text())["entries"]
    return next(entry for entry in entries if entry["id"] == name)


def test_two_trajectories_agree_with_the_tangent_and_the_reference(reference):
    network = tune_drive(ThetaNetwork(erdos_renyi(200, 50, 1), drive=0.04), rate=1.0, seed=1)
    runs = [
        two_trajectory_exponent(network, size=size, duration=15.0, seed=1)
        for size in (1e-6, 1e-8, 1e-10)
    ]
    assert runs[0].growth_rate == pytest.approx(runs[1].growth_rate, rel=1e-3)
    assert runs[2].growth_rate == pytest.approx(runs[1].growth_rate, rel=1e-3)
    tangent = lyapunov_spectrum_of_events(network, k=1, duration=15.0, seed=1)
    error = np.hypot(runs[1].standard_error, tangent.standard_error[0])
    assert abs(runs[1].growth_rate - tangent.exponents[0]) < 3 * error
    entry = entry_of(reference, "benettin_event/theta_N200_K50_nu1/eps1e-08_dT0.01")
    # another network of the same kind: add the spread between networks (0.3)
    spread = np.hypot(error, 0.3)
    assert abs(runs[1].growth_rate - entry["value"]) < entry["tolerance"] + 3 * spread


def test_across_the_flow_a_stable_network_shows_its_second_exponent(reference):
    network = tune_drive(PulseLIFNetwork(erdos_renyi(200, 50, 1), drive=0.1), rate=5.0, seed=1)
    run = two_trajectory_exponent(network, duration=8.0, across_flow=True, seed=1)
    entry = entry_of(reference, "benettin_event/lif_N200_K50_nu5/eps1e-06_dT0.01")
    assert abs(run.growth_rate - entry["value"]) < entry["tolerance"] + 3 * run.standard_error
    along = two_trajectory_exponent(network, duration=2.0, seed=1)
    assert abs(along.growth_rate) < 1e-2


def test_phase_differences_are_wrapped_around_the_spike():
    for network, cycle in ((CASES["theta"], 2 * np.pi), (CASES["LIF"], 1.0)):
        before, after = (network.phases(network.initial_state(1)) for _ in range(2))
        before[3], after[3] = network.threshold - 1e-3, network.reset + 2e-3
        difference = phase_difference(network, network.state_of(before), network.state_of(after))
        assert difference == pytest.approx(np.where(np.arange(50) == 3, 3e-3, 0), abs=1e-12)
        assert network.threshold - network.reset == cycle


def test_displacement_keeps_phases_below_threshold():
    network = CASES["theta"]
    state = network.initial_state(1)
    shift = np.zeros(50)
    shift[int(np.argmax(network.phases(state)))] = 3.0
    moved = displaced(network, state, shift)
    assert network.phases(moved).max() <= np.pi
    assert np.linalg.norm(network.phases(moved) - network.phases(state)) == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("options", "argument"),
    [({"size": 1.0}, "size"), ({"interval": -1.0}, "interval"), ({"duration": 0.05}, "duration")],
)
def test_two_trajectories_name_bad_arguments(options, argument):
    with pytest.raises(HeavytailError, match=f"^{argument} "):
        two_trajectory_exponent(CASES["theta"], seed=1, **options)


# --- covariant vectors ----------------------------------------------------------------------------


def test_covariant_vectors_of_a_constant_matrix_are_its_eigenvectors():
    generator = np.random.default_rng(4)
    vectors = generator.standard_normal((5, 5))
    values = np.array([3.0, -1.7, 1.1, 0.6, 0.2])
    matrix = vectors @ np.diag(values) @ np.linalg.inv(vectors)
    frame, frames, factors = np.linalg.qr(generator.standard_normal((5, 5)))[0], [], []
    for _ in range(160):
        frames.append(frame)
        frame, factor = np.linalg.qr(matrix @ frame)
        factors.append(factor)
    found = list(covariant_coefficients(factors, generator))[80]
    covariant = frames[160 - 81] @ found[0]
    expected = vectors / np.linalg.norm(vectors, axis=0)
    assert np.abs(np.sum(covariant * expected, axis=0)) == pytest.approx(np.ones(5), abs=1e-8)
    assert found[1] == pytest.approx(np.log(np.abs(values)), abs=1e-8)


def test_neutral_covariant_vector_is_the_flow_and_others_are_localised():
    network = CASES["theta"]
    result = covariant_lyapunov_vectors(network, k=25, duration=6.0, tangent_warmup=150, seed=1)
    zero = int(np.argmin(np.abs(result.exponents)))
    flow = network.phase_velocity / np.linalg.norm(network.phase_velocity)
    assert abs(result.vectors[:, zero] @ flow) == pytest.approx(1, abs=1e-2)
    assert result.participation_ratio[zero] == pytest.approx(50, rel=2e-2)
    assert (result.participation_ratio >= 1).all()
    assert result.participation_ratio[0] < 25
    assert result.occupancy.sum(axis=0) == pytest.approx(np.ones(25))
    spectrum = lyapunov_spectrum_of_events(
        network,
        k=25,
        duration=6.0,
        seed=1,
        qr_spikes=result.parameters["qr_spikes"],
        tangent_warmup=150,
    )
    assert result.exponents[0] == pytest.approx(spectrum.exponents[0], rel=1e-9)
    assert result.exponents[:10] == pytest.approx(spectrum.exponents[:10], abs=1.5)


def test_covariant_vectors_keep_their_own_growth_rate():
    """Carried forward, the second vector is not drawn into the first, as any other vector is."""
    network = CASES["LIF"]
    result = covariant_lyapunov_vectors(network, k=3, duration=6.0, seed=1)
    assert result.exponents[0] == pytest.approx(0, abs=1e-9)
    vectors = result.vectors.copy()
    Stepper(network, result.state).run_spikes(100, vectors)
    flow = network.phase_velocity / np.linalg.norm(network.phase_velocity)
    second = vectors[:, 1] / np.linalg.norm(vectors[:, 1])
    assert np.linalg.norm(vectors[:, 1]) < 0.1  # it shrank
    assert abs(second @ flow) < 0.99  # and did not become the flow


# --- finite perturbations -------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", ["N200_K50_nu5.0", "N800_K50_nu5.0", "N200_K100_nu5.0"])
def test_flux_tube_radius_of_the_reference(reference, name):
    entry = entry_of(reference, f"flux_tube/{name}")
    n, k = (int(part[1:]) for part in name.split("_")[:2])
    network = tune_drive(PulseLIFNetwork(erdos_renyi(n, k, 1), drive=0.1), rate=5.0, seed=1)
    tube = flux_tube_radius(network, n_trials=30, sizes=(3e-3, 1e-2, 3e-2, 1e-1), seed=1)
    assert abs(tube.radius - entry["value"]) < entry["tolerance"] + 3 * tube.standard_error


def test_fit_of_the_radius():
    generator = np.random.default_rng(1)
    sizes, trials = np.array([0.01, 0.03, 0.1, 1e4]), np.full(4, 40_000)
    stayed = generator.binomial(trials, np.exp(-sizes / 0.05))
    radius, error = _exponential_radius(sizes, stayed, trials)
    assert abs(radius - 0.05) < 4 * error
    assert error < 0.001
    with pytest.raises(ConvergenceError, match="came together"):
        _exponential_radius(sizes, trials, trials)
    with pytest.raises(ConvergenceError, match="parted"):
        _exponential_radius(sizes, 0 * trials, trials)


def test_chaotic_networks_have_no_flux_tube():
    with pytest.raises(ConvergenceError, match=r"runs parted"):
        flux_tube_radius(CASES["theta"], n_trials=2, duration=5.0, seed=1)


@pytest.mark.parametrize("spike", ["missing", "extra"])
def test_one_spike_decorrelates_a_chaotic_network(spike):
    chaotic = one_spike_perturbation(CASES["theta"], spike=spike, n_trials=10, seed=1)
    assert 0 < chaotic.decorrelation_time < 0.5
    assert chaotic.changed_spikes[-1] > 3
    assert (np.abs(chaotic.extra_spikes) <= chaotic.changed_spikes).all()
    assert chaotic.distance[0] < chaotic.distance[-1]


def test_one_missing_spike_without_synapses_changes_nothing():
    alone = one_spike_perturbation(
        PulseLIFNetwork(np.zeros((10, 10)), drive=0.1), n_trials=5, duration=0.2, seed=1
    )
    # the neuron is reset all the same: one spike fewer, no distance
    assert alone.extra_spikes == pytest.approx(-np.ones(50))
    assert alone.changed_spikes == pytest.approx(np.ones(50))
    assert alone.distance == pytest.approx(np.zeros(50), abs=1e-9)
    assert alone.decorrelation_time == np.inf


@pytest.mark.parametrize(
    ("function", "options", "argument"),
    [
        (flux_tube_radius, {"sizes": [-1.0]}, "sizes"),
        (flux_tube_radius, {"n_trials": 0}, "n_trials"),
        (one_spike_perturbation, {"spike": "lost"}, "spike"),
        (one_spike_perturbation, {"n_lags": 0}, "n_lags"),
        (covariant_lyapunov_vectors, {"k": 99}, "k"),
    ],
)
def test_perturbations_name_bad_arguments(function, options, argument):
    with pytest.raises(HeavytailError, match=f"^{argument} "):
        function(CASES["theta"], seed=1, **options)


@pytest.mark.parametrize(
    ("function", "options"),
    [
        (lyapunov_spectrum_of_events, {}),
        (two_trajectory_exponent, {}),
        (covariant_lyapunov_vectors, {"k": 2}),
        (flux_tube_radius, {}),
        (one_spike_perturbation, {}),
    ],
)
def test_other_models_are_refused(function, options):
    with pytest.raises(HeavytailError, match=r"^network must be a ThetaNetwork"):
        function(np.zeros((3, 3)), **options)
