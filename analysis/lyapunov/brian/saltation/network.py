"""Hybrid populations with numbers: parameters, inputs, synapses; vectorised evaluation.

`HybridNetwork` evaluates the formulas of `hybrid` for many events at once.  If everything is linear
below threshold, `linear_model` turns it into the arrays of `LinearModel`, which needs no further
code; otherwise `saltation_nonlinear` adds the path between events.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import sympy

from heavytail_snn.analysis.lyapunov.brian.equations.hybrid import (
    TIME,
    Population,
    Pulse,
    evaluate,
)
from heavytail_snn.analysis.lyapunov.brian.saltation.linear import LinearModel


@dataclass(frozen=True)
class Table:
    """A given input: row = step of `dt` s from time 0 on; the last row stays in force.

    Parameters
    ----------
    values : (n_steps, n_columns) array
    dt : float
    columns : (n,) int array
        Column that each neuron of the population reads.
    """

    values: np.ndarray
    dt: float
    columns: np.ndarray

    def rows(self, times: np.ndarray) -> np.ndarray:
        """Return the step in force just before each time."""
        steps = np.floor(np.asarray(times) / self.dt - 1e-6).astype(np.int64)
        return np.clip(steps, 0, len(self.values) - 1)


@dataclass(frozen=True)
class PopulationValues:
    """A population with its numbers.

    Parameters
    ----------
    population : Population
    size : int
    parameters : dict
        Symbol -> (size,) array.
    tables : tuple of Table
        In the order of ``population.inputs``.
    initial : (size, n) array, optional
        State at time 0; by default 0.
    grid : float, optional
        Time step of a clock-driven simulator.  It stamps a spike at the start of the step at whose
        end the crossing is found, so that the neuron is held for one step less than the
        refractory period, which it rounds down to whole steps.
    """

    population: Population
    size: int
    parameters: dict[sympy.Symbol, np.ndarray]
    tables: tuple[Table, ...] = ()
    initial: np.ndarray | None = None
    grid: float | None = None


@dataclass(frozen=True)
class PulseValues:
    """A pulse with its numbers, for the synapses of one pathway.

    Parameters
    ----------
    pulse : Pulse
    rows : (m,) int array
        Rows of these synapses in the `Wiring`.
    parameters : dict
        Symbol -> (m,) array, for every symbol of the pulse that is no variable.
    """

    pulse: Pulse
    rows: np.ndarray
    parameters: dict[sympy.Symbol, np.ndarray]


@dataclass
class HybridNetwork:
    """All populations in one numbering of neurons, in the order given.

    Parameters
    ----------
    populations : list of PopulationValues
    pulses : list of PulseValues
    n_synapses : int
        Rows of the wiring.
    """

    populations: list[PopulationValues]
    pulses: list[PulseValues]
    n_synapses: int
    time_unit: float = 1e-2
    scale: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        sizes = [p.size for p in self.populations]
        self.first = np.concatenate([[0], np.cumsum(sizes)])
        self.n_neurons = int(self.first[-1])
        self.n_variables = max(len(p.population.variables) for p in self.populations)
        self.which = np.repeat(np.arange(len(sizes)), sizes)
        shape = (self.n_neurons, self.n_variables)
        self.used, self.clamped = np.zeros(shape, bool), np.zeros(shape, bool)
        self.hold, self.scale = np.zeros(shape[0]), np.ones(shape)
        for number, part in enumerate(self.populations):
            here, n = self.slice(number), len(part.population.variables)
            self.used[here, :n] = True
            self.clamped[here, :n] = part.population.clamped
            if part.population.refractory is not None:
                time = evaluate([part.population.refractory], part.parameters, part.size)[:, 0]
                if part.grid is not None:
                    time = (np.floor(time / part.grid + 1e-3) - 1) * part.grid
                self.hold[here] = np.maximum(time, 0.0)
        self.clamped &= (self.hold > 0)[:, None]
        self.pulse_of = np.full(self.n_synapses, -1)
        self.rank = np.zeros(self.n_synapses, dtype=np.int64)
        for number, pulse in enumerate(self.pulses):
            self.pulse_of[pulse.rows] = number
            self.rank[pulse.rows] = np.arange(pulse.rows.size)

    def slice(self, number: int) -> slice:
        """Return the neurons of one population."""
        return slice(int(self.first[number]), int(self.first[number + 1]))

    @property
    def is_linear(self) -> bool:
        """Whether every population is linear and every pulse additive."""
        return all(p.population.is_linear for p in self.populations) and all(
            p.pulse.is_additive for p in self.pulses
        )

    @property
    def initial(self) -> np.ndarray:
        """States at time 0."""
        start = np.zeros((self.n_neurons, self.n_variables))
        for number, part in enumerate(self.populations):
            if part.initial is not None:
                start[self.slice(number), : part.initial.shape[1]] = part.initial
        return start

    def field(self, x: np.ndarray, i: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Return f with the inputs in force just before `times`."""
        return self._vector(lambda p: list(p.drift), x, i, times)

    def threshold_gradient(self, x: np.ndarray, i: np.ndarray) -> np.ndarray:
        """Return grad h."""
        return self._vector(lambda p: list(p.gradient), x, i)

    def threshold(self, x: np.ndarray, i: np.ndarray) -> np.ndarray:
        """Return h, positive above threshold."""
        return self._vector(lambda p: [p.threshold], x, i)[:, 0]

    def jacobian(self, x: np.ndarray, i: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Return df/dx."""
        return self._matrix(lambda p: p.jacobian, x, i, times)

    def reset(self, x: np.ndarray, i: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return g(x) and Dg."""
        return (
            self._vector(lambda p: list(p.reset), x, i),
            self._matrix(lambda p: p.reset_jacobian, x, i),
        )

    def pulse(
        self,
        x: np.ndarray,
        i: np.ndarray,
        synapse: np.ndarray,
        held: np.ndarray,
        tied: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return k(x) and Dk; lost parts (held or overwritten variables) stay as they are."""
        after, slope = x.copy(), np.zeros((len(x), self.n_variables, self.n_variables))
        slope[:] = np.eye(self.n_variables)
        for number, values in enumerate(self.pulses):
            at = np.flatnonzero(self.pulse_of[synapse] == number)
            if at.size == 0:
                continue
            pulse, rank = values.pulse, self.rank[synapse[at]]
            n = len(pulse.target.variables)
            known = {s: v[rank] for s, v in values.parameters.items()}
            known |= {s: x[at, a] for a, s in enumerate(pulse.target.variables)}
            after[at, :n] = evaluate(list(pulse.after), known, at.size)
            slope[at, :n, :n] = evaluate(list(pulse.jacobian), known, at.size).reshape(-1, n, n)
        lost = held | (tied[:, None] & self.overwritten[i])
        slope = np.where(lost[:, :, None], np.eye(self.n_variables), slope)
        return np.where(lost, x, after), slope

    @property
    def overwritten(self) -> np.ndarray:
        """Variables that the reset sets regardless of the state, (n_neurons, n) bool."""
        found = np.zeros_like(self.used)
        for number, part in enumerate(self.populations):
            jacobian = part.population.reset_jacobian
            for a in range(jacobian.rows):
                found[self.slice(number), a] = all(e == 0 for e in jacobian.row(a))
        return found

    def _known(
        self, number: int, x: np.ndarray, i: np.ndarray, times: np.ndarray | None
    ) -> dict[sympy.Symbol, np.ndarray]:
        part = self.populations[number]
        local = i - self.first[number]
        known = {s: v[local] for s, v in part.parameters.items()}
        known |= {s: x[:, a] for a, s in enumerate(part.population.variables)}
        if times is not None:
            known[TIME] = times
            for item, table in zip(part.population.inputs, part.tables, strict=True):
                known[item.symbol] = table.values[table.rows(times), table.columns[local]]
        return known

    def _vector(
        self,
        expressions: Callable[[Population], list[sympy.Expr]],
        x: np.ndarray,
        i: np.ndarray,
        times: np.ndarray | None = None,
    ) -> np.ndarray:
        out = np.zeros((len(x), self.n_variables))
        for number, part in enumerate(self.populations):
            at = np.flatnonzero(self.which[i] == number)
            if at.size:
                when = None if times is None else times[at]
                known = self._known(number, x[at], i[at], when)
                values = evaluate(expressions(part.population), known, at.size)
                out[at, : values.shape[1]] = values
        return out

    def _matrix(
        self,
        expressions: Callable[[Population], sympy.Matrix],
        x: np.ndarray,
        i: np.ndarray,
        times: np.ndarray | None = None,
    ) -> np.ndarray:
        out = np.zeros((len(x), self.n_variables, self.n_variables))
        for number, part in enumerate(self.populations):
            at = np.flatnonzero(self.which[i] == number)
            if at.size:
                when = None if times is None else times[at]
                known = self._known(number, x[at], i[at], when)
                n = len(part.population.variables)
                values = evaluate(list(expressions(part.population)), known, at.size)
                out[at, :n, :n] = values.reshape(-1, n, n)
        return out

    def linear_model(self) -> LinearModel:
        """Return the same network as arrays; requires `is_linear`."""
        i = np.arange(self.n_neurons)
        zero, start = np.zeros((i.size, self.n_variables)), np.zeros(i.size)
        reset_offset, reset_matrix = self.reset(zero, i)
        synapses = np.arange(self.n_synapses)
        nothing = np.zeros((synapses.size, self.n_variables))
        no = np.zeros(synapses.size, dtype=bool)
        jumps = self.pulse(nothing, np.zeros_like(synapses), synapses, nothing > 0, no)[0]
        table, table_dt = self._drive_table()
        return LinearModel(
            matrix=self.jacobian(zero, i, start),
            drive=np.zeros_like(zero) if table is not None else self.field(zero, i, start),
            gradient=self.threshold_gradient(zero, i),
            level=-self.threshold(zero, i),
            reset_matrix=reset_matrix,
            reset_offset=reset_offset,
            jumps=jumps,
            clamped=self.clamped,
            hold=self.hold,
            table=table,
            table_dt=table_dt,
            used=self.used,
            scale=self.scale,
            initial=self.initial,
            time_unit=self.time_unit,
        )

    def _drive_table(self) -> tuple[np.ndarray | None, float]:
        """Return f(0, t) on the finest step of all inputs."""
        tables = [t for p in self.populations for t in p.tables]
        if not tables:
            return None, np.inf
        dt = min(t.dt for t in tables)
        n_steps = int(np.ceil(max(len(t.values) * t.dt for t in tables) / dt - 1e-6))
        i = np.arange(self.n_neurons)
        zero = np.zeros((i.size, self.n_variables))
        table = np.empty((n_steps, *zero.shape))
        for step in range(n_steps):
            # in the middle of the step, away from its edges
            table[step] = self.field(zero, i, np.full(i.size, (step + 0.5) * dt))
        return table, dt
