"""Whether the units are there from the beginning to the end: gaps, units that vanish, drift."""

import numpy as np

from heavytail_snn.recording.review.finding import N_PARTS, Finding, ReviewedSpikes, named

_GAP = 0.02  # of the watched time; shorter silences are the network's
_SURE = 23.0  # natural logarithm of 1e10: odds against one chance event
_EXPECTED = 20.0  # spikes that a Poisson unit misses once in 5e8
_CHANGE, _SIGMAS, _MOST = 0.5, 4.0, 0.5


def longest_silence(times: np.ndarray, intervals: np.ndarray) -> tuple[float, float]:
    """Return the ends of the longest stretch without any spike inside the intervals."""
    best = (0.0, 0.0)
    for start, stop in intervals:
        low, high = np.searchsorted(times, [start, stop])
        inside = times[low:high]
        edges = np.concatenate([[start], inside, [stop]])
        place = int(np.argmax(np.diff(edges)))
        if edges[place + 1] - edges[place] > best[1] - best[0]:
            best = float(edges[place]), float(edges[place + 1])
    return best


def gap(spikes: ReviewedSpikes) -> tuple[float, float] | None:
    """Return the ends of a silence of all units that chance does not make, if there is one."""
    start, stop = longest_silence(spikes.times, spikes.shared)
    watched, length = float(np.diff(spikes.shared, axis=1).sum()), stop - start
    if not spikes.times.size or length <= _GAP * watched or length >= watched:
        return None
    missed = spikes.times.size / (watched - length) * length
    return (start, stop) if missed > _SURE + np.log(spikes.times.size) else None


def gap_finding(silence: tuple[float, float]) -> Finding:
    """Return what to say about a gap."""
    start, stop = silence
    return Finding(
        "gap",
        f"no unit fires from {start:.6g} to {stop:.6g} s; if nothing was recorded then, rates are "
        f"too low and correlations too high: use recording.restrict with the epochs outside of it",
    )


def drift(spikes: ReviewedSpikes) -> Finding | None:
    """Tell whether most units change their rate in the same direction over the run."""
    size = 3
    counts, observed = spikes.part_counts, spikes.part_observed
    early, late = counts[:size].sum(axis=0), counts[-size:].sum(axis=0)
    seen_early, seen_late = observed[:size].sum(axis=0), observed[-size:].sum(axis=0)
    known = (seen_early > 0) & (seen_late > 0) & (early + late > 0)
    if not known.any():
        return None
    before, after = early[known] / seen_early[known], late[known] / seen_late[known]
    change = 2 * (after - before) / (after + before)
    error = np.sqrt(early[known] / seen_early[known] ** 2 + late[known] / seen_late[known] ** 2)
    sure = (np.abs(change) > _CHANGE) & (np.abs(after - before) > _SIGMAS * error)
    for sign, word in ((-1, "falls"), (1, "rises")):
        share = float((sure & (np.sign(change) == sign)).mean())
        if share > _MOST:
            return Finding(
                "drift",
                f"the rate of {share:.0%} of the units {word} together over the run, on average "
                f"from {before.mean():.3g} to {after.mean():.3g} Hz; correlations and slow power "
                "hold this drift: compare drift_correlation, and halves of the run",
                tuple(np.flatnonzero(known)[sure & (np.sign(change) == sign)].tolist()),
            )
    return None


def absent(spikes: ReviewedSpikes, silence: tuple[float, float] | None) -> Finding | None:
    """Name the units that are silent in tenths of the run in which their rate says otherwise."""
    counts, observed = spikes.part_counts, spikes.part_observed.copy()
    if silence is not None:  # what all units miss is no news of one
        low, high = spikes.shared[0, 0], spikes.shared[-1, 1]
        edges = np.linspace(low, high, N_PARTS + 1)
        lost = np.minimum(edges[1:], silence[1]) - np.maximum(edges[:-1], silence[0])
        observed = np.maximum(observed - np.maximum(lost, 0.0)[:, None], 0.0)
    there = np.where(counts > 0, observed, 0.0).sum(axis=0)
    rate = np.divide(spikes.counts, there, out=np.zeros(spikes.n_units), where=there > 0)
    missing = (counts == 0) & (rate * observed > _EXPECTED)
    units = np.flatnonzero(missing.any(axis=0))
    if not units.size:
        return None
    parts = missing[:, units[0]].nonzero()[0] + 1
    return Finding(
        "absent",
        f"{named(units)} {'are' if units.size > 1 else 'is'} silent in whole tenths of the run "
        f"(unit {units[0]}: {parts.tolist()}); if lost or sorted away, give them a support of "
        "their own or leave them out",
        tuple(units.tolist()),
    )
