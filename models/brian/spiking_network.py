"""SpikingNetwork: a network of your own neurons, from the strings of a Brian2 script.

Equations name the parameters, class attributes of the same names give their values: the numbers
stay out of the generated code, so that one compiled program serves all of them.
"""

import dataclasses
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from typing import Any, ClassVar, dataclass_transform

import numpy as np
from brian2 import Clock, Equations, NeuronGroup, Quantity, Synapses, get_unit, ms
from brian2.equations.equations import FLOAT, PARAMETER, EquationError
from numpy.typing import NDArray

from heavytail_snn.brian.connectivity import Connectivity
from heavytail_snn.brian.model import NetworkModel, Values
from heavytail_snn.core.arrays import real_array
from heavytail_snn.core.errors import ParameterError, check_choice, check_integer, check_real
from heavytail_snn.core.randomness import Seed, stream
from heavytail_snn.core.units import in_unit, in_unit_array, whole_steps

_STRINGS = ("equations", "threshold", "reset", "on_pre", "synaptic_equations")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
@dataclass(frozen=True, eq=False)
class SpikingNetwork(NetworkModel):
    """Base of spiking networks of your own.

    A subclass states `equations`, `threshold`, `reset` and `on_pre` in Brian2's language, and each
    parameter of the equations as an annotated attribute with its unit.  It becomes a frozen
    dataclass by itself: parameters are keyword arguments.  It runs in `simulate` on all backends,
    in `lyapunov_spectrum`, and with a parameter `drive` in `analysis.geometry.present`.

    Parameters
    ----------
    weights : Coupling, (n, n) ndarray or sparse array
        ``W[target, source]``: the synaptic variable `w`.
    n_neurons : int
        Needed with a Coupling.
    delay : Quantity of time
        From spike to effect, the same for all synapses; a whole number of steps.
    **parameters : Quantity or number
        Those of the subclass: one value, or one per neuron where the equations say no "shared".

    Raises
    ------
    ParameterError
        If a string is missing or no equation, a constant of the equations has no attribute, or a
        value lies outside its domain.
    UnitError
        If a value has not the unit that the equations give it.

    Examples
    --------
    >>> from brian2 import Quantity, ms, mV
    >>> import heavytail_snn as ht
    >>> class LeakyNetwork(ht.models.SpikingNetwork):
    ...     equations = '''
    ...         dv/dt = (drive - v)/tau : volt
    ...         drive : volt (constant)
    ...         tau : second (shared, constant)
    ...         '''
    ...     threshold = "v > 20*mV"
    ...     reset = "v = 0*mV"
    ...     on_pre = "v_post += w*mV"
    ...     drive: Quantity = 24 * mV
    ...     tau: Quantity = 20 * ms
    >>> coupling = ht.Coupling(ht.LevyStable(1.5), ht.FixedInDegree(10))
    >>> network = LeakyNetwork(coupling, 50, drive=25 * mV, delay=1 * ms)
    >>> run = ht.simulate(network, 50 * ms, seed=1, record=["v"], backend="numpy")
    >>> run.n_units, run.traces["v"].unit
    (50, 'V')
    """

    equations: ClassVar[str]
    """Of a neuron.  Names with ``(constant)`` are parameters, other names without a derivative
    variables that spikes may change.  The library's own name `finite_steps` is taken."""
    threshold: ClassVar[str]
    """Condition of a spike, such as "v > theta"."""
    reset: ClassVar[str] = ""
    """Statements at a spike of one's own."""
    on_pre: ClassVar[str]
    """Effect of a spike on its target, such as "v_post += w*mV"."""
    refractory: ClassVar[str | bool] = False
    """Name of a parameter in seconds, or a condition; "(unless refractory)" holds a variable."""
    method: ClassVar[str | None] = None
    """Brian2's name of the integration, such as "exact" for linear equations.

    None: "rk4", or "heun" where the equations hold noise `xi`."""
    synaptic_equations: ClassVar[str] = "w : 1"
    """Of a synapse; `w` is its weight."""

    weights: Any
    n_neurons: int | None = None
    _: KW_ONLY
    delay: Quantity = field(default_factory=lambda: 0 * ms)

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        for name in inspect.get_annotations(cls):
            value = cls.__dict__.get(name)
            if isinstance(value, np.ndarray):  # quantities too, which dataclasses call mutable
                setattr(cls, name, field(default_factory=partial(value.copy)))
        dataclass(frozen=True, eq=False, kw_only=True)(cls)

    def __post_init__(self) -> None:
        for name in _STRINGS:
            text = getattr(self, name, None)
            if not isinstance(text, str) or (not text.strip() and name != "reset"):
                raise ParameterError(
                    name, text, f"must be a Brian2 string of {type(self).__name__}", "define it"
                )
        self._check_weight()
        check_integer("n_neurons", self.size)
        self._numbers()

    # ------------------------------------------------------------------ what a subclass may say

    def initial_values(self, generator: np.random.Generator) -> Mapping[str, Any]:
        """Return the variables at time 0, with units; those left out start at 0.

        Parameters
        ----------
        generator : numpy.random.Generator
            The stream "initial state" of the run's seed.

        Returns
        -------
        mapping of str to Quantity or array
            One value, or (size,) values.
        """
        return {}

    # ------------------------------------------------------------------ what the library needs

    @property
    def variables(self) -> Mapping[str, str]:
        """Recordable variables and their SI units: all but the constants of the equations."""
        return {
            name: "" if unit.is_dimensionless else str(unit) for name, unit in self._state().items()
        }

    def structure(self) -> tuple[Any, ...]:
        """Return the texts that decide the generated code."""
        texts = tuple(getattr(self, name) for name in _STRINGS)
        return (type(self).__name__.lower(), *texts, self.refractory, self.method)

    def brian_objects(self, clock: Clock) -> tuple[NeuronGroup, Synapses]:
        """Return neurons and unconnected synapses, without values."""
        usual = "heun" if self._read(self.equations).is_stochastic else "rk4"
        neurons = NeuronGroup(
            self.size,
            self.equations,
            threshold=self.threshold,
            reset=self.reset,
            refractory=self.refractory,
            method=self.method or usual,
            clock=clock,
            name="neurons",
        )
        synapses = Synapses(
            neurons,
            neurons,
            self.synaptic_equations,
            on_pre=self.on_pre,
            delay=0 * ms,
            clock=clock,
            name="synapses",
        )
        return neurons, synapses

    def values(self, connectivity: Connectivity, dt: float, seed: Seed) -> Values:
        """Return parameters, weights and initial values in SI units."""
        values = self._numbers()
        lengths = {"delay": "synapses.delay", "refractory": f"neurons.{self.refractory}"}
        for name, key in lengths.items():  # Brian2 would round them silently
            for length in np.unique(values.get(key, 0.0)):
                whole_steps(name, float(length), dt)
        values["synapses.w"] = connectivity.weights
        state = self._state()
        given = dict(self.initial_values(stream(seed, "initial state")))
        for name in given:
            check_choice("initial_values", name, state)
        for name, unit in state.items():
            value = given.get(name, 0 * unit)
            values[f"neurons.{name}"] = _in_unit(name, value, unit, self.size)
        return values

    def _numbers(self) -> Values:
        """Return the parameters in SI units, by "object.variable"."""
        values: Values = {"synapses.delay": in_unit("delay", self.delay, ms, low=0)}
        for owner, equation in self._parameters():
            name, unit = equation.varname, get_unit(equation.dim)
            if not self._has_value(name):
                if owner == "synapses" or "constant" in equation.flags:
                    raise ParameterError(
                        "equations",
                        name,
                        f"of {type(self).__name__} must have a value for each constant",
                        f"add the attribute {name}: Quantity = 1*{unit!r}, or {name}: float = 1.0",
                    )
                continue
            if equation.var_type != FLOAT:
                raise ParameterError(
                    "equations", name, "must be a real parameter", f"write {name} : 1 (constant)"
                )
            shared = owner == "synapses" or "shared" in equation.flags
            size = None if shared else self.size
            values[f"{owner}.{name}"] = _in_unit(name, getattr(self, name), unit, size)
        return values

    def _check_weight(self) -> None:
        """Raise unless `w` has no unit: a matrix in millivolts would be read as volts."""
        text = self.synaptic_equations
        equations = self._read(text)
        if "w" not in equations or not equations["w"].dim.is_dimensionless:
            raise ParameterError(
                "synaptic_equations", text, f'of {type(self).__name__} must hold "w : 1"',
                'give the unit in on_pre, such as "v_post += w*mV"',
            )  # fmt: skip

    def _has_value(self, name: str) -> bool:
        return name in {item.name for item in dataclasses.fields(self)}

    def _parameters(self) -> "Iterator[tuple[str, Any]]":
        """Yield the object and the equation of each parameter but the weight."""
        for owner, text in (("neurons", self.equations), ("synapses", self.synaptic_equations)):
            for equation in self._read(text).values():
                if equation.type == PARAMETER and (owner, equation.varname) != ("synapses", "w"):
                    yield owner, equation

    def _state(self) -> dict[str, Quantity]:
        """Return the SI units of the variables: differential equations, and what spikes change."""
        equations = self._read(self.equations)
        changed = [
            item.varname
            for owner, item in self._parameters()
            if owner == "neurons"
            and not self._has_value(item.varname)
            and "shared" not in item.flags
        ]
        names = [*sorted(equations.diff_eq_names), *changed]
        return {name: get_unit(equations[name].dim) for name in names}

    def _read(self, text: str) -> Equations:
        try:
            return Equations(inspect.cleandoc(text))
        except (EquationError, SyntaxError, ValueError, TypeError) as error:
            raise ParameterError(
                "equations",
                text,
                f"of {type(self).__name__} must be Brian2 equations ({error})",
                'write for example "dv/dt = -v/tau : volt"',
            ) from error


def _in_unit(
    name: str, value: Any, unit: Quantity, size: int | None
) -> float | NDArray[np.float64]:
    """Return one value (size None) or `size` values in SI units."""
    if not unit.is_dimensionless:
        if size is None:
            return in_unit(name, value, unit)
        return in_unit_array(name, value, unit, size)
    if size is None:
        return check_real(name, value)
    array = real_array(name, value)
    if array.shape not in ((), (size,)) or not np.isfinite(array).all():
        raise ParameterError(name, value, f"must be one finite value or {size} of them")
    return np.broadcast_to(array, (size,)).copy()
