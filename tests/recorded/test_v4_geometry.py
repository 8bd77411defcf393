"""Cross-validated PCA of V4 responses: the figures of tests/data/README.md.

Data: Cowley et al. 2023, repository cowleygroup/V4_compact_models (GPL-3.0, read from beside the
repository only, never part of it).
"""

import numpy as np
import pytest

from heavytail_snn.analysis.geometry import code_signature, cvpca, cvpca_exponent, match_geometry


def test_responses_are_those_of_the_table(v4):
    assert v4.shape == (82, 600, 10)
    assert np.isnan(v4).mean() == pytest.approx(0.387, abs=5e-4)
    repeats = np.isfinite(v4[0]).sum(axis=1)
    assert np.bincount(repeats)[5:10].tolist() == [124, 318, 118, 37, 3]
    means = np.nanmean(v4, axis=(1, 2))
    assert (means.min(), means.max()) == pytest.approx((0.55, 11.08), abs=5e-3)
    assert means.mean() == pytest.approx(3.95, abs=0.05)
    assert np.nanmax(v4) == 24


def slope_of_ranks_5_to_40(variance):
    return -np.polyfit(np.log(np.arange(5, 41)), np.log(variance[4:40]), 1)[0]


def test_figures_of_the_table(v4):
    for seed in (1, 2):
        result = cvpca(v4, seed=seed)
        assert result.total_signal_variance == pytest.approx(173.5, abs=1.0)
        assert abs(result.shuffled_total) < 0.01 * result.total_signal_variance
        assert result.participation_ratio == pytest.approx(13.6, abs=0.3)
        assert result.plain_participation_ratio == pytest.approx(16.5, abs=0.05)
        assert 0.5 < result.participation_ratio_error < 3
        assert slope_of_ranks_5_to_40(result.signal_variance) == pytest.approx(1.29, abs=0.04)
        assert slope_of_ranks_5_to_40(result.plain_variance) == pytest.approx(1.05, abs=0.005)
    exponent = cvpca_exponent(v4, band=(5, 40), seed=1)
    assert exponent.interval[0] < 1.29 < exponent.interval[1]
    assert 0.01 < exponent.standard_error < 0.05
    assert abs(exponent.bias) < 0.05  # six repeats are enough for this band


@pytest.mark.slow
def test_networks_that_match_and_that_do_not(v4, tutorial):
    """Points of examples/tutorials/match_recorded_geometry.py, and stimuli far from its sweep."""
    signatures = tutorial("match_recorded_geometry").signatures
    close = {"alpha": 2.0, "gain": 0.75, "noise": 0.3, "exponent": 1.15}
    quiet = close | {"gain": 0.25, "noise": 0.1}  # repeats too well
    heavy = {"alpha": 1.0, "gain": 1.0, "noise": 0.3, "exponent": 1.2}
    flat, steep = close | {"exponent": 0.7}, close | {"exponent": 1.3}
    shown = np.isfinite(v4[0])
    sweep = [
        (point, signatures((point, shown, 82, 20))) for point in (close, heavy, quiet, flat, steep)
    ]
    result = match_geometry(code_signature(v4, seed=1), sweep)
    assert result.accepted.tolist() == [True, True, False, False, False]
    assert result.distance[:2].max() < 2
    assert result.distance[2:].min() > 3
