"""Largest Lyapunov exponent of the rate flow: the ground state of a Schroedinger operator.

The distance of two trajectories obeys -psi'' + W psi = E psi with W(tau) = 1 - g^2 f'(D(tau)), on
the even (Neumann) half line; lambda = -1 + sqrt(1 - E0).
"""

import math
from collections.abc import Callable
from typing import Protocol

import numpy as np
from scipy import linalg, optimize

from heavytail_snn.analysis.theory.numerics.correlation_series import CorrelationSeries
from heavytail_snn.analysis.theory.numerics.correlation_table import CorrelationTable
from heavytail_snn.analysis.theory.numerics.transfer import Floats
from heavytail_snn.core.errors import ConvergenceError

_CELLS = 3000
_FINEST = 60.0  # a fiftieth of the well's width, times the number of cells
_ACCURACY = 1e-3  # between the two grids; the extrapolated value is better by more than ten


class CovarianceFunction(Protocol):
    """D(tau) at any lag, and the lag at which it has decayed."""

    last_lag: float

    def __call__(self, lag: Floats) -> Floats:
        """Return D at an array of lags."""


def even_ground_state(
    g: float,
    series: CorrelationSeries | CorrelationTable,
    autocovariance: CovarianceFunction,
    *,
    refine: int = 1,
) -> float:
    """Return the lowest even eigenvalue E0 of -d^2/dtau^2 + 1 - g^2 f'(D(tau)).

    Parameters
    ----------
    g : float
        Gain, Gaussian convention.
    series : CorrelationSeries or CorrelationTable
        Gives f' at the stationary variance.
    autocovariance : callable
        D(tau), see `CovarianceFunction`.
    refine : int
        Multiplies the number of cells.

    Raises
    ------
    ConvergenceError
        If two grids differ by more than 1e-3.

    Notes
    -----
    Cell-centred finite volumes: a node at tau = 0 would impose psi(0) = 0 and return the odd state
    (E = 0, lambda = 0).  The cells are graded, and the O(h^2) error is removed by Richardson
    extrapolation.  Sompolinsky, Crisanti & Sommers, PRL 61, 259 (1988).
    """
    length = 3.0 * autocovariance.last_lag  # a shallow bound state reaches further than D
    # the well is as wide as the time in which D falls by the square of the width of phi
    grading = _grading(_FINEST / math.sqrt(1.0 + series.variance) / length)
    coarse, fine = (
        _lowest_eigenvalue(
            lambda lag: 1.0 - g**2 * series.slope(autocovariance(lag)),
            length,
            n_cells * refine,
            grading,
        )
        for n_cells in (_CELLS, 2 * _CELLS)
    )
    if not abs(fine - coarse) <= _ACCURACY * (1.0 + abs(fine)):
        raise ConvergenceError(
            f"the ground state differs by {abs(fine - coarse):.2g} between two grids: its well is "
            "not resolved; raise refine"
        )
    # f' is smallest at D = 0, so there is a bound state below the continuum; where it is too
    # shallow for the finite length, the continuum's edge is its limit
    edge = 1.0 - g**2 * float(series.slope(np.zeros(1))[0])
    return min(fine + (fine - coarse) / 3.0, edge)


def _grading(finest: float) -> float:
    """Return x >= 6 such that x / sinh(x) cells per length are as fine as told."""
    return float(optimize.brentq(lambda x: x / math.sinh(x) - min(finest, 0.02), 1.0, 600.0))


def _lowest_eigenvalue(
    well: Callable[[Floats], Floats], length: float, n_cells: int, grading: float
) -> float:
    """Return the lowest eigenvalue with psi' = 0 at 0 and psi = 0 at `length`."""
    # the well is narrow at tau = 0 and the tail long: spacing grows from length/n/sinh factor
    edges = np.sinh(np.linspace(0.0, grading, n_cells + 1)) * length / np.sinh(grading)
    centres = np.sinh(np.linspace(0.0, grading, 2 * n_cells + 1)[1::2]) * length / np.sinh(grading)
    width = np.diff(edges)
    coupling = 1.0 / np.diff(centres)
    outflow = np.concatenate([coupling, [1.0 / (length - centres[-1])]])
    outflow[1:] += coupling
    diagonal = outflow / width + well(centres)
    off_diagonal = -coupling / np.sqrt(width[1:] * width[:-1])
    return float(
        linalg.eigh_tridiagonal(
            diagonal, off_diagonal, eigvals_only=True, select="i", select_range=(0, 0)
        )[0]
    )
