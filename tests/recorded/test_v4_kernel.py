"""Cross-repeat kernel of V4 responses, padded with nan, beside cvPCA of the same data.

Data: Cowley et al. 2023, repository cowleygroup/V4_compact_models (GPL-3.0, read from beside the
repository only, never part of it).  The trace of the centred cross-repeat kernel is the total
signal variance, 173.5 in tests/data/README.md, by another estimator: all pairs of repeats against
random halves.  The common centre holds trial noise: the trace is low by noise / trials, 0.07.
"""

import numpy as np
import pytest

from heavytail_snn.analysis.geometry import cvpca, response_kernel
from heavytail_snn.core.errors import ParameterError


def test_trace_is_the_total_signal_variance_and_none_of_shuffled_images(v4):
    responses = v4
    centred = responses - np.nanmean(responses, axis=2).mean(axis=1)[:, None, None]
    square = np.nanmean(np.sum(centred**2, axis=0), axis=1).mean()
    result = response_kernel(np.swapaxes(responses, 0, 1), center=True, products="across")
    trace = result.coincidence * square
    halves = cvpca(responses, seed=1)
    assert trace == pytest.approx(halves.total_signal_variance, abs=1.0)
    assert trace == pytest.approx(173.5, abs=1.0)
    assert halves.total_signal_variance_error < 8
    # products within repeats hold the noise as well: what is not repeated is 60 % here
    within = response_kernel(np.swapaxes(responses, 0, 1), center=True)
    assert within.coincidence == pytest.approx(1.0)
    noise = np.nanvar(responses, axis=2, ddof=1).mean(axis=1).sum()
    assert square - trace == pytest.approx(noise, rel=0.01)

    # each repeat's images permuted among the images shown that often: no signal is left
    rng = np.random.default_rng(1)
    shuffled = responses.copy()
    for repeat in range(responses.shape[2]):
        shown = np.flatnonzero(np.isfinite(responses[0, :, repeat]))
        shuffled[:, shown, repeat] = responses[:, rng.permutation(shown), repeat]
    control = response_kernel(np.swapaxes(shuffled, 0, 1), center=True, products="across")
    assert abs(control.coincidence) < 0.01 * result.coincidence


def test_neurons_first_is_refused_with_the_remedy():
    responses = np.ones((82, 600, 10))
    responses[:, 100:, 6:] = np.nan
    with pytest.raises(ParameterError, match=r"np\.swapaxes\(responses, 0, 1\)"):
        response_kernel(responses)
