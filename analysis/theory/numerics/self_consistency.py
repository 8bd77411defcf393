"""The one-dimensional fixed points of the mean-field theories: scan, bracket, polish.

The physical solution is the largest one at which the self-consistency function falls through zero
(the activity it feeds back exceeds the assumed one below, and stays behind above).
"""

from collections.abc import Callable

import numpy as np
from scipy import optimize

from heavytail_snn.analysis.theory.numerics.transfer import Floats
from heavytail_snn.core.errors import ConvergenceError


def largest_stable_root(
    excess: Callable[[float], float], grid: Floats, *, tolerance: float = 1e-13
) -> tuple[float, Floats] | None:
    """Return the largest root of `excess` with a sign change from + to -, and the iterations.

    Parameters
    ----------
    excess : callable
        Returned minus assumed value, as a function of the scanned variable.
    grid : (n,) ndarray
        Increasing points at which the sign is looked at.
    tolerance : float
        Absolute accuracy of the root.

    Returns
    -------
    (float, (m, 2) ndarray) or None
        Root and the history of (position, excess) of the polishing; None without such a change.

    Raises
    ------
    ConvergenceError
        If `excess` is not finite, or still positive at the last point (no bound in sight).
    """
    values = np.array([excess(point) for point in grid])
    if not np.all(np.isfinite(values)):
        raise ConvergenceError(
            f"the self-consistency function is not finite at {grid[~np.isfinite(values)][0]:.3g}; "
            "check phi for overflow"
        )
    if values[-1] > 0:
        raise ConvergenceError(
            f"no self-consistent solution up to {grid[-1]:.3g}: the activity grows without bound; "
            "use a bounded phi or a smaller gain"
        )
    falls = np.flatnonzero((values[:-1] > 0) & (values[1:] <= 0))
    if not len(falls):
        return None
    history: list[tuple[float, float]] = []

    def recorded(point: float) -> float:
        value = excess(point)
        history.append((point, value))
        return value

    root = optimize.brentq(
        recorded, grid[falls[-1]], grid[falls[-1] + 1], xtol=tolerance, rtol=8.9e-16
    )
    return float(root), np.array(history)
