"""Covariant Lyapunov vectors: the intrinsic directions that belong to each exponent.

Unlike the orthonormal frame of the QR algorithm they are carried into one another by the tangent
dynamics, in both directions of time.  Their participation ratio tells on how many neurons an
instability lives.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import solve_triangular
from tqdm import tqdm

from heavytail_snn.analysis.lyapunov.events.spectrum import (
    check_memory,
    default_qr_spikes,
    random_frame,
    settled,
)
from heavytail_snn.core.errors import ConvergenceError, MemoryLimitError, check_integer
from heavytail_snn.core.randomness import Seed, recorded_seed, seed_sequence, stream
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.core.time_units import one_time
from heavytail_snn.models.pulse.event_state import EventState, Stepper
from heavytail_snn.models.pulse.pulse_coupled import PulseCoupledNetwork, check_network


@dataclass(frozen=True, kw_only=True)
class CovariantVectors(Result):
    """Covariant Lyapunov vectors of an event-exact network.

    Parameters
    ----------
    exponents, standard_error : (k,) arrays
        Growth rates of the vectors in 1/s, which must agree with the Lyapunov exponents.
    participation_ratio, participation_ratio_standard_error : (k,) arrays
        Mean of ``1 / sum_i v_i^4`` over the trajectory: the number of neurons that carry the
        vector at one time, 1 to n.
    occupancy : (n, k) array
        Mean of ``v_i^2``: where each vector lives in the long run.
    vectors : (n, k) array
        The vectors, of unit length, at `state`.
    state : EventState
        In the middle of the run.
    """

    exponents: np.ndarray = field_of(unit="1/s", dims=("index",))
    standard_error: np.ndarray = field_of(unit="1/s", dims=("index",))
    participation_ratio: np.ndarray = field_of(dims=("index",))
    participation_ratio_standard_error: np.ndarray = field_of(dims=("index",))
    occupancy: np.ndarray = field_of(dims=("neuron", "index"))
    vectors: np.ndarray = field_of(dims=("neuron", "index"))
    state: EventState


def covariant_lyapunov_vectors(
    network: PulseCoupledNetwork,
    *,
    k: int,
    duration: Any = 10.0,
    state: EventState | None = None,
    qr_spikes: int | None = None,
    state_warmup: float = 100.0,
    tangent_warmup: float = 30.0,
    n_blocks: int = 10,
    max_memory: float = 8e9,
    seed: Seed = None,
    progress: bool = False,
) -> CovariantVectors:
    """Return the k leading covariant vectors of a network, averaged over `duration`.

    Parameters
    ----------
    network, state, qr_spikes, state_warmup, seed, progress
        As in `lyapunov_spectrum_of_events`.
    k : int
        Number of vectors.  Nearly equal exponents mix their vectors for a long time, so the last
        few of k converge least.
    duration : float or quantity of time
        In seconds.
    tangent_warmup : float
        Spikes per neuron discarded at both ends, where the frame and the backward vectors align.
    n_blocks : int
        Blocks for the standard errors.
    max_memory : float
        Bytes; all frames of the run are kept for the way back.

    Raises
    ------
    MemoryLimitError, ParameterError
    ConvergenceError
        If spikes forced by pulses (``on_avalanche="fire"``) make the tangent map singular.

    References
    ----------
    Ginelli et al., Phys. Rev. Lett. 99 (2007) 130601, doi:10.1103/PhysRevLett.99.130601.
    """
    network, seed = check_network(network).drawn(seed, state)
    size, seed = network.n_neurons, seed_sequence(seed)
    k = check_integer("k", k, low=1, high=size)
    duration = one_time("duration", duration, low=0, open_low=True)
    check_memory(network, k, max_memory)
    every = default_qr_spikes(network, size) if qr_spikes is None else qr_spikes
    every = check_integer("qr_spikes", every, low=1)
    margin = max(1, math.ceil(tangent_warmup * size / every))
    start = settled(network, state, state_warmup, seed)
    forward = _Forward(network, start, random_frame(size, k, seed), every)
    for _ in range(margin):
        forward.advance()
    forward.factors.clear()
    forward.lengths.clear()
    middle = _record(forward, duration, max_memory, n_blocks, progress)
    n_kept = len(forward.frames)
    for _ in range(margin):
        forward.advance()
    steps = _backward(forward, n_kept, stream(seed, "backward vectors"))
    return _averaged(network, forward, steps, middle, n_blocks, seed)


def covariant_coefficients(
    factors: Sequence[np.ndarray], generator: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Iterate the coefficients of the covariant vectors in the QR frames backward in time.

    Parameters
    ----------
    factors : sequence of (k, k) upper triangular arrays
        R of the factorisations ``J_n Q_{n-1} = Q_n R_n``, in the order of time.
    generator : Generator
        For the coefficients at the end.

    Yields
    ------
    coefficients : (k, k) array
        For each n from the last to the first: the vectors *before* step n are
        ``Q_{n-1} @ coefficients``, of unit length.
    log_growth : (k,) array
        Logarithm of the factor by which step n stretches each vector.
    """
    k = factors[-1].shape[0]
    coefficients = np.triu(generator.standard_normal((k, k))) + np.eye(k)
    coefficients /= np.linalg.norm(coefficients, axis=0)
    for factor in reversed(factors):
        earlier = solve_triangular(factor, coefficients, check_finite=False)
        lengths = np.linalg.norm(earlier, axis=0)
        coefficients = earlier / lengths
        yield coefficients, -np.log(lengths)


class _Forward:
    """The way forward: frames and triangular factors of every interval."""

    def __init__(
        self, network: PulseCoupledNetwork, state: EventState, frame: np.ndarray, every: int
    ) -> None:
        self.stepper, self.frame, self.every = Stepper(network, state), frame, every
        self.frames: list[np.ndarray] = []
        self.factors: list[np.ndarray] = []
        self.lengths: list[float] = []

    def advance(self) -> None:
        start = self.stepper.time
        self.stepper.run_spikes(self.every, self.frame)
        if math.isinf(self.stepper.take_log_determinant()):
            raise ConvergenceError(
                f"before {self.stepper.time:.6g} s a pulse made its target spike, which erases a "
                "direction: there is no way back for covariant vectors. Weaken the excitation"
            )
        q, r = np.linalg.qr(self.frame)
        self.frame = np.ascontiguousarray(q)
        self.factors.append(r)
        self.lengths.append(self.stepper.time - start)


def _record(
    forward: _Forward, duration: float, max_memory: float, n_blocks: int, progress: bool
) -> tuple[int, EventState]:
    """Advance over `duration`, keeping frames; return index and state of the middle."""
    start, middle = forward.stepper.time, None
    with tqdm(total=duration, disable=not progress, unit="s") as bar:
        while forward.stepper.time - start < duration or len(forward.frames) < n_blocks:
            if middle is None and forward.stepper.time - start >= duration / 2:
                middle = (len(forward.frames), forward.stepper.state())
            forward.frames.append(forward.frame.copy())
            forward.advance()
            bar.update(forward.lengths[-1])
            used = len(forward.frames) * (forward.frame.nbytes + forward.factors[-1].nbytes)
            if used > max_memory:
                raise MemoryLimitError(
                    f"{len(forward.frames)} frames exceed max_memory = {max_memory / 1e9:.3g} GB "
                    f"after {forward.stepper.time - start:.3g} s; shorten duration, ask for fewer "
                    "vectors or raise qr_spikes"
                )
    return middle if middle is not None else (0, forward.stepper.state())


def _backward(
    forward: _Forward, n_kept: int, generator: np.random.Generator
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Iterate (interval, vectors before it, log growth) over the kept intervals, backward."""
    coefficients = covariant_coefficients(forward.factors, generator)
    for n in range(len(forward.factors) - 1, -1, -1):
        current, growth = next(coefficients)
        if n < n_kept:
            yield n, forward.frames[n] @ current, growth


def _averaged(
    network: PulseCoupledNetwork,
    forward: _Forward,
    steps: Iterator[tuple[int, np.ndarray, np.ndarray]],
    middle: tuple[int, EventState],
    n_blocks: int,
    seed: Seed,
) -> CovariantVectors:
    n_kept, k = len(forward.frames), forward.frame.shape[1]
    growth, participation = np.empty((n_kept, k)), np.empty((n_kept, k))
    occupancy = np.zeros((network.n_neurons, k))
    for n, vectors, log_growth in steps:
        weight = vectors**2
        growth[n], participation[n] = log_growth, 1 / (weight**2).sum(axis=0)
        occupancy += weight / n_kept
        if n == middle[0]:
            middle_vectors = vectors
    lengths = np.array(forward.lengths[:n_kept])
    parts = np.array_split(np.arange(n_kept), n_blocks)
    rates = np.array([growth[p].sum(axis=0) / lengths[p].sum() for p in parts])
    ratios = np.array([participation[p].mean(axis=0) for p in parts])
    return CovariantVectors(
        exponents=growth.sum(axis=0) / lengths.sum(),
        standard_error=rates.std(axis=0, ddof=1) / math.sqrt(n_blocks),
        participation_ratio=participation.mean(axis=0),
        participation_ratio_standard_error=ratios.std(axis=0, ddof=1) / math.sqrt(n_blocks),
        occupancy=occupancy,
        vectors=middle_vectors,
        state=middle[1],
        parameters=network.parameters | {"k": k, "qr_spikes": forward.every},
        seed=recorded_seed(seed),
    )
