"""Functions that a script defines itself: compiled, and differentiated numerically."""

import itertools

import numba
from brian2.core.functions import Function

from heavytail_snn.analysis.lyapunov.hybrid.functions import SCOPE
from heavytail_snn.analysis.lyapunov.hybrid.values import Call
from heavytail_snn.analysis.lyapunov.tangent.refusals import UnreadableModelError
from heavytail_snn.brian import internals

_numbers = itertools.count()
_known: dict[int, Call] = {}
_STEP = "(6.0e-6 * max(abs({x}), 1e-3))"  # cube root of the rounding error


def user_call(name: str, function: Function) -> Call:
    """Return the call of a user function of floats, with central differences as derivatives.

    Raises
    ------
    UnreadableModelError
        If its Python cannot be compiled: it exists in another language only, say.
    """
    if id(function) in _known:
        return _known[id(function)]
    plain = internals.plain_function(function)
    n_args = len(function._arg_units) if hasattr(function, "_arg_units") else 1
    try:
        kernel = numba.njit(error_model="numpy")(plain)
        kernel(*([0.5] * n_args))
    except Exception as error:  # numba raises many kinds
        raise UnreadableModelError(
            "function", name, "must be Python that numba compiles, of floats",
            "define it with @check_units and plain arithmetic, or write it into the equations",
        ) from error  # fmt: skip
    own = f"_user_{next(_numbers)}"
    SCOPE[own] = kernel
    arguments = [f"{{{n}}}" for n in range(n_args)]
    slopes = []
    for n in range(n_args):
        step = _STEP.format(x=arguments[n])
        up = ", ".join(f"{a} + {step}" if m == n else a for m, a in enumerate(arguments))
        down = ", ".join(f"{a} - {step}" if m == n else a for m, a in enumerate(arguments))
        slopes.append(f"(({own}({up}) - {own}({down})) / (2.0 * {step}))")
    call = Call(f"{own}({', '.join(arguments)})", tuple(slopes))
    _known[id(function)] = call
    return call
