"""Statistics of intervals and counts: CV, CV2, LV, Fano factor, pairwise count correlation.

Everything inside the support: intervals that cross a gap are none, windows do not reach into it,
and rates divide by the observed time.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from heavytail_snn.analysis.spectra.statistics_kernels import (
    CountMoments,
    correlation_of_pairs,
    correlation_of_scores,
    count_moments,
    drift_and_fast,
    interval_statistics,
    no_moments,
)
from heavytail_snn.core.errors import check_integer
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.core.time_units import one_time
from heavytail_snn.recording.inputs import as_recording
from heavytail_snn.recording.quality import provenance_warnings
from heavytail_snn.recording.recording import Recording
from heavytail_snn.recording.windows import Windows


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
        Mean over pairs of units of the correlation of their counts in the windows in which both
        were watched, and its
        jackknife standard error over ten blocks of windows; nan for fewer than two units.
    drift_correlation, fast_correlation : float
        Its two parts: what the units would share if the windows were shuffled inside blocks of
        ``parameters["drift_window"]``, by slow drift alone; and what they share inside a block.
        With jackknife errors; nan for fewer than two blocks of time that all units share.
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
    drift_correlation: float = field_of(
        quantity="drift_correlation", error="drift_correlation_error"
    )
    drift_correlation_error: float = field_of()
    fast_correlation: float = field_of(quantity="fast_correlation", error="fast_correlation_error")
    fast_correlation_error: float = field_of()
    n_units_with_intervals: int


def spike_statistics(
    spikes: Any,
    *,
    count_window: Any = 0.1,
    drift_window: Any = None,
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
    drift_window : float or quantity of time, optional
        What changes more slowly is drift; default 10 s, or 20 windows where that is more.
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
    usual = max(10.0, 20 * count_window)
    drift_window = one_time(
        "drift_window",
        usual if drift_window is None else drift_window,
        low=2 * count_window,
        remedy="use at least two count_window",
    )
    moments = count_moments(recording, count_window, drift_window)
    fields = {}
    for name, values in (
        ("rate", rates),
        ("cv", cvs),
        ("cv2", cv2s),
        ("lv", lvs),
        ("fano_factor", moments.fano_factors),
    ):
        fields[name], fields[f"{name}_error"] = _mean_and_error(values)
    if recording.support.is_common:
        correlation, correlation_error = correlation_of_scores(moments)
        together = moments
    else:
        correlation, correlation_error = correlation_of_pairs(recording, count_window)
        together = _shared_moments(recording, count_window, drift_window)
    drift, drift_error, fast, fast_error = drift_and_fast(together)
    return SpikeStatistics(
        rates=rates,
        cvs=cvs,
        cv2s=cv2s,
        lvs=lvs,
        fano_factors=moments.fano_factors,
        **fields,
        correlation=correlation,
        correlation_error=correlation_error,
        drift_correlation=drift,
        drift_correlation_error=drift_error,
        fast_correlation=fast,
        fast_correlation_error=fast_error,
        n_units_with_intervals=int(np.count_nonzero(np.isfinite(cvs))),
        parameters={
            "count_window": count_window,
            "drift_window": drift_window,
            "minimum_spikes": minimum_spikes,
        },
        warnings=provenance_warnings(recording),
    )


def _shared_moments(recording: Recording, width: float, slow: float) -> CountMoments:
    """Return the moments in the time that all units share, without any where there is none."""
    shared = recording.support.shared
    if Windows(shared, width).n < 2:
        return no_moments(recording.n_units)
    return count_moments(recording.restrict(shared), width, slow)


def _mean_and_error(values: np.ndarray) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if known.size == 0:
        return float("nan"), float("nan")
    if known.size == 1:
        return float(known[0]), float("nan")
    return float(known.mean()), float(known.std(ddof=1) / np.sqrt(known.size))
