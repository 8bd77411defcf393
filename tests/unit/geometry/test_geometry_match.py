"""Signatures of known codes, and the exactness of the test that matches them to networks."""

import itertools

import numpy as np
import pytest
from scipy import linalg, stats

from heavytail_snn.analysis.geometry import code_signature, cvpca, match_geometry
from heavytail_snn.analysis.geometry.code_signature import rank_ranges
from heavytail_snn.core.errors import ConvergenceError, ParameterError


def known_code(variance, n_images, n_repeats, noise, seed):
    """Return responses with exact signal variances in directions that weigh all neurons alike."""
    random = np.random.default_rng(seed)
    n = len(variance)
    scores = random.standard_normal((n_images, n))
    scores = np.linalg.qr(scores - scores.mean(axis=0))[0] * np.sqrt(n_images * variance)
    signal = linalg.hadamard(n) / np.sqrt(n) @ scores.T
    return signal[:, :, None] + noise * random.standard_normal((n, n_images, n_repeats))


def test_signature_of_a_known_code():
    variance = np.arange(1, 65.0) ** -1.0
    signature = code_signature(known_code(variance, 500, 6, 0.01, 1), n_ranges=6, seed=1)
    edges = rank_ranges((1, 40), 6)
    shares = [variance[a - 1 : b - 1].mean() for a, b in itertools.pairwise(edges)]
    assert signature[:-1] == pytest.approx(np.log(shares / variance.sum()), abs=0.01)
    assert np.exp(signature[-1]) == pytest.approx(variance.sum() / (64 * 1e-4), rel=0.02)


def test_signature_is_that_of_cvpca_whatever_the_rates_of_neurons():
    responses = known_code(np.arange(1, 65.0) ** -1.0, 300, 6, 0.3, 2)
    responses[:, :100, 4:] = np.nan
    signature = code_signature(responses, n_ranges=40, n_splits=20, seed=3)
    assert code_signature(
        responses * np.geomspace(0.1, 10, 64)[:, None, None] + 7.0, n_ranges=40, n_splits=20, seed=3
    ) == pytest.approx(signature)
    scaled = responses / np.nanstd(responses, axis=(1, 2))[:, None, None]
    whole = cvpca(scaled, n_splits=20, seed=4)
    shares = whole.signal_variance / whole.total_signal_variance
    assert signature[:10] == pytest.approx(np.log(shares[:10]), abs=0.06)
    assert np.exp(signature[-1]) == pytest.approx(whole.signal_to_noise, rel=0.01)


def test_rank_ranges_cover_the_band_once():
    for band, n_ranges in (((1, 40), 8), ((1, 40), 40), ((5, 41), 10), ((3, 5), 1)):
        edges = rank_ranges(band, n_ranges)
        assert (edges[0], edges[-1], len(edges)) == (band[0], band[1] + 1, n_ranges + 1)
        assert (np.diff(edges) > 0).all()


@pytest.mark.parametrize("law", ["standard_normal", "standard_cauchy"])
def test_true_points_are_rejected_as_often_as_the_level_says(law):
    """Also for Cauchy signatures, whose covariance means nothing: the ranks decide."""
    draw = getattr(np.random.default_rng(5), law)
    p_values = [
        match_geometry(draw(3), [({"point": 0}, draw((9, 3)))], level=0.1).p_value[0]
        for _ in range(1000)
    ]
    counts = np.bincount(np.round(np.multiply(p_values, 10)).astype(int), minlength=11)[1:]
    assert counts.sum() == 1000
    assert stats.chisquare(counts).pvalue > 1e-3  # uniform on 0.1, 0.2, ... 1


def sweep_of(spread, gains=(0.0, 1.0, 2.0), n_networks=30, seed=6):
    random = np.random.default_rng(seed)
    return [
        ({"gain": gain, "law": "stable"}, random.normal([gain, 0], spread, (n_networks, 2)))
        for gain in gains
    ]


def test_match_finds_the_point_and_its_error():
    sharp = match_geometry([2.01, 0.0], sweep_of(0.05))
    assert sharp.best == {"gain": 2.0, "law": "stable"}
    assert sharp.accepted.tolist() == [False, False, True]
    assert (sharp.low, sharp.high) == ({"gain": 2.0}, {"gain": 2.0})
    assert sharp.recovered == 1.0
    assert sharp.standard_error == {"gain": pytest.approx(1 / 12**0.5)}  # the sweep's step
    assert "gain reach the edge of the sweep" in sharp.warnings[0]
    inside = match_geometry([1.01, 0.0], sweep_of(0.05))
    assert (inside.best["gain"], inside.warnings) == (1.0, ())
    assert sharp.distance == pytest.approx(
        [2 / 0.05 / 2**0.5, 1 / 0.05 / 2**0.5, 0.2], rel=0.2, abs=0.3
    )


def test_standard_error_is_that_of_a_grid_finer_than_the_noise():
    gains = np.linspace(0, 4, 41)
    match = match_geometry([2.0, 0.0], sweep_of(0.5, gains, n_networks=400))
    assert match.standard_error["gain"] == pytest.approx(0.5, rel=0.15)
    # the 95 % set of one normal number beside another one of no information
    assert match.low["gain"] == pytest.approx(2 - 0.5 * np.sqrt(5.99), abs=0.25)
    assert match.high["gain"] == pytest.approx(2 + 0.5 * np.sqrt(5.99), abs=0.25)


def test_networks_do_not_recognise_themselves():
    """Of two points with one law, a network is matched to its own no more often than by chance."""
    draw = np.random.default_rng(9).standard_normal
    recovered = [
        match_geometry(draw(2), [({"p": 0}, draw((3, 2))), ({"p": 1}, draw((3, 2)))], level=0.3)
        for _ in range(300)
    ]
    assert np.mean([match.recovered for match in recovered]) < 0.55


def test_a_rejected_best_point_is_said():
    random = np.random.default_rng(10)
    narrow = ({"gain": 0.0}, random.normal([0, 0], 0.1, (20, 2)))
    wide = ({"gain": 5.0}, random.normal([3, 0], 3.0, (20, 2)))
    match = match_geometry([1.0, 0.0], [narrow, wide])
    assert match.best == {"gain": 0.0}
    assert match.accepted.tolist() == [False, True]
    assert "closest point is rejected" in match.warnings[0]


def test_a_recording_of_another_kind_is_accepted_nowhere():
    match = match_geometry([1.0, 3.0], sweep_of(0.1))
    assert not match.accepted.any()
    assert (match.low, match.high) == ({}, {})
    assert "no point of the sweep" in match.warnings[0]


def test_distance_is_in_standard_deviations_of_each_feature():
    cloud = np.random.default_rng(7).standard_normal((400, 2)) * [1.0, 0.1]
    cloud -= cloud.mean(axis=0)
    points = [({"point": 0}, cloud)]
    for signature in ([3.0, 0.0], [0.0, 0.3], [3.0 / 2**0.5, 0.3 / 2**0.5]):
        distance = match_geometry(signature, points).best_distance
        assert distance == pytest.approx(3 / 2**0.5, rel=0.1)


RESPONSES = known_code(np.arange(1, 65.0) ** -1.0, 100, 4, 0.3, 8)
CONSTANT = np.where(np.arange(64)[:, None, None] == 5, 1.0, RESPONSES)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: code_signature(RESPONSES[:, :, :1]), ParameterError, "at least 2 repeats"),
        (lambda: code_signature(CONSTANT), ParameterError, "neuron 5 is constant"),
        (lambda: code_signature(RESPONSES[:20]), ParameterError, "must end at 20"),
        (lambda: code_signature(RESPONSES, n_ranges=41), ParameterError, "n_ranges must be"),
        (
            lambda: code_signature(np.repeat(RESPONSES[:, :, :1], 3, axis=2)),
            ParameterError,
            "must vary between repeats",
        ),
        (
            lambda: code_signature(np.random.default_rng(1).normal(size=(60, 100, 4))),
            ConvergenceError,
            "lower the end of the band",
        ),
        (lambda: match_geometry([], sweep_of(1.0)), ParameterError, "non-empty finite list"),
        (lambda: match_geometry([1.0, 2.0], []), ParameterError, "at least one"),
        (lambda: match_geometry(RESPONSES, sweep_of(1.0)), ParameterError, "code_signature"),
        (lambda: match_geometry([1.0], sweep_of(1.0)), ParameterError, r"\(n_networks, 1\)"),
        (
            lambda: match_geometry([1.0, 2.0], sweep_of(1.0, n_networks=10)),
            ParameterError,
            "at least 19 to reject at level 0.05",
        ),
        (
            lambda: match_geometry([1.0, 2.0], [({"g": 1}, np.ones((30, 2)))]),
            ParameterError,
            "feature 0 is constant",
        ),
        (lambda: match_geometry([1.0, 2.0], sweep_of(1.0), level=0), ParameterError, "level must"),
    ],
)
def test_refuses(call, error, words):
    with pytest.raises(error, match=words):
        call()
