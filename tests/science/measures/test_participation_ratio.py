"""Participation ratio against exact spectra, its bias formula and a linear network.

Bias of the plain estimate for Gaussian samples: E tr S^2 = (1 + 1/n) tr C^2 + (tr C)^2 / n with
n = P - 1 (second moments of the Wishart law, e.g. Muirhead 1982, section 3.2).  Linear network
dx/dt = -x + J x + white noise at zero frequency: C = (1 - J)^-1 (1 - J)^-T and
PR / N -> (1 - g^2)^2 (Hu & Sompolinsky 2022, doi:10.1371/journal.pcbi.1010327).
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heavytail_snn.analysis.dimension import participation_ratio
from heavytail_snn.analysis.dimension.covariance_products import (
    cross_block_terms,
    naive_terms,
)
from heavytail_snn.core.errors import ParameterError, RecordingError, UnitError
from heavytail_snn.recording.recording import Recording

FLAT = np.ones(100)
POWER_LAW = np.arange(1, 121) ** -1.0


def exact(variances):
    return variances.sum() ** 2 / np.sum(variances**2)


def gaussian(rng, n_samples, variances):
    return rng.normal(size=(n_samples, variances.size)) * np.sqrt(variances)


def repeated(variances, n_samples, n_repeats, method, seed=1):
    rng = np.random.default_rng(seed)
    return [
        participation_ratio(gaussian(rng, n_samples, variances), method=method)
        for _ in range(n_repeats)
    ]


@pytest.mark.parametrize("variances", [FLAT, POWER_LAW], ids=["flat", "power law"])
@pytest.mark.parametrize("n_samples", [50, 110])
def test_cross_block_is_unbiased_where_the_naive_estimate_is_not(variances, n_samples):
    results = repeated(variances, n_samples, 60_000 // n_samples, "cross_block")
    pooled = np.mean([r.squared_trace for r in results]) / np.mean(
        [r.trace_of_square for r in results]
    )
    assert pooled == pytest.approx(exact(variances), rel=0.02)
    assert np.mean([r.squared_trace for r in results]) == pytest.approx(
        variances.sum() ** 2, rel=0.01
    )
    naive = repeated(variances, n_samples, 20_000 // n_samples, "naive")
    naive = np.mean([r.squared_trace for r in naive]) / np.mean([r.trace_of_square for r in naive])
    n = n_samples - 1
    assert naive == pytest.approx(1 / ((1 + 1 / n) / exact(variances) + 1 / n), rel=0.03)
    assert naive < 0.9 * exact(variances)
    effective = np.median([r.effective_samples for r in results])
    assert effective == pytest.approx(n_samples, rel=0.03)


def test_published_bias_figures():
    # 50 samples of a flat spectrum of 100: the plain estimate sees a third of it
    naive = np.mean([r.participation_ratio for r in repeated(FLAT, 50, 200, "naive")])
    assert naive == pytest.approx(32.7, abs=0.3)


def test_square_of_the_mean_trace_would_be_biased():
    variances = np.array([1.0, 0.01])
    results = repeated(variances, 50, 2000, "cross_block")
    squared = np.mean([r.squared_trace for r in results])
    assert squared == pytest.approx(variances.sum() ** 2, rel=0.025)
    rng = np.random.default_rng(2)
    traces = [
        np.mean([b.var(axis=0, ddof=1).sum() for b in np.split(gaussian(rng, 50, variances), 10)])
        for _ in range(2000)
    ]
    biased = np.mean(np.square(traces))
    assert biased / variances.sum() ** 2 == pytest.approx(1 + 2 / (exact(variances) * 40), rel=0.02)


@pytest.mark.parametrize("method", ["cross_block", "naive"])
def test_stated_error_is_right_for_few_dominant_directions(method):
    variances = np.arange(1, 31) ** -1.5
    results = repeated(variances, 200, 300, method)
    scatter = np.std([r.participation_ratio for r in results])
    stated = np.sqrt(np.mean([r.standard_error**2 for r in results]))
    assert stated == pytest.approx(scatter, rel=0.15)


def test_stated_error_of_a_flat_spectrum_is_on_the_safe_side():
    results = repeated(FLAT, 110, 300, "cross_block")
    scatter = np.std([r.participation_ratio for r in results])
    stated = np.sqrt(np.mean([r.standard_error**2 for r in results]))
    assert 1.4 < stated / scatter < 1.8


@pytest.mark.parametrize("g", [0.3, 0.5, 0.7])
def test_linear_network(g):
    rng = np.random.default_rng(int(10 * g))
    n = 600
    coupling = g * rng.normal(size=(n, n)) / np.sqrt(n)
    response = np.linalg.inv(np.eye(n) - coupling)
    covariance = response @ response.T
    truth = np.trace(covariance) ** 2 / np.sum(covariance**2) / n
    assert truth == pytest.approx((1 - g**2) ** 2, abs=0.015)  # this network's own, N = 600
    states = rng.normal(size=(1500, n)) @ response.T
    result = participation_ratio(states)
    error = result.standard_error_per_neuron
    assert abs(result.participation_ratio_per_neuron - truth) < 3 * error < 0.01
    naive = participation_ratio(states, method="naive").participation_ratio_per_neuron
    assert naive < 0.95 * truth


def test_autocorrelated_samples_count_less():
    rng = np.random.default_rng(6)
    decay, n_samples = 0.9, 10_000
    x = np.zeros((n_samples, 40))
    noise = rng.normal(size=x.shape)
    for i in range(1, n_samples):
        x[i] = decay * x[i - 1] + noise[i]
    result = participation_ratio(x)
    assert result.participation_ratio == pytest.approx(40, rel=0.02)
    # the covariance of an AR(1) process averages over (1 - a^2) / (1 + a^2) P samples
    assert result.effective_samples == pytest.approx(n_samples * 0.19 / 1.81, rel=0.15)


def test_centring_is_explicit():
    rng = np.random.default_rng(1)
    x = gaussian(rng, 400, np.ones(20)) + 10.0
    assert participation_ratio(x).participation_ratio == pytest.approx(20, rel=0.05)
    for method in ("cross_block", "naive"):
        raw = participation_ratio(x, center=False, method=method).participation_ratio
        assert raw == pytest.approx(1, abs=0.03)


# ------------------------------------------------------------------------------ kernels


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("shape", [(47, 20), (30, 70)])
def test_kernels_equal_the_definitions(center, shape):
    x = np.random.default_rng(1).normal(size=shape) + 0.3

    def covariance(part):
        moved = part - part.mean(axis=0) if center else part
        return moved.T @ moved / (len(part) - int(center))

    blocks = np.array_split(x, 5)
    parts = [covariance(block) for block in blocks]

    def across(chosen):
        pairs = [(a, b) for a in chosen for b in chosen if a is not b]
        return (
            np.mean([np.trace(a) * np.trace(b) for a, b in pairs]),
            np.mean([np.trace(a @ b) for a, b in pairs]),
        )

    terms = cross_block_terms(x, 5, center=center)
    assert (terms.squared_trace, terms.trace_of_square) == pytest.approx(across(parts))
    for left in range(5):
        expected = across(parts[:left] + parts[left + 1 :])
        assert terms.left_out[left] == pytest.approx(expected)
    mean = sum(parts) / 5
    assert terms.pooled_square == pytest.approx(np.trace(mean @ mean))

    whole = naive_terms(x, 5, center=center)
    c = covariance(x)
    assert (whole.squared_trace, whole.trace_of_square) == pytest.approx(
        (np.trace(c) ** 2, np.trace(c @ c))
    )
    for left in range(5):
        c = covariance(np.concatenate(blocks[:left] + blocks[left + 1 :]))
        assert whole.left_out[left] == pytest.approx((np.trace(c) ** 2, np.trace(c @ c)))


# ------------------------------------------------------------------------------ properties

seeds = st.integers(0, 10_000)


@given(seeds, st.floats(1e-6, 1e6), st.sampled_from(["cross_block", "naive"]))
@settings(max_examples=30, deadline=None)
def test_scale_and_rotation_change_nothing(seed, scale, method):
    rng = np.random.default_rng(seed)
    x = gaussian(rng, 40, np.arange(1, 9) ** -1.0)
    rotation = np.linalg.qr(rng.normal(size=(8, 8)))[0]
    here = participation_ratio(x, method=method, n_blocks=4)
    there = participation_ratio(scale * x @ rotation + 3 * scale, method=method, n_blocks=4)
    assert there.participation_ratio == pytest.approx(here.participation_ratio, rel=1e-6)
    assert there.standard_error == pytest.approx(here.standard_error, rel=1e-5)


@given(seeds, st.integers(6, 60), st.integers(1, 30))
@settings(max_examples=40, deadline=None)
def test_naive_lies_between_one_and_the_number_of_units(seed, n_samples, n_units):
    x = np.random.default_rng(seed).standard_cauchy(size=(n_samples, n_units))
    value = participation_ratio(x, method="naive", n_blocks=3).participation_ratio
    assert 1 - 1e-9 <= value <= min(n_units, n_samples - 1) * (1 + 1e-9)


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_order_of_units_and_a_silent_unit_change_nothing(seed):
    rng = np.random.default_rng(seed)
    x = rng.poisson(2.0, size=(60, 10))
    value = participation_ratio(x).participation_ratio
    assert participation_ratio(x[:, rng.permutation(10)]).participation_ratio == pytest.approx(
        value
    )
    silent = np.column_stack([x, np.zeros(60, dtype=int)])
    assert participation_ratio(silent).participation_ratio == pytest.approx(value)


# ------------------------------------------------------------------------------ spikes and refusals


def test_spikes_are_counted_in_bins():
    rng = np.random.default_rng(1)
    trains = [np.sort(rng.uniform(0, 100, 800)) for _ in range(12)]
    recording = Recording.from_spike_trains(trains, 0, 100.03)
    result = participation_ratio(recording, bin_size=0.1)
    counts = participation_ratio(recording.binned(0.1)[:1000])
    assert result.n_samples == 1000
    assert result.participation_ratio == pytest.approx(counts.participation_ratio, rel=1e-12)
    assert result.participation_ratio == pytest.approx(12, rel=0.03)
    assert participation_ratio(recording.to_neo(), bin_size=0.1) == result
    names = {e.name: e for e in result.estimates()}
    assert names["participation_ratio"].standard_error == result.standard_error
    assert names["participation_ratio_per_neuron"].value == result.participation_ratio / 12


@pytest.mark.parametrize("method", ["cross_block", "naive"])
@pytest.mark.parametrize("value", [0.0, 0.1, 1e50])
def test_fixed_point_is_undefined_and_says_so(method, value):
    rounding = np.finfo(float).eps * np.random.default_rng(1).integers(-2, 3, size=(100, 3))
    x = value * (1 + rounding)
    assert value == 0 or np.ptp(x) > 0
    result = participation_ratio(x, method=method)
    assert np.isnan(result.participation_ratio)
    assert np.isnan(result.standard_error)
    assert "fixed point" in result.warnings[0]


def test_variance_in_one_block_only_is_undefined_across_blocks():
    x = np.zeros((100, 3))
    x[:10] = np.random.default_rng(1).normal(size=(10, 3))
    assert np.isnan(participation_ratio(x).participation_ratio)
    assert np.isfinite(participation_ratio(x, method="naive").participation_ratio)


NOISE = np.random.default_rng(0).normal(size=(40, 3))


@pytest.mark.parametrize(
    ("x", "options", "words"),
    [
        (NOISE, {"method": "cross"}, "method must be one of"),
        (NOISE, {"n_blocks": 2}, "n_blocks must be an integer >= 3"),
        (NOISE, {"n_blocks": 30}, "at least 2 samples in each of n_blocks = 30"),
        (NOISE, {"t_start": 0}, "for spikes only"),
        (NOISE[:, 0], {}, "x must be a real array of shape"),
        (NOISE[None], {}, "x must be a real array of shape"),
        (NOISE * 1j, {}, "x must be a real array of shape"),
        (NOISE > 0, {}, "x must be a real array of shape"),
        (NOISE.astype(object), {}, "x must be a real array of shape"),
        ([[1.0], [1.0, 2.0]], {}, "x must be a real array of shape"),
        (None, {}, "x must be a real array of shape"),
        ("", {}, "x must be a real array of shape"),
        ([], {}, "x must be a real array of shape"),
        (3.0, {}, "x must be a real array of shape"),
        (np.where(NOISE > 2, np.nan, NOISE), {}, "x must be finite, got"),
        (NOISE * 1e300, {}, "x has fourth powers that overflow"),
        (NOISE * 1e-300, {}, "x has fourth powers that overflow or vanish"),
        (Recording([0.1], [0], 1, 0, 1), {}, "bin_size must be given for spikes"),
        (Recording([0.1], [0], 1, 0, 1), {"bin_size": -1}, "bin_size"),
    ],
)
def test_refuses_with_the_name_of_the_argument(x, options, words):
    with pytest.raises(ParameterError, match=words):
        participation_ratio(x, **options)


def test_refuses_empty_recordings_and_wrong_units():
    from quantities import mV

    with pytest.raises(RecordingError, match=r"x must hold at least 1 spikes"):
        participation_ratio(Recording([], [], 3, 0, 1), bin_size=0.01)
    with pytest.raises(UnitError, match=r"bin_size"):
        participation_ratio(Recording([0.1], [0], 3, 0, 1), bin_size=1 * mV)


def test_input_is_unchanged():
    x = NOISE.copy()
    x.setflags(write=False)
    participation_ratio(x)
    participation_ratio(x, method="naive")
    assert np.array_equal(x, NOISE)
