"""Units at the border: times as plain seconds, Brian2 quantities or `quantities` arrays.

Everything inside the library is float64 seconds; the functions here are the only place where a
quantity loses its unit, and a wrong dimension raises with the argument's name.
"""

from typing import Any

import numpy as np

from heavytail_snn.core.errors import ParameterError, UnitError, check_real


def in_seconds(argument: str, value: Any) -> np.ndarray:
    """Return times as a new float64 array in seconds.

    Parameters
    ----------
    argument : str
        Name of the argument in error messages.
    value : array_like, brian2.Quantity, quantities.Quantity or a sequence of these
        Plain numbers are seconds.

    Returns
    -------
    ndarray
        A copy: the array given is never modified and never shared.

    Raises
    ------
    UnitError
        If `value` has a dimension other than time.
    ParameterError
        If `value` is not numeric.
    """
    if isinstance(value, list | tuple) and any(has_unit(item) for item in value):
        return np.array([in_seconds(argument, item) for item in value], dtype=np.float64)
    if hasattr(value, "dimensionality"):
        return _seconds_of_quantities(argument, value)
    if hasattr(value, "dim"):
        return _seconds_of_brian(argument, value)
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.empty(0, dtype=object)
    if array.dtype.kind in "fiu":
        return np.array(array, dtype=np.float64)
    raise ParameterError(
        argument, value, "must hold real numbers", "pass times in seconds or as quantities"
    )


def one_time(
    argument: str, value: Any, *, low: float = -np.inf, open_low: bool = False, remedy: str = ""
) -> float:
    """Return one finite time in seconds, else raise as `in_seconds` and `check_real` do."""
    seconds = in_seconds(argument, value) if has_unit(value) else value
    return check_real(argument, seconds, low=low, open_low=open_low, remedy=remedy)


def has_unit(value: Any) -> bool:
    """Return whether a value carries a unit of Brian2 or of `quantities`."""
    return hasattr(value, "dimensionality") or hasattr(value, "dim")


def _seconds_of_quantities(argument: str, value: Any) -> np.ndarray:
    try:
        return np.array(value.rescale("s").magnitude, dtype=np.float64)
    except ValueError:
        raise UnitError(
            argument, value, "must have the dimension of time", "pass seconds or a time"
        ) from None


def _seconds_of_brian(argument: str, value: Any) -> np.ndarray:
    from brian2 import second  # an object with .dim exists only where Brian2 is loaded already

    if value.dim is not second.dim:
        raise UnitError(
            argument, value, "must have the dimension of time", "pass seconds or a time"
        )
    return np.array(np.asarray(value), dtype=np.float64)
