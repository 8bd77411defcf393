"""Eigenvalues of rotation-invariant kernels on circles and spheres, and their decay.

On a sphere the eigenfunctions are spherical harmonics and the eigenvalue of degree l is one
integral.  A fit to few stimuli in a finite band is far from the asymptote: compare data with the
theory's kernel evaluated at the same number of stimuli and fitted in the same band.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from heavytail_snn.analysis.theory.numerics.arrays import check_array
from heavytail_snn.analysis.theory.numerics.transfer import Floats
from heavytail_snn.core.errors import (
    ConvergenceError,
    ParameterError,
    check_callable,
    check_integer,
)
from heavytail_snn.core.results import Result, field_of

_ORDER = 20


@dataclass(frozen=True, kw_only=True)
class KernelSpectrum(Result):
    """Eigenvalues of a kernel by degree of the harmonics.

    Parameters
    ----------
    degree : (n,) ndarray
        0, 1, 2, ...
    eigenvalue : (n,) ndarray
        With respect to the uniform probability measure: sum(degeneracy * eigenvalue) = K(0).
    degeneracy : (n,) ndarray
        Number of harmonics of that degree.
    residual : float
        Largest change of an eigenvalue when the quadrature is halved; 0 for the circle's transform.
    """

    degree: Floats = field_of(dims=("degree",))
    eigenvalue: Floats = field_of(dims=("degree",))
    degeneracy: Floats = field_of(dims=("degree",))
    residual: float = field_of()


@dataclass(frozen=True, kw_only=True)
class PowerLawFit(Result):
    """Straight line through log eigenvalue against log rank.

    Parameters
    ----------
    exponent, standard_error : float
        value ~ rank^-exponent.
    n_points : int
        Points in the band.
    """

    exponent: float = field_of(quantity="eigen_exponent", error="standard_error")
    standard_error: float = field_of()
    n_points: int


def circle_spectrum(kernel: ArrayLike) -> KernelSpectrum:
    """Return the eigenvalues of a kernel on a circle of P equally spaced stimuli.

    Parameters
    ----------
    kernel : (P,) array_like
        K at the angles 2 pi j / P, j = 0 ... P-1, with K(j) = K(P-j).

    Raises
    ------
    ParameterError
        If the kernel is not finite and symmetric.

    Examples
    --------
    >>> angles = 2 * np.pi * np.arange(8) / 8
    >>> np.abs(np.round(circle_spectrum(np.cos(angles)).eigenvalue[:3], 12))
    array([0. , 0.5, 0. ])
    """
    values = check_array("kernel", kernel)
    if len(values) < 3:
        raise ParameterError("kernel", kernel, "must have at least three points")
    if not np.allclose(values[1:], values[:0:-1], atol=1e-9 * np.max(np.abs(values))):
        raise ParameterError(
            "kernel", kernel, "must be symmetric", "give it on the whole circle from 0 to 2 pi"
        )
    count = len(values)
    eigenvalue = np.fft.rfft(values).real / count
    degeneracy = np.full(len(eigenvalue), 2.0)
    degeneracy[0] = 1.0
    if count % 2 == 0:
        degeneracy[-1] = 1.0
    return KernelSpectrum(
        degree=np.arange(len(eigenvalue), dtype=float),
        eigenvalue=eigenvalue,
        degeneracy=degeneracy,
        residual=0.0,
        parameters={"n_stimuli": count},
    )


def sphere_spectrum(
    kernel: Callable[[Floats], Floats], dimension: int, *, max_degree: int, n_nodes: int = 4000
) -> KernelSpectrum:
    """Return the eigenvalues of a kernel on the sphere S^D (D = 1 is the circle).

    Parameters
    ----------
    kernel : callable
        K as a vectorised function of the angle in [0, pi].
    dimension : int
        D, the dimension of the manifold.
    max_degree : int
        Less than a quarter of `n_nodes`, beyond which the quadrature loses the oscillations.
    n_nodes : int
        Nodes in the angle, in Gauss-Legendre panels of 20.

    Raises
    ------
    ParameterError
        For values outside their domain.
    ConvergenceError
        If the kernel is not finite.
    """
    check_callable("kernel", kernel, "circle_spectrum takes values instead")
    dimension = check_integer("dimension", dimension, low=1)
    n_nodes = check_integer("n_nodes", n_nodes, low=100, high=100_000)
    remedy = "increase n_nodes"
    max_degree = check_integer("max_degree", max_degree, low=1, high=n_nodes // 4, remedy=remedy)
    eigenvalue = _sphere_eigenvalues(kernel, dimension, max_degree, n_nodes)
    coarse = _sphere_eigenvalues(kernel, dimension, max_degree, n_nodes // 2)
    degree = np.arange(max_degree + 1, dtype=float)
    return KernelSpectrum(
        degree=degree,
        eigenvalue=eigenvalue,
        degeneracy=np.array([_degeneracy(dimension, int(order)) for order in degree]),
        residual=float(np.max(np.abs(eigenvalue - coarse))),
        parameters={"dimension": dimension, "n_nodes": n_nodes},
    )


def _sphere_eigenvalues(
    kernel: Callable[[Floats], Floats], dimension: int, max_degree: int, n_nodes: int
) -> Floats:
    nodes, weights = np.polynomial.legendre.leggauss(_ORDER)
    n_panels = -(-n_nodes // _ORDER)
    angle = (np.arange(n_panels)[:, None] + (nodes + 1.0) / 2.0).ravel() * (math.pi / n_panels)
    weights = np.tile(weights, n_panels) * np.sin(angle) ** (dimension - 1)
    values = np.asarray(kernel(angle), dtype=float)
    if not np.all(np.isfinite(values)):
        raise ConvergenceError("the kernel is not finite at all angles in (0, pi)")
    weighted = weights / weights.sum() * values
    x = np.cos(angle)
    before, now = np.ones_like(x), x
    eigenvalue = np.empty(max_degree + 1)
    eigenvalue[0], eigenvalue[1] = weighted.sum(), weighted @ x
    for degree in range(1, max_degree):
        # Gegenbauer polynomials normalised to 1 at angle 0
        rise = (2 * degree + dimension - 1) * x * now - degree * before
        before, now = now, rise / (degree + dimension - 1)
        eigenvalue[degree + 1] = weighted @ now
    return eigenvalue


def _degeneracy(dimension: int, degree: int) -> float:
    if degree == 0:
        return 1.0
    if dimension == 1:
        return 2.0
    ways = math.comb(degree + dimension - 2, degree - 1)
    return float((2 * degree + dimension - 1) * ways // degree)


def power_law_exponent(rank: ArrayLike, value: ArrayLike) -> PowerLawFit:
    """Fit value ~ rank^-exponent by least squares in logarithms.

    Parameters
    ----------
    rank, value : (n,) array_like
        Positive; at least three points.  Leave out modes that vanish by symmetry.

    Raises
    ------
    ParameterError
        If points are missing or not positive.

    Examples
    --------
    >>> round(power_law_exponent([1, 2, 4], [1, 0.25, 0.0625]).exponent, 9)
    2.0
    """
    remedy = "choose a band above rounding and without zeros"
    x = check_array("rank", rank, low=0, open_low=True)
    y = check_array("value", value, low=0, open_low=True, remedy=remedy)
    if x.shape != y.shape or len(x) < 3:
        raise ParameterError("rank", rank, "must be as long as value, with at least three points")
    x, y = np.log(x), np.log(y)
    x = x - x.mean()
    spread = float(x @ x)
    if spread == 0:
        raise ParameterError("rank", rank, "must not be constant")
    slope = float(x @ y) / spread
    remainder = y - y.mean() - slope * x
    error = math.sqrt(float(remainder @ remainder) / (len(x) - 2) / spread)
    return PowerLawFit(exponent=-slope, standard_error=error, n_points=len(x))
