"""Mean field of the random rate flow dx/dt = -x + g J phi(x) + noise (potential method).

The autocovariance D moves like a particle in a potential, D'' = -dV/dD; energy conservation gives
its start D0, one quadrature gives the whole function.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import interpolate

from heavytail_snn.analysis.theory.numerics import gaussian
from heavytail_snn.analysis.theory.numerics.correlation_series import CorrelationSeries
from heavytail_snn.analysis.theory.numerics.correlation_table import (
    CorrelationTable,
    correlations,
    inaccuracy,
)
from heavytail_snn.analysis.theory.numerics.covariance_spectrum import covariance_spectrum
from heavytail_snn.analysis.theory.numerics.self_consistency import largest_stable_root
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
from heavytail_snn.analysis.theory.rate.flow_exponent import even_ground_state
from heavytail_snn.core.errors import ConvergenceError, check_choice, check_integer, check_real
from heavytail_snn.core.results import Result, field_of

_LAST_V = 14.0  # with D = D0 / cosh(v)^2 the autocovariance has then fallen to 3e-12 D0
_TIME_POINTS = 10_000


@dataclass(frozen=True, kw_only=True)
class RateFlowTheory(Result):
    """Stationary state of the random rate flow for N to infinity; time in time constants.

    Parameters
    ----------
    state : str
        "chaotic", "driven" (the noise keeps the network active, and trajectories with the same
        noise converge) or "quiescent" (x = 0).
    variance, activity_variance : float
        D0 = <x^2> and <phi(x)^2>.
    largest_exponent : float
        Per time constant, for trajectories that share the noise.
    mean_slope : float
        g <phi'>.
    time : (n,) ndarray
        Uniform lags from 0.
    autocovariance, activity_autocovariance : (n,) ndarray
        Of x and of phi(x) at these lags.
    residual : float
        Of the energy balance sigma^4/2 + V(D0) = 0, relative to D0^2; for the fixed-point method
        the last change of the autocovariance, relative to D0.
    history : (m, 2) ndarray
        D0 and residual along the iteration.
    """

    state: str
    variance: float = field_of(quantity="variance")
    activity_variance: float = field_of(quantity="activity_variance")
    largest_exponent: float = field_of(unit="1/tau", quantity="largest_exponent")
    mean_slope: float = field_of()
    time: Floats = field_of(unit="tau", dims=("time",), repr=False)
    autocovariance: Floats = field_of(dims=("time",), repr=False)
    activity_autocovariance: Floats = field_of(dims=("time",), repr=False)
    residual: float = field_of()
    history: Floats = field_of(dims=("iteration", "variance_and_residual"), repr=False)

    def power_spectrum(self, omega: Floats, *, of: str = "x") -> Floats:
        """Return the two-sided power spectrum at angular frequencies `omega`.

        Parameters
        ----------
        omega : (m,) ndarray
            Per time constant.
        of : str
            "x" for the state, "phi" for the activity.
        """
        which = check_choice("of", of, ("x", "phi"))
        covariance = self.autocovariance if which == "x" else self.activity_autocovariance
        return covariance_spectrum(self.time, covariance, omega)


def rate_flow(
    g: float,
    noise: float = 0.0,
    *,
    phi: Phi = "tanh",
    derivative: Function | None = None,
    refine: int = 1,
) -> RateFlowTheory:
    """Solve the mean field of dx = (-x + g J phi(x)) dt + sqrt(2) noise dW.

    Parameters
    ----------
    g : float
        Gain, **Gaussian convention**: J_ij has variance 1/N.  At least 0.
    noise : float
        sigma; a unit alone has variance sigma^2.  The model `RateFlow` uses the same convention.
    phi, derivative :
        Odd transfer function growing more slowly than linearly, see `as_transfer`.
    refine : int
        Divides all grid steps.

    Returns
    -------
    RateFlowTheory
        Below the onset and without noise the quiescent solution, with `state` saying so.

    Raises
    ------
    ParameterError
        For g < 0, negative noise, or a phi that is not odd or grows linearly.
    ConvergenceError
        If the potential has a barrier on the way from D0 to 0, or correlations of phi cannot be
        integrated (`correlations`).

    Notes
    -----
    Sompolinsky, Crisanti & Sommers, PRL 61, 259 (1988); with noise: Schuecker, Goedeke & Helias,
    PRX 8, 041029 (2018), arXiv 1603.01880.

    Examples
    --------
    >>> theory = rate_flow(2.0)
    >>> round(theory.variance, 4), round(theory.largest_exponent, 4)
    (1.9248, 0.1125)
    """
    g, noise = check_real("g", g, low=0, high=1e100), check_real("noise", noise, low=0)
    refine = check_integer("refine", refine, low=1)
    transfer = as_transfer(phi, derivative)
    require_odd(transfer, "rate flow")
    require_sublinear(transfer)
    parameters = {"g": g, "noise": noise, "phi": transfer.name, "method": "potential"}
    variance, history = stationary_variance(g, noise, transfer, refine=refine)
    if variance == 0.0:
        return quiescent_flow(g, transfer, parameters)
    series = correlations(transfer, variance)
    autocovariance = Autocovariance(variance, *_lag_of_v(g, noise, series, refine))
    exponent = math.sqrt(1.0 - even_ground_state(g, series, autocovariance, refine=refine)) - 1.0
    time = autocovariance.uniform_time(_TIME_POINTS * refine)
    covariance = autocovariance(time)
    return RateFlowTheory(
        state="chaotic" if exponent > 0 else "driven",
        variance=variance,
        activity_variance=gaussian.mean_square(transfer, variance),
        largest_exponent=exponent,
        mean_slope=g * gaussian.mean_slope(transfer, variance),
        time=time,
        autocovariance=covariance,
        activity_autocovariance=series.value(covariance),
        residual=_energy(g, noise, transfer, variance, refine) / variance**2,
        history=history,
        parameters=parameters,
        warnings=inaccuracy(series),
    )


def quiescent_flow(g: float, transfer: Transfer, parameters: dict) -> RateFlowTheory:
    """Return the silent solution x = 0 of a network without noise."""
    slope = g * transfer.slope_at_zero
    time = np.linspace(0.0, 50.0, 1001)
    return RateFlowTheory(
        state="quiescent",
        variance=0.0,
        activity_variance=0.0,
        largest_exponent=abs(slope) - 1.0,
        mean_slope=slope,
        time=time,
        autocovariance=np.zeros_like(time),
        activity_autocovariance=np.zeros_like(time),
        residual=0.0,
        history=np.empty((0, 2)),
        parameters=parameters,
    )


def stationary_variance(
    g: float, noise: float, transfer: Transfer, *, refine: int = 1
) -> tuple[float, Floats]:
    """Return D0 from sigma^4/2 + V(D0; D0) = 0 (0 if quiescent), and the iteration history."""

    def relative_energy(log_variance: float) -> float:
        variance = math.exp(log_variance)
        return _energy(g, noise, transfer, variance, refine) / variance**2

    upper = math.log(max(largest_variance(transfer, g, math.sqrt(2.0) * noise), 1e-9))
    grid = np.linspace(math.log(1e-10), upper + 0.1, 120)
    found = largest_stable_root(relative_energy, grid)
    if found is None:
        return 0.0, np.empty((0, 2))
    root, history = found
    return math.exp(root), np.column_stack([np.exp(history[:, 0]), history[:, 1]])


def _energy(g: float, noise: float, transfer: Transfer, variance: float, refine: int) -> float:
    """Return sigma^4/2 + V(D0; D0), V(D) = -D^2/2 + g^2 F(D).

    F(D0) = Var(Phi(x)) with Phi the antiderivative of phi: one-dimensional, no series.
    """

    def primitive_variance(finer: int) -> float:
        x, weights = gaussian.gaussian_nodes(variance, refine=finer)
        half = x >= 0
        weights = weights[half] * np.where(x[half] > 0, 2.0, 1.0)
        primitive = transfer.antiderivative(x[half])
        return float(weights @ (primitive - weights @ primitive) ** 2)

    spread = gaussian.refined(primitive_variance, refine, "Var(int phi)")
    return noise**4 / 2.0 - variance**2 / 2.0 + g**2 * spread


class Autocovariance:
    """D(tau), interpolated through v(tau), where D = D0 / cosh(v)^2: smooth down to the tail."""

    def __init__(self, variance: float, v: Floats, lag: Floats) -> None:
        self.variance = variance
        self.last_lag = float(lag[-1])
        self._v_of_lag = interpolate.CubicSpline(lag, v)
        self._last_slope = float(self._v_of_lag(lag[-1], 1))
        self._last_v = float(v[-1])

    def __call__(self, lag: Floats) -> Floats:
        """Return D at an array of lags."""
        inside = self._v_of_lag(np.minimum(lag, self.last_lag))
        v = inside + self._last_slope * np.maximum(lag - self.last_lag, 0.0)
        return self.variance * np.cosh(np.minimum(v, 300.0)) ** -2.0

    def derivative(self, lag: Floats) -> Floats:
        """Return D'(tau) for tau > 0, and 0 at tau = 0, the mean of both sides."""
        inside = np.minimum(lag, self.last_lag)
        v = self._v_of_lag(inside) + self._last_slope * np.maximum(lag - self.last_lag, 0.0)
        slope = np.where(lag < self.last_lag, self._v_of_lag(inside, 1), self._last_slope)
        v = np.minimum(v, 300.0)
        return np.where(lag > 0, -2.0 * self.variance * np.tanh(v) * slope / np.cosh(v) ** 2, 0.0)

    def uniform_time(self, n_points: int) -> Floats:
        """Return lags from 0 until D has decayed."""
        return np.linspace(0.0, self.last_lag, n_points)


def stationary_autocovariance(g: float, noise: float, transfer: Transfer) -> Autocovariance | None:
    """Return D(tau) as a function of the lag, None for a quiescent network."""
    g, noise = check_real("g", g, low=0, high=1e100), check_real("noise", noise, low=0)
    require_odd(transfer, "rate flow")
    require_sublinear(transfer)
    variance, _ = stationary_variance(g, noise, transfer)
    if variance == 0.0:
        return None
    series = correlations(transfer, variance)
    return Autocovariance(variance, *_lag_of_v(g, noise, series, 1))


def _lag_of_v(
    g: float, noise: float, series: CorrelationSeries | CorrelationTable, refine: int
) -> tuple[Floats, Floats]:
    """Return v and tau(v) = int dD / sqrt(-2 V(D)) with D = D0 / cosh(v)^2.

    This variable removes the square-root singularity at D0 and the logarithm at 0.
    """
    d0 = series.variance
    push = g**2 * float(series.value(np.array(d0))) - d0  # -V'(D0), the curvature's sign
    # with weak noise the start is a boundary layer of this width; none at the transition, push = 0
    layer = noise**2 / math.sqrt(2.0 * abs(push) * d0) if noise > 0 and push else math.inf
    # and phi, on the scale of x, makes another
    first = min(0.05, layer / 3.0, 0.3 / math.sqrt(1.0 + d0))
    u = np.linspace(0.0, math.asinh(_LAST_V / first), 3000 * refine + 1)
    v = first * np.sinh(u)
    log_ratio = -np.log1p(np.sinh(v) ** 2)
    covariance = d0 * np.exp(log_ratio)
    near = v < 1.0
    potential = np.empty_like(v)
    # -V(D) = sigma^4/2 - [V(D) - V(D0)] near D0, and directly in the tail
    lost = -np.expm1(2.0 * log_ratio[near]) * d0**2 / 2.0
    potential[near] = noise**4 / 2.0 + g**2 * series.missing_integral(log_ratio[near]) - lost
    potential[~near] = covariance[~near] ** 2 / 2.0 - g**2 * series.integral(covariance[~near])
    if np.any(potential[1:] <= 0):
        raise ConvergenceError(
            "the potential has a barrier between D0 and 0, so that no decaying autocovariance "
            "starts at the largest root; check that phi saturates monotonically"
        )
    with np.errstate(invalid="ignore"):
        rate = 2.0 * np.tanh(v) * covariance / np.sqrt(2.0 * potential)
    if noise == 0:
        rate[0] = 2.0 * d0 / math.sqrt(2.0 * push * d0)
    slope = interpolate.CubicSpline(u, rate * first * np.cosh(u))
    return v, slope.antiderivative()(u)
