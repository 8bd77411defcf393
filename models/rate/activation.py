"""Activation functions with their derivatives, checked against each other when they are built.

The derivative of tanh is computed as ``4 e^(-2|x|) / (1 + e^(-2|x|))^2``: ``1 - tanh^2`` loses all
digits where x exceeds 18 in absolute value, which heavy-tailed networks reach at every step.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from heavytail_snn.core.arrays import namespace_of
from heavytail_snn.core.errors import ParameterError, check_choice, check_real

# irregular points, so that a kink of the function is unlikely to coincide with one
_CHECK_POINTS = np.linspace(-3.137, 3.219, 41)


@dataclass(frozen=True)
class Activation:
    """An elementwise function phi and its derivative.

    Parameters
    ----------
    name : str
    function, derivative : callable
        Array to array of the same shape.  The derivative is compared with central differences of
        the function at construction.

    Raises
    ------
    ParameterError
        If the derivative does not belong to the function.

    Examples
    --------
    >>> Activation("cubic", lambda x: x**3, lambda x: 3 * x**2).name
    'cubic'
    """

    name: str
    function: Callable[[Any], Any]
    derivative: Callable[[Any], Any]

    def __post_init__(self) -> None:
        x, h = _CHECK_POINTS, 1e-6
        values, slope = np.asarray(self.function(x)), np.asarray(self.derivative(x))
        if values.shape != x.shape or slope.shape != x.shape:
            raise ParameterError("phi", self.name, "must map arrays to arrays of the same shape")
        difference = (np.asarray(self.function(x + h)) - np.asarray(self.function(x - h))) / (2 * h)
        error = np.abs(difference - slope)
        if not (error <= 1e-5 * (1 + np.abs(slope))).all():
            worst = int(np.argmax(np.where(np.isnan(error), np.inf, error)))
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
    return Activation(
        f"threshold_linear({theta:g})",
        lambda x: namespace_of(x).where(x > theta, x - theta, 0 * x),
        lambda x: namespace_of(x).where(x > theta, 0 * x + 1, 0 * x),
    )


def sech_squared(x: Any) -> Any:
    """Return the derivative of tanh, to full relative precision for any x."""
    xp = namespace_of(x)
    decay = xp.exp(-2 * xp.abs(x))
    return 4 * decay / (1 + decay) ** 2


def _erf(x: Any) -> Any:
    if isinstance(x, np.ndarray):
        return special.erf(np.sqrt(np.pi) / 2 * x)
    xp = namespace_of(x)
    if not hasattr(xp, "erf"):
        raise ParameterError("phi", "erf", f"is not offered by {xp.__name__}", "use phi='tanh'")
    return xp.erf(np.sqrt(np.pi) / 2 * x)


_NAMED = {
    "tanh": Activation("tanh", lambda x: namespace_of(x).tanh(x), sech_squared),
    "erf": Activation("erf", _erf, lambda x: namespace_of(x).exp(-np.pi / 4 * x * x)),
    "relu": Activation(
        "relu",
        lambda x: namespace_of(x).where(x > 0, x, 0 * x),
        lambda x: namespace_of(x).where(x > 0, 0 * x + 1, 0 * x),
    ),
}
