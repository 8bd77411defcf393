"""The gain at which a noisy rate flow becomes chaotic: D0 = g^2 <phi^2>.

With noise the curvature of the autocovariance at 0+ changes sign exactly where the largest exponent
does.  The local criterion g^2 <phi'^2> = 1 is *not* the transition; it is returned beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from heavytail_snn.analysis.theory.numerics import gaussian
from heavytail_snn.analysis.theory.numerics.transfer import (
    Floats,
    Function,
    Phi,
    as_transfer,
    require_odd,
    require_sublinear,
)
from heavytail_snn.analysis.theory.rate.flow import stationary_variance
from heavytail_snn.core.errors import ConvergenceError, ParameterError, check_real
from heavytail_snn.core.results import Result, field_of


@dataclass(frozen=True, kw_only=True)
class RateFlowTransition(Result):
    """Onset of chaos in the rate flow at a given noise.

    Parameters
    ----------
    critical_gain : float
        Gain (Gaussian convention) above which the largest exponent is positive.
    variance : float
        D0 at the critical gain.
    local_gain : float
        Where g^2 <phi'^2> = 1; smaller, and not the transition.
    residual : float
        D0 / (g^2 <phi^2>) - 1 at the critical gain.
    history : (m, 2) ndarray
        Gain and residual along the iteration.
    """

    critical_gain: float = field_of(quantity="critical_gain")
    variance: float = field_of(quantity="variance")
    local_gain: float = field_of()
    residual: float = field_of()
    history: Floats = field_of(dims=("iteration", "gain_and_residual"), repr=False)


def rate_flow_transition(
    noise: float,
    *,
    phi: Phi = "tanh",
    derivative: Function | None = None,
) -> RateFlowTransition:
    """Return the critical gain of dx = (-x + g J phi(x)) dt + sqrt(2) noise dW.

    Parameters
    ----------
    noise : float
        sigma, at least 0; without noise the transition is at g phi'(0) = 1.
    phi, derivative :
        Odd transfer function with positive slope at 0, see `as_transfer`.

    Returns
    -------
    RateFlowTransition

    Raises
    ------
    ParameterError
        For negative noise or an unsuitable phi.
    ConvergenceError
        If no gain up to 1e4 / phi'(0) is chaotic.

    Notes
    -----
    Schuecker, Goedeke & Helias, PRX 8, 041029 (2018), arXiv 1603.01880.

    Examples
    --------
    >>> round(rate_flow_transition(0.5).critical_gain, 4)
    1.6741
    """
    noise = check_real("noise", noise, low=0)
    transfer = as_transfer(phi, derivative)
    require_odd(transfer, "rate flow")
    require_sublinear(transfer)
    if transfer.slope_at_zero <= 0:
        raise ParameterError("phi", transfer.name, "must have a positive slope at 0")
    start = 1.0 / transfer.slope_at_zero
    if noise == 0:
        return RateFlowTransition(
            critical_gain=start,
            variance=0.0,
            local_gain=start,
            residual=0.0,
            history=np.empty((0, 2)),
            parameters={"noise": noise, "phi": transfer.name},
        )

    def curvature(g: float) -> float:
        variance = stationary_variance(g, noise, transfer)[0]
        return variance / (g**2 * gaussian.mean_square(transfer, variance)) - 1.0

    def local(g: float) -> float:
        variance = stationary_variance(g, noise, transfer)[0]
        return 1.0 - g**2 * gaussian.mean_square_slope(transfer, variance)

    critical, history = _first_negative(curvature, start)
    return RateFlowTransition(
        critical_gain=critical,
        variance=stationary_variance(critical, noise, transfer)[0],
        local_gain=_first_negative(local, start)[0],
        residual=curvature(critical),
        history=history,
        parameters={"noise": noise, "phi": transfer.name},
    )


def _first_negative(function: Callable[[float], float], start: float) -> tuple[float, Floats]:
    """Return the gain above `start` at which `function` falls below zero, and the iterations."""
    history: list[tuple[float, float]] = []

    def recorded(gain: float) -> float:
        history.append((gain, function(gain)))
        return history[-1][1]

    low, high = start, 1.25 * start
    while recorded(high) > 0:
        low, high = high, 1.25 * high
        if high > 1e4 * start:
            raise ConvergenceError(
                f"no transition up to g = {high:.3g}; the noise is too strong for this phi"
            )
    root = optimize.brentq(recorded, low, high, xtol=1e-12, rtol=1e-13)
    return float(root), np.array(history)
