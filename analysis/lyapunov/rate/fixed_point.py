"""Lyapunov exponents of a rate network that has come to rest: eigenvalues, no averaging.

At a fixed point all Jacobians of the trajectory are one matrix, and its exponents are the
logarithms of the moduli of its eigenvalues.  A product of that matrix with orthonormal vectors
finds them only to the inverse of its length: pairs of complex eigenvalues turn for ever, and close
ones part slowly.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from heavytail_snn.core.arrays import like, to_numpy

_SLOW = 1e-4  # change per unit of time, relative to the scale, below which rest is looked for
_NEAR = 1e-2  # largest distance of the point of rest, likewise
_ROUNDS = 12
_LARGEST = 2000  # neurons; the eigenvalues of more take minutes

Step = Callable[[Any], tuple[Any, Any]]


def exponents_at_rest(step: Step, state: Any, dt: float, scale: float) -> np.ndarray | None:
    """Return all exponents, descending, if `state` lies next to an attracting fixed point.

    Parameters
    ----------
    step : callable
        ``x -> (next x, Jacobian)``, without inputs.
    state : (n,) array
        Finite.
    dt : float
        Time of a step.
    scale : float
        Size of a state that is not small, such as that of the initial one.

    Returns
    -------
    (n,) ndarray or None
        Per unit of time, for the numerical map; -inf for a vanishing eigenvalue.  None if the state
        still moves, the fixed point does not attract or the network is larger than 2000 neurons.
    """
    n = int(state.shape[0])
    point = _fixed_point(step, state, dt, scale) if n <= _LARGEST else None
    if point is None:
        return None
    moduli = np.abs(np.linalg.eigvals(_matrix(step(point)[1], n, point)))
    with np.errstate(divide="ignore"):
        exponents = np.sort(np.log(moduli))[::-1] / dt
    return exponents if exponents[0] < 0 else None


def _fixed_point(step: Step, state: Any, dt: float, scale: float) -> Any:
    """Polish a state that hardly moves by Newton's method; None where that leads elsewhere."""
    n, start = int(state.shape[0]), to_numpy(state).astype(np.float64)
    scale = max(scale, float(np.abs(start).max()))
    moved = to_numpy(step(state)[0]) - start
    if not np.abs(moved).max() <= _SLOW * dt * scale:
        return None
    x = start
    for _ in range(_ROUNDS):
        there = like(x, state)
        following, jacobian = step(there)
        excess = to_numpy(following) - x
        if np.abs(excess).max() <= 4 * np.finfo(start.dtype).eps * scale:
            break
        try:
            x = x - np.linalg.solve(_matrix(jacobian, n, state) - np.eye(n), excess)
        except np.linalg.LinAlgError:
            return None
    far = float(np.abs(x - start).max())
    return like(x, state) if math.isfinite(far) and far <= _NEAR * scale else None


def _matrix(jacobian: Any, n: int, reference: Any) -> np.ndarray:
    return to_numpy(jacobian @ like(np.eye(n), reference)).astype(np.float64)
