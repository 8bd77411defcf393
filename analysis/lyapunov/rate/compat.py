"""The published protocol of Xie, Mihalas & Kusmierz 2025, kept to show what it returns.

**It does not compute Lyapunov exponents.**  The product ``J^T Q`` taken forward in time has its
factors in reversed order; for heavy-tailed weights the numbers are off by large factors.  The
default of the library never comes here.
"""

import dataclasses
import math
import warnings
from typing import Any

import numpy as np

from heavytail_snn.analysis.lyapunov.rate.spectrum import check_k
from heavytail_snn.analysis.lyapunov.tangent.kaplan_yorke import kaplan_yorke_dimension
from heavytail_snn.analysis.lyapunov.tangent.qr import positive_qr
from heavytail_snn.analysis.lyapunov.tangent.spectrum import LyapunovSpectrum, spectrum_from_blocks
from heavytail_snn.core.arrays import like
from heavytail_snn.core.errors import ParameterError, check_choice, check_integer, check_real
from heavytail_snn.core.randomness import Seed, recorded_seed, stream
from heavytail_snn.models.rate.map import RateMap
from heavytail_snn.models.rate.network import fixed_seed

_WARNING = (
    'compat="xie2025" reproduces the published protocol (J^T Q forward in time, late Jacobian, '
    "no tangent warm-up, clamped R): this is not the Lyapunov spectrum"
)


class NotLyapunovWarning(UserWarning):
    """The numbers are those of a published protocol and not Lyapunov exponents."""


def xie_2025_spectrum(
    network: RateMap,
    *,
    k: int | str | None = None,
    seed: Seed = None,
    state_warmup: int = 2950,
    n_steps: int = 51,
    transpose: bool = True,
    late_jacobian: bool = True,
    q0: str = "identity",
    tangent_warmup: int = 0,
    clamp: float = 1e-12,
    initial_state: Any = None,
) -> LyapunovSpectrum:
    """Return what the published protocol returns; **this is not the Lyapunov spectrum**.

    Parameters
    ----------
    network : RateMap
    k : int or "auto"
        Columns; "auto" and None take all (the published dimension), 100 for the published first
        exponent.
    seed : Seed
        Of initial state, noise and, with ``q0="random"``, the frame.
    state_warmup, n_steps : int
        2950 and 51 for the published dimension; 2900 and 100 for the first exponent.
    transpose : bool
        Multiply by the transposed Jacobian (published) or by the Jacobian.
    late_jacobian : bool
        Evaluate it at the state after the update, with the input of the step before (published).
    q0 : {"identity", "random"}
        First columns of the identity (published), or a random orthonormal frame.
    tangent_warmup : int
        Discarded steps; 0 as published.
    clamp : float
        Smallest diagonal element of R; 1e-12 as published, so that exponents stop at -27.6.

    Returns
    -------
    LyapunovSpectrum
        With the published conventions: dimension 0 if the first number is negative and k if no
        partial sum is; the first entry of `warnings` says what it is not.

    Warns
    -----
    NotLyapunovWarning
        Always.

    References
    ----------
    arXiv:2505.09816, supplement; the authors corrected their public code after publication.
    """
    warnings.warn(_WARNING, NotLyapunovWarning, stacklevel=2)
    if not isinstance(network, RateMap):
        raise ParameterError(
            "model", type(network).__name__, "must be a RateMap", "compat is for rate maps only"
        )
    check_integer("n_steps", n_steps, low=10, remedy="ten blocks are needed for the errors")
    check_real("clamp", clamp, low=0)
    network, seed = network.drawn(fixed_seed(seed))
    size = network.n_neurons if k in (None, "auto") else check_k(k, network)
    x = network.initial_state(seed) if initial_state is None else network.as_state(initial_state)
    drives = network.drives(seed)
    for _ in range(check_integer("state_warmup", state_warmup)):
        x = network.step(x, next(drives))
    q = like(_frame(network.n_neurons, size, q0, seed), x)
    rows = []
    for t in range(check_integer("tangent_warmup", tangent_warmup) + n_steps):
        drive = next(drives)
        following, slope = network.step_and_slope(x, drive)
        if late_jacobian:
            slope = network.step_and_slope(following, drive)[1]
        q, logs = positive_qr(_product(network.weights, slope, q, transpose))
        if t >= tangent_warmup:
            rows.append(np.maximum(logs, math.log(clamp) if clamp else -math.inf))
        x = following
    switches = {"transpose": transpose, "late_jacobian": late_jacobian, "q0": q0, "clamp": clamp}
    result = spectrum_from_blocks(
        np.array(rows),
        np.ones(n_steps),
        unit="1/step",
        kind="map",
        tangent_dimension=network.n_neurons,
        state_warmup=float(state_warmup),
        tangent_warmup=float(tangent_warmup),
        seed=recorded_seed(seed),
        parameters=network.parameters | {"compat": "xie2025", "k": size} | switches,
        warnings=(_WARNING,),
    )
    dimension = kaplan_yorke_dimension(result.exponents, complete=False)
    published = float(size) if math.isnan(dimension) else dimension
    return dataclasses.replace(result, kaplan_yorke_dimension=published, converged=False)


def published_transition(gains: np.ndarray, mean_exponents: np.ndarray) -> float:
    """Return the published g*: the first gain where the trial mean goes from < 0 to >= 0.

    Biased upwards by up to one grid step (a factor 1.151 for 50 gains over three decades).  nan
    if the mean never does so.
    """
    values = np.asarray(mean_exponents)
    rises = np.flatnonzero((values[:-1] < 0) & (values[1:] >= 0))
    return float(np.asarray(gains)[rises[0] + 1]) if rises.size else float("nan")


def _frame(n: int, k: int, q0: str, seed: Seed) -> np.ndarray:
    if check_choice("q0", q0, ("identity", "random")) == "identity":
        return np.eye(n, k)
    return positive_qr(stream(seed, "tangent frame").standard_normal((k, n)).T)[0]


def _product(weights: Any, slope: np.ndarray, q: np.ndarray, transpose: bool) -> np.ndarray:
    if transpose:
        return weights.T @ (slope[:, None] * q)
    return slope[:, None] * (weights @ q)
