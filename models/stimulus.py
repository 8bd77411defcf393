"""Stimuli: points of a manifold with known similarity, and the input patterns they cause.

A stimulus is a row of features of length one; the similarity of two stimuli is the product of
their rows.  Random projections turn rows into one normal number per neuron, whose correlation
over neurons is the similarity: that pattern is an input drive or an initial condition.
"""

import math
from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from heavytail_snn.core.arrays import real_array
from heavytail_snn.core.errors import ParameterError, check_choice, check_integer, check_real
from heavytail_snn.core.randomness import Seed, stream
from heavytail_snn.core.showing import Shown

Floats = NDArray[np.float64]

KERNELS = ("von_mises", "dirichlet", "periodic_gaussian")
_MAX_FEATURES = 100_000
_LOST_POWER = 1e-12  # share of a kernel that its truncated Fourier series may miss


@dataclass(frozen=True, eq=False)
class Stimulus(Shown):
    """A set of stimuli.

    Parameters
    ----------
    features : (n_stimuli, n_features) ndarray
        Rows of length one for the families of this module.
    coordinates : (n_stimuli, d) ndarray, optional
        Position on the manifold: angles in radian on circle and torus, unit vectors on a sphere.
    manifold : {"circle", "sphere", "torus", "euclidean"}
        How `distances` measures.
    labels : (n_stimuli,) ndarray of int, optional
        Class of each stimulus.

    Examples
    --------
    >>> stimulus = circle(4)
    >>> np.abs(np.round(stimulus.similarity[0], 12))
    array([1., 0., 1., 0.])
    >>> stimulus.patterns(1000, seed=1).shape
    (4, 1000)
    """

    features: Floats
    _: KW_ONLY
    coordinates: Floats
    manifold: Literal["circle", "sphere", "torus", "euclidean"]
    labels: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.features)

    @property
    def similarity(self) -> Floats:
        """Products of the feature rows, (n_stimuli, n_stimuli)."""
        return self.features @ self.features.T

    @property
    def distances(self) -> Floats:
        """Distance of each pair, (n_stimuli, n_stimuli).

        Along the circle or the great circle of the sphere, in radian; on a torus the Euclidean
        length of the angles' differences; else the Euclidean distance of the coordinates.
        """
        if self.manifold == "sphere":
            chord = np.linalg.norm(self.coordinates[:, None] - self.coordinates[None], axis=2)
            return 2.0 * np.arcsin(np.minimum(chord / 2.0, 1.0))  # the 1 covers rounding only
        difference = self.coordinates[:, None] - self.coordinates[None]
        if self.manifold in ("circle", "torus"):
            difference = np.abs((difference + np.pi) % (2.0 * np.pi) - np.pi)
        return np.linalg.norm(difference, axis=2)

    def patterns(self, n_neurons: int, *, seed: Seed = None) -> Floats:
        """Project the features to neurons with standard normal weights.

        Parameters
        ----------
        n_neurons : int
        seed : int, SeedSequence, Generator or None
            Equal seeds give equal projections, also for other stimuli with as many features.

        Returns
        -------
        (n_stimuli, n_neurons) ndarray
            Over neurons, rows have mean 0, variance 1 and the stimuli's similarity as correlation,
            up to fluctuations of the order of 1/sqrt(n_neurons).
        """
        n_neurons = check_integer("n_neurons", n_neurons, low=1)
        random = stream(seed, "stimulus projection")
        return self.features @ random.standard_normal((self.features.shape[1], n_neurons))


def circle(angles: Any) -> Stimulus:
    """Return stimuli on a circle, with features (cos, sin) and similarity cos(difference).

    Parameters
    ----------
    angles : int or (n_stimuli,) array_like
        The number of equally spaced angles from 0 on, or the angles in radian.
    """
    angles = _angles(angles)
    features = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return Stimulus(features, coordinates=angles[:, None], manifold="circle")


def sphere(n_stimuli: int, dimension: int, *, seed: Seed = None) -> Stimulus:
    """Return uniformly distributed points of the sphere S^D; the similarity is cos(angle).

    Parameters
    ----------
    n_stimuli : int
    dimension : int
        D, of the manifold: 2 is the surface of a ball.
    seed : int, SeedSequence, Generator or None
    """
    n_stimuli = check_integer("n_stimuli", n_stimuli, low=1)
    dimension = check_integer("dimension", dimension, low=1)
    points = stream(seed, "stimuli").standard_normal((n_stimuli, dimension + 1))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return Stimulus(points, coordinates=points, manifold="sphere")


def torus(
    angles: Any,
    *,
    kernel: str = "von_mises",
    width: float = 0.5,
    dimension: int = 1,
    seed: Seed = None,
) -> Stimulus:
    """Return stimuli on a D-torus whose similarity is a product of periodic kernels.

    Parameters
    ----------
    angles : int or (n_stimuli, dimension) array_like
        Number of stimuli (equally spaced for dimension 1, else uniformly random), or angles in
        radian.
    kernel : {"von_mises", "dirichlet", "periodic_gaussian"}
        With x the difference of angles, normalised to 1 at x = 0:
        exp((cos x - 1) / width^2); sin((m + 1/2) x) / sin(x / 2) with m = round(1 / width);
        the sum of exp(-(x + 2 pi n)^2 / (2 width^2)) over all n.
    width : float
        In radian; above 0.01.
    dimension : int
    seed : int, SeedSequence, Generator or None
        Of random angles.

    Raises
    ------
    ParameterError
        For values outside their domain, or more than 100000 features.

    Examples
    --------
    >>> stimulus = torus([0.0, 1.0], kernel="von_mises", width=0.5)
    >>> bool(np.isclose(stimulus.similarity[0, 1], np.exp((np.cos(1.0) - 1) / 0.25)))
    True
    """
    dimension = check_integer("dimension", dimension, low=1, high=10)
    amplitudes = np.sqrt(fourier_weights(kernel, width))
    n_single = 2 * len(amplitudes) - 1
    if n_single**dimension > _MAX_FEATURES:
        raise ParameterError(
            "width",
            width,
            f"must not need {n_single}^{dimension} > {_MAX_FEATURES} Fourier features",
            "choose a larger width or a smaller dimension",
        )
    if np.ndim(angles) == 0 and dimension > 1:
        count = check_integer("angles", angles, low=1)
        angles = stream(seed, "stimuli").uniform(0.0, 2.0 * np.pi, (count, dimension))
    points = _angles(angles)[:, None] if dimension == 1 else real_array("angles", angles)
    if points.ndim != 2 or points.shape[1] != dimension or not np.isfinite(points).all():
        raise ParameterError("angles", angles, f"must be finite, of shape (n, {dimension})")
    features = np.ones((len(points), 1))
    for angle in points.T:
        phases = angle[:, None] * np.arange(len(amplitudes))
        one = np.hstack([amplitudes * np.cos(phases), (amplitudes * np.sin(phases))[:, 1:]])
        features = (features[:, :, None] * one[:, None, :]).reshape(len(points), -1)
    return Stimulus(features, coordinates=points, manifold="torus")


def fourier_weights(kernel: str, width: float) -> Floats:
    """Return c_k >= 0 of sum_k c_k cos(k x), with sum 1, for a periodic kernel of `torus`.

    Parameters
    ----------
    kernel, width :
        As in `torus`.
    """
    check_choice("kernel", kernel, KERNELS)
    width = check_real("width", width, low=0.01, remedy="a narrower kernel has too many modes")
    modes = np.arange(round(20.0 / width) + 20)
    if kernel == "von_mises":
        weights = special.ive(modes, 1.0 / width**2)
    elif kernel == "periodic_gaussian":
        weights = np.exp(-0.5 * (modes * width) ** 2)
    else:
        weights = np.ones(round(1.0 / width) + 1)
    weights[1:] *= 2.0
    weights /= weights.sum()
    beyond = np.cumsum(weights[::-1])[::-1] > _LOST_POWER
    weights = weights[beyond]
    return weights / weights.sum()


def gaussian_mixture(
    n_classes: int, n_stimuli: int, n_features: int, *, spread: float = 0.5, seed: Seed = None
) -> Stimulus:
    """Return noisy copies of random prototypes, one class after the other.

    Parameters
    ----------
    n_classes : int
    n_stimuli : int
        In each class.
    n_features : int
    spread : float
        Length of the noise relative to that of the prototype, before rows are scaled to length 1.
    seed : int, SeedSequence, Generator or None
    """
    n_classes = check_integer("n_classes", n_classes, low=1)
    n_stimuli = check_integer("n_stimuli", n_stimuli, low=1)
    n_features = check_integer("n_features", n_features, low=2)
    spread = check_real("spread", spread, low=0)
    random = stream(seed, "stimuli")
    prototypes = np.repeat(random.standard_normal((n_classes, n_features)), n_stimuli, axis=0)
    points = prototypes + spread * random.standard_normal(prototypes.shape)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    labels = np.repeat(np.arange(n_classes), n_stimuli)
    return Stimulus(points, coordinates=points, manifold="euclidean", labels=labels)


def given_stimuli(features: ArrayLike, *, labels: ArrayLike | None = None) -> Stimulus:
    """Return stimuli with the user's features, used as they are.

    Parameters
    ----------
    features : (n_stimuli, n_features) array_like
        Rows of length one keep the variance of the patterns at 1.
    labels : (n_stimuli,) array_like of int, optional

    Raises
    ------
    ParameterError
        If the features are not a finite matrix, or labels do not match.
    """
    array = real_array("features", features)
    if array.ndim != 2 or array.size == 0 or not np.isfinite(array).all():
        raise ParameterError("features", features, "must be a finite matrix, one row a stimulus")
    classes = None
    if labels is not None:
        classes = np.asarray(labels)
        if classes.shape != (len(array),) or classes.dtype.kind not in "iu":
            raise ParameterError("labels", labels, f"must be {len(array)} whole numbers")
    return Stimulus(array, coordinates=array, manifold="euclidean", labels=classes)


def _angles(angles: Any) -> Floats:
    if np.ndim(angles) == 0:
        count = check_integer("angles", angles, low=1, remedy="give a number or an array of angles")
        return np.asarray(2.0 * math.pi / count * np.arange(count), dtype=np.float64)
    array = real_array("angles", angles)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or array.size == 0 or not np.isfinite(array).all():
        raise ParameterError("angles", angles, "must be a number or a finite list of angles")
    return array
