"""Parameter: the name, unit, default and rule of one number that a sweep may vary.

In Python a parameter with a unit is a Brian2 quantity; in files and stores it is a plain number in
the stated unit, and so it stands in a case.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from heavytail_snn.core.errors import (
    ParameterError,
    UnitError,
    check_choice,
    check_integer,
    check_real,
)
from heavytail_snn.core.showing import Shown

Value = float | int | str
KINDS = ("real", "integer", "choice")


@dataclass(frozen=True)
class Parameter(Shown):
    """One number or choice of a model or a measure.

    Parameters
    ----------
    name : str
    default : float, int or str
        In `unit`.
    unit : str
        "mV", "ms" or "s": Python callers give a quantity.  Other texts ("steps") are shown only.
    kind : "real", "integer" or "choice"
    low, high : float
        Limits in `unit`.
    open_low : bool
        Whether `low` itself is refused.
    choices : tuple of str
        For kind "choice".
    meaning : str
        One line for tables and reports.
    """

    name: str
    default: Value
    unit: str = ""
    kind: str = "real"
    low: float = 0.0
    high: float = math.inf
    open_low: bool = False
    choices: tuple[str, ...] = ()
    meaning: str = ""

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, KINDS)
        # as values are read: 1 of a real parameter is 1.0, or keys of equal cases would differ
        object.__setattr__(self, "default", self.check(self.default, f"default of {self.name}"))

    def check(self, value: Any, argument: str = "") -> Value:
        """Return a plain value in `unit`, as a file states it, else raise `ParameterError`."""
        argument = argument or self.name
        if self.kind == "choice":
            return check_choice(argument, value, self.choices)
        if self.kind == "integer":
            return check_integer(argument, value, low=int(self.low), high=self.high)
        return check_real(argument, value, low=self.low, high=self.high, open_low=self.open_low)

    def values(self, given: Any) -> tuple[list[Value], bool]:
        """Return the plain values that a Python caller gave, and whether they span an axis.

        Raises
        ------
        UnitError
            If a quantity is due and a bare number came, or one of another dimension.
        """
        if isinstance(given, list | tuple) and any(
            isinstance(item, list | tuple | np.ndarray) and np.ndim(item) for item in given
        ):
            raise ParameterError(
                self.name, given, "must be a value, or a plain list of values for an axis",
                "write [1, 2, 3]",
            )  # fmt: skip
        plain = self._without_unit(given)
        several = not isinstance(plain, str) and (
            isinstance(plain, list | tuple | range | np.ndarray) and np.ndim(plain) == 1
        )
        items = list(plain) if several else [plain]
        if not items:
            raise ParameterError(self.name, given, "must hold at least one value")
        checked = [self.check(item) for item in items]
        if len(set(checked)) < len(checked):
            raise ParameterError(self.name, given, "must not repeat a value")
        return checked, several

    def _without_unit(self, given: Any) -> Any:
        unit = _quantity(self.unit)
        if unit is None:
            if getattr(given, "dim", None) is not None and not given.dim.is_dimensionless:
                raise UnitError(self.name, given, "must be a number without unit")
            return given
        from brian2 import Quantity, get_dimensions

        if isinstance(given, list | tuple) and given:
            dims = {get_dimensions(item) for item in given if isinstance(item, Quantity)}
            if len(dims) == 1 and all(isinstance(item, Quantity) for item in given):
                given = Quantity(given)
        if not isinstance(given, Quantity) or get_dimensions(given) is not get_dimensions(unit):
            written = "second" if self.unit == "s" else self.unit
            raise UnitError(
                self.name, given, f"must be a Brian2 quantity with the dimension of {self.unit}",
                f"write for example {self.name}={self.default}*{written}",
            )  # fmt: skip
        numbers = np.asarray(given) / float(unit)
        # 7*mV is 7 and not 7.000000000000001, as in a file
        rounded = [float(f"{number:.15g}") for number in np.atleast_1d(numbers).tolist()]
        return rounded if np.ndim(given) else rounded[0]


def _quantity(unit: str) -> Any:
    """Return the Brian2 unit of a name, None where numbers have no unit."""
    if unit not in ("mV", "ms", "s"):
        return None
    import brian2

    return {"mV": brian2.mV, "ms": brian2.ms, "s": brian2.second}[unit]
