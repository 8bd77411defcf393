"""Gaussian averages of a transfer function, by a trapezoid sum that is exact to rounding.

For a function that is analytic in a strip around the real axis the trapezoid rule converges
exponentially; Gauss-Hermite rules with few points fail for steep phi.  Where x is spread much
wider than phi changes, the nodes are uniform in asinh(x): fine about zero, in number only
logarithmic in the variance.
"""

import math
from functools import lru_cache

import numpy as np

from heavytail_snn.analysis.theory.numerics.transfer import Floats, Transfer

_HALF_WIDTH = 12.0  # exp(-72) is far below rounding
_STEP = 2.0**-6
_WIDE = 64.0  # variance; the uniform step is then 0.125 in units of x


@lru_cache(maxsize=32)
def _nodes(step: float) -> tuple[Floats, Floats]:
    count = math.ceil(_HALF_WIDTH / step)
    z = step * np.arange(-count, count + 1)
    weights = np.exp(-(z**2) / 2.0)
    return z, np.asarray(weights / weights.sum())


def _wide_nodes(variance: float, step: float) -> tuple[Floats, Floats]:
    deviation = math.sqrt(variance)
    count = math.ceil(math.asinh(_HALF_WIDTH * deviation) / step)
    t = step * np.arange(-count, count + 1)
    x = np.sinh(t)
    weights = np.cosh(t) * np.exp(-((x / deviation) ** 2) / 2.0)
    return x, weights / weights.sum()


def gaussian_nodes(variance: float, *, refine: int = 1) -> tuple[Floats, Floats]:
    """Return nodes x and weights such that sum(weights * f(x)) = E f(x), x ~ N(0, variance).

    Parameters
    ----------
    variance : float
        Variance of x, at least 0.
    refine : int
        Divides the step; 2 doubles the grid.
    """
    if variance > _WIDE:
        return _wide_nodes(variance, _STEP / refine)
    z, weights = _nodes(_STEP / refine)
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
