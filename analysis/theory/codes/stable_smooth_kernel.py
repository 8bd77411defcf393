"""Kernel of smooth units one step after a graded code, with alpha-stable weights.

Given inputs that are normal over neurons, the fields of two stimuli are a sub-Gaussian pair: over
weights, normal with the stimuli's correlation and a common variance A that is positive stable of
index alpha/2 (Samorodnitsky & Taqqu, Stable Non-Gaussian Random Processes, 1994, section 2.5).
Units whose A exceeds 1/angle^2 answer like sign units.  There are angle^alpha of them, each with a
loss of the order of the angle: analytic units have a kernel with a term angle^(1 + alpha), for
every alpha < 2.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from heavytail_snn.analysis.theory.codes.response_kernel import check_angles
from heavytail_snn.analysis.theory.numerics.transfer import Floats
from heavytail_snn.analysis.theory.stable.sign_map import check_alpha
from heavytail_snn.core.errors import ConvergenceError, check_integer, check_real
from heavytail_snn.core.results import Result, field_of

_TOLERANCE = 1e-4


@dataclass(frozen=True, kw_only=True)
class StableSmoothKernel(Result):
    """Kernel of erf units one step after a graded code, for N to infinity.

    Parameters
    ----------
    angles : (n,) ndarray
        Radian, in [0, pi].
    kernel, distance : (n,) ndarray
        K, normalised to 1 at angle 0, and 1 - K.
    cusp_exponent : float
        Of 1 - K at small angles: min(2, 1 + alpha), with a logarithm at alpha = 1.
    residual : float
        Largest change of K when the nodes are halved.
    """

    angles: Floats = field_of(dims=("angle",), unit="rad", repr=False)
    kernel: Floats = field_of(dims=("angle",), repr=False)
    distance: Floats = field_of(dims=("angle",), repr=False)
    cusp_exponent: float = field_of()
    residual: float = field_of()


def stable_smooth_kernel(
    angles: ArrayLike, *, alpha: float, g: float, n_nodes: int = 400
) -> StableSmoothKernel:
    """Return the kernel of y = phi(g W x), phi(x) = erf(sqrt(pi) x / 2), x standard normal.

    Parameters
    ----------
    angles : (n,) array_like
        Angles between stimuli in radian; their codes x have the correlation cos(angle) over
        neurons.
    alpha : float
        Stability, in (0, 2].
    g : float
        Gain, stable convention (Gaussian weights have variance 2 g^2/N).
    n_nodes : int
        Of each of the two quadratures over A.

    Raises
    ------
    ParameterError
        For values outside their domain.
    ConvergenceError
        If K changes by more than 1e-4 when the nodes are halved: for alpha below about 0.3 more of
        them are needed.

    Notes
    -----
    On a D-dimensional manifold eigenvalues fall like n^-(1 + (1 + alpha)/D) for alpha < 2 (an
    angle^2 term is analytic and does not count).  At alpha = 1 that is 1 + 2/D, the bound for
    differentiable codes of Stringer et al., Nature 571, 361 (2019); networks of sign units fall
    like n^-(1 + 1/D) whatever alpha (see `eigen_exponent`).

    Examples
    --------
    >>> sharp = stable_smooth_kernel([math.pi / 4], alpha=1.5, g=1e8)  # sign units
    >>> round(float(sharp.kernel[0]), 6)
    0.5
    """
    angles = check_angles(angles)
    alpha = check_alpha(alpha)
    g = check_real("g", g, low=0, open_low=True)
    n_nodes = check_integer("n_nodes", n_nodes, low=20, high=4000)
    distance = _distance(angles, alpha, g, n_nodes)
    coarse = _distance(angles, alpha, g, n_nodes // 2)
    residual = float(np.max(np.abs(distance - coarse), initial=0.0))
    if not residual < _TOLERANCE:
        raise ConvergenceError(
            f"the kernel changes by {residual:.2g} when the {n_nodes} nodes are halved; increase "
            "n_nodes"
        )
    return StableSmoothKernel(
        angles=angles,
        kernel=1.0 - distance,
        distance=distance,
        cusp_exponent=min(2.0, 1.0 + alpha),
        residual=residual,
        parameters={"alpha": alpha, "g": g, "n_nodes": n_nodes},
    )


def _distance(angles: Floats, alpha: float, g: float, n_nodes: int) -> Floats:
    """Return 1 - K: E phi phi of a normal pair of variance A is an arcsine, averaged over A."""
    moment = 2.0 ** (alpha / 2) * math.gamma((alpha + 1) / 2) / math.sqrt(math.pi)  # E |normal|^a
    node, weight = positive_stable(alpha / 2, n_nodes)
    variance = 2.0 * g**2 * moment ** (2 / alpha) * node
    rest = 1.0 / (1.0 + variance * math.pi / 2)
    share = 1.0 - rest
    # arcsin(share) - arcsin(share cos(angle)) without cancellation
    other = share * np.cos(angles)[:, None]
    lost = 2.0 * share * np.sin(angles / 2)[:, None] ** 2  # share - other
    root = np.sqrt(rest * (1.0 + share))  # sqrt(1 - share^2)
    other_root = np.sqrt((rest + lost) * (1.0 + other))
    # share^2 - other^2 = lost (share + other) over the sum of the roots
    sine = share * other_root - other * root
    gain = share * (lost * (share + other)) / (root + other_root)
    sine = np.where(other > 0, lost * root + gain, sine)
    cosine = share * other + root * other_root
    return np.asarray(np.arctan2(sine, cosine) @ weight / (weight @ np.arcsin(share)))


def positive_stable(index: float, n_nodes: int) -> tuple[Floats, Floats]:
    """Return nodes and weights of A > 0 with E exp(-s A) = exp(-s^index), index in (0, 1].

    Kanter, Ann. Probab. 3 (1975) 697: A is a function of a uniform angle and an exponential time.

    Parameters
    ----------
    index : float
    n_nodes : int
        Of each of the two variables.

    Returns
    -------
    node, weight : (m,) ndarray
    """
    if index == 1.0:
        return np.ones(1), np.ones(1)
    y = np.linspace(-40.0, 40.0, n_nodes)
    edge = np.pi / (1.0 + np.exp(np.abs(y)))  # distance to the nearer end of (0, pi)
    angle = np.where(y < 0, edge, np.pi - edge)
    log_time = np.linspace(-80.0, 4.5, n_nodes)[:, None]
    weight = np.exp(log_time - np.exp(log_time)) / np.cosh(y / 2) ** 2
    power = (1.0 - index) / index
    log_node = np.log(np.sin(index * angle)) - np.log(np.sin(edge)) / index
    log_node = log_node + power * (np.log(np.sin((1.0 - index) * angle)) - log_time)
    node = np.exp(np.minimum(log_node, 700.0))  # beyond, units are sign units to all digits
    return node.ravel(), (weight / weight.sum()).ravel()
