"""A spiking neuron as a hybrid system in sympy: drift, threshold, reset, pulses, saltation matrix.

Between events ``x' = f(x)``; where ``h(x) = 0`` the neuron fires and ``x -> g(x)``; a pulse sets
``x -> k(x)``.  From these four everything that the tangent dynamics needs is derived:

    S = Dg + (f(g(x)) - Dg f(x)) (grad h)^T / (grad h . f(x))        the neuron that fires
    dx+ = Dk dx + (Dk f(x) - f(k(x))) dt                             a target of its pulse

Source: Bizzarri, Brambilla & Storti Gajani, J. Comput. Neurosci. 35 (2013) 201,
doi:10.1007/s10827-013-0454-5.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
import sympy

from heavytail_snn.analysis.lyapunov.brian.equations.refusals import UnreadableModelError

TIME = sympy.Symbol("t", real=True, positive=True)


@dataclass(frozen=True)
class Input:
    """A given function of time in the equations, constant over steps.

    Parameters
    ----------
    symbol : Symbol
        Stands for the input in the drift.
    source : str
        How the user wrote it.
    column : Expr or None
        Which column of the table a neuron reads, as an expression in ``i``; None for one column.
    """

    symbol: sympy.Symbol
    source: str
    column: sympy.Expr | None = None


@dataclass(frozen=True)
class Population:
    """Neurons with the same equations.

    Parameters
    ----------
    name : str
    variables : tuple of n Symbols
    drift : tuple of n expressions
        f, in variables, parameters, inputs and `TIME`.
    threshold : expression
        h, positive above threshold.
    reset : tuple of n expressions
        g(x).
    clamped : tuple of n bools
        Variables held constant while refractory.
    refractory : expression or None
        Refractory period in s.
    inputs : tuple of Input
    method : str
        Integration scheme of the simulation.
    """

    name: str
    variables: tuple[sympy.Symbol, ...]
    drift: tuple[sympy.Expr, ...]
    threshold: sympy.Expr
    reset: tuple[sympy.Expr, ...]
    clamped: tuple[bool, ...]
    refractory: sympy.Expr | None = None
    inputs: tuple[Input, ...] = ()
    method: str = "exact"

    def __post_init__(self) -> None:
        _check_smooth(self.name, [*self.jacobian, *self.gradient, *self.reset_jacobian])
        given = {TIME, *(item.symbol for item in self.inputs)}
        if self.threshold.free_symbols & given:
            raise UnreadableModelError(
                "threshold", str(self.threshold), "must not depend on time or on an input",
                "make it a variable of the neuron",
            )  # fmt: skip

    @cached_property
    def jacobian(self) -> sympy.Matrix:
        """``A = df/dx``."""
        return sympy.Matrix(self.drift).jacobian(self.variables)

    @cached_property
    def gradient(self) -> sympy.Matrix:
        """``grad h`` as a row."""
        return sympy.Matrix([self.threshold]).jacobian(self.variables)

    @cached_property
    def reset_jacobian(self) -> sympy.Matrix:
        """``Dg``."""
        return sympy.Matrix(self.reset).jacobian(self.variables)

    @property
    def parameters(self) -> tuple[sympy.Symbol, ...]:
        """Symbols in f, h and g that are neither variables nor inputs nor time, by name."""
        known = {TIME, *self.variables, *(item.symbol for item in self.inputs)}
        found = set().union(
            *(e.free_symbols for e in (*self.drift, self.threshold, *self.reset)),
            self.refractory.free_symbols if self.refractory is not None else (),
            *(i.column.free_symbols for i in self.inputs if i.column is not None),
        )
        return tuple(sorted(found - known, key=str))

    def at(self, state: tuple[sympy.Expr, ...]) -> sympy.Matrix:
        """Return the drift at another state."""
        values = dict(zip(self.variables, state, strict=True))
        return sympy.Matrix(self.drift).xreplace(values)

    def saltation_matrix(self) -> sympy.Matrix:
        """Return S, without refractoriness, on the threshold where that can be solved."""
        flow, slope = sympy.Matrix(self.drift), self.reset_jacobian
        speed = (self.gradient * flow)[0]
        matrix = slope + (self.at(self.reset) - slope * flow) * self.gradient / speed
        return matrix.xreplace(self._on_threshold()).applyfunc(sympy.simplify)

    def _on_threshold(self) -> dict[sympy.Symbol, sympy.Expr]:
        for variable, slope in zip(self.variables, self.gradient, strict=True):
            if slope != 0:
                roots = sympy.solve(self.threshold, variable)
                return {variable: roots[0]} if len(roots) == 1 else {}
        return {}

    @property
    def is_linear(self) -> bool:
        """Whether drift, threshold and reset are linear in the state, with constant matrices."""
        moving = {TIME, *self.variables, *(item.symbol for item in self.inputs)}
        slopes = [*self.jacobian, *self.gradient, *self.reset_jacobian]
        explicit = any(f.has(TIME) for f in self.drift)
        return not explicit and not any(s.free_symbols & moving for s in slopes)


@dataclass(frozen=True)
class Pulse:
    """The effect of one spike on a target.

    Parameters
    ----------
    name : str
    target : Population
    after : tuple of n expressions
        k(x), in the target's variables and parameters and in synaptic parameters.
    own : tuple of Symbols
        The synaptic parameters among the symbols of `after`.
    """

    name: str
    target: Population
    after: tuple[sympy.Expr, ...]
    own: tuple[sympy.Symbol, ...] = field(default=())

    def __post_init__(self) -> None:
        _check_smooth(self.name, list(self.jacobian))

    @cached_property
    def jacobian(self) -> sympy.Matrix:
        """``Dk``."""
        return sympy.Matrix(self.after).jacobian(self.target.variables)

    @property
    def parameters(self) -> tuple[sympy.Symbol, ...]:
        """Symbols of `after` that are no variables, by name."""
        found = set().union(*(e.free_symbols for e in self.after)) - set(self.target.variables)
        return tuple(sorted(found, key=str))

    def shift(self) -> sympy.Matrix:
        """Return ``Dk f(x) - f(k(x))``: perturbation per perturbation of the arrival time."""
        term = self.jacobian * sympy.Matrix(self.target.drift) - self.target.at(self.after)
        return term.applyfunc(sympy.simplify)

    @property
    def is_additive(self) -> bool:
        """Whether the pulse adds a constant to the state."""
        jump = sympy.Matrix(self.after) - sympy.Matrix(self.target.variables)
        return self.jacobian == sympy.eye(len(self.after)) and not (
            jump.applyfunc(sympy.expand).free_symbols & set(self.target.variables)
        )


def _check_smooth(name: str, slopes: list[sympy.Expr]) -> None:
    """Refuse expressions that sympy cannot differentiate in closed form."""
    for slope in slopes:
        bad = slope.atoms(sympy.Derivative, sympy.Subs, sympy.DiracDelta)
        if bad or any(
            isinstance(f.func, sympy.core.function.UndefinedFunction)
            for f in slope.atoms(sympy.Function)
        ):
            raise UnreadableModelError(
                name, str(slope), "must have derivatives in closed form",
                "replace int, floor, clip and user functions by smooth expressions",
            )  # fmt: skip


def explain(populations: list[Population], pulses: list[Pulse]) -> str:
    """Return in words and formulas what was understood of a network."""
    lines: list[str] = []
    for population in populations:
        lines += [f"population {population.name!r}: state ({_names(population.variables)})"]
        lines += [
            f"  d{x}/dt = {f}" for x, f in zip(population.variables, population.drift, strict=True)
        ]
        lines += [f"  input {item.symbol} = {item.source}" for item in population.inputs]
        lines += [f"  fires where h = {population.threshold} = 0, upwards"]
        lines += [
            f"  reset: {x} -> {g}"
            for x, g in zip(population.variables, population.reset, strict=True)
            if x != g
        ]
        if population.refractory is not None:
            held = [x for x, c in zip(population.variables, population.clamped, strict=True) if c]
            lines += [f"  refractory for {population.refractory} s, holding ({_names(held)})"]
        lines += ["  saltation matrix S (rows and columns in the order of the state):"]
        matrix = population.saltation_matrix()
        lines += ["    [" + ", ".join(map(str, matrix.row(r))) + "]" for r in range(matrix.rows)]
        kind = "exact propagators" if population.is_linear else "re-integrated between spikes"
        lines += [f"  subthreshold motion: {kind} (simulated with {population.method!r})"]
    for pulse in pulses:
        lines += [f"pulse {pulse.name!r} on {pulse.target.name!r}:"]
        lines += [
            f"  {x} -> {k};  d{x} += ({s}) dt_k"
            for x, k, s in zip(pulse.target.variables, pulse.after, pulse.shift(), strict=True)
            if x != k or s != 0
        ]
    return "\n".join(lines)


def _names(symbols: tuple[sympy.Symbol, ...] | list[sympy.Symbol]) -> str:
    return ", ".join(map(str, symbols))


@lru_cache(maxsize=256)
def _compiled(
    expressions: tuple[sympy.Expr, ...],
) -> tuple[list[sympy.Symbol], Callable[..., list[np.ndarray]]]:
    symbols = sorted(set().union(*(e.free_symbols for e in expressions)), key=str)
    return symbols, sympy.lambdify(symbols, list(expressions), modules="numpy", cse=True)


def evaluate(
    expressions: list[sympy.Expr], values: dict[sympy.Symbol, np.ndarray], size: int
) -> np.ndarray:
    """Return expressions at many points at once.

    Parameters
    ----------
    expressions : list of m expressions
    values : dict
        Symbol -> (size,) array or number; every free symbol must be there.
    size : int

    Returns
    -------
    (size, m) array
    """
    symbols, function = _compiled(tuple(map(sympy.sympify, expressions)))
    columns = function(*(values[s] for s in symbols))
    out = np.empty((size, len(expressions)))
    for c, column in enumerate(columns):
        out[:, c] = column
    return out
