"""Synapses as bare arrays, the same for every backend, and the memory that they will take."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from heavytail_snn.core.errors import MemoryLimitError, ParameterError, check_memory_limit
from heavytail_snn.core.memory import memory_limit
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

    def connect(self, synapses: "Synapses") -> None:
        """Create these synapses in Brian2 Synapses that are not connected yet."""
        if self.n_synapses:
            synapses.connect(i=self.sources, j=self.targets)
        else:  # Brian2 takes no empty arrays
            synapses.connect(condition="False")

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
            If the matrix is not two-dimensional, real and finite.
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

    The default is nine tenths of what this process may use.
    """
    limit = check_memory_limit(0.9 * memory_limit() if max_memory is None else max_memory)
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
