"""Gram matrices of responses: what all measures of geometry share.

Responses are (n_stimuli, n_neurons) or (n_stimuli, n_neurons, n_repeats); nan may stand after the
last repeat of a stimulus that was shown less often.  Products within a repeat hold what frozen
noise does to the states; products across repeats hold only what is repeated.  The kernel's errors
come from blocks of neurons (or of networks), resampled.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from heavytail_snn.core.arrays import real_array
from heavytail_snn.core.errors import ParameterError, check_choice

Floats = NDArray[np.float64]

PRODUCTS = ("within", "across")
N_BLOCKS = 40
_BINS_PER_DECADE = 12
# a kernel's smallest eigenvalue may be this far below 0, relative to the largest, by rounding
ROUNDING = 1e-8


def check_responses(responses: Any, *, min_repeats: int = 1, padded: bool = False) -> Floats:
    """Return responses as a new (n_stimuli, n_neurons, n_repeats) array, or raise.

    Parameters
    ----------
    responses : (n_stimuli, n_neurons[, n_repeats]) array_like
    min_repeats : int
        Of each stimulus.
    padded : bool
        Whether nan may stand after the last repeat of a stimulus, for all neurons alike.

    Raises
    ------
    ParameterError
        If the array is not real and finite, has fewer than two stimuli or too few repeats, or if
        all stimuli have the same responses.
    """
    if hasattr(responses, "recordings"):
        remedy = "read its .states(time) or .counts(start, stop)"
        raise ParameterError("responses", type(responses).__name__, "must be an array", remedy)
    array = real_array("responses", responses)
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.size == 0 or len(array) < 2:
        raise ParameterError(
            "responses",
            f"shape {np.shape(responses)}",
            "must have shape (n_stimuli, n_neurons[, n_repeats]) with at least two stimuli",
            "put stimuli first: np.swapaxes(responses, 0, 1) for a recorded array",
        )
    n_repeats = _repeats(array, padded)
    if n_repeats.min() < min_repeats:
        raise ParameterError(
            "responses",
            f"{n_repeats.min()} repeat(s) of stimulus {n_repeats.argmin()}",
            f"must have at least {min_repeats} repeats of each stimulus",
            "use products='within', present each stimulus again, or leave it out",
        )
    array = array[:, :, : n_repeats.max()]
    if not (np.nanmax(array, axis=0) > np.nanmin(array, axis=0)).any():
        raise ParameterError(
            "responses", "the same for all stimuli", "must differ between stimuli", "check them"
        )
    return array


def _repeats(array: Floats, padded: bool) -> NDArray[np.int64]:
    """Return the number of repeats of each stimulus, or raise where values are missing."""
    shown = ~np.isnan(array)
    accepted = shown.any() if padded else shown.all()
    if np.isinf(array).any() or not accepted:
        raise ParameterError(
            "responses",
            "nan or inf",
            "must be finite",
            "leave out such trials; where nan pads stimuli that were repeated less often than "
            "others, average repeats first, np.nanmean(responses, axis=2), or use "
            "`response_kernel` or, after np.swapaxes(responses, 0, 1), `cvpca_exponent`",
        )
    partly = (shown != shown[:, :1]).any(axis=(1, 2))
    if partly.any():
        raise ParameterError(
            "responses",
            f"nan for some neurons only at stimulus {partly.argmax()}",
            "must miss whole trials, for all neurons alike",
            "put stimuli first, np.swapaxes(responses, 0, 1) for an array (n_neurons, n_images, "
            "n_repeats), or leave such neurons or stimuli out",
        )
    trials = shown[:, 0]
    scattered = (trials[:, 1:] & ~trials[:, :-1]).any(axis=1)
    if scattered.any() or not trials.any(axis=1).all():
        wrong = scattered | ~trials.any(axis=1)
        raise ParameterError(
            "responses",
            f"nan before a response, or nan alone, at stimulus {wrong.argmax()}",
            "must have its nan after the last repeat",
            "move the responses to the front, or leave the stimulus out",
        )
    return np.asarray(trials.sum(axis=1))


def block_labels(n_neurons: int, groups: Any = None) -> NDArray[np.int64]:
    """Return the block of each neuron: neighbours, or the user's groups counted from 0.

    Neighbours stay together, because the bins of one neuron (and the neurons of one network) lie
    next to each other and are not independent.

    Raises
    ------
    ParameterError
        If the groups do not match the neurons or there are fewer than two blocks.
    """
    if groups is None:
        labels = contiguous_blocks(n_neurons, min(N_BLOCKS, n_neurons))
    else:
        labels = np.unique(np.asarray(groups), return_inverse=True)[1]
        if labels.shape != (n_neurons,):
            raise ParameterError("groups", groups, f"must name a group for {n_neurons} neurons")
    if labels.max() < 1:
        raise ParameterError(
            "groups" if groups is not None else "responses",
            f"{labels.max() + 1} block(s) of neurons",
            "must give at least two blocks to resample",
            "use more neurons or networks",
        )
    return labels


def contiguous_blocks(n_neurons: int, n_blocks: int) -> NDArray[np.int64]:
    """Return the block of each neuron: blocks of neighbours whose sizes differ by at most one."""
    return np.arange(n_neurons) * n_blocks // n_neurons


def gram_matrix(responses: Floats, products: str = "within") -> Floats:
    """Return the sum over neurons of products of responses, mean over (pairs of) repeats.

    Parameters
    ----------
    responses : (n_stimuli, n_neurons, n_repeats) ndarray
        As `check_responses` returns it; missing repeats belong to no pair.
    products : {"within", "across"}
        Of the same repeat, or of all pairs of different repeats.
    """
    check_choice("products", products, PRODUCTS)
    shown = ~np.isnan(responses[:, 0])
    present = responses if shown.all() else np.nan_to_num(responses)
    flat = present.reshape(len(responses), -1)
    within = flat @ flat.T
    n_common = shown.astype(float) @ shown.T
    if products == "within":
        return within / n_common
    total, number = present.sum(axis=2), shown.sum(axis=1)
    return (total @ total.T - within) / (np.multiply.outer(number, number) - n_common)


def mean_square(responses: Floats) -> float:
    """Return the sum over neurons of squared responses, mean over repeats, then over stimuli."""
    return float(np.nanmean(np.sum(responses**2, axis=1), axis=1).mean())


def check_kernel(kernel: Any, *, argument: str = "kernel") -> Floats:
    """Return a kernel as a symmetric float array, or raise if it is not positive semidefinite.

    Parameters
    ----------
    kernel : (n, n) array_like
    argument : str
        Name for the message.

    Raises
    ------
    ParameterError
        If the matrix is not square, finite, symmetric and positive semidefinite.
    """
    matrix = real_array(argument, kernel)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.shape[0] < 2:
        raise ParameterError(argument, f"shape {np.shape(kernel)}", "must be a square matrix")
    if not np.isfinite(matrix).all() or not np.allclose(
        matrix, matrix.T, atol=ROUNDING * np.abs(matrix).max()
    ):
        raise ParameterError(argument, "an asymmetric matrix", "must be finite and symmetric")
    values = np.linalg.eigvalsh(matrix)
    if values[0] < -ROUNDING * abs(values[-1]) or values[-1] <= 0:
        raise ParameterError(
            argument,
            f"the eigenvalue {values[0]:.3g} beside {values[-1]:.3g}",
            "must be positive semidefinite and not zero",
            "products across repeats are not: use products='within'; those within are where all "
            "stimuli have as many repeats, else average these first: np.nanmean(responses, axis=2)",
        )
    return (matrix + matrix.T) / 2.0


def stimulus_distances(stimuli: Any, n_stimuli: int) -> Floats:
    """Return the distances of all pairs of stimuli.

    Parameters
    ----------
    stimuli : object with `distances`, (n,) or (n, n) array_like
        A `models.stimulus.Stimulus`, angles on a circle in radian, or a matrix of distances.
    n_stimuli : int

    Raises
    ------
    ParameterError
        If they do not match the responses.
    """
    if hasattr(stimuli, "distances"):
        matrix = np.asarray(stimuli.distances, dtype=float)
    else:
        matrix = real_array("stimuli", stimuli)
        if matrix.ndim == 1:
            matrix = np.abs((matrix[:, None] - matrix + np.pi) % (2.0 * np.pi) - np.pi)
    if matrix.shape != (n_stimuli, n_stimuli) or not np.isfinite(matrix).all():
        raise ParameterError(
            "stimuli",
            f"shape {matrix.shape}",
            f"must tell finite distances between {n_stimuli} stimuli",
            "give a Stimulus, angles in radian or a matrix of distances; responses have stimuli "
            "first, then neurons",
        )
    if (matrix < 0).any() or not np.allclose(matrix, matrix.T):
        raise ParameterError("stimuli", stimuli, "must have symmetric, non-negative distances")
    return matrix


def distance_bins(distances: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Group pairs of stimuli by distance.

    Parameters
    ----------
    distances : (n, n) ndarray

    Returns
    -------
    distance : (m,) ndarray
        Increasing: the distinct values if there are at most n, else the geometric means of
        logarithmic bins, 12 a decade.
    member : (n, n) ndarray of int
        The bin of each pair; -1 for equal stimuli.
    """
    rounded = np.round(distances, 9)
    values, member = np.unique(rounded, return_inverse=True)
    member = member.reshape(rounded.shape)
    if values.size and values[0] == 0:
        values, member = values[1:], member - 1
    if not values.size:
        raise ParameterError("stimuli", distances, "must not all be equal")
    if values.size > len(distances):
        cell = np.full(rounded.shape, -1)
        apart = rounded > 0
        cell[apart] = np.floor(_BINS_PER_DECADE * np.log10(rounded[apart] / values[0]) + 0.5)
        used, member = np.unique(cell, return_inverse=True)
        n_equal = np.count_nonzero(used < 0)  # 1: the diagonal
        member = member.reshape(rounded.shape) - n_equal
        values = np.array([np.exp(np.mean(np.log(rounded[cell == k]))) for k in used[n_equal:]])
    return values, member
