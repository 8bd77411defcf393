"""What the spike times themselves betray: a grid, a wrong unit, too few spikes, too short a run."""

import numpy as np

from heavytail_snn.recording.review.finding import Finding, ReviewedSpikes

_GRIDS = (1.0, 0.5, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)  # s
_COARSE = 1e-3  # s; finer grids are those of simulations and of recorders
_FEW, _SHORT = 100, 20.0  # spikes, s
_SLOW, _LONG, _BRIEF, _FAST = 0.1, 3600.0, 1e-3, 500.0  # Hz, s, of the intervals, Hz


def grid_of(times: np.ndarray) -> float:
    """Return the widest grid in seconds, of 1 ms or more, on which all times lie; else 0."""
    for width in _GRIDS:
        for some in (times[:100], times):
            steps = (some - some[0]) / width if some.size else some
            if np.abs(steps - np.round(steps)).max(initial=0.0) > 1e-4:
                break
        else:
            return width if np.unique(times).size >= 10 else 0.0
    return 0.0


def grid_finding(grid: float) -> Finding | None:
    """Return what to say about a grid of times."""
    if grid < _COARSE:
        return None
    return Finding(
        "grid",
        f"all times lie on a grid of {1e3 * grid:g} ms; intervals and coincidences below it are "
        f"lost, and spectra show it: use bins and windows of whole multiples, above {1e3 * grid:g} "
        "ms",
    )


def time_unit(rates: np.ndarray, duration: float, brief: int, n_intervals: int) -> Finding | None:
    """Tell of rates that no neuron has in seconds, but has in another unit.

    Parameters
    ----------
    rates : (n_units,) ndarray
        In Hz.
    duration : float
        Of the run in seconds.
    brief, n_intervals : int
        Intervals below 10 ms, which slow neurons have in bursts, and all intervals.
    """
    active = rates[rates > 0]
    if not active.size or n_intervals < 100:
        return None
    rate = float(np.median(active))
    if rate < _SLOW and duration > _LONG and brief < _BRIEF * n_intervals:
        return Finding(
            "time unit",
            f"a median rate of {rate:.2g} Hz over {duration / 3600:.3g} h, hardly an interval "
            f"below 10 ms: are the times in ms? then the rate is {1e3 * rate:.3g} Hz; "
            'read with time_unit="ms"',
        )
    if rate > _FAST:
        return Finding(
            "time unit",
            f"a median rate of {rate:.3g} Hz: are the times in s, and were read as ms or samples? "
            f'read with time_unit="s"',
        )
    return None


def few_spikes(spikes: ReviewedSpikes) -> Finding | None:
    """Tell of so few spikes that no statistic has a usable error."""
    number = spikes.times.size
    if number == 0 or number >= _FEW:
        return None
    return Finding(
        "few spikes",
        f"{number} spikes in all: dimensions, Fano factors, correlations and spectra of so few are "
        "noise, also where their error looks small; record longer",
    )


def short_run(spikes: ReviewedSpikes) -> Finding | None:
    """Tell of a recording shorter than the slow changes that its numbers should average over."""
    watched = float(spikes.observed.max(initial=0.0))
    if watched >= _SHORT:
        return None
    return Finding(
        "short",
        f"{watched:.3g} s were watched: slow power, correlations and the dimension are those of "
        "one short stretch; record longer, or say so",
    )


_DOUBTFUL = {"noise", "mua", "unsorted", "bad", "artifact", "artefact", "multi"}
_LABELS = ("label", "group", "quality", "KSLabel", "cluster_group", "type")


def labels(columns: dict[str, np.ndarray]) -> Finding | None:
    """Tell how many units the sorter's labels call no good single neuron."""
    for name in _LABELS:
        values = [str(value).lower() for value in columns.get(name, np.empty(0)).tolist()]
        doubtful = np.flatnonzero([value in _DOUBTFUL for value in values])
        if doubtful.size:
            kinds, numbers = np.unique(np.array(values), return_counts=True)
            said = ", ".join(f"{n} {kind}" for kind, n in zip(kinds, numbers, strict=True))
            return Finding(
                "labels",
                f"{said}: all are in these numbers; take the good ones with "
                f'recording.select(recording.units.where({name}="good"))',
                tuple(doubtful.tolist()),
            )
    return None
