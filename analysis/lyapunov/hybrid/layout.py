"""A system with its numbers: every array in one vector, every name as a row of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import Synapses

from heavytail_snn.analysis.lyapunov.hybrid.generate import body, compile_bodies
from heavytail_snn.analysis.lyapunov.hybrid.kernels import fields as K
from heavytail_snn.analysis.lyapunov.hybrid.scope import SHARED, Slot, entries
from heavytail_snn.analysis.lyapunov.hybrid.system import (
    CATCH_UP,
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
from heavytail_snn.brian import internals

_KINDS = {UPDATE: K.K_UPDATE, MAP: K.K_MAP, SUM: K.K_SUM, THRESHOLD: K.K_THRESHOLD,
          PATHWAY: K.K_PATHWAY, RESET: K.K_RESET, CATCH_UP: K.K_CATCH_UP,
          SWITCH: K.K_SWITCH}  # fmt: skip


@dataclass
class Layout:
    """Tables for the kernel.

    Parameters
    ----------
    system : System
    values : callable
        ``values(name)`` returns the present content of an array as a vector.

    Attributes
    ----------
    z_first : dict
        Where an array starts in z.
    ops, flows, index : int64 arrays
    members : dict
        Group -> its active arrays.
    """

    system: System
    values: Callable[[str], np.ndarray]

    def __post_init__(self) -> None:
        self._pieces: list[np.ndarray] = []
        self._used = 0
        self.n_elements_of = {name: len(group) for name, group in self.system.groups.items()}
        self._place()
        self._number()
        self.recorded: list[tuple[str, Operation]] = []
        self._operations()
        self._coupling()

    # ------------------------------------------------------------ where everything is

    def _place(self) -> None:
        names: set[str] = set()
        for block in self._blocks():
            slots = [*block.reads, *block.others, *(s for s, _ in block.outputs)]
            names |= {s.name for s in slots}
        self.z_first, position = {}, 0
        for name in sorted(names):
            self.z_first[name] = position
            position += np.size(self.values(name))
        self.n_cells = position
        self.z = np.concatenate(
            [np.zeros(0), *(np.ravel(self.values(n)).astype(float) for n in sorted(names))]
        )

    def _blocks(self) -> list[Block]:
        found = [op.block for op in self.system.operations]
        found += [op.mark for op in self.system.operations if op.mark]
        return [*found, *self.system.flows.values()]  # type: ignore[list-item]

    def _number(self) -> None:
        """Give elements numbers, and active entries rows of V."""
        self.members: dict[str, list[str]] = {}
        for name in sorted(self.system.active & set(self.z_first)):
            owner = name.rsplit(".", 1)[0]
            self.members.setdefault(owner, []).append(name)
        self.populations = sorted(self.members)
        self.M = max([1, *(len(m) for m in self.members.values())])
        n_elements, n_rows = 0, 0
        self.base, self.first_row = {}, {}
        self.e_of_z = np.full(self.n_cells, -1, dtype=np.int64)
        self.a_of_z = np.zeros(self.n_cells, dtype=np.int64)
        pop_of, first_of = [], []
        for p, owner in enumerate(self.populations):
            n, m = self.n_elements_of[owner], len(self.members[owner])
            self.base[owner], self.first_row[owner] = n_elements, n_rows
            for a, name in enumerate(self.members[owner]):
                rows = self.z_first[name] + np.arange(n)
                self.e_of_z[rows] = n_elements + np.arange(n)
                self.a_of_z[rows] = a
            pop_of.append(np.full(n, p))
            first_of.append(n_rows + m * np.arange(n))
            n_elements, n_rows = n_elements + n, n_rows + n * m
        self.n_elements, self.n_state_rows = n_elements, n_rows
        self.first_z = np.zeros((max(1, len(self.populations)), self.M), dtype=np.int64)
        for p, owner in enumerate(self.populations):
            for a, name in enumerate(self.members[owner]):
                self.first_z[p, a] = self.z_first[name]
        empty = np.zeros(0, dtype=np.int64)
        self.pop_of = np.concatenate([empty, *pop_of])
        self.first_of = np.concatenate([empty, *first_of])
        self.still = np.zeros(self.n_cells, dtype=np.int64)
        for name in self.system.event_driven & set(self.z_first):
            n = np.size(self.values(name))
            self.still[self.z_first[name] + np.arange(n)] = 1
        self.sum_rows = np.zeros(0, dtype=np.int64)
        for op in self.system.operations:
            if op.kind == SUM:
                rows = self._target_rows(op)
                self.sum_rows = np.concatenate([self.sum_rows, rows])
                self.still[rows[self.e_of_z[rows] >= 0]] = 2

    def rows(self, slot: Slot, elements: np.ndarray) -> np.ndarray:
        """Return the entries of z that a slot means for elements."""
        return self.z_first[slot.name] + entries(slot.path, elements, self.values)

    def _table(self, block: Block, slots: list[Slot], n: int) -> int:
        """Append the table of one block; return where it starts."""
        elements = np.arange(n)
        columns = [self.rows(s, elements) for s in (*block.reads, *block.others, *slots)]
        start = self._used
        if columns:
            self._pieces.append(np.stack(columns, axis=1).astype(np.int64).ravel())
            self._used += self._pieces[-1].size
        return start

    # ------------------------------------------------------------ operations and flows

    def _operations(self) -> None:
        system = self.system
        bodies: list[tuple[str, ...]] = []
        constants: dict[str, int] = {}
        for block in self._blocks():
            for c in block.constants:
                constants.setdefault(repr(c), len(constants))
        self.constants = np.array([float(c) for c in constants] or [0.0])
        self.cells = np.concatenate([*system.arrays.tables, np.zeros(1)])
        step = system.step
        ops = np.full((len(system.operations), K.N_FIELDS), -1, dtype=np.int64)
        rec: list[int] = []
        self.n_of = []
        for o, op in enumerate(system.operations):
            block, row = op.block, ops[o]
            n = self._size(op)
            self.n_of.append(n)
            slots = [s for s, _ in block.outputs]
            values = block.values or [v for _, v in block.outputs]
            row[K.KIND], row[K.EVERY] = _KINDS[op.kind], round(op.step / step)
            row[K.BLOCK], row[K.N] = len(bodies), n
            row[K.OFF] = self._table(block, slots, n)
            row[K.NR], row[K.NC], row[K.NW] = len(block.reads), len(block.others), len(slots)
            bodies.append(tuple(body(block, values, constants)))
            owner = getattr(op.group, "name", "")
            row[K.POP] = self.populations.index(owner) if owner in self.populations else -1
            own = all(s.is_own for s in (*block.reads, *slots))
            row[K.LAZY] = int(op.kind == UPDATE and own)
            row[K.EXTERNAL] = 0
            row[K.ATOMS] = len(op.condition.atoms) if op.condition else 0
            if op.kind == THRESHOLD:
                row[K.EXTERNAL] = int(any(v.random for v in values))
                name = f"{op.source}.not_refractory"
                row[K.LIFT] = self.z_first.get(name, -1) if op.event == "spike" else -1
            if op.mark:
                row[K.MARK] = len(bodies)
                slots = [s for s, _ in op.mark.outputs]
                row[K.M_OFF] = self._table(op.mark, slots, n)
                row[K.M_NR], row[K.M_NC] = len(op.mark.reads), len(op.mark.others)
                row[K.M_NW] = len(slots)
                bodies.append(tuple(body(op.mark, [v for _, v in op.mark.outputs], constants)))
            if op.kind == UPDATE:
                names = [s.name.rsplit(".", 1)[1] for s in slots]
                if "not_refractory" in names:
                    row[K.RELEASE] = names.index("not_refractory")
            if op.kind == SUM:
                targets = np.unique(self._target_rows(op))
                row[K.TARGETS], row[K.N_TARGETS] = self._used, targets.size
                self._pieces.append(targets)
                self._used += targets.size
            if op.kind in (UPDATE, MAP, RESET):
                given = [v.random for _, v in block.outputs]
                if any(given):
                    row[K.REC] = len(rec)
                    for slot, value in block.outputs:
                        if value.random:
                            rec.append(len(self.recorded))
                            self.recorded.append((slot.name, op))
                        else:
                            rec.append(-1)
        kinds = enumerate(system.operations)
        self.up_to_date = [o for o, op in kinds if op.kind == CATCH_UP and self.n_of[o]]
        self.rec_of = np.array(rec or [-1], dtype=np.int64)
        self._relations(ops)
        self.flows = np.zeros((max(1, len(self.populations)), 8), dtype=np.int64)
        speeds: list[tuple[str, ...]] = []
        for p, owner in enumerate(self.populations):
            flow = self.flows[p]
            flow[K.F_BASE], flow[K.F_M] = self.base[owner], len(self.members[owner])
            if owner not in system.flows:
                continue
            block = system.flows[owner]
            kept = [(s, v) for s, v in block.outputs if s.name in system.active]
            flow[K.F_HAS], flow[K.F_BLOCK], flow[K.F_N] = 1, len(speeds), len(kept)
            flow[K.F_NR], flow[K.F_NC] = len(block.reads), len(block.others)
            n = self.n_elements_of[owner]
            flow[K.F_OFF] = self._used
            elements = np.arange(n)
            columns = [self.rows(s, elements) for s in (*block.reads, *block.others)]
            columns += [np.full(n, self.members[owner].index(s.name)) for s, _ in kept]
            if columns:
                self._pieces.append(np.stack(columns, axis=1).astype(np.int64).ravel())
                self._used += self._pieces[-1].size
            speeds.append(tuple(body(block, [v for _, v in kept], constants)))
        self.index = np.concatenate([np.zeros(0, dtype=np.int64), *self._pieces])
        self.ops = ops
        self.functions = (
            compile_bodies("statements", tuple(bodies)),
            compile_bodies("speeds", tuple(speeds)),
        )

    def _size(self, op: Operation) -> int:
        if isinstance(op.group, Synapses):
            return len(op.group)
        return len(op.group)

    def _target_rows(self, op: Operation) -> np.ndarray:
        target = op.item.target
        slot = op.block.outputs[0][0]
        variable = self.system.arrays.variables[slot.name]
        start = int(getattr(target, "start", 0))
        n = len(target)
        assert variable is not None
        return self.z_first[slot.name] + start + np.arange(n, dtype=np.int64)

    def _relations(self, ops: np.ndarray) -> None:
        """Which update precedes a threshold, which pathways can lift whom, who owns a row."""
        system = self.system
        needs = set()
        for o, op in enumerate(system.operations):
            if op.kind == THRESHOLD and not ops[o, K.EXTERNAL]:
                before = [
                    n for n, other in enumerate(system.operations)
                    if other.kind == UPDATE and other.group is op.group
                ]  # fmt: skip
                ops[before[0] if before else o, K.PRE] = o
                if ops[o, K.LIFT] >= 0:
                    needs.add(op.source)
        ops[:, K.N_LIFTS] = 0
        lifts: set[int] = set()
        for o, op in enumerate(system.operations):
            if op.kind == SWITCH:
                row = ops[next(n for n, u in enumerate(system.operations)
                               if u.kind == UPDATE and u.group.name == op.group.name)]  # fmt: skip
                row[K.SWITCHES], ops[o, K.TABLED] = o, int(any("T[" in x for x in op.block.lines))
            if op.kind != PATHWAY:
                continue
            pairs = []
            for th, other in enumerate(system.operations):
                if other.kind != THRESHOLD or ops[th, K.EXTERNAL] or ops[th, K.POP] < 0:
                    continue
                watched = {s.name for a in other.condition.atoms for s in a.gap.slopes if s != "t"}
                for w, (slot, _) in enumerate(op.block.outputs):
                    if slot.name in watched and slot.name in self.members.get(other.source, ()):
                        pairs += [th, w]
                        lifts.add(th)
            if pairs:
                ops[o, K.THR], ops[o, K.N_LIFTS] = self._used, len(pairs) // 2
                self._pieces.append(np.array(pairs, dtype=np.int64))
                self._used += len(pairs)
        for o, op in enumerate(system.operations):
            if op.kind == UPDATE and ops[o, K.PRE] >= 0 and ops[o, K.POP] >= 0:
                self._watch_growth(ops[o], op, int(ops[o, K.PRE]))
        needs |= {
            system.operations[th].source for th in lifts if system.operations[th].event == "spike"
        }
        self.own = np.full(self.n_elements, -1, dtype=np.int64)
        self.n_own = 0
        for owner in sorted(needs & set(self.populations)):
            n = self.n_elements_of[owner]
            self.own[self.base[owner] + np.arange(n)] = self.n_own + np.arange(n)
            self.n_own += n
        for th in sorted(lifts):  # other events than spikes have rows of their own
            if system.operations[th].event != "spike":
                n = int(ops[th, K.N])
                ops[th, K.OWN] = self.own.size
                self.own = np.concatenate([self.own, self.n_own + np.arange(n)])
                self.n_own += n
        # who is read by others in continuous time collects nothing
        shared = set()
        for op in system.operations:
            if op.kind in (UPDATE, MAP, SUM):
                # a sum reads its own synapses too
                shared |= {
                    s.name.rsplit(".", 1)[0] for s in op.block.reads if s.path or op.kind == SUM
                }
        for o, op in enumerate(system.operations):
            if getattr(op.group, "name", "") in shared:
                ops[o, K.LAZY] = 0

    def _watch_growth(self, row: np.ndarray, op: Operation, th: int) -> None:
        """Note where an update keeps the threshold variable, whose blow-up divides its steps."""
        condition = self.system.operations[th].condition
        watched = [s for a in condition.atoms for s in a.gap.slopes if s in op.block.reads]
        written = [s for s, _ in op.block.outputs]
        reset = set()
        for other in self.system.operations:
            if other.kind == RESET and other.source == self.system.operations[th].source:
                reset |= other.writes
        for slot in watched:
            if slot in written and slot.name in self.system.differential & reset:
                row[K.STIFF], row[K.STIFF_TH] = written.index(slot), th
                row[K.STIFF_READ] = op.block.reads.index(slot)
                return

    # ------------------------------------------------------------ coupling in continuous time

    def _coupling(self) -> None:
        """Tell for each element which other speeds and which sums depend on it."""
        heads, tails = [], []
        for owner, block in self.system.flows.items():
            if owner not in self.base:
                continue
            n = self.n_elements_of[owner]
            elements = np.arange(n)
            for slot in block.reads:
                if slot.path:
                    heads.append(self.e_of_z[self.rows(slot, elements)])
                    tails.append(self.base[owner] + elements)
        self.dep_ptr, (self.dep,) = _lists(heads, [tails], self.n_elements)
        heads, ops, elems, ids, start = [], [], [], [], 0
        for o, op in enumerate(self.system.operations):
            if op.kind != SUM:
                continue
            n = self.n_of[o]
            seen: list[np.ndarray] = []
            for slot in op.block.reads:
                g = self.e_of_z[self.rows(slot, np.arange(n))]
                new = np.ones(n, dtype=bool)
                for other in seen:
                    new &= other != g
                seen.append(g)
                heads.append(g[new])
                ops.append(np.full(int(new.sum()), o))
                elems.append(np.flatnonzero(new))
                ids.append(start + np.flatnonzero(new))
            start += n
        self.sum_ptr, (sop, selem, sid) = _lists(heads, [ops, elems, ids], self.n_elements)
        self.sum_op, self.sum_elem, self.sum_id, self.n_terms = sop, selem, sid, start
        self.is_coupled = bool(self.dep.size or sop.size)


def _lists(
    heads: list[np.ndarray], columns: list[list[np.ndarray]], n: int
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return pairs (head, values) as lists for each head: pointers and sorted columns."""
    empty = np.zeros(0, dtype=np.int64)
    head = np.concatenate([empty, *heads])
    order = np.argsort(head, kind="stable")
    pointers = np.searchsorted(head[order], np.arange(n + 1))
    return pointers, [np.concatenate([empty, *c])[order] for c in columns]


def source_entries(op: Operation, values: Callable[[str], Any]) -> np.ndarray:
    """Return for each synapse the neuron whose events its pathway follows."""
    return internals.pathway_neurons(op.item)


__all__ = ["SHARED", "Layout", "source_entries"]
