"""Dataclasses whose arrays are read-only, also after pickling and copying."""

from dataclasses import fields
from typing import Any

import numpy as np

from heavytail_snn.core.showing import Shown


class Frozen(Shown):
    """Base of dataclasses whose arrays are read-only, also after pickling and copying."""

    def __getstate__(self) -> dict[str, Any]:
        # the fields alone: what was computed from them and kept is computed anew
        return {item.name: getattr(self, item.name) for item in fields(self)}  # type: ignore[arg-type]

    def __setstate__(self, state: dict[str, Any]) -> None:
        freeze(self, **state)


def freeze(instance: Any, **values: Any) -> None:
    """Set fields of a frozen dataclass during its construction; arrays become read-only."""
    for name, value in values.items():
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
        object.__setattr__(instance, name, value)


def same_fields(left: Any, right: Any, *, ignore: tuple[str, ...] = ()) -> bool:
    """Compare two instances of one dataclass field by field, arrays element by element."""
    names = [item.name for item in fields(left) if item.name not in ignore]
    return all(_same(getattr(left, name), getattr(right, name)) for name in names)


def _same(one: Any, two: Any) -> bool:
    arrays = isinstance(one, np.ndarray) and isinstance(two, np.ndarray)
    return np.array_equal(one, two) if arrays else bool(one == two)
