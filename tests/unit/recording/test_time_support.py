"""Exact: one unit watched in two intervals is the same, whichever way the gap is told.

Intervals, windows and segments are compared with counts by hand; rates with n / observed time.
"""

import pickle

import brian2 as b2
import numpy as np
import pytest
from brian2 import ms, second

import heavytail_snn as ht
from heavytail_snn.analysis.spectra.statistics_kernels import correlation_of_pairs
from heavytail_snn.core.errors import RecordingError
from heavytail_snn.recording.support import WatchedClock, intersection, merged, without

GAPS = np.array([[0.0, 200.0], [700.0, 1000.0]])
RATE = 10.0


def poisson(intervals, rate, rng):
    parts = [rng.uniform(a, b, rng.poisson(rate * (b - a))) for a, b in intervals]
    return np.sort(np.concatenate(parts))


def trains(seed, n_units=8):
    rng = np.random.default_rng(seed)
    return [poisson(GAPS, RATE, rng) for _ in range(n_units)]


def neo_segments(seed):
    neo, pq = pytest.importorskip("neo"), pytest.importorskip("quantities")
    block = neo.Block()
    for start, stop in GAPS:
        segment = neo.Segment()
        for train in trains(seed):
            inside = train[(train >= start) & (train <= stop)]
            segment.spiketrains.append(
                neo.SpikeTrain(inside, units="s", t_start=start * pq.s, t_stop=stop * pq.s)
            )
        block.segments.append(segment)
    parts = [ht.Recording.from_neo(segment) for segment in block.segments]
    return ht.Recording.concatenate(parts, gap=None)


def restricted(seed):
    """Return what is left of a run with other spikes in the gap."""
    rng = np.random.default_rng(seed + 1000)
    whole = [np.sort([*train, *rng.uniform(201, 699, 9000)]) for train in trains(seed)]
    return ht.Recording.from_spike_trains(whole, 0, 1000).restrict(GAPS)


def by_epochs(seed):
    """Return the epochs "on" of a recording whose other spikes are artefacts."""
    rng = np.random.default_rng(seed + 2000)
    whole = [np.sort([*train, *rng.uniform(201, 699, 50)]) for train in trains(seed)]
    epochs = {"start": [0, 200, 700], "stop": [200, 700, 1000], "state": ["on", "off", "on"]}
    recording = ht.Recording.from_spike_trains(whole, 0, 1000, epochs=epochs)
    return recording.restrict(recording.epochs.rows(recording.epochs.where(state="on")))


WAYS = {
    "common": lambda s: ht.Recording.from_spike_trains(trains(s), 0, 1000, support=GAPS),
    "per unit": lambda s: ht.Recording.from_spike_trains(trains(s), 0, 1000, support=[GAPS] * 8),
    "restrict": restricted,
    "epochs": by_epochs,
    "neo segments": neo_segments,
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_ten_hertz_in_two_intervals_are_ten_hertz_however_the_gap_is_told(way):
    recording = WAYS[way](1)
    assert recording.support.observed == pytest.approx(500.0)
    # 8 units of 5000 expected spikes: 0.05 Hz of standard error each
    assert np.abs(recording.rates() - RATE).max() < 5 * np.sqrt(RATE / 500)
    statistics = ht.analysis.spike_statistics(recording)
    assert statistics.fano_factor == pytest.approx(1.0, abs=5 * np.sqrt(2 / 4999 / 8))
    assert statistics.cv == pytest.approx(1.0, abs=5 / np.sqrt(8 * 5000))
    assert abs(statistics.correlation) < 5 * np.sqrt(1 / 28 / 5000)
    spectrum = ht.analysis.power_spectrum(recording)
    assert spectrum.rate == pytest.approx(RATE, abs=0.2)
    low = spectrum.frequencies < 5
    # flat from the lowest frequency on: 8 units x about 240 segments x 20 frequencies
    assert spectrum.power[low].mean() == pytest.approx(RATE, rel=0.05)
    assert spectrum.tail_over_rate == pytest.approx(1.0, abs=5 * spectrum.tail_over_rate_error)
    assert spectrum.n_segments == 2 * 200_000 // 4096 - 1 + 2 * 300_000 // 4096 - 1
    dimension = ht.analysis.participation_ratio(recording, bin_size=0.1)
    assert dimension.n_samples == 5000
    assert dimension.participation_ratio == pytest.approx(8, abs=0.2)


def test_all_ways_give_the_same_numbers():
    values = [
        [ht.analysis.spike_statistics(make(2)).cv, ht.analysis.power_spectrum(make(2)).power.sum()]
        for make in WAYS.values()
    ]
    assert np.ptp(values, axis=0) == pytest.approx(0.0, abs=1e-6)


def test_without_the_support_the_same_spikes_show_what_is_wrong():
    blind = ht.Recording.from_spike_trains(trains(1), 0, 1000)
    assert blind.rates().mean() == pytest.approx(5.0, abs=0.2)
    assert ht.analysis.spike_statistics(blind).correlation > 0.2


def test_a_monitor_added_late_starts_late_and_one_switched_off_has_a_gap(monkeypatch):
    monkeypatch.setitem(b2.prefs, "codegen.target", "numpy")
    group = b2.NeuronGroup(60, "v : 1", threshold="rand() < 20*Hz*dt", dt=1 * ms)
    network = b2.Network(group)
    network.run(2 * second)
    monitor = b2.SpikeMonitor(group)
    network.add(monitor)
    network.run(4 * second)
    monitor.active = False
    network.run(2 * second)
    monitor.active = True
    network.run(4 * second)
    recording = ht.Recording.from_monitor(monitor)
    assert recording.t_start == 2.0
    assert recording.support.patterns[0].tolist() == [[2.0, 6.0], [8.0, 12.0]]
    assert recording.rates().mean() == pytest.approx(20, abs=5 * np.sqrt(20 / 8 / 60))
    statistics = ht.analysis.spike_statistics(recording)
    assert abs(statistics.correlation) < 5 / np.sqrt(1770 * 80)
    assert ht.Recording.from_monitor(monitor, 0 * second).t_start == 0.0


def test_a_monitor_keeps_its_time_through_store_and_restore(monkeypatch):
    monkeypatch.setitem(b2.prefs, "codegen.target", "numpy")
    group = b2.NeuronGroup(5, "v : 1", threshold="rand() < 20*Hz*dt", dt=1 * ms)
    monitor = b2.SpikeMonitor(group)
    network = b2.Network(group, monitor)
    network.run(1 * second)
    network.store()
    network.run(3 * second)
    network.restore()
    network.run(1 * second)
    recording = ht.Recording.from_monitor(monitor)
    assert (recording.t_start, recording.t_stop) == (0.0, 2.0)
    assert not recording.support.has_gaps


def test_units_watched_at_different_times_have_their_own_numbers():
    rng = np.random.default_rng(3)
    support = [[[0, 300]], [[100, 400]], [[0, 100], [250, 400]], [[0, 400]]]
    some = [poisson(intervals, RATE, rng) for intervals in support]
    recording = ht.Recording.from_spike_trains(some, 0, 400, support=support)
    assert recording.support.observed.tolist() == [300, 300, 250, 400]
    expected = np.array([len(train) for train in some]) / [300, 300, 250, 400]
    assert recording.rates() == pytest.approx(expected)
    statistics = ht.analysis.spike_statistics(recording)
    assert statistics.fano_factors == pytest.approx(np.ones(4), abs=5 * np.sqrt(2 / 2500))
    assert recording.support.shared.tolist() == [[250.0, 300.0]]
    with pytest.raises(RecordingError, match="select units observed together"):
        recording.select([0, 1]).restrict([[0, 99], [301, 400]]).binned(0.1)


def test_the_correlation_of_pairs_takes_the_windows_that_both_have():
    """Independent: numpy's corrcoef over the shared windows of each pair."""
    rng = np.random.default_rng(4)
    support = [[[0, 60]], [[20, 100]], [[0, 100]], [[0, 30], [50, 100]]]
    common = rng.uniform(0, 100, 800)
    some = []
    for intervals in support:
        own = np.concatenate([rng.uniform(0, 100, 1000), common + rng.uniform(0, 0.01, 800)])
        keep = np.any([(own >= a) & (own <= b) for a, b in intervals], axis=0)
        some.append(np.sort(own[keep]))
    recording = ht.Recording.from_spike_trains(some, 0, 100, support=support)
    width, edges = 0.5, np.arange(0, 100.1, 0.5)
    counts = np.array([np.histogram(train, edges)[0] for train in some])
    seen = np.array(
        [
            np.any([(edges[:-1] >= a) & (edges[1:] <= b) for a, b in part], axis=0)
            for part in support
        ]
    )
    expected = [
        np.corrcoef(counts[i, seen[i] & seen[j]], counts[j, seen[i] & seen[j]])[0, 1]
        for i in range(4)
        for j in range(i)
    ]
    value, error = correlation_of_pairs(recording, width)
    assert value == pytest.approx(np.mean(expected), rel=1e-9)
    assert 0 < error < 0.2
    assert ht.analysis.spike_statistics(recording, count_window=width).correlation == value


def test_intervals_that_cross_a_gap_are_none():
    recording = ht.Recording([1, 2, 4, 8, 11, 12], [0] * 6, 1, 0, 15, support=[[0, 5], [7, 15]])
    # 1, 2 | 3, 1 by hand; the interval of 4 from 4 to 8 crosses the gap
    cv, cv2, _ = ht.analysis.spectra.statistics.interval_statistics(recording)
    assert cv[0] == pytest.approx(np.std([1, 2, 3, 1]) / np.mean([1, 2, 3, 1]))
    assert cv2[0] == pytest.approx(np.mean([2 * 1 / 3, 2 * 2 / 4]))
    quality = ht.analysis.quality_report(recording, refractory=1.5)
    assert quality.violation_fraction[0] == 0.5


def test_windows_lie_inside_and_touching_intervals_stay_two():
    recording = ht.Recording(
        [0.5, 1.0, 2.4, 2.6, 4.0], [0] * 5, 1, 0, 5, support=[[0, 1], [1, 2.5], [2.55, 5]]
    )
    windows = recording.shared_windows(1.0)
    assert windows.starts.tolist() == [0.0, 1.0, 2.55, 3.55]
    # 1.0 belongs to the interval that it opens, 2.4 to the rest that is in no window
    assert recording.binned(1.0)[:, 0].tolist() == [1, 1, 1, 1]


def test_every_part_keeps_support_and_tables():
    recording = ht.Recording(
        [1, 3, 6, 8], [0, 1, 0, 1], 2, 0, 10,
        support=[[[0, 4], [5, 10]], [[2, 9]]],
        units={"label": ["good", "mua"], "depth": [10.0, 20.0]},
        epochs={"start": [0, 5], "stop": [5, 10], "state": ["rest", "run"]},
        trials={"start": [1, 6], "stop": [2, 7], "stimulus": [3, 4]},
    )  # fmt: skip
    second_unit = recording.select([1])
    assert second_unit.units.column("label").tolist() == ["mua"]
    assert second_unit.support.patterns[0].tolist() == [[2.0, 9.0]]
    middle = recording.slice(3, 7)
    assert middle.support.intervals(0).tolist() == [[3.0, 4.0], [5.0, 7.0]]
    assert middle.epochs.intervals.tolist() == [[3.0, 5.0], [5.0, 7.0]]
    assert middle.trials.column("stimulus").tolist() == [4]
    running = recording.restrict(recording.epochs.rows(recording.epochs.where(state="run")))
    assert (running.t_start, running.t_stop, running.n_spikes) == (5.0, 10.0, 2)
    joined = ht.Recording.concatenate([recording, recording], gap=2.0)
    assert joined.trials.start.tolist() == [1, 6, 13, 18]
    assert joined.support.intervals(1).tolist() == [[2.0, 9.0], [14.0, 21.0]]
    assert joined.rates() == pytest.approx(recording.rates())
    assert pickle.loads(pickle.dumps(recording)) == recording
    assert recording != middle


def test_npz_keeps_support_and_tables(tmp_path):
    recording = ht.Recording(
        [1, 3], [0, 1], 2, 0, 10,
        support=[[[0, 4], [5, 10]], [[2, 9]]],
        units={"label": ["good", "mua"], "seen": [True, False], "n": [1, 2**53 + 1]},
        trials={"start": [0.1 + 0.2], "stop": [2], "what": [None]},
    )  # fmt: skip
    recording.write(tmp_path / "a.npz")
    assert ht.Recording.read(tmp_path / "a.npz") == recording


def test_surrogates_stay_inside_the_support_and_keep_the_numbers():
    recording = WAYS["common"](5)
    for surrogate in (ht.analysis.circular_shift, ht.analysis.poisson_surrogate):
        drawn = surrogate(recording, seed=1)  # a Recording checks that spikes lie in its support
        assert drawn.support == recording.support
        assert drawn.rates() == pytest.approx(recording.rates(), abs=5 * np.sqrt(RATE / 500))
    shifted = ht.analysis.circular_shift(recording, seed=1)
    assert shifted.counts().tolist() == recording.counts().tolist()
    cv = ht.analysis.spike_statistics(shifted).cv
    assert cv == pytest.approx(ht.analysis.spike_statistics(recording).cv, abs=0.01)


def test_stimuli_shown_while_a_unit_was_not_watched_are_refused():
    recording = WAYS["common"](6)
    with pytest.raises(ht.ParameterError, match="every unit was watched"):
        ht.analysis.stimulus_responses(recording, [100.0, 400.0], [0, 1], stop=1.0)
    inside = ht.analysis.stimulus_responses(recording, [100.0, 800.0], [0, 1], stop=1.0)
    assert inside.shape == (2, 8, 1)


def test_trials_of_a_recording_are_stimuli():
    recording = ht.Recording(
        [0.11, 0.13, 0.52, 0.91], [0, 0, 1, 0], 2, 0.0, 1.0,
        trials={"start": [0.1, 0.5, 0.9], "stop": [0.2, 0.6, 1.0], "stimulus": [7, 4, 7]},
    )  # fmt: skip
    named = ht.analysis.stimulus_responses(recording, trials="stimulus", stop=0.05)
    given = ht.analysis.stimulus_responses(recording, [0.1, 0.5, 0.9], [7, 4, 7], stop=0.05)
    assert np.array_equal(named, given, equal_nan=True)
    words = recording.trials.with_columns(stimulus=["b", "a", "b"])
    by_words = ht.analysis.stimulus_responses(recording, trials=words, labels="stimulus", stop=0.05)
    assert np.array_equal(by_words, given, equal_nan=True)
    with pytest.raises(ht.ParameterError, match="did you mean 'stimulus'"):
        ht.analysis.stimulus_responses(recording, trials="stimulos", stop=0.05)


@pytest.mark.parametrize(
    ("support", "words"),
    [
        ([[0, 5], [4, 9]], r"merged\(intervals\)"),
        ([[5, 2]], r"\(start, stop\), not \(start, duration\)"),
        ([[0, 20]], "correct the limits"),
        ([[[0, 5]], [[0, 5]], [[0, 5]]], r"array of shape \(m, 2\)"),
        ([0, 5], r"\[\[start, stop\]\]"),
        ([[0, 0.5]], "drop_outside=True"),
    ],
)
def test_a_wrong_support_is_refused_with_a_remedy(support, words):
    with pytest.raises(RecordingError, match=words):
        ht.Recording([0.2, 1.0], [0, 1], 2, 0, 10, support=support)


def test_the_remedies_work():
    assert merged([[0, 5], [4, 9]]).tolist() == [[0.0, 9.0]]
    kept = ht.Recording.from_unsorted(
        [1.0, 0.2], [0, 1], 2, 0, 10, support=[[0, 0.5]], drop_outside=True
    )
    assert (kept.n_spikes, kept.attrs["outside_dropped"]) == (1, 1)
    assert without([[0, 10]], [[2, 3], [3, 4]]).tolist() == [[0.0, 2.0], [4.0, 10.0]]


def test_a_unit_without_observed_time_has_no_rate():
    recording = ht.Recording([1.0], [0], 2, 0, 10, support=[[[0, 5]], []])
    assert recording.rates()[0] == 0.2
    assert np.isnan(recording.rates()[1])


def test_intersections_equal_those_of_sampled_time():
    rng = np.random.default_rng(7)
    grid = np.arange(0, 100) + 0.5
    for _ in range(50):
        one, two = (np.sort(rng.choice(101, 8, replace=False)).reshape(4, 2) for _ in range(2))
        cut = intersection(one, two)
        inside = [np.any([(grid > a) & (grid < b) for a, b in part], axis=0) for part in (one, two)]
        expected = inside[0] & inside[1]
        ours = np.zeros(100, dtype=bool)
        for a, b in cut:
            ours |= (grid > a) & (grid < b)
        assert (ours == expected).all()


def test_the_watched_clock_goes_there_and_back():
    clock = WatchedClock(GAPS)
    times = np.array([0.0, 199.0, 700.0, 999.5])
    assert clock.watched(times).tolist() == [0.0, 199.0, 200.0, 499.5]
    assert clock.time(clock.watched(times)).tolist() == times.tolist()
