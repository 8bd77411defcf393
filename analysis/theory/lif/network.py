"""Self-consistent rate of a random LIF network with delta synapses and finite-variance weights.

All neurons are statistically equivalent: each receives `in_degree[a]` synapses of class a. The
input is white noise whose mean and variance the network's own rate determines; weights and rates
that differ between neurons spread the mean input, which spreads the rates.
"""

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from heavytail_snn.analysis.theory.lif.siegert import (
    T_REF,
    TAU,
    THETA,
    check_neuron,
    check_step,
    si,
    siegert_derivatives,
)
from heavytail_snn.core.dimensions import SI
from heavytail_snn.core.errors import ConvergenceError, ParameterError, check_real
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.core.showing import Shown


@dataclass(frozen=True, kw_only=True)
class LIFCircuit(Shown):
    """Statistics of one LIF neuron's synapses and its membrane.

    Voltages and times are Brian2 quantities; the fields hold them in V and s.

    Parameters
    ----------
    in_degree : sequence of float
        Number of synapses of each class a neuron receives, for example ``(200, 50)``.
    weight : sequence of quantities of voltage, or one
        Mean jump of the membrane potential of each class, for example ``(0.1*mV, -0.5*mV)``.
    weight_sd : sequence of quantities of voltage, or one
        Standard deviation of the weights inside each class (finite; for infinite variance use
        `lif_heavy_tailed`).
    drive, noise : Quantity of voltage
        Mean external input and amplitude of external white noise (Siegert convention:
        ``tau dV/dt = -V + drive + noise sqrt(tau) xi``).
    tau, theta, v_reset, t_ref : Quantity
        20 ms, 20 mV, 0 mV and 2 ms.
    connection_probability : float, optional
        None: fixed in-degree. Otherwise each synapse exists with this probability, and the
        in-degree is the mean of a binomial number.
    dt : Quantity of time, optional
        Time step of the simulation to be predicted (raises the threshold, see `siegert`); the
        step of the simulated neuron in `lif_spectrum`.
    """

    in_degree: tuple[float, ...]
    weight: Any
    weight_sd: Any = 0.0
    drive: Any
    noise: Any = 0.0
    tau: Any = TAU
    theta: Any = THETA
    v_reset: Any = 0.0
    t_ref: Any = T_REF
    connection_probability: float | None = None
    dt: Any = None

    def __post_init__(self) -> None:
        degrees = tuple(
            check_real("in_degree", si("in_degree", k), low=0.0) for k in _sequence(self.in_degree)
        )
        weights = tuple(_volts("weight", j) for j in _sequence(self.weight))
        spread = _sequence(self.weight_sd)
        spread = spread * len(weights) if len(spread) == 1 else spread
        deviations = tuple(_volts("weight_sd", s, low=0.0) for s in spread)
        if not len(degrees) == len(weights) == len(deviations):
            raise ParameterError(
                "weight", self.weight, f"must have one value for each in_degree {degrees}"
            )
        names = ("drive", "noise", "tau", "theta", "v_reset", "t_ref")
        membrane = {name: si(name, getattr(self, name)) for name in names}
        check_neuron(membrane)
        if self.connection_probability is not None:
            check_real("connection_probability", self.connection_probability, low=0.0, high=1.0)
        step = check_step(self.dt, membrane["tau"])
        if step is not None:
            step = SI(check_real("dt", step, low=0.0, open_low=True))
        clean = {"in_degree": degrees, "weight": weights, "weight_sd": deviations}
        clean |= {"dt": step} | membrane
        for name, value in clean.items():
            object.__setattr__(self, name, value)

    @property
    def membrane(self) -> dict[str, Any]:
        """The arguments of `siegert_derivatives` besides mu and sigma."""
        names = ("tau", "theta", "v_reset", "t_ref", "dt")
        return {name: getattr(self, name) for name in names}

    @property
    def summed_weight(self) -> float:
        """Sum of the mean weights of all synapses (V)."""
        return float(np.dot(self.in_degree, self.weight))

    @property
    def summed_square(self) -> float:
        """Sum of the mean squared weights of all synapses (V^2)."""
        return float(np.dot(self.in_degree, np.square(self.weight) + np.square(self.weight_sd)))

    def input_statistics(self, rate: float, square: float) -> tuple[float, float, float]:
        """Return mean, sigma and spread (V) of the input at mean rate and mean squared rate.

        The spread is the standard deviation of the mean input from neuron to neuron.
        """
        p = 1.0 if self.connection_probability is None else self.connection_probability
        shared = p * float(np.dot(self.in_degree, np.square(self.weight))) * rate**2
        variance = self.tau**2 * max(self.summed_square * square - shared, 0.0)
        mean = self.drive + self.tau * self.summed_weight * rate
        sigma = np.sqrt(self.noise**2 + self.tau * self.summed_square * rate)
        return mean, float(sigma), float(np.sqrt(variance))

    def scaled(self, factor: float) -> "LIFCircuit":
        """Return the same circuit with all weights multiplied by `factor`."""
        deviations = tuple(SI(factor * s) for s in _sequence(self.weight_sd))
        weights = tuple(SI(factor * j) for j in self.weight)
        return replace(self, weight=weights, weight_sd=deviations)


@dataclass(frozen=True, kw_only=True)
class LIFNetworkRate(Result):
    """Self-consistent stationary state of a LIF network in white-noise mean-field theory."""

    rate: float = field_of(unit="Hz", quantity="rate")
    rate_sd: float = field_of(unit="Hz")
    mean_input: float = field_of(unit="V")
    sigma: float = field_of(unit="V")
    mean_input_sd: float = field_of(unit="V")
    susceptibility: float = field_of(unit="Hz/V")
    rates: NDArray = field_of(unit="Hz", dims=("neuron",))
    susceptibilities: NDArray = field_of(unit="Hz/V", dims=("neuron",))
    probability: NDArray = field_of(dims=("neuron",))
    all_rates: NDArray = field_of(unit="Hz", dims=("solution",))
    residual: float = field_of(unit="Hz")
    history: NDArray = field_of(unit="Hz", dims=("iteration",))


def lif_network(circuit: LIFCircuit, *, tolerance: float = 1e-9) -> LIFNetworkRate:
    """Solve for the stationary rate of a LIF network (Brunel 2000, with distributed rates).

    Parameters
    ----------
    circuit : LIFCircuit
    tolerance : float
        Largest accepted residual, relative to the rate.

    Returns
    -------
    LIFNetworkRate
        ``rate`` and ``rate_sd`` (Hz) over neurons; ``mean_input``, ``sigma``, ``mean_input_sd``
        (V); ``rates`` and ``susceptibilities`` of a
        sample of neurons with ``probability``; ``susceptibility`` d rate / d
        drive of one neuron (Hz/V); ``all_rates``, every solution (the lowest one that is stable
        under relaxation is returned); ``history`` of the residual.

    Raises
    ------
    ParameterError
        If `circuit` is not a LIFCircuit.
    ConvergenceError
        If no self-consistent rate is found.

    Notes
    -----
    Brunel, J. Comput. Neurosci. 8, 183 (2000); distributed rates as in Amit & Brunel, Network 8,
    373 (1997): the mean input of a neuron is normal with the variance of sum_k J_k nu_k.
    """
    if not isinstance(circuit, LIFCircuit):
        raise ParameterError("circuit", circuit, "must be a LIFCircuit")
    check_real("tolerance", tolerance, low=0.0, open_low=True)
    history: list[float] = []

    def excess(rate: float) -> float:
        value = PROBABILITY @ _response(circuit, rate)[0] - rate
        history.append(value)
        return value

    brackets = _brackets(excess, circuit)
    history.clear()
    roots = [b if a == b else brentq(excess, a, b, xtol=1e-15, rtol=1e-14) for a, b in brackets]
    rate = float(roots[0])
    rates, by_mu, statistics = _response(circuit, rate)
    average = float(PROBABILITY @ rates)
    residual = abs(average - rate)
    if residual > tolerance * max(rate, 1e-12):
        raise ConvergenceError(
            f"the rate {rate:.6g} Hz has residual {residual:.3g} Hz, above tolerance "
            f"{tolerance:g}; the transfer function is too steep here, add noise"
        )
    mean, sigma, spread = statistics
    return LIFNetworkRate(
        rate=average,
        rate_sd=float(np.sqrt(PROBABILITY @ (rates - average) ** 2)),
        mean_input=mean,
        sigma=sigma,
        mean_input_sd=spread,
        susceptibility=float(PROBABILITY @ by_mu),
        rates=rates,
        susceptibilities=by_mu,
        probability=PROBABILITY.copy(),
        all_rates=np.array(roots),
        residual=residual,
        history=np.array(history),
        parameters={"circuit": circuit},
    )


# neurons' standard normal deviates and their weights: the trapezoidal rule is spectrally accurate
DEVIATES = np.linspace(-7.0, 7.0, 113)
PROBABILITY = np.exp(-(DEVIATES**2) / 2) / np.exp(-(DEVIATES**2) / 2).sum()


def _volts(argument: str, value: Any, low: float = -np.inf) -> SI:
    return SI(check_real(argument, si(argument, value), low=low))


def _sequence(value: Any) -> tuple[Any, ...]:
    return tuple(value) if np.ndim(value) else (value,)


def _response(circuit: LIFCircuit, rate: float) -> tuple[NDArray, NDArray, tuple]:
    """Return rates and susceptibilities at `DEVIATES`, and the input, at presynaptic rate."""
    shape = 1.0  # <nu^2> / <nu>^2 of the presynaptic neurons
    for _ in range(100):
        first = _shape(circuit, rate, shape)
        second = _shape(circuit, rate, first)
        curvature = second - 2 * first + shape
        step = (first - shape) ** 2 / curvature if curvature != 0 else shape - second
        if abs(step) <= 1e-12 * shape or abs(first - shape) <= 1e-12 * shape:
            return _response_of(circuit, rate, first)
        shape = max(shape - step, 1.0)
    return _response_of(circuit, rate, _bracketed_shape(circuit, rate))


def _response_of(circuit: LIFCircuit, rate: float, shape: float) -> tuple[NDArray, NDArray, tuple]:
    mean, sigma, spread = circuit.input_statistics(rate, shape * rate**2)
    rates, by_mu, _ = siegert_derivatives(mean + spread * DEVIATES, sigma, **circuit.membrane)
    return rates, by_mu, (mean, sigma, spread)


def _bracketed_shape(circuit: LIFCircuit, rate: float) -> float:
    """Return the shape by bisection: far below threshold the iteration jumps to and fro."""

    def excess(log_shape: float) -> float:
        return math.log(_shape(circuit, rate, math.exp(log_shape))) - log_shape

    high = 1.0
    while excess(high) > 0:
        high *= 2.0
        if high > 600.0:
            raise ConvergenceError(
                f"the spread of the rates did not settle at {rate:.4g} Hz; add noise, or use a "
                "fixed in-degree (connection_probability=None)"
            )
    return math.exp(brentq(excess, 0.0, high, xtol=1e-13))


def _shape(circuit: LIFCircuit, rate: float, shape: float) -> float:
    """Return <nu^2> / <nu>^2 of neurons whose presynaptic rates have the given shape."""
    mean, sigma, spread = circuit.input_statistics(rate, shape * rate**2)
    if spread == 0:
        return 1.0
    rates, _, _ = siegert_derivatives(mean + spread * DEVIATES, sigma, **circuit.membrane)
    average = PROBABILITY @ rates
    return float(PROBABILITY @ rates**2 / average**2) if average > 0 else 1.0


def _brackets(excess: Any, circuit: LIFCircuit) -> list[tuple[float, float]]:
    """Return intervals around the self-consistent rates, those stable under relaxation first."""
    fastest = 1 / circuit.t_ref if circuit.t_ref > 0 else 1e4 / circuit.tau
    grid = np.concatenate([[0.0], np.geomspace(1e-6 * fastest, fastest, 80)])
    values = np.array([excess(rate) for rate in grid])
    if values[0] == 0:
        return [(0.0, 0.0)]
    pairs = list(pairwise(grid.tolist()))
    stable = [pairs[i] for i in np.flatnonzero((values[:-1] > 0) & (values[1:] <= 0))]
    unstable = [pairs[i] for i in np.flatnonzero((values[:-1] <= 0) & (values[1:] > 0))]
    if not stable:
        raise ConvergenceError(
            f"no self-consistent rate below {fastest:.4g} Hz; the network runs away: set a "
            "refractory time or reduce the excitatory weights"
        )
    return stable + unstable
