"""What is compared when networks are matched to recorded responses: a spectrum in few numbers.

The repeatable variance of a code by rank, in ranges of equal ratio, and its size relative to the
variability of single trials.  Both depend on the numbers of neurons, stimuli and repeats:
signatures can be compared where these are equal.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from heavytail_snn.analysis.geometry.cross_validated_pca import signal_spectrum, split_halves
from heavytail_snn.analysis.geometry.eigenspectrum import check_band
from heavytail_snn.analysis.recorded.responses import checked_responses
from heavytail_snn.core.errors import ConvergenceError, ParameterError, check_integer
from heavytail_snn.core.randomness import Seed, stream

Floats = NDArray[np.float64]


def code_signature(
    responses: Any,
    *,
    band: tuple[int, int] = (1, 40),
    n_ranges: int = 8,
    n_splits: int = 10,
    seed: Seed = None,
) -> Floats:
    """Reduce responses to repeated stimuli to the shape and size of their repeatable variance.

    Parameters
    ----------
    responses : (n_neurons, n_images, n_repeats) array_like
        As for `cvpca`.  Each neuron is divided by its standard deviation over all trials, so that
        fast neurons do not outweigh slow ones.
    band : (low, high)
        Ranks from 1 on.
    n_ranges : int
        The band is cut into ranges of about equal ratio.
    n_splits : int
        Divisions of the repeats into halves, averaged, as in `cvpca`.
    seed : int, SeedSequence, Generator or None

    Returns
    -------
    (n_ranges + 1,) ndarray
        Natural logarithms: of the mean share of the repeatable variance at the ranks of each range,
        then of the signal-to-noise ratio (as in `CrossValidatedPCA`).

    Raises
    ------
    ParameterError
        If the responses are malformed, a neuron is constant, or the band does not fit.
    ConvergenceError
        If the repeatable variance of a range is not positive.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> signal = rng.normal(size=(50, 400, 1)) * np.arange(1, 51)[:, None, None] ** -0.5
    >>> responses = signal + 0.1 * rng.normal(size=(50, 400, 4))
    >>> code_signature(responses, n_ranges=2, seed=1).shape
    (3,)
    """
    array = checked_responses(responses)
    n_neurons, n_images, _ = array.shape
    check_band(band, min(n_neurons, n_images - 1))
    edges = rank_ranges(band, n_ranges)
    n_splits = check_integer("n_splits", n_splits, low=1)
    spread = np.nanstd(array, axis=(1, 2))
    if not spread.all():
        silent = int(np.argmin(spread))
        raise ParameterError(
            "responses", f"neuron {silent} is constant", "must vary in every neuron", "leave it out"
        )
    if (np.nanmax(array, axis=2) == np.nanmin(array, axis=2)).all():
        raise ParameterError("responses", "equal in all repeats", "must vary between repeats")
    array /= spread[:, None, None]
    random = stream(seed, "signature splits")
    spectra = [signal_spectrum(*split_halves(array, random)) for _ in range(n_splits)]
    variance = np.mean(spectra, axis=0)
    size = np.diff(edges)
    in_range = np.add.reduceat(variance[: edges[-1] - 1], edges[:-1] - 1) / size
    if not (in_range > 0).all() or variance.sum() <= 0:
        worst = int(np.argmin(in_range))
        raise ConvergenceError(
            f"the repeatable variance at ranks {edges[worst]} to {edges[worst + 1] - 1} is "
            f"{in_range[worst]:.3g}; lower the end of the band or use more repeats"
        )
    noise = np.nanvar(array, axis=2, ddof=1).mean(axis=1).sum()
    return np.log(np.append(in_range / variance.sum(), variance.sum() / noise))


def rank_ranges(band: tuple[int, int], n_ranges: int) -> NDArray[np.int64]:
    """Return the first rank of each range, and the rank after the last, (n_ranges + 1,).

    Examples
    --------
    >>> rank_ranges((1, 40), 5).tolist()
    [1, 2, 4, 9, 20, 41]
    """
    low, high = band
    n_ranges = check_integer("n_ranges", n_ranges, low=1, high=high - low + 1)
    edges = np.round(np.geomspace(low, high + 1, n_ranges + 1)).astype(np.int64)
    for place in range(1, n_ranges):  # at least one rank each
        edges[place] = max(edges[place], edges[place - 1] + 1)
    return np.minimum(edges, high + 1 - np.arange(n_ranges, -1, -1))
