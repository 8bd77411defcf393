"""State of a pulse-coupled network, kept between runs, and the network in motion."""

from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from heavytail_snn.core.errors import ConvergenceError, HeavytailError, ParameterError
from heavytail_snn.core.showing import Shown
from heavytail_snn.models.pulse import event_engine as engine

if TYPE_CHECKING:
    from heavytail_snn.models.pulse.pulse_coupled import PulseCoupledNetwork

_CHUNK = 1 << 18  # spikes a call of the kernel
_REBASE_PHASE = 1024.0  # largest phase that any neuron advances between two rebasings


class AvalancheError(HeavytailError, RuntimeError):
    """A pulse itself made its target spike, which the model leaves undefined."""


@dataclass(frozen=True)
class EventState(Shown):
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
        with open(path, "wb") as file:
            np.savez(
                file,
                keys=self.keys,
                order=self.order,
                clock=self.clock,
                origin=self.origin,
                time=self.time,
                n_spikes=self.n_spikes,
            )

    @classmethod
    def read(cls, path: str | PathLike) -> "EventState":
        """Read a state written by `write`."""
        with np.load(path, allow_pickle=False) as stored:
            missing = {"keys", "order", "clock", "origin", "time", "n_spikes"} - set(stored)
            if missing:
                raise ParameterError(
                    "path",
                    str(path),
                    "must be a file written by EventState.write",
                    f"it lacks {sorted(missing)}",
                )
            scalars = {name: stored[name].item() for name in ("clock", "origin", "time")}
            return cls(
                keys=stored["keys"],
                order=stored["order"],
                n_spikes=int(stored["n_spikes"]),
                **scalars,
            )


class Stepper:
    """A network in motion: mutable arrays for the kernels, advanced without copies.

    Parameters
    ----------
    network : PulseCoupledNetwork
    state : EventState
        Where to start; it is not modified.
    """

    def __init__(self, network: "PulseCoupledNetwork", state: EventState) -> None:
        if not isinstance(state, EventState) or state.keys.shape != (network.n_neurons,):
            raise ParameterError(
                "state",
                state,
                f"must be an EventState of {network.n_neurons} neurons",
                "use a state of this network",
            )
        self.network = network
        self._keys, self._order = state.keys.copy(), state.order.astype(np.int32)
        places = np.empty_like(self._order)
        places[self._order] = np.arange(len(places), dtype=np.int32)
        if network.use_heap:
            # leaves a heap as it is, and orders the state of a network that scans
            engine.build_heap(self._keys, self._order, places)
        self._queue = (self._keys, self._order, places, network.use_heap)
        self._clock = np.array([state.clock, state.origin, 0.0])
        self._time, self.n_spikes = state.time, state.n_spikes
        self._rebase_after = _REBASE_PHASE / float(network._speeds.max())
        self._no_tangent = np.empty((network.n_neurons, 0))

    @property
    def time(self) -> float:
        """Present time in seconds."""
        return self._time

    def take_log_determinant(self) -> float:
        """Return the sum of ln |det D| since the last call, over spikes run with a tangent."""
        total, self._clock[2] = float(self._clock[2]), 0.0
        return total

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


def _avalanche(
    network: "PulseCoupledNetwork", time: float, neuron: int, status: int
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
