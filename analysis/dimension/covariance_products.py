"""Kernels of the participation ratio: (tr C)^2 and tr C^2, whole and with one block left out.

Arrays only.  Each kernel returns the two terms of the ratio for all blocks and for the jackknife;
it works with covariances where there are fewer units than samples and else with Gram matrices.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class RatioTerms:
    """Numerator and denominator of a participation ratio.

    Parameters
    ----------
    squared_trace, trace_of_square : float
        Estimates of (tr C)^2 and tr C^2.
    left_out : (n_blocks, 2) ndarray
        The same two without one block each.
    pooled_square : float
        tr of the square of the covariance pooled over blocks, noise included.
    """

    squared_trace: float
    trace_of_square: float
    left_out: np.ndarray
    pooled_square: float


def centred_blocks(samples: np.ndarray, n_blocks: int, *, center: bool) -> list[np.ndarray]:
    """Return contiguous blocks of nearly equal length, each without its mean if `center`."""
    blocks = np.array_split(samples, n_blocks)
    return [block - block.mean(axis=0) for block in blocks] if center else blocks


def cross_block_terms(samples: np.ndarray, n_blocks: int, *, center: bool) -> RatioTerms:
    """Return the terms from products of different blocks only, which are free of noise bias.

    Parameters
    ----------
    samples : (n_samples, n_units) ndarray
    n_blocks : int
        At least 3.
    center : bool
        Remove the mean of each block (divisor n - 1), or not (divisor n).
    """
    blocks = centred_blocks(samples, n_blocks, center=center)
    divisors = np.array([len(block) - int(center) for block in blocks])
    traces = np.array([np.vdot(block, block) for block in blocks]) / divisors
    shape = samples.shape
    products = _products_by_gram if shape[1] > shape[0] else _products_by_covariance
    return _terms_of_products(traces, *products(blocks, divisors))


def terms_of_covariances(covariances: np.ndarray) -> RatioTerms:
    """Return the terms from products of different blocks' covariances.

    Parameters
    ----------
    covariances : (n_blocks, n_units, n_units) ndarray
    """
    flat = covariances.reshape(len(covariances), -1)
    products = flat @ flat.T  # tr(C_b C_b') of every two blocks
    own = np.diag(products)
    traces = np.trace(covariances, axis1=1, axis2=2)
    return _terms_of_products(traces, own, products.sum(axis=1) - own)


def _terms_of_products(traces: np.ndarray, own: np.ndarray, others: np.ndarray) -> RatioTerms:
    n_blocks = traces.size
    pairs, fewer = n_blocks * (n_blocks - 1), (n_blocks - 1) * (n_blocks - 2)
    rest = traces.sum() - traces
    left_out = np.column_stack(
        [
            (rest**2 - (np.sum(traces**2) - traces**2)) / fewer,
            (others.sum() - 2 * others) / fewer,
        ]
    )
    return RatioTerms(
        squared_trace=float((traces.sum() ** 2 - np.sum(traces**2)) / pairs),
        trace_of_square=float(others.sum() / pairs),
        left_out=left_out,
        pooled_square=float((own.sum() + others.sum()) / n_blocks**2),
    )


def naive_terms(samples: np.ndarray, n_blocks: int, *, center: bool) -> RatioTerms:
    """Return the terms of the plain sample covariance; blocks serve the jackknife only."""
    centred = samples - samples.mean(axis=0) if center else samples
    terms = _naive_by_gram if samples.shape[1] > samples.shape[0] else _naive_by_covariance
    values = np.array(list(terms(centred, n_blocks, center=center)))
    return RatioTerms(float(values[0, 0]), float(values[0, 1]), values[1:], float(values[0, 1]))


def _products_by_covariance(
    blocks: list[np.ndarray], divisors: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return tr C_b^2 and the sum over b' != b of tr(C_b C_b'), each (n_blocks,)."""

    def covariances() -> Iterator[np.ndarray]:
        return (b.T @ b / divisor for b, divisor in zip(blocks, divisors, strict=True))

    total = sum(covariances())  # twice the work, but never all covariances in memory
    pairs = [(np.vdot(c, c), np.vdot(c, total)) for c in covariances()]
    own, with_all = np.array(pairs).T
    return own, with_all - own


def _products_by_gram(
    blocks: list[np.ndarray], divisors: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Do the same through tr(C_b C_b') = |X_b X_b'^T|^2 / (n_b n_b')."""
    n_blocks = len(blocks)
    product = np.zeros((n_blocks, n_blocks))
    for i in range(n_blocks):
        for j in range(i, n_blocks):
            gram = blocks[i] @ blocks[j].T
            product[i, j] = product[j, i] = np.vdot(gram, gram) / (divisors[i] * divisors[j])
    own = np.diag(product)
    return own, product.sum(axis=1) - own


def _naive_by_covariance(
    centred: np.ndarray, n_blocks: int, *, center: bool
) -> Iterator[tuple[float, float]]:
    """Yield (tr C)^2 and tr C^2 of all samples, then with each block left out."""
    n_samples = len(centred)
    moment = centred.T @ centred
    yield _terms_of(moment / (n_samples - int(center)))
    for block in np.array_split(centred, n_blocks):
        n_rest = n_samples - len(block)
        rest = moment - block.T @ block
        if center:
            shift = block.sum(axis=0)  # the others' sum is minus this
            rest -= np.outer(shift, shift) / n_rest
        yield _terms_of(rest / (n_rest - int(center)))


def _naive_by_gram(
    centred: np.ndarray, n_blocks: int, *, center: bool
) -> Iterator[tuple[float, float]]:
    """Do the same with the matrix of scalar products between samples."""
    n_samples = len(centred)
    gram = centred @ centred.T
    yield _terms_of(gram / (n_samples - int(center)))
    for block in np.array_split(np.arange(n_samples), n_blocks):
        kept = np.delete(np.arange(n_samples), block)
        rest = gram[np.ix_(kept, kept)]
        if center:
            rest = rest - rest.mean(axis=0) - rest.mean(axis=1)[:, None] + rest.mean()
        yield _terms_of(rest / (kept.size - int(center)))


def _terms_of(matrix: np.ndarray) -> tuple[float, float]:
    return float(np.trace(matrix) ** 2), float(np.vdot(matrix, matrix))
