"""Independent: elephant beside our own measures and closed forms, and with the time support.

Where both exist they must be equal; a gap must change nothing but the time that is watched.
"""

import random
import sys

import numpy as np
import pytest

import heavytail_snn as ht
from heavytail_snn import analysis
from heavytail_snn.analysis import toolbox
from heavytail_snn.analysis.toolbox.tiling import tiling_coefficient
from heavytail_snn.analysis.toolbox.trains import neo_train

METHODS = ["dither_spikes", "shift", "jitter", "shuffle_intervals", "randomise", "joint_isi"]
GAPS = [[0.0, 30.0], [50.0, 80.0]]


def poisson(seed, n_units=5, support=((0.0, 100.0),), rate=10.0, stop=100.0):
    rng = np.random.default_rng(seed)
    trains = [
        np.sort(
            np.concatenate([rng.uniform(a, b, rng.poisson(rate * (b - a))) for a, b in support])
        )
        for _ in range(n_units)
    ]
    return ht.Recording.from_spike_trains(trains, 0, stop, support=support)


@pytest.mark.parametrize("method", METHODS)
def test_surrogates_stay_inside_the_support_and_give_the_generators_back(method):
    recording = poisson(1, support=GAPS)
    numbers, python = np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    drawn = toolbox.dithered(recording, method=method, seed=3)  # a Recording checks the support
    assert drawn.support == recording.support
    assert drawn == toolbox.dithered(recording, method=method, seed=3)
    assert drawn != toolbox.dithered(recording, method=method, seed=4)
    assert np.array_equal(np.random.get_state()[1], numbers)  # noqa: NPY002
    assert random.getstate() == python
    assert drawn.counts() == pytest.approx(recording.counts(), rel=0.05)
    assert not np.array_equal(drawn.times, recording.times)


def test_dithering_moves_spikes_by_its_width_and_destroys_what_is_sharper():
    rng = np.random.default_rng(2)
    common = np.sort(rng.uniform(1, 99, 400))
    trains = [np.sort(common + 1e-4 * rng.standard_normal(400)) for _ in range(4)]
    recording = ht.Recording.from_spike_trains(trains, 0, 100)
    drawn = toolbox.dithered(recording, width=0.02, seed=1)
    moved = np.abs(np.subtract.outer(drawn.spike_trains()[0], trains[0])).min(axis=1)
    assert moved.max() <= 0.02

    def coincidences(some):
        return float((some.binned(0.002).min(axis=1) > 0).sum())

    test = analysis.surrogate_test(
        coincidences, recording, surrogate="dither_spikes", n_surrogates=20, seed=1
    )
    assert test.value > 250
    assert test.surrogate_mean < 20


def test_tiling_equals_its_definition_also_with_a_gap():
    recording = poisson(3, n_units=3, support=GAPS, rate=5.0)
    width = 0.01
    ours = toolbox.spike_time_tiling(recording, width=width)
    grid = np.arange(0, 100, 2e-4) + 1e-4
    watched = np.any([(grid > a) & (grid < b) for a, b in GAPS], axis=0)
    trains = recording.spike_trains()

    def near(points, train):
        place = np.clip(np.searchsorted(train, points), 1, train.size - 1)
        nearest = np.minimum(np.abs(train[place - 1] - points), np.abs(train[place] - points))
        return nearest <= width

    for i in range(3):
        for j in range(i):
            tiled = [near(grid[watched], trains[k]).mean() for k in (i, j)]
            hits = [near(trains[i], trains[j]).mean(), near(trains[j], trains[i]).mean()]
            expected = 0.5 * (
                (hits[0] - tiled[1]) / (1 - hits[0] * tiled[1])
                + (hits[1] - tiled[0]) / (1 - hits[1] * tiled[0])
            )
            assert ours.matrix[i, j] == pytest.approx(expected, abs=2e-3)
    assert np.diag(ours.matrix).tolist() == [1.0] * 3


def test_tiling_equals_elephant_where_that_is_right():
    import quantities as pq
    from elephant.spike_train_correlation import spike_time_tiling_coefficient

    def theirs(one, two, shift):
        pair = [neo_train(train + shift, shift, shift + 4) for train in (one, two)]
        return spike_time_tiling_coefficient(*pair, 0.02 * pq.s)

    trains = poisson(12, n_units=4, rate=30.0, support=[[0, 4]], stop=4).spike_trains()
    late = []
    for i in range(4):
        for j in range(i):
            ours = tiling_coefficient(trains[i], trains[j], 0.02, np.array([[0.0, 4.0]]))
            # at 4 s elephant's window is wider by 4e-5 s: at most one coincidence in 120
            assert ours == pytest.approx(theirs(trains[i], trains[j], 0.0), abs=0.01)
            shifted = tiling_coefficient(
                trains[i] + 7200, trains[j] + 7200, 0.02, np.array([[7200.0, 7204.0]])
            )
            assert shifted == pytest.approx(ours, abs=1e-9)
            late.append(theirs(trains[i], trains[j], 7200.0) - ours)
    assert max(np.abs(late)) > 0.1  # two hours later theirs is another number


def test_a_unit_without_spikes_has_no_tiling_and_says_so():
    recording = ht.Recording([0.1, 0.5], [0, 0], 2, 0, 1)
    tiling = toolbox.spike_time_tiling(recording)
    assert np.isnan(tiling.matrix[0, 1])
    assert tiling.warnings == ("units without spikes have no coefficient: [1]",)


@pytest.mark.parametrize("distance", ["van_rossum", "victor_purpura"])
def test_distances_of_a_gap_add_up(distance):
    """Exact: squared van Rossum and Victor-Purpura distances are sums over what is far apart."""
    recording = poisson(4, n_units=3, support=GAPS, rate=2.0)
    whole = toolbox.spike_train_distances(recording, distance=distance).matrix
    parts = [
        toolbox.spike_train_distances(recording.restrict([interval]), distance=distance).matrix
        for interval in GAPS
    ]
    power = 2 if distance == "van_rossum" else 1
    assert whole**power == pytest.approx(sum(part**power for part in parts), rel=1e-6)


def test_the_van_rossum_distance_is_that_of_spike_divergence():
    one, two = poisson(5, n_units=1, rate=1.0), poisson(6, n_units=1, rate=1.0)
    curve = analysis.spike_divergence([(one, two)], window=100.0, time_constant=0.02)
    both = ht.Recording.from_spike_trains([one.times, two.times], 0, 100)
    matrix = toolbox.spike_train_distances(both, time_constant=0.02).matrix
    assert np.exp(curve.log_distance[0]) == pytest.approx(matrix[0, 1] ** 2, rel=1e-9)


@pytest.mark.parametrize("method", ["welch", "multitaper"])
def test_spectra_of_binned_trains_equal_ours(method):
    """Welch's segments lose their own mean in elephant, in ours that of the run: the Hann window
    carries the difference into the first frequency only."""
    recording = poisson(7, n_units=1)
    theirs = toolbox.elephant_spectrum(recording, unit=0, method=method, segment=1.0)
    ours = analysis.power_spectrum(recording, unit=0, method=method, frequency_resolution=1.0)
    assert theirs.frequencies == pytest.approx(ours.frequencies)
    if method == "welch":
        assert theirs.power[2:] == pytest.approx(ours.power[2:], rel=1e-6)
    else:
        # elephant's tapers are those of a period, one bin longer: 1 / 1000 of a difference
        assert theirs.power == pytest.approx(ours.power, rel=2e-3)


def test_a_gap_leaves_elephants_spectrum_flat():
    recording = poisson(8, n_units=1, support=[[0, 500], [1000, 1700]], stop=2000.0)
    theirs = toolbox.elephant_spectrum(recording, unit=0)
    assert theirs.n_intervals == 2
    assert theirs.power[:10].mean() == pytest.approx(10, rel=0.1)  # 1,200 s: 2,300 segments x 10
    assert theirs.power.mean() == pytest.approx(10, rel=0.02)
    with pytest.raises(ht.RecordingError, match="use a shorter segment"):
        toolbox.elephant_spectrum(recording, unit=0, segment=800.0)


def test_planted_events_are_found_at_their_times():
    rng = np.random.default_rng(9)
    moments = np.array([5.0, 12.0, 60.0, 71.0])
    trains = [
        np.sort([*np.concatenate([rng.uniform(a, b, 20) for a, b in GAPS]), *moments + 1e-4])
        for _ in range(12)
    ]
    recording = ht.Recording.from_spike_trains(trains, 0, 80, support=GAPS)
    events = toolbox.synchronous_events(recording, bin_size=1e-3, spread=1, fewest=10)
    assert events.n_rows == 4
    assert events.start == pytest.approx(moments, abs=2e-3)
    assert (events.column("size") >= 12).all()
    assert ((events.stop - events.start) < 5e-3).all()
    # what is found can be cut out
    quiet = recording.trials.joined(events)
    assert quiet.n_rows == 4


def test_contrast_tells_synchrony_from_none():
    alone = toolbox.spike_contrast(poisson(10))
    rng = np.random.default_rng(11)
    common = np.sort(rng.uniform(0, 100, 500))
    jittered = [np.clip(common + 1e-3 * rng.standard_normal(500), 0, 100) for _ in range(5)]
    together = ht.Recording.from_spike_trains(jittered, 0, 100, sort=True)
    assert toolbox.spike_contrast(together) > 0.5 + alone


def test_elephant_is_loaded_on_first_use_only():
    import subprocess

    code = (
        "import heavytail_snn.analysis.toolbox as t, sys; t.dithered; "
        "print('elephant' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
