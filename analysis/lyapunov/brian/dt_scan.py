"""Extrapolation of exponents in the time step of a clock-driven simulation.

Spikes on a grid blunt the slowest threshold crossings, which shifts an exponent by an amount
proportional to dt.  A scan over dt, dt/2, dt/5 measures the shift: the intercept of a straight line
is the estimate, and its distance from the finest run the stated bias.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import Network

from heavytail_snn.analysis.lyapunov.hybrid.spectrum import lyapunov_spectrum_of_network
from heavytail_snn.brian.internals import caller_namespace
from heavytail_snn.core.errors import ConvergenceError, ParameterError, check_integer
from heavytail_snn.core.options import check_options
from heavytail_snn.core.randomness import Seed, recorded_seed
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.core.time_units import in_seconds


@dataclass(frozen=True, kw_only=True)
class DtScan(Result):
    """Exponents at several time steps and their extrapolation to zero.

    Parameters
    ----------
    dts : (n,) array
        Time steps in s, descending.
    exponents, standard_error : (n, k) arrays
        Means over initial states, in 1/s, and their block errors.
    intercept, intercept_standard_error : (k,) arrays
        Value at dt = 0 of a weighted straight line through the n values.
    slope : (k,) array
        In 1/s per s of time step.
    bias : (k,) array
        Distance of the finest run from the intercept: what a single run with it gets wrong.
    largest_exponent, largest_exponent_standard_error : float
        The first intercept.
    """

    dts: np.ndarray = field_of(unit="s", dims=("dt",))
    exponents: np.ndarray = field_of(unit="1/s", dims=("dt", "index"))
    standard_error: np.ndarray = field_of(unit="1/s", dims=("dt", "index"))
    intercept: np.ndarray = field_of(unit="1/s", dims=("index",))
    intercept_standard_error: np.ndarray = field_of(unit="1/s", dims=("index",))
    slope: np.ndarray = field_of(unit="1/s^2", dims=("index",))
    bias: np.ndarray = field_of(unit="1/s", dims=("index",))
    largest_exponent: float = field_of(
        unit="1/s", quantity="largest_exponent", error="largest_exponent_standard_error"
    )
    largest_exponent_standard_error: float = field_of(unit="1/s")

    def plot(self, ax: Any = None) -> Any:
        """Draw the largest exponent against the time step with the fitted line."""
        import matplotlib.pyplot as plt

        ax = plt.subplots()[1] if ax is None else ax
        ms = self.dts * 1e3
        ax.errorbar(ms, self.exponents[:, 0], self.standard_error[:, 0], fmt="o", capsize=3)
        line = np.array([0.0, ms.max()])
        ax.plot(line, self.intercept[0] + self.slope[0] * line / 1e3, lw=1)
        error = self.largest_exponent_standard_error
        ax.errorbar(0, self.largest_exponent, error, fmt="s", color="k")
        ax.set(xlabel="time step (ms)", ylabel="largest exponent (1/s)")
        return ax


# given to lyapunov_spectrum_of_network by the scan itself
_TAKEN = ("k", "duration", "seed", "namespace")


def lyapunov_dt_scan(
    build: Callable[[float, int], Any],
    *,
    dt: Any = 1e-4,
    divisors: Sequence[float] = (1, 2, 5),
    n_states: int = 1,
    k: int = 1,
    duration: Any,
    seed: Seed = None,
    namespace: Mapping[str, Any] | None = None,
    **options: Any,
) -> DtScan:
    """Return the exponents of a Brian2 network extrapolated to vanishing time step.

    Parameters
    ----------
    build : callable
        ``build(dt, state)`` returns a Network (or a tuple that begins with one) with time step `dt`
        in s; the same network each time, with initial state number `state`.
    dt : time
        The coarsest step.
    divisors : sequence of numbers
        The steps are ``dt / divisor``; at least two different ones.
    n_states : int
        Runs with different initial states per step, which are averaged.
    k, duration, seed, namespace, **options
        See `lyapunov_spectrum_of_network`.

    Raises
    ------
    ParameterError
        For an option that `lyapunov_spectrum_of_network` does not have.
    ConvergenceError
        If an exponent is not finite.
    """
    check_options(lyapunov_dt_scan, options, lyapunov_spectrum_of_network, taken=_TAKEN)
    coarsest = float(in_seconds("dt", dt))
    dts = np.array(sorted({coarsest / d for d in divisors}, reverse=True))
    if dts.size < 2 or not (dts > 0).all():
        raise ParameterError(
            "divisors", divisors, "must hold at least two different positive numbers",
            "use (1, 2, 5)",
        )  # fmt: skip
    n_states = check_integer("n_states", n_states, low=1)
    names = caller_namespace(level=1) if namespace is None else namespace
    values, errors = [], []
    for step in dts:
        runs = [
            lyapunov_spectrum_of_network(
                _network(build(float(step), state)),
                k=k,
                duration=duration,
                seed=seed,
                namespace=names,
                **options,
            )
            for state in range(n_states)
        ]
        values.append(np.mean([r.exponents for r in runs], axis=0))
        errors.append(np.sqrt(np.sum([r.standard_error**2 for r in runs], axis=0)) / n_states)
    return extrapolate(
        dts, np.array(values), np.array(errors),
        seed=None if seed is None else recorded_seed(seed),
        parameters={"n_states": n_states, "duration": float(in_seconds("duration", duration))},
    )  # fmt: skip


def _network(built: Any) -> Network:
    """Return the network of what `build` returned."""
    network = built[0] if isinstance(built, tuple | list) and built else built
    if not isinstance(network, Network):
        raise ParameterError(
            "build", type(built).__name__, "must return a Brian2 Network, or a tuple with it first",
            "return Network(neurons, synapses)",
        )  # fmt: skip
    return network


def extrapolate(
    dts: np.ndarray, exponents: np.ndarray, errors: np.ndarray, **provenance: Any
) -> DtScan:
    """Fit ``exponents = intercept + slope * dt`` with weights ``1 / errors**2``.

    Parameters
    ----------
    dts : (n,) array
    exponents, errors : (n, k) arrays
    """
    if not (np.isfinite(exponents).all() and (errors > 0).all()):
        raise ConvergenceError("an exponent or its error is not finite: ask for a smaller k")
    design = np.stack([np.ones_like(dts), dts], axis=1)
    intercept, error, slope = (np.empty(exponents.shape[1]) for _ in range(3))
    for c in range(exponents.shape[1]):
        weighted = design / errors[:, c, None] ** 2
        covariance = np.linalg.inv(design.T @ weighted)
        intercept[c], slope[c] = covariance @ (weighted.T @ exponents[:, c])
        error[c] = np.sqrt(covariance[0, 0])
    return DtScan(
        dts=dts,
        exponents=exponents,
        standard_error=errors,
        intercept=intercept,
        intercept_standard_error=error,
        slope=slope,
        bias=np.abs(exponents[np.argmin(dts)] - intercept),
        largest_exponent=float(intercept[0]),
        largest_exponent_standard_error=float(error[0]),
        **provenance,
    )
