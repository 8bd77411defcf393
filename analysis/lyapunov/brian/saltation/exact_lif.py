"""LIF networks with exponential synapses, simulated from event to event without a time grid.

``tau_m V' = -V + mu + I + eta(t)``, ``tau_s I' = -I``, ``I_i += w_ij`` a delay after each spike of
j, threshold and reset on V, V held at the reset for a refractory period.  The next crossing of a
neuron is a root of a sum of two exponentials, found to rounding.  Without a grid a perturbed copy
stays a perturbed copy, so that the growth rate of a small difference is the largest Lyapunov
exponent: a reference for the saltation method that shares no code with it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from heavytail_snn.analysis.lyapunov.brian.saltation.exact_lif_kernels import run
from heavytail_snn.analysis.lyapunov.brian.saltation.linear import LinearModel
from heavytail_snn.analysis.lyapunov.brian.saltation.terms import Spikes, Wiring
from heavytail_snn.core.errors import ConvergenceError, ParameterError, check_real
from heavytail_snn.core.randomness import Seed, recorded_seed, stream
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.core.showing import Shown

_RETRY = 1e-4  # s; two copies with exchanged spikes are compared again this much later


@dataclass(frozen=True, kw_only=True)
class DivergenceRate(Result):
    """Growth rate of a small, repeatedly rescaled difference of two exact trajectories.

    Parameters
    ----------
    value, standard_error : float
        In 1/s; the error is that of the block means.
    blocks : (n_blocks,) array
        Block means in 1/s.
    epsilon : float
        Size of the difference after each rescaling.
    n_spikes : int
        Spikes of the reference trajectory.
    """

    value: float = field_of(unit="1/s", quantity="largest_exponent", error="standard_error")
    standard_error: float = field_of(unit="1/s")
    blocks: np.ndarray = field_of(unit="1/s", dims=("block",))
    epsilon: float
    n_spikes: int


@dataclass(frozen=True)
class ExactLIF(Shown):
    """An LIF network with exponential synapses for event-exact simulation.

    Parameters
    ----------
    weights : (n, n) csr_array
        Row = target; added to the synaptic current, in units of `threshold`.
    mu : float
        Constant drive.
    tau_m, tau_s : float
        Membrane and synaptic time constant in s; they must differ.
    delay, refractory : float
        In s; 0 is allowed for both.
    threshold, reset : float
    drive : (n_steps, n) array, optional
        Frozen input eta, constant over steps of `drive_dt` s; repeated after its end.
    drive_dt : float
        In s.
    """

    weights: Any
    mu: float
    tau_m: float = 0.010
    tau_s: float = 0.012
    delay: float = 0.001
    refractory: float = 0.002
    threshold: float = 1.0
    reset: float = 0.0
    drive: np.ndarray | None = None
    drive_dt: float = 1e-3

    def __post_init__(self) -> None:
        for name in ("tau_m", "tau_s", "drive_dt"):
            check_real(name, getattr(self, name), low=0, open_low=True)
        for name in ("delay", "refractory"):
            check_real(name, getattr(self, name), low=0)
        check_real("reset", self.reset, high=self.threshold, open_high=True)
        if abs(self.tau_m - self.tau_s) < 1e-6 * self.tau_m:
            raise ParameterError(
                "tau_s", self.tau_s, "must differ from tau_m", "change it by one part in 1e5"
            )

    @property
    def n_neurons(self) -> int:
        """Number of neurons."""
        return int(self.weights.shape[0])

    def wiring(self) -> Wiring:
        """Return the synapses for the saltation method."""
        entries = sp.coo_array(self.weights)
        target, source = entries.coords
        delays = np.full(source.size, self.delay)
        return Wiring(source.astype(np.int64), target.astype(np.int64), delays)

    def linear_model(self) -> LinearModel:
        """Return the same network for the saltation method, with x = (V, I)."""
        n = self.n_neurons
        one = np.ones((n, 1, 1))
        matrix = one * [[-1 / self.tau_m, 1 / self.tau_m], [0.0, -1 / self.tau_s]]
        entries = sp.coo_array(self.weights)
        table = None
        if self.drive is not None:
            table = np.zeros((*self.drive.shape, 2))
            table[:, :, 0] = self.drive / self.tau_m
        return LinearModel(
            matrix=matrix,
            drive=np.tile([self.mu / self.tau_m, 0.0], (n, 1)),
            gradient=np.tile([1.0, 0.0], (n, 1)),
            level=np.full(n, self.threshold),
            reset_matrix=one * [[0.0, 0.0], [0.0, 1.0]],
            reset_offset=np.tile([self.reset, 0.0], (n, 1)),
            jumps=np.stack([np.zeros(entries.data.size), entries.data], axis=1),
            clamped=np.tile([True, False], (n, 1)) & (self.refractory > 0),
            hold=np.full(n, self.refractory),
            table=table,
            table_dt=self.drive_dt,
            time_unit=self.tau_m,
        )

    def simulate(self, duration: float, *, initial: np.ndarray) -> Spikes:
        """Return all spikes from time 0 to `duration` s, with the states (V, I) at the crossings.

        Parameters
        ----------
        duration : float
            In s.
        initial : (n, 2) array
            V (below threshold) and I at time 0.
        """
        copy = _Copy(self, initial)
        parts = [copy.run(t) for t in np.append(np.arange(0.01, duration, 0.01), duration)]
        times, units, currents = (np.concatenate(p) for p in zip(*parts, strict=True))
        states = np.stack([np.full(times.size, self.threshold), currents], axis=1)
        return Spikes(times, units, states)

    def two_trajectories(
        self,
        duration: float,
        *,
        epsilon: float = 1e-8,
        interval: float = 0.01,
        warmup: float = 1.0,
        n_blocks: int = 10,
        seed: Seed = None,
    ) -> DivergenceRate:
        """Return the largest Lyapunov exponent from two trajectories.

        The difference comprises all V and I and, in units of tau_m, the times of the spikes that
        still have a pulse under way or a neuron refractory; all of it is rescaled to `epsilon`
        every `interval` s.

        Parameters
        ----------
        duration, warmup : float
            Averaging time, and time before it, in s; the first half of the warm-up is unperturbed.
        """
        rng = stream(seed, "initial state")
        start = np.stack([rng.uniform(self.reset, self.threshold, self.n_neurons)] * 2, axis=1)
        start[:, 1] = 0.0
        first = _Copy(self, start)
        for t in np.arange(interval, warmup / 2, interval):
            first.run(t)
        second = first.perturbed(stream(seed, "perturbation"), epsilon)
        logs, n_spikes = _grow(first, second, warmup + duration, epsilon, interval)
        times, growth = logs
        keep = times > warmup
        spans = np.diff(times, prepend=times[0] - interval)[keep]
        parts = np.array_split(np.arange(keep.sum()), n_blocks)
        growth = growth[keep]
        blocks = np.array([growth[p].sum() / spans[p].sum() for p in parts])
        return DivergenceRate(
            value=float(growth.sum() / spans.sum()),
            standard_error=float(blocks.std(ddof=1) / np.sqrt(n_blocks)),
            blocks=blocks,
            epsilon=epsilon,
            n_spikes=n_spikes,
            seed=recorded_seed(seed) if seed is not None else None,
            parameters={"duration": duration, "warmup": warmup, "interval": interval},
        )


def _grow(
    first: "_Copy", second: "_Copy", stop: float, epsilon: float, interval: float
) -> tuple[tuple[np.ndarray, np.ndarray], int]:
    """Run both copies to `stop`, rescaling their difference; return times and log growths."""
    times, growth, n_spikes = [], [], 0
    t = first.time
    while t < stop:
        t += interval
        n_spikes += first.run(t)[0].size
        second.run(t)
        retries = 0
        while not first.matches(second):
            t += _RETRY
            retries += 1
            if retries > 1000:
                raise ConvergenceError(
                    f"the two copies have different spikes at {t:.4g} s: epsilon={epsilon:g} is "
                    "too large for the interval; reduce epsilon or the interval"
                )
            n_spikes += first.run(t)[0].size
            second.run(t)
        size = second.rescale(first, epsilon)
        times.append(t)
        growth.append(np.log(size / epsilon))
    return (np.array(times), np.array(growth)), n_spikes


class _Copy:
    """One trajectory: state of all neurons at a common time and the spikes still in effect."""

    def __init__(self, net: ExactLIF, initial: np.ndarray) -> None:
        self.net, n = net, net.n_neurons
        columns = sp.csc_array(net.weights)
        self.synapses = (
            columns.indptr.astype(np.int64),
            columns.indices.astype(np.int64),
            columns.data.astype(np.float64),
        )
        self.v, self.i = np.array(initial, dtype=np.float64).T.copy()
        self.last, self.held = np.zeros(n), np.zeros(n, dtype=bool)
        # times, neurons and currents of the spikes still in effect
        self.spikes: tuple[np.ndarray, ...] = (np.zeros(0), np.zeros(0, np.int64), np.zeros(0))
        self.heads = (0, 0)
        self.time = 0.0
        self.table = np.zeros((1, n)) if net.drive is None else np.ascontiguousarray(net.drive)

    def run(self, until: float) -> tuple[np.ndarray, ...]:
        """Advance to `until`; return times, neurons and currents of the new spikes."""
        net = self.net
        constants = (net.mu, net.tau_m, net.tau_s, net.delay, net.refractory, net.threshold)
        period = np.inf if net.drive is None else net.drive_dt
        old = self.spikes[0].size
        room = 64 * self.v.size
        lists = [np.concatenate([s, np.zeros(room, s.dtype)]) for s in self.spikes]
        n_spikes, *heads = run(
            self.v, self.i, self.last, self.held, tuple(lists), old, self.heads,
            self.synapses, (*constants, net.reset), self.table, period, self.time, until,
        )  # fmt: skip
        if n_spikes < 0:
            raise ConvergenceError(
                f"more than {room} spikes before {until:.4g} s: the network runs away; "
                "check sign and size of the weights"
            )
        new = tuple(s[old:n_spikes] for s in lists)
        # arrivals and releases come in the order of the spikes; forget those without any to come
        done = min(heads)
        self.spikes = tuple(s[done:n_spikes].copy() for s in lists)
        self.heads = (heads[0] - done, heads[1] - done)
        self.time = until
        return new

    def perturbed(self, rng: np.random.Generator, epsilon: float) -> "_Copy":
        """Return a copy with a random difference of size about `epsilon`."""
        other = _Copy(self.net, np.stack([self.v, self.i], axis=1))
        other.last, other.held = self.last.copy(), self.held.copy()
        other.spikes, other.heads = tuple(s.copy() for s in self.spikes), self.heads
        other.time = self.time
        size = epsilon / np.sqrt(2 * self.v.size)
        # downwards, so that no neuron is lifted over its threshold
        other.v -= np.where(self.held, 0.0, size * np.abs(rng.standard_normal(self.v.size)))
        other.i += size * rng.standard_normal(self.i.size)
        return other

    def matches(self, other: "_Copy") -> bool:
        """Tell whether both have the same spikes in effect, in the same order."""
        return (
            self.heads == other.heads
            and np.array_equal(self.spikes[1], other.spikes[1])
            and np.array_equal(self.held, other.held)
        )

    def rescale(self, reference: "_Copy", epsilon: float) -> float:
        """Bring this copy to distance `epsilon` of the reference; return the distance before."""
        tau = self.net.tau_m
        difference = (
            self.v - reference.v,
            self.i - reference.i,
            (self.spikes[0] - reference.spikes[0]) / tau,
        )
        size = float(np.sqrt(sum(float(d @ d) for d in difference)))
        if size == 0.0:
            raise ConvergenceError(
                "the two trajectories merged within rounding: use a larger epsilon or shorter "
                "interval"
            )
        factor = epsilon / size
        self.v = reference.v + factor * difference[0]
        self.i = reference.i + factor * difference[1]
        self.spikes = (reference.spikes[0] + factor * tau * difference[2], *self.spikes[1:])
        return size
