"""NetworkModel: what a model must say so that any Brian2 backend can run it.

Structure (Brian2 objects) and values (numbers that go into them) are kept apart: two runs with the
same structure share one compiled program, whatever their weights, parameters, states or seeds.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from heavytail_snn.core.errors import ParameterError, check_integer
from heavytail_snn.core.randomness import Seed
from heavytail_snn.weights.coupling import Coupling

if TYPE_CHECKING:
    from brian2 import Clock, NeuronGroup, Synapses

    from heavytail_snn.brian.connectivity import Connectivity

Values = dict[str, float | NDArray[Any]]


class NetworkModel(ABC):
    """Base of the models that run through Brian2.

    A subclass is a frozen dataclass with the fields `weights` (a Coupling or ``W[target, source]``)
    and `n_neurons` (needed with a Coupling).
    """

    watched: ClassVar[str]
    """Dimensionless expression that must stay finite in every neuron at every step."""
    weights: Any
    n_neurons: int | None

    @property
    def size(self) -> int:
        """Number of neurons."""
        if isinstance(self.weights, Coupling):
            return check_integer(
                "n_neurons",
                self.n_neurons,
                low=1,
                high=2**31 - 1,
                remedy="a Coupling needs n_neurons=...",
            )
        shape = self.weights.shape if sparse.issparse(self.weights) else np.shape(self.weights)
        if len(shape) != 2 or shape[0] != shape[1] or shape[0] == 0:
            raise ParameterError(
                "weights", self.weights, "must be a Coupling or a square matrix W[target, source]"
            )
        if self.n_neurons not in (None, shape[0]):
            raise ParameterError(
                "n_neurons", self.n_neurons, f"must equal the matrix's size {shape[0]}", "omit it"
            )
        return int(shape[0])

    def sample_weights(self, seed: Seed = None) -> Any:
        """Return W[target, source]: the matrix given, or a sample of the Coupling."""
        if isinstance(self.weights, Coupling):
            return self.weights.sample(self.size, seed)
        return self.weights

    @property
    @abstractmethod
    def variables(self) -> Mapping[str, str]:
        """Recordable variables of the neurons and their SI units ("" for none)."""

    @property
    @abstractmethod
    def default_dt(self) -> float:
        """Time step in seconds where the user names none."""

    @abstractmethod
    def structure(self) -> tuple[Any, ...]:
        """Return what decides the generated code, apart from sizes: options, not numbers."""

    @abstractmethod
    def brian_objects(self, clock: "Clock") -> "tuple[NeuronGroup, Synapses]":
        """Return neurons and unconnected synapses, without values."""

    @abstractmethod
    def values(self, connectivity: "Connectivity", dt: float, seed: Seed) -> Values:
        """Return the numbers of one run in base SI units, by "object.variable"."""

    @property
    def noise_seed(self) -> int | None:
        """Seed of frozen noise; None where each run draws its own from the run's seed."""
        return None
