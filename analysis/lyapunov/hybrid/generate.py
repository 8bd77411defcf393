"""Blocks of a system as two compiled functions: all statements, and all speeds.

Both have the same type for every model, so that the replay is compiled once and kept.
"""

import functools
from typing import Any

from numba import cfunc, types

from heavytail_snn.analysis.lyapunov.hybrid.functions import SCOPE
from heavytail_snn.analysis.lyapunov.hybrid.scope import Slot
from heavytail_snn.analysis.lyapunov.hybrid.system import Block
from heavytail_snn.analysis.lyapunov.hybrid.values import TIME, Value

_POINTER = types.CPointer(types.float64)
_SIGNATURE = types.int64(
    types.int64, _POINTER, _POINTER, _POINTER, _POINTER, types.float64, types.float64,
    _POINTER, _POINTER,
)  # fmt: skip


def body(
    block: Block, values: list[Value], constants: dict[str, int], slopes: bool = True
) -> list[str]:
    """Return the lines that compute outputs, and their derivatives row by row (reads, then t)."""
    numbers = {f"g[{n}]": f"g[{constants[repr(c)]}]" for n, c in enumerate(block.constants)}
    lines = list(block.lines)
    keys: list[Slot | str] = [*block.reads, TIME]
    for row, value in enumerate(values):
        lines.append(f"y[{row}] = {value.code}")
        if slopes:
            lines += [
                f"J[{row * len(keys) + n}] = {value.slopes.get(key, '0.0')}"
                for n, key in enumerate(keys)
            ]
    if all(k == v for k, v in numbers.items()):
        return lines
    return [_renumber(line, numbers) for line in lines]


def _renumber(line: str, numbers: dict[str, str]) -> str:
    parts = line.split("g[")
    out = parts[0]
    for part in parts[1:]:
        number, _, rest = part.partition("]")
        out += numbers[f"g[{number}]"] + rest
    return out


@functools.lru_cache(maxsize=64)
def compile_bodies(name: str, bodies: tuple[tuple[str, ...], ...]) -> Any:
    """Return a C function that runs the body of a given number."""
    lines = [f"def {name}(which, x, c, g, T, t, h, y, J):"]
    for number, text in enumerate(bodies):
        lines.append(f"    if which == {number}:")
        lines += [f"        {line}" for line in text] or ["        pass"]
        lines.append("        return 0")
    lines.append("    return 0")
    scope: dict[str, Any] = dict(SCOPE)
    exec(compile("\n".join(lines), f"<{name} of a network>", "exec"), scope)
    return cfunc(_SIGNATURE, error_model="numpy")(scope[name])
