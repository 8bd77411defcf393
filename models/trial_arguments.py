"""Arguments that all simulators of many trials share: times, and inputs for every trial."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from heavytail_snn.arrays import real_array
from heavytail_snn.errors import ParameterError, check_integer

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
    counts = {len(array) for array in (start, inputs) if array.ndim == 2}
    if n_trials is not None:
        counts.add(check_integer("n_trials", n_trials, low=1))
    if len(counts) != 1:
        raise ParameterError("n_trials", n_trials, f"must be told once and alike, found {counts}")
    shape = (counts.pop(), n_neurons)
    for name, array in (("drive", inputs), ("initial", start)):
        if array.shape not in ((), (n_neurons,), shape) or not np.isfinite(array).all():
            raise ParameterError(name, array.shape, f"must be finite, of shape {shape}")
    return np.broadcast_to(start, shape).T.copy(), np.broadcast_to(inputs, shape).T.copy()


def trial_matrix(argument: str, values: Any, n_neurons: int) -> Floats:
    """Return values as a finite (n_trials, n_neurons) array, or raise."""
    array = real_array(argument, values)
    if array.ndim != 2 or array.shape[1] != n_neurons or not np.isfinite(array).all():
        raise ParameterError(
            argument, array.shape, f"must be finite, of shape (n_trials, {n_neurons})"
        )
    return array
