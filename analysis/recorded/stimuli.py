"""Responses of a recording to stimuli shown at known times: spike counts, trial by trial.

The same counting serves recordings of many trials in one and simulations of one trial each.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from heavytail_snn.core.errors import ParameterError
from heavytail_snn.core.time_units import in_seconds, one_time
from heavytail_snn.recording.recording import Recording
from heavytail_snn.recording.tables import EpochTable
from heavytail_snn.recording.windows import EDGE_TOLERANCE

Floats = NDArray[np.float64]

_ROUNDING = 1e-9  # seconds by which a window may leave the recording


def stimulus_responses(
    recording: Recording,
    onsets: Any = None,
    labels: Any = None,
    *,
    trials: str | EpochTable | None = None,
    start: Any = 0.0,
    stop: Any,
    precision: Any = None,
) -> Floats:
    """Count the spikes after each stimulus onset, sorted by stimulus and repeat.

    Parameters
    ----------
    recording : Recording
    onsets : (n_onsets,) array_like or quantity of time
        When a stimulus was presented, on the clock of the recording.
    labels : (n_onsets,) array_like of int
        Which stimulus was presented.
    trials : str or EpochTable, optional
        In place of onsets and labels: the column of ``recording.trials`` that says which stimulus
        was shown at each start, words included; or a table of trials, with its column in `labels`.
    start, stop : float or quantity of time
        Window after each onset; windows may overlap, and start before the onset (start < 0).
    precision : float or quantity of time, optional
        Width of bins that cut the window, as for `Presentation.counts`.

    Returns
    -------
    (n_stimuli, n_neurons * n_bins, n_repeats) ndarray
        Stimuli in the order of the sorted distinct labels, repeats in the order of `onsets`; nan
        after the last repeat of a stimulus that was shown less often than another.  Bins of a
        neuron lie next to each other.  `response_kernel` takes the array as it is; `cvpca` and
        `cvpca_exponent` have neurons first: ``np.swapaxes(responses, 0, 1)``.

    Raises
    ------
    ParameterError
        If there is no onset, onsets and labels differ in length, an onset is not finite, a label no
        whole number, or a window leaves the recording.
    UnitError
        If a quantity is no time.

    Examples
    --------
    Two neurons; stimulus 7 is shown twice, stimulus 4 once:

    >>> from heavytail_snn import Recording
    >>> recording = Recording([0.11, 0.13, 0.52, 0.91], [0, 0, 1, 0], 2, 0.0, 1.0)
    >>> responses = stimulus_responses(recording, [0.1, 0.5, 0.9], [7, 4, 7], stop=0.05)
    >>> responses[0]
    array([[ 0., nan],
           [ 1., nan]])
    >>> responses[1]
    array([[2., 1.],
           [0., 0.]])
    """
    if not isinstance(recording, Recording):
        raise ParameterError("recording", type(recording).__name__, "must be a Recording")
    if trials is not None:
        onsets, labels = _of_trials(recording, onsets, labels, trials)
    times, low = in_seconds("onsets", onsets), one_time("start", start)
    high = one_time("stop", stop)
    if times.ndim != 1 or not times.size or not np.isfinite(times).all():
        raise ParameterError("onsets", onsets, "must be a flat array of at least one finite time")
    kinds = _checked_labels(labels, times.size)
    if high <= low:
        raise ParameterError("stop", (low, high), "must lie after start")
    outside = times + low < recording.t_start - _ROUNDING
    outside |= times + high > recording.t_stop + _ROUNDING
    if outside.any():
        raise ParameterError(
            "onsets",
            f"{times[outside][0]:g} s, of window {low, high} s",
            f"must have their windows inside the recording, {recording.t_start, recording.t_stop}",
            "leave out such presentations; plain times are in seconds",
        )
    _check_watched(recording, times + low, times + high)
    counts = window_counts(recording, times + low, *window_bins(low, high, precision))
    shown = np.bincount(kinds)
    order = np.argsort(kinds, kind="stable")
    repeat = np.empty_like(order)
    repeat[order] = np.arange(order.size) - np.repeat(np.cumsum(shown) - shown, shown)
    responses = np.full((shown.size, counts.shape[1], shown.max()), np.nan)
    responses[kinds, :, repeat] = counts
    return responses


def _of_trials(
    recording: Recording, onsets: Any, labels: Any, trials: str | EpochTable
) -> tuple[np.ndarray, np.ndarray]:
    """Return the starts of trials and the number of the stimulus of each."""
    named = isinstance(trials, str)
    if onsets is not None or (named and labels is not None):
        raise ParameterError(
            "trials", trials, "must not be given with onsets and labels", "leave these out"
        )
    table = recording.trials if named else trials
    column = trials if named else labels
    if not isinstance(table, EpochTable) or not isinstance(column, str):
        raise ParameterError(
            "trials", trials, "must be a column of recording.trials, or an EpochTable",
            'with a table give labels="its column"',
        )  # fmt: skip
    return table.start, np.unique(table.column(column), return_inverse=True)[1]


def _check_watched(recording: Recording, starts: Floats, stops: Floats) -> None:
    """Raise if a window reaches into time in which a unit was not watched."""
    for intervals, units in recording.support.groups():
        number = np.searchsorted(intervals[:, 0], starts + _ROUNDING, side="right") - 1
        ends = np.append(intervals[:, 1], -np.inf)[number]
        unseen = (number < 0) | (stops > ends + _ROUNDING)
        if unseen.any():
            raise ParameterError(
                "onsets",
                f"window {starts[unseen][0]:g} to {stops[unseen][0]:g} s",
                f"must lie where every unit was watched, unit {units[0]} was not "
                f"({np.count_nonzero(unseen)} such windows)",
                "leave out such presentations, or select the units that were watched",
            )


def _checked_labels(labels: Any, n_onsets: int) -> NDArray[np.int64]:
    """Return the stimulus of each onset, counted from 0 in the order of sorted labels, or raise."""
    array = np.asarray(labels)
    if array.dtype.kind not in "iu":
        raise ParameterError("labels", labels, "must hold one whole number a presentation")
    if array.shape != (n_onsets,):
        raise ParameterError(
            "labels", f"shape {array.shape}", f"must name the stimulus of each of {n_onsets} onsets"
        )
    return np.unique(array, return_inverse=True)[1]


def window_bins(low: float, high: float, precision: Any) -> tuple[float, int]:
    """Return the width in seconds and the number of the bins that cut a window, or raise.

    Parameters
    ----------
    low, high : float
        Ends of the window in seconds.
    precision : float, quantity of time or None
        Width of a bin; None for the whole window.
    """
    width = high - low
    if precision is not None:
        width = one_time("precision", precision, low=0, open_low=True)
    n_bins = int((high - low) / width + EDGE_TOLERANCE)
    if n_bins < 1:
        raise ParameterError("precision", width, f"must not exceed the window {high - low} s")
    return width, n_bins


def window_counts(recording: Recording, starts: Floats, width: float, n_bins: int) -> Floats:
    """Count spikes in bins of windows that may overlap.

    Parameters
    ----------
    recording : Recording
    starts : (n_windows,) ndarray
        In seconds.
    width : float
        Of a bin, in seconds; a spike on an edge belongs to the bin that it opens, up to rounding of
        the time grid.
    n_bins : int
        Of each window.

    Returns
    -------
    (n_windows, n_neurons * n_bins) ndarray
        Bins of a neuron lie next to each other.
    """
    margin = width * EDGE_TOLERANCE
    first = np.searchsorted(recording.times, starts - margin)
    number = np.searchsorted(recording.times, starts + n_bins * width + margin) - first
    window = np.repeat(np.arange(starts.size), number)
    spike = np.arange(window.size) + np.repeat(first - (np.cumsum(number) - number), number)
    position = (recording.times[spike] - starts[window]) / width
    place = np.floor(position + EDGE_TOLERANCE).astype(int)
    inside = (place >= 0) & (place < n_bins)
    row = window[inside] * recording.n_units + recording.ids[spike][inside]
    shape = starts.size, recording.n_units * n_bins
    counts = np.bincount(row * n_bins + place[inside], minlength=shape[0] * shape[1])
    return counts.reshape(shape).astype(float)
