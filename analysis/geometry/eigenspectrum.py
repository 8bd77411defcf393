"""Eigenvalues of response kernels and the exponent of their decay, beside a prediction.

A fit to few stimuli in a finite band is far from the asymptote.  The predicted kernel is therefore
evaluated at the very stimuli and fitted in the very band of the data, so that aliasing cancels.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from heavytail_snn.analysis.geometry.kernels import (
    block_labels,
    check_kernel,
    check_responses,
    gram_matrix,
    stimulus_distances,
)
from heavytail_snn.analysis.theory.codes.kernel_spectrum import circle_spectrum, power_law_exponent
from heavytail_snn.core.errors import ParameterError, check_choice, check_integer
from heavytail_snn.core.randomness import Seed, recorded_seed, stream
from heavytail_snn.core.results import Result, field_of

Floats = NDArray[np.float64]

MODES = ("rank", "circle")
PARITIES = ("all", "odd", "even")


@dataclass(frozen=True, kw_only=True)
class EigenspectrumExponent(Result):
    """Power law fitted to the eigenvalues of a kernel of responses.

    Parameters
    ----------
    exponent, standard_error : float
        eigenvalue ~ order^-exponent in the band, and its bootstrap error over blocks of neurons.
    interval : tuple of float
        Central 95 % of the bootstrap, shifted to the estimate: resampling neurons biases the
        smallest eigenvalues of a rank spectrum, which would shift the raw quantiles.
    order : (m,) ndarray
        Rank from 1 on, or degree of the Fourier mode from 0 on.
    eigenvalue, eigenvalue_error : (m,) ndarray
        With respect to the uniform measure on the stimuli: they sum to the mean squared response
        (modes of the circle count twice).
    fitted : (m,) ndarray of bool
        Members of the band.
    predicted_exponent : float
        Fit of the predicted kernel at the same stimuli and band; nan without prediction.
    predicted_eigenvalue : (m,) ndarray
        Empty without prediction.
    """

    exponent: float = field_of(quantity="eigen_exponent", error="standard_error")
    standard_error: float = field_of()
    interval: tuple[float, float]
    order: Floats = field_of(dims=("mode",), repr=False)
    eigenvalue: Floats = field_of(dims=("mode",), repr=False)
    eigenvalue_error: Floats = field_of(dims=("mode",), repr=False)
    fitted: NDArray[np.bool_] = field_of(dims=("mode",), repr=False)
    predicted_exponent: float = field_of()
    predicted_eigenvalue: Floats = field_of(dims=("mode",), repr=False)

    def plot(self, ax: Any = None) -> Any:
        """Draw the fitted modes and the prediction; return the Axes."""
        import matplotlib.pyplot as plt

        ax = plt.subplots()[1] if ax is None else ax
        x = self.order[self.fitted]
        ax.errorbar(x, self.eigenvalue[self.fitted], self.eigenvalue_error[self.fitted], fmt="o")
        if self.predicted_eigenvalue.size:
            ax.plot(x, self.predicted_eigenvalue[self.fitted], "k-")
        ax.set(xscale="log", yscale="log", xlabel="order", ylabel="eigenvalue")
        return ax


def eigenspectrum_exponent(
    responses: Any,
    *,
    band: tuple[int, int],
    modes: str = "rank",
    parity: str = "all",
    center: bool = False,
    prediction: Callable[[Floats], Floats] | None = None,
    stimuli: Any = None,
    groups: ArrayLike | None = None,
    n_bootstrap: int = 100,
    seed: Seed = None,
) -> EigenspectrumExponent:
    """Fit a power law to the eigenvalues of the kernel of responses.

    Parameters
    ----------
    responses : (n_stimuli, n_neurons[, n_repeats]) array_like
        Products within repeats; for the repeated variance alone see `cvpca_exponent`.  Where
        stimuli differ in their number of repeats, average these first: np.nanmean(responses, 2).
    band : (low, high)
        Ranks from 1 on, or degrees, both ends included.
    modes : {"rank", "circle"}
        Eigenvalues by rank; or Fourier modes by degree, for stimuli at n equally spaced angles on a
        circle from 0 on, where they are the eigenvalues of the kernel averaged over rotations.
    parity : {"all", "odd", "even"}
        Which degrees or ranks of the band to fit; the even degrees of odd units vanish.
    center : bool
        Subtract each neuron's mean over stimuli.
    prediction : callable, optional
        Predicted kernel as a vectorised function of the distance of stimuli.
    stimuli : Stimulus, angles or distances, optional
        As for `response_kernel`; needed for a prediction with modes="rank".
    groups, n_bootstrap, seed :
        As for `response_kernel`.

    Raises
    ------
    ParameterError
        If responses are malformed or constant, there are fewer stimuli than the band asks for, or
        the predicted kernel is not positive semidefinite.

    Examples
    --------
    >>> angles = 2 * np.pi * np.arange(128) / 128
    >>> fields = np.cos(angles[:, None] - 2 * np.pi * np.random.default_rng(1).random(4000))
    >>> triangle = lambda angle: 1 - 2 * angle / np.pi
    >>> result = eigenspectrum_exponent(
    ...     np.sign(fields), band=(5, 31), modes="circle", parity="odd", prediction=triangle
    ... )
    >>> abs(result.exponent - result.predicted_exponent) < 0.05
    True
    """
    check_choice("modes", modes, MODES)
    n_bootstrap = check_integer("n_bootstrap", n_bootstrap, low=2)
    array = check_responses(responses)
    n_stimuli = len(array)
    if center:
        array -= array.mean(axis=(0, 2), keepdims=True)
    order, fitted = _band(band, n_stimuli, modes, parity)
    blocks, squares = _block_terms(array, modes, block_labels(array.shape[1], groups))

    def spectrum(weights: Floats) -> Floats:
        # blocks may differ in size: responses are averaged over the resampled neurons
        mean = np.tensordot(weights, blocks, axes=1) / (weights @ squares)
        return mean if modes == "circle" else np.linalg.eigvalsh(mean)[::-1]

    ones = np.ones(len(blocks))
    values = spectrum(ones)
    random = stream(seed, "spectrum bootstrap")
    picks = random.multinomial(len(blocks), ones / len(blocks), n_bootstrap)
    resampled = np.array([spectrum(pick) for pick in picks])
    exponents = np.array([_exponent(order, row, fitted) for row in resampled])
    exponent = _exponent(order, values, fitted)
    low, high = np.quantile(exponents, [0.025, 0.975]) - np.median(exponents) + exponent
    predicted, predicted_exponent = np.empty(0), float("nan")
    if prediction is not None:
        predicted = _predicted(prediction, modes, n_stimuli, stimuli)
        predicted_exponent = _exponent(order, predicted, fitted)
    scale = float(np.mean(array**2))
    return EigenspectrumExponent(
        exponent=exponent,
        standard_error=float(exponents.std(ddof=1)),
        interval=(float(low), float(high)),
        order=order.astype(float),
        eigenvalue=values * scale,
        eigenvalue_error=resampled.std(axis=0, ddof=1) * scale,
        fitted=fitted,
        predicted_exponent=predicted_exponent,
        predicted_eigenvalue=predicted * scale,
        parameters={
            "band": band,
            "modes": modes,
            "parity": parity,
            "center": center,
            "n_stimuli": n_stimuli,
            "n_neurons": array.shape[1],
            "n_bootstrap": n_bootstrap,
        },
        seed=recorded_seed(seed),
    )


def kernel_eigenvalues(kernel: ArrayLike) -> Floats:
    """Return the eigenvalues of a kernel matrix over its size, in decreasing order.

    Parameters
    ----------
    kernel : (n, n) array_like

    Raises
    ------
    ParameterError
        If it is not symmetric and positive semidefinite.
    """
    matrix = check_kernel(kernel)
    return np.linalg.eigvalsh(matrix)[::-1] / len(matrix)


def check_band(band: Any, highest: int) -> tuple[int, int]:
    """Return the band as two whole numbers with at least three modes up to `highest`, or raise."""
    if not isinstance(band, tuple | list) or len(band) != 2:
        raise ParameterError("band", band, "must be two whole numbers (low, high)")
    low = check_integer("band", band[0], low=1)
    high = check_integer("band", band[1], low=low + 2)
    if high > highest:
        raise ParameterError(
            "band",
            band,
            f"must end at {highest}, the last mode that the stimuli and neurons have",
            "present more stimuli or lower the band",
        )
    return low, high


def _band(
    band: Any, n_stimuli: int, modes: str, parity: str
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    circular = modes == "circle"
    highest = (n_stimuli - 1) // 2 if circular else n_stimuli
    low, high = check_band(band, highest)
    order = np.arange(n_stimuli // 2 + 1) if circular else np.arange(1, n_stimuli + 1)
    fitted = (order >= low) & (order <= high)
    if check_choice("parity", parity, PARITIES) != "all":
        fitted &= order % 2 == (1 if parity == "odd" else 0)
    if np.count_nonzero(fitted) < 3:
        raise ParameterError("band", band, f"must hold at least three modes of parity {parity!r}")
    return order, fitted


def _block_terms(
    array: Floats, modes: str, labels: NDArray[np.int64]
) -> tuple[Floats, NDArray[np.float64]]:
    """Return each block's spectrum (circle) or kernel (rank), and its mean squared response."""
    n_stimuli, _, n_repeats = array.shape
    terms, squares = [], []
    for block in range(labels.max() + 1):
        part = array[:, labels == block]
        squares.append(np.sum(part**2) / (n_stimuli * n_repeats))
        if modes == "circle":
            power = np.abs(np.fft.rfft(part.reshape(n_stimuli, -1), axis=0)) ** 2
            terms.append(power.sum(axis=1) / (n_stimuli**2 * n_repeats))
        else:
            terms.append(gram_matrix(part) / n_stimuli)
    return np.array(terms), np.array(squares)


def _exponent(order: Any, values: Floats, fitted: NDArray[np.bool_]) -> float:
    if (values[fitted] <= 0).any():
        raise ParameterError(
            "band",
            (int(order[fitted][0]), int(order[fitted][-1])),
            "must hold positive eigenvalues only",
            "lower its end, leave out modes that vanish by symmetry, or use more neurons",
        )
    return power_law_exponent(order[fitted], values[fitted]).exponent


def _predicted(
    prediction: Callable[[Floats], Floats], modes: str, n_stimuli: int, stimuli: Any
) -> Floats:
    """Return the eigenvalues of the predicted kernel at the stimuli of the data."""
    if modes == "circle":
        angle = 2.0 * np.pi / n_stimuli * np.arange(n_stimuli)
        values = np.asarray(prediction(np.minimum(angle, 2.0 * np.pi - angle)), dtype=float)
        eigenvalues = circle_spectrum(values / values[0]).eigenvalue
        if eigenvalues.min() < -1e-8 * eigenvalues.max():
            raise ParameterError(
                "prediction",
                f"the eigenvalue {eigenvalues.min():.3g}",
                "must be a positive semidefinite kernel",
                "use a kernel of the angle between stimuli",
            )
        return np.asarray(eigenvalues)
    if stimuli is None:
        raise ParameterError("stimuli", None, "must be given for a prediction with modes='rank'")
    distances = stimulus_distances(stimuli, n_stimuli)
    kernel = np.asarray(prediction(distances.ravel()), dtype=float).reshape(distances.shape)
    kernel = kernel / np.mean(np.diag(kernel))
    return kernel_eigenvalues(check_kernel(kernel, argument="prediction"))
