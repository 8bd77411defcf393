"""Recorded events as the list of what the replay has to do, in Brian2's order.

An entry says: in step `at`, at operation `rank`, run element `elem` with the time shift in row
`slot` of the tangent vectors (-1 where the time is given).
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from heavytail_snn.analysis.lyapunov.hybrid.kernels import fields as K
from heavytail_snn.analysis.lyapunov.hybrid.layout import Layout, source_entries
from heavytail_snn.analysis.lyapunov.hybrid.recorder import Events
from heavytail_snn.analysis.lyapunov.hybrid.system import PATHWAY, RESET, THRESHOLD
from heavytail_snn.brian import internals


class Tape(NamedTuple):
    """Entries as arrays of one length; `spike` numbers the spike behind each."""

    at: np.ndarray
    rank: np.ndarray
    elem: np.ndarray
    slot: np.ndarray
    spike: np.ndarray


class TapeMaker:
    """Makes the tape of any stretch of steps.

    Parameters
    ----------
    layout : Layout
    events : mapping
        (group, kind) -> Events.
    values : callable
        Content of an array, by name.
    """

    def __init__(
        self,
        layout: Layout,
        events: Mapping[tuple[str, str], Events],
        values: Callable[[str], Any],
    ) -> None:
        self.layout, self.events = layout, events
        system, step = layout.system, layout.system.step
        self.pathways: dict[tuple[str, str], list[tuple[int, Any, Any, Any]]] = {}
        for o, op in enumerate(system.operations):
            if op.kind == PATHWAY:
                neurons = source_entries(op, values)
                order = np.argsort(neurons, kind="stable")
                every = round(op.step / step)
                delays = np.round(internals.delays(op.item) / op.step).astype(np.int64) * every
                delays = np.broadcast_to(delays, neurons.shape)
                entry = (o, neurons[order], order, delays[order])
                self.pathways.setdefault((op.source, op.event), []).append(entry)
        self.longest = {
            key: max([0, *(int(p[3].max(initial=0)) for p in self.pathways.get(key, []))])
            for key in events
        }
        self._assign_slots()

    def _assign_slots(self) -> None:
        """Give each spike whose time can be perturbed a row until its last effect is over."""
        ops = self.layout.ops
        self.inner = {
            (op.source, op.event)
            for o, op in enumerate(self.layout.system.operations)
            if op.kind == THRESHOLD and not ops[o, K.EXTERNAL] and ops[o, K.POP] >= 0
        }
        keys = sorted(self.inner)
        steps = np.concatenate([np.zeros(0, np.int64), *(self.events[k].steps for k in keys)])
        life = np.concatenate(
            [np.zeros(0, np.int64),
             *(np.full(self.events[k].steps.size, self.longest[k]) for k in keys)]
        )  # fmt: skip
        order = np.argsort(steps, kind="stable")
        sorted_steps = steps[order]
        reach = int(life.max(initial=0))
        alive = np.arange(steps.size) - np.searchsorted(sorted_steps, sorted_steps - reach)
        self.n_slots = int(alive.max(initial=0)) + 1
        rank = np.empty(steps.size, dtype=np.int64)
        rank[order] = np.arange(steps.size)
        rows = self.layout.n_state_rows + rank % self.n_slots
        self._slots, self._birth, self._death = {}, steps, steps + life
        self._rows_of_spikes, position = rows, 0
        for key in keys:
            n = self.events[key].steps.size
            self._slots[key] = rows[position : position + n]
            position += n
        for key, found in self.events.items():
            if key not in self.inner:
                self._slots[key] = np.full(found.steps.size, -1)

    def dead_rows(self, step: int) -> np.ndarray:
        """Return the slots that hold nothing at the start of a step."""
        alive = (self._birth < step) & (self._death >= step)
        first = self.layout.n_state_rows
        rows = np.ones(self.n_slots, dtype=bool)
        rows[self._rows_of_spikes[alive] - first] = False
        return first + np.flatnonzero(rows)

    def between(self, first: int, stop: int) -> Tape:
        """Return the entries of the steps from `first` up to `stop` (exclusive)."""
        system = self.layout.system
        parts: list[tuple[Any, ...]] = []
        number = 0
        for key, found in self.events.items():
            low = np.searchsorted(found.steps, first - self.longest[key])
            high = np.searchsorted(found.steps, stop)
            steps, elems = found.steps[low:high], found.elements[low:high]
            slots, spikes = self._slots[key][low:high], number + np.arange(low, high)
            number += found.steps.size
            now = steps >= first
            for o, op in enumerate(system.operations):
                if op.kind in (THRESHOLD, RESET) and (op.source, op.event) == key:
                    parts.append((steps[now], o, elems[now], slots[now], spikes[now]))
            for o, neurons, synapses, delays in self.pathways.get(key, []):
                start, end = np.searchsorted(neurons, elems), np.searchsorted(neurons, elems + 1)
                counts = end - start
                which = np.repeat(np.arange(elems.size), counts)
                position = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
                position += np.repeat(start, counts)
                at = steps[which] + delays[position]
                inside = (at >= first) & (at < stop)
                parts.append(
                    (at[inside], o, synapses[position][inside], slots[which][inside],
                     spikes[which][inside])
                )  # fmt: skip
        return _sorted(parts)


def _sorted(parts: list[tuple[Any, ...]]) -> Tape:
    columns = [
        np.concatenate([np.zeros(0, np.int64), *(p[c] for p in parts)]) for c in (0, 2, 3, 4)
    ]
    ranks = [np.full(p[0].size, p[1], dtype=np.int64) for p in parts]
    rank = np.concatenate([np.zeros(0, np.int64), *ranks])
    at, elem, slot, spike = (c.astype(np.int64) for c in columns)
    order = np.lexsort((elem, spike, rank, at))
    return Tape(at[order], rank[order], elem[order], slot[order], spike[order])
