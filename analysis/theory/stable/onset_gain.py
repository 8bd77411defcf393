"""The gain at which the silent state of a heavy-tailed network loses stability, redrawing W.

This is the annealed threshold g* of Xie, Mihalas & Kusmierz 2025: a property of (N, alpha).  It is
neither 1/spectral radius of one matrix nor the onset of chaos.
"""

import math

from heavytail_snn.analysis.theory.numerics.stable_average import REMEDY_ALPHA, mean_log_power_mean
from heavytail_snn.core.errors import check_integer, check_real


def quiescent_gain(n_neurons: int, alpha: float) -> float:
    """Return g* = exp(-<Xi>), Xi = (1/alpha) ln((1/N) sum_j |z_j|^alpha).

    **Stable convention**: W = g Z / N^(1/alpha) with exp(-|k|^alpha) the characteristic function
    of Z, so at alpha = 2 the weights have variance 2 g^2 / N and g* tends to 1/sqrt(2).

    Parameters
    ----------
    n_neurons : int
        Network size N, from 1 to 1e6 and beyond.
    alpha : float
        Stability of the weights, in (0, 2].

    Returns
    -------
    float
        Gain in units of the stable scale; accurate to about 1e-10.

    Raises
    ------
    ParameterError
        For n_neurons below 1 or alpha outside (0, 2].

    Notes
    -----
    arXiv 2505.09816.  For alpha < 2 the gain falls to zero with N, but only as
    (ln N)^(-1/alpha): the leading logarithm is off by 30-100 % at any size and is not used.

    Examples
    --------
    >>> round(quiescent_gain(1000, 1.5), 5)
    0.37233
    """
    n_neurons = check_integer("n_neurons", n_neurons, low=1)
    alpha = check_real("alpha", alpha, low=0, high=2, open_low=True, remedy=REMEDY_ALPHA)
    return math.exp(-mean_log_power_mean(n_neurons, alpha) / alpha)
