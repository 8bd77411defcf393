"""Static instability of a LIF network: when a small change of the rates grows from cell to cell.

A change of the rates of the presynaptic neurons moves the mean inputs by random amounts; these
move the rates again. The mean square grows where the squared static gain exceeds 1.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from heavytail_snn.analysis.theory.lif.network import LIFCircuit, lif_network
from heavytail_snn.core.errors import ConvergenceError, ParameterError, check_integer, check_real
from heavytail_snn.core.results import Result, field_of


@dataclass(frozen=True, kw_only=True)
class LIFStability(Result):
    """Static gain of a LIF network at its self-consistent rate."""

    squared_gain: float = field_of()
    unstable: bool
    rate: float = field_of(unit="Hz", quantity="rate")
    susceptibility: float = field_of(unit="Hz/V")
    mean_gain: float = field_of()


@dataclass(frozen=True, kw_only=True)
class LIFCriticalWeight(Result):
    """Weights at which the squared static gain of a LIF network passes 1."""

    weight: tuple[float, ...]
    factor: float = field_of()
    all_factors: NDArray = field_of(dims=("crossing",))
    rate: float = field_of(unit="Hz", quantity="rate")
    residual: float = field_of()
    history: NDArray = field_of(dims=("iteration",))


def lif_stability(circuit: LIFCircuit) -> LIFStability:
    """Return the squared static gain ``sum_k <J_k^2> tau^2 <(d rate / d mean)^2>`` of a network.

    Parameters
    ----------
    circuit : LIFCircuit

    Returns
    -------
    LIFStability
        ``squared_gain``, growth of the mean square of a random perturbation of the rates per
        passage (unstable above 1); ``mean_gain``, growth of a uniform perturbation.

    Raises
    ------
    ParameterError, ConvergenceError
        As `lif_network`.

    Notes
    -----
    The analogue of g^2 <phi'^2> = 1 of rate networks. It is a crossover indicator, not a sharp
    transition: fast synapses blur it (Ostojic, Nat. Neurosci. 17, 594 (2014); Kadmon &
    Sompolinsky, Phys. Rev. X 5, 041030 (2015)).
    """
    state = lif_network(circuit)
    square = float(state.probability @ state.susceptibilities**2)
    gain = circuit.summed_square * circuit.tau**2 * square
    return LIFStability(
        squared_gain=gain,
        unstable=gain > 1,
        rate=state.rate,
        susceptibility=state.susceptibility,
        mean_gain=circuit.summed_weight * circuit.tau * state.susceptibility,
        parameters={"circuit": circuit},
    )


def lif_critical_weight(
    circuit: LIFCircuit,
    *,
    smallest: float = 0.01,
    largest: float = 100.0,
    n_grid: int = 41,
) -> LIFCriticalWeight:
    """Scale all weights of a circuit until the squared static gain passes 1 from below.

    Parameters
    ----------
    circuit : LIFCircuit
    smallest, largest : float
        Range of the factor on the weights that is searched.
    n_grid : int
        Number of factors, equally spaced in the logarithm, between which crossings are sought.

    Returns
    -------
    LIFCriticalWeight
        ``weight`` of each synapse class (V) and ``factor`` at the first crossing;
        ``all_factors``, every crossing, since the gain is not monotone in the weights.

    Raises
    ------
    ParameterError
        If the range is empty.
    ConvergenceError
        If the gain does not pass 1 in the range.
    """
    low = check_real("smallest", smallest, low=0.0, open_low=True)
    high = check_real("largest", largest, low=low, open_low=True)
    n_grid = check_integer("n_grid", n_grid, low=2)
    if not isinstance(circuit, LIFCircuit):
        raise ParameterError("circuit", circuit, "must be a LIFCircuit")

    def excess(log_factor: float) -> float:
        return float(np.log(lif_stability(circuit.scaled(np.exp(log_factor))).squared_gain))

    grid = np.linspace(np.log(low), np.log(high), n_grid)
    values = np.array([excess(x) for x in grid])
    starts = np.flatnonzero(np.sign(values[:-1]) * np.sign(values[1:]) < 0)
    if not starts.size or values[starts[0]] > 0:
        raise ConvergenceError(
            f"the squared static gain does not pass 1 from below for factors in [{low:g}, "
            f"{high:g}] (it goes from {np.exp(values[0]):.3g} to {np.exp(values[-1]):.3g}); "
            "widen the range"
        )
    roots = [brentq(excess, grid[i], grid[i + 1], xtol=1e-12) for i in starts]
    critical = circuit.scaled(float(np.exp(roots[0])))
    return LIFCriticalWeight(
        weight=critical.weight,
        factor=float(np.exp(roots[0])),
        all_factors=np.exp(roots),
        rate=lif_network(critical).rate,
        residual=abs(excess(roots[0])),
        history=values,
        parameters={"circuit": circuit, "smallest": low, "largest": high},
    )
