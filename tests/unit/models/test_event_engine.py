"""Event engine: phase maps against voltages, queues, resumed runs, signs, refusals."""

import numpy as np
import pytest
from brian2 import ms, mV, second
from scipy import sparse

from heavytail_snn.brian.simulation.simulate import simulate
from heavytail_snn.core.errors import ConvergenceError, HeavytailError, ParameterError
from heavytail_snn.models.pulse import event_state
from heavytail_snn.models.pulse.drive_tuning import tune_drive
from heavytail_snn.models.pulse.event_state import AvalancheError, EventState
from heavytail_snn.models.pulse.lif_delta import PulseLIFNetwork
from heavytail_snn.models.pulse.rapid_theta import RapidThetaNetwork
from heavytail_snn.models.pulse.theta import ThetaNetwork
from heavytail_snn.weights.coupling import Coupling, Dale, Inhibitory
from heavytail_snn.weights.laws import LevyStable
from heavytail_snn.weights.wiring import FixedInDegree

ONE = [[0.0]]
NETWORKS = [
    (ThetaNetwork, {}),
    (RapidThetaNetwork, {"rapidness": 3.0}),
    (PulseLIFNetwork, {}),
]


def heavy(n=60, k=20, sign=None, gain=1.0, seed=3):
    coupling = Coupling(
        LevyStable(1.3),
        FixedInDegree(k),
        gain=gain,
        sign=sign or Inhibitory(),
        autapses=False,
        normalisation="balanced",
    )
    return coupling.sample(n, seed=seed)


def theta_voltage(phase, drive):
    return np.sqrt(drive) * np.tan(phase / 2)


def rapid_voltage(phase, drive, r):
    a = (r + 1) / (2 * r)
    p = 0.5 * (phase - np.pi * (r - 1) / (r + 1))
    root = np.sqrt(drive / a)
    return np.where(p <= 0, root * np.tan(a * p), root / r * np.tan(r * a * p))


def lif_voltage(phase, drive):
    return (1 + drive) * (1 - (1 + 1 / drive) ** -phase)


@pytest.mark.parametrize("weight", [-2.0, -0.3, 0.2, 1.5])
@pytest.mark.parametrize("drive", [0.04, 1.3])
def test_pulses_add_their_weight_to_the_voltage(weight, drive):
    phases = np.linspace(-3.0, 2.9, 41)
    for network, voltage in (
        (ThetaNetwork(ONE, drive=drive), lambda x: theta_voltage(x, drive)),
        (RapidThetaNetwork(ONE, drive=drive, rapidness=4), lambda x: rapid_voltage(x, drive, 4.0)),
    ):
        after, _ = network.phase_response(phases, weight)
        assert voltage(after) == pytest.approx(voltage(phases) + weight, abs=1e-9)
    phases = np.linspace(-2.0, 0.99, 41)
    after, _ = PulseLIFNetwork(ONE, drive=drive).phase_response(phases, weight)
    reached = lif_voltage(phases, drive) + weight
    below = reached < 1
    assert lif_voltage(after[below], drive) == pytest.approx(reached[below], abs=1e-9)
    assert (after[~below] == 1).all()


@pytest.mark.parametrize(("model", "options"), NETWORKS)
def test_slope_of_the_phase_response_is_its_derivative(model, options):
    network = model(ONE, drive=0.2, **options)
    phases = (
        np.linspace(-2.9, 2.9, 59) if model is not PulseLIFNetwork else np.linspace(-2, 0.9, 59)
    )
    step = 1e-6
    for weight in (-1.5, -0.1, 0.02):
        ends = [network.phase_response(phases + s, weight)[0] for s in (step, -step)]
        slope = network.phase_response(phases, weight)[1]
        usable = slope > 0  # a LIF neuron made to spike has no slope
        numerical = (ends[0] - ends[1]) / (2 * step)
        assert slope[usable] == pytest.approx(numerical[usable], rel=1e-7, abs=1e-7)


def test_rapidness_one_is_the_theta_neuron():
    phases, drive = np.linspace(-np.pi, np.pi, 201), 0.07
    theta = ThetaNetwork(ONE, drive=drive)
    rapid = RapidThetaNetwork(ONE, drive=drive, rapidness=1)
    for weight in (-0.5, 0.3):
        for a, b in zip(
            theta.phase_response(phases, weight), rapid.phase_response(phases, weight), strict=True
        ):
            assert a == pytest.approx(b, abs=1e-12)
    assert theta.phase_velocity == pytest.approx(rapid.phase_velocity)


@pytest.mark.parametrize(
    ("network", "rate"),
    [
        (ThetaNetwork(ONE, drive=0.25, tau=0.02), 0.5 / (np.pi * 0.02)),
        (PulseLIFNetwork(ONE, drive=0.25, tau=0.02), 1 / (0.02 * np.log(5))),
        # time on each side of the glue point, integrated from the voltage equation
        (
            RapidThetaNetwork(ONE, drive=0.25, rapidness=3, tau=0.02),
            1 / (0.02 * (np.pi / 2) / np.sqrt(0.25 * 2 / 3) * (1 + 1 / 3)),
        ),
    ],
)
def test_lone_neurons_fire_at_their_closed_form_rate(network, rate):
    recording = network.run(10.0, seed=1).recording
    assert np.diff(recording.times) == pytest.approx(1 / rate, rel=1e-9)


def test_spikes_equal_those_of_a_plain_voltage_simulation():
    """LIF in closed form between spikes, one event at a time, no phases."""
    weights, drive, tau = heavy(8, 4), 0.4, 0.013
    network = PulseLIFNetwork(weights, drive=drive, tau=tau)
    state = network.initial_state(2)
    voltage, dense, now, expected = (
        lif_voltage(network.phases(state), drive),
        weights.toarray(),
        0,
        [],
    )
    for _ in range(400):
        waits = tau * np.log((1 + drive - voltage) / drive)
        j = int(np.argmin(waits))
        now += waits[j]
        voltage = 1 + drive - (1 + drive - voltage) * np.exp(-waits[j] / tau)
        voltage[j] = 0.0
        voltage += dense[:, j]
        expected.append((now, j))
    recording = network.run(n_spikes=400, state=state).recording
    assert recording.ids.tolist() == [j for _, j in expected]
    assert recording.times == pytest.approx([t for t, _ in expected], abs=1e-11)


def test_heap_and_scan_give_the_same_spikes():
    drive = 0.1
    runs = [
        PulseLIFNetwork(heavy(), drive=drive, queue=queue).run(n_spikes=100_000, seed=1).recording
        for queue in ("heap", "scan")
    ]
    assert np.array_equal(runs[0].ids, runs[1].ids)
    assert runs[0].times == pytest.approx(runs[1].times, abs=1e-9)


def test_heap_handles_excitation_and_unequal_drives():
    weights = heavy(sign=Dale(0.5, 1.5), gain=0.5)
    drive = np.linspace(0.05, 0.3, 60)
    runs = [
        ThetaNetwork(weights, drive=drive, queue=queue).run(n_spikes=300, seed=1).recording
        for queue in ("heap", "scan")
    ]
    assert np.array_equal(runs[0].ids, runs[1].ids)
    assert runs[0].times == pytest.approx(runs[1].times, abs=1e-9)


def test_unequal_drives_reach_their_own_neurons():
    drive = np.array([0.1, 0.4, 0.9])
    recording = ThetaNetwork(np.zeros((3, 3)), drive=drive).run(20.0, seed=1).recording
    assert recording.rates() == pytest.approx(np.sqrt(drive) / (np.pi * 0.01), rel=0.01)


def test_weights_are_target_by_source():
    weights = np.zeros((2, 2))
    weights[1, 0] = -50.0  # 0 silences 1, not the other way round
    recording = PulseLIFNetwork(weights, drive=np.array([1.0, 0.9])).run(5.0, seed=1).recording
    assert recording.rates()[0] > 100
    assert recording.rates()[1] < 10


@pytest.mark.parametrize("limit", [1e-3, np.inf])
def test_rebasing_changes_nothing_but_rounding(monkeypatch, limit):
    # a stable network, where rounding is forgotten
    network = PulseLIFNetwork(heavy(), drive=0.1)
    usual = network.run(n_spikes=20_000, seed=1).recording
    monkeypatch.setattr(event_state, "_REBASE_PHASE", limit)
    other = network.run(n_spikes=20_000, seed=1).recording
    assert np.array_equal(usual.ids, other.ids)
    assert usual.times == pytest.approx(other.times, abs=1e-9)


@pytest.mark.parametrize(("model", "options"), NETWORKS)
@pytest.mark.parametrize("queue", ["heap", "scan"])
def test_a_resumed_run_gives_the_same_spikes(tmp_path, model, options, queue):
    network = model(heavy(), drive=0.1, queue=queue, **options)
    whole = network.run(30.0, seed=1)
    first = network.run(7.3, seed=1)
    first.state.write(tmp_path / "state.npz")
    state = EventState.read(tmp_path / "state.npz")
    second = network.run(30.0 - 7.3, state=state)
    times = np.concatenate([first.recording.times, second.recording.times])
    ids = np.concatenate([first.recording.ids, second.recording.ids])
    assert np.array_equal(times, whole.recording.times)
    assert np.array_equal(ids, whole.recording.ids)
    assert second.recording.t_start == first.recording.t_stop == 7.3
    assert second.state.n_spikes == whole.state.n_spikes == len(times)
    assert np.array_equal(network.phases(second.state), network.phases(whole.state))


def test_the_state_of_a_scanned_network_continues_in_a_heap():
    scan, heap = (PulseLIFNetwork(heavy(), drive=0.1, queue=q) for q in ("scan", "heap"))
    state = scan.run(n_spikes=1000, seed=1).state
    runs = [network.run(n_spikes=1000, state=state).recording for network in (scan, heap)]
    assert np.array_equal(runs[0].ids, runs[1].ids)


def test_states_are_not_modified_by_a_run():
    network = ThetaNetwork(heavy(), drive=0.1)
    state = network.initial_state(1)
    before = state.keys.copy()
    network.run(0.5, state=state)
    assert np.array_equal(state.keys, before)


def test_seed_alone_sets_the_run():
    network = ThetaNetwork(heavy(), drive=0.1)
    assert np.array_equal(
        network.run(1.0, seed=1).recording.times, network.run(1.0, seed=1).recording.times
    )
    assert not np.array_equal(
        network.run(1.0, seed=1).recording.times, network.run(1.0, seed=2).recording.times
    )


def test_unseeded_runs_can_be_repeated_from_the_stored_seed():
    network = ThetaNetwork(heavy(), drive=0.1)
    run = network.run(0.3)
    again = network.run(0.3, seed=run.seed)
    assert np.array_equal(run.recording.times, again.recording.times)
    assert network.run(0.3, seed=7).seed == 7


def test_simulate_accepts_event_networks_and_brian_units():
    network = PulseLIFNetwork(heavy(), drive=0.1, tau=20 * ms)
    recording = simulate(network, 0.5 * second, seed=3)
    assert network.tau == 0.02
    assert recording == network.run(0.5, seed=3).recording.with_attrs(**recording.attrs)
    assert recording.attrs["model"] == "lif"
    assert recording.attrs["seed"] == 3
    empty = PulseLIFNetwork(0 * heavy(), drive=0.1, tau=20 * ms)
    replaced = simulate(empty, 0.5 * second, seed=3, weights=heavy())
    np.testing.assert_array_equal(replaced.times, recording.times)
    for wrong in ({"dt": 0.1 * ms}, {"record": ("v",)}, {"weights": np.zeros((2, 3))}):
        with pytest.raises(ParameterError, match=f"^{next(iter(wrong))} "):
            simulate(network, 0.5 * second, **wrong)
    with pytest.raises(ParameterError, match=r"^tau "):
        PulseLIFNetwork(ONE, drive=0.1, tau=1 * mV)


def test_phases_run_from_reset_to_threshold():
    network = ThetaNetwork(heavy(), drive=0.1)
    phases = network.phases(network.run(1.0, seed=1).state)
    assert phases.min() >= -np.pi - 1e-12
    assert phases.max() <= np.pi
    assert np.ptp(phases) > 3


def test_equal_weights_are_stored_once_and_act_alike():
    dense = np.full((20, 20), -0.1)
    constant = PulseLIFNetwork(dense, drive=0.1)
    assert constant._graph[2].size == 1
    dense[3, 4] = -0.1 * (1 + 1e-15)
    stored = PulseLIFNetwork(dense, drive=0.1)
    assert stored._graph[2].size == 400
    a, b = (n.run(n_spikes=2000, seed=1).recording for n in (constant, stored))
    assert a.times == pytest.approx(b.times, abs=1e-9)


def test_autapse_acts_on_the_phase_just_reset():
    drive, weight, tau = 0.5, -0.3, 0.01
    recording = PulseLIFNetwork([[weight]], drive=drive, tau=tau).run(1.0, seed=1).recording
    period = tau * np.log((1 + drive - weight) / drive)
    assert np.diff(recording.times) == pytest.approx(period, rel=1e-9)
    theta = ThetaNetwork([[weight]], drive=drive, tau=tau).run(1.0, seed=1).recording
    assert np.diff(theta.times) == pytest.approx(np.pi * tau / np.sqrt(drive), rel=1e-9)


def test_extreme_weights_of_a_heavy_tail_are_harmless():
    weights = heavy()
    weights.data[7] = -1e200
    for model, options in NETWORKS:
        recording = model(weights, drive=0.1, **options).run(n_spikes=3000, seed=1).recording
        assert np.isfinite(recording.times).all()


def excited():
    weights = np.zeros((3, 3))
    weights[1, 0] = 2.0
    weights[2, 1] = -0.1
    return weights


def test_avalanche_is_an_error_unless_a_rule_is_chosen():
    drive = np.array([1.0, 0.1, 0.1])
    network = PulseLIFNetwork(excited(), drive=drive)
    with pytest.raises(AvalancheError, match="on_avalanche='fire'"):
        network.run(1.0, seed=1)
    network = PulseLIFNetwork(excited(), drive=drive, on_avalanche="fire")
    run = network.run(1.0, seed=1)
    times = [run.recording.times[run.recording.ids == i] for i in range(3)]
    assert np.isin(times[0], times[1]).all()
    assert run.parameters["on_avalanche"] == "fire"


def test_runaway_excitation_is_named():
    weights = np.full((5, 5), 3.0)
    network = PulseLIFNetwork(weights, drive=1.0, on_avalanche="fire")
    with pytest.raises(ConvergenceError, match="single instant"):
        network.run(1.0, seed=1)


def test_subthreshold_excitation_of_lif_neurons_is_allowed():
    weights = np.zeros((2, 2))
    weights[1, 0] = 1e-4
    network = PulseLIFNetwork(weights, drive=np.array([1.0, 0.05]))
    state = network.state_of(np.array([0.5, 0.2]))
    assert network.run(n_spikes=1, state=state).recording.ids.tolist() == [0]


def test_tuning_reaches_the_rate():
    network = tune_drive(ThetaNetwork(heavy(), drive=1.0), rate=3.0, seed=1)
    recording = network.run(n_spikes=20_000, seed=5).recording
    assert recording.rates().mean() == pytest.approx(3.0, rel=0.03)


def test_tuning_says_when_it_cannot():
    with pytest.raises(ConvergenceError, match="no drive gives a rate"):
        # the rate measured over whole spikes cannot be that exact
        tune_drive(ThetaNetwork(heavy(), drive=1.0), rate=3.0, tolerance=1e-14, seed=1)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: ThetaNetwork(np.zeros((2, 3)), drive=1.0), "weights"),
        (lambda: ThetaNetwork([[np.nan, 0.0], [0.0, 0.0]], drive=1.0), "weights"),
        (lambda: ThetaNetwork(sparse.csr_array((3, 4)), drive=1.0), "weights"),
        (lambda: ThetaNetwork([["a"]], drive=1.0), "weights"),
        (lambda: ThetaNetwork([[1.0], [1.0, 2.0]], drive=1.0), "weights"),
        (lambda: ThetaNetwork(None, drive=1.0), "weights"),
        (lambda: ThetaNetwork(np.zeros((0, 0)), drive=1.0), "weights"),
        (lambda: ThetaNetwork([[1j]], drive=1.0), "weights"),
        (lambda: ThetaNetwork(ONE, drive="strong"), "drive"),
        (lambda: ThetaNetwork(ONE, drive=None), "drive"),
        (lambda: ThetaNetwork(ONE, drive=1.0).run(1.0, state=3), "state"),
        (lambda: ThetaNetwork(ONE, drive=1.0).state_of("high"), "phases"),
        (lambda: tune_drive(None, rate=1.0), "network"),
        (lambda: ThetaNetwork(ONE, drive=0.0), "drive"),
        (lambda: ThetaNetwork(ONE, drive=np.nan), "drive"),
        (lambda: ThetaNetwork(ONE, drive=[1.0, 2.0]), "drive"),
        (lambda: ThetaNetwork(ONE, drive=1.0, tau=0.0), "tau"),
        (lambda: ThetaNetwork(ONE, drive=1.0, queue="hep"), "queue"),
        (lambda: RapidThetaNetwork(ONE, drive=1.0, rapidness=0.0), "rapidness"),
        (lambda: PulseLIFNetwork(ONE, drive=1.0, on_avalanche="fir"), "on_avalanche"),
        (lambda: ThetaNetwork(ONE, drive=1.0).run(), "duration"),
        (lambda: ThetaNetwork(ONE, drive=1.0).run(1.0, n_spikes=3), "duration"),
        (lambda: ThetaNetwork(ONE, drive=1.0).run(-1.0), "duration"),
        (lambda: ThetaNetwork(ONE, drive=1.0).run(n_spikes=0), "n_spikes"),
        (lambda: ThetaNetwork(ONE, drive=1.0).state_of(np.array([4.0])), "phases"),
        (lambda: ThetaNetwork(ONE, drive=1.0).state_of(np.array([np.nan])), "phases"),
        (
            lambda: ThetaNetwork(ONE, drive=1.0).run(
                1.0, state=ThetaNetwork(np.zeros((2, 2)), drive=1.0).initial_state(1)
            ),
            "state",
        ),
        (lambda: tune_drive(ThetaNetwork(ONE, drive=1.0), rate=0.0), "rate"),
    ],
)
def test_bad_arguments_are_named(call, argument):
    with pytest.raises(HeavytailError, match=f"^{argument} "):
        call()


def test_foreign_files_are_refused(tmp_path):
    np.savez(tmp_path / "other.npz", keys=np.zeros(3))
    with pytest.raises(ParameterError, match="EventState"):
        EventState.read(tmp_path / "other.npz")
