"""Autocorrelation and flip rate of asynchronous +-1 networks with alpha-stable weights and noise.

Fields at two times are a jointly stable pair: units in equal states drive both alike, units in
opposite states oppositely, and the threshold noise of the two updates is independent.  The sign
formula for such pairs gives f, and Q'' = Q - f(Q) as for Gaussian weights.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import integrate, interpolate

from heavytail_snn.analysis.theory.binary_networks.replicas import check_times
from heavytail_snn.analysis.theory.numerics.transfer import Floats
from heavytail_snn.analysis.theory.stable.sign_map import field_share, sign_pair_correlation
from heavytail_snn.core.errors import ConvergenceError, ParameterError
from heavytail_snn.core.results import Result, field_of

_NODES = 48  # of the table of f(Q), in sqrt(1 - Q), where f is smooth for alpha > 1


@dataclass(frozen=True, kw_only=True)
class StableSignAutocorrelation(Result):
    """Stationary state of an asynchronous +-1 network for N to infinity.

    Parameters
    ----------
    times, autocorrelation : (n,) ndarray
        Lags in mean update intervals, and Q(tau) = <S(t) S(t + tau)>.
    flip_rate : float
        Flips per unit and mean update interval, -Q'(0+) / 2.
    residual : float
        Change of the flip rate when the table of f is halved.
    """

    times: Floats = field_of(dims=("lag",), repr=False)
    autocorrelation: Floats = field_of(dims=("lag",), repr=False)
    flip_rate: float = field_of(quantity="flip_rate")
    residual: float = field_of()


def stable_sign_autocorrelation(
    alpha: float, g: float, s: float, times: ArrayLike
) -> StableSignAutocorrelation:
    """Return Q(tau) of S_i <- sign(sum_j W_ij S_j + s xi) with independent noise at each update.

    Parameters
    ----------
    alpha, g, s : float
        Stability in (0, 2], scales of weights and noise: **stable convention** for both (at
        alpha = 2 Gaussian with variances 2 g^2 and 2 s^2).  s > 0: without noise f is too steep
        at Q = 1 for its table.
    times : (n,) array_like
        Lags, non-negative and increasing, in mean update intervals.

    Raises
    ------
    ParameterError
        For values outside their domain.
    ConvergenceError
        If the quadrature or the integration fails.

    Notes
    -----
    The first integral, Q'^2 = Q^2 - 2 int_0^Q f, gives the flip rate.  Sign formula:
    `sign_pair_correlation`; at alpha = 2 the theory is that of Keup, Kuehn, Dahmen & Helias, Phys.
    Rev. X 11 (2021) 021064.

    Examples
    --------
    >>> round(stable_sign_autocorrelation(1.5, 1.0, 1.0, [0.0, 1.0]).flip_rate, 4)
    0.4097
    """
    lags, share = check_times(times), field_share(alpha, g, s)
    if s == 0 or g == 0:
        name, value = ("s", s) if s == 0 else ("g", g)
        raise ParameterError(name, value, "must be positive here")
    decay, coarse = (_decay_rate(alpha, share, n) for n in (_NODES, _NODES // 2))

    def velocity(_: float, y: Floats) -> Floats:
        return decay(np.exp(-y))

    solution = integrate.solve_ivp(
        velocity,
        (0.0, max(float(lags[-1]), 1e-12)),
        [0.0],
        t_eval=lags,
        method="DOP853",
        rtol=1e-9,
        atol=1e-9,
    )
    if not solution.success:
        raise ConvergenceError(f"the autocorrelation did not integrate: {solution.message}")
    return StableSignAutocorrelation(
        times=lags,
        autocorrelation=np.exp(-solution.y[0]),
        flip_rate=float(decay(1.0)) / 2.0,
        residual=abs(float(decay(1.0) - coarse(1.0))) / 2.0,
        parameters={"alpha": alpha, "g": g, "s": s},
    )


def _decay_rate(alpha: float, share: float, n_nodes: int) -> Callable[[Any], Any]:
    """Return -Q'/Q = sqrt(1 - 2 F(Q) / Q^2) as a function of Q, with F the integral of f."""
    root = np.linspace(0.0, 1.0, n_nodes)  # sqrt(1 - Q)
    overlap = (1.0 - root**2)[::-1]
    values = np.array([field_correlation(alpha, share, q) for q in overlap])
    # in the variable u = sqrt(1 - Q): int f dQ = int f 2 u du
    integral = interpolate.CubicSpline(root, values[::-1] * 2.0 * root).antiderivative()
    area = (integral(1.0) - integral(root))[::-1]
    slope = field_correlation(alpha, share, 1e-4) / 1e-4
    # f is odd, so that F / Q^2 tends to half its slope at 0
    ratio = np.where(overlap > 0, 2.0 * area / np.maximum(overlap, 1e-9) ** 2, slope)
    inside = interpolate.CubicSpline(root, np.sqrt(np.maximum(1.0 - ratio, 0.0))[::-1])
    return lambda q: inside(np.sqrt(np.maximum(1.0 - q, 0.0)))


def field_correlation(alpha: float, share: float, overlap: float) -> float:
    """Return f(Q) = <sgn h(t) sgn h(t')> of two fields with independent noise.

    Parameters
    ----------
    alpha : float
    share : float
        g^alpha / (g^alpha + s^alpha).
    overlap : float
        Q, of the states that cause the fields.
    """

    def exponent(a: Floats, b: Floats) -> Floats:
        same = (1.0 + overlap) / 2.0 * np.abs(a + b) ** alpha
        opposite = (1.0 - overlap) / 2.0 * np.abs(a - b) ** alpha
        noise = np.abs(a) ** alpha + np.abs(b) ** alpha
        return share * (same + opposite) + (1.0 - share) * noise

    return sign_pair_correlation(exponent, alpha)
