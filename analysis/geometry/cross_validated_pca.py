"""Cross-validated PCA: the variance of responses that is repeated, direction by direction.

Directions come from one half of the repeats, variances from the product of both halves, so that
trial noise adds nothing on average (Stringer et al. 2019, doi:10.1038/s41586-019-1346-5).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from heavytail_snn.analysis.recorded.responses import checked_responses
from heavytail_snn.core.errors import ParameterError, check_integer
from heavytail_snn.core.randomness import Seed, recorded_seed, stream
from heavytail_snn.core.results import Result, field_of

N_BLOCKS = 10


@dataclass(frozen=True, kw_only=True)
class CrossValidatedPCA(Result):
    """Spectrum of the repeatable variance of responses.

    Parameters
    ----------
    signal_variance, standard_error : (n_components,) ndarray
        Repeatable variance along each direction, in the square of the responses' unit, mean over
        splits, and its jackknife error over ten blocks of images (every tenth image), which is
        rather too large.  Single values may be negative; the error is nan for ranks that nine
        tenths of the images cannot have.
    partial_variance : (10, m) ndarray
        `signal_variance` without one of ten blocks of images each, for jackknife errors of whatever
        is computed from it.
    plain_variance : (n_components,) ndarray
        Eigenvalues of the covariance of the trial averages, which hold trial noise.
    total_signal_variance, total_signal_variance_error : float
        Sum of `signal_variance`.
    shuffled_total : float
        The same with the image labels permuted in each half: close to zero.
    participation_ratio, participation_ratio_error : float
        Of `signal_variance`, negative values set to 0.
    plain_participation_ratio : float
    reliable_dimensions : int
        Leading ranks whose repeatable variance is more than twice its error, up to the first whose
        is not.
    signal_to_noise : float
        `total_signal_variance` over the variance of single trials about their image's mean.
    n_images, n_neurons : int
    """

    signal_variance: np.ndarray = field_of(dims=("component",), repr=False)
    standard_error: np.ndarray = field_of(dims=("component",), repr=False)
    partial_variance: np.ndarray = field_of(dims=("block", "partial_component"), repr=False)
    plain_variance: np.ndarray = field_of(dims=("component",), repr=False)
    total_signal_variance: float = field_of(
        quantity="signal_variance", error="total_signal_variance_error"
    )
    total_signal_variance_error: float = field_of()
    shuffled_total: float = field_of()
    participation_ratio: float = field_of(
        quantity="participation_ratio", error="participation_ratio_error"
    )
    participation_ratio_error: float = field_of()
    plain_participation_ratio: float = field_of()
    reliable_dimensions: int = field_of()
    signal_to_noise: float = field_of()
    n_images: int
    n_neurons: int

    def plot(self, ax: Any = None) -> Any:
        """Draw both spectra against rank; return the Axes."""
        import matplotlib.pyplot as plt

        ax = plt.subplots()[1] if ax is None else ax
        rank = np.arange(1, self.signal_variance.size + 1)
        ax.loglog(rank, np.where(self.signal_variance > 0, self.signal_variance, np.nan))
        ax.loglog(rank, self.plain_variance, linestyle="--")
        ax.set(xlabel="rank", ylabel="variance")
        ax.legend(["cross-validated", "plain"])
        return ax


def cvpca(responses: Any, *, n_splits: int = 10, seed: Seed = None) -> CrossValidatedPCA:
    """Estimate the spectrum of the repeatable variance of responses to repeated images.

    Parameters
    ----------
    responses : (n_neurons, n_images, n_repeats) array_like
        Counts or rates; images shown less often are padded with nan at the end.  Neurons come
        first: `Presentation.counts`, with stimuli first, needs ``np.swapaxes(counts, 0, 1)``.
    n_splits : int
        Random divisions of each image's repeats into two equal halves, averaged; of an odd number
        of repeats one is left out.
    seed : int, SeedSequence, Generator or None

    Returns
    -------
    CrossValidatedPCA

    Raises
    ------
    ParameterError
        If the responses are malformed, of fewer than 20 images, or constant.

    Notes
    -----
    With A and B the centred (n_images, n_neurons) averages of the halves and v_k the right
    singular vectors of A, the variance of direction k is the mean over images of (A v_k)(B v_k).
    It is unbiased for the direction v_k; at low signal-to-noise the v_k mix, and the decay of the
    spectrum with rank is too slow: a fitted exponent needs a simulation at the same
    `signal_to_noise`, number of images and of neurons.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> signal = np.array([2.7, 1.0, 0.0])[:, None, None] * rng.normal(size=(3, 500, 1))
    >>> result = cvpca(signal + rng.normal(size=(3, 500, 4)), seed=1)
    >>> exact = signal.var(axis=1).sum()
    >>> bool(abs(result.total_signal_variance - exact) < 3 * result.total_signal_variance_error)
    True
    """
    array = checked_responses(responses)
    n_neurons, n_images, _ = array.shape
    n_splits = check_integer("n_splits", n_splits, low=1)
    if n_images < 2 * N_BLOCKS:
        raise ParameterError(
            "responses", f"{n_images} images", f"must have at least {2 * N_BLOCKS} images"
        )
    average = np.nanmean(array, axis=2).T
    if not np.ptp(average, axis=0).any():
        raise ParameterError("responses", average[0, 0], "must differ between images")
    random = stream(seed, "cvpca splits")
    halves = [split_halves(array, random) for _ in range(n_splits)]
    spectra = np.array([signal_spectrum(a, b) for a, b in halves])
    shuffled = [
        signal_spectrum(a[random.permutation(n_images)], b[random.permutation(n_images)]).sum()
        for a, b in halves
    ]
    signal = spectra.mean(axis=0)
    partial = _without_blocks(halves, n_images)
    errors = np.full(signal.shape, np.nan)
    errors[: partial.shape[1]] = jackknife_error(partial)
    reliable = signal[: partial.shape[1]] > 2 * errors[: partial.shape[1]]
    plain = np.linalg.svd(_centred(average), compute_uv=False) ** 2 / n_images
    noise = float(np.nanvar(array, axis=2, ddof=1).mean(axis=1).sum())
    return CrossValidatedPCA(
        signal_variance=signal,
        standard_error=errors,
        partial_variance=partial,
        plain_variance=plain,
        total_signal_variance=float(signal.sum()),
        total_signal_variance_error=float(jackknife_error(partial.sum(axis=1))),
        shuffled_total=float(np.mean(shuffled)),
        participation_ratio=_positive_ratio(signal),
        participation_ratio_error=float(
            jackknife_error(np.array([_positive_ratio(row) for row in partial]))
        ),
        plain_participation_ratio=_positive_ratio(plain),
        reliable_dimensions=int(np.sum(np.cumprod(reliable))),
        signal_to_noise=float(signal.sum()) / noise if noise else float("inf"),
        n_images=n_images,
        n_neurons=n_neurons,
        parameters={"n_splits": n_splits},
        seed=recorded_seed(seed),
    )


def split_halves(
    responses: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Average two random halves of each image's repeats, each (n_images, n_neurons)."""
    shown = np.isfinite(responses[0])
    keys = np.where(shown, random.random(shown.shape), np.inf)
    shuffled = np.take_along_axis(responses, np.argsort(keys, axis=1)[None], axis=2)
    half = (shown.sum(axis=1) // 2)[:, None]
    place = np.arange(shown.shape[1])
    first, second = place < half, (place >= half) & (place < 2 * half)
    present = np.nan_to_num(shuffled)
    return (present * first).sum(axis=2).T / half, (present * second).sum(axis=2).T / half


def signal_spectrum(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the mean product of both halves along the singular vectors of the first."""
    first, second = _centred(first), _centred(second)
    n_images, n_neurons = first.shape
    if n_neurons <= n_images:  # the singular vectors are eigenvectors of the smaller matrix
        directions = np.linalg.eigh(first.T @ first)[1][:, ::-1]
    else:
        directions = np.linalg.svd(first, full_matrices=False)[2].T
    return np.mean((first @ directions) * (second @ directions), axis=0)


def _centred(x: np.ndarray) -> np.ndarray:
    return x - x.mean(axis=0)


def _without_blocks(halves: list[tuple[np.ndarray, np.ndarray]], n_images: int) -> np.ndarray:
    """Return the mean spectrum without one block of images each, (n_blocks, n_components)."""
    n_components = min(halves[0][0].shape[1], n_images - -(-n_images // N_BLOCKS))
    partial = np.empty((N_BLOCKS, n_components))
    for block, row in enumerate(partial):
        kept = np.arange(n_images) % N_BLOCKS != block  # recordings may hold one kind after another
        spectra = [signal_spectrum(a[kept], b[kept])[:n_components] for a, b in halves]
        row[:] = np.mean(spectra, axis=0)
    return partial


def jackknife_error(values: np.ndarray) -> np.ndarray:
    """Return the standard error of a number from its values without one block each (first axis)."""
    return values.std(axis=0) * np.sqrt(len(values) - 1)


def _positive_ratio(spectrum: np.ndarray) -> float:
    positive = np.clip(spectrum, 0, None)
    return float(positive.sum() ** 2 / (positive**2).sum())
