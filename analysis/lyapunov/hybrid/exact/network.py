"""A small network simulated to rounding, event by event: the truth that the replay must meet.

Generated from the same `System`, of which it uses values only, never derivatives.  Times are exact
here: a spike happens where its threshold is crossed and not at the end of a step, its pulses
arrive one delay later, refractoriness ends where its duration does.  The grid survives only where
the model itself has one: regular operations, TimedArrays, given spikes.
"""

import ast
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from heavytail_snn.analysis.lyapunov.hybrid.exact import motion as X
from heavytail_snn.analysis.lyapunov.hybrid.exact.orbit import Orbit
from heavytail_snn.analysis.lyapunov.hybrid.generate import body, compile_bodies
from heavytail_snn.analysis.lyapunov.hybrid.layout import Layout, source_entries
from heavytail_snn.analysis.lyapunov.hybrid.refractoriness import refractory_end
from heavytail_snn.analysis.lyapunov.hybrid.replay import system_values
from heavytail_snn.analysis.lyapunov.hybrid.scope import Slot
from heavytail_snn.analysis.lyapunov.hybrid.system import (
    MAP,
    PATHWAY,
    RESET,
    SUM,
    SWITCH,
    THRESHOLD,
    UPDATE,
    Block,
    Operation,
    System,
)
from heavytail_snn.analysis.lyapunov.hybrid.values import Condition, Value
from heavytail_snn.analysis.lyapunov.tangent.refusals import UnreadableModelError
from heavytail_snn.brian import internals

_TABLE = re.compile(r"_row\([^,]+, ([^,]+), (\d+), (\d+)\)")


class ExactNetwork:
    """Tables of a network for `motion`, and orbits on them.

    Parameters
    ----------
    system : System
        Differentiated.
    duration : float
        For how long regular operations and tables are prepared, in s.
    given : mapping, optional
        (group, event) -> (times in s, elements) of spikes that are given: of PoissonGroup,
        SpikeGeneratorGroup, or a threshold with random numbers.  They act after their delay.
    step : float
        Longest step between events, in s.
    tolerance : float
        Largest difference of two stages of a step in units of each variable's `scale`; the
        error of a step is some orders smaller.
    scale : array of shape (n_cells,), optional
        Typical sizes.

    Raises
    ------
    UnreadableModelError
        For random numbers in regular operations and resets.
    """

    def __init__(
        self,
        system: System,
        duration: float,
        given: Mapping[tuple[str, str], tuple[Any, Any]] | None = None,
        *,
        step: float = 5e-5,
        tolerance: float = 1e-6,
        scale: np.ndarray | None = None,
    ) -> None:
        for op in system.operations:
            if op.kind == SWITCH:
                raise UnreadableModelError(
                    op.group.name, op.code, "must not change the speeds in an event-exact "
                    "simulation: its steps do not end there", "use lyapunov_spectrum_of_network",
                )  # fmt: skip
        self.system, self.step, self.tolerance = system, step, tolerance
        self.layout = Layout(system, system_values(system))
        self._blocks: list[list[int]] = []
        self._steps: list[float] = []
        self._bodies: list[tuple[str, ...]] = []
        self._pieces: list[np.ndarray] = []
        self._used = 0
        self._constants: dict[str, int] = {}
        self._marks: list[tuple[float, int]] = []
        self._operations(given or {}, duration)
        self._flows(scale)
        self._finish()

    # ------------------------------------------------------------ tables

    def _add(self, block: Block, values: list[Value], group: Any, step: float, last: int = -1,
             rows: list[Slot] | None = None) -> int:  # fmt: skip
        """Append a block; return its number."""
        for c in block.constants:
            self._constants.setdefault(repr(c), len(self._constants))
        slots = [s for s, _ in block.outputs] if rows is None else rows
        n = len(group)
        elements = np.arange(n)
        columns = [self.layout.rows(s, elements) for s in (*block.reads, *block.others, *slots)]
        lines = tuple(body(block, values, self._constants, slopes=False))
        self._blocks.append([
            len(self._bodies), self._used, len(block.reads), len(block.others), len(slots), n, last
        ])  # fmt: skip
        self._bodies.append(lines)
        self._steps.append(step)
        if columns:
            self._pieces.append(np.stack(columns, axis=1).astype(np.int64).ravel())
            self._used += self._pieces[-1].size
        self._tables |= {tuple(m) for line in lines for m in _TABLE.findall(line)}
        return len(self._blocks) - 1

    def _statements(self, op: Operation, block: Block, last: int = -1) -> int:
        if any(v.random for _, v in block.outputs):
            raise UnreadableModelError(
                op.name, op.code.strip(), "must draw no random numbers in an exact simulation",
                "give them as a TimedArray",
            )  # fmt: skip
        return self._add(block, [v for _, v in block.outputs], op.group, op.step, last)

    def _operations(self, given: Mapping[tuple[str, str], Any], duration: float) -> None:
        system = self.system
        self._tables: set[tuple[str, str, str]] = set()
        self.thresholds: list[list[int]] = []
        self.threshold_ops: list[Operation | None] = []
        self.keys: list[tuple[str, str]] = []
        self.held: list[list[int]] = []
        self.held_groups: list[str] = []
        n_held = n_above = 0
        for op in system.operations:
            end = refractory_end(system, op)
            if end is not None:
                n, kind = len(op.group), int(end.duration is None)
                value = end.duration or _score(end.condition)
                block = self._add(end.block, [value], op.group, op.step)
                row = self.layout.z_first[f"{op.group.name}.not_refractory"]
                self.held.append([block, kind, n_held, n, row])
                self.held_groups.append(op.group.name)
                n_held += n
        self.n_held = n_held
        self.threshold_of_op: dict[int, int] = {}
        for o, op in enumerate(system.operations):
            if op.kind != THRESHOLD:
                continue
            key, n = (op.source, op.event), len(op.group)
            is_given = any(v.random for v in _block(op).values)
            block = -1 if is_given else self._condition(op)
            mark = self._statements(op, op.mark) if op.mark else -1
            held = self.held_groups.index(op.source) if op.source in self.held_groups else -1
            self.threshold_of_op[o] = len(self.thresholds)
            self.thresholds.append([block, mark, held, n_above, n])
            self.keys.append(key)
            n_above += n
        for name, group in system.sources.items():
            self.thresholds.append([-1, -1, -1, n_above, len(group)])
            self.keys.append((name, "spike"))
            n_above += len(group)
        self.n_above = n_above
        self._given(given)
        self.resets: list[list[int]] = []
        self.maps: list[int] = []
        self.reset_ops: list[int] = []
        self.path_ops: list[int] = []
        self.map_ops: list[int] = []
        paths: list[list[int]] = []
        ptr: list[np.ndarray] = []
        synapses: list[np.ndarray] = []
        delays: list[np.ndarray] = []
        used = start = 0
        for o, op in enumerate(system.operations):
            if op.kind == RESET:
                i = self.keys.index((op.source, op.event))
                self.resets.append([i, self._statements(op, _block(op))])
                self.reset_ops.append(o)
            elif op.kind == MAP:
                self._regular(o, op, duration)
            elif op.kind == PATHWAY and (op.source, op.event) in self.keys:
                i = self.keys.index((op.source, op.event))
                last = self.layout.z_first.get(f"{op.group.name}.lastupdate", -1)
                block = self._statements(op, _block(op), last)
                p, s, d = self._wires(op, self.thresholds[i][X.T_N], used)
                paths.append([block, start, i])
                ptr.append(p)
                synapses.append(s)
                delays.append(d)
                used, start = used + s.size, start + p.size
                self.path_ops.append(o)
        i64, empty = np.int64, np.zeros(0)
        table = np.array(paths, dtype=i64).reshape(-1, 3)
        self.wires = (
            table[:, 0].copy(), table[:, 1].copy(), np.concatenate([empty, *ptr]).astype(i64),
            np.concatenate([empty, *synapses]).astype(i64), np.concatenate([empty, *delays]),
            table[:, 2].copy(),
        )  # fmt: skip
        self.widest = max([0, *(int(np.diff(p).max(initial=0)) for p in ptr)]) * len(paths)

    def _condition(self, op: Operation) -> int:
        return self._add(_block(op), [_score(op.condition)], op.group, op.step)

    def _given(self, given: Mapping[tuple[str, str], Any]) -> None:
        times, which, elements = [np.zeros(0)], [np.zeros(0)], [np.zeros(0)]
        for i, key in enumerate(self.keys):
            if self.thresholds[i][X.T_BLOCK] < 0:
                if key not in given:
                    raise UnreadableModelError(
                        key[0], "spikes", "must be given", "pass the times of a run"
                    )
                t, e = (np.asarray(v, dtype=float) for v in given[key])
                times.append(t)
                elements.append(e)
                which.append(np.full(t.size, i))
        when, source, element = (np.concatenate(c) for c in (times, which, elements))
        order = np.lexsort((element, source, when))
        self.given = (
            when[order],
            source[order].astype(np.int64),
            element[order].astype(np.int64),
        )

    def _regular(self, o: int, op: Operation, duration: float) -> None:
        """A regular operation happens at the start of its step, or at its end if it runs late."""
        updates = [
            n for n, other in enumerate(self.system.operations)
            if other.kind == UPDATE and other.group is op.group
        ]  # fmt: skip
        late = bool(updates) and o > updates[0]
        start = self.system.start
        first = np.ceil(start / op.step - 1e-9)
        times = (first + np.arange(int(duration / op.step) + 2) + late) * op.step
        self._marks += [(t, len(self.maps)) for t in times]
        self.maps.append(self._statements(op, _block(op)))
        self.map_ops.append(o)

    def _wires(self, op: Operation, n: int, used: int) -> tuple[np.ndarray, ...]:
        neurons = source_entries(op, self.layout.values)
        delays = np.round(internals.delays(op.item) / op.step) * op.step
        delays = np.broadcast_to(delays, neurons.shape)
        order = np.lexsort((np.arange(neurons.size), delays, neurons))
        return used + np.searchsorted(neurons[order], np.arange(n + 1)), order, delays[order]

    def _flows(self, scale: np.ndarray | None) -> None:
        system, layout = self.system, self.layout
        flows, rows = [], [np.zeros(0, dtype=np.int64)]
        for owner, block in system.flows.items():
            group = system.groups[owner]
            if len(group) == 0:
                continue
            for slot, _ in block.outputs:
                if slot.name not in system.active:
                    raise UnreadableModelError(
                        slot.name, "noise", "must not be white in an exact simulation",
                        "give it as a TimedArray",
                    )  # fmt: skip
                rows.append(layout.rows(slot, np.arange(len(group))))
            flows.append(self._add(block, [v for _, v in block.outputs], group, system.step))
        blocks, targets, ptr = [], [], [0]
        for op in system.operations:
            if op.kind == SUM:
                blocks.append(self._statements(op, _block(op)))
                targets.append(layout._target_rows(op))
                ptr.append(ptr[-1] + targets[-1].size)
        empty = np.zeros(0, dtype=np.int64)
        self.sum_rows = np.concatenate([empty, *targets])
        self.scale = np.ones(layout.n_cells) if scale is None else scale
        self.motion = (
            np.array(flows, dtype=np.int64), np.array(blocks, dtype=np.int64),
            np.array(ptr, dtype=np.int64), self.sum_rows, np.concatenate(rows), self.scale,
        )  # fmt: skip
        active = np.flatnonzero(layout.e_of_z >= 0)
        self.state_rows = np.setdiff1d(active, self.sum_rows)

    def _finish(self) -> None:
        for fine, many, length in self._tables:
            rows = np.arange(1, int(length))
            times = float(fine) * (int(many) * rows - 0.5)
            self._marks += [(t, -1) for t in times if t > self.system.start]
        self._marks.sort()
        blocks = np.array(self._blocks, dtype=np.int64).reshape(-1, 7)
        widest = int(blocks[:, X.B_NR : X.B_NW + 1].sum(axis=1).max(initial=1)) + 4
        constants = np.array([float(c) for c in self._constants] or [0.0])
        cells = np.concatenate([*self.system.arrays.tables, np.zeros(1)])
        index = np.concatenate([np.zeros(1, dtype=np.int64), *self._pieces])
        blocks[:, X.B_OFF] += 1
        self._function = compile_bodies("exact", tuple(self._bodies))
        self.net = (
            blocks, index, np.array(self._steps), constants, cells, self._function.ctypes,
            *(np.zeros(widest) for _ in range(4)),
        )  # fmt: skip
        shape = lambda a, w: np.array(a, dtype=np.int64).reshape(-1, w)  # noqa: E731
        n_maps = sum(int(blocks[b, X.B_N]) for b in self.maps)
        self.units = (
            shape(self.thresholds, 5), shape(self.resets, 2), shape(self.held, 5),
            self.widest, 2 * n_maps + self.n_held,
        )  # fmt: skip
        marks = (
            np.array([t for t, _ in self._marks]), np.array([m for _, m in self._marks], np.int64),
            np.array(self.maps, dtype=np.int64),
        )  # fmt: skip
        self.timing = (*marks, *self.given)
        n = self.layout.n_cells
        self.batch = np.zeros((2 * self.n_above + 1, 2), dtype=np.int64)
        self.work = np.zeros(n), tuple(np.zeros(n) for _ in range(4))

    def orbit(self, *, log_steps: bool = False) -> Orbit:
        """Return an orbit from the present state of the Brian2 objects.

        `log_steps` puts the end of each Runge-Kutta step into the log, for `ExactTangent`.
        """
        orbit = Orbit(self)
        orbit.counts[X.LOGS_STEPS] = log_steps
        return orbit


def _block(op: Operation) -> Block:
    assert op.block is not None
    return op.block


def _score(condition: Condition | None) -> Value:
    """Return code that is positive where a condition holds and continuous where it can be."""
    assert condition is not None
    atoms = condition.atoms

    def write(part: Any) -> str:
        if isinstance(part, int):
            atom = atoms[part]
            node = ast.parse(atom.text.strip(), mode="eval").body
            smooth = isinstance(node, ast.Compare) and isinstance(
                node.ops[0], ast.Gt | ast.GtE | ast.Lt | ast.LtE
            )
            return atom.gap.code if smooth else f"({atom.gap.code} - 0.5)"
        word, parts = part
        if word == "not":
            return f"(-({write(parts[0])}))"
        pick = "min" if word == "and" else "max"
        code = write(parts[0])
        for p in parts[1:]:
            code = f"{pick}({code}, {write(p)})"
        return code

    return Value(write(condition.formula))
