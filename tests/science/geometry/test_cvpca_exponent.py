"""Exponents of cross-validated spectra: bias at low signal-to-noise, its correction, errors.

Stored figures: lyapunov.md 5.4 of the design (exponent 1 at 500 neurons, 1000 images, ranks 11-200
is fitted as 0.99, 0.96, 0.69 at signal-to-noise inf, 1, 0.2).
"""

import numpy as np
import pytest

from heavytail_snn.analysis.geometry import cvpca_exponent
from heavytail_snn.analysis.geometry.cross_validated_exponent import (
    _corrected,
    _moments,
    _simulated,
    band_exponent,
)
from heavytail_snn.analysis.geometry.cross_validated_pca import signal_spectrum, split_halves
from heavytail_snn.core.errors import ConvergenceError, ParameterError


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
    error = np.mean([r.corrected_error for r in results])
    assert corrected.mean() == pytest.approx(1.25, abs=2 * error)
    assert error < 0.3
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
    student = 2.262  # 97.5 % of Student's law with 9 degrees of freedom
    for result in results:
        width = result.interval[1] - result.interval[0]
        assert width == pytest.approx(2 * student * result.standard_error, rel=1e-3)


@pytest.mark.slow
def test_correction_and_its_error_at_low_signal_to_noise():
    """The fit is too small; simulations like the data, of as many splits, put that right."""
    rng = np.random.default_rng(9)
    shown = np.ones((300, 4), bool)
    results = [
        cvpca_exponent(_simulated(60, shown, 1.0, 0.1, rng), band=(2, 15), n_simulations=8, seed=k)
        for k in range(16)
    ]
    fitted = np.array([r.exponent for r in results])
    corrected = np.array([r.corrected_exponent for r in results])
    assert np.isfinite(corrected).all()
    assert fitted.mean() < 0.9
    spread = corrected.std(ddof=1)
    assert corrected.mean() == pytest.approx(1.0, abs=3 * spread / np.sqrt(16))
    error = np.mean([r.corrected_error for r in results])
    assert 0.7 * spread < error < 2.5 * spread


@pytest.mark.parametrize("true", [0.2, 3.0, 4.0])
def test_the_simulated_range_widens_until_it_encloses_the_data(true):
    shown = np.ones((200, 2), bool)
    responses = _simulated(40, shown, true, 1e8, np.random.default_rng(3))
    found = cvpca_exponent(responses, band=(3, 20), n_splits=2, n_simulations=4, seed=1)
    assert found.corrected_exponent == pytest.approx(true, abs=3 * found.corrected_error + 0.05)
    assert found.true_exponents[0] <= found.corrected_exponent <= found.true_exponents[-1]
    assert found.true_exponents.size == found.fitted_exponents.size > 6
    assert (np.diff(found.true_exponents) > 0).all()


def test_error_of_the_correction_by_hand():
    means = np.array([0.2, 0.3, 0.4, 0.5, 0.6, np.nan])  # of 0.5, 0.75, 1, 1.25, 1.5 and 2
    true, errors = np.array([0.5, 0.75, 1.0, 1.25, 1.5, 2.0]), np.full(6, 0.03)
    value, error = _corrected(0.35, 0.04, true, means, errors)
    assert value == pytest.approx(0.875)
    assert error == pytest.approx(0.05 / 0.4)
    assert np.isnan(_corrected(0.61, 0.04, true, means, errors)).all()


def test_one_failed_simulation_does_not_spoil_the_others():
    means, spreads = _moments(np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, 2.0]]))
    assert (means[0], spreads[0]) == (2.0, np.sqrt(2))
    assert np.isnan([means[1], spreads[1]]).all()


GOOD = np.random.default_rng(0).normal(size=(10, 6))


@pytest.mark.parametrize(
    ("call", "words"),
    [
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
