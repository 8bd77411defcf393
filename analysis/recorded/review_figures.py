"""Four figures that a reviewer asks for: intervals, rate over time, autocorrelogram, dimension."""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from heavytail_snn.core.compiled import compiled
from heavytail_snn.core.errors import ParameterError
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.core.time_units import one_time
from heavytail_snn.recording.inputs import as_recording
from heavytail_snn.recording.recording import Recording
from heavytail_snn.recording.trains import chunks
from heavytail_snn.recording.windows import EDGE_TOLERANCE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PARTS = 100  # of the run, for the rate over time
_MOST_LAGS = 100_000


@dataclass(frozen=True, kw_only=True)
class Autocorrelogram(Result):
    """How often a unit fires a lag after one of its spikes, mean over all spikes.

    Parameters
    ----------
    lags : (n_lags,) ndarray
        Centres of the bins in seconds, positive.
    rate : (n_lags,) ndarray
        In Hz; that of a Poisson process at every lag for a Poisson process.
    """

    lags: np.ndarray = field_of(unit="s", dims=("lag",))
    rate: np.ndarray = field_of(unit="Hz", dims=("lag",))

    def plot(self, ax: Any = None) -> Any:
        """Draw the rate over the lag; return the Axes."""
        import matplotlib.pyplot as plt

        ax = plt.subplots()[1] if ax is None else ax
        ax.step(1e3 * self.lags, self.rate, where="mid")
        ax.set(xlabel="lag (ms)", ylabel="rate after a spike (Hz)", ylim=(0, None))
        return ax


def autocorrelogram(
    spikes: Any,
    *,
    longest: Any = 0.1,
    bin_size: Any = 1e-3,
    t_start: Any = None,
    t_stop: Any = None,
) -> Autocorrelogram:
    """Count, for all units together, the pairs of spikes of a unit by their lag.

    Parameters
    ----------
    spikes : Recording, neo object or times in seconds
        See `heavytail_snn.recording.inputs.as_recording`.
    longest, bin_size : float or quantity of time
        Longest lag and width of the bins.
    t_start, t_stop : float or quantity, optional
        Limits of the run where `spikes` are plain times.

    Returns
    -------
    Autocorrelogram
        Pairs lie inside one interval of the support, and their number is divided by that of the
        spikes from which the lag stays inside it, on average.

    Raises
    ------
    ParameterError, UnitError, RecordingError
        If an argument is out of its domain or there is no spike.
    """
    recording = as_recording("spikes", spikes, t_start=t_start, t_stop=t_stop)
    width = one_time("bin_size", bin_size, low=0, open_low=True)
    longest = one_time("longest", longest, low=width, remedy="use at least one bin")
    n_lags = round(longest / width)
    if n_lags > _MOST_LAGS:
        raise ParameterError(
            "bin_size", width, f"must not cut longest into more than {_MOST_LAGS} bins"
        )
    counts = np.zeros(n_lags)
    for chunk in chunks(recording):
        _count_lags(chunk.times, chunk.joined, width, counts)
    lags = (np.arange(n_lags) + 0.5) * width
    exposure = np.zeros(n_lags)
    rates = np.nan_to_num(recording.rates())
    for intervals, units in recording.support.groups():
        lengths = np.diff(intervals, axis=1)[:, 0]
        left = np.maximum(lengths[None, :] - lags[:, None], 0.0).sum(axis=1)
        exposure += left * float(rates[units].sum())
    undefined = np.full(n_lags, np.nan)
    rate = np.divide(counts, exposure * width, out=undefined, where=exposure > 0)
    parameters = {"longest": longest, "bin_size": width}
    return Autocorrelogram(lags=lags, rate=rate, parameters=parameters)


@compiled(nogil=True)
def _count_lags(times: np.ndarray, joined: np.ndarray, width: float, counts: np.ndarray) -> None:
    for spike in range(times.size):
        later = spike
        while later < times.size - 1 and joined[later]:
            later += 1
            lag = int((times[later] - times[spike]) / width + EDGE_TOLERANCE)
            if lag >= counts.size:
                break
            counts[lag] += 1


def interval_histogram(recording: Recording, n_bins: int = 80) -> tuple[np.ndarray, np.ndarray]:
    """Return edges in seconds, logarithmic, and the number of intervals of all units in each.

    The outermost hold what lies beyond.
    """
    edges = np.geomspace(1e-4, max(1e2, recording.duration), n_bins + 1)
    counts = np.zeros(n_bins, dtype=np.int64)
    for chunk in chunks(recording):
        length = np.clip(np.diff(chunk.times)[chunk.joined], edges[0], edges[-1])
        counts += np.histogram(length, edges)[0]
    return edges, counts


def rate_over_time(recording: Recording, n_parts: int = _PARTS) -> tuple[np.ndarray, np.ndarray]:
    """Return edges in seconds and the mean rate of the watched units in each part of the run.

    nan where no unit was watched.
    """
    edges = np.linspace(recording.t_start, recording.t_stop, n_parts + 1)
    cuts = np.searchsorted(recording.times, edges)
    cuts[-1] = recording.times.size
    watched = [
        recording.support.restricted(np.array([[low, high]])).observed.sum()
        for low, high in pairwise(edges)
    ]
    rate = np.full(n_parts, np.nan)
    return edges, np.divide(np.diff(cuts), watched, out=rate, where=np.array(watched) > 0)


def review_figure(spikes: Any, *, curve: Any = None) -> "Figure":
    """Draw intervals, rate over time, autocorrelogram and dimension over bin sizes.

    Parameters
    ----------
    spikes : Recording, neo object or times in seconds
        See `heavytail_snn.recording.inputs.as_recording`.
    curve : DimensionCurve, optional
        From `dimension_curve`; without it the fourth place stays empty.

    Returns
    -------
    matplotlib.figure.Figure
    """
    import matplotlib.pyplot as plt

    recording = as_recording("spikes", spikes)
    figure, axes = plt.subplots(2, 2, figsize=(9, 6), layout="constrained")
    edges, counts = interval_histogram(recording)
    axes[0, 0].stairs(counts, 1e3 * edges, fill=True)
    axes[0, 0].set(xscale="log", xlabel="inter-spike interval (ms)", ylabel="intervals")
    edges, rate = rate_over_time(recording)
    axes[0, 1].stairs(rate, edges)
    axes[0, 1].set(xlabel="time (s)", ylabel="mean rate (Hz)", ylim=(0, None))
    autocorrelogram(recording).plot(axes[1, 0])
    if curve is not None:
        curve.plot(axes[1, 1])
    else:
        axes[1, 1].axis("off")
    return figure
