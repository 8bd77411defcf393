"""Binary network: units of two states that flip at Poisson times, or all together in steps.

A unit that updates takes its upper state if ``W s + drive + noise > threshold``, else its lower
one.  The recorded events are flips: with the initial state they hold the whole trajectory.
"""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
from brian2 import Clock, NeuronGroup, Quantity, Synapses, ms
from numpy.typing import ArrayLike, NDArray

from heavytail_snn.brian.connectivity import Connectivity
from heavytail_snn.brian.model import NetworkModel, Values
from heavytail_snn.core.arrays import real_array
from heavytail_snn.core.errors import (
    ParameterError,
    check_choice,
    check_integer,
    check_real,
    check_sequence,
)
from heavytail_snn.core.randomness import Seed, stream
from heavytail_snn.core.units import in_unit
from heavytail_snn.recording.recording import Recording

_NEURON = """
state : 1
h : 1
jump : 1
drive : 1 (constant)
low : 1 (shared, constant)
high : 1 (shared, constant)
theta : 1 (shared, constant)
noise : 1 (shared, constant)
alpha : 1 (shared, constant)
p_update : 1 (shared, constant)
"""
# kind of threshold noise: its Brian2 expression
_NOISE = {
    "none": "0.0",
    "gaussian": "noise*randn()",
    "stable": "noise*stable_ug(alpha, 0.0, rand(), randn())",
}
# One line draws whether a unit updates, another its noise, in every step and for every unit:
# two runs with the same noise seed share update times and noise, whatever their states.
_UPDATE = """
field_now = h + drive + {noise}
updates = int(rand() < p_update)
jump = updates*(low + (high - low)*int(field_now > theta) - state)
state += jump
"""


@dataclass(frozen=True, eq=False)
class BinaryNetwork(NetworkModel):
    """A network of binary units.

    Parameters
    ----------
    weights : Coupling, (n, n) ndarray or sparse array
        ``W[target, source]``.
    n_neurons : int
        Needed with a Coupling.
    states : (-1, 1) or (0, 1)
        Lower and upper state.
    update : "asynchronous" or "synchronous"
        Asynchronous: each unit at the events of its own Poisson process of rate 1/tau; in a step
        dt a unit updates with probability 1 - exp(-dt/tau), so that waiting times are exact on the
        grid, and a fraction dt/tau of the updates is simultaneous.  Synchronous: all units once in
        each step, and the step is tau.
    tau : Quantity of time
    threshold : float
    noise : float
        Scale of the threshold noise, drawn anew at each update: the standard deviation for
        noise_alpha = None, else the scale of a stable law (characteristic function
        exp(-|noise k|^alpha), so that 2 has variance 2 noise^2).
    noise_alpha : float in (0, 2], optional
    noise_seed : int, optional
        Frozen noise: the same update times and threshold noise in every run with this seed (on one
        backend), whatever weights and initial states.
    drive : float or (n,) array
        Input added to the field, for example a stimulus.
    initial : (n,) array of the two states, optional
        By default each with probability 1/2, from the run's seed.

    Notes
    -----
    Asynchronous dynamics: Keup, Kuehn, Dahmen & Helias, Phys. Rev. X 11 (2021) 021064.
    """

    weights: Any
    n_neurons: int | None = None
    _: KW_ONLY
    states: tuple[float, float] = (-1, 1)
    update: Literal["asynchronous", "synchronous"] = "asynchronous"
    tau: Quantity = field(default_factory=lambda: 10 * ms)
    threshold: float = 0.0
    noise: float = 0.0
    noise_alpha: float | None = None
    noise_seed: int | None = None
    drive: Any = 0.0
    initial: Any = None

    watched: ClassVar[str] = "h"

    def __post_init__(self) -> None:
        check_choice("update", self.update, ("asynchronous", "synchronous"))
        remedy = "leave it out for (-1, 1)"
        if check_sequence("states", self.states, "the two states", remedy) not in ((-1, 1), (0, 1)):
            raise ParameterError("states", self.states, "must be (-1, 1) or (0, 1)")
        in_unit("tau", self.tau, ms, low=0, open_low=True)
        check_real("threshold", self.threshold)
        check_real("noise", self.noise, low=0)
        if self.noise_alpha is not None:
            check_real("noise_alpha", self.noise_alpha, low=0, high=2, open_low=True)
        if self.noise_seed is not None:
            check_integer("noise_seed", self.noise_seed)
        drive = real_array("drive", self.drive)
        if drive.shape not in ((), (self.size,)) or not np.isfinite(drive).all():
            raise ParameterError("drive", self.drive, f"must be one or {self.size} finite numbers")
        if self.initial is not None:
            initial = real_array("initial", self.initial)
            if initial.shape != (self.size,) or not np.isin(initial, self.states).all():
                raise ParameterError(
                    "initial", self.initial, f"must hold {self.size} states out of {self.states}"
                )

    @property
    def variables(self) -> Mapping[str, str]:
        """Recordable variables: the state and the recurrent field."""
        return {"state": "", "h": ""}

    @property
    def default_dt(self) -> float:
        """The default step: tau for synchronous dynamics, else tau / 100."""
        return float(self.tau) / (1 if self.update == "synchronous" else 100)

    @property
    def _noise_kind(self) -> str:
        if self.noise == 0:
            return "none"
        return "gaussian" if self.noise_alpha is None else "stable"

    def structure(self) -> tuple[Any, ...]:
        """Return the choices that decide the generated code."""
        return ("binary", self._noise_kind)

    def brian_objects(self, clock: Clock) -> tuple[NeuronGroup, Synapses]:
        """Return units and unconnected synapses, without values."""
        neurons = NeuronGroup(
            self.size, _NEURON, threshold="jump != 0", reset="", clock=clock, name="neurons"
        )
        neurons.run_regularly(
            _UPDATE.format(noise=_NOISE[self._noise_kind]),
            when="start",
            clock=clock,
            name="neurons_update",
        )
        synapses = Synapses(
            neurons, neurons, "w : 1", on_pre="h_post += w*jump_pre", clock=clock, name="synapses"
        )
        return neurons, synapses

    def values(self, connectivity: Connectivity, dt: float, seed: Seed) -> Values:
        """Return parameters, weights, initial states and the fields they cause."""
        tau = float(self.tau)
        if self.update == "synchronous" and not np.isclose(dt, tau):
            raise ParameterError("dt", dt, f"must equal tau = {tau:g} s in synchronous dynamics")
        if self.initial is None:
            state = stream(seed, "initial state").choice(self.states, self.size).astype(float)
        else:
            state = np.asarray(self.initial, dtype=float)
        weighted = connectivity.weights * state[connectivity.sources]
        return {
            "neurons.state": state,
            "neurons.h": np.bincount(connectivity.targets, weighted, minlength=self.size),
            "neurons.drive": np.broadcast_to(np.asarray(self.drive, float), (self.size,)).copy(),
            "neurons.low": float(self.states[0]),
            "neurons.high": float(self.states[1]),
            "neurons.theta": float(self.threshold),
            "neurons.noise": float(self.noise),
            "neurons.alpha": float(self.noise_alpha or 2.0),
            "neurons.p_update": 1.0 if self.update == "synchronous" else -np.expm1(-dt / tau),
            "synapses.w": connectivity.weights,
        }


def states_at(recording: Recording, times: ArrayLike) -> NDArray[np.float64]:
    """Return the states of a BinaryNetwork's recording of flips at some times.

    Parameters
    ----------
    recording : Recording
        From `simulate`; its ``attrs`` hold "initial_state" and "states".
    times : (n_times,) array_like
        In seconds, increasing; a flip at exactly a time is included.

    Returns
    -------
    (n_times, n_neurons) ndarray
    """
    moments = np.asarray(times, dtype=float)
    initial = np.asarray(recording.attrs["initial_state"], dtype=float)
    low, high = recording.attrs["states"]
    step = np.searchsorted(moments, recording.times - 1e-12, side="left")
    flips = np.zeros((moments.size + 1, recording.n_units), dtype=np.int64)
    np.add.at(flips, (step, recording.ids), 1)
    flipped = np.cumsum(flips[:-1], axis=0) % 2 == 1
    return np.where(flipped, low + high - initial, initial)
