"""LePage series: the weights of one neuron in order of size, when there are very many of them.

The sizes of infinitely many alpha-stable weights are c Gamma_k^(-1/alpha), with Gamma_k the points
of a Poisson process; what lies beyond the strongest m acts together as a Gaussian.
"""

import math

import numpy as np
from numpy.typing import NDArray


def tail_scale(alpha: float) -> float:
    """Return ``c_alpha^(1/alpha)``, the size of a unit-scale stable law's tail, 0 at alpha = 2.

    ``c_alpha = 2 Gamma(alpha) sin(pi alpha / 2) / pi`` with P(|z| > u) ~ c_alpha u^-alpha.
    """
    if alpha == 2:
        return 0.0
    return (2 * math.gamma(alpha) * math.sin(math.pi * alpha / 2) / math.pi) ** (1 / alpha)


def lepage_weights(
    alpha: float, n: int, n_strong: int, generator: np.random.Generator
) -> tuple[NDArray, NDArray]:
    """Draw the strongest terms of n symmetric stable sums of unit scale.

    Parameters
    ----------
    alpha : float in (0, 2]
    n, n_strong : int
        Number of sums and of terms kept of each.
    generator : Generator

    Returns
    -------
    strong : (n, n_strong) ndarray
        Terms in order of decreasing size; zeros at alpha = 2, where no term stands out.
    rest_square : (n,) ndarray
        Expected sum of the squares of all further terms, given the last one kept; 2 at alpha = 2.
    """
    if alpha == 2:
        return np.zeros((n, n_strong)), np.full(n, 2.0)
    arrivals = np.cumsum(generator.standard_exponential((n, n_strong)), axis=1)
    signs = generator.choice(np.array([-1.0, 1.0]), (n, n_strong))
    scale = tail_scale(alpha)
    strong = signs * scale * arrivals ** (-1 / alpha)
    rest = scale**2 * arrivals[:, -1] ** (1 - 2 / alpha) / (2 / alpha - 1)
    return strong, rest


def split_strongest(weights: NDArray, n_strong: int) -> tuple[NDArray, NDArray, NDArray]:
    """Split rows of weights into the strongest ones and the sums over the rest.

    Returns
    -------
    strong : (n, m) ndarray, m = min(n_strong, number of weights)
    rest_sum, rest_square : (n,) ndarrays
    """
    m = min(n_strong, weights.shape[1])
    order = np.argpartition(-np.abs(weights), m - 1, axis=1)
    strong = np.take_along_axis(weights, order[:, :m], axis=1)
    rest = np.take_along_axis(weights, order[:, m:], axis=1)
    return strong, rest.sum(axis=1), np.sum(rest**2, axis=1)
