"""Units of model arguments: Brian2 quantities in, SI numbers out, wrong dimensions refused by name.

Bare numbers are refused where a unit is due: 20 may mean 20 ms or 20 s.
"""

import math
from numbers import Real
from typing import Any

import numpy as np
from brian2 import Quantity, get_dimensions, mV
from numpy.typing import NDArray

from heavytail_snn.core.errors import ParameterError, UnitError, check_real


def in_unit(
    argument: str,
    value: Any,
    unit: Quantity,
    *,
    low: float = -np.inf,
    high: float = np.inf,
    open_low: bool = False,
) -> float:
    """Return one finite quantity as a number in base SI units, else raise naming the argument.

    Parameters
    ----------
    argument : str
    value : brian2.Quantity
    unit : brian2.Quantity
        A unit of the right dimension; shown in the remedy.
    low, high : float
        Limits in base SI units.

    Raises
    ------
    UnitError
        If `value` has another dimension, or none.
    ParameterError
        If it is not one finite number within the limits.
    """
    _check_dimension(argument, value, unit)
    if np.ndim(value):
        raise ParameterError(argument, value, f"must be a single value, such as 1*{unit}")
    try:
        return check_real(argument, float(np.asarray(value)), low=low, high=high, open_low=open_low)
    except ParameterError as error:
        rule = f"{error.rule} in SI units"
        remedy = f"use for example 1*{unit}"
        raise ParameterError(argument, value, rule, remedy) from None


def in_unit_array(argument: str, value: Any, unit: Quantity, size: int) -> NDArray[np.float64]:
    """Return a quantity, one or `size` values, as a (size,) array in base SI units, else raise."""
    _check_dimension(argument, value, unit)
    array = np.asarray(value, dtype=float)
    if array.shape not in ((), (size,)):
        raise ParameterError(argument, value, f"must be one value or {size} values")
    if not np.isfinite(array).all():
        raise ParameterError(argument, value, "must be finite")
    return np.broadcast_to(array, (size,)).copy()


def whole_steps(argument: str, length: float, dt: float, *, low: int = 0) -> int:
    """Return ``length / dt`` if it is a whole number >= low, up to rounding, else raise.

    Parameters
    ----------
    argument : str
    length, dt : float
        In seconds.
    """
    count = round(length / dt)
    if count < low or abs(length / dt - count) > 1e-6 * max(1, count):
        raise ParameterError(
            argument,
            length,
            f"must be a whole number of steps of dt = {dt:g} s",
            f"use {max(low, count) * dt:g} s, or another dt",
        )
    return count


def check_reset(v_reset: Any, theta: Any) -> None:
    """Raise unless the reset lies below the threshold, both in volts."""
    low, high = in_unit("v_reset", v_reset, mV), in_unit("theta", theta, mV)
    if low >= high:
        raise ParameterError(
            "v_reset", v_reset, f"must lie below theta = {theta}", "lower it, or raise theta"
        )


def _number(value: Any) -> str:
    """Return a bare number as it was written, else 1: what the remedy multiplies by the unit."""
    plain = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    return repr(value.item() if isinstance(value, np.generic) else value) if plain else "1"


def _check_dimension(argument: str, value: Any, unit: Quantity) -> None:
    try:
        matches = get_dimensions(value) is get_dimensions(unit)
    except TypeError:
        matches = False
    if not matches:
        raise UnitError(
            argument,
            value,
            f"must be a Brian2 quantity with the dimension of {unit}",
            f"write {argument}={_number(value)}*{unit}, with the unit imported from brian2",
        )
