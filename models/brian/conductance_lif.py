"""Conductance-based leaky integrate-and-fire network: synapses open conductances with reversals.

``tau dv/dt = -v + g_e (E_e - v) + g_i (E_i - v) + mu``, conductances in units of the leak, v from
rest.  Positive weights act on g_e, negative ones, by their size, on g_i.
"""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import numpy as np
from brian2 import Clock, NeuronGroup, Quantity, Synapses, ms, mV

from heavytail_snn.brian.connectivity import Connectivity
from heavytail_snn.brian.model import NetworkModel, Values
from heavytail_snn.core.errors import ParameterError
from heavytail_snn.core.randomness import Seed, stream
from heavytail_snn.core.units import check_reset, in_unit, in_unit_array

_EQUATIONS = """
dv/dt = (mu - v + g_e*(e_e - v) + g_i*(e_i - v))/tau : volt (unless refractory)
dg_e/dt = -g_e/tau_e : 1
dg_i/dt = -g_i/tau_i : 1
mu : volt (constant)
tau : second (shared, constant)
tau_e : second (shared, constant)
tau_i : second (shared, constant)
e_e : volt (shared, constant)
e_i : volt (shared, constant)
theta : volt (shared, constant)
v_reset : volt (shared, constant)
t_ref : second (shared, constant)
"""
_TIMES = ("tau", "tau_e", "tau_i")


@dataclass(frozen=True, eq=False)
class ConductanceLIFNetwork(NetworkModel):
    """A network of conductance-based LIF neurons.

    Parameters
    ----------
    weights : Coupling, (n, n) ndarray or sparse array
        ``W[target, source]`` in units of the leak conductance; the sign chooses the reversal.
    n_neurons : int
        Needed with a Coupling.
    drive : Quantity of voltage, one or (n,)
        mu: the potential above rest reached without threshold and synapses.
    tau, tau_e, tau_i, t_ref, delay : Quantity of time
        Membrane, excitatory and inhibitory synapses, refractory period, transmission delay.
    theta, v_reset, e_e, e_i : Quantity of voltage
        Threshold, reset and reversal potentials, from rest; e_i < theta < e_e.
    initial : Quantity of voltage, one or (n,), optional
        v at time 0; by default uniform between reset and threshold, from the run's seed.

    Notes
    -----
    Integrated by Runge-Kutta of order 4.  The equations, with time constants of the order of these
    defaults, are those of Kumar, Schrader, Aertsen & Rotter, Neural Comput. 20 (2008) 1,
    doi:10.1162/neco.2008.20.1.1.
    """

    weights: Any
    n_neurons: int | None = None
    _: KW_ONLY
    drive: Quantity = field(default_factory=lambda: 24 * mV)
    tau: Quantity = field(default_factory=lambda: 20 * ms)
    tau_e: Quantity = field(default_factory=lambda: 5 * ms)
    tau_i: Quantity = field(default_factory=lambda: 10 * ms)
    t_ref: Quantity = field(default_factory=lambda: 2 * ms)
    delay: Quantity = field(default_factory=lambda: 1.5 * ms)
    theta: Quantity = field(default_factory=lambda: 20 * mV)
    v_reset: Quantity = field(default_factory=lambda: 0 * mV)
    e_e: Quantity = field(default_factory=lambda: 70 * mV)
    e_i: Quantity = field(default_factory=lambda: -10 * mV)
    initial: Quantity | None = None

    def __post_init__(self) -> None:
        values = self._scalars()
        if not values["neurons.e_i"] < values["neurons.theta"] < values["neurons.e_e"]:
            raise ParameterError(
                "theta", self.theta, "must lie between e_i and e_e", "check the reversals' signs"
            )
        in_unit_array("drive", self.drive, mV, self.size)
        if self.initial is not None:
            in_unit_array("initial", self.initial, mV, self.size)

    def _scalars(self) -> Values:
        values: Values = {
            f"neurons.{name}": in_unit(name, getattr(self, name), ms, low=0, open_low=True)
            for name in _TIMES
        }
        values["neurons.t_ref"] = in_unit("t_ref", self.t_ref, ms, low=0)
        values["synapses.delay"] = in_unit("delay", self.delay, ms, low=0)
        check_reset(self.v_reset, self.theta)
        values["neurons.v_reset"] = in_unit("v_reset", self.v_reset, mV)
        values["neurons.theta"] = in_unit("theta", self.theta, mV)
        values["neurons.e_e"] = in_unit("e_e", self.e_e, mV)
        values["neurons.e_i"] = in_unit("e_i", self.e_i, mV)
        return values

    @property
    def variables(self) -> Mapping[str, str]:
        """Recordable variables and their units."""
        return {"v": "V", "g_e": "", "g_i": ""}

    def structure(self) -> tuple[Any, ...]:
        """Return the choices that decide the generated code."""
        return ("conductance_lif",)

    def brian_objects(self, clock: Clock) -> tuple[NeuronGroup, Synapses]:
        """Return neurons and unconnected synapses, without values."""
        neurons = NeuronGroup(
            self.size,
            _EQUATIONS,
            threshold="v > theta",
            reset="v = v_reset",
            refractory="t_ref",
            method="rk4",
            clock=clock,
            name="neurons",
        )
        synapses = Synapses(
            neurons,
            neurons,
            "w : 1\nexcites : 1",
            on_pre="g_e_post += w*excites\ng_i_post += w*(excites - 1)",
            delay=0 * ms,
            clock=clock,
            name="synapses",
        )
        return neurons, synapses

    def values(self, connectivity: Connectivity, dt: float, seed: Seed) -> Values:
        """Return parameters, weights and initial states in SI units."""
        values = self._scalars()
        values["neurons.mu"] = in_unit_array("drive", self.drive, mV, self.size)
        values["synapses.w"] = connectivity.weights
        values["synapses.excites"] = (connectivity.weights > 0).astype(float)
        if self.initial is None:
            limits = float(self.v_reset), float(self.theta)
            values["neurons.v"] = stream(seed, "initial state").uniform(*limits, self.size)
        else:
            values["neurons.v"] = in_unit_array("initial", self.initial, mV, self.size)
        return {name: np.asarray(value, dtype=float) for name, value in values.items()}
