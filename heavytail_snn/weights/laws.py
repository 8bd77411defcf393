"""Weight laws: the distribution of one synaptic weight, before gain and wiring.

A law samples, states its moments (infinite where they are infinite), its tail exponent, its pdf and
cdf, the scale that keeps a sum of n weights of order one, and its Brian2 expression.

**LevyStable has characteristic function exp(-|k|^alpha) at unit scale, so alpha = 2 is a Gaussian
of variance 2, not 1.**  Use `Gaussian()` for unit variance.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, cast, override

import numpy as np
from numpy.typing import ArrayLike, NDArray

from heavytail_snn.core.arrays import real_array
from heavytail_snn.core.errors import ParameterError, check_choice, check_real
from heavytail_snn.weights.common_laws import (
    Constant,
    Exponential,
    Gaussian,
    LogNormal,
    Pareto,
    StudentT,
)
from heavytail_snn.weights.law import Floats, Law
from heavytail_snn.weights.stable import (
    sample_symmetric_stable,
    stable_from_uniform_and_exponential,
)
from heavytail_snn.weights.stable_distribution import StableDistribution

__all__ = [
    "Constant",
    "Exponential",
    "Gaussian",
    "Law",
    "LevyStable",
    "LogNormal",
    "Mixture",
    "Pareto",
    "StudentT",
]


@dataclass(frozen=True)
class LevyStable(Law):
    """Alpha-stable law at unit scale, parametrisation S1 (that of `scipy.stats.levy_stable`).

    For beta = 0 the characteristic function is exp(-|k|^alpha): **alpha = 2 has variance 2**,
    alpha = 1 is the Cauchy law of half-width 1.  Its tail is P(|w| > x) ~ c x^-alpha with
    c = 2 Gamma(alpha) sin(pi alpha / 2) / pi.

    Parameters
    ----------
    alpha : float in (0, 2]
        Stability index; smaller is heavier.
    beta : float in [-1, 1]
        Skewness.  For beta != 0, S1 itself is discontinuous at alpha = 1: its location grows as
        beta tan(pi alpha / 2).  parametrisation="S0" removes that shift and is continuous.
    parametrisation : "S1" or "S0"

    References
    ----------
    Chambers, Mallows & Stuck 1976, doi:10.1080/01621459.1976.10480344 (the sampler);
    Nolan 2020, doi:10.1007/978-3-030-52915-4 (the parametrisations).
    """

    alpha: float
    beta: float = 0.0
    parametrisation: Literal["S1", "S0"] = "S1"

    def __post_init__(self) -> None:
        check_real(
            "alpha", self.alpha, low=0, high=2, open_low=True, remedy="for alpha > 2 use LogNormal"
        )
        check_real("beta", self.beta, low=-1, high=1)
        check_choice("parametrisation", self.parametrisation, ("S1", "S0"))

    @property
    @override
    def tail_exponent(self) -> float:
        return self.alpha if self.alpha < 2 else math.inf

    @property
    @override
    def mean(self) -> float:
        if self.alpha <= 1:
            return math.nan
        return self._location

    @property
    @override
    def variance(self) -> float:
        return 2.0 if self.alpha == 2 else math.inf

    @property
    @override
    def absolute_mean(self) -> float:
        if self.alpha <= 1:
            return math.inf
        if self._location:
            return self._absolute_mean_by_fourier()
        skew = (1 + 1j * self.beta * math.tan(math.pi * self.alpha / 2)) ** (1 / self.alpha)
        return 2 / math.pi * math.gamma(1 - 1 / self.alpha) * skew.real

    @property
    def _shift(self) -> float:
        """Location of S1 relative to S0 (0 at alpha = 1, where both agree)."""
        if self.alpha == 1 or self.beta == 0:
            return 0.0
        return self.beta * math.tan(math.pi * self.alpha / 2)

    @property
    def _location(self) -> float:
        """Location in parametrisation S1."""
        return 0.0 if self.parametrisation == "S1" else -self._shift

    def _absolute_mean_by_fourier(self) -> float:
        """E|X| = (2 / pi) int_0^inf (1 - Re E exp(ikX)) / k^2 dk, in logarithmic steps of k."""
        k = np.exp(np.linspace(-40 / (self.alpha - 1), 40, 40_001))
        body = np.exp(-(k**self.alpha) + 1j * (k**self.alpha * self._shift + k * self._location))
        return float(2 / math.pi * np.trapezoid((1 - body.real) / k, np.log(k)))

    @override
    def draw(self, size: int, generator: np.random.Generator) -> Floats:
        if self.beta == 0:
            return sample_symmetric_stable(self.alpha, size, generator)
        u, w = generator.random(size), generator.standard_exponential(size)
        values = stable_from_uniform_and_exponential(self.alpha, self.beta, u, w)
        return values + self._location

    @override
    def distribution(self) -> Any:
        return StableDistribution(self.alpha, self.beta, self._location)

    @override
    def brian_expression(self) -> str:
        draw = f"stable_ug({self.alpha!r}, {self.beta!r}, rand(), randn())"
        return f"({draw} + ({self._location!r}))" if self._location else draw


@dataclass(frozen=True)
class Mixture(Law):
    """Several laws in one network, for example cells of different alpha.

    Parameters
    ----------
    laws : sequence of Law
    weights : sequence of float, optional
        Probability of each law; equal by default.
    by : "source", "target" or "synapse"
        What carries the law inside a `Coupling`: each presynaptic cell (default), each postsynaptic
        cell, or each synapse by itself.  Each law keeps its own scale rule.
    """

    laws: tuple[Law, ...]
    weights: tuple[float, ...] = ()
    by: Literal["source", "target", "synapse"] = "source"
    _BY: ClassVar[tuple[str, ...]] = ("source", "target", "synapse")

    def __post_init__(self) -> None:
        laws = tuple(self.laws) if isinstance(self.laws, Sequence) else ()
        if not laws or not all(
            isinstance(law, Law) and not isinstance(law, Mixture) for law in laws
        ):
            raise ParameterError("laws", self.laws, "must be a non-empty sequence of simple laws")
        given = real_array("weights", self.weights)
        weights = tuple(given.tolist()) if given.ndim == 1 and given.size else ()
        if np.shape(self.weights) == (0,):
            weights = (1 / len(laws),) * len(laws)
        if len(weights) != len(laws) or min(weights) < 0 or not math.isclose(sum(weights), 1):
            raise ParameterError(
                "weights", self.weights, f"must be {len(laws)} probabilities that sum to 1"
            )
        check_choice("by", self.by, self._BY)
        object.__setattr__(self, "laws", laws)
        object.__setattr__(self, "weights", weights)

    @property
    @override
    def components(self) -> tuple[Law, ...]:
        """The laws that are mixed."""
        return self.laws

    @property
    @override
    def tail_exponent(self) -> float:
        return min(law.tail_exponent for law in self.laws)

    def _average(self, name: str) -> float:
        return sum(p * getattr(law, name) for p, law in zip(self.weights, self.laws, strict=True))

    @property
    @override
    def mean(self) -> float:
        return self._average("mean")

    @property
    @override
    def variance(self) -> float:
        if any(math.isinf(law.variance) for law in self.laws):
            return math.inf
        pairs = zip(self.weights, self.laws, strict=True)
        return sum(p * (law.variance + law.mean**2) for p, law in pairs) - self.mean**2

    @property
    @override
    def absolute_mean(self) -> float:
        return self._average("absolute_mean")

    def assign(self, size: int, generator: np.random.Generator) -> NDArray[np.intp]:
        """Draw the index of the law of each of `size` cells or synapses."""
        return generator.choice(len(self.laws), size=size, p=self.weights)

    @override
    def draw(self, size: int, generator: np.random.Generator) -> Floats:
        component = self.assign(size, generator)
        values = np.empty(size)
        for index, law in enumerate(self.laws):
            chosen = component == index
            values[chosen] = law.draw(int(chosen.sum()), generator)
        return values

    @override
    def distribution(self) -> Any:
        return self

    @override
    def pdf(self, x: ArrayLike) -> Floats:
        return cast(
            Floats, sum(p * law.pdf(x) for p, law in zip(self.weights, self.laws, strict=True))
        )

    @override
    def cdf(self, x: ArrayLike) -> Floats:
        return cast(
            Floats, sum(p * law.cdf(x) for p, law in zip(self.weights, self.laws, strict=True))
        )

    @override
    def brian_expression(self) -> str:
        raise ParameterError(
            "law",
            self,
            "has no single Brian2 expression, since Brian2 allows one rand() per expression",
            "draw the weights with Coupling.sample and put them on with heavytail_snn.connect",
        )
