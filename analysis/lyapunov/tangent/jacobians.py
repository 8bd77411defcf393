"""Jacobians that are never formed: objects with ``J @ Q`` and ``J.log_abs_det()``.

A step function may return any of these, a dense or sparse matrix, or its own object with ``@``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from heavytail_snn.core.arrays import namespace_of, to_numpy


@dataclass(frozen=True, eq=False)
class ScaledRows:
    """The matrix ``diag(scale) W``: the Jacobian of ``x -> phi(W x + input)``.

    Parameters
    ----------
    scale : (n,) array
        phi' at the pre-activation, times the gain.
    weights : (n, n) array or sparse array
        Row = target.
    weights_log_det : float, optional
        ln |det W| if known, so that it is computed once and not at every step.
    """

    scale: Any
    weights: Any
    weights_log_det: float | None = None

    def __matmul__(self, q: Any) -> Any:
        z = fortran_product(self.weights, q)
        if isinstance(z, np.ndarray):
            z *= self.scale[:, None]
            return z
        return self.scale[:, None] * z

    def log_abs_det(self) -> float:
        """Return ln |det|."""
        xp = namespace_of(self.scale)
        known = self.weights_log_det
        known = log_abs_det_of_matrix(self.weights) if known is None else known
        return float(xp.sum(xp.log(xp.abs(self.scale)))) + known


@dataclass(frozen=True, eq=False)
class LeakyColumns:
    """The matrix ``-1 + W diag(scale)``: the Jacobian of the flow ``-x + W phi(x)``."""

    scale: Any
    weights: Any

    def __matmul__(self, q: Any) -> Any:
        return fortran_product(self.weights, self.scale[:, None] * q) - q


@dataclass(frozen=True, eq=False)
class EulerJacobian:
    """The matrix ``1 + dt A``: the derivative of one Euler step."""

    rate_matrix: Any
    dt: float

    def __matmul__(self, q: Any) -> Any:
        return q + self.dt * (self.rate_matrix @ q)


@dataclass(frozen=True, eq=False)
class RungeKuttaJacobian:
    """The exact derivative of one RK4 step, from the Jacobians of the flow at its four stages."""

    stages: tuple[Any, ...]  # four
    dt: float

    def __matmul__(self, q: Any) -> Any:
        a, b, c, d = self.stages
        k1 = a @ q
        k2 = b @ (q + self.dt / 2 * k1)
        k3 = c @ (q + self.dt / 2 * k2)
        k4 = d @ (q + self.dt * k3)
        return q + self.dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def runge_kutta_step(
    vector_field: Callable[[Any], Any], jacobian: Callable[[Any], Any], dt: float
) -> Callable[[Any], tuple[Any, RungeKuttaJacobian]]:
    """Return the map ``x -> (x after one RK4 step, its Jacobian)`` of an autonomous flow."""

    def step(x: Any) -> tuple[Any, RungeKuttaJacobian]:
        k1 = vector_field(x)
        x2 = x + dt / 2 * k1
        k2 = vector_field(x2)
        x3 = x + dt / 2 * k2
        k3 = vector_field(x3)
        x4 = x + dt * k3
        k4 = vector_field(x4)
        stages = (jacobian(x), jacobian(x2), jacobian(x3), jacobian(x4))
        return x + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4), RungeKuttaJacobian(stages, dt)

    return step


def fortran_product(weights: Any, q: Any) -> Any:
    """Return ``weights @ q``; for numpy in Fortran order, so that LAPACK need not transpose it."""
    if isinstance(weights, np.ndarray) and isinstance(q, np.ndarray) and q.ndim == 2:
        return (q.T @ weights.T).T
    return weights @ q


def log_abs_det(jacobian: Any, n: int, like_state: Any) -> float:
    """Return ln |det J| of any Jacobian object, forming the matrix if it has no own method."""
    if hasattr(jacobian, "log_abs_det"):
        return float(jacobian.log_abs_det())
    xp = namespace_of(like_state)
    return log_abs_det_of_matrix(jacobian @ xp.eye(n, dtype=like_state.dtype))


def log_abs_det_of_matrix(matrix: Any) -> float:
    """Return ln |det| of a dense or sparse matrix of any array library."""
    dense = matrix.toarray() if hasattr(matrix, "toarray") else to_numpy(matrix)
    return float(np.linalg.slogdet(dense)[1])
