"""Activation functions with their derivatives, checked against each other when they are built.

The derivative of tanh is computed as ``4 e^(-2|x|) / (1 + e^(-2|x|))^2``: ``1 - tanh^2`` loses all
digits where x exceeds 18 in absolute value, which heavy-tailed networks reach at every step.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy import special

from heavytail_snn.core.arrays import namespace_of
from heavytail_snn.core.errors import ParameterError, check_choice, check_real
from heavytail_snn.core.showing import Shown

# irregular points, so that a kink of the function is unlikely to coincide with one
_NEAR = np.linspace(-3.137, 3.219, 41)
_FAR = np.array([5.31, 11.73, 29.17, 103.9])  # where heavy-tailed fields go
_CHECK_POINTS = np.concatenate([-_FAR[::-1], _NEAR, _FAR])


@dataclass(frozen=True)
class Activation(Shown):
    """An elementwise function phi and its derivative: how you bring an activation of your own.

    It works as `phi` in `RateMap`, `RateFlow` and all that is measured on them (Lyapunov spectra
    take the Jacobian from `derivative`), and in the theories, which look for themselves whether it
    is odd or bounded and refuse it by name where they need that.

    Parameters
    ----------
    name : str
        Stands in results, plots and refusals.
    function, derivative : callable
        Take an array of any shape and return a new one of the same shape; each element depends on
        its own argument only.  They get numpy arrays of float64 or float32, or arrays of the
        library that holds the weights.  To pickle, and so to reach other processes, they must be
        functions of a module, not lambdas.

    Raises
    ------
    ParameterError
        At construction, if the derivative does not belong to the function: it is compared with
        central differences at 49 points from -104 to 104.

    Examples
    --------
    >>> import heavytail_snn as ht
    >>> softsign = Activation("softsign", lambda x: x / (1 + abs(x)), lambda x: (1 + abs(x)) ** -2)
    >>> ht.models.RateMap([[0.0, 2.0], [-2.0, 0.0]], phi=softsign).parameters["phi"]
    'softsign'
    """

    name: str
    function: Callable[[Any], Any]
    derivative: Callable[[Any], Any]

    def __post_init__(self) -> None:
        for part in (self.function, self.derivative):
            if not callable(part):
                raise ParameterError("phi", part, "must be a pair of functions", "see Activation")
        with np.errstate(all="ignore"):  # what overflows is told apart below
            values, slope = self._elementwise(self.function), self._elementwise(self.derivative)
            self._check_derivative(values, slope)

    def _elementwise(self, part: Callable[[Any], Any]) -> np.ndarray:
        """Return a function at the points of comparison, after checks of what it makes of them."""
        x = _CHECK_POINTS.copy()
        values = np.asarray(part(x))
        if values.shape != x.shape or values.dtype.kind not in "fiu":
            raise ParameterError("phi", self.name, "must map arrays to arrays of the same shape")
        values = np.array(values, dtype=float)
        if not np.array_equal(x, _CHECK_POINTS):
            raise ParameterError("phi", self.name, "must leave its argument as it is", "copy it")
        columns = np.asarray(part(np.stack([x[::-1], x], axis=1)))
        if columns.shape != (x.size, 2) or not np.allclose(
            columns, np.stack([values[::-1], values], axis=1), rtol=1e-12, equal_nan=True
        ):
            raise ParameterError(
                "phi", self.name, "must be elementwise: states may be columns of a matrix"
            )
        return values

    def _check_derivative(self, values: np.ndarray, slope: np.ndarray) -> None:
        x = _CHECK_POINTS
        h = np.where(np.abs(x) < _FAR[0], 1e-6, 1e-5 * np.abs(x))
        difference = (np.asarray(self.function(x + h)) - np.asarray(self.function(x - h))) / (2 * h)
        # rounding of the values limits what their difference can tell
        rounding = 1e-14 * np.abs(values) / h
        error = np.abs(difference - slope)
        overflowing = (np.abs(x) >= _FAR[0]) & ~np.isfinite(values)
        if not (overflowing | (error <= 1e-5 * (1 + np.abs(slope)) + rounding)).all():
            worst = int(np.argmax(np.where(np.isnan(error), np.inf, error) * ~overflowing))
            raise ParameterError(
                "phi",
                self.name,
                f"must come with its own derivative (at x = {x[worst]:.4g} the function has slope "
                f"{difference[worst]:.6g}, the derivative says {slope[worst]:.6g})",
                "correct the derivative, or shift the kinks of the function a little",
            )


def activation(phi: "str | Activation | tuple[Callable, Callable]") -> Activation:
    """Return the activation called `phi`, or made of a pair (function, derivative).

    Parameters
    ----------
    phi : {"tanh", "erf", "relu", "threshold_linear"}, Activation or pair of callables
        "erf" is ``erf(sqrt(pi) x / 2)``, of unit slope at 0; "threshold_linear" is
        ``max(x - 1, 0)``, see `threshold_linear` for other thresholds.
    """
    if isinstance(phi, Activation):
        return phi
    if isinstance(phi, tuple) and len(phi) == 2 and all(callable(part) for part in phi):
        return Activation("user function", *phi)
    if callable(phi):
        raise ParameterError(
            "phi", phi, "must come with its derivative", "pass a pair (function, derivative)"
        )
    known = ("tanh", "erf", "relu", "threshold_linear")
    name = check_choice("phi", phi, known)
    return threshold_linear(1.0) if name == "threshold_linear" else _NAMED[name]


def threshold_linear(threshold: float) -> Activation:
    """Return ``max(x - threshold, 0)``."""
    theta = check_real("threshold", threshold)
    name = f"threshold_linear({theta:g})"
    return Activation(name, partial(_above, threshold=theta), partial(_step, threshold=theta))


def sech_squared(x: Any) -> Any:
    """Return the derivative of tanh, to full relative precision for any x."""
    xp = namespace_of(x)
    decay = xp.exp(-2 * xp.abs(x))
    return 4 * decay / (1 + decay) ** 2


# functions of the module and not lambdas, so that networks pickle


def _tanh(x: Any) -> Any:
    return namespace_of(x).tanh(x)


def _erf(x: Any) -> Any:
    if isinstance(x, np.ndarray):
        return special.erf(np.sqrt(np.pi) / 2 * x)
    xp = namespace_of(x)
    if not hasattr(xp, "erf"):
        raise ParameterError("phi", "erf", f"is not offered by {xp.__name__}", "use phi='tanh'")
    return xp.erf(np.sqrt(np.pi) / 2 * x)


def _erf_slope(x: Any) -> Any:
    return namespace_of(x).exp(-np.pi / 4 * x * x)


def _relu(x: Any) -> Any:
    return namespace_of(x).where(x > 0, x, 0 * x)


def _above(x: Any, *, threshold: float) -> Any:
    return namespace_of(x).where(x > threshold, x - threshold, 0 * x)


def _step(x: Any, *, threshold: float) -> Any:
    return namespace_of(x).where(x > threshold, 0 * x + 1, 0 * x)


_NAMED = {
    "tanh": Activation("tanh", _tanh, sech_squared),
    "erf": Activation("erf", _erf, _erf_slope),
    "relu": Activation("relu", _relu, partial(_step, threshold=0)),
}
