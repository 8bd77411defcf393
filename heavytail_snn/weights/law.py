"""Law: what every weight law can do."""

import math
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from heavytail_snn.core.arrays import real_array
from heavytail_snn.core.errors import ParameterError, check_integer, check_real
from heavytail_snn.core.randomness import Seed, stream

Floats = NDArray[np.float64]
Shape = int | tuple[int, ...]

LARGEST_SAMPLE = 2**40  # 8 terabytes: a slip of the pen, which numpy would answer obscurely


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
            check_integer("size", n, high=LARGEST_SAMPLE, remedy="give a number or a shape")
            for n in (size if isinstance(size, tuple) else (size,))
        )
        check_integer("size", math.prod(shape), high=LARGEST_SAMPLE, remedy="draw in parts")
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
        return self._distribution().pdf(real_array("x", x))

    def cdf(self, x: ArrayLike) -> Floats:
        """Cumulative probability at `x` (by scipy)."""
        return self._distribution().cdf(real_array("x", x))


class SimpleLaw(Law):
    """A law of one component."""

    @property
    def components(self) -> tuple[Law, ...]:  # type: ignore[override]
        """The law itself, so that single laws and mixtures are sampled by the same code."""
        return (self,)
