"""Functions in Brian2's strings: how they are computed, and their derivatives.

The derivative of a function with a kink is the one-sided one: of ``clip(x, a, b)`` it is 1 inside
and at the ends, of ``abs(0)`` it is 0.  A step (``int``, ``floor``, ``sign``, a comparison) has
derivative 0 on either side; what happens at the step itself is decided by the caller.
"""

import math
from typing import Any

import numba


@numba.njit(inline="always", error_model="numpy")
def _exprel(x):  # type: ignore[no-untyped-def]
    if abs(x) < 1e-16:
        return 1.0
    return math.expm1(x) / x


@numba.njit(inline="always", error_model="numpy")
def _exprel_slope(x):  # type: ignore[no-untyped-def]
    """``((x - 1) e^x + 1) / x^2``, by its series near 0 where the difference cancels."""
    if abs(x) < 0.05:
        return 0.5 + x * (1 / 3 + x * (0.125 + x * (1 / 30 + x * (1 / 144 + x / 840))))
    return ((x - 1.0) * math.exp(x) + 1.0) / (x * x)


@numba.njit(inline="always", error_model="numpy")
def _clip(x, low, high):  # type: ignore[no-untyped-def]
    return min(max(x, low), high)


@numba.njit(inline="always", error_model="numpy")
def _inside(x, low, high):  # type: ignore[no-untyped-def]
    return 1.0 if low <= x <= high else 0.0


@numba.njit(inline="always", error_model="numpy")
def _sign(x):  # type: ignore[no-untyped-def]
    return 1.0 if x > 0 else (-1.0 if x < 0 else 0.0)


@numba.njit(inline="always", error_model="numpy")
def _int(x):  # type: ignore[no-untyped-def]
    return float(math.trunc(x))


@numba.njit(inline="always", error_model="numpy")
def _floor(x):  # type: ignore[no-untyped-def]
    return float(math.floor(x))


@numba.njit(inline="always", error_model="numpy")
def _ceil(x):  # type: ignore[no-untyped-def]
    return float(math.ceil(x))


@numba.njit(inline="always", error_model="numpy")
def _timestep(t, dt):  # type: ignore[no-untyped-def]
    return float(math.trunc((t + 1e-3 * dt) / dt))


@numba.njit(inline="always", error_model="numpy")
def _row(t, epsilon, upsampling, rows):  # type: ignore[no-untyped-def]
    """The row of a TimedArray that holds at time t, counted as Brian2 counts it."""
    row = math.trunc((t / epsilon + 0.5) / upsampling)
    return min(max(row, 0), rows - 1)


# name: (value, derivative by each argument), as Python with {0}, {1} for arguments, {v} for value
SMOOTH: dict[str, tuple[str, tuple[str, ...]]] = {
    "exp": ("math.exp({0})", ("{v}",)),
    "expm1": ("math.expm1({0})", ("({v} + 1.0)",)),
    "exprel": ("_exprel({0})", ("_exprel_slope({0})",)),
    "log": ("math.log({0})", ("1.0 / {0}",)),
    "log10": ("math.log10({0})", ("0.4342944819032518 / {0}",)),
    "log1p": ("math.log1p({0})", ("1.0 / (1.0 + {0})",)),
    "sqrt": ("math.sqrt({0})", ("0.5 / {v}",)),
    "sin": ("math.sin({0})", ("math.cos({0})",)),
    "cos": ("math.cos({0})", ("-math.sin({0})",)),
    "tan": ("math.tan({0})", ("(1.0 + {v} * {v})",)),
    "sinh": ("math.sinh({0})", ("math.cosh({0})",)),
    "cosh": ("math.cosh({0})", ("math.sinh({0})",)),
    "tanh": ("math.tanh({0})", ("(1.0 - {v} * {v})",)),
    "arcsin": ("math.asin({0})", ("1.0 / math.sqrt(1.0 - {0} * {0})",)),
    "arccos": ("math.acos({0})", ("-1.0 / math.sqrt(1.0 - {0} * {0})",)),
    "arctan": ("math.atan({0})", ("1.0 / (1.0 + {0} * {0})",)),
    "abs": ("abs({0})", ("_sign({0})",)),
    "clip": ("_clip({0}, {1}, {2})",
             ("_inside({0}, {1}, {2})",
              "(1.0 if {0} < {1} else 0.0)", "(1.0 if {0} > {2} else 0.0)")),
}  # fmt: skip
SMOOTH |= {"asin": SMOOTH["arcsin"], "acos": SMOOTH["arccos"], "atan": SMOOTH["arctan"]}

# functions that are constant between steps
STEPS: dict[str, str] = {
    "int": "_int({0})",
    "floor": "_floor({0})",
    "ceil": "_ceil({0})",
    "sign": "_sign({0})",
    "timestep": "_timestep({0}, {1})",
}

SCOPE: dict[str, Any] = {
    "math": math,
    "_exprel": _exprel, "_exprel_slope": _exprel_slope, "_clip": _clip, "_inside": _inside,
    "_sign": _sign, "_int": _int, "_floor": _floor, "_ceil": _ceil, "_timestep": _timestep,
    "_row": _row,
}  # fmt: skip
"""What the generated code refers to."""
