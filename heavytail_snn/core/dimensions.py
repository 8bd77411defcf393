"""Dimensions of quantities, read without importing Brian2: what theories and couplings need.

A bare number is refused where a unit is due: 20 may mean 20 V or 20 mV, and both give an answer.
Exactly 0 needs no unit.
"""

from typing import Any

import numpy as np

from heavytail_snn.core.errors import UnitError

_BASE = ("m", "kg", "s", "A", "K", "mol", "cd")
_EXPONENTS = {
    "": (0, 0, 0, 0, 0, 0, 0),
    "V": (2, 1, -3, -1, 0, 0, 0),
    "A": (0, 0, 0, 1, 0, 0, 0),
    "S": (-2, -1, 3, 2, 0, 0, 0),
    "s": (0, 0, 1, 0, 0, 0, 0),
    "Hz": (0, 0, -1, 0, 0, 0, 0),
}
_EXAMPLES = {"V": "20*mV", "A": "1*nA", "S": "1*nS", "s": "20*ms", "Hz": "5*Hz"}


class SI(float):
    """A number known to be in SI base units: a default, or what another theory passes on."""


def unit_of(argument: str, value: Any) -> str:
    """Return the SI unit of a Brian2 quantity: "V", "A", "S", "s", "Hz", or "" for plain numbers.

    Raises
    ------
    UnitError
        If it has another dimension.
    """
    if not hasattr(value, "dim"):
        if hasattr(value, "dimensionality"):
            raise UnitError(argument, value, "must be a Brian2 quantity", "use brian2's units")
        return ""
    exponents = tuple(float(value.dim.get_dimension(base)) for base in _BASE)
    for name, known in _EXPONENTS.items():
        if exponents == known:
            return name
    raise UnitError(argument, value, f"must have one of the units {[*_EXAMPLES]} or none")


def in_si(argument: str, value: Any, unit: str) -> Any:
    """Return a Brian2 quantity of the unit `unit` as a plain number in SI units.

    Parameters
    ----------
    argument : str
        Named in the error.
    value : brian2.Quantity, SI or 0
        Anything for ``unit=""``, where no unit is due: it is returned as it is.
    unit : str
        "V", "A", "S", "s", "Hz" or "".

    Raises
    ------
    UnitError
        If a unit is due and `value` has another or none.
    """
    found = unit_of(argument, value)
    if isinstance(value, SI) or not (unit or found):
        return value
    zero = not found and np.ndim(value) == 0 and value == 0
    if np.ndim(value) == 0 and (zero or found == unit):
        return SI(np.asarray(value))
    raise UnitError(
        argument,
        value,
        f"must be one quantity in {unit}" if unit else "must be a plain number",
        f"write {argument}={_EXAMPLES[unit]}, with the unit imported from brian2" if unit else "",
    )
