"""Alpha-stable random numbers from one uniform and one exponential.

The formula is the rearrangement by Chambers, Mallows & Stuck (1976,
doi:10.1080/01621459.1976.10480344) that is continuous in alpha through 1.  Written with tangents of
half angles it needs two tangents, a logarithm and an exponential per number.
"""

import math
import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

# Numbers per random stream, and per pass: a pass stays in a core's cache with its temporaries.
_CHUNK = 1 << 18
_BLOCK = 1 << 12
# Half a cell of the uniform grid of 2^-53: stands for the cell that contains 0.
_HALF_CELL = 2.0**-54


def stable_from_uniform_and_exponential(
    alpha: ArrayLike, beta: ArrayLike, u: ArrayLike, w: ArrayLike
) -> Floats:
    """Map a uniform and an exponential number to a stable one (S1, unit scale).

    Parameters
    ----------
    alpha, beta : array_like
        Stability in (0, 2] and skewness in [-1, 1]; broadcast against `u`.
    u : array_like
        Uniform in [0, 1].  The end points stand for the middle of their half cell of 2^-53.
    w : array_like
        Standard exponential, > 0.

    Returns
    -------
    ndarray
        Characteristic function exp(-|k|^alpha) for beta = 0.
    """
    alpha, beta = np.asarray(alpha, dtype=float), np.asarray(beta, dtype=float)
    u, w = np.asarray(u, dtype=float), np.asarray(w, dtype=float)
    epsilon = 1 - alpha
    side, gap = _side_and_gap(u)
    half = side * (math.pi / 4 - gap)  # half of the angle, in (-pi/4, pi/4)
    edge = np.tan(gap)
    a = side * (1 - edge) / (1 + edge)  # tan(half)
    one_minus_a2 = 4 * edge / (1 + edge) ** 2  # without cancellation where the tail is made
    slope = _tan_ratio(epsilon * half)
    b = epsilon * half * slope  # tan(epsilon * half)
    tau = beta * 2 / math.pi / _tan_ratio(epsilon * math.pi / 2)
    log_z = np.log(
        (1 + a * a) * (1 - b * b + 2 * half * slope * tau) / (w * one_minus_a2 * (1 + b * b))
    )
    exponent = epsilon * log_z / alpha
    d = _expm1_ratio(exponent) * log_z / alpha
    numerator = (a - b) * (1 + a * b) - half * tau * slope * (b * one_minus_a2 - 2 * a)
    centred = np.exp(exponent) * 2 * numerator / (one_minus_a2 * (1 + b * b)) + tau * d
    off_one = alpha != 1
    shift = np.where(off_one, beta * np.tan(math.pi * np.where(off_one, alpha, 0.0) / 2), 0.0)
    return centred + shift


def sample_symmetric_stable(alpha: float, size: int, generator: np.random.Generator) -> Floats:
    """Draw `size` symmetric alpha-stable numbers, on all cores.

    For alpha < 2 the same map as `stable_from_uniform_and_exponential` with beta = 0, where it
    reduces to tangents and one power; at alpha = 2 a normal of variance 2, drawn as such.

    Returns
    -------
    (size,) ndarray
    """
    values = np.empty(size)
    chunks = [values[start : start + _CHUNK] for start in range(0, size, _CHUNK)]
    # one stream per chunk: the numbers do not depend on the number of threads
    generators = generator.spawn(len(chunks)) if len(chunks) > 1 else [generator]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(partial(_fill, alpha), chunks, generators))
    return values


def _fill(alpha: float, values: Floats, generator: np.random.Generator) -> None:
    """Fill an array with symmetric stable numbers; numpy releases the interpreter meanwhile."""
    if alpha == 2:
        generator.standard_normal(out=values)
        values *= math.sqrt(2)
        return
    for start in range(0, values.size, _BLOCK):
        block = values[start : start + _BLOCK]
        u, w = generator.random(block.size), generator.standard_exponential(block.size)
        block[:] = _symmetric(alpha, u, w)


def _symmetric(alpha: float, u: Floats, w: Floats) -> Floats:
    """Return sin(alpha v) / cos(v) * (cos((1-alpha) v) / (w cos v))^((1-alpha)/alpha)."""
    side, gap = _side_and_gap(u)
    edge = np.tan(gap)
    one_plus = 1 + edge
    one_minus_a2 = 4 * edge / (one_plus * one_plus)
    a = (1 - edge) / one_plus
    b = np.tan((1 - alpha) * (math.pi / 4 - gap))
    b2 = b * b
    scale = one_minus_a2 * (1 + b2)
    values = side * (2 * (a - b) * (1 + a * b) / scale)
    if alpha != 1:
        power = (1 - alpha) / alpha
        with np.errstate(over="ignore"):  # an infinite weight is refused by the law, with its name
            values *= np.exp(power * np.log((1 + a * a) * (1 - b2) / (w * scale)))
    return values


def _side_and_gap(u: Floats) -> tuple[Floats, Floats]:
    """Return the sign of u - 1/2 and half the angle between pi |u - 1/2| and pi / 2."""
    centred = u - 0.5
    gap = np.maximum(0.5 - np.abs(centred), _HALF_CELL) * (math.pi / 2)
    return np.copysign(1.0, centred), gap


def _tan_ratio(x: Floats) -> Floats:
    """Return tan(x) / x, 1 at 0."""
    safe = np.where(x == 0, 1.0, x)
    return np.where(x == 0, 1.0, np.tan(safe) / safe)


def _expm1_ratio(x: Floats) -> Floats:
    """Return (exp(x) - 1) / x, 1 at 0."""
    safe = np.where(x == 0, 1.0, x)
    return np.where(x == 0, 1.0, np.expm1(safe) / safe)
