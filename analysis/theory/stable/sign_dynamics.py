"""Asynchronous +-1 networks with alpha-stable weights: distance of two replicas over time.

dd/dt = -d + 1 - f_alpha(1 - d).  For alpha >= 1 the slope at d = 0 is infinite and any difference
grows; for alpha < 1 it is finite, and a perturbation grows only above an onset that, unlike that
of Gaussian networks, does not depend on the size of the network.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import integrate, interpolate, optimize

from heavytail_snn.analysis.theory.binary_networks.onset import survival_of_chain
from heavytail_snn.analysis.theory.binary_networks.replicas import check_times
from heavytail_snn.analysis.theory.numerics.arrays import check_array
from heavytail_snn.analysis.theory.numerics.transfer import Floats
from heavytail_snn.analysis.theory.stable.sign_map import (
    check_alpha,
    field_share,
    lost_overlap,
    small_distance_law,
)
from heavytail_snn.core.errors import ConvergenceError, check_integer, check_real
from heavytail_snn.core.results import Result, field_of

_SMALLEST = 1e-250
_SMALLEST_POWER = 0.02


@dataclass(frozen=True, kw_only=True)
class StableSignDynamics(Result):
    """Distance of two replicas of an asynchronous +-1 network with stable weights.

    Parameters
    ----------
    times : (n,) ndarray
        In mean update intervals.
    distance, overlap : (n,) or (n, m) ndarray
        d and 1 - d, for each of the m initial distances where a list was given.
    stationary_distance, stationary_overlap : float
        Attracting solution; distance 0 below the onset (alpha < 1).
    largest_exponent : float
        Growth rate of an infinitesimal distance, per mean update interval; inf for alpha >= 1.
    residual : float
        Loss of overlap minus distance at the stationary solution.
    history : (k, 2) ndarray
        ln(distance) and ln(lost overlap / distance) along its iteration.
    """

    times: Floats = field_of(dims=("time",), repr=False)
    distance: Floats = field_of(dims=("time", "pair"), repr=False)
    overlap: Floats = field_of(dims=("time", "pair"), repr=False)
    stationary_distance: float = field_of()
    stationary_overlap: float = field_of(quantity="overlap")
    largest_exponent: float = field_of(unit="1/update", quantity="largest_exponent")
    residual: float = field_of()
    history: Floats = field_of(dims=("iteration", "position_and_residual"), repr=False)


def stable_sign_dynamics(
    alpha: float,
    g: float,
    s: float,
    times: ArrayLike,
    *,
    initial_distance: ArrayLike,
    points_per_decade: int = 25,
) -> StableSignDynamics:
    """Follow the distance of two replicas with the same weights, update times and noise.

    Parameters
    ----------
    alpha, g, s : float
        As in `stable_sign_map` (stable convention).
    times : (n,) array_like
        Non-negative and increasing.
    initial_distance : float or (m,) array_like
        In (0, 2]; 2 k / N for k flipped units.
    points_per_decade : int
        Density of the table of the overlap map.

    Raises
    ------
    ParameterError
        For values outside their domain.
    ConvergenceError
        If the integration fails.

    Examples
    --------
    >>> theory = stable_sign_dynamics(0.8, 1.0, 0.564352, [40.0], initial_distance=1e-3)
    >>> round(theory.stationary_distance / 2, 5)
    0.03345
    """
    times = check_times(times)
    share = field_share(alpha, g, s)
    start = check_array("initial_distance", initial_distance, low=_SMALLEST, high=2)
    points_per_decade = check_integer("points_per_decade", points_per_decade, low=5, high=500)
    distance = _integrate(alpha, share, times, start, points_per_decade)
    if np.ndim(initial_distance) == 0:
        distance = distance[:, 0]
    stationary, residual, history = stationary_stable_distance(alpha, share)
    growth = small_distance_law(alpha).amplitude * share - 1.0 if alpha < 1 else math.inf
    return StableSignDynamics(
        times=times,
        distance=distance,
        overlap=1.0 - distance,
        stationary_distance=stationary,
        stationary_overlap=1.0 - stationary,
        largest_exponent=growth if share > 0 else -1.0,
        residual=residual,
        history=history,
        parameters={"alpha": alpha, "g": g, "s": s, "initial_distance": start},
    )


def _integrate(
    alpha: float, share: float, times: Floats, start: Floats, points_per_decade: int
) -> Floats:
    """Integrate d^q or ln d, with the ratio of lost overlap to distance from a table."""
    if share == 0.0:
        return np.exp(-times)[:, None] * start
    # a distance can shrink by at most exp(-t)
    low = math.log10(start.min() * share) - times[-1] / math.log(10.0) - 0.1
    n_points = math.ceil((math.log10(2.0) - low) * points_per_decade) + 4
    # two sides of the table: ln d below 1, where the map is a power law, and d itself above
    log_table = np.linspace(math.log(10.0) * max(low, -290.0), 0.0, n_points)
    below = interpolate.CubicSpline(
        log_table, np.log(lost_overlap(alpha, np.exp(log_table))) - log_table
    )

    def log_ratio(log_distance: Floats) -> Floats:
        # f is odd: beyond d = 1 the lost overlap is 2 minus that of the mirrored distance
        distance = np.exp(log_distance)
        mirrored = np.maximum(2.0 - distance, 1e-300)
        above = 2.0 - mirrored * np.exp(below(np.log(mirrored)))
        return np.where(
            distance <= 1.0, below(np.minimum(log_distance, 0.0)), np.log(above / distance)
        )

    # d^q grows at a finite rate from the smallest d; for q near 0 (alpha near 1) that is ln d
    q = max(1.0 - 1.0 / alpha, 0.0)
    if q < _SMALLEST_POWER:

        def velocity(_: float, log_distance: Floats) -> Floats:
            return share * np.exp(log_ratio(log_distance + math.log(share))) - 1.0

        return np.exp(_solve(velocity, times, np.log(start), 1e-10))

    def velocity_of_power(_: float, z: Floats) -> Floats:
        return q * z * (share * np.exp(log_ratio(np.log(z) / q + math.log(share))) - 1.0)

    return _solve(velocity_of_power, times, start**q, 1e-12 * float(start.min()) ** q) ** (1.0 / q)


def _solve(
    velocity: Callable[[float, Floats], Floats], times: Floats, start: Floats, atol: float
) -> Floats:
    # the velocity is largest at the start, where a long trial step would leave the table
    first = min(1e-3 / (1.0 + float(np.max(np.abs(velocity(0.0, start) / start)))), times[-1])
    solution = integrate.solve_ivp(
        velocity,
        (0.0, max(float(times[-1]), 1e-300)),
        start,
        method="DOP853",
        t_eval=times,
        first_step=first or None,
        rtol=1e-11,
        atol=atol,
    )
    if not solution.success or not np.all(np.isfinite(solution.y)):
        raise ConvergenceError(f"the distance could not be integrated: {solution.message}")
    return solution.y.T


def stationary_stable_distance(alpha: float, share: float) -> tuple[float, float, Floats]:
    """Return the attracting stationary distance, its residual and the iterations of ln(distance).

    Parameters
    ----------
    alpha : float
    share : float
        g^alpha / (g^alpha + s^alpha).

    Returns
    -------
    (float, float, (k, 2) ndarray)
        Distance 0 and no iterations below the onset kappa_alpha share = 1 for alpha < 1.
    """
    alpha = check_alpha(alpha)
    law = small_distance_law(alpha)
    at_zero = law.amplitude * share if alpha < 1 else math.inf
    if at_zero <= 1.0 or share == 0.0:
        return 0.0, 0.0, np.empty((0, 2))
    history: list[tuple[float, float]] = []

    def excess(log_distance: float) -> float:
        lost = float(lost_overlap(alpha, share * math.exp(log_distance)))
        history.append((log_distance, math.log(lost) - log_distance))
        return history[-1][1]

    # the lost overlap is concave below d = 1, so that the ratio falls through 1 exactly once;
    # rounding may put the solution of the noise-free network, d = 1, just above
    low, high = math.log(_SMALLEST), 1e-9
    if excess(high) > 0 or excess(low) < 0:
        raise ConvergenceError(
            f"the stationary distance is below {_SMALLEST:g}: too close to the onset, or too weak g"
        )
    root = optimize.brentq(excess, low, high, xtol=1e-13, rtol=8.9e-16)
    return math.exp(root), abs(excess(root)) * math.exp(root), np.array(history)


def onset_noise(alpha: float) -> float:
    """Return the ratio s/g of noise to weights above which perturbations of alpha < 1 networks die.

    (kappa_alpha - 1)^(1/alpha), the same for every size of network; inf for alpha >= 1, where a
    finite network decides by its size instead.

    Examples
    --------
    >>> round(onset_noise(0.8), 4)
    1.59
    """
    alpha = check_alpha(alpha)
    if alpha >= 1:
        return math.inf
    return (small_distance_law(alpha).amplitude - 1.0) ** (1.0 / alpha)


@dataclass(frozen=True, kw_only=True)
class StableSignOnset(Result):
    """Fate of a few flipped units in a network of finite size with stable weights.

    Parameters
    ----------
    flips_per_flip : float
        Flips induced by the first flip in its update interval.
    stationary_flips : float
        Number of differing units in the stationary state.
    survival : float
        Probability that the replicas still differ at `duration`.
    residual : float
        Change of the survival when the chain is integrated with a hundredfold tolerance.
    """

    flips_per_flip: float = field_of()
    stationary_flips: float = field_of()
    survival: float = field_of(quantity="survival")
    residual: float = field_of()


def stable_sign_onset(
    n_neurons: int, alpha: float, g: float, s: float, *, duration: float = 40.0, n_flips: int = 1
) -> StableSignOnset:
    """Predict whether flipping a few units of a finite +-1 network with stable weights lasts.

    The chain of `binary_onset` with the stable overlap map.  It averages over weights; in one
    network the strongest synapses are always the same, and survival is some hundredths lower.

    Parameters
    ----------
    n_neurons : int
        At most 20000.
    alpha, g, s : float
        As in `stable_sign_map` (stable convention).
    duration : float
        In mean update intervals.
    n_flips : int
        Units flipped at the start.

    Raises
    ------
    ParameterError
        For values outside their domain.
    ConvergenceError
        If the chain cannot be integrated.
    """
    n_neurons = check_integer("n_neurons", n_neurons, low=2, high=20000)
    n_flips = check_integer("n_flips", n_flips, low=1, high=n_neurons)
    share = field_share(alpha, g, s)
    distance = 2.0 * np.arange(n_neurons + 1) / n_neurons
    different = lost_overlap(alpha, np.minimum(share * distance, 2.0)) / 2.0
    duration = check_real("duration", duration, low=0)
    alive, residual = survival_of_chain(different, n_flips, duration)
    return StableSignOnset(
        flips_per_flip=n_neurons * float(different[1]),
        stationary_flips=stationary_stable_distance(alpha, share)[0] * n_neurons / 2.0,
        survival=alive,
        residual=residual,
        parameters={
            "n_neurons": n_neurons,
            "alpha": alpha,
            "g": g,
            "s": s,
            "duration": duration,
            "n_flips": n_flips,
        },
    )
