"""One pass over the spikes, chunk by chunk: moments of intervals, of counts, and of their products.

Nothing here is larger than a chunk, or than one number a window.
"""

from dataclasses import dataclass

import numpy as np

from heavytail_snn.core.errors import RecordingError
from heavytail_snn.recording.recording import Recording
from heavytail_snn.recording.trains import Chunk, chunks, window_chunks
from heavytail_snn.recording.windows import Windows

N_BLOCKS = 10
_ROWS = 4096  # windows whose products of counts are formed at once


def interval_statistics(
    recording: Recording, minimum_spikes: int = 3
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return CV, CV2 and LV of each unit, nan for units with fewer spikes than the minimum.

    Intervals that cross a gap of the support are none.
    """
    parts = [_interval_statistics(chunk) for chunk in chunks(recording)]
    enough = recording.counts() >= max(minimum_spikes, 3)
    cv, cv2, lv = (np.where(enough, np.concatenate(p), np.nan) for p in zip(*parts, strict=True))
    return cv, cv2, lv


def _interval_statistics(chunk: Chunk) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    length, joined = np.diff(chunk.times), chunk.joined
    owner, intervals = chunk.owner[1:][joined], length[joined]
    mean = _mean(chunk, intervals, owner)
    deviations = (intervals - mean[owner]) ** 2
    pairs = joined[1:] & joined[:-1]  # two intervals that share a spike
    before, after, pair_owner = length[:-1][pairs], length[1:][pairs], chunk.owner[1:-1][pairs]
    contrast = (after - before) / (after + before)
    return (
        np.sqrt(_mean(chunk, deviations, owner)) / mean,
        _mean(chunk, 2 * np.abs(contrast), pair_owner),
        _mean(chunk, 3 * contrast**2, pair_owner),
    )


def _mean(chunk: Chunk, values: np.ndarray, owner: np.ndarray) -> np.ndarray:
    return divide(chunk.by_unit(values, owner), np.bincount(owner, minlength=chunk.n_units))


def divide(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Divide; nan, meaning undefined, where the denominator is zero."""
    undefined = np.full(numerator.shape, np.nan)
    return np.divide(numerator, denominator, out=undefined, where=denominator > 0)


@dataclass
class CountMoments:
    """What one pass over the counts leaves.

    Parameters
    ----------
    fano_factors : (n_units,) ndarray
    score_sum, score_squares : (n_windows,) ndarray
        Sum over units of the z-scores of their counts, and of their squares.
    n_scored : int
        Units with variance.
    sizes : (n_blocks,) ndarray
        Windows in each slow block; none where windows fill fewer than two blocks.
    block_sum, block_squares : (n_blocks,) ndarray
        Sum over units of the means of their z-scores in a block, and of the squares of these.
    """

    fano_factors: np.ndarray
    score_sum: np.ndarray
    score_squares: np.ndarray
    n_scored: int
    sizes: np.ndarray
    block_sum: np.ndarray
    block_squares: np.ndarray


def no_moments(n_units: int) -> CountMoments:
    """Return the moments of no window."""
    none = np.empty(0)
    return CountMoments(np.full(n_units, np.nan), none, none, 0, none, none, none)


def count_moments(recording: Recording, width: float, slow: float = np.inf) -> CountMoments:
    """Return the Fano factors, and the z-scores summed over units where the support is common.

    Parameters
    ----------
    recording : Recording
    width : float
        Of a window, in seconds.
    slow : float
        Length of a block of windows, in seconds; blocks lie inside the intervals of the support.

    Raises
    ------
    RecordingError
        If no unit has two complete windows.
    """
    fano = np.full(recording.n_units, np.nan)
    sums, squares, n_scored, most = np.empty(0), np.empty(0), 0, 0
    starts, sizes, block_sum, block_squares = (np.empty(0, dtype=int) for _ in range(4))
    for units, counts, windows in window_chunks(recording, width):
        most = max(most, windows.n)
        if windows.n < 2:
            continue
        mean, variance = counts.mean(axis=1), counts.var(axis=1, ddof=1)
        fano[units] = divide(variance, mean)
        if not recording.support.is_common:
            continue
        if not sums.size:
            sums, squares = np.zeros(windows.n), np.zeros(windows.n)
            starts, sizes = _slow_blocks(windows.per_interval, slow / width)
            block_sum, block_squares = np.zeros(sizes.size), np.zeros(sizes.size)
        varies = variance > 0
        spread = np.sqrt(variance[varies] * (windows.n - 1) / windows.n)
        scores = (counts[varies] - mean[varies, None]) / spread[:, None]
        sums += scores.sum(axis=0)
        squares += np.einsum("uw,uw->w", scores, scores)
        n_scored += int(varies.sum())
        if sizes.size:
            means = np.add.reduceat(scores, starts, axis=1) / sizes
            block_sum += means.sum(axis=0)
            block_squares += np.einsum("ub,ub->b", means, means)
    if most < 2:
        raise RecordingError(
            f"the recording must have at least 2 windows of count_window = {width:g} s, got "
            f"{recording.support.observed.max():g} s; use a shorter count_window"
        )
    return CountMoments(fano, sums, squares, n_scored, sizes, block_sum, block_squares)


def _slow_blocks(per_interval: np.ndarray, size: float) -> tuple[np.ndarray, np.ndarray]:
    """Return first window and size of each block; none for fewer than two blocks."""
    starts: list[int] = []
    first = 0
    for number in per_interval:
        n_blocks = max(1, round(number / size)) if number else 0
        starts.extend(
            first + part[0]
            for part in np.array_split(np.arange(number), n_blocks or 1)
            if part.size
        )
        first += int(number)
    edges = np.array([*starts, first], dtype=int)
    sizes = np.diff(edges)
    if sizes.size < 2 or sizes.max() < 2:
        return np.empty(0, dtype=int), np.empty(0, dtype=int)
    return edges[:-1], sizes


def correlation_of_scores(moments: CountMoments) -> tuple[float, float]:
    """Return the mean correlation over all pairs of units, and its block-jackknife error.

    The sum over pairs of z-scores is the square of their sum less the sum of their squares, so no
    matrix of pairs is built.  nan for fewer than two units with variance; the error also for fewer
    than 20 windows.
    """
    n_windows, n_units = moments.score_sum.size, moments.n_scored
    if n_units < 2:
        return float("nan"), float("nan")
    products = (moments.score_sum**2 - moments.score_squares) / (n_units * (n_units - 1))
    if n_windows < 2 * N_BLOCKS:
        return float(products.mean()), float("nan")
    blocks = np.array_split(products, N_BLOCKS)
    left_out = [(products.sum() - b.sum()) / (n_windows - b.size) for b in blocks]
    return float(products.mean()), float(np.std(left_out) * np.sqrt(N_BLOCKS - 1))


def drift_and_fast(moments: CountMoments) -> tuple[float, float, float, float]:
    """Return the correlation by slow drift and the fast one, each with its jackknife error.

    Between and within blocks: what units would share if their counts were shuffled inside each
    block, and what is left.  A block's mean holds the fast part divided by its windows, which is
    taken out.  nan for fewer than two units or blocks; the errors also for fewer than 10 blocks.
    """
    nan, sizes = float("nan"), moments.sizes
    if moments.n_scored < 2 or sizes.size < 2:
        return nan, nan, nan, nan
    pairs = moments.n_scored * (moments.n_scored - 1)
    products = (moments.score_sum**2 - moments.score_squares) / pairs
    total = np.add.reduceat(products, np.cumsum(sizes) - sizes)
    between = sizes * (moments.block_sum**2 - moments.block_squares) / pairs
    parts = np.column_stack([total, between, sizes, sizes - 1.0])

    def split(sums: np.ndarray) -> np.ndarray:
        all_of_it, slow, number, free = sums
        fast = (all_of_it - slow) / free
        return np.array([(slow - fast * (number - free)) / number, fast])

    whole = parts.sum(axis=0)
    drift, fast = split(whole)
    if sizes.size < N_BLOCKS:
        return float(drift), nan, float(fast), nan
    groups = np.array_split(parts, N_BLOCKS)
    left_out = np.array([split(whole - group.sum(axis=0)) for group in groups])
    errors = left_out.std(axis=0) * np.sqrt(N_BLOCKS - 1)
    return float(drift), float(errors[0]), float(fast), float(errors[1])


def correlation_of_pairs(recording: Recording, width: float) -> tuple[float, float]:
    """Return the mean correlation over pairs of units, each in the windows that both have.

    For units that were not watched at the same times.  Windows follow one grid from t_start on,
    and one counts for a pair where both units were watched throughout.
    """
    grid = Windows(np.array([[recording.t_start, recording.t_stop]]), width)
    watched = np.array([_covered(p, grid) for p in recording.support.patterns])
    blocks = [b for b in np.array_split(np.arange(grid.n), N_BLOCKS) if b.size]
    parts = [_pair_sums(recording, grid, watched, block) for block in blocks]
    total = _PairSums(
        *(sum(values) for values in zip(*(vars(p).values() for p in parts), strict=True))
    )
    value = _mean_correlation(total, recording.support.pattern_of)
    if grid.n < 2 * N_BLOCKS or not np.isfinite(value):
        return value, float("nan")
    left_out = [
        _mean_correlation(
            _PairSums(
                *(a - b for a, b in zip(vars(total).values(), vars(p).values(), strict=True))
            ),
            recording.support.pattern_of,
        )
        for p in parts
    ]
    return value, float(np.std(left_out) * np.sqrt(N_BLOCKS - 1))


@dataclass
class _PairSums:
    """Sums over windows: their number for two patterns, x and x^2 beside a pattern, x y."""

    number: np.ndarray
    first: np.ndarray
    second: np.ndarray
    product: np.ndarray


def _covered(intervals: np.ndarray, grid: Windows) -> np.ndarray:
    """Return which windows of the grid lie inside one of the intervals."""
    margin = 1e-6 * grid.width
    starts = grid.starts
    number = np.searchsorted(intervals[:, 0], starts + margin, side="right") - 1
    ends = np.append(intervals[:, 1], -np.inf)[number]
    return (number >= 0) & (starts + grid.width <= ends + margin)


def _pair_sums(
    recording: Recording, grid: Windows, watched: np.ndarray, block: np.ndarray
) -> _PairSums:
    n_units = recording.n_units
    around = grid.starts[block[0]] - grid.width, grid.starts[block[-1]] + 2 * grid.width
    low, high = np.searchsorted(recording.times, around)
    index, ids = grid.index(recording.times[low:high]) - block[0], recording.ids[low:high]
    masks = watched[:, block].astype(np.float64)
    total = _PairSums(
        masks @ masks.T,
        np.zeros((n_units, len(masks))),
        np.zeros((n_units, len(masks))),
        np.zeros((n_units, n_units)),
    )
    for start in range(0, block.size, _ROWS):
        rows = slice(start, min(start + _ROWS, block.size))
        size = rows.stop - start
        mine = (index >= start) & (index < rows.stop)
        flat = (index[mine] - start) * n_units + ids[mine]
        counts = np.bincount(flat, minlength=size * n_units).reshape(size, n_units).astype(float)
        counts *= masks[:, rows][recording.support.pattern_of].T
        total.first += counts.T @ masks[:, rows].T
        total.second += (counts**2).T @ masks[:, rows].T
        total.product += counts.T @ counts
    return total


def _mean_correlation(sums: _PairSums, pattern_of: np.ndarray) -> float:
    number = sums.number[np.ix_(pattern_of, pattern_of)]
    first, second = sums.first[:, pattern_of], sums.second[:, pattern_of]
    with np.errstate(invalid="ignore", divide="ignore"):  # pairs never seen together are left out
        mean = first / number
        variance = second / number - mean**2
        covariance = sums.product / number - mean * mean.T
        correlation = covariance / np.sqrt(variance * variance.T)
    tiny = 1e-12 * np.maximum(np.nan_to_num(mean), 1.0) ** 2
    pairs = (number >= 2) & (variance > tiny) & (variance.T > tiny.T)
    np.fill_diagonal(pairs, False)
    return float(correlation[pairs].mean()) if pairs.any() else float("nan")
