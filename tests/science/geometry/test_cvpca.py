"""Cross-validated PCA against known signals in noise; definition of Stringer et al. 2019
(doi:10.1038/s41586-019-1346-5).  The V4 figures are in tests/recorded/test_v4_geometry.py.
"""

import numpy as np
import pytest

from heavytail_snn.analysis.geometry.cross_validated_pca import cvpca, split_halves
from heavytail_snn.core.errors import ParameterError

VARIANCES = np.array([9.0, 4.0, 1.0, 0.25, *np.zeros(16)])


def responses(rng, noise, n_images=800, n_repeats=4):
    """Return signals of known variances along random directions, and white trial noise."""
    n = VARIANCES.size
    rotation = np.linalg.qr(rng.normal(size=(n, n)))[0]
    signal = rotation @ (np.sqrt(VARIANCES)[:, None] * rng.normal(size=(n, n_images)))
    return signal[:, :, None] + noise * rng.normal(size=(n, n_images, n_repeats))


def test_recovers_the_signal_that_plain_pca_overstates():
    rng = np.random.default_rng(1)
    results = [cvpca(responses(rng, 1.0), seed=i, n_splits=4) for i in range(10)]
    spectrum = np.mean([r.signal_variance for r in results], axis=0)
    assert spectrum[:4] == pytest.approx(VARIANCES[:4], rel=0.08)
    assert np.abs(spectrum[4:]).max() < 0.03
    plain = np.mean([r.plain_variance for r in results], axis=0)
    assert plain[5:15] == pytest.approx(np.full(10, 0.25), rel=0.3)  # noise 1 over 4 repeats
    totals = np.array([r.total_signal_variance for r in results])
    assert totals.mean() == pytest.approx(14.25, rel=0.03)
    assert totals.std() == pytest.approx(
        np.mean([r.total_signal_variance_error for r in results]), rel=0.6
    )
    assert np.mean([r.signal_to_noise for r in results]) == pytest.approx(14.25 / 20, rel=0.05)
    true_ratio = VARIANCES.sum() ** 2 / np.sum(VARIANCES**2)
    assert np.mean([r.participation_ratio for r in results]) == pytest.approx(true_ratio, rel=0.05)
    assert np.mean([r.plain_participation_ratio for r in results]) > 1.2 * true_ratio


def test_reliable_dimensions_are_those_of_the_signal():
    rng = np.random.default_rng(3)
    mixing = np.linalg.qr(rng.normal(size=(40, 40)))[0][:, :7]
    signal = (mixing @ rng.normal(size=(7, 600)))[:, :, None]
    result = cvpca(signal + 0.1 * rng.normal(size=(40, 600, 4)), seed=1)
    assert result.reliable_dimensions == 7
    noise = cvpca(rng.normal(size=(40, 600, 4)), seed=1)
    assert noise.reliable_dimensions <= 2


def test_the_jackknife_takes_every_tenth_image():
    """Recordings may hold one kind of images after another: whole kinds must not be left out."""
    rng = np.random.default_rng(4)
    kinds = np.repeat([0.0, 1.0], 300)[:, None]
    responses = rng.normal(size=(20, 600, 1)) + 3 * rng.normal(size=(20, 1, 1)) * kinds
    responses = responses + 0.3 * rng.normal(size=(20, 600, 4))
    ordered = cvpca(responses, seed=1).total_signal_variance_error
    mixed = cvpca(responses[:, rng.permutation(600)], seed=1).total_signal_variance_error
    assert ordered < 1.5 * mixed


def test_shuffled_labels_and_pure_noise_have_no_signal():
    rng = np.random.default_rng(2)
    result = cvpca(responses(rng, 1.0), seed=3)
    assert abs(result.shuffled_total) < 0.1 * result.total_signal_variance
    noise = cvpca(rng.normal(size=(20, 800, 4)), seed=3)
    assert abs(noise.total_signal_variance) < 4 * noise.total_signal_variance_error
    assert noise.plain_variance.sum() == pytest.approx(5, rel=0.05)


def test_halves_use_every_repeat_once_and_never_the_padding():
    array = np.arange(2 * 30 * 5, dtype=float).reshape(2, 30, 5)
    array[:, :10, 3:] = np.nan  # three repeats: one is left out
    first, second = split_halves(array, np.random.default_rng(1))
    assert first.shape == second.shape == (30, 2)
    both = (first + second) / 2
    assert (
        (both[10:].T >= array[:, 10:].min(axis=2)) & (both[10:].T <= array[:, 10:].max(2))
    ).all()
    assert set((2 * both[:10, 0] - 2 * array[0, :10, 0]).tolist()) <= {1.0, 2.0, 3.0}
    # images with an even number of repeats: the halves together are the mean
    even = array[:, 10:, :4]
    first, second = split_halves(even, np.random.default_rng(2))
    assert (first + second) / 2 == pytest.approx(even.mean(axis=2).T)
    # the same repeats of all neurons
    assert first[:, 1] - first[:, 0] == pytest.approx(np.full(20, 150.0))


def test_seed_scale_and_order_of_neurons():
    array = responses(np.random.default_rng(4), 1.0, n_images=100)
    here = cvpca(array, seed=1)
    assert cvpca(array, seed=1).signal_variance.tolist() == here.signal_variance.tolist()
    assert cvpca(array, seed=2).signal_variance.tolist() != here.signal_variance.tolist()
    moved = cvpca(3 * array[::-1] + 7, seed=1)
    assert moved.signal_variance == pytest.approx(9 * here.signal_variance, rel=1e-6, abs=1e-9)
    assert moved.participation_ratio == pytest.approx(here.participation_ratio)
    assert here.to_xarray().sizes["component"] == 20


def test_more_neurons_than_images():
    rng = np.random.default_rng(5)
    signal = rng.normal(size=(100, 30, 1))
    result = cvpca(signal + 0.1 * rng.normal(size=(100, 30, 4)), seed=1)
    assert result.signal_variance.shape == result.standard_error.shape == (30,)
    assert np.isfinite(result.standard_error[:27]).all()
    assert np.isnan(result.standard_error[27:]).all()  # ranks that nine tenths cannot have
    assert result.total_signal_variance == pytest.approx(100 * 29 / 30, rel=0.1)


GOOD = np.random.default_rng(0).normal(size=(3, 30, 4))


def bad(change):
    array = GOOD.copy()
    change(array)
    return array


@pytest.mark.parametrize(
    ("array", "options", "words"),
    [
        (GOOD[0], {}, r"responses must be real, of shape"),
        (GOOD[..., :1], {}, r"at least 2 repeats of every image"),
        (GOOD * 1j, {}, r"responses must be real"),
        (np.empty((0, 3, 2)), {}, r"responses must be real"),
        (None, {}, r"responses must be real"),
        ("", {}, r"responses must be real"),
        (GOOD > 0, {}, r"responses must be real"),
        (np.ones((3, 30, 4)), {}, r"must differ between images, got"),
        (GOOD[:, :10], {}, r"at least 20 images, got '10 images'"),
        (bad(lambda a: a.__setitem__((slice(None), 4, slice(1, 4)), np.nan)), {}, r"2 repeats"),
        (bad(lambda a: a.__setitem__((slice(None), 4, 0), np.nan)), {}, r"last repeat.*at image 4"),
        (bad(lambda a: a.__setitem__((1, 4, 3), np.nan)), {}, r"same repeats.*at image 4"),
        (bad(lambda a: a.__setitem__((1, 4, 3), np.inf)), {}, r"must not be infinite"),
        (GOOD, {"n_splits": 0}, r"n_splits must be an integer >= 1"),
        (GOOD, {"seed": -1}, r"seed must be a non-negative integer"),
    ],
)
def test_refuses(array, options, words):
    with pytest.raises(ParameterError, match=words):
        cvpca(array, **options)
