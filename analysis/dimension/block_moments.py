"""Sums and products of spike counts, block by block, without the matrix of counts.

Counts of 1,000 units in 5 ms bins over two hours are 1.4e9 numbers, nearly all of them zero; their
products, 1e6 numbers a block, are sums over pairs of spikes in one bin.  Counts are whole numbers,
so that these sums are exact.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from heavytail_snn.analysis.dimension.covariance_products import RatioTerms, terms_of_covariances
from heavytail_snn.core.compiled import compiled
from heavytail_snn.recording.recording import Recording
from heavytail_snn.recording.windows import Windows

MAX_BYTES = 1e9
_PAIRS = 0.1  # below this many spikes a bin and unit, pairs cost less than matrix products
_CELLS = 2**23  # counts in memory at once
_EXACT = 2**24  # whole numbers below it are exact in single precision


@dataclass(frozen=True)
class BlockMoments:
    """Moments of the counts in contiguous blocks of windows.

    Parameters
    ----------
    number : (n_blocks,) ndarray
        Windows in each block.
    sums : (n_blocks, n_units) ndarray
    products : (n_blocks, n_units, n_units) ndarray
        Sums over windows of x_i x_j.
    """

    number: np.ndarray
    sums: np.ndarray
    products: np.ndarray

    def covariances(self, *, center: bool) -> np.ndarray:
        """Return the unbiased covariance of each block, or its second moments about zero."""
        if not center:
            return self.products / self.number[:, None, None]
        mean = self.sums / self.number[:, None]
        outer = self.sums[:, :, None] * mean[:, None, :]
        return (self.products - outer) / (self.number - 1)[:, None, None]

    @property
    def varies(self) -> bool:
        """Whether any count varies within its block; exact, for counts are whole numbers."""
        diagonal = np.diagonal(self.products, axis1=1, axis2=2)
        return bool((self.number[:, None] * diagonal > self.sums**2).any())

    def terms(self, *, center: bool) -> RatioTerms:
        """Return the terms of the participation ratio from products of different blocks."""
        return terms_of_covariances(self.covariances(center=center))

    def blocks(self, chosen: slice) -> "BlockMoments":
        """Return some of the blocks."""
        return BlockMoments(self.number[chosen], self.sums[chosen], self.products[chosen])


def fits(n_units: int, n_blocks: int, n_windows: int) -> bool:
    """Tell whether moments are smaller than a limit, and units fewer than windows."""
    return 8.0 * n_blocks * n_units**2 <= MAX_BYTES and n_units <= n_windows


def block_moments(recording: Recording, windows: Windows, n_blocks: int) -> BlockMoments:
    """Return the moments of the counts in contiguous blocks of nearly equal length."""
    n_units = recording.n_units
    index = windows.index(recording.times)  # ascending, but for those outside of all windows
    inside = index >= 0
    index, ids = index[inside], recording.ids[inside]
    edges = np.array([b[0] for b in np.array_split(np.arange(windows.n), n_blocks)] + [windows.n])
    cuts = np.searchsorted(index, edges)
    sums, products = np.zeros((n_blocks, n_units)), np.zeros((n_blocks, n_units, n_units))
    for block in range(n_blocks):
        here, mine = index[cuts[block] : cuts[block + 1]], ids[cuts[block] : cuts[block + 1]]
        sums[block] = np.bincount(mine, minlength=n_units)
        size = edges[block + 1] - edges[block]
        if mine.size < _PAIRS * size * n_units and windows.n * n_units > _CELLS:
            pairs = np.zeros((n_units, n_units), dtype=np.int32)
            _add_pairs(here, mine, pairs)
            products[block] = pairs
            products[block] += pairs.T
            np.fill_diagonal(products[block], np.diagonal(products[block]) + sums[block])
        else:
            for counts in _rows(here - edges[block], mine, int(size), n_units):
                products[block] += counts.T @ counts
    return BlockMoments(np.diff(edges).astype(float), sums, products)


def _rows(index: np.ndarray, ids: np.ndarray, n_rows: int, n_units: int) -> Iterator[np.ndarray]:
    """Yield the counts of some windows at a time, in single precision where that is exact."""
    step = max(1, _CELLS // n_units)
    for first in range(0, n_rows, step):
        size = min(step, n_rows - first)
        low, high = np.searchsorted(index, [first, first + size])
        flat = (index[low:high] - first) * n_units + ids[low:high]
        counts = np.bincount(flat, minlength=size * n_units).reshape(size, n_units)
        exact = size * float(counts.max(initial=0)) ** 2 < _EXACT
        yield counts.astype(np.float32 if exact else np.float64)


@compiled(nogil=True)
def _add_pairs(index: np.ndarray, ids: np.ndarray, pairs: np.ndarray) -> None:
    """Count the pairs of different spikes in each window, at (unit of one, unit of the other)."""
    first = 0
    for spike in range(index.size):
        if index[spike] != index[first]:
            first = spike
        row = pairs[ids[spike]]
        for other in range(first, spike):
            row[ids[other]] += 1
