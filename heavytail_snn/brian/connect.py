"""connect: put a weight matrix or a Coupling onto your own Brian2 Synapses."""

from typing import TYPE_CHECKING, Any

from brian2.units.fundamentalunits import DIMENSIONLESS

from heavytail_snn.brian.connectivity import Connectivity, check_memory, count_synapses
from heavytail_snn.brian.device import exclusive
from heavytail_snn.core.dimensions import unit_of
from heavytail_snn.core.errors import ParameterError, UnitError, check_integer
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
    unit: Any = None,
    max_memory: float | None = None,
) -> Connectivity:
    """Connect Brian2 Synapses by a Coupling or a weight matrix and set their weights.

    Parameters
    ----------
    synapses : brian2.Synapses
        Not connected yet.  A scalar ``delay=`` given to its constructor stays a scalar.
    weights : Coupling, (n_targets, n_sources) ndarray, Quantity or sparse array
        ``W[target, source]``.  A Coupling is sampled for ``len(synapses.source)`` neurons.  For a
        variable in volts it has a gain in volts (``gain=0.5*mV``), and a matrix is a Quantity or
        comes with `unit`: a bare number is refused, since 0.5 may mean V or mV.
    seed : int, SeedSequence, Generator or None
        Of the Coupling: ``Coupling.sample(n, seed)`` returns the same weights.
    weight : str
        The synaptic variable that receives the weights.
    unit : Quantity, optional
        Of the numbers in a matrix without units, such as a sparse one: ``unit=mV``.
    max_memory : float, optional
        Limit in bytes; default nine tenths of what this process may use.

    Returns
    -------
    Connectivity
        What was connected, sorted by source: neighbours in memory are delivered together.

    Raises
    ------
    UnitError
        If the weights have another unit than the variable; before anything is built.
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
    _check_unit(synapses, weights, weight, unit)
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
    elif unit is not None:
        weights = weights * float(unit)
    connectivity = Connectivity.from_matrix(weights)
    if (connectivity.n_targets, connectivity.n_sources) != (n_targets, n_sources):
        raise ParameterError(
            "weights",
            (connectivity.n_targets, connectivity.n_sources),
            f"must have the shape (targets, sources) = ({n_targets}, {n_sources})",
            "transpose it if its rows are sources",
        )
    check_integer("number of synapses", connectivity.n_synapses, low=0, high=2**31 - 1)
    with exclusive():
        connectivity.connect(synapses)
        setattr(synapses, f"{weight}_", connectivity.weights)
    return connectivity


def _check_unit(synapses: "Synapses", weights: Any, name: str, unit: Any) -> None:
    """Refuse weights whose unit is not that of the variable which receives them."""
    due = synapses.variables[name].unit
    if due.dim.is_dimensionless:
        rule, remedies = "must have no unit", ("write gain=0.5", "divide by the unit")
    else:
        rule = f"must have the unit of {name}, {due}"
        remedies = (f"write gain=0.5*m{due}", f"multiply by the unit, or pass unit=m{due}")
    if isinstance(weights, Coupling):
        if weights.unit != unit_of(name, due):
            raise UnitError("gain", weights.gain, rule, remedies[0])
    elif getattr(weights if unit is None else unit, "dim", DIMENSIONLESS) is not due.dim:
        raise UnitError("weights", type(weights).__name__, rule, remedies[1])
