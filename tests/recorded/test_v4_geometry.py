"""Cross-validated PCA of V4 responses: the figures of shared/data/README.md.

Data: Cowley et al. 2023, repository cowleygroup/V4_compact_models (GPL-3.0, read from the shared
folder only, never packaged).
"""

import hashlib

import numpy as np
import pytest

from heavytail_snn.analysis.geometry import code_signature, cvpca, cvpca_exponent, match_geometry
from heavytail_snn.analysis.recorded import read_responses

SHA256 = "d04e4f21d546f29d17a999826f690a56bb0ef1730b184d14096d20b94237e2dd"


@pytest.fixture(scope="module")
def responses(shared):
    path = shared / "data/v4_images_201016/responses_raw_201016.npy"
    if not path.exists():
        pytest.skip("the V4 responses are not here: cvPCA of real data was not checked")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == SHA256
    return read_responses(path)


@pytest.fixture(scope="module")
def results(responses):
    return [cvpca(responses, seed=seed) for seed in (1, 2)]


def test_signal_variance_and_control(results):
    for result in results:
        assert result.total_signal_variance == pytest.approx(173.5, abs=1.0)
        assert abs(result.shuffled_total) < 0.01 * result.total_signal_variance


def test_participation_ratios(results):
    for result in results:
        assert result.participation_ratio == pytest.approx(13.6, abs=0.3)
        assert result.plain_participation_ratio == pytest.approx(16.5, abs=0.05)
        assert 0.5 < result.participation_ratio_error < 3


def test_power_law_slopes_of_ranks_5_to_40(results):
    def slope(variance):
        return -np.polyfit(np.log(np.arange(5, 41)), np.log(variance[4:40]), 1)[0]

    for result in results:
        assert slope(result.signal_variance) == pytest.approx(1.29, abs=0.04)
        assert slope(result.plain_variance) == pytest.approx(1.05, abs=0.005)


def test_exponent_with_its_error_and_bias(responses):
    result = cvpca_exponent(responses, band=(5, 40), seed=1)
    assert result.interval[0] < 1.29 < result.interval[1]
    assert 0.01 < result.standard_error < 0.05
    assert abs(result.bias) < 0.05  # six repeats are enough for this band


@pytest.mark.slow
def test_networks_that_match_and_that_do_not(responses, tutorial):
    """Points of examples/tutorials/match_recorded_geometry.py, and stimuli far from its sweep."""
    signatures = tutorial("match_recorded_geometry").signatures
    close = {"alpha": 2.0, "gain": 0.75, "noise": 0.3, "exponent": 1.15}
    quiet = close | {"gain": 0.25, "noise": 0.1}  # repeats too well
    heavy = {"alpha": 1.0, "gain": 1.0, "noise": 0.3, "exponent": 1.2}
    flat, steep = close | {"exponent": 0.7}, close | {"exponent": 1.3}
    shown = np.isfinite(responses[0])
    sweep = [
        (point, signatures((point, shown, 82, 20))) for point in (close, heavy, quiet, flat, steep)
    ]
    result = match_geometry(code_signature(responses, seed=1), sweep)
    assert result.accepted.tolist() == [True, True, False, False, False]
    assert result.distance[:2].max() < 2
    assert result.distance[2:].min() > 3
