"""Similarity of two representations of the same stimuli: centred kernel alignment, Bures.

Two recordings, two simulations or a network before and after a change are compared by their kernels
over stimuli; neurons need not correspond.  Few neurons inflate the plain alignment, because each
kernel's sampling noise correlates with itself; the corrected one leaves those products out.  (Known
packages for this alignment build on PyTorch and correct for the number of stimuli alone.)
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heavytail_snn.analysis.geometry.kernels import check_responses, contiguous_blocks
from heavytail_snn.core.errors import ParameterError, check_integer
from heavytail_snn.core.results import Result, field_of

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class RepresentationSimilarity(Result):
    """Similarity of two sets of responses to the same stimuli; 1 for equal geometry.

    Parameters
    ----------
    alignment, alignment_error : float
        Centred kernel alignment, corrected for the finite numbers of stimuli and neurons, and its
        jackknife error over blocks of neurons, too large by a factor of up to 2 for few neurons and
        nan for two.  It may lie slightly outside [0, 1].
    plain_alignment : float
        Without correction: high for few neurons even where nothing is shared.
    bures, bures_error : float
        Normalised Bures similarity (fidelity) of the centred kernels, in [0, 1]; not corrected.
    """

    alignment: float = field_of(quantity="kernel_alignment", error="alignment_error")
    alignment_error: float = field_of()
    plain_alignment: float = field_of()
    bures: float = field_of(quantity="bures_similarity", error="bures_error")
    bures_error: float = field_of()


def representation_similarity(
    first: Any, second: Any, *, n_blocks: int = 10
) -> RepresentationSimilarity:
    """Compare two sets of responses to the same stimuli.

    Parameters
    ----------
    first, second : (n_stimuli, n_neurons[, n_repeats]) array_like
        At least four stimuli and two neurons; repeats are averaged (nan may stand after the last
        repeat of a stimulus that was shown less often).  Neurons may differ in number.
    n_blocks : int
        Blocks of neighbouring neurons of the jackknife, left out of both sets together; at most as
        many as neurons.

    Raises
    ------
    ParameterError
        If responses are malformed, constant, of different numbers of stimuli, or share no variance
        between neurons.

    Notes
    -----
    Alignment: Kornblith et al., ICML (2019).  Correction for stimuli: the U-statistic of Song et
    al., J. Mach. Learn. Res. 13, 1393 (2012).  Correction for neurons: the denominators take
    products of different neurons only, so that each is the alignment of a kernel with itself
    measured with other neurons; with k_i a neuron's kernel, HSIC(K, K) becomes
    [HSIC(K, K) - sum_i HSIC(k_i, k_i)] n / (n - 1).  Bures: tr sqrt(sqrt(K) L sqrt(K)) over
    sqrt(tr K tr L) = the nuclear norm of the product of the centred responses over their norms.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> latent = rng.normal(size=(50, 3))
    >>> first, second = latent @ rng.normal(size=(3, 200)), latent @ rng.normal(size=(3, 100))
    >>> round(representation_similarity(first, second).alignment, 1)
    1.0
    """
    x, y = (np.nanmean(check_responses(z, padded=True), axis=2) for z in (first, second))
    if len(x) != len(y) or len(x) < 4:
        raise ParameterError(
            "second", (len(x), len(y)), "must have the stimuli of the first, at least four"
        )
    for name, array in (("first", x), ("second", y)):
        if array.shape[1] < 2 or not np.ptp(array, axis=0).any():
            raise ParameterError(name, array.shape, "must have two neurons that are not constant")
    fewest = min(x.shape[1], y.shape[1])
    n_blocks = check_integer("n_blocks", min(n_blocks, fewest), low=2)
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    corrected, plain, bures = _similarities(x, y)
    errors = np.full(3, np.nan)  # too few neurons to leave some out
    if fewest > 2:
        labels = [contiguous_blocks(z.shape[1], n_blocks) for z in (x, y)]
        partial = np.array(
            [
                _similarities(x[:, labels[0] != block], y[:, labels[1] != block])
                for block in range(n_blocks)
            ]
        )
        errors = partial.std(axis=0) * np.sqrt(n_blocks - 1)
    return RepresentationSimilarity(
        alignment=corrected,
        alignment_error=float(errors[0]),
        plain_alignment=plain,
        bures=bures,
        bures_error=float(errors[2]),
        parameters={"n_stimuli": len(x), "n_neurons": (x.shape[1], y.shape[1])},
    )


def _similarities(x: Floats, y: Floats) -> tuple[float, float, float]:
    k, l_ = x @ x.T, y @ y.T
    corrected = _hsic(k, l_) / np.sqrt(_self_hsic(x, k) * _self_hsic(y, l_))
    plain = np.sum(k * l_) / np.sqrt(np.sum(k * k) * np.sum(l_ * l_))
    nuclear = np.linalg.svd(x.T @ y, compute_uv=False).sum()
    return float(corrected), float(plain), float(nuclear / np.sqrt(np.trace(k) * np.trace(l_)))


def _self_hsic(x: Floats, kernel: Floats) -> float:
    """Return the HSIC of a kernel with itself from products of different neurons only."""
    n = x.shape[1]
    value = (_hsic(kernel, kernel) - float(np.sum(_single_hsic(x)))) * n / (n - 1)
    if value <= 0:
        raise ParameterError(
            "responses",
            f"a shared variance of {value:.3g}",
            "must be shared between neurons",
            "use more neurons or stimuli",
        )
    return value


def _single_hsic(x: Floats) -> Floats:
    """Return the HSIC of each neuron's own kernel with itself: `_hsic` of c c^T for columns c."""
    n, squares = len(x), x**2
    total = x.sum(axis=0)
    rows = x * total - squares
    products = squares.sum(axis=0) ** 2 - np.sum(squares**2, axis=0)
    cross = rows.sum(axis=0) ** 2 / ((n - 1) * (n - 2))
    return (products + cross - 2 * np.sum(rows**2, axis=0) / (n - 2)) / (n * (n - 3))


def _hsic(k: Floats, l_: Floats) -> float:
    """Return the unbiased Hilbert-Schmidt independence criterion of two kernels."""
    n = len(k)
    k, l_ = k - np.diag(np.diag(k)), l_ - np.diag(np.diag(l_))
    rows_k, rows_l = k.sum(axis=1), l_.sum(axis=1)
    cross = rows_k.sum() * rows_l.sum() / ((n - 1) * (n - 2))
    return float((np.sum(k * l_) + cross - 2 * rows_k @ rows_l / (n - 2)) / (n * (n - 3)))
