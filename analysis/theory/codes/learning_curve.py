"""Learning curves of regression on network states: what the nugget of a chaotic network costs.

Training and test stimuli never coincide, so that least-norm regression on the states is kernel
regression with the smooth part of the kernel and the nugget as a ridge.  The error averaged over
training sets follows from the kernel's eigenvalues.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize

from heavytail_snn.analysis.theory.numerics.arrays import check_array
from heavytail_snn.analysis.theory.numerics.transfer import Floats
from heavytail_snn.core.errors import ConvergenceError, ParameterError, check_real
from heavytail_snn.core.results import Result, field_of


@dataclass(frozen=True, kw_only=True)
class LearningCurve(Result):
    """Mean test error of kernel regression for each number of training stimuli.

    Parameters
    ----------
    n_samples : (p,) ndarray
    error : (p,) ndarray
        Mean squared error against the target without label noise.
    kappa : (p,) ndarray
        Modes with eigenvalue above it are learned.
    learned_modes : (p,) ndarray
        sum_i lam_i / (lam_i + kappa).
    residual : float
        Largest relative violation of the equation for kappa.
    history : (m, 2) ndarray
        ln(kappa) and residual of the last number of samples.
    """

    n_samples: Floats = field_of(dims=("samples",))
    error: Floats = field_of(dims=("samples",))
    kappa: Floats = field_of(dims=("samples",))
    learned_modes: Floats = field_of(dims=("samples",), repr=False)
    residual: float = field_of()
    history: Floats = field_of(dims=("iteration", "position_and_residual"), repr=False)


def learning_curve(
    eigenvalues: ArrayLike,
    target_power: ArrayLike,
    n_samples: ArrayLike,
    *,
    ridge: float = 0.0,
    label_noise: float = 0.0,
) -> LearningCurve:
    """Return the mean test error of kernel regression with P random training stimuli.

    Parameters
    ----------
    eigenvalues : (m,) array_like
        Of the smooth kernel, one for each orthonormal mode (degenerate modes repeated);
        non-negative.
    target_power : (m,) array_like
        Squared coefficients of the target in these modes.
    n_samples : (p,) array_like
        Numbers of training stimuli, positive.
    ridge : float
        Nugget plus ridge, the number added to the diagonal of the kernel matrix.
    label_noise : float
        Standard deviation of the noise on the training labels.

    Raises
    ------
    ParameterError
        For values outside their domain, or as many samples as modes without a ridge.
    ConvergenceError
        If kappa is not bracketed.

    Notes
    -----
    sum_i L_i + ridge/kappa = P with L_i = lam_i/(lam_i + kappa); error = E0 [sum (1-L_i)^2 v_i^2 +
    noise^2] - noise^2, E0 = P/(P - sum L_i^2): Bordelon, Canatar & Pehlevan, ICML (2020); Canatar,
    Bordelon & Pehlevan, Nat. Commun. 12, 2914 (2021).  In low dimension and nearly without ridge it
    overestimates the error.

    Examples
    --------
    >>> curve = learning_curve([1.0, 1.0], [1.0, 0.0], [1, 100], ridge=1.0)
    >>> [round(float(error), 3) for error in curve.error]
    [0.604, 0.0]
    """
    values, power = _check_modes(eigenvalues, target_power)
    samples = check_array("n_samples", n_samples, low=0, open_low=True)
    ridge = check_real("ridge", ridge, low=0)
    label_noise = check_real("label_noise", label_noise, low=0)
    if ridge == 0.0 and samples.max() >= np.count_nonzero(values):
        raise ParameterError(
            "n_samples",
            n_samples,
            "must be below the number of modes without a ridge",
            "give the ridge a small positive value",
        )
    rows = [_solve(values, count, ridge) for count in samples]
    kappa = np.array([row[0] for row in rows])
    learned = values / (values + kappa[:, None])
    excess = samples / (samples - np.sum(learned**2, axis=1))
    variance = label_noise**2
    error = excess * ((1.0 - learned) ** 2 @ power + variance) - variance
    return LearningCurve(
        n_samples=samples,
        error=error,
        kappa=kappa,
        learned_modes=learned.sum(axis=1),
        residual=float(np.max(np.abs(learned.sum(axis=1) + ridge / kappa - samples) / samples)),
        history=rows[-1][1],
        parameters={"ridge": ridge, "label_noise": label_noise, "n_modes": len(values)},
    )


def _check_modes(eigenvalues: ArrayLike, target_power: ArrayLike) -> tuple[Floats, Floats]:
    remedy = "set eigenvalues below rounding to 0"
    values = check_array("eigenvalues", eigenvalues, low=0, remedy=remedy)
    power = check_array("target_power", target_power, low=0)
    if values.shape != power.shape or not np.any(values > 0):
        raise ParameterError(
            "target_power", target_power, "must match eigenvalues, not all of which may be zero"
        )
    return values, power


def _solve(values: Floats, count: float, ridge: float) -> tuple[float, Floats]:
    history: list[tuple[float, float]] = []

    def excess(log_kappa: float) -> float:
        kappa = math.exp(log_kappa)
        value = float(np.sum(values / (values + kappa))) + ridge / kappa - count
        history.append((log_kappa, value))
        return value

    # between the sum's upper bound (sum lam + ridge) / kappa and rounding of the eigenvalues
    high = math.log((float(values.sum()) + ridge) / count) + 1e-9
    low = high - 200.0
    if not excess(low) > 0 > excess(high) - 1e-300:
        raise ConvergenceError(f"kappa is not bracketed for {count:g} samples")
    root = optimize.brentq(excess, low, high, xtol=1e-13, rtol=8.9e-16)
    return math.exp(root), np.array(history)
