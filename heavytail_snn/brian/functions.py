"""Stable random numbers and the normal distribution inside Brian2 strings, on every target.

`stable_ug(alpha, beta, rand(), randn())` maps Brian2's own random numbers and therefore obeys
Brian2's seeds everywhere; `levy_stable(alpha, beta)` is shorter and draws its own uniforms.
One formula, that of `heavytail_snn.weights.stable`, is written once for numpy and once in C.

What Brian2 accepts
-------------------
- Assignments (``S.w = "..."``), ``run_regularly`` and reset statements, and ``dv/dt`` under
  ``method="euler"``; subexpressions only with ``(constant over dt)``.
- Not twice in one expression, not with method ``exact``, not in ``connect(p=...)``.
- Not in ``on_pre`` on CUDA: neurons that spike together would share random states.
- Increments of a stable process scale as dt^(1/alpha).  Under Euler write the noise as
  ``(dt/tau)**(1/alpha)*levy_stable(alpha, 0)/dt``, never as a noise term with sqrt(dt).
"""

import math
from typing import Any

import numpy as np
from brian2 import Function
from numpy.typing import ArrayLike, NDArray
from scipy import special

from heavytail_snn.brian.internals import add_string_function, default_function
from heavytail_snn.core.arrays import real_array
from heavytail_snn.core.errors import ParameterError
from heavytail_snn.weights.stable import stable_from_uniform_and_exponential

Floats = NDArray[np.float64]

# Half a cell of the uniform grid of 2^-53: stands for an exponential or a uniform of exactly 0.
_HALF_CELL = 2.0**-54

# The C form of weights.stable.  All literals are exact in single precision: Brian2CUDA
# appends an "f" to literals, in support code too, where the default float type is float32.
_C_SOURCE = r"""
#ifndef HEAVYTAIL_STABLE
#define HEAVYTAIL_STABLE
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
%QUALIFIER% double _ht_tan_ratio(const double x) { return x == 0.0 ? 1.0 : tan(x) / x; }
%QUALIFIER% double _ht_expm1_ratio(const double x) { return x == 0.0 ? 1.0 : expm1(x) / x; }
%QUALIFIER% double _ht_exponential_of_normal(const double g) {
    const double x = fabs(g) / sqrt(2.0);
    return x < 0.5 ? -log1p(-erf(x)) : -log(erfc(x));
}
%QUALIFIER% double _ht_stable(const double alpha, const double beta, const double u,
                              const double exponential) {
    const double half_cell = 5.5511151231257827e-17;  // 2^-54
    const double w = exponential > half_cell ? exponential : half_cell;
    const double epsilon = 1.0 - alpha, centred_u = u - 0.5;
    const double side = centred_u < 0.0 ? -1.0 : 1.0, room = 0.5 - fabs(centred_u);
    const double gap = (room > half_cell ? room : half_cell) * M_PI_2;
    const double half = side * (M_PI_4 - gap), edge = tan(gap);
    const double a = side * (1.0 - edge) / (1.0 + edge);
    const double one_minus_a2 = 4.0 * edge / ((1.0 + edge) * (1.0 + edge));
    const double slope = _ht_tan_ratio(epsilon * half), b = epsilon * half * slope;
    const double tau = fabs(epsilon) > 0.5 ? beta * epsilon * tan(M_PI_2 * alpha)
                                           : beta / (M_PI_2 * _ht_tan_ratio(epsilon * M_PI_2));
    const double log_z = log((1.0 + a * a) * (1.0 - b * b + 2.0 * half * slope * tau)
                             / (w * one_minus_a2 * (1.0 + b * b)));
    const double exponent = epsilon * log_z / alpha;
    const double numerator = (a - b) * (1.0 + a * b)
                             - half * tau * slope * (b * one_minus_a2 - 2.0 * a);
    const double shift = alpha == 1.0 ? 0.0 : beta * tan(M_PI_2 * alpha);
    if (!(alpha > 0.0 && alpha <= 2.0 && fabs(beta) <= 1.0)) {
        printf("stable numbers need alpha in (0, 2] and beta in [-1, 1], got %g and %g\n",
               alpha, beta);
        %STOP%
    }
    return exp(exponent) * 2.0 * numerator / (one_minus_a2 * (1.0 + b * b))
           + tau * _ht_expm1_ratio(exponent) * log_z / alpha + shift;
}
#endif
"""

_C_STABLE_UG = """
%QUALIFIER% double _stable_ug(const double alpha, const double beta, const double u,
                              const double g) {
    return _ht_stable(alpha, beta, u, _ht_exponential_of_normal(g));
}
"""

_C_NORMAL_CDF = """
%QUALIFIER% double _normal_cdf(const double x) { return 0.5 * erfc(-x / sqrt(2.0)); }
"""

_CPP_LEVY_STABLE = """
static inline double _levy_stable(const double alpha, const double beta, const int index) {
    const double u = _rand(index), one_minus_v = 1.0 - _rand(index);
    return _ht_stable(alpha, beta, u, -log(one_minus_v));
}
"""

# Brian2CUDA allocates the random states of a code object only where its text matches
# "_binomial...(const int vectorisation_idx)": without the comment they are unallocated memory.
_CUDA_LEVY_STABLE = """
// allocation hook for the curand states: _binomial_levy(const int vectorisation_idx)
__host__ __device__ static inline double _levy_stable(const double alpha, const double beta,
                                                      const int vectorisation_idx) {
#if defined(__CUDA_ARCH__)
    curandState state = brian::d_curand_states[vectorisation_idx];
    const double u = curand_uniform_double(&state), v = curand_uniform_double(&state);  // (0, 1]
    brian::d_curand_states[vectorisation_idx] = state;
#else
    const double u = _host_rand(vectorisation_idx), v = 1.0 - _host_rand(vectorisation_idx);
#endif
    return _ht_stable(alpha, beta, u, -log(v));
}
"""

_CYTHON_HEADER = '''
cdef extern from *:
    """%C%"""
    double _ht_stable(double alpha, double beta, double u, double w)
    double _ht_exponential_of_normal(double g)

cdef inline int %CHECK%(double alpha, double beta) except -1:
    if not (0 < alpha <= 2 and -1 <= beta <= 1):
        raise ValueError(f"alpha must lie in (0, 2] and beta in [-1, 1], got {alpha} and {beta}")
    return 0
'''

_CYTHON_STABLE_UG = """
cdef double _stable_ug(double alpha, double beta, double u, double g) except? -1:
    %CHECK%(alpha, beta)
    return _ht_stable(alpha, beta, u, _ht_exponential_of_normal(g))
"""

_CYTHON_LEVY_STABLE = """
cdef double _levy_stable(double alpha, double beta, int index) except? -1:
    %CHECK%(alpha, beta)
    cdef double u = _rand(index)
    return _ht_stable(alpha, beta, u, -log(1 - _rand(index)))
"""

_CYTHON_NORMAL_CDF = '''
cdef extern from *:
    """
    #include <math.h>
    static double _ht_normal_cdf(double x) { return 0.5 * erfc(-x / sqrt(2.0)); }
    """
    double _normal_cdf "_ht_normal_cdf"(double x)
'''

_QUALIFIERS = {"cpp": "static inline", "cuda": "__host__ __device__ static inline"}
_STOPS = {
    "cpp": "exit(1);",
    "cuda": "\n#if defined(__CUDA_ARCH__)\n__trap();\n#else\nexit(1);\n#endif\n",
    "cython": "",  # checked before the call, where an exception can be raised
}


def stable_ug(alpha: ArrayLike, beta: ArrayLike, u: ArrayLike, g: ArrayLike) -> Floats:
    """Map a uniform and a standard normal number to an alpha-stable one (S1, unit scale).

    Parameters
    ----------
    alpha, beta : array_like
        Stability in (0, 2], skewness in [-1, 1].
    u, g : array_like
        Uniform in [0, 1] and standard normal; |g| becomes an exponential number of equal rank.

    Returns
    -------
    ndarray
        For beta = 0 with characteristic function exp(-|k|^alpha): alpha = 2 has variance 2.

    Raises
    ------
    ParameterError
        If alpha or beta leave their domains.
    """
    _check_stable(alpha, beta)
    x = np.abs(real_array("g", g)) / math.sqrt(2)
    small = np.minimum(x, 0.5)  # each form only where it is accurate
    w = np.where(x < 0.5, -np.log1p(-special.erf(small)), -special.log_ndtr(-math.sqrt(2) * x))
    w = np.where(x < 0.5, w, w - math.log(2))  # erfc(x) = 2 Phi(-sqrt(2) x)
    return stable_from_uniform_and_exponential(
        alpha, beta, real_array("u", u), np.maximum(w, _HALF_CELL)
    )


def normal_cdf(x: ArrayLike) -> Floats:
    """Return the standard normal distribution function; ``normal_cdf(randn())`` is uniform."""
    return special.ndtr(np.asarray(x, dtype=float))


def _levy_stable_numpy(alpha: ArrayLike, beta: ArrayLike, vectorisation_idx: Any) -> Floats:
    """Draw with numpy's global generator: the one that Brian2's `rand` uses and `seed` sets."""
    _check_stable(alpha, beta)
    size = np.shape(vectorisation_idx)
    u, v = np.random.random_sample(size), np.random.random_sample(size)  # noqa: NPY002
    return stable_from_uniform_and_exponential(
        alpha, beta, u, np.maximum(-np.log1p(-v), _HALF_CELL)
    )


def _check_stable(alpha: ArrayLike, beta: ArrayLike) -> None:
    a, b = real_array("alpha", alpha), real_array("beta", beta)
    if not np.all((a > 0) & (a <= 2)):
        raise ParameterError("alpha", alpha, "must lie in (0, 2]", "for finite variance use 2")
    if not np.all(np.abs(b) <= 1):
        raise ParameterError("beta", beta, "must lie in [-1, 1]")


def _c_source(target: str, source: str) -> str:
    text = source.replace("%QUALIFIER%", _QUALIFIERS.get(target, "static inline"))
    return text.replace("%STOP%", _STOPS[target])


def _cython_source(name: str, body: str) -> str:
    c_source = _c_source("cython", _C_SOURCE).replace("\\", "\\\\")
    text = _CYTHON_HEADER.replace("%C%", c_source) + body
    return text.replace("%CHECK%", f"_check{name}")  # one name each: both may meet in one module


def _stable_ug_function() -> Function:
    function = Function(
        stable_ug, arg_units=[1, 1, 1, 1], return_unit=1, arg_names=["alpha", "beta", "u", "g"]
    )
    add = function.implementations.add_implementation
    add("numpy", stable_ug)
    add("cython", _cython_source("_stable_ug", _CYTHON_STABLE_UG), name="_stable_ug")
    for target in _QUALIFIERS:
        add(target, _c_source(target, _C_SOURCE + _C_STABLE_UG), name="_stable_ug")
    return function


def _levy_stable_function() -> Function:
    function = Function(
        _levy_stable_numpy,
        arg_units=[1, 1],
        return_unit=1,
        arg_names=["alpha", "beta"],
        stateless=False,
        auto_vectorise=True,
    )
    rand = {"_rand": default_function("rand")}
    add = function.implementations.add_implementation
    add("numpy", _levy_stable_numpy)
    cython = _cython_source("_levy_stable", _CYTHON_LEVY_STABLE)
    add("cython", cython, name="_levy_stable", dependencies=rand)
    cpp = _c_source("cpp", _C_SOURCE + _CPP_LEVY_STABLE)
    add("cpp", cpp, name="_levy_stable", dependencies=rand)
    add("cuda", _c_source("cuda", _C_SOURCE + _CUDA_LEVY_STABLE), name="_levy_stable")
    return function


def _normal_cdf_function() -> Function:
    function = Function(normal_cdf, arg_units=[1], return_unit=1, arg_names=["x"])
    add = function.implementations.add_implementation
    add("numpy", normal_cdf)
    add("cython", _CYTHON_NORMAL_CDF, name="_normal_cdf")
    for target in _QUALIFIERS:
        add(target, _c_source(target, _C_NORMAL_CDF), name="_normal_cdf")
    return function


def register() -> None:
    """Make `levy_stable`, `stable_ug` and `normal_cdf` known in all Brian2 strings.

    Called when heavytail_snn is imported; calling it again changes nothing.
    """
    add_string_function("stable_ug", _stable_ug_function())
    add_string_function("levy_stable", _levy_stable_function())
    add_string_function("normal_cdf", _normal_cdf_function())
