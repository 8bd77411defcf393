"""Closed forms: counts with a known covariance, over bins, halves, sizes; drift beside fast noise.

Doubly stochastic Poisson units with K common factors have C = m I + v L L^T in each bin, so that
PR, its limit for many units and its growth with bins are known.
"""

import numpy as np
import pytest

import heavytail_snn as ht
from heavytail_snn import analysis
from heavytail_snn.analysis.dimension.block_moments import block_moments
from heavytail_snn.recording.windows import Windows

K = 3


def factor_recording(n_units, n_steps, seed, step=0.05, rate=20.0, depth=0.5):
    """Return units whose rate in steps is rate (1 + depth L f), f of +-1; and L."""
    rng = np.random.default_rng(seed)
    loadings = rng.choice([-1.0, 1.0], (n_units, K)) / K
    factors = rng.choice([-1.0, 1.0], (n_steps, K))
    mean = rate * step * (1 + depth * factors @ loadings.T)
    counts = rng.poisson(mean)
    trains = []
    for unit in range(n_units):
        bins = np.repeat(np.arange(n_steps), counts[:, unit])
        trains.append(np.unique((bins + rng.uniform(0, 1, bins.size)) * step))
    return ht.Recording.from_spike_trains(trains, 0, n_steps * step), loadings


def test_the_curve_the_halves_and_the_limit_equal_closed_forms():
    step, rate, depth = 0.05, 20.0, 0.5
    recording, loadings = factor_recording(60, 40_000, 1)
    curve = analysis.dimension_curve(recording, bin_sizes=(0.05, 0.2, 1.0), seed=1)
    mean = rate * step
    shared = (mean * depth) ** 2 * loadings @ loadings.T
    exact = mean * np.eye(60) + shared  # per step; independent steps add up, so PR is the same
    expected = np.trace(exact) ** 2 / np.sum(exact**2)
    assert np.all(np.abs(curve.participation_ratio - expected) < 5 * curve.standard_error)
    assert np.all(np.abs(curve.halves - expected) < 5 * curve.halves_error)
    off = shared - np.diag(np.diag(shared))
    limit = (np.trace(exact) / 60) ** 2 / (np.sum(off**2) / (60 * 59))
    assert np.all(np.abs(curve.population_limit - limit) < 5 * curve.population_limit_error)
    assert curve.population_limit_error[0] < 0.1 * limit


def test_sub_populations_follow_the_law_of_their_size():
    recording, loadings = factor_recording(64, 40_000, 2)
    curve = analysis.dimension_curve(recording, bin_sizes=(0.05,), n_draws=20, seed=1)
    assert curve.population_sizes.tolist() == [4, 8, 16, 32, 64]
    shared = 0.25 * loadings @ loadings.T
    exact = np.eye(64) + shared
    a, d = np.trace(exact) / 64, np.mean(np.diag(exact) ** 2)
    c = np.sum((shared - np.diag(np.diag(shared))) ** 2) / (64 * 63)
    for size, ratio, spread in zip(
        curve.population_sizes, curve.population_ratio, curve.population_spread, strict=True
    ):
        predicted = size * a**2 / (d + (size - 1) * c)
        assert abs(ratio - predicted) < 5 * spread / np.sqrt(20) + 0.03 * predicted
    assert curve.population_ratio[-1] == pytest.approx(curve.participation_ratio[0], rel=1e-9)


def test_moments_equal_those_of_the_matrix_of_counts(monkeypatch):
    recording, _ = factor_recording(20, 400, 3)
    windows = Windows(recording.support.shared, 0.01)
    counts = recording.binned(0.01)
    expected = [block.T @ block for block in np.array_split(counts, 7)]
    for cells in (2**23, 100):  # products of matrices, and sums over pairs of spikes
        monkeypatch.setattr("heavytail_snn.analysis.dimension.block_moments._CELLS", cells)
        moments = block_moments(recording, windows, 7)
        assert np.array_equal(moments.products, expected)
        assert moments.sums.sum(axis=0).tolist() == counts.sum(axis=0).tolist()


def test_changing_dynamics_show_in_the_halves():
    one, _ = factor_recording(40, 20_000, 4, depth=1.0)
    rng = np.random.default_rng(5)
    trains = [np.sort(rng.uniform(0, 1000, 20_000)) for _ in range(40)]
    independent = ht.Recording.from_spike_trains(trains, 0, 1000)
    curve = analysis.dimension_curve(
        ht.Recording.concatenate([one, independent]), bin_sizes=(0.05,)
    )
    first, second = curve.halves[0]
    assert second == pytest.approx(40, abs=1)
    assert first < 0.9 * second


def test_bins_too_wide_are_left_out_with_a_warning_and_too_many_units_refused():
    recording, _ = factor_recording(6, 1000, 6)
    curve = analysis.dimension_curve(recording, bin_sizes=(0.05, 10.0))
    assert curve.bin_sizes.tolist() == [0.05]
    assert any("[10.0] s leave fewer" in text for text in curve.warnings)
    with pytest.raises(ht.MemoryLimitError, match=r"recording\.select"):
        analysis.dimension_curve(ht.Recording([0.5], [0], 5000, 0, 100))
    with pytest.raises(ht.ParameterError, match="must be one of the bin sizes"):
        analysis.dimension_curve(recording, bin_sizes=(0.1,))


def ramp(seed, n_units=30, duration=300.0):
    rng = np.random.default_rng(seed)
    trains = [np.sort(rng.uniform(0, duration, rng.poisson(3000))) for _ in range(n_units)]
    kept = [t[rng.uniform(0, duration, t.size) > t] for t in trains]
    return ht.Recording.from_spike_trains(kept, 0, duration)


def test_a_common_ramp_is_drift_and_nothing_else():
    """Exact: rate r(t) = 10 (1 - t/T); in windows of w = 0.1 s covariance w^2 var r, mean 0.5."""
    statistics = analysis.spike_statistics(ramp(1))
    covariance = (0.1 * 10) ** 2 / 12
    expected = covariance / (covariance + 0.5)
    assert expected == pytest.approx(0.143, abs=5e-4)
    assert statistics.correlation == pytest.approx(expected, abs=0.01)
    assert statistics.drift_correlation == pytest.approx(expected, abs=0.01)
    assert abs(statistics.fast_correlation) < 5 * statistics.fast_correlation_error
    assert statistics.fast_correlation_error < 0.005


def test_fast_correlation_is_not_taken_for_drift():
    recording, loadings = factor_recording(30, 20_000, 7)
    statistics = analysis.spike_statistics(recording, count_window=0.05)
    total = statistics.drift_correlation + statistics.fast_correlation
    assert abs(statistics.drift_correlation) < 5 * statistics.drift_correlation_error + 1e-4
    # raw = between + within of sample moments, up to the n - 1 of the blocks
    assert total == pytest.approx(statistics.correlation, abs=1e-4)
    signs = np.mean(loadings @ loadings.T) * 30**2 - np.trace(loadings @ loadings.T)
    expected = 0.25 * signs / (30 * 29) / (1 + 0.25 / K)
    assert statistics.fast_correlation == pytest.approx(expected, abs=0.005)
