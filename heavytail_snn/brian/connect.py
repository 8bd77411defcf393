"""connect: put a weight matrix or a Coupling onto your own Brian2 Synapses."""

from typing import TYPE_CHECKING, Any

from heavytail_snn.brian.connectivity import Connectivity, check_memory, count_synapses
from heavytail_snn.core.errors import ParameterError, check_integer
from heavytail_snn.core.randomness import Seed
from heavytail_snn.weights.coupling import Coupling

if TYPE_CHECKING:
    from brian2 import Synapses


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
        Limit in bytes; default nine tenths of what this process may use.

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
    check_integer("number of synapses", connectivity.n_synapses, low=0, high=2**31 - 1)
    connectivity.connect(synapses)
    setattr(synapses, f"{weight}_", connectivity.weights)
    return connectivity
