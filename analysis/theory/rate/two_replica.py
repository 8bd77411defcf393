"""Distance of two trajectories of one rate network over time, on the full two-time grid.

Both replicas share the weights (and the noise); x1 is stationary, x2 starts as a mixture of x1 and
an independent vector.  The unknowns are differences of correlation functions, E = C11 - C12 and
G = C11 - C22, because subtracting the functions themselves loses small distances.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import interpolate, signal

from heavytail_snn.analysis.theory.numerics.correlation_series import CorrelationSeries
from heavytail_snn.analysis.theory.numerics.correlation_table import converged_series
from heavytail_snn.analysis.theory.numerics.transfer import Floats, Function, Phi, as_transfer
from heavytail_snn.analysis.theory.rate.flow import Autocovariance, stationary_autocovariance
from heavytail_snn.core.errors import ConvergenceError, ParameterError, check_real
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.core.showing import Rows, along

_TABLE_POINTS = 4001  # per function, over all covariances
_MAX_ITERATIONS = 400
_TOLERANCE = 1e-10


@dataclass(frozen=True, kw_only=True)
class TwoReplicaTheory(Result):
    """Distance of two replicas of a random rate flow for N to infinity.

    Parameters
    ----------
    time : (n,) ndarray
        In time constants, from the moment of the perturbation.
    distance : (n,) ndarray
        d(t) = <(x1 - x2)^2> / <x1^2 + x2^2>: 0 for equal, 1 for independent replicas.
    residual : float
        Last change of the two-time functions, relative to the largest of their values.
    history : (m,) ndarray
        This change at each iteration.
    """

    time: Floats = field_of(unit="tau", dims=("time",), repr=False)
    distance: Floats = field_of(dims=("time",), repr=False)
    residual: float = field_of()
    history: Floats = field_of(dims=("iteration",), repr=False)

    def highlights(self) -> Rows:
        """Return the distance at the start, half-way and at the end."""
        return [("distance", along(self.distance, self.time, "tau"))]


def two_replica(
    g: float,
    perturbation: float,
    *,
    noise: float = 0.0,
    duration: float = 20.0,
    past: float = 30.0,
    dt: float = 0.1,
    phi: Phi = "tanh",
    derivative: Function | None = None,
) -> TwoReplicaTheory:
    """Return the mean-field distance of two replicas after x2(0) = r x1(0) + e zeta.

    Parameters
    ----------
    g : float
        Gain, **Gaussian convention**, in a state with activity (chaotic or driven by noise).
    perturbation : float
        e in [1e-150, 1], whose square is a number; r = sqrt(1 - e^2) and zeta is independent with
        the variance of x.  The initial distance is 1 - r.
    noise : float
        White noise as in `rate_flow`, the same for both replicas.
    duration, past : float
        Times after and before the perturbation, in time constants; `past` must exceed the
        correlation time.
    dt : float
        Step; the error is of second order.
    phi, derivative :
        Odd transfer function, see `as_transfer`.

    Returns
    -------
    TwoReplicaTheory

    Raises
    ------
    ParameterError
        For a perturbation outside its interval, or a quiescent network, which has no two states.
    ConvergenceError
        If the two-time iteration does not settle.

    Notes
    -----
    The equations are derived in the project and keep the transient change of the perturbed
    replica's own covariance (G): dropping it is wrong by a factor of 3 to 5.  The distance first
    shrinks along contracting directions and then grows at twice the largest exponent.
    """
    perturbation = check_real("perturbation", perturbation, low=1e-150, high=1)
    duration = check_real("duration", duration, low=0, open_low=True)
    dt = check_real("dt", dt, low=0, high=min(1.0, duration / 4.0), open_low=True)
    past = check_real("past", past, low=dt)
    transfer = as_transfer(phi, derivative)
    covariance_of_lag = stationary_autocovariance(g, noise, transfer)
    if covariance_of_lag is None:
        raise ParameterError("g", g, "must lie above the onset of activity", "raise g or add noise")
    n_past, n_steps = round(past / dt), round(duration / dt)
    grid = _TwoTimes.build(covariance_of_lag, n_past, n_steps, dt, perturbation)
    series = converged_series(transfer, covariance_of_lag.variance, "the theory of two replicas")
    cross, own, history = _iterate(g, grid, series)
    d0, own_now = covariance_of_lag.variance, np.diagonal(own)
    distance = (np.diagonal(cross[n_past:]) - own_now / 2.0) / (d0 - own_now / 2.0)
    return TwoReplicaTheory(
        time=dt * np.arange(n_steps + 1),
        distance=distance,
        residual=float(history[-1]),
        history=history,
        parameters={
            "g": g,
            "noise": noise,
            "perturbation": perturbation,
            "phi": transfer.name,
            "past": past,
            "dt": dt,
        },
    )


class _Nonlinearity:
    """f(C) - f(C - lost) and h(C - lost) on a grid of C, by splines: the series is slow there."""

    def __init__(self, series: CorrelationSeries, covariance: Floats) -> None:
        points = np.linspace(-series.variance, series.variance, _TABLE_POINTS)
        self._value = interpolate.CubicSpline(points, series.value(points))
        self._slope = self._value.derivative()
        self._response = interpolate.CubicSpline(points, series.variance_response(points))
        self._covariance = covariance
        self._undisturbed = self._value(covariance)
        self._tiny = 1e-6 * series.variance

    def difference(self, lost: Floats) -> Floats:
        """Return f(C) - f(C - lost), through f' where the difference would cancel."""
        difference = self._undisturbed - self._value(self._covariance - lost)
        tiny = np.abs(lost) < self._tiny
        middle = self._covariance[tiny] - lost[tiny] / 2.0
        difference[tiny] = self._slope(middle) * lost[tiny]
        return difference

    def variance_response(self, lost: Floats) -> Floats:
        """Return h(C - lost)."""
        return self._response(self._covariance - lost)


@dataclass(frozen=True)
class _TwoTimes:
    """Stationary covariance on the two-time grid and the boundary data at the perturbation.

    Rows are t (from -past for the cross functions, from 0 for the own), columns s from 0.
    """

    decay: float
    n_past: int
    stationary: Floats
    relaxed_start: Floats
    own_start: Floats
    keep: float

    @classmethod
    def build(
        cls, covariance: Autocovariance, n_past: int, n_steps: int, dt: float, perturbation: float
    ) -> "_TwoTimes":
        t, s = dt * np.arange(-n_past, n_steps + 1), dt * np.arange(n_steps + 1)
        keep = math.sqrt(1.0 - perturbation**2)
        lost = perturbation**2 / (1.0 + keep)  # 1 - keep, without cancellation
        at_lag = covariance(np.abs(t))
        slope = np.sign(t) * covariance.derivative(np.abs(t))
        return cls(
            decay=math.exp(-dt),
            n_past=n_past,
            stationary=covariance(np.abs(t[:, None] - s)),
            relaxed_start=lost * (slope + at_lag),
            own_start=lost * covariance(s) - perturbation**2 * np.exp(-s) * covariance.variance,
            keep=keep,
        )


def _iterate(g: float, grid: _TwoTimes, series: CorrelationSeries) -> tuple[Floats, Floats, Floats]:
    """Solve (d_t + 1)(d_s + 1) E = g^2 [f(C) - f(C - E) + h(C - E) G(s, s)], and for G alike."""
    now = grid.n_past
    cross, own = np.zeros_like(grid.stationary), np.zeros_like(grid.stationary[now:])
    of_cross = _Nonlinearity(series, grid.stationary)
    of_own = _Nonlinearity(series, grid.stationary[now:])
    history: list[float] = []
    for _ in range(_MAX_ITERATIONS):
        own_now = np.diagonal(own)
        source: Floats = of_cross.difference(cross) + of_cross.variance_response(cross) * own_now
        relaxed = _relax(g**2 * source, grid.relaxed_start, grid.decay)
        new_cross = _relax(relaxed.T, np.zeros(relaxed.shape[1]), grid.decay).T
        # (d_s + 1) E at t = 0, for the start of G, by inverting in the other order
        at_perturbation = _relax(g**2 * source[: now + 1].T, np.zeros(source.shape[1]), grid.decay)[
            :, -1
        ]
        source = of_own.difference(own)
        source += of_own.variance_response(own) * (own_now[:, None] + own_now)
        start = grid.relaxed_start[now:] + grid.keep * at_perturbation
        relaxed = _relax(g**2 * source, start, grid.decay)
        new_own = _relax(relaxed.T, grid.own_start + grid.keep * new_cross[now], grid.decay)
        new_own = (new_own + new_own.T) / 2.0  # the two orders of inversion differ by O(dt^2)
        change = max(np.abs(new_cross - cross).max(), np.abs(new_own - own).max())
        cross, own = new_cross, new_own
        # relative to the differences themselves, which are of the order of perturbation^2
        history.append(change / max(np.abs(cross).max(), np.abs(own).max()))
        if len(history) > 1 and history[-1] < _TOLERANCE:
            return cross, own, np.array(history)
    raise ConvergenceError(
        f"the replicas' covariances still change by {history[-1]:.2g} (relative) after "
        f"{_MAX_ITERATIONS} iterations; use a shorter duration"
    )


def _relax(source: Floats, start: Floats, decay: float) -> Floats:
    """Solve (d + 1) y = source along the last axis from y = start (exponential trapezoid)."""
    half = (1.0 - decay) / 2.0
    state = (start - half * source[:, 0])[:, None]
    return signal.lfilter([half, half], [1.0, -decay], source, axis=1, zi=state)[0]
