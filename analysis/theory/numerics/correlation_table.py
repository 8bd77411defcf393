"""E[phi(x) phi(y)] of a Gaussian pair by nested quadrature, where the Hermite series is too long.

f'(D) = E[phi'(x) phi'(y)] is integrated on a grid that is fine near zero, where a phi that is steep
on the scale of x changes, and as coarse as phi further out; f and F follow by integration over D.
The sum rule f(D0) = <phi^2>, which nothing here uses, gives the error.
"""

import math

import numpy as np
from scipy import interpolate

from heavytail_snn.analysis.theory.numerics.correlation_series import (
    CorrelationSeries,
    correlation_series,
)
from heavytail_snn.analysis.theory.numerics.gaussian import mean_square
from heavytail_snn.analysis.theory.numerics.transfer import Floats, Transfer
from heavytail_snn.core.errors import ConvergenceError

_LAST_V = 5.3  # D = D0 / cosh(v)^2 ends at 1e-4 D0; below, f' is a parabola to 1e-16
_FIRST_V = 0.05
_WIDEST = 1e8  # rounding of D then moves exponents by up to 5e-5
_DENSITY = 120  # points per unit of u
_SPACING = 1.0 / 40.0  # of asinh(x)
_NEGLIGIBLE = 1e-14
_HERMITE = 60
_ACCURACY = 1e-5  # of the sum rule
_SERIES_ACCURACY = 1e-7  # of the slope at D0
_TOLERATED = 1e-3  # of the slope of a series, where a theory needs its terms
_KINKED = 0.05  # and where a warning goes with it
_NARROWEST = 1.0  # variance
_WIDEST_SERIES = 400.0  # no order that can be computed suffices beyond


def correlations(transfer: Transfer, variance: float) -> "CorrelationSeries | CorrelationTable":
    """Return f, f' and F of an odd phi by the series while it converges, else by quadrature.

    Parameters
    ----------
    transfer : Transfer
    variance : float

    Returns
    -------
    CorrelationSeries or CorrelationTable
        Both know their `error`.

    Raises
    ------
    ConvergenceError
        If neither suffices: a phi with kinks is left to the series, up to a slope off by 5 %.
    """
    series = None
    if variance <= _WIDEST_SERIES:
        series = correlation_series(transfer, variance)
        if series.error <= _SERIES_ACCURACY:
            return series
    try:
        return CorrelationTable(transfer, variance)
    except ConvergenceError:
        if series is not None and series.error <= _KINKED:
            return series
        raise


def inaccuracy(found: "CorrelationSeries | CorrelationTable") -> tuple[str, ...]:
    """Return a warning with the error of correlations that are not exact to about 1e-5."""
    if found.error <= _ACCURACY:
        return ()
    return (
        f"the correlations of phi are known to {found.error:.1g} (relative, of the slope at lag "
        "0): phi has kinks, or is steep on the scale of x",
    )


def converged_series(transfer: Transfer, variance: float, user: str) -> CorrelationSeries:
    """Return the Hermite series where its slope is good to 1e-3, for theories that need its terms.

    Raises
    ------
    ConvergenceError
        Beyond, with the error.
    """
    if variance <= _WIDEST_SERIES:
        series = correlation_series(transfer, variance)
        if series.error <= _TOLERATED:
            return series
        found = f"{series.error:.2g}"
    else:
        found = "too much to be computed"
    raise ConvergenceError(
        f"at variance {variance:.3g} the Hermite series of {transfer.name} misses <phi'^2> by "
        f"{found} (at most {_TOLERATED:g}): {user} needs a smaller gain or a smoother phi"
    )


class CorrelationTable:
    """The functions f, f' and F = int_0 f of an odd phi at one variance, by interpolation.

    Parameters
    ----------
    transfer : Transfer
        Odd; its width should be of order one, as for the named functions.
    variance : float
        D0, large against the width.

    Attributes
    ----------
    error : float
        f(D0) by integration against <phi^2>, relative.

    Raises
    ------
    ConvergenceError
        If the two differ by more than 1e-5, or the variance exceeds 1e8.
    """

    def __init__(self, transfer: Transfer, variance: float) -> None:
        if variance < _NARROWEST:
            raise ConvergenceError(
                f"variance {variance:.3g} is too small for the grid; use a series"
            )
        if variance > _WIDEST:
            raise ConvergenceError(
                f"at variance {variance:.3g} differences of order one, over which phi changes, are "
                f"lost in the rounding of D0; the gain must keep the variance below {_WIDEST:g}"
            )
        self.variance = variance
        # the boundary layer at D0 is as wide as phi
        self._first = min(_FIRST_V, 0.1 / math.sqrt(variance))
        reach = math.asinh(_LAST_V / self._first)
        u = np.linspace(0.0, reach, math.ceil(_DENSITY * reach))
        v = self._first * np.sinh(u)
        lost = variance * np.tanh(v) ** 2  # D0 - D, without cancellation
        *slope, middle = _slopes(transfer, variance, np.append(lost, variance))
        end = float(variance / np.cosh(v[-1]) ** 2)
        # f' = c[0] + c[1] D^2 below `end`
        self._c = (float(middle), (slope[-1] - float(middle)) / end**2)
        # dD = -2 D tanh(v) dv and dv = first cosh(u) du
        measure = 2.0 * variance * np.tanh(v) / np.cosh(v) ** 2 * self._first * np.cosh(u)
        # from the far end, so that small values keep their digits
        value = _from_end(u, slope * measure) + self._near_zero(end, 1)
        mean = mean_square(transfer, variance)
        self.error = abs(float(value[0]) / mean - 1.0)
        if not self.error < _ACCURACY:
            raise ConvergenceError(
                f"the correlations of {transfer.name} at variance {variance:.3g} miss the sum rule "
                f"by {self.error:.2g} (at most {_ACCURACY:g}): phi must change on a scale of order "
                "one; rescale x, or give the exact derivative"
            )
        integral = _from_end(u, value * measure) + self._near_zero(end, 2)
        self._slope = interpolate.CubicSpline(u, slope)
        self._value = interpolate.CubicSpline(u, np.log(value))
        self._integral = interpolate.CubicSpline(u, np.log(integral))
        self._fall = interpolate.CubicSpline(u, value * measure).antiderivative()
        self._whole, self._last, self._end = float(integral[0]), u[-1], end

    def _near_zero(self, covariance: Floats | float, order: int) -> Floats | float:
        """Return f' (order 0), f (1) or F (2) below the table."""
        first, third = self._c
        square = covariance**2
        if order == 0:
            return first + third * square
        if order == 1:
            return covariance * (first + third * square / 3.0)
        return square * (first / 2.0 + third * square / 12.0)

    def slope(self, covariance: Floats) -> Floats:
        """Return f'(D) = E[phi'(x) phi'(y)]."""
        inside = self._slope(self._place(covariance))
        return np.where(np.abs(covariance) <= self._end, self._near_zero(covariance, 0), inside)

    def value(self, covariance: Floats) -> Floats:
        """Return f(D) = E[phi(x) phi(y)]."""
        inside = np.sign(covariance) * np.exp(self._value(self._place(covariance)))
        return np.where(np.abs(covariance) <= self._end, self._near_zero(covariance, 1), inside)

    def integral(self, covariance: Floats) -> Floats:
        """Return F(D), the integral of f from 0."""
        inside = np.exp(self._integral(self._place(covariance)))
        return np.where(np.abs(covariance) <= self._end, self._near_zero(covariance, 2), inside)

    def missing_integral(self, log_ratio: Floats) -> Floats:
        """Return F(D0) - F(D) at D = D0 exp(log_ratio), without cancellation near D = D0."""
        log_ratio = np.asarray(log_ratio, dtype=float)
        v = np.arctanh(np.minimum(np.sqrt(-np.expm1(log_ratio)), math.tanh(_LAST_V)))
        fallen = self._fall(np.arcsinh(v / self._first))
        far = self.variance * np.exp(log_ratio)
        return np.where(far <= self._end, self._whole - self._near_zero(far, 2), fallen)

    def _place(self, covariance: Floats) -> Floats:
        """Return the coordinate u of |D|."""
        ratio = np.clip(np.abs(covariance) / self.variance, self._end / self.variance, 1.0)
        v = np.arccosh(1.0 / np.sqrt(ratio))
        return np.minimum(np.arcsinh(v / self._first), self._last)


def _from_end(u: Floats, integrand: Floats) -> Floats:
    """Return the integrals from each point to the last one."""
    c = interpolate.CubicSpline(u, integrand).c
    h = np.diff(u)
    cells = h * (c[3] + h * (c[2] / 2.0 + h * (c[1] / 3.0 + h * c[0] / 4.0)))
    return np.append(np.cumsum(cells[::-1])[::-1], 0.0)


def _slopes(transfer: Transfer, variance: float, lost: Floats) -> Floats:
    """Return E[phi'(x) phi'(y)] where Var(x - y) / 2 is `lost`."""
    reach = math.asinh(12.0 * math.sqrt(variance))
    t = _SPACING * np.arange(-math.ceil(reach / _SPACING), math.ceil(reach / _SPACING) + 1)
    x = np.sinh(t)
    weight = _SPACING * np.cosh(t)
    derivative = transfer.derivative(x)
    seen = np.abs(derivative) * weight > _NEGLIGIBLE * np.abs(derivative * weight).max()
    x, weight, derivative = x[seen], weight[seen], derivative[seen]
    nodes, node_weights = np.polynomial.hermite_e.hermegauss(_HERMITE)
    node_weights = node_weights / node_weights.sum()
    found = np.empty_like(lost)
    for index, gap in enumerate(lost):
        covariance, width = variance - gap, math.sqrt(gap)
        if width < 1.0:
            smooth = transfer.derivative(x[:, None] + width * nodes) @ node_weights
            density = np.exp(-(x**2) / 2.0 / covariance) / math.sqrt(2.0 * math.pi * covariance)
            found[index] = (weight * density) @ smooth**2
        else:
            # quadratic form of the bivariate normal density, in sum and difference
            plus = (x[:, None] + x) ** 2 / (4.0 * (variance + covariance))
            minus = (x[:, None] - x) ** 2 / (4.0 * gap)
            norm = 2.0 * math.pi * math.sqrt(gap * (variance + covariance))
            side = weight * derivative
            found[index] = side @ np.exp(-plus - minus) @ side / norm
    return found
