"""Pruning of a weight matrix by the size of its weights."""

from typing import Any

import numpy as np
from scipy import sparse

from heavytail_snn.core.errors import ParameterError, check_real
from heavytail_snn.models.rate.network import check_weights


def prune(weights: Any, *, bottom: float = 0.0, top: float = 0.0) -> Any:
    """Return the matrix without its smallest or largest weights; the rest is not rescaled.

    Parameters
    ----------
    weights : (n, n) array or csr_array
    bottom, top : float in [0, 1)
        Fractions of the non-zero weights, by absolute value, that become 0.

    Returns
    -------
    Same type, a copy.

    References
    ----------
    Xie, Mihalas & Kusmierz 2025, arXiv:2505.09816, figures 18-20 (0.95 bottom, 0.01 and 0.03 top).

    Examples
    --------
    >>> prune(np.array([[1.0, -5.0], [2.0, 3.0]]), top=0.25)
    array([[1., 0.],
           [2., 3.]])
    """
    low = check_real("bottom", bottom, low=0, high=1, open_high=True)
    high = check_real("top", top, low=0, high=1, open_high=True)
    if low + high >= 1:
        raise ParameterError("bottom + top", low + high, "must be below 1", "keep some weights")
    matrix = check_weights(weights)
    if not isinstance(matrix, np.ndarray) and not sparse.issparse(matrix):
        raise ParameterError("weights", type(weights).__name__, "must be a numpy or sparse array")
    pruned = matrix.copy()
    values = pruned.data if sparse.issparse(pruned) else pruned.reshape(-1)
    filled = np.flatnonzero(values)
    order = filled[np.argsort(np.abs(values[filled]), kind="stable")]
    values[order[: round(low * order.size)]] = 0.0
    values[order[order.size - round(high * order.size) :]] = 0.0
    if sparse.issparse(pruned):
        pruned.eliminate_zeros()
    return pruned
