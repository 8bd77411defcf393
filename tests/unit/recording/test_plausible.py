"""Constructions: each way of misreading a file is doubted, spikes are not, choices are taken."""

import numpy as np
import pytest

import heavytail_snn as ht
from heavytail_snn.recording.review.plausible import first_doubt, repeated, restarted, swapped


def trains(seed=1, n_units=30, rate=5.0, duration=200.0):
    rng = np.random.default_rng(seed)
    return [np.sort(rng.uniform(0, duration, rng.poisson(rate * duration))) for _ in range(n_units)]


def doubt_of(some, given=None, **options):
    return first_doubt(some, given or {}, **{"unit_stated": False, "columns": True, **options})


def test_spikes_are_not_doubted():
    for seed in range(50):
        assert doubt_of(trains(seed)) is None
    assert doubt_of([np.empty(0)] * 4) is None
    assert doubt_of([np.array([1.0])] * 4) is None


def test_swapped_columns_are_named_with_both_readings():
    units = np.concatenate([np.full(t.size, u) for u, t in enumerate(trains(2, 125, 1.0))])
    times = np.concatenate(trains(2, 125, 1.0))
    as_units = [units[times == t].astype(float) for t in np.unique(times)]
    assert len(as_units) > 15_000
    doubt = doubt_of(as_units)
    assert doubt.name == "columns"
    assert doubt.readings == (
        {"time_column": 1, "id_column": 0},
        {"time_column": 0, "id_column": 1},
    )
    assert doubt_of(as_units, dict(doubt.readings[1]), unit_stated=True) is None
    assert swapped(trains()) is None


def test_a_clock_that_restarts_is_not_offered_to_be_sorted_silently():
    trials = [np.concatenate([np.sort(t[:40]) % 2.0, np.sort(t[40:80] % 2.0)]) for t in trains(3)]
    trials = [np.concatenate([np.sort(part) for part in np.split(t, 2)]) for t in trials]
    doubt = doubt_of(trials, unit_stated=True)
    assert doubt.name == "clock"
    assert "Recording.concatenate" in doubt.text
    assert doubt_of(trials, {"sort": True}, unit_stated=True) is None


def test_noise_of_order_is_no_clock():
    rng = np.random.default_rng(4)
    shuffled = [t + 0.0 for t in trains(4)]
    for train in shuffled:
        place = rng.integers(1, train.size, 20)
        train[place], train[place - 1] = train[place - 1].copy(), train[place].copy()
    assert restarted(shuffled) is None


def test_the_remedy_of_a_restarted_clock_works():
    parts = [ht.Recording([0.1, 0.7], [0, 1], 2, 0, 1), ht.Recording([0.2, 0.3], [1, 0], 2, 0, 1)]
    assert ht.Recording.concatenate(parts).times.tolist() == [0.1, 0.7, 2.2, 2.3]


def test_milliseconds_without_a_unit_are_asked_for():
    slow = [1e3 * t for t in trains(5, duration=400.0)]
    doubt = doubt_of(slow)
    assert doubt.name == "time unit"
    assert doubt.readings == ({"time_unit": "ms"}, {"time_unit": "s"})
    assert doubt_of(slow, {"time_unit": "s"}) is None
    assert doubt_of(slow, unit_stated=True) is None


def test_times_divided_twice_by_a_sampling_rate_are_asked_for():
    fast = [t / 30_000 for t in trains(6)]
    doubt = doubt_of(fast)
    assert doubt.name == "time unit"
    assert "sampling rate" in doubt.text


def test_many_repeats_are_no_double_detections():
    coarse = [np.floor(t / 0.2) * 0.2 for t in trains(7)]
    doubt = doubt_of(coarse, unit_stated=True)
    assert doubt.name == "repeats"
    assert doubt_of(coarse, {"drop_duplicates": True}, unit_stated=True) is None
    few = trains(8)
    few[0][1] = few[0][0]
    assert repeated(few) is None


@pytest.mark.parametrize("offset", [0.0, 1.7e9])
def test_unix_time_keeps_spikes_on_a_grid_in_their_bins(offset):
    """Times of 1 ms at 1.7e9 s are rounded by 2.4e-4 bins: still one spike a bin."""
    times = offset + 1e-3 * np.arange(0, 2000, 2)
    recording = ht.Recording(times, np.zeros(1000, int), 1, offset, offset + 2.0)
    assert np.array_equal(recording.binned(1e-3)[:, 0], np.tile([1, 0], 1000))
    gapped = ht.Recording(
        times[times < offset + 1.5], np.zeros(750, int), 1, offset, offset + 2.0,
        support=[[offset, offset + 1.5], [offset + 1.6, offset + 2.0]],
    )  # fmt: skip
    assert gapped.binned(1e-3)[:1500, 0].tolist() == [1, 0] * 750
