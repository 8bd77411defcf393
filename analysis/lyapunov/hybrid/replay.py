"""A recorded run replayed with tangent vectors."""

from typing import Any

import numpy as np

from heavytail_snn.analysis.lyapunov.hybrid.kernels import fields as K
from heavytail_snn.analysis.lyapunov.hybrid.kernels.update import update
from heavytail_snn.analysis.lyapunov.hybrid.kernels.walk import settle, walk
from heavytail_snn.analysis.lyapunov.hybrid.layout import Layout
from heavytail_snn.analysis.lyapunov.hybrid.recorder import Recorder
from heavytail_snn.analysis.lyapunov.hybrid.system import System
from heavytail_snn.analysis.lyapunov.hybrid.tape import TapeMaker
from heavytail_snn.analysis.lyapunov.tangent.refusals import UnreadableModelError
from heavytail_snn.core.errors import ConvergenceError

_TIME_UNIT = 5e-3  # s; weight of spike times beside states in the norm
_FLAT = 1e-3  # share of its size that a variable must move to have its range as its scale
_AGREES = {8: 1e-6, 4: 1e-3}  # by the bytes of Brian2's floating-point numbers


class Replay:
    """State and tangent vectors along a recorded run.

    Parameters
    ----------
    system : System
    recorder : Recorder
        After the run.

    Attributes
    ----------
    V : (n_rows, k) array
        In SI units; `scaled` and `set_scaled` are without.
    first, last : int
        Steps at which the run began and ended.
    n_compared : int
        States of the run that the replay has met so far.
    largest_deviation : float
        Between replayed and recorded states, in units of the range of each variable.
    counts : int64 array
        See the counters in `kernel`.
    """

    def __init__(self, system: System, recorder: Recorder) -> None:
        self.system = system
        values = system_values(system)
        self.layout = layout = Layout(system, values)
        self.tapes = TapeMaker(layout, recorder.all_events(), values)
        self.steps, rows, states = recorder.snapshots(layout)
        # Brian2 keeps a sum as it was before the events of a step; here it follows them
        own = ~np.isin(rows, layout.sum_rows)
        self.rows, self.states = rows[own], states[:, own]
        self.sum_rows, self.sums = rows[~own], states[:, ~own]
        self._check_finite()
        self.first, self.last = recorder.first, recorder.last
        self._given = (*recorder.random_values(layout),)
        self.first_own = layout.n_state_rows + self.tapes.n_slots
        self.n_rows = self.first_own + layout.n_own
        self.scale = self._scales()
        self.counts = np.zeros(K.N_COUNTS, dtype=np.int64)
        self.speeds: list[np.ndarray] = []
        self.largest_deviation, self.n_compared = 0.0, 0
        self.start(0)

    def _check_finite(self) -> None:
        bad = np.argwhere(~np.isfinite(self.states))
        if bad.size == 0:
            return
        snapshot, column = bad[0]
        name, element = self._named(int(self.rows[column]))
        time = self.steps[snapshot] * self.system.step
        raise ConvergenceError(
            f"{name}[{element}] is {self.states[snapshot, column]} in Brian2's own run at "
            f"{time:.6g} s or before; use a smaller dt or another method, or look at its initial "
            "value"
        )

    def _named(self, row: int) -> tuple[str, int]:
        """Return the variable and the element that a row of z belongs to."""
        first = self.layout.z_first
        name = max((n for n, f in first.items() if f <= row), key=lambda n: first[n])
        return name, row - first[name]

    def _scales(self) -> np.ndarray:
        """Return a typical size of each row of V."""
        layout = self.layout
        scale = np.full(self.n_rows, _TIME_UNIT)
        size = np.ones(layout.n_cells)
        if self.states.shape[0]:
            low, high = self.states.min(axis=0), self.states.max(axis=0)
            width = np.ones(layout.n_cells)
            width[self.rows] = high - low
            largest = np.ones(layout.n_cells)
            largest[self.rows] = np.maximum(abs(low), abs(high))
            for name, first in layout.z_first.items():
                n = np.size(layout.values(name))
                span = width[first : first + n].max(initial=0.0)
                size[first : first + n] = (
                    max(span, _FLAT * largest[first : first + n].max(initial=0.0)) or 1.0
                )
        self.cell_scale = size
        active = layout.e_of_z >= 0
        rows = layout.first_of[layout.e_of_z[active]] + layout.a_of_z[active]
        scale[rows] = size[active]
        return scale

    def start(self, k: int, snapshot: int = 0) -> None:
        """Go to a snapshot, with k zero vectors."""
        layout = self.layout
        self.z = layout.z.copy()
        self.V = np.zeros((self.n_rows, k))
        n, m = max(1, layout.n_elements), layout.M
        self._tangent_rest = (np.zeros((n, m, m)), np.zeros(n, dtype=np.int64))
        self.lifted = np.zeros(max(1, layout.own.size), dtype=np.int64)
        self.eta = np.zeros(max(1, layout.n_state_rows))
        if self.steps.size:
            self.now = int(self.steps[snapshot])
            self.z[self.rows] = self.states[snapshot]
            # a sum of sums may come before those, and takes them as the step before left them
            self.z[self.sum_rows] = self.sums[snapshot]
        widest = max(
            [1, *(op[K.NR] + op[K.NC] + op[K.NW] + 2 * op[K.ATOMS] + 2 for op in layout.ops),
             *(f[K.F_NR] + f[K.F_NC] + f[K.F_N] for f in layout.flows)]
        )  # fmt: skip
        width = int(widest) + 2
        self._work = (
            np.zeros(width), np.zeros(width), np.zeros(width), np.zeros(width * width),
            np.zeros((width + m, max(m, k))), np.zeros((8, m)), np.zeros(m),
            np.zeros(8, dtype=np.int64), np.zeros((n if layout.is_coupled else 1, m)),
            np.zeros(max(1, layout.sum_op.size)), np.zeros(n, dtype=np.int64),
            np.zeros(n + 1, dtype=np.int64),
        )  # fmt: skip
        own = np.where(layout.own >= 0, layout.own + self.first_own, -1)
        self._own = own if own.size else np.full(1, -1)
        e = np.zeros(1, dtype=np.int64)
        self._net = (
            self.z, layout.index if layout.index.size else e, layout.flows,
            layout.pop_of if layout.pop_of.size else e, layout.e_of_z, self.eta, layout.cells,
            layout.constants, layout.first_of if layout.first_of.size else e, layout.a_of_z,
            layout.still, self._own, layout.first_z,
        )  # fmt: skip
        self._cut = (
            np.zeros(m), np.zeros((m, m)), np.zeros((4, m)), np.zeros((4, m, m)), np.zeros(m),
            np.zeros((m, m)), np.zeros(m), np.zeros(m), np.zeros((m, m)), np.zeros((m, m)),
            np.zeros(n, dtype=np.int64), np.zeros((n, m)), np.zeros(n), np.zeros((n, m)),
            np.zeros(n, dtype=np.int64),
        )  # fmt: skip
        self._coupling = (
            layout.is_coupled, layout.dep_ptr, layout.dep, layout.sum_ptr, layout.sum_op,
            layout.sum_elem, layout.sum_id, np.zeros(max(1, layout.n_terms), dtype=np.int64),
        )  # fmt: skip

    def advance(self, stop: int) -> None:
        """Go on to the start of step `stop`, from snapshot to snapshot."""
        while self.now < stop:
            later = self.steps[self.steps > self.now]
            end = min(stop, int(later[0])) if later.size else stop
            self._walk(end)
            if later.size and end == later[0]:
                self._compare(int(np.searchsorted(self.steps, end)))

    def _walk(self, stop: int) -> None:
        layout = self.layout
        tape = self.tapes.between(self.now, stop)
        atoms = max(1, int(layout.ops[:, K.ATOMS].max(initial=1)))
        marks = (np.zeros((tape.at.size + 1, 2 * atoms)), self.lifted)
        speeds = np.full(tape.at.size + 1, np.nan)
        walk(
            self.now, stop, tuple(tape), layout.ops, self._net,
            (self.V, *self._tangent_rest), self._coupling,
            (self._given[0], layout.rec_of, self._given[1]), marks, self._cut, self._work,
            tuple(f.ctypes for f in layout.functions), (self.counts, speeds), self.system.step,
        )  # fmt: skip
        found = speeds[:-1]
        if np.isfinite(found).any():
            self.speeds.append(found[np.isfinite(found)])
        self.now = stop

    def _compare(self, snapshot: int) -> None:
        """Compare with the recorded state, and go on from it."""
        recorded = self.states[snapshot]
        if self.layout.up_to_date:
            z = self.z.copy()
            z[self.rows] = recorded
            self._bring_up_to_date(z, np.zeros((self.n_rows, 0)))
            self._bring_up_to_date(self.z, self.V)
            recorded = z[self.rows]
        self.n_compared += 1
        gap = np.abs(self.z[self.rows] - recorded) / self.cell_scale[self.rows]
        if gap.size:
            worst = int(np.argmax(np.where(np.isfinite(gap), gap, np.inf)))
            if not gap[worst] <= _AGREES[precision(self.system)]:
                raise self._misunderstood(worst, recorded[worst], snapshot)
            self.largest_deviation = max(self.largest_deviation, float(gap[worst]))
        self.z[self.rows] = recorded

    def _misunderstood(self, cell: int, recorded: float, snapshot: int) -> UnreadableModelError:
        row = int(self.rows[cell])
        name, element = self._named(row)
        time = self.steps[snapshot] * self.system.step
        return UnreadableModelError(
            f"{name}[{element}]", f"{self.z[row]:.9g} at {time:.6g} s",
            f"must be {recorded:.9g}, which Brian2 had: the replay of the recorded events does not "
            "reproduce the run, so something acts on the network that was not understood",
            "an exponent from it would be wrong: if prefs.codegen.target is 'numpy', where pulses "
            "of one step may be ordered otherwise, set it to 'cython'; else report the model",
        )  # fmt: skip

    @property
    def longest_delay(self) -> int:
        """Largest delay in steps."""
        return max([0, *self.tapes.longest.values()])

    def reset_counts(self) -> None:
        """Forget the counts so far."""
        self.counts[:] = 0
        self.speeds = []

    # ------------------------------------------------------------ vectors

    def settle(self) -> None:
        """Complete V, and clear rows that hold nothing."""
        settle(self._net, (self.V, *self._tangent_rest), self._work)
        self._bring_up_to_date(self.z, self.V)
        self.V[self.tapes.dead_rows(self.now)] = 0.0

    def time_rows(self) -> np.ndarray:
        """Tell which rows of V hold a time whose effect is to come: pulses, ends of holding."""
        rows = np.zeros(self.n_rows, dtype=bool)
        rows[self.layout.n_state_rows : self.first_own] = True
        rows[self.tapes.dead_rows(self.now)] = False
        for op in self.layout.ops:
            if op[K.KIND] != K.K_THRESHOLD or op[K.LIFT] < 0 or op[K.POP] < 0:
                continue
            elements = np.arange(op[K.N])
            own = self.layout.own[self.layout.flows[op[K.POP], K.F_BASE] + elements]
            held = (self.z[op[K.LIFT] + elements] == 0.0) & (own >= 0)
            rows[self.first_own + own[held]] = True
        return rows

    def scaled(self) -> np.ndarray:
        """Return V in units of the scales."""
        self.settle()
        return self.V / self.scale[:, None]

    def _bring_up_to_date(self, z: np.ndarray, V: np.ndarray) -> None:
        """Let event-driven variables, and V, decay from their last event until now."""
        layout, step = self.layout, self.system.step
        propagators, dirty = self._tangent_rest
        if V.shape[1] == 0:  # z alone: what V has collected stays
            dirty = np.zeros_like(dirty)
        for o in layout.up_to_date:
            update(
                o, self.now, self.now * step, step, layout.ops, (z, *self._net[1:]),
                (V, propagators, dirty), (self._given[0], layout.rec_of, self._given[1]),
                self._cut, self._work, tuple(f.ctypes for f in layout.functions), self.counts,
            )  # fmt: skip

    def set_scaled(self, vectors: np.ndarray) -> None:
        """Replace V."""
        self.settle()
        self.V[:] = vectors * self.scale[:, None]


def precision(system: System) -> int:
    """Return the bytes of the floating-point numbers in which Brian2 ran the state."""
    return min(np.dtype(system.arrays.variables[name].dtype).itemsize for name in system.active)


def system_values(system: System) -> Any:
    """Return a function that gives the content of an array, by name."""
    known: dict[str, np.ndarray] = {}

    def values(name: str) -> np.ndarray:
        if name not in known:
            known[name] = np.atleast_1d(np.asarray(system.arrays.variables[name].get_value()))
        return known[name]

    return values
