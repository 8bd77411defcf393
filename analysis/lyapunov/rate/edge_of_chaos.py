"""Features of a curve of the largest exponent against gain: onset and width of the transition."""

import numpy as np
from numpy.typing import ArrayLike

from heavytail_snn.core.arrays import real_array
from heavytail_snn.core.errors import ParameterError, check_real


def last_upward_crossing(
    gains: ArrayLike, exponents: ArrayLike, *, threshold: float = 0.01
) -> float:
    """Return the gain at which the exponent last rises through `threshold`.

    The threshold is above zero because exponents hover around zero over a range of gains (periodic
    and quasi-periodic activity) before chaos sets in.

    Parameters
    ----------
    gains, exponents : (n,) arrays
        Gains increasing and positive.
    threshold : float

    Returns
    -------
    float
        Interpolated linearly in the logarithm of the gain; nan if there is no such crossing.

    Examples
    --------
    >>> round(last_upward_crossing([1, 2, 4], [-0.5, 0.5, 0.9], threshold=0.0), 6)
    1.414214
    """
    log_gains, values = _curve(gains, exponents)
    level = check_real("threshold", threshold)
    rises = np.flatnonzero((values[:-1] < level) & (values[1:] >= level))
    if rises.size == 0:
        return float("nan")
    i = rises[-1]
    if np.isneginf(values[i]):
        return float(np.exp(log_gains[i + 1]))
    fraction = (level - values[i]) / (values[i + 1] - values[i])
    return float(np.exp(log_gains[i] + fraction * (log_gains[i + 1] - log_gains[i])))


def edge_of_chaos_width(
    gains: ArrayLike, exponents: ArrayLike, *, half_width: float = 0.1
) -> float:
    """Return the decades of gain over which ``|exponent| < half_width``.

    The curve is taken as linear in the logarithm of the gain between the given points; only the
    range of `gains` counts.

    Examples
    --------
    >>> round(edge_of_chaos_width([1, 10, 100], [-0.2, 0.0, 0.2]), 12)
    1.0
    """
    log_gains, values = _curve(gains, exponents)
    limit = check_real("half_width", half_width, low=0, open_low=True)
    total = 0.0
    for i in range(values.size - 1):
        a, b = values[i], values[i + 1]
        span = log_gains[i + 1] - log_gains[i]
        if a == b:
            total += span * (abs(a) < limit)
        elif np.isfinite(a) and np.isfinite(b):
            low, high = min(a, b), max(a, b)
            inside = max(0.0, min(high, limit) - max(low, -limit))
            total += span * inside / (high - low)
    return float(total / np.log(10))


def _curve(gains: ArrayLike, exponents: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    x, y = real_array("gains", gains), real_array("exponents", exponents)
    if x.ndim != 1 or x.size < 2 or not np.isfinite(x).all() or not (x > 0).all():
        raise ParameterError("gains", gains, "must be at least two finite positive numbers")
    if not (np.diff(x) > 0).all():
        raise ParameterError("gains", gains, "must increase", "sort the gains")
    if y.shape != x.shape or np.isnan(y).any():
        raise ParameterError("exponents", exponents, "must be one number for each gain, not nan")
    return np.log(x), y
