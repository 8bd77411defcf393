"""Couplings: wiring x weight law x gain x sign -> weight matrix W[target, source].

The matrix is drawn in numpy from a seed, never by a simulator, so that every backend, every rate
network and every theory can use the very same weights.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from heavytail_snn.core.dimensions import unit_of
from heavytail_snn.core.errors import (
    MemoryLimitError,
    ParameterError,
    UnitError,
    check_choice,
    check_integer,
    check_memory_limit,
    check_real,
)
from heavytail_snn.core.randomness import Seed, stream
from heavytail_snn.core.showing import Shown
from heavytail_snn.weights.laws import Law, Mixture
from heavytail_snn.weights.wiring import AllToAll, FixedInDegree, FixedProbability, Wiring

Floats = NDArray[np.float64]
Weights = Floats | sparse.csr_array

_BYTES_PER_SYNAPSE = {"dense": 8, "sparse": 12}  # float64; float64 and an int32 index
_WORKING_COPIES = 2  # the result and the largest temporary beside it


@dataclass(frozen=True)
class Dale(Shown):
    """Dale's law: the first neurons excite with |w|, the others inhibit with -g |w|.

    Parameters
    ----------
    excitatory : float in [0, 1]
        Fraction of excitatory neurons; they have the lowest indices.
    g : float >= 0
        Ratio of inhibitory to excitatory strength.
    """

    excitatory: float = 0.8
    g: float = 5.0

    def __post_init__(self) -> None:
        check_real("excitatory", self.excitatory, low=0, high=1)
        check_real("g", self.g, low=0)

    def factors(self, n_neurons: int) -> Floats:
        """Return the factor of |w| for each source neuron."""
        n_excitatory = round(self.excitatory * n_neurons)
        return np.where(np.arange(n_neurons) < n_excitatory, 1.0, -self.g)


@dataclass(frozen=True)
class Inhibitory(Shown):
    """All synapses inhibit: the weight is -|w|."""

    def factors(self, n_neurons: int) -> Floats:
        """Return the factor of |w| for each source neuron."""
        return np.full(n_neurons, -1.0)


@dataclass(frozen=True)
class Coupling(Shown):
    """A recipe for weight matrices.

    Parameters
    ----------
    law : Law
        Distribution of one weight at unit scale.
    wiring : AllToAll, FixedProbability or FixedInDegree
    gain : float >= 0, or Quantity
        Strength g.  A Brian2 quantity, such as ``0.5*mV``, gives weights with that unit: `sample`
        returns them in the SI unit that `unit` names.
    sign : Dale, Inhibitory or None
        None keeps the signs of the law.
    autapses : bool
        Whether a neuron may connect to itself.
    normalisation : str
        With n = N for `AllToAll` and the (mean) in-degree otherwise, the law's samples are
        multiplied by

        * "auto": g / n^(1/a), a = min(tail exponent of the law, 2); so g / n^(1/alpha) for stable
          laws and g / sqrt(n) for finite variance,
        * "sqrt": g / sqrt(n),
        * "balanced": g / (sqrt(n) E|w|), which fixes the mean strength,
        * "none": g.

        Each law of a `Mixture` follows the rule with its own exponent.
    unit : str
        SI unit of gain and weights: "" for plain numbers, or "V", "A", "S"; a quantity sets it.

    Examples
    --------
    >>> from heavytail_snn.weights.laws import LevyStable
    >>> coupling = Coupling(LevyStable(1.5), FixedInDegree(100), gain=1.2, autapses=False)
    >>> weights = coupling.sample(1000, seed=1)
    >>> weights.shape, weights.nnz
    ((1000, 1000), 100000)
    """

    law: Law
    wiring: Wiring
    gain: Any = 1.0
    sign: Dale | Inhibitory | None = None
    autapses: bool = True
    normalisation: Literal["auto", "sqrt", "balanced", "none"] = "auto"
    unit: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.law, Law):
            raise ParameterError("law", self.law, "must be a weight law", "use LevyStable(1.5)")
        if not isinstance(self.wiring, AllToAll | FixedProbability | FixedInDegree):
            raise ParameterError(
                "wiring", self.wiring, "must be a wiring", "use FixedInDegree(100) or AllToAll()"
            )
        if not isinstance(self.sign, Dale | Inhibitory | None):
            raise ParameterError(
                "sign", self.sign, "must be a sign rule or None", "use Dale() or Inhibitory()"
            )
        self._read_gain()
        if not isinstance(self.autapses, bool | np.bool):
            raise ParameterError("autapses", self.autapses, "must be True or False")
        check_choice("normalisation", self.normalisation, ("auto", "sqrt", "balanced", "none"))

    def _read_gain(self) -> None:
        """Keep the gain as a number in SI units, and its unit beside it."""
        check_choice("unit", self.unit, ("", "V", "A", "S"))
        unit = unit_of("gain", self.gain) or self.unit
        if self.unit not in ("", unit):
            raise UnitError("gain", self.gain, f"must be in {self.unit}, as unit says")
        check_choice("unit", unit, ("", "V", "A", "S"))
        gain = np.asarray(self.gain)[()] if hasattr(self.gain, "dim") else self.gain
        check_real("gain", gain, low=0, remedy="for inhibition use sign=Inhibitory()")
        object.__setattr__(self, "gain", gain if unit == self.unit else float(gain))
        object.__setattr__(self, "unit", unit)

    def in_degree(self, n_neurons: int) -> float:
        """Return the n of the normalisation: N (dense), k, or the mean in-degree."""
        return self.wiring.in_degree(n_neurons, self.autapses)

    def scale(self, n_neurons: int, law: Law | None = None) -> float:
        """Return the factor between a sample of the law and a weight (before signs)."""
        law, n = law or self.law, self.in_degree(n_neurons)
        if self.normalisation == "auto":
            return law.scale(n, self.gain)
        if self.normalisation == "none":
            return self.gain
        scale = self.gain / np.sqrt(n)
        if self.normalisation == "sqrt":
            return float(scale)
        if not np.isfinite(law.absolute_mean) or law.absolute_mean == 0:
            raise ParameterError(
                "normalisation",
                "balanced",
                f"needs a law with finite mean |w| > 0, and {law} has {law.absolute_mean}",
                "use normalisation='auto'",
            )
        return float(scale / law.absolute_mean)

    def estimated_bytes(self, n_neurons: int) -> float:
        """Return the peak memory that `sample` needs, in bytes."""
        kind = "dense" if isinstance(self.wiring, AllToAll) else "sparse"
        synapses = self.wiring.n_synapses(n_neurons, self.autapses)
        return synapses * _BYTES_PER_SYNAPSE[kind] * _WORKING_COPIES

    def sample(
        self, n_neurons: int, seed: Seed = None, *, max_memory: float = 8e9
    ) -> Floats | sparse.csr_array:
        """Draw a weight matrix.

        Parameters
        ----------
        n_neurons : int
        seed : int, SeedSequence, Generator or None
            Wiring, weights and the laws of a mixture use separate streams: changing the law
            keeps the wiring.
        max_memory : float
            Limit in bytes; a larger estimate raises before anything is drawn.

        Returns
        -------
        (n, n) ndarray for AllToAll, else (n, n) csr_array with sorted indices
            ``W[target, source]``, plain numbers in the SI unit that `unit` names.

        Raises
        ------
        ParameterError, MemoryLimitError
        """
        n_neurons = check_integer("n_neurons", n_neurons, low=1, high=2**31 - 1)
        max_memory = check_memory_limit(max_memory)
        if not self.autapses:
            check_integer("n_neurons", n_neurons, low=2, remedy="one neuron has only an autapse")
        need = self.estimated_bytes(n_neurons)
        if need > max_memory:
            raise MemoryLimitError(
                f"this coupling needs about {need / 1e9:.3g} GB, above max_memory = "
                f"{max_memory / 1e9:.3g} GB; use fewer synapses or raise max_memory"
            )
        # one parent for all streams, also where the seed is None or a Generator
        parent = np.random.SeedSequence(stream(seed, "coupling").integers(2**32, size=4).tolist())
        if isinstance(self.wiring, AllToAll):
            return self._dense(n_neurons, parent)
        return self._sparse(n_neurons, parent)

    def _dense(self, n: int, seed: np.random.SeedSequence) -> Floats:
        weights = self._values(n, n * n, seed, sources=None, starts=None).reshape(n, n)
        if self.sign is not None:
            np.abs(weights, out=weights)
            weights *= self.sign.factors(n)
        if not self.autapses:
            np.fill_diagonal(weights, 0.0)
        return weights

    def _sparse(self, n: int, seed: np.random.SeedSequence) -> sparse.csr_array:
        assert not isinstance(self.wiring, AllToAll)
        starts, sources = self.wiring.rows(n, self.autapses, stream(seed, "wiring"))
        values = self._values(n, sources.size, seed, sources=sources, starts=starts)
        if self.sign is not None:
            np.abs(values, out=values)
            values *= self.sign.factors(n)[sources]
        index_type = np.int32 if sources.size < 2**31 else np.int64
        weights = sparse.csr_array((values, sources, starts.astype(index_type)), shape=(n, n))
        weights.has_sorted_indices = True
        weights.has_canonical_format = True
        return weights

    def _values(
        self,
        n: int,
        size: int,
        seed: np.random.SeedSequence,
        *,
        sources: NDArray[np.int32] | None,
        starts: NDArray[np.int64] | None,
    ) -> Floats:
        """Draw scaled weights in the order of the (sparse or dense) matrix entries."""
        if not isinstance(self.law, Mixture):
            values = self.law.sample(size, stream(seed, "weights"))
            values *= self.scale(n)
            return values
        generator = stream(seed, "laws")
        if self.law.by == "synapse":
            component = self.law.assign(size, generator)
        else:
            of_cell = self.law.assign(n, generator)
            if self.law.by == "source":
                component = np.tile(of_cell, n) if sources is None else of_cell[sources]
            else:
                degree = n if starts is None else np.diff(starts)
                component = np.repeat(of_cell, degree)
        values = np.empty(size)
        for index, law in enumerate(self.law.components):
            chosen = component == index
            drawn = law.sample(int(chosen.sum()), stream(seed, f"weights of law {index}"))
            values[chosen] = drawn * self.scale(n, law)
        return values
