"""What a name in a Brian2 string refers to: an array and the way from the element to its entry.

A string belongs to a group, and is run for each of its elements (neurons or synapses).  A name may
be a variable of the element, of its pre- or postsynaptic neuron, of a linked group, shared by all,
a constant, a subexpression or a function.  An array variable is named "object.variable" here, and
the way to its entry is the tuple of index arrays to go through: ``("synapses._synaptic_pre",)``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from brian2 import TimedArray
from brian2.core.functions import Function
from brian2.core.variables import ArrayVariable, AuxiliaryVariable, Constant, Subexpression

from heavytail_snn.analysis.lyapunov.hybrid.differentiate import function_call
from heavytail_snn.analysis.lyapunov.hybrid.user_functions import user_call
from heavytail_snn.analysis.lyapunov.hybrid.values import TIME, Call, Inline, Value
from heavytail_snn.brian import internals

SHARED = "0"  # index of a variable that all elements share
SAME = "="  # that of the element with the same number in another group


class Slot(NamedTuple):
    """An array entry seen from an element: the array's name, and the indices to go through."""

    name: str
    path: tuple[str, ...] = ()

    @property
    def is_own(self) -> bool:
        """Whether it is the element's own entry."""
        return not self.path


@dataclass
class Arrays:
    """All array variables met so far, by "object.variable", and tables of TimedArrays."""

    variables: dict[str, ArrayVariable] = field(default_factory=dict)
    tables: list[np.ndarray] = field(default_factory=list)
    n_cells: int = 0

    def add(self, variable: ArrayVariable) -> str:
        """Return the name of a variable, and remember it."""
        name = f"{variable.owner.name}.{variable.name}"
        self.variables[name] = variable
        return name

    def add_table(self, values: np.ndarray) -> int:
        """Return where the values of a table start in the one array of all tables."""
        start = self.n_cells
        self.tables.append(np.ravel(np.asarray(values, dtype=float)))
        self.n_cells += self.tables[-1].size
        return start


@dataclass(frozen=True)
class Place:
    """A group, and the way to one of its elements from the element that runs the code."""

    group: Any
    path: tuple[str, ...] = ()


class Reader:
    """Looks up names for `Statements`, and collects what was met.

    Parameters
    ----------
    group : Brian2 group
        Whose elements run the code.
    namespace : mapping
        Names outside the group.
    arrays : Arrays
    active : callable
        ``active(name)`` tells whether an array can be perturbed.
    extra : mapping
        Names that come first, such as a draw that only this object knows.
    """

    def __init__(
        self,
        group: Any,
        namespace: Mapping[str, Any],
        arrays: Arrays,
        active: Callable[[str], bool],
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        self.home, self.namespace, self.arrays, self.active = (
            Place(group),
            namespace,
            arrays,
            active,
        )
        self.extra = dict(extra or {})
        self.reads: dict[Slot, int] = {}
        self.others: dict[Slot, int] = {}
        self.constants: dict[str, float] = {}
        self.sources: set[str] = set()

    def alias(self, name: str) -> Any:
        """Return the slot of a name that is a variable, else the name itself."""
        variable = self.home.group.variables.get(name)
        if isinstance(variable, ArrayVariable) and name not in ("t", "dt"):
            return self._slot(name, variable, self.home)
        return name

    def __call__(self, name: str, scope: Place | None) -> Value | Inline | Call:
        """Return the meaning of a name."""
        place = scope or self.home
        if name == "t":
            return Value("t", {TIME: "1.0"})
        if name == "dt":
            return Value("h")
        variable = self.extra.get(name)
        if variable is None:
            variable = internals.resolve(place.group, [name], self.namespace)[name]
        if isinstance(variable, AuxiliaryVariable):
            return Value("0.0", random=True)  # white noise, xi
        if isinstance(variable, Function):
            return self._function(name, variable, place)
        if isinstance(variable, Subexpression):
            if variable.owner.name == place.group.name:
                return Inline(str(variable.expr), place)
            path = self._path(name, place)
            return Inline(str(variable.expr), Place(variable.owner, path))
        if isinstance(variable, ArrayVariable):
            return self._entry(self._slot(name, variable, place))
        if isinstance(variable, Constant):
            return self._constant(float(variable.get_value()))
        raise TypeError(f"{name} is a {type(variable).__name__}")

    def guard(self, key: Any) -> tuple[Slot, Value, Value] | None:
        """Return what allows a write: Brian2 protects ``(unless refractory)`` from all but resets.

        That is the slot and value of the other variable, and the present value of this one.
        """
        if not isinstance(key, Slot):
            return None
        other = self.arrays.variables[key.name].conditional_write
        if other is None:
            return None
        allowed = Slot(self.arrays.add(other), key.path)
        return allowed, self._entry(allowed), self._entry(key)

    def _constant(self, value: float) -> Value:
        key = repr(value)
        if len(key) < 8 and value.is_integer():
            return Value(repr(value))
        number = list(self.constants).index(key) if key in self.constants else len(self.constants)
        self.constants[key] = value
        return Value(f"g[{number}]")

    def _entry(self, slot: Slot) -> Value:
        if self.active(slot.name):
            number = self.reads.setdefault(slot, len(self.reads))
            return Value(f"x[{number}]", {slot: "1.0"}, reads=frozenset([slot]))
        number = self.others.setdefault(slot, len(self.others))
        return Value(f"c[{number}]", reads=frozenset([slot]))

    def _slot(self, name: str, variable: ArrayVariable, place: Place) -> Slot:
        return Slot(self.arrays.add(variable), self._path(name, place))

    def _path(self, name: str, place: Place) -> tuple[str, ...]:
        index = place.group.variables.indices[name] if name in place.group.variables else SHARED
        if index == "_idx":
            linked = place.group.variables[name].owner.name != place.group.name
            return (*place.path, SAME) if linked else place.path
        if index == SHARED:
            return (SHARED,)
        return (*place.path, self.arrays.add(place.group.variables[index]))

    def _function(self, name: str, function: Function, place: Place) -> Call:
        if isinstance(function, TimedArray):
            return self._table(function, place)
        if not function.stateless:
            return Call("", random=True)
        known = function_call(name)
        if known is not None and function is internals.default_function(name):
            return known
        return user_call(name, function)

    def _table(self, table: TimedArray, place: Place) -> Call:
        values = np.asarray(table.values)
        start = self.arrays.add_table(values)
        step = float(place.group.clock.dt)
        epsilon, upsampling = internals.timed_array_steps(table, step)
        row = f"_row({{0}}, {epsilon!r}, {upsampling!r}, {values.shape[0]})"
        if values.ndim == 1:
            return Call(f"T[{start} + {row}]")
        return Call(f"T[{start} + {row} * {values.shape[1]} + int({{1}})]")


def entries(path: tuple[str, ...], index: np.ndarray, values: Callable[[str], Any]) -> np.ndarray:
    """Return the entries that a path leads to from elements `index`."""
    for step in path:
        if step == SAME:
            continue
        index = np.zeros_like(index) if step == SHARED else values(step)[index]
    return index
