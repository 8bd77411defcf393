"""Leaky integrate-and-fire network: delta, exponential or alpha synapses, delays, noisy drive.

``tau dv/dt = -v + mu + recurrent + noise``, spike at theta, reset, refractory period.  A weight is
the area of a postsynaptic potential over tau, so that all three synapses have one mean field.
"""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any, ClassVar, Literal

import numpy as np
from brian2 import Clock, NeuronGroup, Quantity, Synapses, ms, mV, volt

from heavytail_snn.brian.connectivity import Connectivity
from heavytail_snn.brian.model import NetworkModel, Values
from heavytail_snn.core.errors import ParameterError, check_choice
from heavytail_snn.core.randomness import Seed, stream
from heavytail_snn.core.units import check_reset, in_unit, in_unit_array, whole_steps
from heavytail_snn.models.brian.lif_noise import NOISE_EQUATIONS, ColouredNoise, WhiteNoise
from heavytail_snn.weights.coupling import Coupling

# kind: (equations of the synaptic potential, effect of a spike)
_SYNAPSES = {
    "delta": ("", "v_post += w*unit_weight"),
    "exponential": (
        "drecurrent/dt = -recurrent/tau_syn : volt",
        "recurrent_post += w*unit_weight*tau_post/tau_syn_post",
    ),
    "alpha": (
        "drecurrent/dt = (rising - recurrent)/tau_syn : volt\ndrising/dt = -rising/tau_syn : volt",
        "rising_post += w*unit_weight*tau_post/tau_syn_post",
    ),
}
_PARAMETERS = """
mu : volt (constant)
tau : second (shared, constant)
tau_syn : second (shared, constant)
tau_noise : second (shared, constant)
sigma : volt (shared, constant)
theta : volt (shared, constant)
v_reset : volt (shared, constant)
t_ref : second (shared, constant)
"""


@dataclass(frozen=True, eq=False)
class LIFNetwork(NetworkModel):
    """A network of leaky integrate-and-fire neurons.

    Parameters
    ----------
    weights : Coupling, (n, n) ndarray or sparse array
        ``W[target, source]`` in units of `unit_weight`; for delta synapses the jump of v.  A
        Coupling with a gain in volts, or a matrix in volts, is brought to these units.
    n_neurons : int
        Needed with a Coupling.
    drive : Quantity of voltage, one or (n,)
        mu: the potential reached without threshold and input.
    noise : WhiteNoise, ColouredNoise or None
    synapse : "delta", "exponential" or "alpha"
        Their potentials (without leak) have the area ``W * unit_weight * tau`` for all three.
    tau, tau_syn, t_ref, delay : Quantity of time
        Membrane, synapse, refractory period (v stays at reset and delta input is lost; the
        synaptic variables go on) and transmission delay, the same for all synapses.  `t_ref` and
        `delay` are whole numbers of steps.
    theta, v_reset, unit_weight : Quantity of voltage
    initial : Quantity of voltage, one or (n,), optional
        v at time 0; by default uniform between reset and threshold, from the run's seed.

    Notes
    -----
    Delta synapses without noise are integrated exactly, other synapses by Runge-Kutta of order 4,
    noise by Heun's method.  Spikes lie on the time grid: take exponents of delta networks from the
    event-based models.
    """

    weights: Any
    n_neurons: int | None = None
    _: KW_ONLY
    drive: Quantity = field(default_factory=lambda: 24 * mV)
    noise: WhiteNoise | None = None
    synapse: Literal["delta", "exponential", "alpha"] = "delta"
    tau: Quantity = field(default_factory=lambda: 20 * ms)
    tau_syn: Quantity = field(default_factory=lambda: 5 * ms)
    t_ref: Quantity = field(default_factory=lambda: 2 * ms)
    delay: Quantity = field(default_factory=lambda: 1.5 * ms)
    theta: Quantity = field(default_factory=lambda: 20 * mV)
    v_reset: Quantity = field(default_factory=lambda: 0 * mV)
    unit_weight: Quantity = field(default_factory=lambda: 1 * mV)
    initial: Quantity | None = None

    watched: ClassVar[str] = "v/volt"

    def __post_init__(self) -> None:
        check_choice("synapse", self.synapse, _SYNAPSES)
        if not isinstance(self.noise, WhiteNoise | None):
            raise ParameterError(
                "noise", self.noise, "must be a noise or None", "use WhiteNoise(2*mV)"
            )
        self._scalars()
        object.__setattr__(self, "weights", self._in_unit_weights())
        in_unit_array("drive", self.drive, mV, self.size)
        if self.initial is not None:
            in_unit_array("initial", self.initial, mV, self.size)

    def _in_unit_weights(self) -> Any:
        """Return the weights as plain numbers in units of `unit_weight`."""
        weights = self.weights
        coupling = isinstance(weights, Coupling)
        in_volts = weights.unit == "V" if coupling else getattr(weights, "dim", None) is volt.dim
        if not in_volts:
            return weights
        if not float(self.unit_weight):
            raise ParameterError(
                "unit_weight", self.unit_weight, "must not be 0 for weights in volts", "use 1*mV"
            )
        if coupling:
            return replace(weights, gain=weights.gain / float(self.unit_weight), unit="")
        return np.asarray(weights) / float(self.unit_weight)

    def _scalars(self) -> Values:
        noise = self.noise or WhiteNoise(0 * mV)
        values: Values = {
            f"neurons.{name}": in_unit(name, getattr(self, name), ms, low=0, open_low=True)
            for name in ("tau", "tau_syn")
        }
        values["neurons.t_ref"] = in_unit("t_ref", self.t_ref, ms, low=0)
        values["synapses.delay"] = in_unit("delay", self.delay, ms, low=0)
        check_reset(self.v_reset, self.theta)
        values["neurons.v_reset"] = in_unit("v_reset", self.v_reset, mV)
        values["neurons.theta"] = in_unit("theta", self.theta, mV)
        values["synapses.unit_weight"] = in_unit("unit_weight", self.unit_weight, mV)
        values["neurons.sigma"] = in_unit("sigma", noise.sigma, mV, low=0)
        values["neurons.tau_noise"] = float(getattr(noise, "tau", 1 * ms))
        return values

    @property
    def noise_seed(self) -> int | None:
        """Seed of the frozen noise."""
        return self.noise.seed if self.noise else None

    @property
    def variables(self) -> Mapping[str, str]:
        """Recordable variables and their units."""
        names = ["v"] + ["recurrent"] * (self.synapse != "delta")
        return dict.fromkeys(names + ["eta"] * (self._noise_kind == "coloured"), "V")

    def structure(self) -> tuple[Any, ...]:
        """Return the choices that decide the generated code."""
        return ("lif", self.synapse, self._noise_kind)

    @property
    def _noise_kind(self) -> str:
        if self.noise is None:
            return "none"
        return "coloured" if isinstance(self.noise, ColouredNoise) else "white"

    def brian_objects(self, clock: Clock) -> tuple[NeuronGroup, Synapses]:
        """Return neurons and unconnected synapses, without values."""
        synaptic, on_pre = _SYNAPSES[self.synapse]
        term, noise = NOISE_EQUATIONS[self._noise_kind]
        current = "+ recurrent" if synaptic else ""
        membrane = f"dv/dt = (mu - v {current})/tau {term} : volt (unless refractory)"
        method = "rk4" if synaptic else "exact"
        neurons = NeuronGroup(
            self.size,
            "\n".join([membrane, synaptic, noise, _PARAMETERS]),
            threshold="v > theta",
            reset="v = v_reset",
            refractory="t_ref",
            method=method if self.noise is None else "heun",
            clock=clock,
            name="neurons",
        )
        synapses = Synapses(
            neurons,
            neurons,
            "w : 1\nunit_weight : volt (shared, constant)",
            on_pre=on_pre,
            delay=0 * ms,
            clock=clock,
            name="synapses",
        )
        return neurons, synapses

    def values(self, connectivity: Connectivity, dt: float, seed: Seed) -> Values:
        """Return parameters, weights and initial states in SI units."""
        values = self._scalars()
        whole_steps("t_ref", float(self.t_ref), dt)  # Brian2 would round them silently
        whole_steps("delay", float(self.delay), dt)
        values["neurons.mu"] = in_unit_array("drive", self.drive, mV, self.size)
        values["synapses.w"] = connectivity.weights
        if self.initial is None:
            limits = float(self.v_reset), float(self.theta)
            values["neurons.v"] = stream(seed, "initial state").uniform(*limits, self.size)
        else:
            values["neurons.v"] = in_unit_array("initial", self.initial, mV, self.size)
        if isinstance(self.noise, ColouredNoise):
            start = stream(seed if self.noise.seed is None else self.noise.seed, "initial noise")
            values["neurons.eta"] = start.normal(0.0, float(self.noise.sigma), self.size)
        return {name: np.asarray(value, dtype=float) for name, value in values.items()}
