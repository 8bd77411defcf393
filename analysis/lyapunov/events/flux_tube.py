"""Finite perturbations of event-exact networks: flux tubes and the effect of a single spike.

A stable network (no positive exponent) may still be thrown onto another trajectory by a
perturbation of finite size; the exponents say nothing about that.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq
from tqdm import tqdm

from heavytail_snn.analysis.lyapunov.events.spectrum import settled
from heavytail_snn.analysis.lyapunov.events.two_trajectories import phase_difference
from heavytail_snn.core.arrays import real_array
from heavytail_snn.core.errors import ConvergenceError, ParameterError, check_integer
from heavytail_snn.core.randomness import Seed, recorded_seed, seed_sequence, stream
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.core.time_units import one_time
from heavytail_snn.models.pulse.event_state import EventState, Stepper
from heavytail_snn.models.pulse.pulse_coupled import PulseCoupledNetwork, check_network

_DRAWS = 50  # directions tried until no phase is carried over threshold
_CLOSE = 0.01  # of the distance between independent states: below it two runs count as one


@dataclass(frozen=True, kw_only=True)
class FluxTube(Result):
    """How large a perturbation a network forgets.

    Parameters
    ----------
    radius, standard_error : float
        epsilon_FT of ``P(stay) = exp(-epsilon / epsilon_FT)``, maximum likelihood, in phase.
    sizes, stayed, trials : (n_sizes,) arrays
        Perturbation sizes and counts.
    """

    radius: float = field_of(quantity="flux_tube_radius", error="standard_error")
    standard_error: float
    sizes: np.ndarray = field_of(dims=("size",))
    stayed: np.ndarray = field_of(dims=("size",))
    trials: np.ndarray = field_of(dims=("size",))


def flux_tube_radius(
    network: PulseCoupledNetwork,
    *,
    sizes: Sequence[float] = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1),
    n_trials: int = 100,
    duration: Any = 1.0,
    state: EventState | None = None,
    state_warmup: float = 100.0,
    seed: Seed = None,
    progress: bool = False,
) -> FluxTube:
    """Return the size of perturbation that a stable network forgets with probability 1/e.

    Random directions across the flow, of Euclidean length `sizes` in phase; directions that would
    carry a phase over threshold with either sign are drawn again.

    Parameters
    ----------
    network : PulseCoupledNetwork
        Stable, such as an inhibitory `PulseLIFNetwork`.
    sizes : sequence of float
    n_trials : int
        Trials per size, each from a later state of the same trajectory.
    duration : float or quantity of time
        After which the runs are compared.
    state, state_warmup, seed, progress
        As in `lyapunov_spectrum_of_events`.

    Raises
    ------
    ConvergenceError
        If all runs came together or all parted, so that the radius is not bounded.

    References
    ----------
    Monteforte & Wolf, Phys. Rev. X 2 (2012) 041007, doi:10.1103/PhysRevX.2.041007.
    """
    network, seed = check_network(network).drawn(seed, state)
    lengths = real_array("sizes", sizes)
    if lengths.ndim != 1 or not lengths.size or not (np.isfinite(lengths) & (lengths > 0)).all():
        raise ParameterError("sizes", sizes, "must be positive finite numbers")
    n_trials = check_integer("n_trials", n_trials, low=1)
    duration = one_time("duration", duration, low=0, open_low=True)
    seed = seed_sequence(seed)
    generator = stream(seed, "perturbation")
    state = settled(network, state, state_warmup, seed)
    stayed, trials = np.zeros(lengths.size, dtype=np.int64), np.zeros(lengths.size, dtype=np.int64)
    for _ in tqdm(range(n_trials), disable=not progress):
        later = _after(network, state, duration)
        close = _CLOSE * _independent_distance(network)
        for index, size in enumerate(lengths):
            copy = _displaced_across(network, state, size, generator)
            if copy is None:
                continue
            end = _after(network, copy, duration)
            trials[index] += 1
            stayed[index] += _distance_across(network, later, end) < close
        state = later
    radius, error = _exponential_radius(lengths, stayed, trials)
    return FluxTube(
        radius=radius,
        standard_error=error,
        sizes=lengths,
        stayed=stayed,
        trials=trials,
        parameters=network.parameters | {"duration": duration},
        seed=recorded_seed(seed),
    )


@dataclass(frozen=True, kw_only=True)
class OneSpikePerturbation(Result):
    """What one missing or one additional spike does to a network.

    Parameters
    ----------
    times : (n,) array
        After the perturbation, in seconds.
    extra_spikes, changed_spikes : (n,) arrays
        Mean number of spikes gained so far, and of spikes gained or lost in any neuron.
    distance : (n,) array
        Root mean square phase difference per neuron divided by that of independent states.
    decorrelation_time : float
        When the distance first exceeds one half; inf where it never does.
    n_trials : int
    """

    times: np.ndarray = field_of(unit="s", dims=("lag",))
    extra_spikes: np.ndarray = field_of(dims=("lag",))
    changed_spikes: np.ndarray = field_of(dims=("lag",))
    distance: np.ndarray = field_of(dims=("lag",))
    decorrelation_time: float = field_of(unit="s")
    n_trials: int


def one_spike_perturbation(
    network: PulseCoupledNetwork,
    *,
    spike: str = "missing",
    n_trials: int = 30,
    duration: Any = 0.5,
    n_lags: int = 50,
    state: EventState | None = None,
    state_warmup: float = 100.0,
    seed: Seed = None,
) -> OneSpikePerturbation:
    """Remove or add one spike and follow the difference.

    Parameters
    ----------
    network : PulseCoupledNetwork
    spike : {"missing", "extra"}
        "missing": the next neuron to fire is reset without sending its pulses; "extra": a random
        neuron sends its pulses without being reset.
    n_trials, n_lags : int
    duration : float or quantity of time
    state, state_warmup, seed
        As in `lyapunov_spectrum_of_events`.

    References
    ----------
    London et al., Nature 466 (2010) 123, doi:10.1038/nature09086.
    """
    network, seed = check_network(network).drawn(seed, state)
    if spike not in ("missing", "extra"):
        raise ParameterError("spike", spike, "must be 'missing' or 'extra'")
    n_trials = check_integer("n_trials", n_trials, low=1)
    n_lags = check_integer("n_lags", n_lags, low=1)
    duration = one_time("duration", duration, low=0, open_low=True)
    seed = seed_sequence(seed)
    generator = stream(seed, "perturbed neuron")
    state = settled(network, state, state_warmup, seed)
    lags = duration * np.arange(1, n_lags + 1) / n_lags
    totals = np.zeros((3, n_lags))
    for _ in range(n_trials):
        base, copy = _one_spike_apart(network, state, spike, generator)
        state, curves = _follow(network, base, copy, lags)
        totals += curves
    extra, changed, squared = totals / n_trials
    distance = np.sqrt(squared) / _independent_distance(network)
    apart = np.flatnonzero(distance > 0.5)
    return OneSpikePerturbation(
        times=lags,
        extra_spikes=extra,
        changed_spikes=changed,
        distance=distance,
        decorrelation_time=float(lags[apart[0]]) if apart.size else math.inf,
        n_trials=n_trials,
        parameters=network.parameters | {"spike": spike},
        seed=recorded_seed(seed),
    )


def _after(network: PulseCoupledNetwork, state: EventState, duration: float) -> EventState:
    stepper = Stepper(network, state)
    stepper.run_until(state.time + duration)
    return stepper.state()


def _independent_distance(network: PulseCoupledNetwork) -> float:
    """Return the scale of the distance between unrelated states: uniform phases."""
    cycle = network.threshold - network.reset
    return cycle / math.sqrt(12) * math.sqrt(network.n_neurons)


def _distance_across(network: PulseCoupledNetwork, a: EventState, b: EventState) -> float:
    flow = network.phase_velocity / np.linalg.norm(network.phase_velocity)
    difference = phase_difference(network, a, b)
    return float(np.linalg.norm(difference - (difference @ flow) * flow))


def _displaced_across(
    network: PulseCoupledNetwork, state: EventState, size: float, generator: np.random.Generator
) -> EventState | None:
    flow = network.phase_velocity / np.linalg.norm(network.phase_velocity)
    phases = network.phases(state)
    for _ in range(_DRAWS):
        direction = generator.standard_normal(network.n_neurons)
        direction -= (direction @ flow) * flow
        direction *= size / np.linalg.norm(direction)
        for shifted in (phases + direction, phases - direction):
            if (shifted < network.threshold).all():
                return network.state_of(shifted, time=state.time)
    return None


def _exponential_radius(
    sizes: np.ndarray, stayed: np.ndarray, trials: np.ndarray
) -> tuple[float, float]:
    """Fit ``P(stay) = exp(-size / radius)`` by maximum likelihood; return radius and its error."""
    parted = trials - stayed
    if not stayed.sum() or not parted.sum():
        raise ConvergenceError(
            f"all {trials.sum()} runs {'parted' if not stayed.sum() else 'came together'}: the "
            "radius is not bounded; choose other sizes, or check that the network is stable"
        )

    def odds(rate: float) -> np.ndarray:
        """Return P(stay) / P(part), in a form that cannot overflow."""
        return np.exp(-rate * sizes) / -np.expm1(-rate * sizes)

    def score(rate: float) -> float:
        return float(np.sum((parted * odds(rate) - stayed) * sizes))

    rate = brentq(score, 1e-9 / sizes.max(), 1e3 / sizes.min())
    information = np.sum(trials * sizes**2 * odds(rate))
    return 1 / rate, 1 / (rate**2 * math.sqrt(information))


def _one_spike_apart(
    network: PulseCoupledNetwork, state: EventState, spike: str, generator: np.random.Generator
) -> tuple[EventState, EventState]:
    """Return two states at the time of the next spike, one spike apart."""
    waits = state.next_spikes
    first = int(np.argmin(waits))
    time = state.time + waits[first]
    phases = network.threshold - (waits - waits[first]) * network.phase_velocity
    phases[first] = network.threshold
    changed = phases.copy()
    if spike == "missing":
        changed[first] = network.reset
    else:
        source = int(generator.integers(network.n_neurons))
        changed = np.minimum(network.pulse(changed, source), network.threshold)
    return network.state_of(phases, time=time), network.state_of(changed, time=time)


def _follow(
    network: PulseCoupledNetwork, base: EventState, copy: EventState, lags: np.ndarray
) -> tuple[EventState, np.ndarray]:
    """Return the base's final state and (extra, changed, squared distance) at each lag."""
    size, start = network.n_neurons, base.time
    runs = Stepper(network, base), Stepper(network, copy)
    counts = np.zeros((2, size), dtype=int)
    curves = np.empty((3, len(lags)))
    for index, lag in enumerate(lags):
        for row, run in enumerate(runs):
            _, ids = run.run_until(start + lag)
            counts[row] += np.bincount(ids, minlength=size)
        gained = counts[1] - counts[0]
        states = runs[0].state(), runs[1].state()
        curves[:, index] = (
            gained.sum(),
            np.abs(gained).sum(),
            np.sum(phase_difference(network, *states) ** 2),
        )
    return runs[0].state(), curves
