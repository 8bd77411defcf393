"""Law: what every weight law can do, and what a law of your own has to say."""

import math
from abc import ABC, abstractmethod
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from heavytail_snn.core.arrays import real_array
from heavytail_snn.core.errors import ParameterError, check_integer, check_real
from heavytail_snn.core.randomness import Seed, stream
from heavytail_snn.core.showing import Shown

Floats = NDArray[np.float64]
Shape = int | tuple[int, ...]

LARGEST_SAMPLE = 2**40  # 8 terabytes: a slip of the pen, which numpy would answer obscurely


class Law(Shown, ABC):
    """Base of all weight laws, and of yours.

    A law of your own is a subclass with two members, `draw` and `tail_exponent`.  It then works in
    a `Coupling`, in a `Mixture`, in `connect`, in every network on every backend, and in the
    theories that take a `Coupling`.  What else it can state is asked for by few: `absolute_mean`
    by ``normalisation="balanced"``, `distribution` by `pdf`, `cdf` and the plots that draw them,
    `brian_expression` by Brian2 strings, `mean` and `variance` by nobody but you.  What a law does
    not state is refused where it is asked for, by name.

    A frozen dataclass of numbers compares, pickles and shows itself well.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import heavytail_snn as ht
    >>> @dataclass(frozen=True)
    ... class Cubic(ht.Law):
    ...     size: float = 1.0
    ...     tail_exponent = 2.0  # P(|w| > x) = (size / x)^2
    ...
    ...     def draw(self, size, generator):
    ...         return self.size / np.sqrt(1 - generator.random(size))
    >>> ht.Coupling(Cubic(), ht.FixedInDegree(10)).sample(100, seed=1).shape
    (100, 100)
    """

    @property
    @abstractmethod
    def tail_exponent(self) -> float:
        """Exponent a > 0 of P(|w| > x) ~ x^-a; `math.inf` for tails lighter than any power.

        It sets the scale of couplings, gain / n^(1 / min(a, 2)).
        """

    @abstractmethod
    def draw(self, size: int, generator: np.random.Generator) -> Floats:
        """Draw independent weights at unit scale.

        Parameters
        ----------
        size : int
            0 or more.
        generator : numpy.random.Generator
            The only source of randomness, so that equal seeds give equal weights.

        Returns
        -------
        (size,) array of real numbers
        """

    @property
    def mean(self) -> float:
        """Mean; nan where it does not exist."""
        raise self._lacks("mean", "define the property `mean`")

    @property
    def variance(self) -> float:
        """Variance; inf where it does not exist."""
        raise self._lacks("variance", "define the property `variance`")

    @property
    def absolute_mean(self) -> float:
        """Mean of the absolute value; inf where it does not exist."""
        raise self._lacks("absolute_mean", "define the property `absolute_mean`")

    def distribution(self) -> Any:
        """Return an object with methods pdf and cdf, such as a frozen one of `scipy.stats`."""
        raise self._lacks("distribution", "define `distribution`, for example by scipy.stats")

    def brian_expression(self) -> str:
        """Return a Brian2 string that draws from this law, for example for ``S.w = ...``.

        Needs ``import heavytail_snn``, which registers `stable_ug` and `normal_cdf` with Brian2.
        """
        raise self._lacks(
            "brian_expression",
            "put the weights on with heavytail_snn.connect, which needs none, or define it",
        )

    def _lacks(self, member: str, remedy: str) -> ParameterError:
        return ParameterError("law", self, f"must state its `{member}` for this", remedy)

    @property
    def components(self) -> "tuple[Law, ...]":
        """The law itself, so that single laws and mixtures are sampled by the same code."""
        return (self,)

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

        Raises
        ------
        ParameterError
            If `draw` returns another shape, no real numbers, or infinite ones.
        """
        shape = tuple(
            check_integer("size", n, high=LARGEST_SAMPLE, remedy="give a number or a shape")
            for n in (size if isinstance(size, tuple) else (size,))
        )
        count = check_integer("size", math.prod(shape), high=LARGEST_SAMPLE, remedy="draw in parts")
        drawn = np.asarray(self.draw(count, stream(seed, "weights")))
        if drawn.shape != (count,) or drawn.dtype.kind not in "iuf":
            found = f"shape {drawn.shape} of {drawn.dtype}"
            raise ParameterError(
                "law", self, f"must draw {count} real numbers, not {found}", "see Law.draw"
            )
        # a copy, since a law may hand out numbers that it keeps
        values = np.array(drawn, dtype=np.float64)
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
        exponent = self.tail_exponent
        if isinstance(exponent, bool) or not isinstance(exponent, Real) or not exponent > 0:
            raise ParameterError(
                "tail_exponent",
                exponent,
                f"of {self!r} must be a number > 0",
                "inf for light tails",
            )
        return check_real("gain", gain, low=0) / n ** (1 / min(float(exponent), 2.0))

    def pdf(self, x: ArrayLike) -> Floats:
        """Probability density at `x`."""
        return self.distribution().pdf(real_array("x", x))

    def cdf(self, x: ArrayLike) -> Floats:
        """Cumulative probability at `x`."""
        return self.distribution().cdf(real_array("x", x))
