"""Gaussian averages of a transfer function, by a trapezoid sum that is exact to rounding.

For a function that is analytic in a strip around the real axis the trapezoid rule converges
exponentially; Gauss-Hermite rules with few points fail for steep phi.  The step follows the width
sqrt(variance) that phi sees.
"""

import math
from functools import lru_cache

import numpy as np

from heavytail_snn.analysis.theory.numerics.transfer import Floats, Transfer

_HALF_WIDTH = 12.0  # exp(-72) is far below rounding


@lru_cache(maxsize=32)
def _nodes(step: float) -> tuple[Floats, Floats]:
    count = math.ceil(_HALF_WIDTH / step)
    z = step * np.arange(-count, count + 1)
    weights = np.exp(-(z**2) / 2.0)
    return z, np.asarray(weights / weights.sum())


def gaussian_nodes(variance: float, *, refine: int = 1) -> tuple[Floats, Floats]:
    """Return nodes x and weights such that sum(weights * f(x)) = E f(x), x ~ N(0, variance).

    Parameters
    ----------
    variance : float
        Variance of x, at least 0.
    refine : int
        Divides the step; 2 doubles the grid.
    """
    # powers of two keep the cache small: the step is at most 0.15 in units of x
    step = 2.0 ** min(-6, math.floor(math.log2(0.15 / math.sqrt(max(variance, 1e-300))))) / refine
    z, weights = _nodes(step)
    return math.sqrt(variance) * z, weights


def mean_square(transfer: Transfer, variance: float, *, refine: int = 1) -> float:
    """Return <phi^2> over x ~ N(0, variance)."""
    x, weights = gaussian_nodes(variance, refine=refine)
    return float(weights @ transfer.value(x) ** 2)


def mean_slope(transfer: Transfer, variance: float, *, refine: int = 1) -> float:
    """Return <phi'> over x ~ N(0, variance)."""
    x, weights = gaussian_nodes(variance, refine=refine)
    return float(weights @ transfer.derivative(x))


def mean_square_slope(transfer: Transfer, variance: float, *, refine: int = 1) -> float:
    """Return <phi'^2> over x ~ N(0, variance)."""
    x, weights = gaussian_nodes(variance, refine=refine)
    return float(weights @ transfer.derivative(x) ** 2)
