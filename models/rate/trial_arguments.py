"""Arguments that all simulators of many trials share: times, and inputs for every trial."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from heavytail_snn.core.arrays import real_array
from heavytail_snn.core.errors import ParameterError, check_integer

Floats = NDArray[np.float64]


def increasing_times(times: Any) -> Floats:
    """Return times as a float array, or raise unless they are non-negative and increasing."""
    moments = real_array("times", times)
    if moments.ndim != 1 or moments.size == 0 or not np.isfinite(moments).all():
        raise ParameterError("times", times, "must be a non-empty finite list")
    if moments[0] < 0 or np.any(np.diff(moments) <= 0):
        raise ParameterError("times", times, "must be non-negative and increasing")
    return moments


def trials_of_neurons(
    drive: Any, initial: Any, n_trials: int | None, n_neurons: int
) -> tuple[Floats, Floats]:
    """Return initial states and drives for every trial, both (n_neurons, n_trials).

    Parameters
    ----------
    drive, initial : float, (n_neurons,) or (n_trials, n_neurons) array_like
    n_trials : int, optional
        Needed where no array tells it.

    Raises
    ------
    ParameterError
        If the number of trials is not told, or told in two ways, or shapes do not match.
    """
    start, inputs = real_array("initial", initial), real_array("drive", drive)
    _check_shape("initial", start, n_neurons)
    _check_shape("drive", inputs, n_neurons)
    counts = {len(array) for array in (start, inputs) if array.ndim == 2}
    if n_trials is not None:
        counts.add(check_integer("n_trials", n_trials, low=1))
    if not counts:
        remedy = "give n_trials, or a drive or initial state with one row per trial"
        raise ParameterError("n_trials", n_trials, "must be known", remedy)
    if len(counts) > 1:
        rule = "must be one number, alike in n_trials, drive and initial state"
        raise ParameterError("n_trials", sorted(counts), rule, "give each as many rows")
    shape = (counts.pop(), n_neurons)
    return np.broadcast_to(start, shape).T.copy(), np.broadcast_to(inputs, shape).T.copy()


def _check_shape(argument: str, array: Floats, n_neurons: int) -> None:
    if array.ndim > 2 or array.shape[-1:] not in ((), (n_neurons,)):
        transposed = array.ndim == 2 and len(array) == n_neurons
        remedy = "transpose it: a row is a trial" if transposed else "a row is a trial"
        rule = f"must be a number, or of shape ({n_neurons},) or (n_trials, {n_neurons})"
        raise ParameterError(argument, f"shape {array.shape}", rule, remedy)
    if not np.isfinite(array).all():
        raise ParameterError(argument, "nan or inf", "must be finite")
