"""The rows that a result shows: estimates, warnings, other numbers, how they were reached."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from heavytail_snn.core.showing import WIDTH, Rows, short, with_error, words

_ESTIMATES = 7  # that get a row of their own; the others share one
_WARNINGS = 2
_BASE = ("parameters", "seed", "warnings")


def estimate_rows(result: Any) -> Rows:
    """Return one row an estimate, with error and unit."""
    rows = [
        (words(e.name), with_error(e.value, e.standard_error, e.unit)) for e in result.estimates()
    ]
    rest = "; ".join(f"{name} {text}" for name, text in rows[_ESTIMATES:])
    return rows[:_ESTIMATES] + [("further estimates", rest)] * bool(rest)


def other_rows(result: Any) -> Rows:
    """Return the rows below estimates and highlights; empty ones are left out."""
    parameters = [f"{words(str(key))} {_value(v)}" for key, v in result.parameters.items()]
    if result.seed is not None:
        parameters.append(f"seed {short(result.seed, 60, digits=6)}")
    rows = [("warning", text) for text in result.warnings[:_WARNINGS]]
    if len(result.warnings) > _WARNINGS:
        rows.append(("", f"and {len(result.warnings) - _WARNINGS} more in .warnings"))
    rows += [
        ("with", "; ".join(_numbers(result))),
        ("holds for", result.domain),
        ("from", "; ".join(parameters)),
        ("fields", ", ".join(_fields(result))),
    ]
    return [row for row in rows if row[1]]


def summary(result: Any) -> str:
    """Return a result in one line: its estimates, or else its numbers and fields."""
    parts = [f"{name} {text}" for name, text in estimate_rows(result) + result.highlights()]
    inside = "; ".join(parts or [*_numbers(result), ", ".join(_fields(result))])
    line = f"{type(result).__name__}({inside.rstrip('; ')})"
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 5]} ...)"


def _numbers(result: Any) -> list[str]:
    """Return the single values that no estimate and no highlight has shown."""
    fields = dataclasses.fields(result)
    of_errors = {item.metadata.get("error") for item in fields}
    found = []
    for item in fields:
        quantity = item.metadata.get("quantity")
        if quantity or item.name in (*_BASE, *result.told, *of_errors):
            continue
        value = getattr(result, item.name)
        if _is_single(value):
            error = item.metadata.get("error")
            known = getattr(result, error) if error else math.nan
            found.append(f"{words(item.name)} {_single(value, known, result.unit_of(item.name))}")
    return found


def _is_single(value: Any) -> bool:
    if isinstance(value, float | np.floating):
        return not math.isnan(value)
    if isinstance(value, tuple):
        simple = all(isinstance(item, str | int | float) and item == item for item in value)
        return 0 < len(value) <= 4 and simple
    return isinstance(value, str | int | np.integer | np.bool_ | Mapping) and value != ""


def _single(value: Any, error: float, unit: str) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating):
        return with_error(float(value), error, unit)
    return f"{_value(value)} {unit}".strip()


def _value(value: Any) -> str:
    if isinstance(value, str):
        return short(value, 80).strip("'\"")
    return short(value, 80, digits=6)


def _fields(result: Any) -> list[str]:
    """Return the arrays with their shapes, and the parts with their classes, as one writes them."""
    found = []
    for item in dataclasses.fields(result):
        value = getattr(result, item.name)
        if item.name in _BASE or value is None or _is_single(value):
            continue
        if isinstance(value, np.ndarray):
            found.append(f".{item.name} {value.shape}")
        elif not isinstance(value, float):
            found.append(f".{item.name} {type(value).__name__}")
    return found
