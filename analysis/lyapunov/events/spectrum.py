"""Lyapunov spectrum of event-exact spiking networks from single-spike Jacobians.

Trajectory and tangent vectors are advanced together by the event engine, spike by spike, and the
frame is factorised every few network spikes.  Two exact checks come with every run: one exponent
is zero, and a complete spectrum sums to the mean logarithm of the Jacobians' determinants.
"""

import math
from typing import Any

import numpy as np
from tqdm import tqdm

from heavytail_snn.analysis.lyapunov.tangent.alignment import misalignment
from heavytail_snn.analysis.lyapunov.tangent.protocol import AUTO
from heavytail_snn.analysis.lyapunov.tangent.qr import positive_qr
from heavytail_snn.analysis.lyapunov.tangent.spectrum import LyapunovSpectrum, spectrum_from_blocks
from heavytail_snn.core.errors import (
    ConvergenceError,
    MemoryLimitError,
    ParameterError,
    check_integer,
    check_real,
)
from heavytail_snn.core.randomness import Seed, recorded_seed, seed_sequence, stream
from heavytail_snn.core.results import Estimate
from heavytail_snn.core.time_units import one_time
from heavytail_snn.models.pulse.event_state import EventState, Stepper
from heavytail_snn.models.pulse.pulse_coupled import PulseCoupledNetwork, check_network

# QR interval in network spikes, as a multiple of N/K: each neuron then receives about this many
# pulses between factorisations.
_INTERVAL_COMPLETE, _INTERVAL_LEADING = 4.0, 10.0
_DEFAULT_FRACTION = 0.45
_WORST_CONDITION = 6.0  # log10; the interval is halved beyond it
_LOST_CONDITION = 10.0  # log10; beyond it the lower exponents have lost their digits
_ROUNDING = math.log(1e-13)
_FRAME_COPIES = 3  # the frame, and two copies while LAPACK works on it


def lyapunov_spectrum_of_events(
    network: PulseCoupledNetwork,
    *,
    k: int | str | None = AUTO,
    duration: Any = 20.0,
    state: EventState | None = None,
    qr_spikes: int | None = None,
    state_warmup: float = 100.0,
    tangent_warmup: float = 30.0,
    n_blocks: int = 10,
    max_memory: float = 8e9,
    seed: Seed = None,
    progress: bool = False,
) -> LyapunovSpectrum:
    """Return Lyapunov exponents of a theta, rapid theta or pulse-coupled LIF network, in 1/s.

    Parameters
    ----------
    network : PulseCoupledNetwork
    k : int or "auto"
        Number of leading exponents, n for the complete spectrum.  "auto" (and None) takes as many
        as the Kaplan-Yorke dimension needs: 0.45 n, and 1.5 times as many from the same state
        where they do not reach it.
    duration : float or quantity of time
        Network time over which exponents are averaged, in seconds, after both warm-ups.
    state : EventState, optional
        Start of the state warm-up; by default random phases from `seed`.
    qr_spikes : int, optional
        Network spikes between factorisations; by default 4 N/K for the complete spectrum and
        10 N/K for leading exponents, halved in the tangent warm-up while the condition number of
        the frame exceeds 1e6.
    state_warmup, tangent_warmup : float
        Spikes per neuron that are discarded, without and with tangent vectors.
    n_blocks : int
        Blocks for the standard errors.
    max_memory : float
        Bytes that the tangent vectors may use; see `tangent_memory`.
    seed : int, SeedSequence, Generator or None
        For initial phases and initial vectors, and for the weights of a Coupling.
    progress : bool
        Show a bar.

    Returns
    -------
    LyapunovSpectrum
        Of kind "event".  The block errors do not contain the spread between networks: quote the
        spread over at least three `Coupling.sample` seeds.

    Raises
    ------
    ParameterError, MemoryLimitError, AvalancheError
    ConvergenceError
        If a tangent vector became non-finite.

    References
    ----------
    Monteforte & Wolf, Phys. Rev. Lett. 105 (2010) 268104, doi:10.1103/PhysRevLett.105.268104.
    """
    network, seed = check_network(network).drawn(seed, state)
    size, seed = network.n_neurons, seed_sequence(seed)
    automatic = k is None or k == AUTO
    remedy = f"{size} neurons have {size} exponents, or {AUTO!r}"
    wanted = math.ceil(_DEFAULT_FRACTION * size) if automatic else k
    k = check_integer("k", wanted, low=1, high=size, remedy=remedy)
    duration = one_time("duration", duration, low=0, open_low=True)
    warm_state = settled(network, state, state_warmup, seed)
    settling = warm_state.time - (0.0 if state is None else state.time)
    check_real("tangent_warmup", tangent_warmup, low=0)
    while True:
        check_memory(network, k, max_memory)
        run = TangentRun(network, warm_state, random_frame(size, k, seed), qr_spikes)
        run.warm_up(math.ceil(tangent_warmup * size))
        if automatic and k < size and not _dimension_is_covered(run):
            k = _enlarged(k, size)
            continue
        start = run.stepper.time
        left = misalignment(np.array(run.stretches).reshape(-1, k), duration)
        run.shorten(duration, n_blocks)
        run.measure(duration, progress=progress)
        result = spectrum_from_blocks(
            np.array(run.stretches),
            np.array(run.intervals),
            unit="1/s",
            kind="event",
            tangent_dimension=size,
            autonomous=True,
            n_neurons=size,
            n_blocks=n_blocks,
            misalignment=left,
            warnings=run.notes(),
            state_warmup=settling,
            tangent_warmup=start - warm_state.time,
            mean_logdet=run.log_determinant / (size * sum(run.intervals)),
            log10_cond_first=run.log10_condition(0),
            rate=run.n_spikes / (size * sum(run.intervals)),
            n_spikes=run.n_spikes,
            seed=recorded_seed(seed),
            parameters=network.parameters | {"k": k, "qr_spikes": run.every},
        )
        if not automatic or k == size or not math.isnan(result.kaplan_yorke_dimension):
            return result
        k = _enlarged(k, size)


def entropy_per_spike(spectrum: LyapunovSpectrum) -> Estimate:
    """Return the entropy rate of a spiking network in bits per spike.

    Parameters
    ----------
    spectrum : LyapunovSpectrum
        With a number of spikes, in 1/s.
    """
    if not isinstance(spectrum, LyapunovSpectrum):
        raise ParameterError(
            "spectrum",
            spectrum,
            "must be a LyapunovSpectrum",
            "give the result, not a number of it",
        )
    if not spectrum.n_spikes or spectrum.unit != "1/s":
        raise ParameterError(
            "spectrum",
            spectrum.n_spikes,
            "must come from a network that fired",
            "maps and rate networks have no spikes; use entropy_rate",
        )
    bits = spectrum.time / (spectrum.n_spikes * math.log(2))
    return Estimate(
        "entropy_per_spike",
        spectrum.entropy_rate * bits,
        spectrum.entropy_rate_standard_error * bits,
        "bit/spike",
        "LyapunovSpectrum",
    )


def tangent_memory(n_neurons: int, k: int) -> int:
    """Return the bytes needed to follow k tangent vectors, LAPACK's copies included."""
    return 8 * n_neurons * k * _FRAME_COPIES


def settled(
    network: PulseCoupledNetwork, state: EventState | None, warmup: float, seed: Seed
) -> EventState:
    """Return a state `warmup` spikes per neuron later."""
    stepper = Stepper(network, network.initial_state(seed) if state is None else state)
    n_spikes = math.ceil(check_real("state_warmup", warmup, low=0) * network.n_neurons)
    if n_spikes:
        stepper.run_spikes(n_spikes)
    return stepper.state()


def random_frame(n: int, k: int, seed: Seed) -> np.ndarray:
    """Return k orthonormal vectors as the columns of a row-contiguous (n, k) array."""
    # drawn column by column, so that the leading vectors do not depend on k
    vectors = stream(seed, "tangent frame").standard_normal((k, n)).T
    return np.ascontiguousarray(positive_qr(vectors)[0])


def default_qr_spikes(network: PulseCoupledNetwork, k: int) -> int:
    """Return the number of network spikes between factorisations."""
    factor = _INTERVAL_COMPLETE if k == network.n_neurons else _INTERVAL_LEADING
    pulses = max(network.mean_in_degree, 1.0)
    return max(1, round(factor * network.n_neurons / pulses))


def check_memory(network: PulseCoupledNetwork, k: int, max_memory: float) -> None:
    """Raise if the tangent vectors would need more than `max_memory` bytes."""
    need = tangent_memory(network.n_neurons, k)
    if need > max_memory:
        raise MemoryLimitError(
            f"{k} tangent vectors of {network.n_neurons} neurons need {need / 1e9:.3g} GB, above "
            f"max_memory = {max_memory / 1e9:.3g} GB; ask for fewer exponents or raise max_memory"
        )


class TangentRun:
    """A network in motion with its orthonormal frame of tangent vectors.

    Parameters
    ----------
    network : PulseCoupledNetwork
    state : EventState
    frame : (n, k) array
        Row-contiguous; modified in place.
    qr_spikes : int or None
        Spikes between factorisations; None for the default, adapted in the warm-up.
    """

    def __init__(
        self,
        network: PulseCoupledNetwork,
        state: EventState,
        frame: np.ndarray,
        qr_spikes: int | None,
    ) -> None:
        self.stepper, self.frame = Stepper(network, state), frame
        self.adaptive = qr_spikes is None
        self.every = (
            default_qr_spikes(network, frame.shape[1])
            if qr_spikes is None
            else check_integer("qr_spikes", qr_spikes, low=1)
        )
        self.forget()

    def forget(self) -> None:
        """Drop what was measured so far; state and frame stay."""
        self.stretches: list[np.ndarray] = []
        self.intervals: list[float] = []
        self.n_spikes, self.log_determinant = 0, 0.0

    def advance(self) -> None:
        """Advance by one QR interval and factorise."""
        start = self.stepper.time
        self.stepper.run_spikes(self.every, self.frame)
        if not np.isfinite(self.frame).all():
            raise ConvergenceError(
                f"a tangent vector became non-finite before {self.stepper.time:.6g} s; "
                "reduce qr_spikes"
            )
        q, logs = positive_qr(self.frame)
        self.frame = np.ascontiguousarray(q)
        log_determinant = self.stepper.take_log_determinant()
        if math.isinf(log_determinant):
            # a phase lost its memory: what LAPACK leaves of its direction is rounding
            logs = np.where(logs < logs.max() + _ROUNDING, -np.inf, logs)
        self.stretches.append(logs)
        self.intervals.append(self.stepper.time - start)
        self.n_spikes += self.every
        self.log_determinant += log_determinant

    def warm_up(self, n_spikes: int) -> None:
        """Align the frame over `n_spikes` spikes and shorten the interval if need be."""
        while self.n_spikes < n_spikes:
            self.advance()
            if self.adaptive and self.every > 1 and self.log10_condition(-1) > _WORST_CONDITION:
                self.every //= 2

    def shorten(self, duration: float, n_blocks: int) -> None:
        """Shorten an adaptive interval so that `duration` holds at least two for each block."""
        if self.adaptive and self.n_spikes:
            expected = self.n_spikes / sum(self.intervals) * duration
            self.every = max(1, min(self.every, int(expected / (2 * n_blocks))))

    def measure(self, duration: float, *, progress: bool = False) -> None:
        """Forget the warm-up and collect stretches over `duration` seconds."""
        self.forget()
        start = self.stepper.time
        with tqdm(total=duration, disable=not progress, unit="s") as bar:
            while self.stepper.time - start < duration:
                self.advance()
                bar.update(self.intervals[-1])

    def log10_condition(self, index: int) -> float:
        """Return log10 of the ratio of largest to smallest R_ii of one factorisation."""
        return float(np.ptp(self.stretches[index])) / math.log(10)

    def notes(self) -> tuple[str, ...]:
        """Return warnings about lost digits."""
        worst = max(self.log10_condition(i) for i in range(len(self.stretches)))
        if math.isfinite(worst) and worst > _LOST_CONDITION:
            return (
                f"condition number 1e{worst:.0f} between factorisations: the lower exponents have "
                "lost their digits; reduce qr_spikes",
            )
        return ()


def _dimension_is_covered(run: TangentRun) -> bool:
    """Tell from the second half of the warm-up whether the sum of exponents is negative."""
    later = run.stretches[len(run.stretches) // 2 :]
    return not later or float(np.sum(later)) < 0


def _enlarged(k: int, size: int) -> int:
    return min(size, max(k + 1, math.ceil(1.5 * k)))
