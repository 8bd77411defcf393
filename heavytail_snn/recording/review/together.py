"""What happens in many units at once: one neuron in two units, artefacts, silences of all."""

import numpy as np
from scipy import special

from heavytail_snn.core.compiled import compiled
from heavytail_snn.recording.review.finding import Finding, ReviewedSpikes, named

MAX_PAIRED = 4000  # units whose pairs are counted: 64 MB
_COINCIDENCE = 0.5e-3  # s
_TWIN = 0.25  # of the smaller unit's spikes
_EVENT = 1e-3  # s
_CROWD = 0.2  # of the units
_SILENT = 0.05  # of the windows
_PER_WINDOW = 5.0  # spikes of all units


def coincidences(times: np.ndarray, ids: np.ndarray, n_units: int, width: float) -> np.ndarray:
    """Return, for each pair of units, the pairs of spikes at most `width` apart.

    Parameters
    ----------
    times, ids : (n_spikes,) ndarray
        Sorted by time.
    n_units : int
    width : float
        In seconds.

    Returns
    -------
    (n_units, n_units) ndarray of int32
        Symmetric, with zeros on the diagonal.
    """
    counts = np.zeros((n_units, n_units), dtype=np.int32)
    _count_pairs(times, ids, width, counts)
    counts += counts.T
    np.fill_diagonal(counts, 0)
    return counts


@compiled(nogil=True)
def _count_pairs(times: np.ndarray, ids: np.ndarray, width: float, counts: np.ndarray) -> None:
    first = 0
    for spike in range(times.size):
        while times[spike] - times[first] > width:
            first += 1
        for other in range(first, spike):
            counts[ids[other], ids[spike]] += 1


def twins(spikes: ReviewedSpikes, grid: float) -> Finding | None:
    """Name pairs of units whose spikes coincide far more often than chance: one neuron, twice."""
    n_units, counts = spikes.n_units, spikes.counts.astype(float)
    if not 2 <= n_units <= MAX_PAIRED or spikes.times.size < 2:
        return None
    found = coincidences(spikes.times, spikes.ids, n_units, _COINCIDENCE)
    watched = max(float(spikes.observed.max()), np.finfo(float).tiny)
    chance = max(2 * _COINCIDENCE, grid) * np.outer(counts, counts) / watched
    smaller = np.minimum.outer(counts, counts)
    excess = found - chance
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(smaller >= 20, excess / smaller, 0.0)
    share[excess < 6 * np.sqrt(chance + 1)] = 0.0
    pairs = np.argwhere(np.triu(share > _TWIN, 1))
    # an artefact in all units makes all pairs coincide: it is named by itself
    if not len(pairs) or len(pairs) > n_units:
        return None
    a, b = pairs[np.argmax(share[tuple(pairs.T)])]
    return Finding(
        "twins",
        f"{share[a, b]:.0%} of the spikes of unit {min((a, b), key=lambda u: counts[u])} come "
        f"within {1e3 * _COINCIDENCE:g} ms of unit {max((a, b), key=lambda u: counts[u])} "
        f"({len(pairs)} such pair{'s' * (len(pairs) > 1)}); one neuron in two units lowers the "
        "dimension and raises correlations: keep one of each pair",
        tuple(np.unique(pairs).tolist()),
    )


def artefacts(spikes: ReviewedSpikes) -> Finding | None:
    """Tell of moments at which a good part of all units fires within a millisecond."""
    times, n_units = spikes.times, spikes.n_units
    if n_units < 4 or times.size < 2 or not len(spikes.shared):
        return None
    watched = max(float(spikes.observed.max()), _EVENT)
    mean = 3 * times.size / watched * _EVENT  # three times the mean rate: states change
    sizes = np.arange(4, max(n_units, 5) + 1)
    with np.errstate(under="ignore"):
        chance = special.gammainc(sizes, mean) * watched / _EVENT
    possible = sizes[(chance < 1e-6) & (sizes >= _CROWD * n_units)]
    if not possible.size:
        return None
    number = _crowded(times, spikes.ids, n_units, _EVENT, int(possible[0]))
    if not number:
        return None
    return Finding(
        "artefacts",
        f"{number} times at least {possible[0]} of {n_units} units fire within "
        f"{1e3 * _EVENT:g} ms; if these are artefacts or stimuli, they make correlations and few "
        "dimensions: remove them, or restrict to the time between",
    )


@compiled(nogil=True)
def _crowded(times: np.ndarray, ids: np.ndarray, n_units: int, width: float, least: int) -> int:
    """Count windows of `width` from a spike on with spikes of at least `least` units."""
    seen, number, spike = np.full(n_units, -1), 0, 0
    while spike < times.size:
        distinct, last = 0, spike
        while last < times.size and times[last] - times[spike] <= width:
            if seen[ids[last]] != spike:
                seen[ids[last]] = spike
                distinct += 1
            last += 1
        if distinct >= least:
            number += 1
            spike = last
        else:
            spike += 1
    return number


def silences(spikes: ReviewedSpikes) -> Finding | None:
    """Tell whether all units pause together more often than independent ones would."""
    watched = float(np.diff(spikes.shared, axis=1).sum())
    if spikes.n_units < 5 or spikes.times.size < 500 or not watched:
        return None
    width = max(0.02, _PER_WINDOW * watched / spikes.times.size)
    around = max(10.0, 50 * width)
    silent = expected = variance = 0.0
    number = 0
    for start, stop in spikes.shared:
        n_windows = int((stop - start) / width)
        if n_windows < 10:
            continue
        low, high = np.searchsorted(spikes.times, [start, start + n_windows * width])
        index = ((spikes.times[low:high] - start) / width).astype(np.int64)
        counts = np.bincount(np.minimum(index, n_windows - 1), minlength=n_windows)
        size = min(n_windows, round(around / width))
        local = np.convolve(counts, np.ones(size), "same")
        local /= np.convolve(np.ones(n_windows), np.ones(size), "same")
        chance = np.exp(-local)
        silent += float((counts == 0).sum())
        expected += float(chance.sum())
        variance += float((chance * (1 - chance)).sum())
        number += n_windows
    excess = silent - expected
    if not number or excess < _SILENT * number or excess < 8 * np.sqrt(variance + 1):
        return None
    return Finding(
        "silences",
        f"{silent / number:.0%} of windows of {1e3 * width:.3g} ms hold no spike of any unit, "
        f"{expected / number:.1%} by chance; up and down states make Fano factors, correlations "
        "and few dimensions of their own: analyse the states apart (restrict)",
    )


def bursts(
    short: np.ndarray, intervals: np.ndarray, rates: np.ndarray, width: float
) -> Finding | None:
    """Name the units with many more short intervals than a Poisson process of their rate.

    Parameters
    ----------
    short, intervals : (n_units,) ndarray
        Number of intervals below `width`, and of all.
    rates : (n_units,) ndarray
        In Hz.
    width : float
        In seconds.
    """
    chance = 1 - np.exp(-np.nan_to_num(rates) * width)
    share = np.divide(short, intervals, out=np.zeros(chance.shape), where=intervals > 0)
    error = np.sqrt(chance * (1 - chance) / np.maximum(intervals, 1))
    units = np.flatnonzero((intervals >= 50) & (share > chance + np.maximum(0.2, 5 * error)))
    if not units.size:
        return None
    worst = units[np.argmax(share[units] - chance[units])]
    return Finding(
        "bursts",
        f"{named(units)} {'burst' if units.size > 1 else 'bursts'}: {share[worst]:.0%} of the "
        f"intervals of unit {worst} are below {1e3 * width:g} ms, {chance[worst]:.0%} by chance; "
        "CV, Fano factor and short-time spectrum show bursts",
        tuple(units.tolist()),
    )
