"""Overlap of +-1 units with symmetric alpha-stable weights: the sign formula and what follows.

The correlation of the signs of a jointly stable pair is an integral over the log characteristic
function.  For two replicas of a +-1 network it gives the overlap map; its behaviour at small
distance d decides everything: d^(1/alpha) for alpha > 1 (one flip causes ever more flips as N
grows), d ln d at alpha = 1, and kappa_alpha d for alpha < 1 (a finite number, whatever N is).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import integrate

from heavytail_snn.analysis.theory.numerics.arrays import check_array
from heavytail_snn.analysis.theory.numerics.transfer import Floats
from heavytail_snn.core.errors import (
    ConvergenceError,
    ParameterError,
    check_callable,
    check_integer,
    check_real,
)
from heavytail_snn.core.results import Result, field_of

REMEDY = "alpha = 2 is the Gaussian case, with weights of variance 2 g^2/N in this convention"
_ORDER = 10
_CHUNK = 2048


@dataclass(frozen=True, kw_only=True)
class StableSignMap(Result):
    """Overlap of two replicas after one update, for N to infinity.

    Parameters
    ----------
    overlap, distance : (...) ndarray
        f_alpha(c) and 1 - f_alpha(c), the latter without cancellation.
    effective_distance : (...) ndarray
        (1 - c) g^alpha / (g^alpha + s^alpha): the map depends on this alone.
    residual : float
        Largest change of the distance, relative to it, when the quadrature grid is halved; 0 for
        the closed form at alpha = 2.
    """

    overlap: Floats = field_of(dims=("overlap",))
    distance: Floats = field_of(dims=("overlap",), repr=False)
    effective_distance: Floats = field_of(dims=("overlap",), repr=False)
    residual: float = field_of()


@dataclass(frozen=True, kw_only=True)
class SmallDistanceLaw(Result):
    """Leading behaviour of the overlap map, 1 - f = amplitude d^exponent, at noise s = 0.

    Parameters
    ----------
    amplitude, exponent : float
        At alpha = 1 the law is amplitude d (ln(2/d) + 1).
    logarithmic : bool
        Whether alpha is 1.
    """

    amplitude: float = field_of()
    exponent: float = field_of()
    logarithmic: bool = False


def check_alpha(alpha: float) -> float:
    """Return alpha as a float in (0, 2], else raise."""
    return check_real("alpha", alpha, low=0, high=2, open_low=True, remedy=REMEDY)


def sign_pair_correlation(
    exponent: Callable[[Floats, Floats], Floats], alpha: float, *, tolerance: float = 1e-9
) -> float:
    """Return E[sgn x1 sgn x2] of a jointly symmetric alpha-stable pair.

    Parameters
    ----------
    exponent : callable
        sigma(k1, k2) = -ln E exp(i (k1 x1 + k2 x2)), vectorised, homogeneous of degree alpha (the
        full exponent, not its 1/alpha-th power).
    alpha : float
        Stability, in (0, 2].
    tolerance : float
        Absolute accuracy asked of the quadrature.

    Raises
    ------
    ParameterError
        For alpha outside (0, 2], or an exponent that is not homogeneous of degree alpha.
    ConvergenceError
        If the quadrature does not reach the tolerance (perfectly correlated pairs).

    Notes
    -----
    (2 / (alpha pi^2)) int_0^inf ln[sigma(1, t) / sigma(1, -t)] dt/t, derived for this library; at
    alpha = 2 it is the arcsine law.

    Examples
    --------
    >>> round(sign_pair_correlation(lambda a, b: a * a + b * b + a * b, 2.0), 6)
    0.333333
    """
    alpha = check_alpha(alpha)
    check_callable("exponent", exponent, "it takes the arrays k1 and k2")
    one, probe = np.ones(3), np.array([-1.3, 0.2, 0.7])
    if not np.allclose(exponent(2 * one, 2 * probe), 2**alpha * exponent(one, probe), rtol=1e-6):
        raise ParameterError(
            "exponent", exponent, f"must be homogeneous of degree alpha = {alpha:g}"
        )

    def integrand(log_t: float) -> float:
        # by homogeneity the larger argument can be kept at 1, so that nothing overflows
        first, second = np.exp([min(-log_t, 0.0)]), np.exp([min(log_t, 0.0)])
        return float(np.log(exponent(first, second) / exponent(first, -second))[0])

    # the integrand falls like t^min(alpha, 1) on both sides
    reach = 40.0 / min(alpha, 1.0)
    pieces = [
        integrate.quad(integrand, *ends, epsabs=tolerance, epsrel=1e-12, limit=500)
        for ends in ((-reach, -2.0), (-2.0, 0.0), (0.0, 2.0), (2.0, reach))
    ]
    if sum(piece[1] for piece in pieces) > 10 * tolerance:
        raise ConvergenceError("the sign formula did not reach its tolerance; loosen it")
    return 2.0 / (alpha * math.pi**2) * sum(piece[0] for piece in pieces)


def stable_sign_map(
    alpha: float, g: float, s: float, c: ArrayLike, *, panels_per_unit: int = 1
) -> StableSignMap:
    """Return the overlap of two replicas of a +-1 network after one update from overlap c.

    Parameters
    ----------
    alpha : float
        Stability of the weights, in (0, 2].
    g : float
        Weights are g z / N^(1/alpha) with E exp(ikz) = exp(-|k|^alpha): **stable convention**,
        variance 2 g^2/N at alpha = 2.
    s : float
        Scale of threshold noise of the same stable law, shared by the replicas.
    c : array_like
        Overlap before the update, in [-1, 1].
    panels_per_unit : int
        Quadrature panels (of 10 nodes) per unit of the integration variable.

    Raises
    ------
    ParameterError
        For values outside their domain.

    Examples
    --------
    >>> round(float(stable_sign_map(1.0, 1.0, 0.0, 0.9).overlap), 5)
    0.83159
    """
    before = check_array("c", c, low=-1, high=1, any_shape=True)
    share = field_share(alpha, g, s)
    panels_per_unit = check_integer("panels_per_unit", panels_per_unit, low=1, high=64)
    distance = lost_overlap(alpha, (1.0 - before) * share, panels_per_unit=panels_per_unit)
    check = lost_overlap(alpha, (1.0 - before) * share, panels_per_unit=2 * panels_per_unit)
    change = np.abs(check - distance) / np.where(check > 0, check, 1.0)
    return StableSignMap(
        overlap=1.0 - distance,
        distance=distance,
        effective_distance=(1.0 - before) * share,
        residual=float(np.max(change, initial=0.0)),
        parameters={"alpha": alpha, "g": g, "s": s},
    )


def field_share(alpha: float, g: float, s: float) -> float:
    """Return g^alpha / (g^alpha + s^alpha), the share of the input that is recurrent."""
    alpha, g, s = check_alpha(alpha), check_real("g", g, low=0), check_real("s", s, low=0)
    check_real("g + s", g + s, low=0, open_low=True, remedy="give the noise s a positive value")
    return 1.0 / (1.0 + (s / g) ** alpha) if g > 0 else 0.0


def lost_overlap(alpha: float, distance: ArrayLike, *, panels_per_unit: int = 1) -> Floats:
    """Return 1 - f_alpha(1 - d) for replicas at distance d without noise, in [0, 2].

    With noise use d g^alpha / (g^alpha + s^alpha).  Accurate relative to the result for every d
    down to 1e-300.

    Notes
    -----
    The sign formula with sigma(1, t) = (1 - d/2) |1+t|^alpha + (d/2) |1-t|^alpha, written in
    y = ln((1+t)/(1-t)): (4 / (alpha pi^2)) int_0^inf ln[(1 + r e^(alpha y)) / (1 + r e^(-alpha y))]
    dy / sinh y with r = (d/2) / (1 - d/2).  The integrand is analytic within pi/2 of the real
    axis, so that Gauss panels of width 1 are exact to rounding.
    """
    alpha = check_alpha(alpha)
    d = check_array("distance", distance, low=0, high=2, any_shape=True)
    if alpha == 2.0:
        return 4.0 / math.pi * np.arcsin(np.sqrt(d / 2.0))
    # f is odd in the overlap; the smaller of d and 2 - d needs no large r
    near = np.minimum(d, 2.0 - d).ravel()
    lost = np.zeros_like(near)
    inside = np.flatnonzero(near > 0)
    # neighbouring distances share one integration range
    for part in np.array_split(inside[np.argsort(near[inside])], len(inside) // _CHUNK + 1):
        if len(part):
            lost[part] = _integral(alpha, near[part], panels_per_unit)
    below = lost.reshape(d.shape)
    return np.where(d <= 1.0, below, 2.0 - below)


def _integral(alpha: float, near: Floats, panels_per_unit: int) -> Floats:
    log_r = np.log(near / 2.0) - np.log1p(-near / 2.0)
    # beyond the knee at -log_r / alpha the integrand falls like exp(-y), before it like
    # exp((alpha - 1) y)
    reach = -float(log_r.min()) / alpha
    if alpha < 1:
        reach = min(reach, 45.0 / (1.0 - alpha))
    n_panels = math.ceil((reach + 45.0) * panels_per_unit)
    nodes, weights = np.polynomial.legendre.leggauss(_ORDER)
    y = (np.arange(n_panels)[:, None] + (nodes + 1.0) / 2.0).ravel() / panels_per_unit
    w = np.tile(weights / 2.0, n_panels) / panels_per_unit
    w = w * -2.0 * np.exp(-y) / np.expm1(-2.0 * y)  # dy / sinh(y)
    up = np.logaddexp(0.0, log_r[:, None] + alpha * y)
    down = np.logaddexp(0.0, log_r[:, None] - alpha * y)
    return 4.0 / (alpha * math.pi**2) * ((up - down) @ w)


def small_distance_law(alpha: float) -> SmallDistanceLaw:
    """Return the leading law of the overlap map at small distance.

    For alpha < 1 the amplitude is kappa_alpha = tan(pi alpha/2) / (pi alpha/2): the number of
    flips that one flip induces, whatever the size of the network.

    Examples
    --------
    >>> round(small_distance_law(0.8).amplitude, 5)
    2.44914
    """
    alpha = check_alpha(alpha)
    if alpha < 1:
        amplitude, exponent = math.tan(math.pi * alpha / 2) / (math.pi * alpha / 2), 1.0
    elif alpha == 1:
        amplitude, exponent = 4.0 / math.pi**2, 1.0
    else:
        exponent = 1.0 / alpha
        amplitude = 8.0 / (math.pi * alpha * math.sin(math.pi / alpha)) * 2.0 ** (-1.0 / alpha)
    return SmallDistanceLaw(
        amplitude=amplitude,
        exponent=exponent,
        logarithmic=alpha == 1,
        parameters={"alpha": alpha},
    )


def flips_per_flip(n_neurons: int, alpha: float, *, g: float = 1.0, s: float = 0.0) -> float:
    """Return how many further flips one flipped unit causes in its update interval.

    Parameters
    ----------
    n_neurons : int
        At least 2; the first argument, as in `quiescent_gain`.
    alpha, g, s : float
        As in `stable_sign_map`.

    Examples
    --------
    >>> round(flips_per_flip(2000, 0.5), 4)
    1.2706
    """
    n_neurons = check_integer("n_neurons", n_neurons, low=2, remedy="it comes before alpha")
    distance = 2.0 / n_neurons * field_share(alpha, g, s)
    return n_neurons / 2.0 * float(lost_overlap(alpha, distance))
