"""Mean field of the rate flow by iterating the autocovariance in Fourier space.

Slower and less accurate than the potential method of rate_flow, but it takes any stationary
Gaussian drive, for which there is no potential.
"""

from collections.abc import Callable

import numpy as np
from scipy import interpolate

from heavytail_snn.analysis.theory.numerics import gaussian
from heavytail_snn.analysis.theory.numerics.correlation_series import (
    correlation_series,
    series_order,
)
from heavytail_snn.analysis.theory.numerics.correlation_table import converged_series
from heavytail_snn.analysis.theory.numerics.transfer import (
    Floats,
    Function,
    Phi,
    Transfer,
    as_transfer,
    largest_variance,
    require_odd,
    require_sublinear,
)
from heavytail_snn.analysis.theory.rate.flow import RateFlowTheory, quiescent_flow
from heavytail_snn.analysis.theory.rate.flow_exponent import even_ground_state
from heavytail_snn.core.errors import ConvergenceError, ParameterError, check_callable, check_real


def rate_flow_fixed_point(
    g: float,
    noise: float = 0.0,
    *,
    drive: Callable[[Floats], Floats] | None = None,
    phi: Phi = "tanh",
    derivative: Function | None = None,
    duration: float = 200.0,
    dt: float = 0.05,
    mixing: float = 0.7,
    tolerance: float = 1e-8,
    max_iterations: int = 3000,
) -> RateFlowTheory:
    """Solve the mean field of dx/dt = -x + g J phi(x) + drive by damped fixed-point iteration.

    Parameters
    ----------
    g, noise, phi, derivative :
        As for `rate_flow`: Gaussian convention, white noise sqrt(2) noise dW.
    drive : callable, optional
        Autocovariance, at an array of lags, that a further independent Gaussian drive alone would
        give to x (after the leak).
    duration : float
        Largest lag, in time constants; must exceed the correlation time, about
        sqrt(3) / (g - 1) near onset, many times.
    dt : float
        Step of the lags; the error is of second order.
    mixing : float
        Weight of the new autocovariance, in (0, 1].
    tolerance : float
        Largest change of the autocovariance, relative to D0, at which the iteration ends.
    max_iterations : int

    Returns
    -------
    RateFlowTheory
        With the iteration's history and ``parameters["method"] == "fixed point"``.

    Raises
    ------
    ParameterError
        As `rate_flow`; also if the drive's autocovariance is largest away from lag 0.
    ConvergenceError
        If the tolerance is not reached.
    """
    g, noise = check_real("g", g, low=0), check_real("noise", noise, low=0)
    duration = check_real("duration", duration, low=0, open_low=True)
    dt = check_real("dt", dt, low=0, high=duration / 4, open_low=True)
    mixing = check_real("mixing", mixing, low=0, high=1, open_low=True)
    transfer = as_transfer(phi, derivative)
    require_odd(transfer, "rate flow")
    require_sublinear(transfer)
    parameters = {"g": g, "noise": noise, "phi": transfer.name, "method": "fixed point"}
    lag = dt * np.arange(round(duration / dt) + 1)
    driven = _driven_covariance(noise, drive, lag)
    if driven[0] == 0 and g * transfer.slope_at_zero <= 1:
        return quiescent_flow(g, transfer, parameters)
    covariance, history = _iterate(
        g, transfer, lag, driven, mixing=mixing, tolerance=tolerance, most=max_iterations
    )
    return _as_result(g, transfer, lag, covariance, history, parameters)


def _driven_covariance(
    noise: float, drive: Callable[[Floats], Floats] | None, lag: Floats
) -> Floats:
    """Return the part of D that the drive causes directly; analytic, so that its cusp is kept."""
    white = noise**2 * np.exp(-lag)
    if drive is None:
        return white
    check_callable("drive", drive, "it takes lags and returns an autocovariance at each")
    coloured = np.asarray(drive(lag), dtype=float)
    if coloured.shape != lag.shape or not np.all(np.abs(coloured) <= coloured[0]):
        raise ParameterError(
            "drive", drive, "must return one autocovariance per lag, largest at lag 0"
        )
    return white + coloured


def _iterate(
    g: float,
    transfer: Transfer,
    lag: Floats,
    driven: Floats,
    *,
    mixing: float,
    tolerance: float,
    most: int,
) -> tuple[Floats, Floats]:
    dt = lag[1]
    symbol = 1.0 / (
        1.0 + (2.0 - 2.0 * np.cos(np.pi * np.arange(len(lag)) / (len(lag) - 1))) / dt**2
    )
    # a constant or tiny start ends on the static or the silent solution: start from a decay
    covariance = driven + g**2 / 2.0 * np.exp(-lag / 2.0)
    order = series_order(largest_variance(transfer, g, np.sqrt(driven[0])))
    history = []
    for _ in range(most):
        series = correlation_series(transfer, float(covariance[0]), n_max=min(order, 600))
        # the even periodic extension makes the transform a cosine transform
        activity = series.value(covariance)
        mirrored = np.concatenate([activity, activity[-2:0:-1]])
        returned = g**2 * np.fft.irfft(symbol * np.fft.rfft(mirrored), len(mirrored))
        change = driven + returned[: len(lag)] - covariance
        covariance = covariance + mixing * change
        history.append((covariance[0], np.abs(change).max() / covariance[0]))
        if history[-1][1] < tolerance:
            return covariance, np.array(history)
    raise ConvergenceError(
        f"the autocovariance still changes by {history[-1][1]:.2g} (relative) after {most} "
        "iterations; use a longer duration near onset, less mixing, or rate_flow"
    )


def _as_result(
    g: float,
    transfer: Transfer,
    lag: Floats,
    covariance: Floats,
    history: Floats,
    parameters: dict,
) -> RateFlowTheory:
    variance = float(covariance[0])
    # the iteration used values of the series only, which are better than its slope
    series = converged_series(transfer, variance, "the fixed-point iteration")
    energy = even_ground_state(g, series, _Interpolated(lag, covariance))
    exponent = np.sqrt(1.0 - energy) - 1.0
    return RateFlowTheory(
        state="chaotic" if exponent > 0 else "driven",
        variance=variance,
        activity_variance=gaussian.mean_square(transfer, variance),
        largest_exponent=float(exponent),
        mean_slope=g * gaussian.mean_slope(transfer, variance),
        time=lag,
        autocovariance=covariance,
        activity_autocovariance=series.value(covariance),
        residual=float(history[-1, 1]),
        history=history,
        parameters=parameters,
    )


class _Interpolated:
    """The autocovariance between the lags of the grid, zero beyond."""

    def __init__(self, lag: Floats, covariance: Floats) -> None:
        self._spline = interpolate.CubicSpline(lag, covariance)
        self.last_lag = float(lag[-1])

    def __call__(self, lag: Floats) -> Floats:
        return np.where(lag <= self.last_lag, self._spline(np.minimum(lag, self.last_lag)), 0.0)
