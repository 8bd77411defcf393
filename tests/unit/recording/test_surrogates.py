"""Surrogates keep what they promise to keep and destroy the rest; distances are additive."""

import itertools

import numpy as np
import pytest

from heavytail_snn.analysis.recorded.divergence import divergence_rate, spike_divergence
from heavytail_snn.analysis.recorded.surrogates import (
    circular_shift,
    poisson_surrogate,
    surrogate_test,
)
from heavytail_snn.core.errors import ConvergenceError, HeavytailError
from heavytail_snn.recording.recording import Recording


def synchronous(n_units=10, n_events=40, jitter=1e-3, seed=1):
    generator = np.random.default_rng(seed)
    events = np.sort(generator.uniform(5.1, 24.9, n_events))
    times = events[:, None] + jitter * generator.standard_normal((n_events, n_units))
    ids = np.tile(np.arange(n_units), n_events)
    return Recording.from_unsorted(times.ravel(), ids, n_units, 5.0, 25.0)


def coincidences(recording):
    return float((recording.binned(0.01).sum(axis=1) >= 3).sum())


def test_circular_shift_keeps_counts_and_intervals():
    recording = synchronous()
    shifted = circular_shift(recording, seed=1)
    assert np.array_equal(shifted.counts(), recording.counts())
    assert (shifted.t_start, shifted.t_stop) == (5.0, 25.0)
    duration = 20.0
    for before, after in zip(recording.spike_trains(), shifted.spike_trains(), strict=True):
        intervals = [np.sort(np.diff(np.append(t, t[0] + duration))) for t in (before, after)]
        assert intervals[0] == pytest.approx(intervals[1], abs=1e-9)
    assert not np.array_equal(shifted.times, recording.times)
    assert shifted == circular_shift(recording, seed=1)
    assert shifted != circular_shift(recording, seed=2)


def test_poisson_surrogate_keeps_rates_only():
    generator = np.random.default_rng(0)
    counts = np.array([0, 50, 5000])
    regular = [np.linspace(0, 10, c, endpoint=False) for c in counts]
    recording = Recording.from_unsorted(
        np.concatenate(regular), np.repeat([0, 1, 2], counts), 3, 0.0, 10.0
    )
    found = np.mean(
        [poisson_surrogate(recording, seed=generator).counts() for _ in range(50)], axis=0
    )
    assert found == pytest.approx(counts, rel=0.08)
    train = poisson_surrogate(recording, seed=1).spike_trains()[2]
    intervals = np.diff(train)
    assert intervals.std() / intervals.mean() == pytest.approx(1, abs=0.05)


def test_surrogates_expose_synchrony_and_only_synchrony():
    test = surrogate_test(coincidences, synchronous(), n_surrogates=39, seed=1)
    assert test.value > 30
    assert test.z_score > 5
    assert test.p_value == pytest.approx(2 / 40)
    unrelated = circular_shift(synchronous(), seed=5)
    null = surrogate_test(coincidences, unrelated, n_surrogates=39, seed=1)
    assert abs(null.z_score) < 3
    assert null.p_value > 0.05


def test_statistic_that_surrogates_keep_has_no_score():
    test = surrogate_test(lambda r: float(r.counts().sum()), synchronous(), n_surrogates=5, seed=1)
    assert test.z_score == 0
    assert test.surrogate_sd == 0


def test_distance_of_one_shifted_spike():
    """Van Rossum: ``D^2 = 2 (1 - exp(-shift / tau))``; Victor-Purpura: ``shift / tau``."""
    shift, tau = 1e-3, 0.02
    a = Recording([0.05, 0.15], [0, 1], 3, 0.0, 0.2)
    b = Recording([0.05 + shift, 0.15], [0, 1], 3, 0.0, 0.2)
    squared = spike_divergence([(a, b)], window=0.1, time_constant=tau)
    assert squared.log_distance[0] == pytest.approx(np.log(2 * (1 - np.exp(-shift / tau))))
    assert np.isnan(squared.log_distance[1])  # equal: below rounding
    cost = spike_divergence([(a, b)], window=0.1, time_constant=tau, distance="victor_purpura")
    assert cost.log_distance[0] == pytest.approx(np.log(shift / tau))


def test_distances_of_units_add_up():
    generator = np.random.default_rng(3)
    trains = generator.uniform(0, 0.2, (2, 4, 5))

    def recording(rows):
        return Recording.from_unsorted(
            rows.ravel(), np.repeat(np.arange(len(rows)), 5), len(rows), 0.0, 0.2
        )

    for distance in ("van_rossum", "victor_purpura"):
        options = {"window": 0.2, "distance": distance}
        whole = spike_divergence([(recording(trains[0]), recording(trains[1]))], **options)
        parts = [
            spike_divergence([(recording(a[None]), recording(b[None]))], **options).log_distance[0]
            for a, b in zip(*trains, strict=True)
        ]
        assert np.exp(whole.log_distance[0]) == pytest.approx(np.exp(parts).sum())


def test_units_are_not_confused():
    a = Recording([0.05], [0], 2, 0.0, 0.1)
    b = Recording([0.05], [1], 2, 0.0, 0.1)
    curve = spike_divergence([(a, b)], window=0.1)
    assert np.exp(curve.log_distance[0]) == pytest.approx(2)


def test_known_divergence_is_measured():
    """Spikes that part like ``1e-7 exp(9 t)``."""
    generator = np.random.default_rng(2)
    pairs = []
    for _ in range(8):
        times = np.sort(generator.uniform(0, 1.5, 600))
        ids = generator.integers(0, 50, 600)
        later = times + 1e-7 * np.exp(9 * times) * generator.lognormal(0, 0.3, 600)
        inside = later < 1.5
        pairs.append(
            (
                Recording(times[inside], ids[inside], 50, 0.0, 1.5),
                Recording.from_unsorted(later[inside], ids[inside], 50, 0.0, 1.5),
            )
        )
    for distance in ("van_rossum", "victor_purpura"):
        result = divergence_rate(pairs, distance=distance)
        assert abs(result.divergence_rate - 9) < 4 * result.standard_error + 0.1
        assert result.standard_error < 0.5
        assert not result.fitted[:2].any()


def test_trials_of_a_recording_have_a_distance_but_no_rate():
    trials = [circular_shift(synchronous(), seed=s) for s in range(3)]
    pairs = list(itertools.combinations(trials, 2))
    curve = spike_divergence(pairs, window=1.0)
    assert curve.n_pairs == 3
    assert np.nanmean(curve.log_distance) == pytest.approx(curve.saturation, abs=0.2)
    with pytest.raises(ConvergenceError, match="no rate of divergence"):
        divergence_rate(pairs, window=1.0)


SHORT = Recording([0.1], [0], 1, 0.0, 0.5)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: spike_divergence([]), "pairs"),
        (lambda: spike_divergence([SHORT]), "pairs"),
        (lambda: spike_divergence([(SHORT, Recording([], [], 1, 0.0, 0.7))]), "pairs"),
        (lambda: spike_divergence([(SHORT, Recording([], [], 2, 0.0, 0.5))]), "pairs"),
        (lambda: spike_divergence([(SHORT, SHORT)], window=1.0), "window"),
        (lambda: spike_divergence([(SHORT, SHORT)], time_constant=0.0), "time_constant"),
        (lambda: spike_divergence([(SHORT, SHORT)], distance="van_rosum"), "distance"),
        (lambda: divergence_rate([(SHORT, SHORT)], skip=-1), "skip"),
        (lambda: surrogate_test(coincidences, SHORT, surrogate="poison"), "surrogate"),
        (lambda: surrogate_test(coincidences, SHORT, n_surrogates=1), "n_surrogates"),
        (lambda: circular_shift([0.1, 0.2]), "recording"),
        (lambda: surrogate_test(lambda r: np.nan, SHORT, n_surrogates=2), "the statistic"),
        (lambda: spike_divergence([(Recording([], [], 1, 0.0, 0.5),) * 2]), "no window"),
    ],
)
def test_bad_arguments_are_named(call, argument):
    with pytest.raises(HeavytailError, match=f"^{argument} "):
        call()
