"""Two replicas of a binary network: their overlap over time and its stationary value.

Both replicas share weights, update times and (by default) threshold noise.  The lost overlap per
update grows like the square root of the distance, so that the growth rate is infinite for N to
infinity; what a finite network does is in `binary_onset`.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import integrate, optimize

from heavytail_snn.analysis.theory.binary_networks.units import BinaryUnits, Floats, binary_units
from heavytail_snn.analysis.theory.numerics.arrays import check_array
from heavytail_snn.core.errors import ConvergenceError, ParameterError, check_choice, check_real
from heavytail_snn.core.results import Result, field_of

NOISE = ("shared", "independent")


@dataclass(frozen=True, kw_only=True)
class ReplicaOverlap(Result):
    """Overlap of two replicas of a binary network for N to infinity.

    Parameters
    ----------
    times : (n,) ndarray
        In mean update intervals.
    distance, overlap : (n,) ndarray
        d = Q(0) - <S1 S2> and <S1 S2> (+-1 units: Q(0) = 1).
    stationary_distance, stationary_overlap : float
        Attracting solution, reached from any d > 0.
    kappa : float
        Coefficient of the square-root law of the loss of overlap at small d.
    residual, history : float, (m, 2) ndarray
        Of the stationary distance: loss minus distance, and the iterations of ln(distance).
    """

    times: Floats = field_of(dims=("time",), repr=False)
    distance: Floats = field_of(dims=("time",), repr=False)
    overlap: Floats = field_of(dims=("time",), repr=False)
    stationary_distance: float = field_of()
    stationary_overlap: float = field_of(quantity="overlap")
    kappa: float = field_of()
    residual: float = field_of()
    history: Floats = field_of(dims=("iteration", "position_and_residual"), repr=False)


def binary_replicas(
    g: float,
    s: float,
    times: ArrayLike,
    *,
    initial_distance: float,
    units: str = "sign",
    mean_coupling: float = 0.0,
    threshold: float = 0.0,
    noise: str = "shared",
    tolerance: float = 1e-10,
) -> ReplicaOverlap:
    """Follow the overlap of two replicas started at a given distance.

    Parameters
    ----------
    g, s : float
        Weights have variance g^2/N (Gaussian convention); s is the sd of the threshold noise.
    times : (n,) array_like
        Non-negative and increasing, in mean update intervals.
    initial_distance : float
        d at time 0; 2/N for one flipped +-1 unit, 1/(2N) for one 0/1 unit.  0 means identical
        replicas, which stay identical under shared noise.
    units : {"sign", "zero_one"}
    mean_coupling, threshold : float
        Of 0/1 units.
    noise : {"shared", "independent"}
        Whether the replicas see the same threshold noise.
    tolerance : float
        Relative tolerance of the integration.

    Raises
    ------
    ParameterError
        For values outside their domain, or where 0/1 units have no active state.

    Notes
    -----
    +-1 units: dc/dt = -c + (2/pi) asin((g^2 c + s^2) / (g^2 + s^2)), in agreement with what Keup,
    Kuehn, Dahmen & Helias, PRX 11, 021064 (2021) report.  Integrated in the square root of the
    lost input correlation, in which the equation is smooth.

    Examples
    --------
    >>> curve = binary_replicas(1.0, 0.5, [1.0, 4.0], initial_distance=2 / 2000)
    >>> [round(float(c), 4) for c in curve.overlap]
    [0.8863, 0.4841]
    """
    state = active_units(g, s, units, mean_coupling, threshold)
    times = check_times(times)
    # replicas may be anticorrelated, but their inputs not by more than -1
    high = min(2.0 * state.mean_square, 2.0 / max(state.weight, 1e-300))
    initial_distance = check_real("initial_distance", initial_distance, low=0, high=high)
    floor = 0.0 if check_choice("noise", noise, NOISE) == "shared" else state.noise_share
    distance = overlap_distance(state, times, initial_distance, floor, tolerance)[:, 0]
    stationary, residual, history = stationary_distance(state, floor)
    return ReplicaOverlap(
        times=times,
        distance=distance,
        overlap=state.mean_square - distance,
        stationary_distance=stationary,
        stationary_overlap=state.mean_square - stationary,
        kappa=state.kappa,
        residual=residual,
        history=history,
        parameters={
            "g": g,
            "s": s,
            "initial_distance": initial_distance,
            "units": units,
            "mean_coupling": mean_coupling,
            "threshold": threshold,
            "noise": noise,
        },
    )


def overlap_distance(
    state: BinaryUnits,
    times: Floats,
    initial_distance: ArrayLike,
    floor: ArrayLike,
    tolerance: float = 1e-10,
) -> Floats:
    """Return the distance of replicas, shape (n_times, n_pairs).

    Parameters
    ----------
    state : BinaryUnits
    times : (n_times,) ndarray
        Non-negative, increasing.
    initial_distance, floor : float or (n_pairs,) array_like
        Distance at time 0, and the input correlation lost for reasons other than the replicas'
        distance (different stimuli, independent noise), as a share of the input's variance.

    Raises
    ------
    ConvergenceError
        If the integration fails.
    """
    start, floor = np.broadcast_arrays(np.atleast_1d(initial_distance), np.atleast_1d(floor))
    # with w^2 = floor + weight d the square-root singularity of the map disappears
    root = np.sqrt(floor + state.weight * start)
    if state.weight == 0.0:
        decay = np.exp(-times)[:, None]
        return start * decay + (1.0 - decay) * state.gap(floor)
    moving = root > 0  # identical replicas stay identical
    distance = np.zeros((len(times), len(start)))
    if np.any(moving):
        squared = _integrate(state, times, root[moving], floor[moving], tolerance) ** 2
        distance[:, moving] = (squared - floor[moving]) / state.weight
    # at small times the difference above cancels where the floor is large; times 0 are exact
    distance[times == 0] = start
    return distance


def _integrate(
    state: BinaryUnits, times: Floats, root: Floats, floor: Floats, tolerance: float
) -> Floats:
    def velocity(_: float, w: Floats) -> Floats:
        squared = w * w
        return (floor - squared + state.weight * state.gap(squared)) / (2.0 * w)

    solution = integrate.solve_ivp(
        velocity,
        (0.0, max(float(times[-1]), 1e-300)),
        root,
        method="DOP853",
        t_eval=times,
        rtol=check_real("tolerance", tolerance, low=1e-13, high=1e-3),
        atol=tolerance * 1e-4 * float(root.min()),
    )
    if not solution.success or not np.all(np.isfinite(solution.y)):
        raise ConvergenceError(f"the overlap equation could not be integrated: {solution.message}")
    return solution.y.T


def stationary_distance(state: BinaryUnits, floor: float = 0.0) -> tuple[float, float, Floats]:
    """Return the attracting stationary distance, its residual and the iterations.

    Raises
    ------
    ConvergenceError
        If no solution is bracketed.
    """
    if state.weight == 0.0:
        distance = float(state.gap(floor))
        return distance, 0.0, np.empty((0, 2))
    history: list[tuple[float, float]] = []

    def excess(log_distance: float) -> float:
        distance = math.exp(log_distance)
        value = float(state.gap(floor + state.weight * distance)) / distance - 1.0
        history.append((log_distance, value))
        return value

    # sign units: c* > -0.5 covers rounding at c* = 0; 0/1 units: the overlap exceeds m^2 / 2
    low = 2.0 * math.log(max(state.kappa, 1e-140)) - 10.0
    high = math.log(state.mean_square * (1.4 if state.kind == "sign" else 1.0))
    if state.kind == "zero_one":
        high = math.log(state.mean_square - 0.5 * state.mean_activity**2)
    if not excess(low) > 0 > excess(high):
        raise ConvergenceError(
            f"no stationary overlap between distances {math.exp(low):.3g} and {math.exp(high):.3g}"
        )
    root = optimize.brentq(excess, low, high, xtol=1e-14, rtol=8.9e-16)
    return math.exp(root), abs(excess(root)) * math.exp(root), np.array(history)


def active_units(
    g: float, s: float, units: str, mean_coupling: float, threshold: float
) -> BinaryUnits:
    """Return the stationary units; raise where 0/1 units are silent."""
    state = binary_units(g, s, kind=units, mean_coupling=mean_coupling, threshold=threshold)
    if state is None:
        raise ParameterError(
            "threshold",
            threshold,
            "must leave 0/1 units active, but no active state exists",
            "raise g, J0 or the noise s, or lower the threshold",
        )
    return state


def check_times(times: ArrayLike) -> Floats:
    """Return times as a float array, non-negative and strictly increasing, else raise."""
    array = check_array("times", times, low=0)
    if np.any(np.diff(array) <= 0):
        raise ParameterError("times", times, "must be strictly increasing")
    return array
