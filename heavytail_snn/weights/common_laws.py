"""Weight laws with textbook distributions: normal, log-normal, Pareto, t, exponential, constant."""

import math
from dataclasses import dataclass
from typing import Any, override

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from heavytail_snn.core.errors import ParameterError, check_real
from heavytail_snn.weights.law import Floats, Law

# rand() lies in [0, 1) on numpy, cython and C++ but in (0, 1] on CUDA: keep clear of 0 on all
_OPEN_UNIFORM = "clip(rand(), 1.1102230246251565e-16, 1)"


@dataclass(frozen=True)
class Gaussian(Law):
    """Normal law with unit variance by default (contrast LevyStable(2), which has variance 2)."""

    average: float = 0.0
    deviation: float = 1.0

    def __post_init__(self) -> None:
        check_real("average", self.average)
        check_real("deviation", self.deviation, low=0, open_low=True)

    @property
    @override
    def tail_exponent(self) -> float:
        return math.inf

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
    def draw(self, size: int, generator: np.random.Generator) -> Floats:
        return generator.normal(self.average, self.deviation, size)

    @override
    def distribution(self) -> Any:
        return stats.norm(self.average, self.deviation)

    @override
    def brian_expression(self) -> str:
        return f"({self.average!r} + {self.deviation!r}*randn())"


@dataclass(frozen=True)
class LogNormal(Law):
    """Log-normal law with a given mean: average * exp(sigma z - sigma^2 / 2), z standard normal."""

    sigma: float
    average: float = 1.0

    def __post_init__(self) -> None:
        remedy = "for sigma = 0 use Constant; above 26 the variance exceeds the largest float64"
        check_real("sigma", self.sigma, low=0, high=26, open_low=True, remedy=remedy)
        check_real("average", self.average, low=0, open_low=True)

    @property
    @override
    def tail_exponent(self) -> float:
        return math.inf

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
    def draw(self, size: int, generator: np.random.Generator) -> Floats:
        return generator.lognormal(math.log(self.average) - self.sigma**2 / 2, self.sigma, size)

    @override
    def distribution(self) -> Any:
        return stats.lognorm(self.sigma, scale=self.average * math.exp(-(self.sigma**2) / 2))

    @override
    def brian_expression(self) -> str:
        location = math.log(self.average) - self.sigma**2 / 2
        return f"exp({location!r} + {self.sigma!r}*randn())"


@dataclass(frozen=True)
class Pareto(Law):
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
    def draw(self, size: int, generator: np.random.Generator) -> Floats:
        return self.minimum * np.exp(generator.standard_exponential(size) / self.alpha)

    @override
    def distribution(self) -> Any:
        return stats.pareto(self.alpha, scale=self.minimum)

    @override
    def brian_expression(self) -> str:
        return f"({self.minimum!r} * {_OPEN_UNIFORM}**({-1 / self.alpha!r}))"


@dataclass(frozen=True)
class StudentT(Law):
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
    def draw(self, size: int, generator: np.random.Generator) -> Floats:
        return generator.standard_t(self.nu, size)

    @override
    def distribution(self) -> Any:
        return stats.t(self.nu)

    @override
    def brian_expression(self) -> str:
        # Bailey 1994, doi:10.2307/2153537: radius from one uniform, angle from another one
        radius = f"sqrt({self.nu!r} * ({_OPEN_UNIFORM}**({-2 / self.nu!r}) - 1))"
        return f"({radius} * cos(2*pi*normal_cdf(randn())))"


@dataclass(frozen=True)
class Exponential(Law):
    """Exponential law of a given mean."""

    average: float = 1.0

    def __post_init__(self) -> None:
        check_real("average", self.average, low=0, open_low=True)

    @property
    @override
    def tail_exponent(self) -> float:
        return math.inf

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
    def draw(self, size: int, generator: np.random.Generator) -> Floats:
        return self.average * generator.standard_exponential(size)

    @override
    def distribution(self) -> Any:
        return stats.expon(scale=self.average)

    @override
    def brian_expression(self) -> str:
        return f"({-self.average!r} * log({_OPEN_UNIFORM}))"


@dataclass(frozen=True)
class Constant(Law):
    """Every weight equals `value`."""

    value: float = 1.0

    def __post_init__(self) -> None:
        check_real("value", self.value)

    @property
    @override
    def tail_exponent(self) -> float:
        return math.inf

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
    def draw(self, size: int, generator: np.random.Generator) -> Floats:
        return np.full(size, float(self.value))

    @override
    def distribution(self) -> Any:
        raise ParameterError(
            "law", self, "has a density only as a point mass", "compare samples with `value`"
        )

    @override
    def cdf(self, x: ArrayLike) -> Floats:
        return np.where(np.asarray(x, dtype=float) >= self.value, 1.0, 0.0)

    @override
    def brian_expression(self) -> str:
        return repr(float(self.value))
