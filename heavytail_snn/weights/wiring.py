"""Wirings: who is connected to whom, as sorted rows of sources per target."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from heavytail_snn.core.compiled import compiled
from heavytail_snn.core.errors import ParameterError, check_integer, check_real
from heavytail_snn.core.showing import Shown

Integers = NDArray[np.int32]
Rows = tuple[NDArray[np.int64], Integers]


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    return cast(Callable[..., Any], compiled(function, nogil=True))


@dataclass(frozen=True)
class AllToAll(Shown):
    """Every neuron receives from every neuron."""

    def in_degree(self, n_neurons: int, autapses: bool) -> float:
        """Return the n of the normalisation: N, with or without autapses."""
        return float(n_neurons)

    def n_synapses(self, n_neurons: int, autapses: bool) -> float:
        """Return the number of matrix entries."""
        return float(n_neurons) ** 2


@dataclass(frozen=True)
class FixedProbability(Shown):
    """Erdos-Renyi wiring: each possible synapse exists with probability `p`, independently."""

    p: float

    def __post_init__(self) -> None:
        check_real("p", self.p, low=0, high=1, open_low=True)

    def in_degree(self, n_neurons: int, autapses: bool) -> float:
        """Return the mean in-degree."""
        return self.p * (n_neurons if autapses else n_neurons - 1)

    def n_synapses(self, n_neurons: int, autapses: bool) -> float:
        """Return the expected number of synapses."""
        return self.in_degree(n_neurons, autapses) * n_neurons

    def rows(self, n_neurons: int, autapses: bool, generator: np.random.Generator) -> Rows:
        """Draw (row starts, sorted sources of each target)."""
        columns = n_neurons if autapses else n_neurons - 1
        expected = self.p * columns * n_neurons
        capacity = int(min(columns * n_neurons, expected + 8 * math.sqrt(expected) + 16))
        starts, sources = _bernoulli_rows(n_neurons, columns, self.p, capacity, generator)
        return starts, _skip_diagonal(starts, sources, autapses)


@dataclass(frozen=True)
class FixedInDegree(Shown):
    """Each neuron receives exactly `k` synapses from distinct random sources."""

    k: int

    def __post_init__(self) -> None:
        check_integer("k", self.k, low=1, high=2**31 - 1)

    def in_degree(self, n_neurons: int, autapses: bool) -> float:
        """Return k, after checking that there are enough sources."""
        available = n_neurons if autapses else n_neurons - 1
        if self.k > available:
            raise ParameterError(
                "k",
                self.k,
                f"must not exceed the {available} possible sources of a neuron",
                "use fewer synapses per neuron or a larger network",
            )
        return float(self.k)

    def n_synapses(self, n_neurons: int, autapses: bool) -> float:
        """Return k N."""
        return self.in_degree(n_neurons, autapses) * n_neurons

    def rows(self, n_neurons: int, autapses: bool, generator: np.random.Generator) -> Rows:
        """Draw (row starts, sorted sources of each target)."""
        columns = n_neurons if autapses else n_neurons - 1
        self.in_degree(n_neurons, autapses)
        starts = np.arange(n_neurons + 1, dtype=np.int64) * self.k
        sources = _fixed_rows(n_neurons, columns, self.k, generator)
        return starts, _skip_diagonal(starts, sources, autapses)


Wiring = AllToAll | FixedProbability | FixedInDegree


@_compiled
def _bernoulli_rows(
    n_rows: int, columns: int, p: float, capacity: int, generator: np.random.Generator
) -> Rows:
    """Jump from synapse to synapse by geometric gaps (Batagelj & Brandes 2005)."""
    starts = np.zeros(n_rows + 1, dtype=np.int64)
    sources = np.empty(capacity, dtype=np.int32)
    count = 0
    row, column = 0, -1
    log_absent = math.log1p(-p) if p < 1 else -math.inf
    while True:
        gap = 1 if p == 1 else 1 + math.floor(math.log1p(-generator.random()) / log_absent)
        # a gap beyond the whole matrix ends it; compare as floats, since it may exceed int64
        if gap > float(columns) * (n_rows - row):
            break
        column += int(gap)
        row += column // columns
        column %= columns
        if row >= n_rows:
            break
        if count == sources.size:
            grown = np.empty(2 * sources.size + 16, dtype=np.int32)
            grown[:count] = sources[:count]
            sources = grown
        sources[count] = column
        count += 1
        starts[row + 1] += 1
    return np.cumsum(starts), sources[:count]


@_compiled
def _fixed_rows(n_rows: int, columns: int, k: int, generator: np.random.Generator) -> Integers:
    """Draw k distinct columns per row: Floyd's algorithm on the smaller of set and complement."""
    sources = np.empty(n_rows * k, dtype=np.int32)
    marked_in = np.full(columns, -1, dtype=np.int32)  # the last row that chose this column
    complement = 2 * k > columns
    draws = columns - k if complement else k
    chosen = np.empty(draws, dtype=np.int32)
    for row in range(n_rows):
        for step in range(draws):
            last = columns - draws + step
            candidate = int(generator.random() * (last + 1))
            if marked_in[candidate] == row:
                candidate = last
            marked_in[candidate] = row
            chosen[step] = candidate
        out = sources[row * k : (row + 1) * k]
        if complement or k * 8 > columns:
            position = 0
            for column in range(columns):
                if (marked_in[column] == row) != complement:
                    out[position] = column
                    position += 1
        else:
            out[:] = np.sort(chosen)
    return sources


@_compiled
def _skip_diagonal(starts: NDArray[np.int64], sources: Integers, autapses: bool) -> Integers:
    """Map columns 0..N-2 to the N-1 other neurons, in place."""
    if not autapses:
        for row in range(starts.size - 1):
            for index in range(starts[row], starts[row + 1]):
                if sources[index] >= row:
                    sources[index] += 1
    return sources
