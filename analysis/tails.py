"""Tail of a weight matrix: how heavy the synapses are that are there."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from heavytail_snn.core.arrays import real_array
from heavytail_snn.core.errors import ParameterError, check_real
from heavytail_snn.core.results import Result, field_of


@dataclass(frozen=True, kw_only=True)
class WeightTail(Result):
    """Tail exponent of the absolute weights by Hill's estimator.

    Parameters
    ----------
    exponent, standard_error : float
        P(|w| > x) ~ x^-exponent above the threshold; exponent / sqrt(n_tail) is the error of
        independent weights.
    threshold : float
        |w| above which the tail is fitted, in units of the weights.
    n_tail, n_weights : int
        Weights above the threshold, and all non-zero ones.
    largest_fraction : float
        Share of the largest |w| in the sum of squares of its row, averaged over rows: 1 / K for
        equal weights, of order one for heavy tails.
    sizes, survival : (m,) ndarray
        Sorted |w| and the fraction of weights at least as large, thinned for plotting.
    """

    exponent: float = field_of(quantity="tail_exponent", error="standard_error")
    standard_error: float = field_of()
    threshold: float = field_of()
    n_tail: int = field_of()
    n_weights: int = field_of()
    largest_fraction: float = field_of(quantity="largest_synapse_share")
    sizes: np.ndarray = field_of(dims=("point",))
    survival: np.ndarray = field_of(dims=("point",))


def weight_tail(weights: Any, *, fraction: float = 0.01) -> WeightTail:
    """Fit the tail of a weight matrix.

    Parameters
    ----------
    weights : (n, n) ndarray or sparse array, row = target
        Zero entries are no synapses.
    fraction : float in (0, 1)
        The largest |w| that are fitted.  A Gaussian has no power-law tail: its exponent grows
        without bound as `fraction` falls, and is about 8 at 1 %.

    Raises
    ------
    ParameterError
        For fewer than 20 weights in the tail, or weights that are not finite.

    References
    ----------
    Hill 1975, doi:10.1214/aos/1176343247.
    """
    fraction = check_real("fraction", fraction, low=0, high=1, open_low=True, open_high=True)
    if not sparse.issparse(weights):
        weights = real_array("weights", weights)
    if weights.ndim != 2:
        raise ParameterError("weights", weights, "must be a matrix W[target, source]")
    matrix = sparse.csr_array(weights)
    size = np.sort(np.abs(matrix.data[matrix.data != 0]))[::-1]
    if not np.isfinite(size).all():
        raise ParameterError("weights", "nan or inf", "must be finite", "check how they were made")
    n_tail = round(fraction * size.size)
    if n_tail < 20 or n_tail >= size.size:
        raise ParameterError(
            "fraction",
            fraction,
            f"must leave at least 20 of the {size.size} weights in the tail and one below it",
            "use a larger fraction or a larger network",
        )
    threshold = float(size[n_tail])
    excess = np.log(size[:n_tail] / threshold).sum()
    if excess <= 0:
        raise ParameterError(
            "weights", threshold, "must differ in the tail: all the largest are equal"
        )
    exponent = n_tail / excess
    ranks = np.unique(np.geomspace(1, size.size, 400).astype(int)) - 1
    return WeightTail(
        exponent=float(exponent),
        standard_error=float(exponent / np.sqrt(n_tail)),
        threshold=threshold,
        n_tail=n_tail,
        n_weights=size.size,
        largest_fraction=_largest_share(matrix),
        sizes=size[ranks],
        survival=(ranks + 1) / size.size,
        parameters={"fraction": fraction},
    )


def _largest_share(matrix: sparse.csr_array) -> float:
    """Return the mean share of the largest |w| in the sum of squares of its row."""
    size = abs(matrix)
    largest = size.max(axis=1).toarray().ravel()
    connected = largest > 0
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(size.indptr))
    # squares of the weights themselves vanish below 1e-162 and overflow above 1e154
    ratio = size.data / np.where(connected, largest, 1.0)[rows]
    total = np.bincount(rows, ratio**2, minlength=matrix.shape[0])
    return float((1.0 / total[connected]).mean())
