"""Pulse-coupled phase neurons simulated exactly, spike by spike: the part all models share.

A model adds its phase map and how drive and time constant set the phase velocity.  Runs return
spikes as a Recording together with the final state, from which a run continues bit for bit.
"""

from dataclasses import dataclass, replace
from os import PathLike
from typing import Any, ClassVar, Self

import numpy as np
from scipy import sparse
from tqdm import tqdm

from heavytail_snn.errors import (
    ConvergenceError,
    HeavytailError,
    ParameterError,
    check_choice,
    check_integer,
)
from heavytail_snn.models import event_engine as engine
from heavytail_snn.randomness import Seed, recorded_seed, stream
from heavytail_snn.recording import Recording
from heavytail_snn.results import Result
from heavytail_snn.time_units import one_time

# Above this size the heap beats scanning all next spike times (tests/benchmarks/bench_events.py).
HEAP_ABOVE = 4000
_CHUNK = 1 << 18  # spikes a call of the kernel
_REBASE_PHASE = 1024.0  # largest phase that any neuron advances between two rebasings


class AvalancheError(HeavytailError, RuntimeError):
    """A pulse itself made its target spike, which the model leaves undefined."""


@dataclass(frozen=True)
class EventState:
    """State of a pulse-coupled network between two spikes.

    Parameters
    ----------
    keys : (n,) array
        Times of the next free spikes in seconds since `origin`, in the order of the queue.
    order : (n,) int32 array
        Neuron of each key.
    clock, origin : float
        Time of the last spike since `origin`, and `origin` itself, in seconds.
    time : float
        Time of the state in seconds.
    n_spikes : int
        Spikes so far.
    """

    keys: np.ndarray
    order: np.ndarray
    clock: float = 0.0
    origin: float = 0.0
    time: float = 0.0
    n_spikes: int = 0

    @property
    def next_spikes(self) -> np.ndarray:
        """Times to the next free spike of each neuron from now, in seconds: (n,) array."""
        remaining = np.empty_like(self.keys)
        remaining[self.order] = self.keys - (self.time - self.origin)
        return remaining

    def write(self, path: str | PathLike) -> None:
        """Write the state to an .npz file, from which `read` restores it exactly."""
        np.savez(path, **{name: np.asarray(value) for name, value in vars(self).items()})

    @classmethod
    def read(cls, path: str | PathLike) -> "EventState":
        """Read a state written by `write`."""
        with np.load(path, allow_pickle=False) as stored:
            missing = {"keys", "order", "clock", "origin", "time", "n_spikes"} - set(stored)
            if missing:
                raise ParameterError(
                    "path", str(path), "must be a file written by EventState.write",
                    f"it lacks {sorted(missing)}",
                )
            scalars = {name: stored[name].item() for name in ("clock", "origin", "time")}
            return cls(
                keys=stored["keys"],
                order=stored["order"],
                n_spikes=int(stored["n_spikes"]),
                **scalars,
            )


@dataclass(frozen=True, kw_only=True)
class EventRun(Result):
    """Outcome of a run of a pulse-coupled network.

    Parameters
    ----------
    recording : Recording
        The spikes, with exact times.
    state : EventState
        Where the run ended: pass it to `run` to continue.
    """

    recording: Recording
    state: EventState


class PulseCoupledNetwork:
    """Base of the event-exact networks: delta pulses, no delays, one phase per neuron.

    Parameters
    ----------
    weights : (n, n) csr_array, csc_array or ndarray, row = target
        Jump of the target's voltage at each spike, in the model's own units.  A csc_array of
        float64 is used without a copy; equal weights are stored once.
    drive : float or (n,) array
        Constant input, > 0 in the model's own units, so that every neuron fires when alone.
    tau : float or quantity of time
        Membrane time constant in seconds.
    queue : {"auto", "heap", "scan"}
        How the next spike is found; "auto" takes the heap above 4000 neurons.

    Raises
    ------
    ParameterError
        If the weights are not a square matrix of finite numbers or the drive is not positive.
    """

    kind: ClassVar[int]
    threshold: ClassVar[float]
    reset: ClassVar[float]
    name: ClassVar[str]

    def __init__(self, weights: Any, *, drive: Any, tau: Any = 0.01, queue: str = "auto") -> None:
        self.tau = one_time("tau", tau, low=0, open_low=True)
        check_choice("queue", queue, ("auto", "heap", "scan"))
        self._graph, self.n_neurons, self.n_synapses = _graph(weights)
        self.use_heap = queue == "heap" or (queue == "auto" and self.n_neurons > HEAP_ABOVE)
        self.on_avalanche = "error"
        self._set_drive(drive)

    # ------------------------------------------------------------------ what a model defines

    def _cells(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return phase velocity (1/s), pulse scale and shape parameter, each (n or 1,)."""
        raise NotImplementedError

    # ------------------------------------------------------------------ parameters

    def _set_drive(self, drive: Any) -> None:
        values = np.atleast_1d(np.array(drive, dtype=np.float64))
        if values.shape not in ((1,), (self.n_neurons,)):
            raise ParameterError("drive", drive, "must be one number or one per neuron")
        if not (np.isfinite(values).all() and (values > 0).all()):
            raise ParameterError(
                "drive",
                drive,
                "must be finite and > 0",
                "an excitable neuron has no phase; reach low rates through inhibition",
            )
        self.drive = values if values.size > 1 else float(values[0])
        speed, scale, shape = np.broadcast_arrays(*self._cells())
        self._speeds = np.array(speed)
        cells = np.ascontiguousarray(np.stack([speed, 1 / speed, scale, shape], axis=1))
        if not (np.isfinite(cells).all() and (speed > 0).all()):
            raise ParameterError("drive", drive, "gives a phase velocity that is not finite")
        mask = -1 if len(cells) > 1 else 0
        self._model = (self.kind, self.threshold, self.reset, cells, mask)

    def with_drive(self, drive: Any) -> Self:
        """Return the same network (sharing its weights) with another drive."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._set_drive(drive)
        return other

    @property
    def phase_velocity(self) -> np.ndarray:
        """Phase velocity of each neuron in 1/s: (n,) array, the flow vector of the network."""
        return np.broadcast_to(self._speeds, self.n_neurons)

    @property
    def mean_in_degree(self) -> float:
        """Mean number of synapses per neuron."""
        return self.n_synapses / self.n_neurons

    @property
    def parameters(self) -> dict[str, Any]:
        """What identifies the network in a result, except the weights themselves."""
        return {
            "model": self.name,
            "n_neurons": self.n_neurons,
            "n_synapses": self.n_synapses,
            "drive": self.drive,
            "tau": self.tau,
            "on_avalanche": self.on_avalanche,
        }

    def phase_response(self, phase: Any, weight: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the phase after a pulse of the given weight and its derivative g'.

        Parameters
        ----------
        phase, weight : array_like
            Broadcast against each other and, for unequal neurons, against the neurons.
        """
        cells = self._model[3]
        phase, weight, scale, shape = np.broadcast_arrays(
            np.asarray(phase, dtype=float), weight, cells[:, 2], cells[:, 3]
        )
        flat = [np.ravel(x) for x in (phase, weight * scale, shape)]
        after, slope = engine.phase_maps(self.kind, *flat)
        return after.reshape(phase.shape), slope.reshape(phase.shape)

    # ------------------------------------------------------------------ states

    def initial_state(self, seed: Seed = None) -> EventState:
        """Return a state with independent phases, uniform between reset and threshold."""
        phases = stream(seed, "initial state").uniform(self.reset, self.threshold, self.n_neurons)
        return self.state_of(phases)

    def state_of(self, phases: np.ndarray, *, time: float = 0.0) -> EventState:
        """Return the state with the given phases, (n,) array below threshold, at `time`."""
        phases = np.array(phases, dtype=np.float64)
        if phases.shape != (self.n_neurons,) or not (phases <= self.threshold).all():
            raise ParameterError(
                "phases", phases, f"must be {self.n_neurons} numbers <= {self.threshold:g}"
            )
        keys = (self.threshold - phases) / self.phase_velocity
        order = np.arange(self.n_neurons, dtype=np.int32)
        if self.use_heap:
            engine.build_heap(keys, order, np.empty_like(order))
        return EventState(keys, order, origin=float(time), time=float(time))

    def phases(self, state: EventState) -> np.ndarray:
        """Return the phases at the time of `state`: (n,) array."""
        return self.threshold - state.next_spikes * self.phase_velocity

    # ------------------------------------------------------------------ runs

    def run(
        self,
        duration: Any = None,
        *,
        n_spikes: int | None = None,
        state: EventState | None = None,
        seed: Seed = None,
        progress: bool = False,
    ) -> EventRun:
        """Simulate for `duration` seconds or for `n_spikes` spikes of the network.

        Parameters
        ----------
        duration : float or quantity of time, optional
        n_spikes : int, optional
            Exactly one of the two is given.
        state : EventState, optional
            Continue from here; by default from `initial_state(seed)`.
        seed : int, SeedSequence, Generator or None
            For the initial phases only.
        progress : bool
            Show a progress bar.

        Raises
        ------
        AvalancheError
            If a pulse makes its target spike and `on_avalanche` is "error".
        """
        if (duration is None) == (n_spikes is None):
            raise ParameterError(
                "duration", duration, "or n_spikes must be given, and not both", "run(1.0)"
            )
        state = self.initial_state(seed) if state is None else state
        stepper = Stepper(self, state)
        if duration is not None:
            t_stop = state.time + one_time("duration", duration, low=0, open_low=True)
            times, ids = stepper.run_until(t_stop, progress=progress)
        else:
            times, ids = stepper.run_spikes(check_integer("n_spikes", n_spikes, low=1))
        end = stepper.state()
        recording = Recording(times, ids, self.n_neurons, state.time, end.time)
        return EventRun(
            recording=recording,
            state=end,
            parameters=self.parameters,
            seed=recorded_seed(seed) if seed is not None else None,
        )


class Stepper:
    """A network in motion: mutable arrays for the kernels, advanced without copies.

    Parameters
    ----------
    network : PulseCoupledNetwork
    state : EventState
        Where to start; it is not modified.
    """

    def __init__(self, network: PulseCoupledNetwork, state: EventState) -> None:
        if state.keys.shape != (network.n_neurons,):
            raise ParameterError(
                "state", state.keys.shape, f"must hold {network.n_neurons} neurons",
                "use a state of this network",
            )
        self.network = network
        self._keys, self._order = state.keys.copy(), state.order.astype(np.int32)
        places = np.empty_like(self._order)
        places[self._order] = np.arange(len(places), dtype=np.int32)
        self._queue = (self._keys, self._order, places, network.use_heap)
        self._clock = np.array([state.clock, state.origin, 0.0])
        self._time, self.n_spikes = state.time, state.n_spikes
        self._rebase_after = _REBASE_PHASE / float(network._speeds.max())
        self._no_tangent = np.empty((network.n_neurons, 0))

    @property
    def time(self) -> float:
        """Present time in seconds."""
        return self._time

    @property
    def log_determinant(self) -> float:
        """Sum of ln |det D| over the spikes that were run with tangent vectors."""
        return float(self._clock[2])

    def state(self) -> EventState:
        """Return a copy of the present state."""
        return EventState(
            self._keys.copy(),
            self._order.copy(),
            clock=float(self._clock[0]),
            origin=float(self._clock[1]),
            time=self._time,
            n_spikes=self.n_spikes,
        )

    def run_spikes(
        self, n_spikes: int, tangent: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Advance by `n_spikes` spikes, and `tangent` (n, m) in place; return times and ids."""
        times, ids = self._advance(n_spikes, np.inf, tangent)
        self._time = float(times[-1])
        return times, ids

    def run_until(
        self, t_stop: float, tangent: np.ndarray | None = None, *, progress: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Advance to the time `t_stop`, and `tangent` in place; return spike times and ids."""
        parts, start = [], self._time
        with tqdm(total=t_stop - start, disable=not progress, unit="s") as bar:
            while True:
                times, ids = self._advance(_CHUNK, t_stop, tangent)
                parts.append((times, ids))
                if len(times) < _CHUNK:
                    break
                bar.update(times[-1] - start - bar.n)
        self._time = float(t_stop)
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])

    def _advance(
        self, limit: int, t_stop: float, tangent: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        network = self.network
        times, ids = np.empty(limit), np.empty(limit, dtype=np.int32)
        count, status = engine.advance(
            network._model,
            network._graph,
            self._queue,
            self._clock,
            self._no_tangent if tangent is None else tangent,
            times,
            ids,
            t_stop,
            self._rebase_after,
            network.on_avalanche == "fire",
        )
        self.n_spikes += count
        if status in (engine.AVALANCHE, engine.RUNAWAY):
            raise _avalanche(network, times[count - 1], ids[count - 1], status)
        return times[:count].copy(), ids[:count].copy()


def with_time(state: EventState, time: float) -> EventState:
    """Return the same state at another time of the clock: an autonomous network does not mind."""
    return replace(state, origin=state.origin + time - state.time, time=float(time))


def _graph(weights: Any) -> tuple[tuple, int, int]:
    """Return the synapses by presynaptic neuron, number of neurons and number of synapses."""
    if not sparse.issparse(weights):
        weights = np.asarray(weights)
    if weights.ndim != 2 or weights.shape[0] != weights.shape[1] or weights.dtype.kind not in "iuf":
        raise ParameterError(
            "weights",
            (weights.shape, str(weights.dtype)),
            "must be a square matrix of real numbers, W[target, source]",
            "use for example Coupling(...).sample(n_neurons, seed=1)",
        )
    columns = sparse.csc_array(weights)
    values = columns.data.astype(np.float64, copy=False)
    low, high = (values.min(), values.max()) if values.size else (0.0, 0.0)
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ParameterError(
            "weights", float(low), "must all be finite", "draw again or use a lighter tail"
        )
    mask = -1 if low < high else 0
    values = values if mask else np.full(1, low)
    starts = columns.indptr.astype(np.int64)
    targets = columns.indices.astype(np.int32, copy=False)
    return (starts, targets, values, mask), weights.shape[0], len(targets)


def _avalanche(
    network: PulseCoupledNetwork, time: float, neuron: int, status: int
) -> HeavytailError:
    if status == engine.RUNAWAY:
        return ConvergenceError(
            f"more than {network.n_neurons} spikes at the single instant {time:.9g} s: excitation "
            "without delay is unstable here; weaken it or use a model with synaptic dynamics"
        )
    return AvalancheError(
        f"at {time:.9g} s a pulse of neuron {neuron} made a target spike at the same instant; the "
        "model does not define the order inside such an avalanche. Weaken the excitation, use "
        "ThetaNetwork, or accept the rule on_avalanche='fire' (see the class)"
    )
