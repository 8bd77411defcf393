"""Tangent dynamics along recorded spikes: saltation with pending spike-time coordinates.

A network of hybrid neurons is, between events, a set of independent flows.  Each event (threshold,
arrival of a pulse, release from refractoriness) acts on one neuron.  With ``dx`` the perturbation
of its state and ``dt_k`` that of the time of spike k, every event has the one form

    [threshold only]  dt_k = r . dx
    dx <- P dx + u dt_k

`saltation_terms` writes P, u, r for all three kinds from the vector field f, the reset g and the
pulse map k; `SaltationReplay` applies them.  ``dt_k`` stays a coordinate of the tangent vector
until the last pulse of spike k has arrived and its neuron is released, which is what keeps delays
and refractoriness exact.  The flow vector ``(f(x_i), dt_k = -1)`` is transported exactly.

Source: saltation matrices, Bizzarri, Brambilla & Storti Gajani, J. Comput. Neurosci. 35 (2013)
201, doi:10.1007/s10827-013-0454-5.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from heavytail_snn.analysis.lyapunov.brian.saltation.terms import (
    ARRIVAL,
    RELEASE,
    SYNC,
    THRESHOLD,
    Events,
    HybridModel,
    Spikes,
    Terms,
    Wiring,
    saltation_terms,
)
from heavytail_snn.analysis.lyapunov.tangent.refusals import TangentialCrossingError
from heavytail_snn.core.compiled import compiled
from heavytail_snn.core.errors import ParameterError

_EVENTS_PER_CHUNK = 400_000
_EXACT_RESOLUTION = 1e-15  # s; spike times of event-based runs do not coincide


class SaltationReplay:
    """Carries tangent vectors along recorded spikes.

    Parameters
    ----------
    model : HybridModel
    spikes : Spikes
    wiring : Wiring
    dt : float, optional
        Time step of a clock-driven simulation, whose spikes sit on multiples of it; simultaneous
        events are then processed in the simulator's order.  None for event-exact spikes.

    Attributes
    ----------
    vectors : (n_neurons * n_variables + n_slots, m) array
        Tangent vectors: perturbations of the variables divided by ``model.scale``, then those of
        pending spike times in units of ``model.time_unit`` (zero where no spike is pending).
    speeds : list of arrays
        Speeds of the threshold crossings so far.
    """

    def __init__(
        self, model: HybridModel, spikes: Spikes, wiring: Wiring, *, dt: float | None = None
    ) -> None:
        self.model, self.spikes, self.wiring = model, spikes, wiring
        self.resolution = _EXACT_RESOLUTION if dt is None else dt / 2
        self.tie_window = 0.0 if dt is None else dt / 2
        n_units = int(max(model.n_neurons - 1, spikes.units.max(initial=0))) + 1
        if wiring.sources.size:
            n_units = max(n_units, int(wiring.sources.max()) + 1)
        self._offsets = wiring.offsets(n_units)
        self._delay_keys = self._keys(wiring.delays[wiring.order])
        self._hold_keys = np.zeros(n_units, dtype=np.int64)
        self._hold_keys[: model.n_neurons] = self._keys(model.hold)
        self._spike_keys = self._keys(spikes.times)
        self._life = self._longest_use(n_units)
        self._assign_slots()
        self.speeds: list[np.ndarray] = []
        self.vectors = np.zeros((self.n_rows, 0))

    @property
    def n_rows(self) -> int:
        """Number of rows of `vectors`."""
        return self.model.n_neurons * self.model.n_variables + self.n_slots

    def _keys(self, times: np.ndarray) -> np.ndarray:
        return np.round(np.asarray(times) / self.resolution).astype(np.int64)

    def _longest_use(self, n_units: int) -> np.ndarray:
        """Return for each unit how long the time of one of its spikes matters, in keys."""
        life = self._hold_keys.copy()
        sources = self.wiring.sources[self.wiring.order]
        np.maximum.at(life, sources, self._delay_keys)
        return life

    def _assign_slots(self) -> None:
        """Give every spike of a model neuron a row, reused when its last effect is over."""
        own = self.spikes.units < self.model.n_neurons
        rank = np.cumsum(own) - 1
        keys = self._spike_keys[own]
        self._death = self._spike_keys + self._life[self.spikes.units]
        longest = int(self._life[: self.model.n_neurons].max(initial=0))
        born_before = np.searchsorted(keys, keys - longest, side="left")
        alive = np.arange(keys.size) - born_before
        self.n_slots = int(alive.max(initial=0)) + 1
        first = self.model.n_neurons * self.model.n_variables
        self._row = np.where(own, first + rank % self.n_slots, -1)

    def flow(self, time: float) -> np.ndarray:
        """Return the flow vector at a synchronisation time just reached, as one column."""
        model = self.model
        i = np.arange(model.n_neurons)
        flow = model.field(self.states, i, np.full(i.size, time))
        flow = np.where(model.clamped & self.refractory[:, None], 0.0, flow) / model.scale
        column = np.zeros(self.n_rows)
        column[: flow.size] = np.where(model.used, flow, 0.0).ravel()
        column[self._row[self.pending(time)]] = -1.0 / model.time_unit
        return column[:, None]

    def pending(self, time: float) -> np.ndarray:
        """Return the numbers of the spikes whose time still matters after `time`."""
        key = self._keys(np.array(time))
        born = np.searchsorted(self._spike_keys, key, side="right")
        first = np.searchsorted(self._spike_keys, key - int(self._life.max(initial=0)) - 1)
        numbers = np.arange(int(first), int(born))
        return numbers[(self._death[numbers] > key) & (self._row[numbers] >= 0)]

    def run(self, times: np.ndarray, *, tangent: bool = True) -> Iterator[float]:
        """Advance through `times` (ascending, s), yielding each with all rows synchronised there.

        The caller may replace `vectors` at every yield.  A later call goes on from the last time;
        the first one starts at time 0, from the model's initial states.
        """
        keys = self._keys(times)
        last = getattr(self, "_last_key", None)
        if last is None:
            self.model.restart()
            last = -1
        for group in self._chunks(last, keys):
            events = self._events(last, group)
            path = self.model.path(events, self.spikes, self.tie_window)
            terms = saltation_terms(self.model, events, path) if tangent else None
            ends = self._ends(events, len(group))
            start = 0
            for key, end in zip(group, ends, strict=True):
                if terms is not None:
                    self._apply(events, terms, start, end)
                start = end
                n = self.model.n_neurons
                self.states = path.states[end - n : end]
                self.refractory = path.clamped[end - n : end]
                time = float(key) * self.resolution
                if terms is not None:
                    self._clear_expired(time)
                yield time
            if terms is not None:
                self.speeds.append(self._checked(terms.speeds, events))
            last = int(group[-1])
            self._last_key = last

    def _chunks(self, last: int, keys: np.ndarray) -> Iterator[np.ndarray]:
        per_spike = self.wiring.sources.size / max(1, self._offsets.size - 1) + 2
        total = self.spikes.times.size * per_spike + keys.size * self.model.n_neurons
        share = keys.size * _EVENTS_PER_CHUNK / max(total, 1.0)
        size = max(1, int(share))
        for start in range(0, keys.size, size):
            yield keys[start : start + size]

    def _ends(self, events: Events, n_times: int) -> np.ndarray:
        sync = np.flatnonzero(events.kind == SYNC)
        return sync[self.model.n_neurons - 1 :: self.model.n_neurons][:n_times] + 1

    def _events(self, last: int, sync_keys: np.ndarray) -> Events:
        """Return the events after key `last` up to the last of `sync_keys`."""
        stop = int(sync_keys[-1])
        low = np.searchsorted(self._spike_keys, last - int(self._life.max(initial=0)), side="left")
        high = np.searchsorted(self._spike_keys, stop, side="right")
        numbers = np.arange(low, high)
        units, born = self.spikes.units[numbers], self._spike_keys[numbers]
        own = units < self.model.n_neurons

        counts = self._offsets[units + 1] - self._offsets[units]
        spike = np.repeat(numbers, counts)
        position = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        position += np.repeat(self._offsets[units], counts)
        synapse = self.wiring.order[position]
        arrival = np.repeat(born, counts) + self._delay_keys[position]

        held = own & (self._hold_keys[units] > 0)
        n = self.model.n_neurons
        parts = [  # kind, neuron, spike, synapse, key
            (THRESHOLD, units[own], numbers[own], None, born[own]),
            (ARRIVAL, self.wiring.targets[synapse], spike, synapse, arrival),
            (RELEASE, units[held], numbers[held], None, (born + self._hold_keys[units])[held]),
            (SYNC, np.tile(np.arange(n), sync_keys.size), None, None, np.repeat(sync_keys, n)),
        ]
        return self._ordered(parts, last, stop)

    def _ordered(self, parts: list[tuple[Any, ...]], last: int, stop: int) -> Events:
        columns = []
        for kind, neuron, spike, synapse, key in parts:
            inside = (key > last) & (key <= stop)
            size = int(inside.sum())
            columns.append(
                (
                    np.full(size, kind, dtype=np.int8),
                    neuron[inside].astype(np.int64),
                    np.full(size, -1) if spike is None else spike[inside],
                    np.full(size, -1) if synapse is None else synapse[inside],
                    key[inside],
                )
            )
        kind, neuron, spike, synapse, key = (np.concatenate(c) for c in zip(*columns, strict=True))
        order = np.lexsort((kind, key))
        return Events(
            kind[order], neuron[order], spike[order], synapse[order], key[order] * self.resolution
        )

    def _apply(self, events: Events, terms: Terms, start: int, end: int) -> None:
        if self.vectors.shape[0] != self.n_rows:
            raise ParameterError(
                "vectors", self.vectors.shape, f"must have {self.n_rows} rows (see n_rows)"
            )
        row = np.append(self._row, -1)[events.spike]
        _replay(
            self.vectors,
            events.kind,
            events.neuron,
            row,
            terms.propagators,
            terms.shifts,
            terms.readouts,
            start,
            end,
        )

    def _clear_expired(self, time: float) -> None:
        first = self.model.n_neurons * self.model.n_variables
        keep = np.zeros(self.n_slots, dtype=bool)
        keep[self._row[self.pending(time)] - first] = True
        self.vectors[first:][~keep] = 0.0

    def _checked(self, speeds: np.ndarray, events: Events) -> np.ndarray:
        bad = np.flatnonzero(~(speeds > 0))
        if bad.size:
            when = events.times[events.kind == THRESHOLD][bad[0]]
            raise TangentialCrossingError(
                "spikes",
                f"{bad.size} crossings with speed <= 0, the first at {when:.6g} s",
                "must cross the threshold upwards",
                "check that times, states and order of events come from the same simulation; "
                "never combine interpolated spike times with reconstructed currents",
            )
        return speeds


@compiled
def _replay(vectors, kind, neuron, row, propagators, shifts, readouts, start, end):  # type: ignore[no-untyped-def]
    n, m = shifts.shape[1], vectors.shape[1]
    new = np.empty((n, m))
    for e in range(start, end):
        base, slot = neuron[e] * n, row[e]
        if kind[e] == 0:
            vectors[slot, :] = 0.0
            for a in range(n):
                weight = readouts[e, a]
                for c in range(m):
                    vectors[slot, c] += weight * vectors[base + a, c]
        for a in range(n):
            new[a, :] = 0.0
            for b in range(n):
                weight = propagators[e, a, b]
                if weight != 0.0:
                    for c in range(m):
                        new[a, c] += weight * vectors[base + b, c]
            weight = shifts[e, a]
            if slot >= 0 and weight != 0.0:
                for c in range(m):
                    new[a, c] += weight * vectors[slot, c]
        for a in range(n):
            for c in range(m):
                vectors[base + a, c] = new[a, c]
