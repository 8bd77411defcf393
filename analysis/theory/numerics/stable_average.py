"""Averages over a symmetric alpha-stable variable, for every alpha in (0, 2] by one formula.

The Mellin transform of |z| is known in closed form, so that the density of ln|z| is one Fourier
transform; two tilted contours give it with relative accuracy in both tails.  No Monte Carlo, no
special case at alpha = 1 or 2.
"""

import math
from functools import lru_cache

import numpy as np
from scipy import special

from heavytail_snn.analysis.theory.numerics.transfer import Floats
from heavytail_snn.core.errors import ConvergenceError, check_integer, check_real

_MOST_NODES = 2**23
_ACCURACY = 1e-9  # of the sum of the weights
REMEDY_ALPHA = "alpha = 2 is the Gaussian case; for other laws with finite variance use rate_map"


@lru_cache(maxsize=16)
def _nodes(alpha: float, step: float) -> tuple[Floats, Floats]:
    right_decay = min(0.3, alpha / 2.0)
    # range: both tilted densities must have decayed to rounding before the period wraps around
    # p(x) ~ e^x Gamma(1 + 1/alpha) / pi on the left
    low = -max(80.0, 45.0 + math.lgamma(1.0 + 1.0 / alpha))
    high = max(40.0 / right_decay, 80.0)
    count = 2 ** math.ceil(math.log2((high - low) / step))
    if count > _MOST_NODES:
        raise ConvergenceError(
            f"alpha = {alpha:g} spreads ln|z| over {high - low:.3g}: {count} nodes, more than "
            f"{_MOST_NODES}, would be needed; alpha above 0.05 is safe"
        )
    x = low + step * np.arange(count)
    left = _tilted_density(alpha, -0.5, x, step)
    right = _tilted_density(alpha, alpha - right_decay, x, step)
    density = np.where(x < 0, np.exp(0.5 * np.minimum(x, 0.0)) * left, 0.0)
    density += np.where(x < 0, 0.0, np.exp(-(alpha - right_decay) * np.maximum(x, 0.0)) * right)
    # at alpha = 2 the tail is Gaussian and the transform leaves rounding noise of both signs
    weights = step * np.maximum(density, 0.0)
    keep = (weights > 1e-300) & (x <= high)
    missing = abs(float(weights[keep].sum()) - 1.0)
    if not missing < _ACCURACY:
        raise ConvergenceError(
            f"the weights of the stable law at alpha = {alpha:g} miss 1 by {missing:.2g}: the two "
            "tails do not meet at such a small alpha; alpha above 0.05 is safe"
        )
    return x[keep], weights[keep]


def _tilted_density(alpha: float, tilt: float, x: Floats, step: float) -> Floats:
    """Return exp(tilt x) p(x), with p the density of x = ln|z|, by an inverse Fourier sum."""
    count = len(x)
    omega = 2.0 * math.pi * np.fft.fftfreq(count, step)
    s = tilt + 1j * omega
    # E|z|^s = 2^s Gamma((1+s)/2) Gamma(1-s/alpha) / (Gamma(1-s/2) sqrt(pi)), -1 < Re s < alpha
    log_moment = s * math.log(2.0) + special.loggamma((1.0 + s) / 2.0) - math.log(math.pi) / 2.0
    if alpha < 2:
        log_moment += special.loggamma(1.0 - s / alpha) - special.loggamma(1.0 - s / 2.0)
    # p e^(tilt x) = (1/2pi) int e^(-i omega x) E|z|^s domega; an fft has that sign
    with np.errstate(over="ignore", invalid="ignore"):  # the sum of the weights is checked
        return (np.fft.fft(np.exp(log_moment - 1j * omega * x[0])).real) / (count * step)


def stable_nodes(alpha: float, *, step: float = 0.02) -> tuple[Floats, Floats]:
    """Return nodes |z| and weights such that sum(weights * f(|z|)) = E f(|z|).

    z is symmetric alpha-stable with characteristic function exp(-|k|^alpha); at alpha = 2 its
    variance is 2.  Exact to about 1e-12 for f analytic in ln|z|, to O(step^2) at kinks.

    Parameters
    ----------
    alpha : float
        Stability, in (0, 2].
    step : float
        Spacing of the nodes in ln|z|.

    Returns
    -------
    z, weights : (n,) ndarray
        Increasing, logarithmically spaced; the sum of the weights is 1.

    Raises
    ------
    ParameterError
        For alpha outside (0, 2].
    ConvergenceError
        If the weights do not sum to 1 (alpha below about 0.05).

    Notes
    -----
    Fractional moments: Zolotarev, One-dimensional Stable Distributions (1986).
    """
    alpha = check_real("alpha", alpha, low=0, high=2, open_low=True, remedy=REMEDY_ALPHA)
    x, weights = _nodes(alpha, check_real("step", step, low=1e-4, high=0.2))
    return np.exp(np.minimum(x, 700.0)), weights


def log_stable_nodes(alpha: float, *, step: float = 0.02) -> tuple[Floats, Floats]:
    """Return ln|z| and weights of `stable_nodes`, for averages that need |z| beyond 1e300."""
    alpha = check_real("alpha", alpha, low=0, high=2, open_low=True, remedy=REMEDY_ALPHA)
    return _nodes(alpha, step)


def mean_log_power_mean(n_terms: int, alpha: float, *, step: float = 0.04) -> float:
    """Return E ln((1/n) sum_j |z_j|^alpha) over n independent stable variables.

    Frullani's integral, E ln Y = int_0^inf [e^-s - F(s/n)^n] ds/s with F(s) = E exp(-s |z|^alpha),
    by a trapezoid sum in ln s over the whole range in which the integrand lives.

    Parameters
    ----------
    n_terms : int
        At least 1.
    alpha : float
        Stability, in (0, 2].
    step : float
        Spacing of the nodes in ln|z|.
    """
    n_terms = check_integer("n_neurons", n_terms, low=1)
    x, weights = log_stable_nodes(alpha, step=step)
    # F(s)^n falls like s^(-n/alpha) when |z| has a density at 0: few neurons need a long range
    upper = math.log(n_terms) + 36.0 * max(1.0, alpha) / n_terms + 6.0
    log_s = np.arange(-42.0, upper, 0.15)
    exponent = (log_s - math.log(n_terms))[:, None] + alpha * x[None, :]
    complement = -np.expm1(-np.exp(np.minimum(exponent, 50.0)))
    survival = np.exp(n_terms * np.log1p(-np.minimum(complement @ weights, 1.0 - 1e-16)))
    return float(0.15 * np.sum(np.exp(-np.exp(log_s)) - survival))
