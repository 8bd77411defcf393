"""Mean field of the random rate map x(t+1) = g J phi(x(t)) with Gaussian weights.

The field is white in time, so that one variance and one average give everything: the exponent,
the dimension, and the spectrum (rate_map_spectrum).
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from heavytail_snn.analysis.theory.numerics import gaussian
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
from heavytail_snn.core.errors import check_choice, check_integer, check_real
from heavytail_snn.core.results import Result, field_of

_CONVENTIONS = {"gaussian": 1.0, "stable": math.sqrt(2.0)}


@dataclass(frozen=True, kw_only=True)
class RateMapTheory(Result):
    """Stationary state of the random rate map for N to infinity.

    Parameters
    ----------
    state : str
        "chaotic", "quiescent" (no self-consistent activity: x = 0), or "driven" (the noise keeps
        the network active, and trajectories with the same noise converge).
    field_variance : float
        Variance D0 of the field x, including the noise.
    activity_variance : float
        Variance <phi^2> of the activity.
    largest_exponent : float
        Per step.
    mean_slope : float
        g <phi'>.
    participation_ratio_per_neuron, field_participation_ratio_per_neuron : float
        PR/N of the activity phi(x) and of the field x; nan in the quiescent state (0/0).
    residual : float
        Returned minus assumed field variance.
    history : (m, 2) ndarray
        Field variance and residual along the iteration.
    """

    state: str
    field_variance: float = field_of(quantity="variance")
    activity_variance: float = field_of(quantity="activity_variance")
    largest_exponent: float = field_of(unit="1/step", quantity="largest_exponent")
    mean_slope: float = field_of()
    participation_ratio_per_neuron: float = field_of(quantity="participation_ratio_per_neuron")
    field_participation_ratio_per_neuron: float = field_of(
        quantity="field_participation_ratio_per_neuron"
    )
    residual: float = field_of()
    history: Floats = field_of(dims=("iteration", "variance_and_residual"), repr=False)


def rate_map(
    g: float,
    noise: float = 0.0,
    *,
    phi: Phi = "tanh",
    derivative: Function | None = None,
    convention: str = "gaussian",
    refine: int = 1,
) -> RateMapTheory:
    """Solve the mean field of x_i(t+1) = sum_j W_ij phi(x_j(t)) + noise xi_i(t).

    Parameters
    ----------
    g : float
        Gain.  **Gaussian convention by default**: W_ij has variance g^2/N, onset at g = 1 for
        tanh.
    noise : float
        Standard deviation of independent white noise added to the field, shared by replicas.
    phi, derivative :
        Odd transfer function, see `as_transfer`.
    convention : str
        "stable": g is the scale of alpha = 2 stable weights, variance 2 g^2/N, onset at 1/sqrt(2).
    refine : int
        Divides the quadrature step.

    Returns
    -------
    RateMapTheory
        Below the onset and without noise the quiescent solution, with `state` saying so.

    Raises
    ------
    ParameterError
        For g <= 0, negative noise, or a phi that is not odd or grows linearly.
    ConvergenceError
        If the self-consistency function is not finite.

    Notes
    -----
    Variance and exponent are the discrete-time analogue of Sompolinsky, Crisanti & Sommers, PRL
    61, 259 (1988).  With r = (g<phi'>)^4 the linear-response picture of Clark, Abbott &
    Litwin-Kumar, PRL 131, 118401 (2023) gives PR/N = 1 - r for the activity.

    Examples
    --------
    >>> round(rate_map(2.0).largest_exponent, 5)
    0.15472
    """
    g = check_real("g", g, low=0, high=1e100, open_low=True)
    noise = check_real("noise", noise, low=0)
    refine = check_integer("refine", refine, low=1)
    gain = gaussian_gain(g, convention)
    transfer = as_transfer(phi, derivative)
    require_odd(transfer, "rate map")
    require_sublinear(transfer)
    variance, history = field_variance(gain, noise, transfer, refine)
    slope = gain * gaussian.mean_slope(transfer, variance, refine=refine)
    activity = gaussian.mean_square(transfer, variance, refine=refine)
    squared_slope = gain**2 * gaussian.mean_square_slope(transfer, variance, refine=refine)
    exponent = 0.5 * math.log(squared_slope) if squared_slope > 0 else -math.inf
    pr_activity, pr_field = _participation(slope, gain**2 * activity, noise)
    return RateMapTheory(
        state=_state(variance, exponent),
        field_variance=variance,
        activity_variance=activity,
        largest_exponent=exponent,
        mean_slope=slope,
        participation_ratio_per_neuron=pr_activity,
        field_participation_ratio_per_neuron=pr_field,
        residual=gain**2 * activity + noise**2 - variance,
        history=history,
        parameters=_parameters(g, noise, transfer, convention),
    )


def gaussian_gain(g: float, convention: str) -> float:
    """Return the gain in the Gaussian convention (weights of variance gain^2/N)."""
    return g * _CONVENTIONS[check_choice("convention", convention, _CONVENTIONS)]


def field_variance(
    gain: float, noise: float, transfer: Transfer, refine: int = 1
) -> tuple[float, Floats]:
    """Return the variance of the field (0 if quiescent) and the iteration history.

    `gain` is in the Gaussian convention.
    """

    def relative_excess(log_variance: float) -> float:
        variance = math.exp(log_variance)
        returned = gain**2 * gaussian.mean_square(transfer, variance, refine=refine)
        return (returned + noise**2) / variance - 1.0

    upper = math.log(max(largest_variance(transfer, gain, noise), 1e-9))
    found = largest_stable_root(relative_excess, np.linspace(math.log(1e-10), upper, 120))
    if found is None:
        return 0.0, np.empty((0, 2))
    root, history = found
    positions = np.exp(history[:, 0])
    return math.exp(root), np.column_stack([positions, history[:, 1] * positions])


def _participation(slope: float, recurrent: float, noise: float) -> tuple[float, float]:
    """Return PR/N of activity and field; noise adds noise^2 times the identity to the field."""
    r = slope**4
    if recurrent == 0.0:
        return math.nan, math.nan
    # Tr C_phi^2 / N = C^2 / (1 - r) and, for J phi, C^2 (1 + 1 / (1 - r))
    trace_of_square = recurrent**2 * (2.0 - r) / (1.0 - r)
    trace_of_square += 2.0 * recurrent * noise**2 + noise**4
    return 1.0 - r, (recurrent + noise**2) ** 2 / trace_of_square


def _state(variance: float, exponent: float) -> str:
    if variance == 0.0:
        return "quiescent"
    return "chaotic" if exponent > 0 else "driven"


def _parameters(g: float, noise: float, transfer: Transfer, convention: str) -> dict[str, Any]:
    return {"g": g, "noise": noise, "phi": transfer.name, "convention": convention}
