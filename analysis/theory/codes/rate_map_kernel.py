"""Kernel of a smooth rate map: differentiable at coincidence, ever steeper with time.

The normalised overlap map F of x(t+1) = g J phi(x(t)) is analytic, so that chaos stretches small
angles by exp(lambda) per step instead of making a jump.  Eigenvalues fall like a power up to a
cut-off exp(lambda t).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import interpolate

from heavytail_snn.analysis.theory.codes.response_kernel import check_angles, start_distance
from heavytail_snn.analysis.theory.numerics import gaussian
from heavytail_snn.analysis.theory.numerics.correlation_series import CorrelationSeries
from heavytail_snn.analysis.theory.numerics.correlation_table import converged_series
from heavytail_snn.analysis.theory.numerics.transfer import Floats, Function, Transfer, as_transfer
from heavytail_snn.analysis.theory.rate.map import rate_map
from heavytail_snn.core.errors import ParameterError, check_integer
from heavytail_snn.core.results import Result, field_of

_DENSITY = 15  # points of the table of the overlap map per unit of ln(distance)


@dataclass(frozen=True, kw_only=True)
class RateMapKernel(Result):
    """Kernel of the fields of a rate map, normalised to 1 at coincidence.

    Parameters
    ----------
    angles : (n,) ndarray
        Radian, in [0, pi].
    kernel, distance : (n_steps + 1, n) ndarray
        K and 1 - K after each step; row 0 is cos(angle).
    curvature : (n_steps + 1,) ndarray
        -K''(0) = exp(2 lambda t).
    largest_exponent : float
        lambda, per step.
    decay : float
        mu = -ln F'(0), by which large angles are forgotten per step.
    eigen_exponent : float
        1 - mu/lambda, on the circle below the cut-off; approached slowly.
    residual : float
        Largest change of the last distance, relative to it, when the table is refined.
    """

    angles: Floats = field_of(dims=("angle",), unit="rad", repr=False)
    kernel: Floats = field_of(dims=("step", "angle"), repr=False)
    distance: Floats = field_of(dims=("step", "angle"), repr=False)
    curvature: Floats = field_of(dims=("step",))
    largest_exponent: float = field_of(unit="1/step", quantity="largest_exponent")
    decay: float = field_of(unit="1/step")
    eigen_exponent: float = field_of(quantity="eigen_exponent")
    residual: float = field_of()


def rate_map_kernel(
    angles: ArrayLike,
    n_steps: int,
    *,
    g: float,
    phi: str | Transfer | Function = "tanh",
    derivative: Function | None = None,
    refine: int = 1,
) -> RateMapKernel:
    """Iterate the normalised overlap map of the stationary rate map from K = cos(angle).

    Parameters
    ----------
    angles : (n,) array_like
        Radian, in [0, pi].
    n_steps : int
        At least 1.
    g : float
        Gain in the Gaussian convention (weights of variance g^2/N).
    phi, derivative :
        Odd transfer function, see `as_transfer`.
    refine : int
        Multiplies the points of the overlap map's table.

    Raises
    ------
    ParameterError
        For values outside their domain, or a gain at which the map is quiescent.

    Examples
    --------
    >>> kernel = rate_map_kernel([0.1], 1, g=2.0)
    >>> round(float(kernel.curvature[1]), 4)
    1.3627
    """
    angles = check_angles(angles)
    n_steps = check_integer("n_steps", n_steps, low=1)
    refine = check_integer("refine", refine, low=1, high=8)
    transfer = as_transfer(phi, derivative)
    theory = rate_map(g, phi=transfer)
    if theory.state != "chaotic":
        raise ParameterError(
            "g", g, "must leave the map active", "the quiescent map has no stationary kernel"
        )
    series = converged_series(transfer, theory.field_variance, "the kernel of a rate map")
    distance = _iterate(series, angles, n_steps, _DENSITY * refine)
    check = _iterate(series, angles, n_steps, 2 * _DENSITY * refine)
    positive = distance[-1] > 0
    change = np.abs(check[-1] - distance[-1])[positive] / distance[-1][positive]
    exponent = theory.largest_exponent
    variance = theory.field_variance
    slope = gaussian.mean_slope(transfer, variance)
    decay = -math.log(variance * slope**2 / gaussian.mean_square(transfer, variance))
    return RateMapKernel(
        angles=angles,
        kernel=1.0 - distance,
        distance=distance,
        curvature=np.exp(2.0 * exponent * np.arange(n_steps + 1)),
        largest_exponent=exponent,
        decay=decay,
        eigen_exponent=1.0 - decay / exponent,
        residual=float(np.max(change, initial=0.0)),
        parameters={"g": g, "phi": transfer.name, "n_steps": n_steps},
    )


def _iterate(series: CorrelationSeries, angles: Floats, n_steps: int, density: int) -> Floats:
    rows = [start_distance(angles, "cosine")]
    apart = rows[0] > 0
    # small distances grow, so that the table need not reach below the smallest at the start
    low = math.log(float(rows[0][apart].min(initial=1.0))) - 1.0
    log_table = np.linspace(low, 0.0, math.ceil(-low * density))
    below = interpolate.CubicSpline(
        log_table, np.log(lost_overlap(series, np.exp(log_table))) - log_table
    )
    for _ in range(n_steps):
        row = np.zeros_like(angles)
        before = rows[-1][apart]
        # phi is odd: beyond 1 the map is 2 minus that of the mirrored distance
        near = np.minimum(before, np.maximum(2.0 - before, 0.0))
        lost = near * np.exp(below(np.log(np.maximum(near, math.exp(low)))))
        row[apart] = np.where(before <= 1.0, lost, 2.0 - lost)
        rows.append(row)
    return np.array(rows)


def lost_overlap(series: CorrelationSeries, distance: Floats) -> Floats:
    """Return 1 - F(1 - d), the normalised loss of overlap in one step, without cancellation.

    Parameters
    ----------
    series : CorrelationSeries
        Of phi at the variance of the stationary field.
    distance : (n,) ndarray
        1 - correlation of the fields of the replicas, in [0, 1].
    """
    with np.errstate(divide="ignore"):  # ln 0 at d = 1, where every power vanishes
        log_correlation = np.log1p(-distance)
    powers = -np.expm1(np.multiply.outer(log_correlation, series.orders))
    return powers @ series.squares / float(series.squares.sum())
