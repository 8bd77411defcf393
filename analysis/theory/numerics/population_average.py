"""Averages over the iterations of a population dynamics, whose successive values are correlated."""

import numpy as np
from numpy.typing import NDArray


def average(series: NDArray) -> tuple[float, float]:
    """Return the mean of a stationary series and its standard error.

    The error counts correlations as those of an autoregressive series of order 1 with the measured
    correlation rho of neighbours: ``sd / sqrt(n) * sqrt((1 + rho) / (1 - rho))``.

    Parameters
    ----------
    series : (n,) ndarray, n >= 4

    Returns
    -------
    mean, standard_error : float
    """
    deviation = series - series.mean()
    variance = float(np.mean(deviation**2))
    if variance == 0.0:
        return float(series.mean()), 0.0
    n = series.size
    rho = float(np.mean(deviation[1:] * deviation[:-1])) / variance
    rho = (rho + 1 / n) / (1 - 3 / n)  # first-order bias of the estimate (Kendall 1954)
    rho = float(np.clip(rho, 0.0, 0.95))
    return float(series.mean()), float(np.sqrt(variance / (n - 1) * (1 + rho) / (1 - rho)))


def drift(series: NDArray) -> tuple[float, float]:
    """Return the distance between the means of a series' halves, and its standard error.

    The error is that of independent noise of the size of the steps from one value to the next: a
    trend does not hide itself by inflating it.
    """
    half = series.size // 2
    moved = abs(float(series[:half].mean() - series[half:].mean()))
    noise = float(np.sqrt(np.mean(np.diff(series) ** 2) / 2))
    return moved, 2 * noise / float(np.sqrt(series.size))
