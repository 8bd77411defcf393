"""Weight laws: the distribution of one synaptic weight, before gain and wiring.

A law samples, states its moments (infinite where they are infinite), its tail exponent, its pdf and
cdf, the scale that keeps a sum of n weights of order one, and its Brian2 expression.

**LevyStable has characteristic function exp(-|k|^alpha) at unit scale, so alpha = 2 is a Gaussian
of variance 2, not 1.**  Use `Gaussian()` for unit variance.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, cast, override

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from heavytail_snn.errors import ParameterError, check_choice, check_integer, check_real
from heavytail_snn.randomness import Seed, stream
from heavytail_snn.stable import sample_symmetric_stable, stable_from_uniform_and_exponential

Floats = NDArray[np.float64]
Shape = int | tuple[int, ...]


class Law(ABC):
    """Base of all weight laws."""

    components: "tuple[Law, ...]"

    @property
    def tail_exponent(self) -> float:
        """Exponent a of P(|w| > x) ~ x^-a; infinite for tails lighter than any power."""
        return math.inf

    @property
    @abstractmethod
    def mean(self) -> float:
        """Mean; nan where it does not exist."""

    @property
    @abstractmethod
    def variance(self) -> float:
        """Variance; inf where it does not exist."""

    @property
    @abstractmethod
    def absolute_mean(self) -> float:
        """Mean of the absolute value; inf where it does not exist."""

    @abstractmethod
    def _draw(self, size: int, generator: np.random.Generator) -> Floats:
        """Draw `size` values."""

    @abstractmethod
    def _distribution(self) -> Any:
        """Return the scipy distribution with methods pdf and cdf."""

    @abstractmethod
    def brian_expression(self) -> str:
        """Return a Brian2 string that draws from this law, for example for ``S.w = ...``.

        Needs ``import heavytail_snn``, which registers `stable_ug` and `normal_cdf` with Brian2.
        """

    def sample(self, size: Shape, seed: Seed = None) -> Floats:
        """Draw an array of weights.

        Parameters
        ----------
        size : int or tuple of int
            Shape of the result.
        seed : int, SeedSequence, Generator or None
            Equal seeds give equal samples (to the last digits of the elementary functions).

        Returns
        -------
        (size) float64 ndarray
        """
        shape = tuple(
            check_integer("size", n, remedy="give the number of samples or a shape")
            for n in (size if isinstance(size, tuple) else (size,))
        )
        values = self._draw(math.prod(shape), stream(seed, "weights"))
        if not np.isfinite(values).all():
            raise ParameterError(
                "law", self, "must stay below the largest float64", "use a larger tail exponent"
            )
        return values.reshape(shape)

    def scale(self, n: float, gain: float = 1.0) -> float:
        """Return gain / n^(1/a), a = min(tail exponent, 2): sums of n weights stay of order one.

        For stable laws a = alpha; for finite variance the rule is gain / sqrt(n).
        """
        n = check_real("n", n, low=0, open_low=True)
        return check_real("gain", gain, low=0) / n ** (1 / min(self.tail_exponent, 2.0))

    def pdf(self, x: ArrayLike) -> Floats:
        """Probability density at `x` (by scipy)."""
        return self._distribution().pdf(np.asarray(x, dtype=float))

    def cdf(self, x: ArrayLike) -> Floats:
        """Cumulative probability at `x` (by scipy)."""
        return self._distribution().cdf(np.asarray(x, dtype=float))


class SimpleLaw(Law):
    """A law of one component."""

    @property
    def components(self) -> tuple[Law, ...]:  # type: ignore[override]
        """The law itself, so that single laws and mixtures are sampled by the same code."""
        return (self,)


@dataclass(frozen=True)
class LevyStable(SimpleLaw):
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
    def _draw(self, size: int, generator: np.random.Generator) -> Floats:
        if self.beta == 0:
            return sample_symmetric_stable(self.alpha, size, generator)
        u, w = generator.random(size), generator.standard_exponential(size)
        values = stable_from_uniform_and_exponential(self.alpha, self.beta, u, w)
        return values + self._location

    @override
    def _distribution(self) -> Any:
        return _StableDistribution(self)

    @override
    def brian_expression(self) -> str:
        draw = f"stable_ug({self.alpha!r}, {self.beta!r}, rand(), randn())"
        return f"({draw} + ({self._location!r}))" if self._location else draw


class _StableDistribution:
    """Pdf and cdf of a stable law, by closed forms where they exist and by scipy elsewhere."""

    def __init__(self, law: LevyStable) -> None:
        self.location = law._location
        if law.alpha == 2:
            self.frozen = stats.norm(scale=math.sqrt(2))
        elif law.alpha == 1 and law.beta == 0:
            self.frozen = stats.cauchy()
        else:
            self.frozen = stats.levy_stable(law.alpha, law.beta)

    def pdf(self, x: Floats) -> Floats:
        """Probability density."""
        return self.frozen.pdf(x - self.location)

    def cdf(self, x: Floats) -> Floats:
        """Cumulative probability."""
        return self.frozen.cdf(x - self.location)


@dataclass(frozen=True)
class Gaussian(SimpleLaw):
    """Normal law with unit variance by default (contrast LevyStable(2), which has variance 2)."""

    average: float = 0.0
    deviation: float = 1.0

    def __post_init__(self) -> None:
        check_real("average", self.average)
        check_real("deviation", self.deviation, low=0, open_low=True)

    @property
    @override
    def mean(self) -> float:
        return self.average

    @property
    @override
    def variance(self) -> float:
        return self.deviation**2

    @property
    @override
    def absolute_mean(self) -> float:
        return float(stats.foldnorm(abs(self.average) / self.deviation).mean() * self.deviation)

    @override
    def _draw(self, size: int, generator: np.random.Generator) -> Floats:
        return generator.normal(self.average, self.deviation, size)

    @override
    def _distribution(self) -> Any:
        return stats.norm(self.average, self.deviation)

    @override
    def brian_expression(self) -> str:
        return f"({self.average!r} + {self.deviation!r}*randn())"


@dataclass(frozen=True)
class LogNormal(SimpleLaw):
    """Log-normal law with a given mean: average * exp(sigma z - sigma^2 / 2), z standard normal."""

    sigma: float
    average: float = 1.0

    def __post_init__(self) -> None:
        check_real("sigma", self.sigma, low=0, open_low=True, remedy="for sigma = 0 use Constant")
        check_real("average", self.average, low=0, open_low=True)

    @property
    @override
    def mean(self) -> float:
        return self.average

    @property
    @override
    def variance(self) -> float:
        return self.average**2 * math.expm1(self.sigma**2)

    @property
    @override
    def absolute_mean(self) -> float:
        return self.average

    @override
    def _draw(self, size: int, generator: np.random.Generator) -> Floats:
        return generator.lognormal(math.log(self.average) - self.sigma**2 / 2, self.sigma, size)

    @override
    def _distribution(self) -> Any:
        return stats.lognorm(self.sigma, scale=self.average * math.exp(-(self.sigma**2) / 2))

    @override
    def brian_expression(self) -> str:
        location = math.log(self.average) - self.sigma**2 / 2
        return f"exp({location!r} + {self.sigma!r}*randn())"


@dataclass(frozen=True)
class Pareto(SimpleLaw):
    """Pareto law: P(w > x) = (minimum / x)^alpha for x >= minimum."""

    alpha: float
    minimum: float = 1.0

    def __post_init__(self) -> None:
        check_real("alpha", self.alpha, low=0, open_low=True)
        check_real("minimum", self.minimum, low=0, open_low=True)

    @property
    @override
    def tail_exponent(self) -> float:
        return self.alpha

    @property
    @override
    def mean(self) -> float:
        return math.inf if self.alpha <= 1 else self.minimum * self.alpha / (self.alpha - 1)

    @property
    @override
    def variance(self) -> float:
        if self.alpha <= 2:
            return math.inf
        return self.minimum**2 * self.alpha / ((self.alpha - 1) ** 2 * (self.alpha - 2))

    @property
    @override
    def absolute_mean(self) -> float:
        return self.mean

    @override
    def _draw(self, size: int, generator: np.random.Generator) -> Floats:
        return self.minimum * np.exp(generator.standard_exponential(size) / self.alpha)

    @override
    def _distribution(self) -> Any:
        return stats.pareto(self.alpha, scale=self.minimum)

    @override
    def brian_expression(self) -> str:
        return f"({self.minimum!r} * {_OPEN_UNIFORM}**({-1 / self.alpha!r}))"


@dataclass(frozen=True)
class StudentT(SimpleLaw):
    """Student's t with `nu` degrees of freedom, unit scale; tail exponent nu."""

    nu: float

    def __post_init__(self) -> None:
        check_real("nu", self.nu, low=0, open_low=True)

    @property
    @override
    def tail_exponent(self) -> float:
        return self.nu

    @property
    @override
    def mean(self) -> float:
        return 0.0 if self.nu > 1 else math.nan

    @property
    @override
    def variance(self) -> float:
        return self.nu / (self.nu - 2) if self.nu > 2 else math.inf

    @property
    @override
    def absolute_mean(self) -> float:
        if self.nu <= 1:
            return math.inf
        ratio = special.gammaln((self.nu + 1) / 2) - special.gammaln(self.nu / 2)
        return float(2 * math.sqrt(self.nu / math.pi) * math.exp(ratio) / (self.nu - 1))

    @override
    def _draw(self, size: int, generator: np.random.Generator) -> Floats:
        return generator.standard_t(self.nu, size)

    @override
    def _distribution(self) -> Any:
        return stats.t(self.nu)

    @override
    def brian_expression(self) -> str:
        # Bailey 1994, doi:10.2307/2153537: radius from one uniform, angle from another one
        radius = f"sqrt({self.nu!r} * ({_OPEN_UNIFORM}**({-2 / self.nu!r}) - 1))"
        return f"({radius} * cos(2*pi*normal_cdf(randn())))"


@dataclass(frozen=True)
class Exponential(SimpleLaw):
    """Exponential law of a given mean."""

    average: float = 1.0

    def __post_init__(self) -> None:
        check_real("average", self.average, low=0, open_low=True)

    @property
    @override
    def mean(self) -> float:
        return self.average

    @property
    @override
    def variance(self) -> float:
        return self.average**2

    @property
    @override
    def absolute_mean(self) -> float:
        return self.average

    @override
    def _draw(self, size: int, generator: np.random.Generator) -> Floats:
        return self.average * generator.standard_exponential(size)

    @override
    def _distribution(self) -> Any:
        return stats.expon(scale=self.average)

    @override
    def brian_expression(self) -> str:
        return f"({-self.average!r} * log({_OPEN_UNIFORM}))"


@dataclass(frozen=True)
class Constant(SimpleLaw):
    """Every weight equals `value`."""

    value: float = 1.0

    def __post_init__(self) -> None:
        check_real("value", self.value)

    @property
    @override
    def mean(self) -> float:
        return self.value

    @property
    @override
    def variance(self) -> float:
        return 0.0

    @property
    @override
    def absolute_mean(self) -> float:
        return abs(self.value)

    @override
    def _draw(self, size: int, generator: np.random.Generator) -> Floats:
        return np.full(size, float(self.value))

    @override
    def _distribution(self) -> Any:
        raise ParameterError(
            "law", self, "has a density only as a point mass", "compare samples with `value`"
        )

    @override
    def cdf(self, x: ArrayLike) -> Floats:
        return np.where(np.asarray(x, dtype=float) >= self.value, 1.0, 0.0)

    @override
    def brian_expression(self) -> str:
        return repr(float(self.value))


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
        laws = tuple(self.laws)
        if not laws or not all(isinstance(law, SimpleLaw) for law in laws):
            raise ParameterError("laws", self.laws, "must be a non-empty sequence of simple laws")
        weights = tuple(self.weights) or (1 / len(laws),) * len(laws)
        if len(weights) != len(laws) or min(weights) < 0 or not math.isclose(sum(weights), 1):
            raise ParameterError(
                "weights", self.weights, f"must be {len(laws)} probabilities that sum to 1"
            )
        check_choice("by", self.by, self._BY)
        object.__setattr__(self, "laws", laws)
        object.__setattr__(self, "weights", weights)

    @property
    def components(self) -> tuple[Law, ...]:  # type: ignore[override]
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
    def _draw(self, size: int, generator: np.random.Generator) -> Floats:
        component = self.assign(size, generator)
        values = np.empty(size)
        for index, law in enumerate(self.laws):
            chosen = component == index
            values[chosen] = law._draw(int(chosen.sum()), generator)
        return values

    @override
    def _distribution(self) -> Any:
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


# rand() lies in [0, 1) on numpy, cython and C++ but in (0, 1] on CUDA: keep clear of 0 on all
_OPEN_UNIFORM = "clip(rand(), 1.1102230246251565e-16, 1)"
