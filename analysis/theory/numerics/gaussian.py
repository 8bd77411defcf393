"""Gaussian averages of a transfer function, by a trapezoid sum that is exact to rounding.

For a function that is analytic in a strip around the real axis the trapezoid rule converges
exponentially; Gauss-Hermite rules with few points fail for steep phi.  Where x is spread much
wider than phi changes, the nodes are uniform in asinh(x): fine about zero, in number only
logarithmic in the variance.
"""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from heavytail_snn.analysis.theory.numerics.transfer import Floats, Function, Transfer
from heavytail_snn.core.errors import ConvergenceError

_HALF_WIDTH = 12.0  # exp(-72) is far below rounding
_STEP = 2.0**-6
_WIDE = 4.0  # variance; the uniform step is then 1/32 in units of x
_HALVINGS = 6
_SETTLED = 1e-10
_TOLERATED = 1e-3


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


def refined(compute: Callable[[int], float], refine: int, what: str) -> float:
    """Return a quadrature on grids halved until it changes by less than 1e-10.

    Parameters
    ----------
    compute : callable
        ``compute(refine)``, the value on a grid divided by `refine`.
    refine : int
        Where to start.
    what : str
        For the message.

    Raises
    ------
    ConvergenceError
        If the last of seven grids still changes the value by more than 1e-3: phi is then steeper
        than anything a thousandth wide.  Kinks converge slowly and stay within that bound.
    """
    value = compute(refine)
    change = math.inf
    for _ in range(_HALVINGS):
        refine *= 2
        previous, value = value, compute(refine)
        change = abs(value - previous)
        if change <= _SETTLED * abs(value):
            return value
    if not change <= _TOLERATED * abs(value):
        raise ConvergenceError(
            f"{what} still changes by {change / abs(value):.2g} (relative) when the grid is halved "
            "to 1e-4: phi is too steep; rescale x so that it changes over a length of order one"
        )
    return value


def mean_square(transfer: Transfer, variance: float, *, refine: int = 1) -> float:
    """Return <phi^2> over x ~ N(0, variance)."""
    return _mean(lambda x: transfer.value(x) ** 2, variance, refine, "<phi^2>")


def mean_slope(transfer: Transfer, variance: float, *, refine: int = 1) -> float:
    """Return <phi'> over x ~ N(0, variance)."""
    return _mean(transfer.derivative, variance, refine, "<phi'>")


def mean_square_slope(transfer: Transfer, variance: float, *, refine: int = 1) -> float:
    """Return <phi'^2> over x ~ N(0, variance)."""
    return _mean(lambda x: transfer.derivative(x) ** 2, variance, refine, "<phi'^2>")


def _mean(function: Function, variance: float, refine: int, what: str) -> float:
    def on_grid(finer: int) -> float:
        x, weights = gaussian_nodes(variance, refine=finer)
        return float(weights @ function(x))

    return refined(on_grid, refine, what)
