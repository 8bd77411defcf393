"""A few flipped units in a finite binary network: onset of growth, and survival.

One flipped unit causes R0 ~ sqrt(N) further flips per update interval.  Growth starts at R0 = 1,
but zero differing units is absorbing, so that long-lived differences need R0 of 2 to 3.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import integrate

from heavytail_snn.analysis.theory.binary_networks.replicas import active_units, stationary_distance
from heavytail_snn.analysis.theory.binary_networks.units import Floats
from heavytail_snn.core.errors import ConvergenceError, check_integer, check_real
from heavytail_snn.core.results import Result, field_of


@dataclass(frozen=True, kw_only=True)
class BinaryOnset(Result):
    """Fate of a few flipped units in a binary network of finite size.

    Parameters
    ----------
    r0 : float
        Flips that one flip induces per update interval, by the square-root law.
    flips_per_flip : float
        The same from the full loss of overlap at the distance of one flip.
    stationary_flips : float
        Number of differing units in the stationary state.
    survival : float
        Probability that the replicas still differ at `duration`.
    residual : float
        Change of the survival when the chain is integrated with a hundredfold tolerance.
    """

    r0: float = field_of()
    flips_per_flip: float = field_of()
    stationary_flips: float = field_of()
    survival: float = field_of(quantity="survival")
    residual: float = field_of()


def binary_onset(
    n_neurons: int,
    g: float,
    s: float,
    *,
    duration: float = 40.0,
    n_flips: int = 1,
    units: str = "sign",
    mean_coupling: float = 0.0,
    threshold: float = 0.0,
) -> BinaryOnset:
    """Predict whether flipping a few units of a finite binary network lasts.

    The number of differing units is a birth-death chain: every unit updates at rate 1 and comes
    out different with the probability that the mean-field overlap map gives for the present number.
    Weights are averaged over; zero is absorbing.

    Parameters
    ----------
    n_neurons : int
        At most 20000.
    g, s, units, mean_coupling, threshold :
        As in `binary_replicas`.
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

    Examples
    --------
    >>> round(binary_onset(2000, 1.0, 0.5).r0, 3)
    25.465
    """
    state = active_units(g, s, units, mean_coupling, threshold)
    n_neurons = check_integer("n_neurons", n_neurons, low=2, high=20000)
    n_flips = check_integer("n_flips", n_flips, low=1, high=n_neurons)
    duration = check_real("duration", duration, low=0)
    one_flip = state.distance_of_flips(1, n_neurons)
    flips = np.arange(n_neurons + 1)
    eps = np.minimum(state.weight * state.distance_of_flips(1, n_neurons) * flips, 2.0)
    different = state.gap(eps) / state.distance_of_flips(n_neurons, n_neurons)
    alive, residual = survival_of_chain(different, n_flips, duration)
    stationary = stationary_distance(state)[0] if state.weight > 0 else 0.0
    return BinaryOnset(
        r0=state.kappa / math.sqrt(one_flip),
        flips_per_flip=float(different[1]) * n_neurons,
        stationary_flips=stationary / one_flip,
        survival=alive,
        residual=residual,
        parameters={
            "n_neurons": n_neurons,
            "g": g,
            "s": s,
            "duration": duration,
            "n_flips": n_flips,
            "units": units,
            "mean_coupling": mean_coupling,
            "threshold": threshold,
        },
    )


def survival_of_chain(different: Floats, n_flips: int, duration: float) -> tuple[float, float]:
    """Return the survival probability of a birth-death chain and the numerical error.

    Parameters
    ----------
    different : (N + 1,) ndarray
        Probability that an updated unit differs between the replicas, when n units differ;
        `different[0]` must be 0.
    n_flips : int
        Number of differing units at time 0.
    duration : float
        In mean update intervals.
    """
    n_neurons = len(different) - 1
    flips = np.arange(n_neurons + 1)
    birth, death = (n_neurons - flips) * different, flips * (1.0 - different)
    bands = np.zeros((3, n_neurons))
    bands[0, 1:], bands[1], bands[2, :-1] = birth[1:-1], -(birth + death)[1:], death[2:]

    # backward equation for the probability to be alive, given the present number of flips
    def velocity(_: float, alive: Floats) -> Floats:
        change = bands[1] * alive
        change[:-1] += bands[0, 1:] * alive[1:]
        change[1:] += bands[2, :-1] * alive[:-1]
        return change

    def solve(tolerance: float) -> float:
        solution = integrate.solve_ivp(
            velocity,
            (0.0, duration),
            np.ones(n_neurons),
            method="LSODA",
            jac=lambda t, alive: bands,
            lband=1,
            uband=1,
            rtol=tolerance,
            atol=tolerance * 1e-2,
        )
        if not solution.success or not np.all(np.isfinite(solution.y[:, -1])):
            raise ConvergenceError(f"the birth-death chain did not integrate: {solution.message}")
        return float(solution.y[n_flips - 1, -1])

    alive = solve(1e-8)
    return alive, abs(alive - solve(1e-6))


def binary_onset_gain(n_neurons: int, s: float) -> float:
    """Return the gain of +-1 units at which one flip induces one flip, R0 = 1.

    Growth starts here; states that live long need R0 of 2 to 3, since zero flips is absorbing.

    Parameters
    ----------
    n_neurons : int
        At least 3.
    s : float
        Standard deviation of the threshold noise; the gain is proportional to it.

    Examples
    --------
    >>> round(binary_onset_gain(400, 1.0), 5)
    0.07878
    """
    n_neurons = check_integer("n_neurons", n_neurons, low=3)
    ratio = math.pi**2 / (4.0 * n_neurons)  # of g^2 to g^2 + s^2
    return check_real("s", s, low=0) * math.sqrt(ratio / (1.0 - ratio))
