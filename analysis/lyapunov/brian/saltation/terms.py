"""The tangent map of single events: spikes, wiring, events, and the three saltation formulas.

Source: saltation matrices, Bizzarri, Brambilla & Storti Gajani, J. Comput. Neurosci. 35 (2013)
201, doi:10.1007/s10827-013-0454-5.
"""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from heavytail_snn.core.errors import ParameterError
from heavytail_snn.core.showing import Shown

# kinds of events, in the order in which simultaneous ones are processed: a clock-driven simulator
# checks thresholds first, delivers pulses next and resumes integration in the next step
THRESHOLD, ARRIVAL, RELEASE, SYNC = 0, 1, 2, 3


@dataclass(frozen=True)
class Spikes(Shown):
    """All spikes of a run, in time order.

    Parameters
    ----------
    times : (n_spikes,) array
        Times of the threshold crossings in seconds.
    units : (n_spikes,) int array
        Neuron of each spike; numbers from `n_neurons` of the model on are external sources, whose
        spikes are given and carry no perturbation.
    states : (n_spikes, n_variables) array, optional
        State at the crossing, before reset; nan where not recorded.
    """

    times: np.ndarray
    units: np.ndarray
    states: np.ndarray | None = None

    def __post_init__(self) -> None:
        times = np.asarray(self.times, dtype=np.float64)
        if times.ndim != 1 or np.shape(self.units) != times.shape or (np.diff(times) < 0).any():
            raise ParameterError(
                "spikes", np.shape(self.times), "must be two equally long arrays in time order"
            )


@dataclass(frozen=True)
class Wiring(Shown):
    """Synapses as flat arrays, in any order; row s of the model's pulse table is synapse s.

    Parameters
    ----------
    sources, targets : (n_synapses,) int arrays
        Sources may be external units (see `Spikes.units`).
    delays : (n_synapses,) array
        In seconds.
    """

    sources: np.ndarray
    targets: np.ndarray
    delays: np.ndarray
    order: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "order", np.argsort(self.sources, kind="stable"))

    def offsets(self, n_units: int) -> np.ndarray:
        """Return the (n_units + 1,) limits of the synapses of each source in `order`."""
        return np.concatenate([[0], np.cumsum(np.bincount(self.sources, minlength=n_units))])


@dataclass(frozen=True)
class Events:
    """Events of one stretch of time, each touching one neuron, in the order of processing.

    Parameters
    ----------
    kind, neuron, spike, synapse : (n_events,) int arrays
        `spike` is the row in `Spikes` (-1 for synchronisation), `synapse` the row in `Wiring`.
    times : (n_events,) array
    """

    kind: np.ndarray
    neuron: np.ndarray
    spike: np.ndarray
    synapse: np.ndarray
    times: np.ndarray


@dataclass(frozen=True)
class Path:
    """The trajectory at the events: what a model's `path` returns.

    Parameters
    ----------
    states : (n_events, n) array
        State of the touched neuron just before its event.
    propagators : (n_events, n, n) array
        Tangent propagator of the free motion since the neuron's previous event.
    clamped, tied : (n_events,) bool arrays
        Whether the neuron was refractory, and whether it had fired in the same time step.
    """

    states: np.ndarray
    propagators: np.ndarray
    clamped: np.ndarray
    tied: np.ndarray


class HybridModel(Protocol):
    """What the replay needs to know; `i` holds neuron numbers, `x` has one row for each."""

    n_neurons: int
    n_variables: int
    used: np.ndarray  # (n_neurons, n) bool: variables that exist (populations may differ)
    clamped: np.ndarray  # (n_neurons, n) bool: variables held while refractory
    hold: np.ndarray  # (n_neurons,) time in s from the crossing to the release
    scale: np.ndarray  # (n_neurons, n): makes perturbations of the variables dimensionless
    time_unit: float  # s: the same for perturbations of spike times

    def restart(self) -> None:
        """Go back to time 0."""

    def path(self, events: Events, spikes: Spikes, tie_window: float) -> Path:
        """Follow the trajectory through the next events."""

    def field(self, x: np.ndarray, i: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Return f with the inputs in force just before `times`."""

    def threshold_gradient(self, x: np.ndarray, i: np.ndarray) -> np.ndarray:
        """Return grad h."""

    def reset(self, x: np.ndarray, i: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return g(x) and Dg."""

    def pulse(
        self,
        x: np.ndarray,
        i: np.ndarray,
        synapse: np.ndarray,
        held: np.ndarray,
        tied: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return k(x) and Dk; held variables stay, as do overwritten ones in a tie."""


@dataclass(frozen=True)
class Terms:
    """P (n_events, n, n), u (n_events, n), r (n_events, n) and the crossing speeds."""

    propagators: np.ndarray
    shifts: np.ndarray
    readouts: np.ndarray
    speeds: np.ndarray


def saltation_terms(model: HybridModel, events: Events, path: Path) -> Terms:
    """Return the tangent map of every event from the states and propagators along the path.

    With f the vector field in force (held variables have f = 0) and h the threshold function:

    - threshold: ``dt_k = -(grad h . dx) / (grad h . f-)``, ``P = Dg P``, ``u = Dg f- - f+(g(x))``
    - arrival: ``P = Dk P``, ``u = Dk f(x) - f(k(x))``
    - release: ``u = f_held(x) - f(x)``
    """
    propagators = path.propagators
    shifts = np.zeros_like(path.states)
    readouts = np.zeros_like(path.states)

    at = np.flatnonzero(events.kind == THRESHOLD)
    i, x, times = events.neuron[at], path.states[at], events.times[at]
    flow = model.field(x, i, times)
    gradient = model.threshold_gradient(x, i)
    speeds = np.einsum("ea,ea->e", gradient, flow)
    with np.errstate(divide="ignore", invalid="ignore"):
        # tangential crossings are counted and refused by the caller, with their times
        readouts[at] = -np.einsum("ea,eab->eb", gradient, propagators[at]) / speeds[:, None]
    after, slope = model.reset(x, i)
    held = model.clamped[i] & (model.hold[i] > 0)[:, None]
    flow_after = np.where(held, 0.0, model.field(after, i, times))
    shifts[at] = np.einsum("eab,eb->ea", slope, flow) - flow_after
    propagators[at] = slope @ propagators[at]

    at = np.flatnonzero(events.kind == ARRIVAL)
    i, x, times = events.neuron[at], path.states[at], events.times[at]
    held = model.clamped[i] & path.clamped[at][:, None]
    after, slope = model.pulse(x, i, events.synapse[at], held, path.tied[at])
    flow = np.where(held, 0.0, model.field(x, i, times))
    flow_after = np.where(held, 0.0, model.field(after, i, times))
    shifts[at] = np.einsum("eab,eb->ea", slope, flow) - flow_after
    propagators[at] = slope @ propagators[at]

    at = np.flatnonzero(events.kind == RELEASE)
    i = events.neuron[at]
    flow = model.field(path.states[at], i, events.times[at])
    shifts[at] = np.where(model.clamped[i], -flow, 0.0)

    scale = model.scale[events.neuron]
    return Terms(
        propagators * (scale[:, None, :] / scale[:, :, None]),
        shifts * (model.time_unit / scale),
        readouts * (scale / model.time_unit),
        speeds,
    )
