"""What is recorded of a run of the network: all events, states now and then, and random numbers.

Only monitors are used, so that it works on every target.  The states recorded now and then serve
two ends: the replay starts anew from each of them, and before that it must have arrived there by
itself, which proves that the model was understood.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import EventMonitor, Network, StateMonitor, second

from heavytail_snn.analysis.lyapunov.hybrid.layout import Layout
from heavytail_snn.analysis.lyapunov.hybrid.system import (
    MAP,
    PATHWAY,
    RESET,
    THRESHOLD,
    UPDATE,
    System,
)
from heavytail_snn.brian import internals
from heavytail_snn.core.errors import MemoryLimitError

_FIRST = -(10**6)
_SNAPSHOT = 0.05  # s
_AT_LEAST = 8  # states in a run, however short: without one there would be no proof
_MAX_BYTES = 4e9


@dataclass(frozen=True)
class Events:
    """Events of one kind: steps (n,) and elements (n,), in the order in which they happened."""

    steps: np.ndarray
    elements: np.ndarray


class Recorder:
    """Monitors for one run.

    Parameters
    ----------
    network : Network
    system : System
    duration : float
        In s.
    """

    def __init__(self, network: Network, system: System, duration: float) -> None:
        self.network, self.system = network, system
        self.duration = duration
        self.step = system.step
        self.first = round(float(network.t / second) / self.step)
        self.last = self.first + round(duration / self.step)
        self.events: dict[tuple[str, str], EventMonitor] = {}
        self.states: dict[str, tuple[StateMonitor, list[str]]] = {}
        self.given: dict[tuple[str, str], StateMonitor] = {}
        self._check_memory()
        for op in system.operations:
            if op.kind == THRESHOLD:
                group = internals.base(op.group)
                self.events.setdefault((group.name, op.event), EventMonitor(group, op.event))
        for op in system.operations:
            if op.kind == PATHWAY and (op.source, op.event) not in self.events:
                group = system.sources.get(op.source) or system.groups[op.source]
                self.events[op.source, op.event] = EventMonitor(group, op.event)
        self._watch_states()
        self._watch_random()
        self.monitors = [
            *self.events.values(),
            *(m for m, _ in self.states.values()),
            *self.given.values(),
        ]
        network.add(*self.monitors)

    def _written(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in sorted(self.system.written):
            owner, _, variable = name.rpartition(".")
            if owner in self.system.groups:
                found.setdefault(owner, []).append(variable)
        return found

    def _random(self) -> list[tuple[Any, str]]:
        return [
            (op, slot.name)
            for op in self.system.operations
            if op.kind in (UPDATE, MAP, RESET)
            for slot, value in op.block.outputs
            if value.random
        ]

    def _check_memory(self) -> None:
        sizes = {n: _size(g) for n, g in self.system.groups.items()}
        cells = sum(sizes[n] * len(v) for n, v in self._written().items() if sizes[n])
        random = sum(
            sizes.get(name.rpartition(".")[0], 0) * self.duration / op.step
            for op, name in self._random()
        )
        wanted = min(_SNAPSHOT, self.duration / _AT_LEAST)
        self.interval = self.step * max(1, round(wanted / self.step))
        while 8 * cells * self.duration / self.interval > _MAX_BYTES / 8:
            self.interval *= 2
        total = 8 * (cells * (self.duration / self.interval + 2) + random)
        if total > _MAX_BYTES:
            raise MemoryLimitError(
                f"recording the state ({cells:.3g} numbers) and the random numbers "
                f"({random:.3g}) takes {total / 1e9:.3g} GB; use a shorter duration, fewer "
                "neurons, or a TimedArray with a coarser step for the noise"
            )

    def _watch_states(self) -> None:
        slot = f"before_{self.network.schedule[0]}"
        for name, variables in self._written().items():
            group = self.system.groups[name]
            monitor = StateMonitor(
                group, variables, record=True, dt=self.interval * second, when=slot, order=_FIRST
            )
            self.states[name] = (monitor, variables)

    def _watch_random(self) -> None:
        for op, name in self._random():
            owner, _, variable = name.rpartition(".")
            key = (op.name, name)
            if key not in self.given:
                self.given[key] = StateMonitor(
                    self.system.groups[owner], variable, record=True, clock=op.item.clock,
                    when=op.item.when, order=op.item.order, name=f"{op.name}_zz_{variable}",
                )  # fmt: skip

    # ------------------------------------------------------------ after the run

    def remove(self) -> None:
        """Take the monitors out of the network."""
        self.network.remove(*self.monitors)

    def all_events(self) -> dict[tuple[str, str], Events]:
        """Return the events of each (group, kind)."""
        found = {}
        for key, monitor in self.events.items():
            steps = np.round(np.asarray(monitor.t_) / self.step).astype(np.int64)
            found[key] = Events(steps, np.asarray(monitor.i, dtype=np.int64))
        return found

    def snapshots(self, layout: Layout) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return steps (s,), rows of z (r,) and their recorded values (s, r)."""
        rows, columns, steps = [], [], np.zeros(0)
        for name, (monitor, variables) in self.states.items():
            steps = np.asarray(monitor.t_)
            for variable in variables:
                key = f"{name}.{variable}"
                if key not in layout.z_first:
                    continue
                values = np.asarray(getattr(monitor, f"{variable}_"), dtype=float)
                rows.append(layout.z_first[key] + np.arange(values.shape[0]))
                columns.append(values.T)
        return (
            np.round(steps / self.step).astype(np.int64),
            np.concatenate([np.zeros(0, dtype=np.int64), *rows]),
            np.concatenate(columns, axis=1) if columns else np.zeros((steps.size, 0)),
        )

    def random_values(self, layout: Layout) -> tuple[np.ndarray, np.ndarray]:
        """Return all recorded draws in one vector, and (start, width, first step, every, row)."""
        flat, table, position = [np.zeros(1)], [], 1
        for name, op in layout.recorded:
            monitor = self.given[op.name, name]
            values = np.asarray(getattr(monitor, name.rpartition(".")[2] + "_"), dtype=float)
            first = round(float(monitor.t_[0]) / self.step)
            every = round(op.step / self.step)
            table.append((position, values.shape[0], first, every, layout.z_first[name]))
            flat.append(np.ravel(values.T))
            position += values.size
        return np.concatenate(flat), np.array(table or [(0, 1, 0, 1, 0)], dtype=np.int64)


def _size(group: Any) -> int:
    try:
        return len(group)
    except (NotImplementedError, TypeError):  # synapses of a program that has not run yet
        return 0
