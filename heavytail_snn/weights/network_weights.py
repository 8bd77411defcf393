"""The weights of a network: a matrix, or a Coupling that is drawn when the network is simulated."""

from typing import Any

import numpy as np
from scipy import sparse

from heavytail_snn.core.arrays import check_no_unit
from heavytail_snn.core.errors import ParameterError, UnitError, check_integer
from heavytail_snn.core.randomness import Seed
from heavytail_snn.weights.coupling import Coupling

_REMEDY_UNIT = (
    "LIFNetwork takes a gain or an array in volts, the other networks plain numbers; connect puts "
    "weights with a unit onto your own Synapses"
)


def number_of_neurons(weights: Any, n_neurons: int | None) -> int:
    """Return the size of a network from its weights and `n_neurons`, after checks.

    Parameters
    ----------
    weights : Coupling or (n, n) matrix of any kind, row = target
    n_neurons : int or None
        Needed with a Coupling; with a matrix None or its size.

    Raises
    ------
    ParameterError
        If `n_neurons` is missing, contradicts the matrix or is too small for the wiring, or the
        matrix is not square.
    UnitError
        If a Coupling or a matrix has a unit.
    """
    if isinstance(weights, Coupling):
        size = check_integer(
            "n_neurons",
            n_neurons,
            low=1,
            high=2**31 - 1,
            remedy="a Coupling needs n_neurons=..." if n_neurons is None else "",
        )
        weights.in_degree(size)
        if weights.unit:
            raise UnitError(
                "gain",
                weights.gain,
                f"must be a plain number for this network, got one in {weights.unit}",
                _REMEDY_UNIT,
            )
        return size
    check_no_unit("weights", weights, remedy=_REMEDY_UNIT)
    shape = weights.shape if hasattr(weights, "shape") else np.shape(weights)
    if len(shape) != 2 or shape[0] != shape[1] or shape[0] == 0:
        raise ParameterError(
            "weights", weights, "must be a Coupling or a square matrix W[target, source]"
        )
    return check_size(int(shape[0]), n_neurons)


def check_size(size: int, n_neurons: int | None) -> int:
    """Return the size of a matrix, or raise if `n_neurons` says otherwise."""
    if n_neurons not in (None, size):
        raise ParameterError(
            "n_neurons",
            n_neurons,
            f"must equal the matrix's size {size}",
            "omit it, or give a matrix of that size",
        )
    return size


def sample_weights(weights: Any, n_neurons: int | None, seed: Seed = None) -> Any:
    """Return W[target, source]: the matrix given, or ``Coupling.sample(n_neurons, seed)``."""
    size = number_of_neurons(weights, n_neurons)
    return weights.sample(size, seed) if isinstance(weights, Coupling) else weights


def dense_weights(weights: Any, n_neurons: int | None, seed: Seed = None) -> Any:
    """Return `sample_weights`, a sparse matrix as a dense one."""
    matrix = sample_weights(weights, n_neurons, seed)
    return matrix.toarray() if sparse.issparse(matrix) else matrix


def not_drawn(coupling: Coupling | None) -> ParameterError:
    """Return the refusal of what needs the matrix before it is drawn."""
    return ParameterError(
        "weights",
        coupling,
        "are drawn when the network is simulated, from its seed",
        "use drawn(seed)[0], the network with its matrix",
    )
