"""Scale of the field in a random map with alpha-stable weights, for any transfer function.

The field of every neuron is alpha-stable at N = infinity; only its scale gamma is unknown.  It
predicts the size of the activity, not the exponent: for alpha < 2 none is known in closed form.
"""

import math
from dataclasses import dataclass

import numpy as np

from heavytail_snn.analysis.theory.numerics.self_consistency import largest_stable_root
from heavytail_snn.analysis.theory.numerics.stable_average import REMEDY_ALPHA, log_stable_nodes
from heavytail_snn.analysis.theory.numerics.transfer import (
    Floats,
    Phi,
    as_transfer,
    require_sublinear,
)
from heavytail_snn.core.errors import check_integer, check_real
from heavytail_snn.core.options import renamed
from heavytail_snn.core.results import Result, field_of

_SMALLEST_LOG_SCALE = -60.0


@dataclass(frozen=True, kw_only=True)
class StableMapTheory(Result):
    """Stationary state of x(t+1) = J phi(x(t)) with alpha-stable J, for N to infinity.

    Parameters
    ----------
    state : str
        "active" or "quiescent" (no scale above exp(-60); for alpha < 2 a phi with positive slope
        at 0 always has a positive scale, which may be smaller; `warnings` then says so).
    scale : float
        Scale gamma of the field: x = gamma z, characteristic function of z exp(-|k|^alpha).
    mean_absolute_activity, mean_square_activity : float
        E|phi(x)| and E phi(x)^2.
    residual : float
        Returned minus assumed scale.
    history : (m, 2) ndarray
        Scale and residual along the iteration.
    """

    state: str
    scale: float = field_of(quantity="field_scale")
    mean_absolute_activity: float = field_of(quantity="mean_absolute_activity")
    mean_square_activity: float = field_of(quantity="mean_square_activity")
    residual: float = field_of()
    history: Floats = field_of(dims=("iteration", "scale_and_residual"), repr=False)


@renamed(gain="g")
def stable_map(
    alpha: float,
    g: float,
    *,
    phi: Phi = "tanh",
    noise: float = 0.0,
    refine: int = 1,
) -> StableMapTheory:
    """Solve gamma^alpha = g^alpha E|phi(gamma z)|^alpha + noise^alpha for the largest gamma.

    Parameters
    ----------
    alpha : float
        Stability of the weights, in (0, 2].
    g : float
        **Stable convention**: W = g Z / N^(1/alpha), characteristic function of Z
        exp(-|k|^alpha).  At alpha = 2 the weights have variance 2 g^2 / N.
    phi : str or callable
        Any transfer function that grows more slowly than linearly; it need not be odd, and its
        derivative is not used.
    noise : float
        Scale of independent alpha-stable noise added to the field.
    refine : int
        Divides the quadrature step in ln|z|.

    Returns
    -------
    StableMapTheory
        With `state` "quiescent" where only gamma = 0 is left.

    Raises
    ------
    ParameterError
        For alpha outside (0, 2], g <= 0, negative noise, or phi that grows linearly.

    Notes
    -----
    For alpha < 2 the right side grows as gamma^alpha ln(1/gamma): silence is unstable at every
    gain (Kusmierz, Ogawa & Toyoizumi, arXiv 1910.05780; Xie, Mihalas & Kusmierz, arXiv
    2505.09816).

    Examples
    --------
    >>> round(stable_map(1.0, 1.0).scale, 5)
    0.51207
    """
    alpha = check_real("alpha", alpha, low=0, high=2, open_low=True, remedy=REMEDY_ALPHA)
    g = check_real("g", g, low=0, open_low=True)
    noise = check_real("noise", noise, low=0)
    refine = check_integer("refine", refine, low=1)
    transfer = as_transfer(phi)
    require_sublinear(transfer)
    log_z, weights = log_stable_nodes(alpha, step=0.02 / refine)

    def moment(log_scale: float, power: float) -> float:
        x = np.exp(np.minimum(log_scale + log_z, 690.0))
        sides = (x,) if transfer.odd else (x, -x)
        return float(np.mean([weights @ np.abs(transfer.value(side)) ** power for side in sides]))

    def relative_excess(log_scale: float) -> float:
        returned = g**alpha * moment(log_scale, alpha) + noise**alpha
        return math.log(returned) / alpha - log_scale if returned > 0 else -math.inf

    upper = math.log(g + noise) + 12.0 / alpha
    grid = np.concatenate(
        [np.linspace(_SMALLEST_LOG_SCALE, -8.0, 40), np.linspace(-7.9, max(upper, -7.0), 80)]
    )
    found = largest_stable_root(relative_excess, grid)
    log_scale, history = found if found is not None else (-math.inf, np.empty((0, 2)))
    scale = math.exp(log_scale)
    too_small = "for alpha < 2 a scale below exp(-60) may exist and is reported as zero"
    return StableMapTheory(
        state="quiescent" if found is None else "active",
        scale=scale,
        mean_absolute_activity=moment(log_scale, 1.0),
        mean_square_activity=moment(log_scale, 2.0),
        residual=0.0 if found is None else scale * math.expm1(relative_excess(log_scale)),
        history=np.column_stack([np.exp(history[:, 0]), history[:, 1]]),
        warnings=(too_small,) if found is None and alpha < 2 else (),
        parameters={"alpha": alpha, "g": g, "phi": transfer.name, "noise": noise},
    )
