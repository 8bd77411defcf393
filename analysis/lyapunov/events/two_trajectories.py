"""Largest exponent of an event-exact network from two trajectories: a check that needs no tangent.

Valid only because the events are exact.  On a time grid the same recipe returns the leak.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from heavytail_snn.analysis.lyapunov.events.spectrum import settled
from heavytail_snn.core.errors import ParameterError, check_integer, check_real
from heavytail_snn.core.randomness import Seed, recorded_seed, seed_sequence, stream
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.core.time_units import one_time
from heavytail_snn.models.pulse.event_state import EventState, Stepper
from heavytail_snn.models.pulse.pulse_coupled import PulseCoupledNetwork, check_network


@dataclass(frozen=True, kw_only=True)
class TwoTrajectories(Result):
    """Growth rate of a small distance between two trajectories.

    Parameters
    ----------
    growth_rate, standard_error : float
        In 1/s; the largest exponent, or the largest one across the flow (see `across_flow`).
    history : (n,) array
        Growth rate in each interval, 1/s.
    across_flow : bool
        Whether the neutral direction along the flow was removed: then a stable network shows its
        second exponent instead of zero.
    """

    growth_rate: float = field_of(unit="1/s", quantity="largest_exponent", error="standard_error")
    standard_error: float = field_of(unit="1/s")
    history: np.ndarray = field_of(unit="1/s", dims=("interval",))
    across_flow: bool


def two_trajectory_exponent(
    network: PulseCoupledNetwork,
    *,
    size: float = 1e-8,
    interval: Any = 0.01,
    duration: Any = 20.0,
    across_flow: bool = False,
    state: EventState | None = None,
    state_warmup: float = 100.0,
    alignment: Any = 0.5,
    n_blocks: int = 10,
    seed: Seed = None,
) -> TwoTrajectories:
    """Return the growth rate of a perturbation that is rescaled after every interval.

    Parameters
    ----------
    network : PulseCoupledNetwork
    size : float
        Euclidean norm of the phase perturbation, 1e-12 to 1e-3.
    interval, duration, alignment : float or quantity of time
        Between rescalings, of the average, and discarded at the start; in seconds.
    across_flow : bool
        Remove the component along the flow at each rescaling (for stable networks).
    state, state_warmup, seed
        As in `lyapunov_spectrum_of_events`.
    n_blocks : int
        For the standard error.

    References
    ----------
    Benettin et al., Meccanica 15 (1980) 9, doi:10.1007/BF02128236.
    """
    network, seed = check_network(network).drawn(seed, state)
    seed = seed_sequence(seed)
    size = check_real("size", size, low=1e-12, high=1e-3)
    interval = one_time("interval", interval, low=0, open_low=True)
    duration = one_time("duration", duration, low=0, open_low=True)
    check_integer("n_blocks", n_blocks, low=2)
    n_aligning = math.ceil(one_time("alignment", alignment, low=0) / interval)
    n_intervals = round(duration / interval)
    if n_intervals < n_blocks:
        raise ParameterError(
            "duration", duration, f"must hold {n_blocks} intervals of {interval:g} s", "run longer"
        )
    base = settled(network, state, state_warmup, seed)
    flow = network.phase_velocity / np.linalg.norm(network.phase_velocity)
    direction = _unit(stream(seed, "perturbation").standard_normal(network.n_neurons), flow)
    growth = np.empty(n_aligning + n_intervals)
    for step in range(len(growth)):
        copy = displaced(network, base, size * direction)
        base, difference = _after(network, base, copy, interval)
        if across_flow:
            difference -= (difference @ flow) * flow
        distance = float(np.linalg.norm(difference))
        growth[step] = math.log(distance / size) / interval
        direction = difference / distance
    kept = growth[n_aligning:]
    blocks = np.array([part.mean() for part in np.array_split(kept, n_blocks)])
    return TwoTrajectories(
        growth_rate=float(kept.mean()),
        standard_error=float(blocks.std(ddof=1) / math.sqrt(n_blocks)),
        history=kept,
        across_flow=across_flow,
        parameters=network.parameters | {"size": size, "interval": interval},
        seed=recorded_seed(seed),
    )


def displaced(
    network: PulseCoupledNetwork, state: EventState, perturbation: np.ndarray
) -> EventState:
    """Return `state` with `perturbation` added to the phases, below threshold by sign if need be.

    A perturbation that would carry a phase over threshold is applied to all neurons with the
    opposite sign, which keeps its size and its direction up to sign.
    """
    phases = network.phases(state)
    if (phases + perturbation > network.threshold).any():
        perturbation = -perturbation
    return network.state_of(np.minimum(phases + perturbation, network.threshold), time=state.time)


def phase_difference(network: PulseCoupledNetwork, a: EventState, b: EventState) -> np.ndarray:
    """Return the phases of b minus those of a, wrapped to half a cycle: (n,) array."""
    cycle = network.threshold - network.reset
    difference = network.phases(b) - network.phases(a)
    return difference - cycle * np.round(difference / cycle)


def _after(
    network: PulseCoupledNetwork, base: EventState, copy: EventState, interval: float
) -> tuple[EventState, np.ndarray]:
    # the copy starts from recomputed phases, so the base must too: rounding would else be a signal
    base = network.state_of(np.minimum(network.phases(base), network.threshold), time=base.time)
    ends = []
    for state in (base, copy):
        stepper = Stepper(network, state)
        stepper.run_until(base.time + interval)
        ends.append(stepper.state())
    return ends[0], phase_difference(network, *ends)


def _unit(vector: np.ndarray, flow: np.ndarray) -> np.ndarray:
    vector = vector - (vector @ flow) * flow
    return vector / np.linalg.norm(vector)
