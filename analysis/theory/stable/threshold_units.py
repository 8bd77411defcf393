"""0/1 threshold units with alpha-stable weights: silent below a gain, and how activity sets in.

x_i(t+1) = [sum_j J_ij x_j(t) > theta].  A fraction m of active units gives stable fields of scale
g m^(1/alpha), so that m = P(g m^(1/alpha) z > theta).  Written with the scaled threshold
u = theta / (g m^(1/alpha)) all solutions lie on one curve, u P(z > u)^(1/alpha) = theta / g: it
rises monotonically for alpha <= 1 (continuous onset) and overshoots for alpha > 1 (discontinuous).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from heavytail_snn.analysis.theory.numerics.arrays import check_array
from heavytail_snn.analysis.theory.numerics.transfer import Floats
from heavytail_snn.analysis.theory.stable.sign_map import check_alpha
from heavytail_snn.core.errors import ConvergenceError, ParameterError, check_integer, check_real
from heavytail_snn.core.results import Result, field_of

_SMALLEST = 1e-3  # alpha to which the quadrature was compared with series


@dataclass(frozen=True, kw_only=True)
class ThresholdUnits(Result):
    """Stationary activity of 0/1 threshold units with stable weights, for N to infinity.

    Parameters
    ----------
    state : {"active", "quiescent"}
    transition : {"continuous", "discontinuous"}
        How activity sets in as the gain grows.
    active_fraction : float
        The largest stable solution m; 0 if quiescent.
    unstable_fraction : float
        Where two branches coexist (alpha > 1, between the gains below), the fraction above which
        activity sustains itself; else 0.
    critical_gain : float
        Gain above which the silent state is unstable; inf at alpha = 2.
    onset_gain : float
        Smallest gain with an active state: equal to `critical_gain` for a continuous transition,
        smaller for a discontinuous one.
    residual, history : float, (k, 2) ndarray
        P(z > u) - m at the solution, and its iterations: ln(u) and ln of the gain mismatch.
    """

    state: str
    transition: str
    active_fraction: float = field_of(quantity="mean_activity")
    unstable_fraction: float = field_of()
    critical_gain: float = field_of()
    onset_gain: float = field_of()
    residual: float = field_of()
    history: Floats = field_of(dims=("iteration", "position_and_residual"), repr=False)


def threshold_units(
    alpha: float, g: float, *, threshold: float = 1.0, refine: int = 1
) -> ThresholdUnits:
    """Solve m = P(g m^(1/alpha) z > theta) for the fraction of active 0/1 units.

    Parameters
    ----------
    alpha : float
        Stability of the weights, in [0.001, 2].
    g : float
        Scale of the weights, g z / N^(1/alpha) with E exp(ikz) = exp(-|k|^alpha): **stable
        convention**.
    threshold : float
        Positive.
    refine : int
        Divides the quadrature step of the stable law.

    Returns
    -------
    ThresholdUnits
        The quiescent solution, named as such, where no active one exists.

    Raises
    ------
    ParameterError
        For values outside their domain.

    Notes
    -----
    The Cauchy case is that of Kusmierz, Ogawa & Toyoizumi, PRL 125, 028101 (2020); its critical
    gain is pi theta.

    Examples
    --------
    >>> round(threshold_units(1.0, 1.2 * math.pi).active_fraction, 5)
    0.22137
    """
    alpha = _check_alpha(alpha)
    g = check_real("g", g, low=0, open_low=True)
    remedy = "without a positive threshold no silent state exists"
    threshold = check_real("threshold", threshold, low=0, open_low=True, remedy=remedy)
    refine = check_integer("refine", refine, low=1, high=16)
    critical = critical_gain(alpha, threshold)
    log_peak, onset = _onset(alpha, threshold, critical, refine)
    # where the peak lies at infinity the largest u must still leave m representable
    u, history = _solve(alpha, g, threshold, -700.0, log_peak, refine) if g > onset else (0.0, None)
    m = float(stable_survival(alpha, u, refine=refine)) if u else 0.0
    unstable = 0.0
    if onset < g < critical:
        # the Gaussian survival underflows at u = 54
        u_low, _ = _solve(alpha, g, threshold, log_peak, 350.0 if alpha < 2 else 3.9, refine)
        unstable = float(stable_survival(alpha, u_low, refine=refine))
    return ThresholdUnits(
        state="active" if m > 0 else "quiescent",
        transition="continuous" if alpha <= 1 else "discontinuous",
        active_fraction=m,
        unstable_fraction=unstable,
        critical_gain=critical,
        onset_gain=onset,
        residual=_residual(alpha, g, threshold, m, refine),
        history=np.empty((0, 2)) if history is None else history,
        parameters={"alpha": alpha, "g": g, "threshold": threshold},
    )


def critical_gain(alpha: float, threshold: float = 1.0) -> float:
    """Return the gain above which silence is unstable, from the tail of the stable law.

    theta (pi / (Gamma(alpha) sin(pi alpha/2)))^(1/alpha); inf at alpha = 2, where it has no tail.

    Examples
    --------
    >>> round(critical_gain(1.0), 5)
    3.14159
    """
    alpha = _check_alpha(alpha)
    threshold = check_real("threshold", threshold, low=0, open_low=True)
    if alpha == 2.0:
        return math.inf
    tail = math.gamma(alpha) * math.sin(math.pi * alpha / 2.0) / math.pi
    return threshold * tail ** (-1.0 / alpha)


def stable_survival(alpha: float, u: ArrayLike, *, refine: int = 1) -> Floats:
    """Return P(z > u) for a standard symmetric stable variable, accurate in the far tail.

    Parameters
    ----------
    alpha : float
        Stability, in [0.001, 2].
    u : array_like
        Positive.
    refine : int
        Divides the step of the quadrature.

    Returns
    -------
    ndarray
        In the shape of `u`; the relative error is below 1e-10.

    Raises
    ------
    ParameterError
        For values outside their domain.

    Notes
    -----
    The sampling map of Chambers, Mallows & Stuck (1976) exceeds u exactly where its angle lies
    within phi of pi/2; P = E[phi] / pi over its exponential variable.  Near alpha = 2, where phi
    has a kink, the same probability as an integral over the angle.
    """
    alpha = _check_alpha(alpha)
    refine = check_integer("refine", refine, low=1)
    remedy = "use the symmetry of the law"
    points = check_array("u", u, low=0, open_low=True, any_shape=True, remedy=remedy)
    if not points.size:
        return points
    if alpha == 2.0:
        return special.erfc(points / 2.0) / 2.0
    survival = _over_angle if alpha > 1.5 else _over_exponential
    return survival(alpha, np.log(points).reshape(-1, 1), refine).reshape(points.shape)


def _check_alpha(alpha: float) -> float:
    alpha = check_alpha(alpha)
    if alpha < _SMALLEST:
        remedy = f"use {_SMALLEST:g}: below it the law of ln|z| only widens, like 1 / alpha"
        raise ParameterError("alpha", alpha, f"must be at least {_SMALLEST:g} here", remedy)
    return alpha


def _log_ratio(alpha: float, log_phi: Floats) -> tuple[Floats, Floats]:
    """Return ln(cos t / sin(alpha t)) and ln(cos((1-alpha) t) / cos t) at t = pi/2 - phi."""
    phi = np.exp(log_phi)
    log_cos = log_phi + np.log(np.sinc(phi / math.pi))
    # sin(alpha t) without cancellation as alpha t approaches pi
    sine = np.sin(math.pi * (1.0 - alpha / 2.0) + alpha * phi)
    sine = np.maximum(sine, 1e-300)  # rounding leaves either sign at phi = pi/2
    return log_cos - np.log(sine), np.log(np.cos((1.0 - alpha) * (math.pi / 2.0 - phi))) - log_cos


def _over_exponential(alpha: float, log_u: Floats, refine: int) -> Floats:
    # phi falls within alpha of its argument's logarithm: the trapezoid must see that
    step = min(0.1, 0.4 * alpha) / refine
    low = -40.0
    if alpha < 1:  # the integrand falls like e^(alpha s) down to where phi reaches pi/2
        low -= min(alpha * max(float(log_u.max()), 0.0) / (1.0 - alpha), 40.0 / alpha)
    s = np.arange(low, 4.6, step)
    weights = step * np.exp(s - np.exp(s))
    lower = np.full((len(log_u), len(s)), -745.0)
    upper = np.full_like(lower, math.log(math.pi / 2.0))
    power = (1.0 - alpha) / alpha
    for _ in range(60):
        middle = (lower + upper) / 2.0
        first, second = _log_ratio(alpha, middle)
        # increasing in phi for every alpha: positive means the map is below u there
        outside = log_u + first + power * (s - second) > 0
        lower, upper = np.where(outside, lower, middle), np.where(outside, middle, upper)
    return np.exp(lower) @ weights / math.pi


def _over_angle(alpha: float, log_u: Floats, refine: int) -> Floats:
    step = 0.05 / refine
    x = np.arange(-60.0 - float(log_u.max()) * alpha, 40.0, step)
    # phi = (pi/2) / (1 + exp(-x)), dense at both ends
    log_phi = math.log(math.pi / 2.0) - np.logaddexp(0.0, -x)
    weights = step * np.exp(log_phi - np.logaddexp(0.0, x))
    first, second = _log_ratio(alpha, log_phi)
    exponent = alpha / (alpha - 1.0) * (log_u + first) + second
    return np.exp(-np.exp(np.minimum(exponent, 50.0))) @ weights / math.pi


def _log_curve(alpha: float, log_u: float, refine: int) -> float:
    """Return ln(u P(z > u)^(1/alpha)), the logarithm of threshold over gain."""
    survival = float(stable_survival(alpha, math.exp(log_u), refine=refine))
    return log_u + math.log(survival) / alpha if survival > 0 else -math.inf


def _onset(alpha: float, threshold: float, critical: float, refine: int) -> tuple[float, float]:
    """Return ln(u) at the top of the curve (inf for alpha <= 1) and the onset gain."""
    if alpha <= 1:
        return 700.0 / max(alpha, 1.0), critical
    grid = np.linspace(-3.0, 12.0 if alpha < 2 else 3.0, 60)
    curve = [_log_curve(alpha, point, refine) for point in grid]
    top = int(np.argmax(curve))
    if not 0 < top < len(grid) - 1:
        # just above alpha = 1 the overshoot lies at u beyond all bounds and is below rounding
        return float(grid[-1]), critical
    found = optimize.minimize_scalar(
        lambda point: -_log_curve(alpha, point, refine),
        bracket=(grid[top - 1], grid[top], grid[top + 1]),
        tol=1e-10,
    )
    return float(found.x), threshold * math.exp(float(found.fun))


def _solve(
    alpha: float, g: float, threshold: float, low: float, high: float, refine: int
) -> tuple[float, Floats]:
    history: list[tuple[float, float]] = []

    def mismatch(log_u: float) -> float:
        value = _log_curve(alpha, log_u, refine) - math.log(threshold / g)
        history.append((log_u, value))
        return value

    if not mismatch(low) * mismatch(high) < 0:
        raise ConvergenceError(
            f"the activity at g = {g:g} is too close to the onset to be resolved; move g away"
        )
    root = optimize.brentq(mismatch, low, high, xtol=1e-13, rtol=8.9e-16)
    return math.exp(root), np.array(history)


def _residual(alpha: float, g: float, threshold: float, m: float, refine: int) -> float:
    if m == 0.0:
        return 0.0
    u = threshold / (g * m ** (1.0 / alpha))
    return float(stable_survival(alpha, u, refine=refine)) - m
