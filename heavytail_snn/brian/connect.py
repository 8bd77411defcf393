"""Put a weight matrix onto Brian2 Synapses: sorted by source, memory estimated before building.

`Connectivity` is the bare arrays, the same for every backend; `connect` is for your own scripts.
"""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from heavytail_snn.core.errors import MemoryLimitError, ParameterError, check_integer, check_real
from heavytail_snn.core.randomness import Seed
from heavytail_snn.weights.coupling import Coupling

if TYPE_CHECKING:
    from brian2 import Synapses

# Peak bytes a synapse: weight matrix, sorted arrays with their temporaries, Brian2's own arrays.
_BYTES_PER_SYNAPSE = 80
_BYTES_PER_NEURON = 400


@dataclass(frozen=True, eq=False)
class Connectivity:
    """Synapses as three arrays, sorted by source and then by target.

    Parameters
    ----------
    sources, targets : (n_synapses,) int32 ndarray
    weights : (n_synapses,) float64 ndarray
    n_sources, n_targets : int
    """

    sources: NDArray[np.int32]
    targets: NDArray[np.int32]
    weights: NDArray[np.float64]
    n_sources: int
    n_targets: int

    @property
    def n_synapses(self) -> int:
        """Number of synapses."""
        return self.weights.size

    @classmethod
    def from_matrix(cls, weights: Any) -> "Connectivity":
        """Return the synapses of a weight matrix ``W[target, source]``.

        Parameters
        ----------
        weights : (n_targets, n_sources) ndarray or scipy.sparse array
            A dense entry of exactly 0 is no synapse; a stored sparse entry always is one.

        Raises
        ------
        ParameterError
            If the matrix is not two-dimensional, real and finite, or has no synapse.
        """
        matrix = weights if sparse.issparse(weights) else np.asarray(weights)
        if matrix.ndim != 2 or matrix.dtype.kind not in "fiu":
            raise ParameterError("weights", weights, "must be a real matrix W[target, source]")
        values = matrix.data if sparse.issparse(matrix) else matrix
        if not np.isfinite(values).all():
            raise ParameterError("weights", weights, "must be finite", "check the law's exponent")
        if sparse.issparse(matrix):
            columns = sparse.csc_array(matrix)
            columns.sort_indices()
            sources = np.repeat(
                np.arange(columns.shape[1], dtype=np.int32), np.diff(columns.indptr)
            )
            targets, values = columns.indices, columns.data
        else:
            by_source = np.ascontiguousarray(matrix.T)
            sources, targets = (index.astype(np.int32) for index in np.nonzero(by_source))
            values = by_source[by_source != 0]
        if values.size == 0:
            raise ParameterError("weights", weights, "must hold at least one synapse")
        return cls(
            sources,
            targets.astype(np.int32, copy=False),
            values.astype(np.float64, copy=False),
            int(matrix.shape[1]),
            int(matrix.shape[0]),
        )


def estimate_memory(n_synapses: float, n_neurons: int = 0) -> float:
    """Return the peak memory in bytes that a network takes from sampling to the end of the build.

    Parameters
    ----------
    n_synapses : float
    n_neurons : int

    Notes
    -----
    Measured with arrays of sources, targets and weights in the runtime and the standalone
    backends; what monitors record comes on top.
    """
    return _BYTES_PER_SYNAPSE * float(n_synapses) + _BYTES_PER_NEURON * n_neurons


def check_memory(n_synapses: float, n_neurons: int, max_memory: float | None = None) -> None:
    """Raise MemoryLimitError, with numbers, if a network is estimated above `max_memory` bytes.

    The default is nine tenths of the machine's memory.
    """
    limit = _default_limit() if max_memory is None else check_real("max_memory", max_memory, low=0)
    need = estimate_memory(n_synapses, n_neurons)
    if need > limit:
        raise MemoryLimitError(
            f"{n_synapses:.3g} synapses between {n_neurons} neurons need about {need / 1e9:.3g} GB,"
            f" above max_memory = {limit / 1e9:.3g} GB; nothing was built; use fewer synapses "
            "(FixedInDegree), or raise max_memory"
        )


def count_synapses(weights: Any, n_neurons: int) -> float:
    """Return the (expected) number of synapses of a Coupling or a matrix, before sampling."""
    if isinstance(weights, Coupling):
        return weights.wiring.n_synapses(n_neurons, weights.autapses)
    return float(weights.nnz if sparse.issparse(weights) else np.size(weights))


def connect(
    synapses: "Synapses",
    weights: Any,
    *,
    seed: Seed = None,
    weight: str = "w",
    max_memory: float | None = None,
) -> Connectivity:
    """Connect Brian2 Synapses by a Coupling or a weight matrix and set their weights.

    Parameters
    ----------
    synapses : brian2.Synapses
        Not connected yet.  A scalar ``delay=`` given to its constructor stays a scalar.
    weights : Coupling, (n_targets, n_sources) ndarray or sparse array
        ``W[target, source]``.  A Coupling is sampled for ``len(synapses.source)`` neurons.
    seed : int, SeedSequence, Generator or None
        Of the Coupling: ``Coupling.sample(n, seed)`` returns the same weights.
    weight : str
        The synaptic variable that receives the numbers, in its base SI unit.
    max_memory : float, optional
        Limit in bytes; default nine tenths of the machine's memory.

    Returns
    -------
    Connectivity
        What was connected, sorted by source: neighbours in memory are delivered together.

    Raises
    ------
    MemoryLimitError
        Before anything is sampled or built.
    ParameterError
        If sizes do not fit, or there is no such variable.
    """
    n_sources, n_targets = len(synapses.source), len(synapses.target)
    if weight not in synapses.variables:
        known = sorted(set(synapses.equations.names))
        raise ParameterError(
            "weight", weight, f"must be a variable of the synapses, one of {known}"
        )
    check_memory(count_synapses(weights, n_sources), max(n_sources, n_targets), max_memory)
    if isinstance(weights, Coupling):
        if n_sources != n_targets:
            raise ParameterError(
                "weights",
                weights,
                f"needs equal groups, got {n_sources} sources and {n_targets} targets",
                "pass a matrix W[target, source]",
            )
        weights = weights.sample(n_sources, seed)
    connectivity = Connectivity.from_matrix(weights)
    if (connectivity.n_targets, connectivity.n_sources) != (n_targets, n_sources):
        raise ParameterError(
            "weights",
            (connectivity.n_targets, connectivity.n_sources),
            f"must have the shape (targets, sources) = ({n_targets}, {n_sources})",
            "transpose it if its rows are sources",
        )
    check_integer("number of synapses", connectivity.n_synapses, low=1, high=2**31 - 1)
    synapses.connect(i=connectivity.sources, j=connectivity.targets)
    setattr(synapses, f"{weight}_", connectivity.weights)
    return connectivity


def _default_limit() -> float:
    return 0.9 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
