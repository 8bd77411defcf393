"""Transfer functions of the mean-field theories: a name or a pair of callables, checked once.

The theories only need phi and its derivative at arrays of points; whether phi is odd decides which
theories apply, so it is found here by looking, not by trusting a flag.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from heavytail_snn.core.errors import ParameterError, check_choice

Floats = NDArray[np.floating[Any]]
Function = Callable[[Floats], Floats]
Phi = Any  # what `as_transfer` takes: a name, a function, a pair, or a model's activation

_PROBE = np.array([0.0123, 0.1, 0.37, 0.9, 1.7, 3.1, 6.3])


@dataclass(frozen=True)
class Transfer:
    """A transfer function phi with its derivative.

    Parameters
    ----------
    name : str
        For the parameters of a result.
    value, derivative : callable
        Vectorised functions of the field.
    """

    name: str
    value: Function
    derivative: Function

    @property
    def odd(self) -> bool:
        """Whether phi(-x) = -phi(x) at a set of probe points."""
        return bool(np.allclose(self.value(-_PROBE), -self.value(_PROBE), rtol=1e-9, atol=1e-12))

    @property
    def slope_at_zero(self) -> float:
        """The derivative at the origin."""
        return float(self.derivative(np.zeros(1))[0])

    def antiderivative(self, points: Floats) -> Floats:
        """Integral of phi from 0 to each point, by 4-point Gauss-Legendre between the points.

        Parameters
        ----------
        points : (n,) ndarray
            Non-negative and increasing; the spacing sets the accuracy.
        """
        nodes, weights = np.polynomial.legendre.leggauss(4)
        width = np.diff(points, prepend=0.0)
        inside = (points - width)[:, None] + width[:, None] * (nodes + 1.0) / 2.0
        return np.cumsum(width * (self.value(inside) @ weights) / 2.0)


def _sech2(x: Floats) -> Floats:
    # cosh overflows beyond 710, where sech^2 is zero to double precision
    return np.cosh(np.minimum(np.abs(x), 300.0)) ** -2.0


TRANSFERS = {
    "tanh": Transfer("tanh", np.tanh, _sech2),
    "erf": Transfer(
        "erf",
        lambda x: special.erf(math.sqrt(math.pi) / 2.0 * x),
        lambda x: np.exp(-math.pi / 4.0 * x * x),
    ),
    "linear": Transfer("linear", lambda x: x * 1.0, np.ones_like),
    "relu": Transfer("relu", lambda x: np.maximum(x, 0.0), lambda x: np.where(x > 0, 1.0, 0.0)),
    "threshold_linear": Transfer(
        "threshold_linear",
        lambda x: np.maximum(x - 1.0, 0.0),
        lambda x: np.where(x > 1.0, 1.0, 0.0),
    ),
}


def as_transfer(phi: Any, derivative: Function | None = None) -> Transfer:
    """Return `phi` as a `Transfer`.

    Parameters
    ----------
    phi : str, callable, pair of callables, or object with `function` and `derivative`
        "tanh", "erf" (erf(sqrt(pi) x / 2), of unit slope at 0), "linear", "relu",
        "threshold_linear" (max(x - 1, 0)); a vectorised function; a pair (function, derivative);
        or the activation of a model.
    derivative : callable, optional
        Derivative of a callable phi; without it central differences are used, good to about 1e-9.

    Raises
    ------
    ParameterError
        For an unknown name, values that are not finite, or a derivative that does not match phi.
    """
    if isinstance(phi, Transfer):
        return phi
    if isinstance(phi, str):
        return TRANSFERS[check_choice("phi", phi, TRANSFERS)]
    name = getattr(phi, "name", getattr(phi, "__name__", "user function"))
    if hasattr(phi, "function") and hasattr(phi, "derivative"):
        phi, derivative = phi.function, phi.derivative
    elif isinstance(phi, tuple) and len(phi) == 2:
        phi, derivative = phi
    if not callable(phi):
        raise ParameterError("phi", phi, "must be a name or a function", f"use {list(TRANSFERS)}")
    differences = _central_differences(phi)
    points = np.concatenate([-_PROBE, _PROBE])
    if np.shape(phi(points)) != points.shape or not np.all(np.isfinite(phi(points))):
        raise ParameterError("phi", name, "must map an array to finite numbers of the same shape")
    if derivative is None:
        derivative = differences
    elif not np.allclose(derivative(points), differences(points), rtol=1e-4, atol=1e-6):
        raise ParameterError(
            "derivative", name, "must be the derivative of phi", "leave it out to differentiate"
        )
    return Transfer(name, phi, derivative)


def require_odd(transfer: Transfer, theory: str) -> None:
    """Raise unless phi is odd, which `theory` assumes (no mean activity, no static field)."""
    if not transfer.odd:
        raise ParameterError(
            "phi",
            transfer.name,
            f"must be odd for the theory of the {theory}",
            "subtract the mean, or use stable_map, which needs no symmetry",
        )


def require_sublinear(transfer: Transfer) -> None:
    """Raise if phi grows linearly or faster: then no gain gives a finite stationary state."""
    near, far = (float(np.abs(transfer.value(np.array([-x, x]))).max()) / x for x in (1e6, 1e12))
    if far > 0.9 * near and far > 1e-10:
        raise ParameterError(
            "phi",
            transfer.name,
            "must grow more slowly than linearly, or no stationary activity exists",
            "use a saturating function such as tanh",
        )


def largest_variance(transfer: Transfer, gain: float, noise: float) -> float:
    """Return a bound above every variance D with D <= gain^2 <phi^2> + noise^2."""
    bound = 1.0
    for _ in range(200):
        # no Gaussian variable exceeds 12 standard deviations in the quadrature
        point = 12.0 * math.sqrt(bound)
        peak = float(np.abs(transfer.value(np.linspace(-point, point, 4001))).max())
        updated = 1.05 * (gain**2 * peak**2 + noise**2)
        if abs(updated - bound) <= 0.01 * bound:
            return updated
        bound = updated
    return bound


def _central_differences(phi: Function) -> Function:
    def derivative(x: Floats) -> Floats:
        # fourth-order rule; the step balances rounding (1e-16 / h) and truncation (h^4)
        h = 1e-3 * np.maximum(1.0, np.abs(x))
        near, far = phi(x + h) - phi(x - h), phi(x + 2 * h) - phi(x - 2 * h)
        return (8.0 * near - far) / (12.0 * h)

    return derivative
