"""Statistics of intervals and counts: CV, CV2, LV, Fano factor, pairwise count correlation.

All units at once: intervals are differences of one array sorted by unit, sums are bincounts.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from heavytail_snn.core.errors import RecordingError, check_integer
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.core.time_units import one_time
from heavytail_snn.recording.inputs import as_recording
from heavytail_snn.recording.quality import provenance_warnings
from heavytail_snn.recording.recording import EDGE_TOLERANCE, Recording

N_BLOCKS = 10


@dataclass(frozen=True, kw_only=True)
class SpikeStatistics(Result):
    """Statistics of each unit, and their means over units with standard errors.

    Parameters
    ----------
    rates : (n_units,) ndarray
        In Hz.
    cvs, cv2s, lvs : (n_units,) ndarray
        Coefficient of variation of the intervals (population standard deviation over mean), its
        local forms CV2 (Holt et al. 1996, doi:10.1152/jn.1996.75.5.1806) and LV (Shinomoto et al.
        2003, doi:10.1162/089976603322518759).  nan for units with fewer than
        ``parameters["minimum_spikes"]`` spikes, for which they are undefined or too biased.
    fano_factors : (n_units,) ndarray
        Variance over mean of the counts in windows of ``parameters["count_window"]``; nan for
        units without a spike in them.
    rate, cv, cv2, lv, fano_factor : float
        Means over the units where the statistic is defined; nan where it is for none.
    rate_error, ... : float
        Standard errors over units; nan for fewer than two.
    correlation, correlation_error : float
        Mean over pairs of units of the correlation of their counts in the same windows, and its
        jackknife standard error over ten blocks of windows; nan for fewer than two units.
    n_units_with_intervals : int
        Units that entered `cv`, `cv2` and `lv`.
    """

    rates: np.ndarray = field_of(unit="Hz", dims=("unit",))
    cvs: np.ndarray = field_of(dims=("unit",))
    cv2s: np.ndarray = field_of(dims=("unit",))
    lvs: np.ndarray = field_of(dims=("unit",))
    fano_factors: np.ndarray = field_of(dims=("unit",))
    rate: float = field_of(unit="Hz", quantity="rate", error="rate_error")
    rate_error: float = field_of(unit="Hz")
    cv: float = field_of(quantity="cv", error="cv_error")
    cv_error: float = field_of()
    cv2: float = field_of(quantity="cv2", error="cv2_error")
    cv2_error: float = field_of()
    lv: float = field_of(quantity="lv", error="lv_error")
    lv_error: float = field_of()
    fano_factor: float = field_of(quantity="fano_factor", error="fano_factor_error")
    fano_factor_error: float = field_of()
    correlation: float = field_of(quantity="count_correlation", error="correlation_error")
    correlation_error: float = field_of()
    n_units_with_intervals: int


def spike_statistics(
    spikes: Any,
    *,
    count_window: Any = 0.1,
    minimum_spikes: int = 10,
    t_start: Any = None,
    t_stop: Any = None,
) -> SpikeStatistics:
    """Compute interval and count statistics of all units.

    Parameters
    ----------
    spikes : Recording, neo object or times in seconds
        See `heavytail_snn.recording.inputs.as_recording`.
    count_window : float or quantity of time
        Window of the counts for Fano factor and correlation; an incomplete last one is left out.
    minimum_spikes : int
        Interval statistics are given for units with at least this many spikes; at least 3.
    t_start, t_stop : float or quantity, optional
        Limits of the run where `spikes` are plain times.

    Returns
    -------
    SpikeStatistics

    Raises
    ------
    RecordingError
        If there is no spike, or there are fewer than two complete windows.
    ParameterError, UnitError
        If an argument is out of its domain.

    Examples
    --------
    >>> clock = np.arange(1, 100) * 0.01
    >>> statistics = spike_statistics(clock, t_start=0.0, t_stop=1.0)
    >>> round(statistics.rate), abs(round(statistics.cv, 9)), statistics.warnings
    (99, 0.0, ())
    """
    recording = as_recording("spikes", spikes, t_start=t_start, t_stop=t_stop)
    count_window = one_time("count_window", count_window, low=0, open_low=True)
    minimum_spikes = check_integer("minimum_spikes", minimum_spikes, low=3)
    rates = recording.rates()
    cvs, cv2s, lvs = interval_statistics(recording, minimum_spikes)
    counts = _window_counts(recording, count_window)
    fano_factors = _divide(counts.var(axis=0, ddof=1), counts.mean(axis=0))
    fields = {}
    for name, values in (
        ("rate", rates),
        ("cv", cvs),
        ("cv2", cv2s),
        ("lv", lvs),
        ("fano_factor", fano_factors),
    ):
        fields[name], fields[f"{name}_error"] = _mean_and_error(values)
    correlation, correlation_error = mean_count_correlation(counts)
    return SpikeStatistics(
        rates=rates,
        cvs=cvs,
        cv2s=cv2s,
        lvs=lvs,
        fano_factors=fano_factors,
        **fields,
        correlation=correlation,
        correlation_error=correlation_error,
        n_units_with_intervals=int(np.count_nonzero(np.isfinite(cvs))),
        parameters={"count_window": count_window, "minimum_spikes": minimum_spikes},
        warnings=provenance_warnings(recording),
    )


def interval_statistics(
    recording: Recording, minimum_spikes: int = 3
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return CV, CV2 and LV of each unit, nan for units with fewer spikes than the minimum."""
    n_units = recording.n_units
    order = np.argsort(recording.ids, kind="stable")
    times, ids = recording.times[order], recording.ids[order]
    same = ids[1:] == ids[:-1]
    intervals, owner = np.diff(times)[same], ids[1:][same]
    enough = recording.counts() >= max(minimum_spikes, 3)

    def mean_by_unit(values: np.ndarray, owners: np.ndarray) -> np.ndarray:
        sums = np.bincount(owners, values, minlength=n_units)
        mean = _divide(sums, np.bincount(owners, minlength=n_units))
        return np.where(enough, mean, np.nan)

    mean = mean_by_unit(intervals, owner)
    deviations = (intervals - mean[owner]) ** 2
    next_one = owner[1:] == owner[:-1]
    before, after, pair_owner = (
        intervals[:-1][next_one],
        intervals[1:][next_one],
        owner[1:][next_one],
    )
    contrast = (after - before) / (after + before)
    return (
        np.sqrt(mean_by_unit(deviations, owner)) / mean,
        mean_by_unit(2 * np.abs(contrast), pair_owner),
        mean_by_unit(3 * contrast**2, pair_owner),
    )


def mean_count_correlation(counts: np.ndarray) -> tuple[float, float]:
    """Return the mean correlation over all pairs of columns, and its block-jackknife error.

    Parameters
    ----------
    counts : (n_windows, n_units) ndarray
        Units without variance are left out.

    Returns
    -------
    mean, standard_error : float
        nan for fewer than two units with variance; the error also for fewer than 20 windows.

    Notes
    -----
    The sum over pairs of z-scores is the square of their sum less the sum of their squares, so no
    matrix of pairs is built.
    """
    counts = counts[:, counts.var(axis=0) > 0]
    n_windows, n_units = counts.shape
    if n_units < 2:
        return float("nan"), float("nan")
    scores = (counts - counts.mean(axis=0)) / counts.std(axis=0)
    products = (scores.sum(axis=1) ** 2 - (scores**2).sum(axis=1)) / (n_units * (n_units - 1))
    if n_windows < 2 * N_BLOCKS:
        return float(products.mean()), float("nan")
    blocks = np.array_split(products, N_BLOCKS)
    left_out = [(products.sum() - b.sum()) / (n_windows - b.size) for b in blocks]
    return float(products.mean()), float(np.std(left_out) * np.sqrt(N_BLOCKS - 1))


def _window_counts(recording: Recording, window: float) -> np.ndarray:
    n_windows = int(recording.duration / window + EDGE_TOLERANCE)
    if n_windows < 2:
        raise RecordingError(
            f"the recording must have at least 2 windows of count_window = {window:g} s, got "
            f"{recording.duration:g} s; use a shorter count_window"
        )
    return recording.binned(window)[:n_windows]


def _divide(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Divide; nan, meaning undefined, where the denominator is zero."""
    undefined = np.full(numerator.shape, np.nan)
    return np.divide(numerator, denominator, out=undefined, where=denominator > 0)


def _mean_and_error(values: np.ndarray) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if known.size == 0:
        return float("nan"), float("nan")
    if known.size == 1:
        return float(known[0]), float("nan")
    return float(known.mean()), float(known.std(ddof=1) / np.sqrt(known.size))
