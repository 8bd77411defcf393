"""Pulse-coupled phase neurons simulated exactly, spike by spike: the part all models share.

A model adds its phase map and how drive and time constant set the phase velocity.  Runs return
spikes as a Recording together with the final state, from which a run continues bit for bit.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from scipy import sparse

from heavytail_snn.core.arrays import real_array
from heavytail_snn.core.errors import ParameterError, check_choice, check_integer
from heavytail_snn.core.options import CheckedArguments
from heavytail_snn.core.randomness import Seed, recorded_seed, seed_sequence, stream
from heavytail_snn.core.results import Result
from heavytail_snn.core.showing import Shown
from heavytail_snn.core.time_units import one_time
from heavytail_snn.models.pulse import event_engine as engine
from heavytail_snn.models.pulse.event_state import EventState, Stepper
from heavytail_snn.recording.recording import Recording
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.network_weights import (
    check_size,
    not_drawn,
    number_of_neurons,
    sample_weights,
)

# Above this size the heap beats scanning all next spike times (tests/benchmarks/bench_events.py).
HEAP_ABOVE = 2000


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


class PulseCoupledNetwork(CheckedArguments, Shown):
    """Base of the event-exact networks: delta pulses, no delays, one phase per neuron.

    Parameters
    ----------
    weights : Coupling, (n, n) csr_array, csc_array or ndarray, row = target
        Jump of the target's voltage at each spike, in the model's own units.  A Coupling is drawn
        when the network is simulated, from that call's seed.  A csc_array of float64 is used
        without a copy; equal weights are stored once.
    n_neurons : int, optional
        Needed with a Coupling.
    drive : float or (n,) array
        Constant input, > 0 in the model's own units, so that every neuron fires when alone.
    tau : float or quantity of time
        Membrane time constant in seconds.
    queue : {"auto", "heap", "scan"}
        How the next spike is found; "auto" takes the heap above 2000 neurons.

    Raises
    ------
    ParameterError
        If the weights are not a square matrix of finite numbers or the drive is not positive.
    """

    kind: ClassVar[int]
    threshold: ClassVar[float]
    reset: ClassVar[float]
    name: ClassVar[str]

    def __init__(
        self,
        weights: Any,
        n_neurons: int | None = None,
        *,
        drive: Any,
        tau: Any = 0.01,
        queue: str = "auto",
    ) -> None:
        self.tau = one_time("tau", tau, low=0, open_low=True)
        check_choice("queue", queue, ("auto", "heap", "scan"))
        self._set_weights(weights, n_neurons)
        self.use_heap = queue == "heap" or (queue == "auto" and self.n_neurons > HEAP_ABOVE)
        self.on_avalanche = "error"
        self._set_drive(drive)

    # ------------------------------------------------------------------ weights

    def _set_weights(self, weights: Any, n_neurons: int | None) -> None:
        self.coupling = weights if isinstance(weights, Coupling) else None
        self.seed: Any = None
        if self.coupling:
            self._synapses, self.n_synapses = None, None
            self.n_neurons = number_of_neurons(weights, n_neurons)
            return
        self._synapses, size, self.n_synapses = _graph(weights)
        self.n_neurons = check_size(size, n_neurons)

    @property
    def _graph(self) -> tuple:
        """Row starts, targets, weights and mask of the synapses by presynaptic neuron."""
        if self._synapses is None:
            assert self.coupling is not None  # a matrix has been read into synapses
            raise not_drawn(self.coupling)
        return self._synapses

    @property
    def weights(self) -> Any:
        """The Coupling where it is not drawn yet, else W[target, source] as a csc_array."""
        if self._synapses is None:
            return self.coupling
        starts, targets, values, mask = self._synapses
        values = values if mask else np.broadcast_to(values, targets.shape)
        return sparse.csc_array((values, targets, starts), shape=(self.n_neurons,) * 2)

    def sample_weights(self, seed: Seed = None) -> Any:
        """Return W[target, source]: the matrix that the network has, or a sample of the Coupling.

        Equal to ``Coupling.sample(n_neurons, seed)``, which a run with this seed uses.
        """
        return sample_weights(self.weights, self.n_neurons, seed)

    def drawn(self, seed: Seed = None, state: EventState | None = None) -> tuple[Self, Seed]:
        """Return the network with its matrix, and the seed to go on with.

        Parameters
        ----------
        seed : Seed
            Of the Coupling, where the network has no matrix yet; a Generator or None is fixed, so
            that weights and initial phases come from one seed.
        state : EventState, optional
            From which a run is to go on: its weights must then come from a known seed.
        """
        if self._synapses is not None:
            return self, seed
        if state is not None and seed is None:
            raise ParameterError(
                "seed", seed, "must be that of the run that led to the state: the weights come "
                "from it", "or build the network with a matrix",
            )  # fmt: skip
        seed = seed_sequence(seed)
        other = self._copy()
        other._set_weights(self.sample_weights(seed), self.n_neurons)
        other.coupling, other.seed = self.coupling, recorded_seed(seed)
        return other, seed

    def _copy(self) -> Self:
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        return other

    # ------------------------------------------------------------------ what a model defines

    def _cells(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return phase velocity (1/s), pulse scale and shape parameter, each (n or 1,)."""
        raise NotImplementedError

    # ------------------------------------------------------------------ parameters

    def _set_drive(self, drive: Any) -> None:
        values = np.atleast_1d(real_array("drive", drive))
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
        other = self._copy()
        other._set_drive(drive)
        return other

    @property
    def phase_velocity(self) -> np.ndarray:
        """Phase velocity of each neuron in 1/s: (n,) array, the flow vector of the network."""
        return np.broadcast_to(self._speeds, self.n_neurons)

    @property
    def mean_in_degree(self) -> float:
        """Mean number of synapses per neuron."""
        return len(self._graph[1]) / self.n_neurons

    @property
    def parameters(self) -> dict[str, Any]:
        """What identifies the network in a result, except the weights themselves."""
        origin = {"coupling": repr(self.coupling), "weights_seed": self.seed}
        return (origin if self.coupling else {}) | {
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
        return self._respond(self._model[3], phase, weight)

    def outgoing(self, source: int) -> tuple[np.ndarray, np.ndarray]:
        """Return targets and weights of the synapses of neuron `source`."""
        starts, targets, weights, mask = self._graph
        synapses = np.arange(starts[source], starts[source + 1])
        return targets[synapses], weights[synapses & mask]

    def pulse(self, phases: np.ndarray, source: int) -> np.ndarray:
        """Return all phases, (n,) array, after the pulses of neuron `source`."""
        targets, weights = self.outgoing(source)
        cells = self._model[3][targets & self._model[4]]
        after = np.array(phases, dtype=np.float64)
        after[targets] = self._respond(cells, after[targets], weights)[0]
        return after

    def _respond(self, cells: np.ndarray, phase: Any, weight: Any) -> tuple[np.ndarray, np.ndarray]:
        phase, weight, scale, shape = np.broadcast_arrays(
            np.asarray(phase, dtype=np.float64), weight, cells[:, 2], cells[:, 3]
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
        phases = real_array("phases", phases)
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
            For the initial phases, and for the weights of a Coupling.
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
        network, seed = self.drawn(seed, state)
        seed = seed_sequence(seed)
        state = self.initial_state(seed) if state is None else state
        stepper = Stepper(network, state)
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
            parameters=network.parameters,
            seed=recorded_seed(seed),
        )

    def simulate_arrays(
        self,
        duration: Any,
        *,
        dt: Any = None,
        seed: Seed = None,
        record: Iterable[str] = ("spikes",),
        weights: Any = None,
        progress: bool = False,
    ) -> Recording:
        """Run from random phases and return the spikes: what `heavytail_snn.simulate` calls.

        Raises
        ------
        ParameterError
            If `dt` or other variables than spikes are asked for.
        """
        if dt is not None:
            raise ParameterError("dt", dt, "must be None", "event-exact networks have no time step")
        if set(record) != {"spikes"}:
            raise ParameterError(
                "record", record, "must be ('spikes',)", "for phases use run(...).state"
            )
        network = self
        if weights is not None:
            network = self._copy()
            network._set_weights(weights, self.n_neurons)
        run = network.run(duration, seed=seed, progress=progress)
        return run.recording.with_attrs(**run.parameters, seed=run.seed)


def check_network(network: Any) -> PulseCoupledNetwork:
    """Return `network` if it is event-exact, else raise."""
    if not isinstance(network, PulseCoupledNetwork):
        raise ParameterError(
            "network",
            type(network).__name__,
            "must be a ThetaNetwork, RapidThetaNetwork or PulseLIFNetwork",
            "other models: lyapunov_spectrum, lyapunov_spectrum_of_network",
        )
    return network


def _graph(weights: Any) -> tuple[tuple, int, int]:
    """Return the synapses by presynaptic neuron, number of neurons and number of synapses."""
    if not sparse.issparse(weights):
        weights = real_array("weights", weights)
    square = weights.ndim == 2 and weights.shape[0] == weights.shape[1] > 0
    if not square or weights.dtype.kind not in "iuf":
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
