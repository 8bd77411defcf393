"""Neurons that are linear below threshold: exact paths and propagators for the saltation method.

Between events ``x' = A x + b(t)`` with b piecewise constant, so that state and tangent follow from
matrix exponentials.  These are summed as Taylor series with scaling and squaring, which is exact to
rounding for every A, including equal time constants (alpha synapses), where the textbook formulas
with ``1 / (tau_s - tau_m)`` break down.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from heavytail_snn.analysis.lyapunov.brian.saltation.terms import Events, Path, Spikes
from heavytail_snn.analysis.lyapunov.tangent.refusals import (
    PulseCrossingError,
    SaltationError,
)
from heavytail_snn.core.compiled import compiled
from heavytail_snn.core.errors import ParameterError
from heavytail_snn.core.showing import Shown

_FIRED_WHILE_HELD, _PULSE_CROSSING = 1, 2


@dataclass
class LinearModel(Shown):
    """A network of N hybrid neurons with n variables each, linear between events.

    ``x' = A x + b(t)``; threshold where ``gradient . x = level``; reset ``x -> R x + r``; a pulse
    of synapse s adds ``jumps[s]`` to its target.

    Parameters
    ----------
    matrix : (N, n, n) array
        A, in 1/s.
    drive : (N, n) array
        The constant part of b.
    gradient, level : (N, n) and (N,) arrays
    reset_matrix, reset_offset : (N, n, n) and (N, n) arrays
    jumps : (n_synapses, n) array
        In the row order of the `Wiring`.
    clamped : (N, n) bool array
        Variables held constant while refractory; pulses do not change them then.
    hold : (N,) array
        Time from the crossing to the release, in s.
    table, table_dt : (n_steps, N or 1, n) array and float, optional
        Time-dependent part of b, constant over steps of `table_dt` seconds from time 0 on.
    used, scale : (N, n) arrays, optional
        Variables that exist, and their typical sizes; by default all, and 1.
    initial : (N, n) array, optional
        State at time 0; by default 0.
    time_unit : float
        In s.

    Examples
    --------
    A LIF neuron with exponential synapses, ``x = (V, I)``::

        matrix = [[-1 / tau_m, 1 / tau_m], [0, -1 / tau_s]],  drive = [mu / tau_m, 0],
        gradient = [1, 0],  level = 1,  reset_matrix = diag(0, 1),  jumps[s] = [0, w]
    """

    matrix: np.ndarray
    drive: np.ndarray
    gradient: np.ndarray
    level: np.ndarray
    reset_matrix: np.ndarray
    reset_offset: np.ndarray
    jumps: np.ndarray
    clamped: np.ndarray
    hold: np.ndarray
    table: np.ndarray | None = None
    table_dt: float = np.inf
    used: np.ndarray = None  # type: ignore[assignment]
    scale: np.ndarray = None  # type: ignore[assignment]
    initial: np.ndarray | None = None
    time_unit: float = 1e-2
    _state: tuple[Any, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.n_neurons, self.n_variables = self.drive.shape
        shape = self.drive.shape
        if self.matrix.shape != (*shape, shape[1]) or self.gradient.shape != shape:
            raise ParameterError("matrix", self.matrix.shape, f"must be (N, n, n) with {shape}")
        self.used = np.ones(shape, dtype=bool) if self.used is None else self.used
        self.scale = np.ones(shape) if self.scale is None else self.scale
        self._classes()
        self.restart()

    def _classes(self) -> None:
        """Group neurons with equal matrices, whose exponentials over one table step are shared."""
        scaled = self.matrix * (self.scale[:, None, :] / self.scale[:, :, None])
        rows = np.concatenate([scaled.reshape(len(scaled), -1), self.clamped], axis=1)
        _, first, self._class = np.unique(rows, axis=0, return_index=True, return_inverse=True)
        self._class = self._class.ravel()
        free = scaled[first]
        held = np.where(self.clamped[first][:, :, None], 0.0, free)
        self._matrices = np.ascontiguousarray(np.stack([free, held], axis=1))
        self._steps = np.zeros((*self._matrices.shape[:2], 2, *free.shape[1:]))
        if self.table is not None:
            _fill_steps(self._matrices, self.table_dt, self._steps)

    def restart(self) -> None:
        """Go back to time 0."""
        start = np.zeros_like(self.drive) if self.initial is None else self.initial
        n = self.n_neurons
        self._state = (start / self.scale, np.zeros(n), np.zeros(n, bool), np.full(n, -np.inf))

    def path(self, events: Events, spikes: Spikes, tie_window: float) -> Path:
        """Follow the trajectory through `events`, with recorded states at the crossings."""
        n, size = self.n_variables, events.times.size
        recorded = spikes.states
        if recorded is None:
            recorded = np.full((max(1, spikes.times.size), n), np.nan)
        table = np.zeros((1, 1, n)) if self.table is None else self.table
        out = (
            np.empty((size, n)),
            np.empty((size, n, n)),
            np.empty(size, bool),
            np.empty(size, bool),
        )
        model = (
            (self._matrices, self._steps, self._class, self.scale, self.drive),
            (table, self.table_dt, self.clamped, self.hold),
            (self.gradient, self.level, self.reset_matrix, self.reset_offset, self.jumps),
        )
        code, where = _walk(
            events.kind,
            events.neuron,
            events.spike,
            events.synapse,
            events.times,
            np.ascontiguousarray(recorded, dtype=np.float64),
            model,
            self._state,
            tie_window,
            out,
        )
        if code:
            _refuse(code, int(events.neuron[where]), float(events.times[where]))
        return Path(*out)

    def field(self, x: np.ndarray, i: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Return ``A x + b`` with the drive in force just before `times`."""
        flow = np.einsum("eab,eb->ea", self.matrix[i], x) + self.drive[i]
        if self.table is not None:
            step = np.floor(times / self.table_dt - 1e-6).astype(int)
            step = np.clip(step, 0, len(self.table) - 1)
            flow += self.table[step, i if self.table.shape[1] > 1 else 0]
        return flow

    def threshold_gradient(self, x: np.ndarray, i: np.ndarray) -> np.ndarray:
        """Return the gradient of the threshold function."""
        return self.gradient[i]

    def reset(self, x: np.ndarray, i: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return state after reset and derivative of the reset."""
        slope = self.reset_matrix[i]
        return np.einsum("eab,eb->ea", slope, x) + self.reset_offset[i], slope

    def pulse(
        self,
        x: np.ndarray,
        i: np.ndarray,
        synapse: np.ndarray,
        held: np.ndarray,
        tied: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return state after a pulse and derivative of the pulse map."""
        lost = held | (tied[:, None] & overwritten(self.reset_matrix)[i])
        slope = np.broadcast_to(np.eye(self.n_variables), (len(x), *self.matrix.shape[1:]))
        return x + np.where(lost, 0.0, self.jumps[synapse]), slope


def overwritten(reset_matrix: np.ndarray) -> np.ndarray:
    """Return which variables a reset sets regardless of the state: a simultaneous pulse is lost."""
    return ~reset_matrix.any(axis=-1)


def _refuse(code: int, neuron: int, time: float) -> None:
    where = f"neuron {neuron} at {time:.6g} s"
    if code == _FIRED_WHILE_HELD:
        raise SaltationError(
            "spikes",
            where,
            "must not lie inside the refractory period",
            "check the refractory period and that times are those of the crossings",
        )
    raise PulseCrossingError(
        "spikes",
        where,
        "must be reached by the continuous motion, not by a pulse",
        "let the pulse act on a synaptic current instead of the voltage",
    )


@compiled
def _exponential(matrix, s, e, phi):  # type: ignore[no-untyped-def]
    """Write exp(A s) into `e` and the integral of exp(A r) over 0..s into `phi`."""
    n = matrix.shape[0]
    norm = 0.0
    for a in range(n):
        row = 0.0
        for b in range(n):
            row += abs(matrix[a, b])
        norm = max(norm, row)
    halvings = 0
    h = s
    while norm * h > 0.5:
        h *= 0.5
        halvings += 1
    term = np.zeros((n, n))
    new = np.zeros((n, n))
    for a in range(n):
        for b in range(n):
            term[a, b] = h if a == b else 0.0
            phi[a, b] = term[a, b]
    for order in range(2, 18):
        size = 0.0
        for a in range(n):
            for b in range(n):
                total = 0.0
                for c in range(n):
                    total += matrix[a, c] * term[c, b]
                new[a, b] = total * h / order
                size = max(size, abs(new[a, b]))
        for a in range(n):
            for b in range(n):
                term[a, b] = new[a, b]
                phi[a, b] += new[a, b]
        if size < 1e-18 * h:
            break
    for a in range(n):
        for b in range(n):
            total = 1.0 if a == b else 0.0
            for c in range(n):
                total += matrix[a, c] * phi[c, b]
            e[a, b] = total
    for _ in range(halvings):
        phi[:, :] = phi + e @ phi
        e[:, :] = e @ e


@compiled
def _fill_steps(matrices, s, steps):  # type: ignore[no-untyped-def]
    for c in range(matrices.shape[0]):
        for held in range(2):
            _exponential(matrices[c, held], s, steps[c, held, 0], steps[c, held, 1])


@compiled
def _drive(i, held, scale, drive, table, index, clamped, out):  # type: ignore[no-untyped-def]
    column = i if table.shape[1] > 1 else 0
    for a in range(out.size):
        free = not (held and clamped[i, a])
        out[a] = (drive[i, a] + table[index, column, a]) / scale[i, a] if free else 0.0


@compiled
def _move(y, e, phi, b):  # type: ignore[no-untyped-def]
    new = np.zeros(y.size)
    for a in range(y.size):
        for c in range(y.size):
            new[a] += e[a, c] * y[c] + phi[a, c] * b[c]
    y[:] = new


@compiled
def _advance(y, i, t0, t1, held, e, phi, b, flow, rest):  # type: ignore[no-untyped-def]
    """Move the scaled state of neuron i from t0 to t1 and write its propagator into `e`."""
    matrices, steps, classes, scale, drive = flow
    table, table_dt, clamped, _ = rest
    matrix = matrices[classes[i], 1 if held else 0]
    step = steps[classes[i], 1 if held else 0]
    last = table.shape[0] - 1
    index = 0 if last == 0 else min(int(t0 / table_dt + 1e-6), last)
    t = t0
    while index < last and (index + 1) * table_dt < t1 * (1 - 1e-12):
        end = (index + 1) * table_dt
        _drive(i, held, scale, drive, table, index, clamped, b)
        if abs(end - t - table_dt) < 1e-9 * table_dt:
            _move(y, step[0], step[1], b)
        else:
            _exponential(matrix, end - t, e, phi)
            _move(y, e, phi, b)
        t = end
        index += 1
    _drive(i, held, scale, drive, table, index, clamped, b)
    _exponential(matrix, max(t1 - t, 0.0), e, phi)
    _move(y, e, phi, b)
    if t > t0:
        _exponential(matrix, t1 - t0, e, phi)


@compiled
def _walk(kind, neuron, spike, synapse, times, recorded, model, state, tie_window, out):  # type: ignore[no-untyped-def]
    flow, rest, jump = model
    scale, clamped, hold = flow[3], rest[2], rest[3]
    gradient, level, reset_matrix, reset_offset, jumps = jump
    states, t_last, refractory, fired = state
    x_out, p_out, clamped_out, tied_out = out
    n = states.shape[1]
    e, phi, b = np.zeros((n, n)), np.zeros((n, n)), np.zeros(n)
    x = np.zeros(n)
    for k in range(kind.size):
        i, t = neuron[k], times[k]
        held = refractory[i]
        _advance(states[i], i, t_last[i], t, held, e, phi, b, flow, rest)
        t_last[i] = t
        tied = t - fired[i] < tie_window
        use_record = kind[k] == 0 and not np.isnan(recorded[spike[k], 0])
        for a in range(n):
            x[a] = recorded[spike[k], a] if use_record else states[i, a] * scale[i, a]
            x_out[k, a] = x[a]
            for c in range(n):
                p_out[k, a, c] = e[a, c] * scale[i, a] / scale[i, c]
        clamped_out[k], tied_out[k] = held, tied
        if kind[k] == 0:
            if held:
                return 1, k
            for a in range(n):
                total = reset_offset[i, a]
                for c in range(n):
                    total += reset_matrix[i, a, c] * x[c]
                states[i, a] = total / scale[i, a]
            refractory[i] = hold[i] > 0
            fired[i] = t
        elif kind[k] == 1:
            lift, height = 0.0, -level[i]
            for a in range(n):
                lost = held and clamped[i, a]
                if tied and not lost:
                    lost = True
                    for c in range(n):
                        lost = lost and reset_matrix[i, a, c] == 0.0
                step = 0.0 if lost else jumps[synapse[k], a]
                lift += gradient[i, a] * step
                height += gradient[i, a] * (x[a] + step)
                states[i, a] = (x[a] + step) / scale[i, a]
            if lift > 0.0 and height >= 0.0 and not held:
                return 2, k
        elif kind[k] == 2:
            refractory[i] = False
    return 0, 0
