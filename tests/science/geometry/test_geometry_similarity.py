"""Similarity of representations.

Exact cases: rotations, shared latent variables seen by different noisy neurons (corrected alignment
1), independent ones (0).
"""

import numpy as np
import pytest

from heavytail_snn.analysis.geometry import representation_similarity
from heavytail_snn.analysis.geometry.similarity import _hsic, _single_hsic
from heavytail_snn.core.errors import ParameterError


def seen(latent, n_neurons, noise, rng):
    weights = rng.normal(size=(latent.shape[1], n_neurons))
    return latent @ weights + noise * rng.normal(size=(len(latent), n_neurons))


def test_rotation_and_scale_change_nothing():
    rng = np.random.default_rng(1)
    x = seen(rng.normal(size=(60, 3)), 20, 0.5, rng)
    rotation = np.linalg.qr(rng.normal(size=(20, 20)))[0]
    same = representation_similarity(x, 4 * x @ rotation + 3)
    assert same.plain_alignment == pytest.approx(1)
    assert same.bures == pytest.approx(1)


def test_correction_finds_what_few_neurons_share():
    rng = np.random.default_rng(2)
    latent = rng.normal(size=(80, 5))
    shared, apart = [], []
    for _ in range(30):
        x, y = (seen(latent, 30, 1.5, rng) for _ in range(2))
        z = seen(rng.normal(size=(80, 5)), 30, 1.5, rng)
        shared.append(representation_similarity(x, y))
        apart.append(representation_similarity(x, z))
    values = np.array([s.alignment for s in shared])
    error = values.std() / np.sqrt(30)
    # exact would be 1 for infinitely many neurons of either set; each set has its own mixture
    assert values.mean() == pytest.approx(1.0, abs=4 * error + 0.05)
    assert np.mean([s.plain_alignment for s in shared]) < 0.85
    assert 0.8 < np.mean([s.alignment_error for s in shared]) / values.std() < 2.2
    none = np.array([s.alignment for s in apart])
    assert abs(none.mean()) < 4 * none.std() / np.sqrt(30) + 0.01
    assert np.mean([s.plain_alignment for s in apart]) > 0.05


def test_single_neuron_terms_are_those_of_outer_products():
    x = np.random.default_rng(3).normal(size=(9, 4))
    expected = [_hsic(np.outer(c, c), np.outer(c, c)) for c in x.T]
    assert _single_hsic(x) == pytest.approx(expected)


def test_independence_criterion_is_unbiased():
    """Song et al. 2012: over draws of two independent variables the mean is 0."""
    rng = np.random.default_rng(4)
    values = []
    for _ in range(400):
        x, y = rng.normal(size=(2, 8, 1))
        values.append(_hsic(x @ x.T, y @ y.T))
    assert abs(np.mean(values)) < 3 * np.std(values) / 20


def test_missing_repeats_are_left_out_of_averages():
    rng = np.random.default_rng(5)
    latent = rng.normal(size=(20, 2))
    x = np.stack([seen(latent, 15, 0.5, rng) for _ in range(3)], axis=2)
    y = seen(latent, 12, 0.5, rng)
    x[::2, :, 2] = x[::4, :, 1] = np.nan
    padded, averaged = (representation_similarity(z, y) for z in (x, np.nanmean(x, axis=2)))
    assert padded.alignment == averaged.alignment
    assert padded.alignment_error == averaged.alignment_error


def test_jackknife_leaves_repeated_columns_out_together():
    rng = np.random.default_rng(6)
    latent = rng.normal(size=(30, 3))
    x, y = (seen(latent, 20, 1.0, rng) for _ in range(2))
    single = representation_similarity(x, y)
    bins = representation_similarity(*(np.repeat(z, 10, axis=1) for z in (x, y)))
    assert bins.bures == pytest.approx(single.bures)
    assert bins.bures_error == pytest.approx(single.bures_error)


GOOD = np.random.default_rng(0).normal(size=(10, 6))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: representation_similarity(GOOD, GOOD[:8]), "must have the stimuli of the first"),
        (lambda: representation_similarity(GOOD[:3], GOOD[:3]), "at least four"),
        (lambda: representation_similarity(GOOD, np.ones((10, 6))), "must differ between stimuli"),
        (lambda: representation_similarity(GOOD[:, :1], GOOD), "two neurons"),
    ],
)
def test_refuses(call, words):
    with pytest.raises(ParameterError, match=words):
        call()
