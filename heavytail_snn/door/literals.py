"""Texts that name values: assignments in params.py, JSON, and units of time, never evaluated."""

import ast
import json
from typing import Any

from heavytail_snn.core.errors import RecordingError

UNITS_OF_TIME = {
    "s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0,
    "ms": 1e-3, "msec": 1e-3, "msecs": 1e-3, "millisecond": 1e-3, "milliseconds": 1e-3,
    "us": 1e-6, "usec": 1e-6, "µs": 1e-6, "μs": 1e-6, "microsecond": 1e-6, "microseconds": 1e-6,
    "ns": 1e-9, "nsec": 1e-9, "nanosecond": 1e-9, "nanoseconds": 1e-9,
    "min": 60.0, "minute": 60.0, "minutes": 60.0, "h": 3600.0, "hour": 3600.0, "hours": 3600.0,
}  # fmt: skip
SAMPLES = ("sample", "samples", "frames", "ticks")
DEEPEST = 40  # levels of nesting of a stranger's JSON


def unit_of_time(text: str) -> float | None:
    """Return the seconds of a unit of time by its name, None for any other text."""
    return UNITS_OF_TIME.get(text.strip().strip("[](){} ").lower())


def assignments(text: str) -> dict[str, Any]:
    """Return the names to which a Python text assigns literals; anything else is left out.

    ``sample_rate = 30_000.`` is 30000; ``rate = 30000 * 2`` assigns no literal and is left out.
    """
    found = {}
    try:
        statements = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise RecordingError(f"a file of parameters is no Python text ({error})") from error
    for node in statements:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                found[node.targets[0].id] = ast.literal_eval(node.value)
            except (ValueError, TypeError, RecursionError, MemoryError):
                continue
    return found


def strict_json(text: str) -> Any:
    """Return the value of a JSON text; nan, infinity, repeated names and deep nesting raise."""
    depth = deepest = 0
    for letter in text:
        depth += (letter in "[{") - (letter in "]}")
        deepest = max(deepest, depth)
    if deepest > DEEPEST:
        raise RecordingError(f"JSON must nest at most {DEEPEST} levels, got {deepest}")
    return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_unique)


def _no_constant(name: str) -> Any:
    raise RecordingError(f"JSON must hold finite numbers, got {name}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise RecordingError(f"JSON must not repeat a name, got {[name for name, _ in pairs][:20]}")
    return found
