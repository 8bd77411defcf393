"""Nonlinear neurons for the saltation method: the path is re-integrated between recorded spikes.

Given all spike times a neuron no longer depends on the others, so its path can be computed again
from the spike list, with the integration scheme of the simulation, and the tangent with the exact
derivative of that scheme.  Errors do not grow: resets and leaks forget them.  The functions f, A,
g, k of the model are printed from sympy and compiled once.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from numba import cfunc, types
from sympy.printing.pycode import PythonCodePrinter

from heavytail_snn.analysis.lyapunov.brian.equations.hybrid import TIME
from heavytail_snn.analysis.lyapunov.brian.equations.refusals import (
    PulseCrossingError,
    SaltationError,
)
from heavytail_snn.analysis.lyapunov.brian.saltation.network import HybridNetwork
from heavytail_snn.analysis.lyapunov.brian.saltation.terms import Events, Path, Spikes
from heavytail_snn.core.compiled import compiled
from heavytail_snn.core.errors import ConvergenceError

# explicit Runge-Kutta schemes by Brian2's names: (coefficients, weights, nodes)
_TABLEAUS: dict[str, tuple[list[list[float]], list[float], list[float]]] = {
    "euler": ([[0.0]], [1.0], [0.0]),
    "rk2": ([[0.0, 0.0], [0.5, 0.0]], [0.0, 1.0], [0.0, 0.5]),
    "heun": ([[0.0, 0.0], [1.0, 0.0]], [0.5, 0.5], [0.0, 1.0]),
    "rk4": (
        [[0.0] * 4, [0.5, 0, 0, 0], [0, 0.5, 0, 0], [0, 0, 1.0, 0]],
        [1 / 6, 1 / 3, 1 / 3, 1 / 6],
        [0.0, 0.5, 0.5, 1.0],
    ),
}
EXPONENTIAL = "exponential_euler"
SCHEMES = (*_TABLEAUS, EXPONENTIAL)


@dataclass
class NonlinearModel(HybridNetwork):
    """A `HybridNetwork` whose path is integrated numerically.

    Parameters
    ----------
    step : float
        Largest integration step in s: the time step of the simulation.
    scheme : {"euler", "rk2", "heun", "rk4", "exponential_euler"}

    Attributes
    ----------
    deviations : list of (times, values)
        Distance of the re-integrated from the recorded states at the crossings, in units of the
        recorded states' largest absolute value.
    """

    step: float = 1e-4
    scheme: str = "rk4"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._functions = _compile(self)
        self._parameters = self._parameter_array()
        tables = [t for p in self.populations for t in p.tables]
        shape = (max(1, len(tables)), self.n_neurons)
        self._columns = np.zeros(shape, dtype=np.int64)
        number = 0
        for index, part in enumerate(self.populations):
            for table in part.tables:
                self._columns[number, self.slice(index)] = table.columns
                number += 1
        values = [np.ascontiguousarray(t.values, dtype=np.float64) for t in tables]
        self._tables = tuple(values) or (np.zeros((1, 1)),)
        self._table_dt = np.array([t.dt for t in tables] or [np.inf])
        a, b, c = _TABLEAUS.get(self.scheme, _TABLEAUS["euler"])
        self._tableau = (np.array(a), np.array(b), np.array(c), self.scheme == EXPONENTIAL)
        self._pulse_parameters = self._pulse_parameter_array()
        self.restart()

    def restart(self) -> None:
        """Go back to time 0."""
        n = self.n_neurons
        self._state = (self.initial, np.zeros(n), np.zeros(n, bool), np.full(n, -np.inf))
        self.deviations: list[tuple[np.ndarray, np.ndarray]] = []

    def _parameter_array(self) -> np.ndarray:
        width = max([1, *(len(p.parameters) for p in self.populations)])
        out = np.zeros((self.n_neurons, width))
        for number, part in enumerate(self.populations):
            for column, symbol in enumerate(sorted(part.parameters, key=str)):
                out[self.slice(number), column] = part.parameters[symbol]
        return out

    def _pulse_parameter_array(self) -> np.ndarray:
        width = max([1, *(len(p.parameters) for p in self.pulses)])
        out = np.zeros((max(1, self.n_synapses), width))
        for values in self.pulses:
            for column, symbol in enumerate(sorted(values.parameters, key=str)):
                out[values.rows, column] = values.parameters[symbol]
        return out

    def path(self, events: Events, spikes: Spikes, tie_window: float) -> Path:
        """Integrate the path and its propagators through `events`."""
        n, size = self.n_variables, events.times.size
        out = (
            np.empty((size, n)),
            np.empty((size, n, n)),
            np.empty(size, bool),
            np.empty(size, bool),
        )
        network = (self.which, self._parameters, self.clamped, self.hold, self.overwritten)
        inputs = (self._tables, self._table_dt, self._columns)
        code, where = _walk(
            (events.kind, events.neuron, events.synapse, events.times),
            network,
            (np.append(self.pulse_of, -1), self._pulse_parameters),
            inputs,
            self._state,
            (self.step, tie_window),
            self._tableau,
            tuple(f.ctypes for f in self._functions.values()),
            out,
        )
        if code:
            _refuse(code, int(events.neuron[where]), float(events.times[where]))
        self._compare(events, spikes, out[0])
        return Path(*out)

    def _compare(self, events: Events, spikes: Spikes, states: np.ndarray) -> None:
        at = np.flatnonzero(events.kind == 0)
        if spikes.states is None or at.size == 0:
            return
        recorded = spikes.states[events.spike[at]]
        size = np.nanmax(np.abs(spikes.states), axis=0)
        gap = np.abs(states[at] - recorded) / np.where(size > 0, size, 1.0)
        self.deviations.append((events.times[at], gap.max(axis=1)))


def _refuse(code: int, neuron: int, time: float) -> None:
    where = f"neuron {neuron} at {time:.6g} s"
    if code == 1:
        raise SaltationError(
            "spikes", where, "must not lie inside the refractory period",
            "check the refractory period and that times are those of the crossings",
        )  # fmt: skip
    if code == 2:
        raise PulseCrossingError(
            "spikes", where, "must be reached by the continuous motion, not by a pulse",
            "let the pulse act on a synaptic variable instead of the voltage",
        )  # fmt: skip
    raise ConvergenceError(
        f"the re-integrated state of {where} is not finite: reduce the time step of the simulation"
    )


class _Printer(PythonCodePrinter):
    """Prints doubles and integer powers in full; numba needs no more."""

    def _print_Rational(self, expr: sympy.Rational) -> str:
        return f"({expr.p}.0/{expr.q}.0)"


def _body(outputs: list[tuple[str, sympy.Expr]], names: dict[sympy.Symbol, str]) -> list[str]:
    """Return assignments with common subexpressions taken out."""
    if not outputs:
        return []
    printer = _Printer({"fully_qualified_modules": True})
    shared, reduced = sympy.cse([e.xreplace({}) for _, e in outputs], symbols=_fresh())
    renamed = {s: sympy.Symbol(n) for s, n in names.items()}
    lines = [f"{s} = {printer.doprint(e.xreplace(renamed))}" for s, e in shared]
    for (target, _), e in zip(outputs, reduced, strict=True):
        lines.append(f"{target} = {printer.doprint(e.xreplace(renamed))}")
    return lines


def _fresh() -> Any:
    return (sympy.Symbol(f"_c{k}") for k in range(10**6))


_POINTER = types.CPointer(types.float64)
# name: (arguments of the generated function, their types)
_SIGNATURES: dict[str, tuple[str, list[Any]]] = {
    "motion": ("x, p, u, t, f, m", [_POINTER] * 3 + [types.float64] + [_POINTER] * 2),
    "curvature": ("x, p, u, t, m", [_POINTER] * 3 + [types.float64] + [_POINTER]),
    "threshold": ("x, p, f", [_POINTER] * 3),
    "reset": ("x, p, f", [_POINTER] * 3),
    "pulse": ("x, p, f", [_POINTER] * 3),
}


def _compile(model: NonlinearModel) -> dict[str, Any]:
    """Return C functions for motion (f and A), curvature, threshold, reset and pulse.

    They have the same types for all models, so that the walk over the events is compiled once and
    kept on disk.
    """
    width = model.n_variables
    branches: dict[str, list[list[str]]] = {name: [] for name in _SIGNATURES}
    first = 0
    for part in model.populations:
        p = part.population
        names = {s: f"x[{a}]" for a, s in enumerate(p.variables)}
        names |= {s: f"p[{c}]" for c, s in enumerate(sorted(part.parameters, key=str))}
        names |= {item.symbol: f"u[{first + c}]" for c, item in enumerate(p.inputs)}
        names[TIME] = "t"
        first += len(p.inputs)
        cells = [(a, b) for a in range(len(p.variables)) for b in range(len(p.variables))]
        drift = [(f"f[{a}]", f) for a, f in enumerate(p.drift)]
        slope = [(f"m[{a * width + b}]", p.jacobian[a, b]) for a, b in cells]
        bend = [
            (f"m[{a * width + b}]", sympy.diff(p.jacobian[a, a], p.variables[b])) for a, b in cells
        ]
        branches["motion"].append(_body(drift + slope, names))
        branches["curvature"].append(_body(bend if model.scheme == EXPONENTIAL else [], names))
        branches["threshold"].append(_body([("f[0]", p.threshold)], names))
        branches["reset"].append(_body([(f"f[{a}]", g) for a, g in enumerate(p.reset)], names))
    for values in model.pulses:
        names = {s: f"x[{a}]" for a, s in enumerate(values.pulse.target.variables)}
        names |= {s: f"p[{c}]" for c, s in enumerate(sorted(values.parameters, key=str))}
        after = [(f"f[{a}]", e) for a, e in enumerate(values.pulse.after)]
        branches["pulse"].append(_body(after, names))
    return {name: _c_function(name, bodies) for name, bodies in branches.items()}


def _c_function(name: str, branches: list[list[str]]) -> Any:
    arguments, kinds = _SIGNATURES[name]
    lines = ["import math", f"def {name}(which, {arguments}):"]
    for number, body in enumerate(branches):
        lines.append(f"    if which == {number}:")
        lines += [f"        {line}" for line in body] or ["        pass"]
    lines.append("    return 0")
    scope: dict[str, Any] = {}
    exec(compile("\n".join(lines), f"<saltation {name}>", "exec"), scope)
    signature = types.int64(types.int64, *kinds)
    return cfunc(signature, error_model="numpy")(scope[name])


@compiled
def _inputs(i, t, tables, table_dt, columns, u):  # type: ignore[no-untyped-def]
    for k in range(len(tables)):
        row = min(int(t / table_dt[k] + 1e-6), tables[k].shape[0] - 1)
        u[k] = tables[k][row, columns[k, i]]


@compiled
def _rk_step(i, t, h, x, e, held, context, tableau, motion, work):  # type: ignore[no-untyped-def]
    """One explicit Runge-Kutta step of state and propagator."""
    which, parameters, clamped, tables, table_dt, columns = context
    a, b, c, _ = tableau
    f, m, u, point, slope, k, ke = work
    n = x.size
    for stage in range(b.size):
        for q in range(n):
            point[q] = x[q]
            for r in range(n):
                slope[q, r] = e[q, r]
            for s in range(stage):
                point[q] += h * a[stage, s] * k[s, q]
                for r in range(n):
                    slope[q, r] += h * a[stage, s] * ke[s, q, r]
        time = t + c[stage] * h
        _inputs(i, time, tables, table_dt, columns, u)
        motion(which[i], point.ctypes, parameters[i].ctypes, u.ctypes, time, f.ctypes, m.ctypes)
        for q in range(n):
            free = not (held and clamped[i, q])
            k[stage, q] = f[q] if free else 0.0
            for r in range(n):
                total = 0.0
                for s in range(n):
                    total += m[q, s] * slope[s, r]
                ke[stage, q, r] = total if free else 0.0
    for stage in range(b.size):
        for q in range(n):
            x[q] += h * b[stage] * k[stage, q]
            for r in range(n):
                e[q, r] += h * b[stage] * ke[stage, q, r]


@compiled
def _exponential_step(i, t, h, x, e, held, context, motion, curvature, work):  # type: ignore[no-untyped-def]
    """One exponential Euler step, ``x_a += f_a (exp(A_aa h) - 1) / A_aa``, and its derivative."""
    which, parameters, clamped, tables, table_dt, columns = context
    f, m, u, point, slope, _, ke = work
    n = x.size
    _inputs(i, t, tables, table_dt, columns, u)
    motion(which[i], x.ctypes, parameters[i].ctypes, u.ctypes, t, f.ctypes, m.ctypes)
    curvature(which[i], x.ctypes, parameters[i].ctypes, u.ctypes, t, ke[0].ctypes)
    for q in range(n):
        z = m[q, q] * h
        if abs(z) > 1e-5:
            phi, dphi = np.expm1(z) / z, (np.exp(z) - np.expm1(z) / z) / z
        else:
            phi, dphi = 1.0 + z / 2.0 + z * z / 6.0, 0.5 + z / 3.0
        free = not (held and clamped[i, q])
        point[q] = x[q] + (h * phi * f[q] if free else 0.0)
        for r in range(n):
            slope[q, r] = e[q, r]
            if free:
                for s in range(n):
                    weight = h * phi * m[q, s] + h * h * dphi * f[q] * ke[0, q, s]
                    slope[q, r] += weight * e[s, r]
    x[:] = point
    e[:, :] = slope


@compiled
def _walk(events, network, synapses, inputs, state, sizes, tableau, functions, out):  # type: ignore[no-untyped-def]
    kind, neuron, synapse, times = events
    which, parameters, clamped, hold, overwritten = network
    pulse_of, pulse_parameters = synapses
    tables, table_dt, columns = inputs
    states, t_last, refractory, fired = state
    step, tie_window = sizes
    motion, curvature, threshold, reset, pulse = functions
    x_out, e_out, clamped_out, tied_out = out
    n, n_stages = states.shape[1], tableau[1].size
    context = (which, parameters, clamped, tables, table_dt, columns)
    work = (
        np.zeros(n),
        np.zeros((n, n)),
        np.zeros(len(tables)),
        np.zeros(n),
        np.zeros((n, n)),
        np.zeros((n_stages, n)),
        np.zeros((n_stages, n, n)),
    )
    new, height, e = np.zeros(n), np.zeros(1), np.zeros((n, n))
    for j in range(kind.size):
        i, t = neuron[j], times[j]
        held, x = refractory[i], states[i]
        span = t - t_last[i]
        for q in range(n):
            for r in range(n):
                e[q, r] = 1.0 if q == r else 0.0
        if span > 1e-15:
            n_steps = max(1, int(np.ceil(span / step - 1e-3)))
            h = span / n_steps
            for s in range(n_steps):
                now = t_last[i] + s * h
                if tableau[3]:
                    _exponential_step(i, now, h, x, e, held, context, motion, curvature, work)
                else:
                    _rk_step(i, now, h, x, e, held, context, tableau, motion, work)
        t_last[i] = t
        tied = t - fired[i] < tie_window
        for q in range(n):
            x_out[j, q] = x[q]
            if not np.isfinite(x[q]):
                return 3, j
            for r in range(n):
                e_out[j, q, r] = e[q, r]
        clamped_out[j], tied_out[j] = held, tied
        new[:] = x
        if kind[j] == 0:
            if held:
                return 1, j
            reset(which[i], x.ctypes, parameters[i].ctypes, new.ctypes)
            x[:] = new
            refractory[i] = hold[i] > 0
            fired[i] = t
        elif kind[j] == 1:
            s = synapse[j]
            threshold(which[i], x.ctypes, parameters[i].ctypes, height.ctypes)
            before = height[0]
            pulse(pulse_of[s], x.ctypes, pulse_parameters[s].ctypes, new.ctypes)
            for q in range(n):
                if not ((held and clamped[i, q]) or (tied and overwritten[i, q])):
                    x[q] = new[q]
            threshold(which[i], x.ctypes, parameters[i].ctypes, height.ctypes)
            if before < 0.0 and height[0] >= 0.0 and not held:
                return 2, j
        elif kind[j] == 2:
            refractory[i] = False
    return 0, 0
