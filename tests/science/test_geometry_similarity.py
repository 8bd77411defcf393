"""Similarity of representations, and the bias of cross-validated exponents at low signal-to-noise.

Exact cases: rotations, shared latent variables seen by different noisy neurons (corrected alignment
1), independent ones (0).  cvPCA's bias: lyapunov.md 5.4 of the design (exponent 1 at 500 neurons,
1000 images, ranks 11-200 is fitted as 0.99, 0.96, 0.69 at signal-to-noise inf, 1, 0.2).
"""

import numpy as np
import pytest

from heavytail_snn.analysis.geometry import cvpca_exponent, representation_similarity
from heavytail_snn.analysis.geometry.cvpca import signal_spectrum, split_halves
from heavytail_snn.analysis.geometry.cvpca_exponent import _simulated, band_exponent
from heavytail_snn.analysis.geometry.similarity import _hsic, _single_hsic
from heavytail_snn.errors import ConvergenceError, ParameterError


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


@pytest.mark.slow
@pytest.mark.parametrize(("signal_to_noise", "fitted"), [(1e6, 0.99), (1.0, 0.96), (0.2, 0.69)])
def test_low_signal_to_noise_flattens_the_spectrum(signal_to_noise, fitted):
    rng = np.random.default_rng(5)
    responses = _simulated(500, np.ones((1000, 2), bool), 1.0, signal_to_noise, rng)
    spectrum = signal_spectrum(*split_halves(responses, rng))
    assert band_exponent(spectrum, (11, 200)) == pytest.approx(fitted, abs=0.04)


def test_bias_is_simulated_and_corrected():
    rng = np.random.default_rng(6)
    shown = np.ones((300, 2), bool)
    results = [
        cvpca_exponent(
            _simulated(60, shown, 1.25, 0.5, rng), band=(3, 20), n_splits=2, n_simulations=4, seed=1
        )
        for _ in range(4)
    ]
    corrected = np.array([r.corrected_exponent for r in results])
    error = np.mean([r.simulated_error for r in results])
    assert corrected.mean() == pytest.approx(1.25, abs=3 * error)
    assert results[0].signal_to_noise == pytest.approx(0.5, rel=0.15)
    assert results[0].bias == pytest.approx(results[0].exponent - corrected[0])


@pytest.mark.slow
def test_jackknife_error_is_the_spread_over_recordings():
    rng = np.random.default_rng(8)
    shown = np.ones((300, 4), bool)
    results = [
        cvpca_exponent(
            _simulated(60, shown, 1.0, 1.0, rng), band=(3, 20), n_splits=2, n_simulations=2, seed=1
        )
        for _ in range(40)
    ]
    spread = np.std([r.exponent for r in results], ddof=1)
    assert np.mean([r.standard_error for r in results]) == pytest.approx(spread, rel=0.4)
    mean = np.mean([r.exponent for r in results])
    assert sum(r.interval[0] < mean < r.interval[1] for r in results) >= 33  # 38 on average


GOOD = np.random.default_rng(0).normal(size=(10, 6))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: representation_similarity(GOOD, GOOD[:8]), "must have the stimuli of the first"),
        (lambda: representation_similarity(GOOD[:3], GOOD[:3]), "at least four"),
        (lambda: representation_similarity(GOOD, np.ones((10, 6))), "must differ between stimuli"),
        (lambda: representation_similarity(GOOD[:, :1], GOOD), "two neurons"),
        (lambda: cvpca_exponent(np.ones((5, 30, 2)), band=(1, 4)), "must differ between images"),
        (lambda: cvpca_exponent(np.ones((5, 30, 1)), band=(1, 4)), "at least 2 repeats"),
        (lambda: cvpca_exponent(GOOD[:, :, None].repeat(2, 2), band=(1, 40)), "end at 5"),
    ],
)
def test_refuses(call, words):
    with pytest.raises(ParameterError, match=words):
        call()


def test_refuses_a_band_of_noise():
    noise = np.random.default_rng(7).normal(size=(40, 100, 2))
    with pytest.raises((ConvergenceError, ParameterError), match=r"positive|repeat between"):
        cvpca_exponent(noise, band=(5, 40), seed=1)
