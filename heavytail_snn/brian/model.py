"""NetworkModel: what a model must say so that any Brian2 backend can run it.

Structure (Brian2 objects) and values (numbers that go into them) are kept apart: two runs with the
same structure share one compiled program, whatever their weights, parameters, states or seeds.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from numpy.typing import NDArray

from heavytail_snn.core.randomness import Seed
from heavytail_snn.core.showing import Shown
from heavytail_snn.weights.network_weights import number_of_neurons, sample_weights

if TYPE_CHECKING:
    from brian2 import Clock, NeuronGroup, Synapses

    from heavytail_snn.brian.connectivity import Connectivity

Values = dict[str, float | NDArray[Any]]


STEPS = "finite_steps"
"""Variable in which the library counts, for each neuron, the steps up to which it was finite."""


class NetworkModel(Shown, ABC):
    """Base of the models that run through Brian2, and of yours where equations are not enough.

    A model that equations, threshold, reset and the effect of a spike describe is written faster
    as a `heavytail_snn.models.SpikingNetwork`.  This class serves the others, such as
    `BinaryNetwork` with its updates in each step.

    A subclass is a frozen dataclass with the fields `weights` (a Coupling or ``W[target, source]``)
    and `n_neurons` (needed with a Coupling).  It defines `brian_objects`, `values`, `structure` and
    `variables`; `default_dt`, `noise_seed` and `watched` have defaults.  All names in its strings
    are variables, units or functions: no external name reaches a program, so that runs with other
    numbers share it.
    """

    watched: ClassVar[str | None] = None
    """Dimensionless expression that must stay finite in every neuron at every step: no condition.

    None: each variable of the neurons' differential equations.
    """
    weights: Any
    n_neurons: int | None

    @property
    def size(self) -> int:
        """Number of neurons."""
        return number_of_neurons(self.weights, self.n_neurons)

    def sample_weights(self, seed: Seed = None) -> Any:
        """Return W[target, source]: the matrix given, or a sample of the Coupling."""
        return sample_weights(self.weights, self.n_neurons, seed)

    @property
    @abstractmethod
    def variables(self) -> Mapping[str, str]:
        """Recordable variables of the neurons and their SI units ("" for none)."""

    @property
    def default_dt(self) -> float:
        """Time step in seconds where the user names none: 0.1 ms."""
        return 1e-4

    @abstractmethod
    def structure(self) -> tuple[Any, ...]:
        """Return what decides the generated code, apart from sizes: options, not numbers.

        First a name, then for example the text of the equations.  Models of equal structure share
        one compiled program.
        """

    @abstractmethod
    def brian_objects(self, clock: "Clock") -> "tuple[NeuronGroup, Synapses]":
        """Return neurons and unconnected synapses, without values.

        They are named "neurons" and "synapses" and run on `clock`.  ``delay=0*ms`` makes the delay
        one number for all synapses, which `values` sets as "synapses.delay".
        """

    @abstractmethod
    def values(self, connectivity: "Connectivity", dt: float, seed: Seed) -> Values:
        """Return the numbers of one run in base SI units, by "object.variable".

        Parameters
        ----------
        connectivity : Connectivity
            The synapses; ``connectivity.weights`` are their numbers in Brian2's order.
        dt : float
            In seconds.
        seed : Seed
            Draw initial states from ``core.randomness.stream(seed, "initial state")``.

        Returns
        -------
        dict of float or array
            The same names in every run of a structure.
        """

    @property
    def noise_seed(self) -> int | None:
        """Seed of frozen noise; None where each run draws its own from the run's seed."""
        return None
