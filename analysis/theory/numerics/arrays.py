"""Array arguments of the theories: checked once, with the argument's name in the message."""

import math
from typing import Any

import numpy as np

from heavytail_snn.analysis.theory.numerics.transfer import Floats
from heavytail_snn.core.arrays import check_no_unit
from heavytail_snn.core.errors import ParameterError


def check_array(
    argument: str,
    value: Any,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    open_low: bool = False,
    any_shape: bool = False,
    remedy: str = "",
) -> Floats:
    """Return `value` as a float array if it is real, finite and inside the interval, else raise.

    Parameters
    ----------
    argument : str
        Name for the message.
    value : array_like
        A number counts as a list of one.
    low, high, open_low :
        Interval of the elements; `open_low` leaves out `low` itself.
    any_shape : bool
        Accept scalars, any number of dimensions and no elements; otherwise a non-empty list.
    remedy : str

    Raises
    ------
    ParameterError, UnitError
        The latter for a quantity, also inside a list: these theories know no units.
    """
    kind = "an array" if any_shape else "a non-empty one-dimensional list"
    right = ")" if math.isinf(high) else "]"
    left = "(" if open_low or math.isinf(low) else "["
    rule = f"must be {kind} of finite numbers in {left}{low:g}, {high:g}{right}"
    check_no_unit(argument, value)
    try:
        array = np.asarray(value)
    except ValueError:  # nested lists of different lengths
        raise ParameterError(argument, value, rule, remedy) from None
    if array.size and array.dtype.kind not in "iuf":
        raise ParameterError(argument, value, rule, remedy)
    array = array.astype(float)
    if not any_shape:
        array = np.atleast_1d(array)
        if array.ndim != 1 or not array.size:
            raise ParameterError(argument, value, rule, remedy)
    above = array > low if open_low else array >= low
    if not np.all(np.isfinite(array) & above & (array <= high)):
        raise ParameterError(argument, value, rule, remedy)
    return array
