"""The kernel of all spectra: windowed Fourier transforms of overlapping stretches of counts.

Arrays only.  Welch's method is one Hann window with half-overlapping segments, the multitaper
method several orthogonal windows without overlap; everything after that is the same average.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import fft
from scipy.signal import windows

from heavytail_snn.core.errors import ParameterError, RecordingError

MAX_SEGMENT = 4096
MIN_SEGMENTS = 8


@dataclass(frozen=True)
class Segmentation:
    """How counts are cut into segments and windowed.

    Parameters
    ----------
    tapers : (n_tapers, n_points) ndarray
        Windows of unit energy, the sum of squares of each being 1.
    step : int
        Distance between the starts of neighbouring segments, in bins.
    lengths : (n_intervals,) ndarray of int
        Bins of each stretch without a gap; the counts of all stretches follow each other, and no
        segment reaches from one into the next.
    bin_size : float
        Bin width in seconds.
    """

    tapers: np.ndarray
    step: int
    lengths: np.ndarray
    bin_size: float

    @property
    def per_stretch(self) -> np.ndarray:
        """Number of segments in each stretch, shape (n_intervals,)."""
        return segments_of(self.lengths, self.n_points, self.step)

    @property
    def n_segments(self) -> int:
        """Number of segments."""
        return int(self.per_stretch.sum())

    @property
    def starts(self) -> np.ndarray:
        """First bin of each segment, shape (n_segments,)."""
        number = self.per_stretch
        within = np.arange(number.sum()) - np.repeat(np.cumsum(number) - number, number)
        return np.repeat(np.cumsum(self.lengths) - self.lengths, number) + within * self.step

    @property
    def n_points(self) -> int:
        """Length of a segment in bins."""
        return self.tapers.shape[1]

    @property
    def inner(self) -> slice:
        """The frequencies kept: zero, where the mean is removed, and Nyquist are not."""
        return slice(1, (self.n_points + 1) // 2)

    @property
    def frequencies(self) -> np.ndarray:
        """Frequencies in Hz, all above zero and below Nyquist."""
        return fft.rfftfreq(self.n_points, self.bin_size)[self.inner]

    @property
    def attenuation(self) -> np.ndarray:
        """The factor sinc^2(f bin) by which counting in bins damps correlations."""
        return np.sinc(self.frequencies * self.bin_size) ** 2

    @property
    def independent_averages(self) -> float:
        """Number of independent spectra in the average (Welch 1967, for overlapping windows)."""
        n_tapers, k = len(self.tapers), self.n_segments
        variance = 1.0
        for lag in range(1, -(-self.n_points // self.step)):
            overlap = self.tapers[0][self.step * lag :] @ self.tapers[0][: -self.step * lag]
            pairs = np.maximum(self.per_stretch - lag, 0).sum()
            variance += 2 * float(pairs) / k * overlap**2
        return n_tapers * k / variance


def segments_of(lengths: np.ndarray, n_points: int, step: int) -> np.ndarray:
    """Return how many segments of `n_points` bins each stretch holds."""
    return np.where(lengths >= n_points, (lengths - n_points) // step + 1, 0)


def segment_length(
    stretches: Sequence[np.ndarray],
    bin_size: float,
    method: str,
    frequency_resolution: float | None,
) -> int:
    """Return the bins of a segment.

    Parameters
    ----------
    stretches : sequence of (n_intervals,) ndarray of int
        Bins of each stretch without a gap, for each pattern of intervals.
    bin_size, method, frequency_resolution
        As for `segmentation`.
    """
    if frequency_resolution is not None:
        return round(1 / (frequency_resolution * bin_size))
    overlap, n_points = _overlap(method), MAX_SEGMENT
    while n_points >= 8:
        numbers = [segments_of(s, n_points, n_points // overlap).sum() for s in stretches]
        if np.median(numbers) >= MIN_SEGMENTS:
            break
        n_points //= 2
    return n_points


def _overlap(method: str) -> int:
    return 2 if method == "welch" else 1


def segmentation(
    n_bins: int | np.ndarray,
    bin_size: float,
    method: str,
    frequency_resolution: float | None,
    nw: float,
) -> Segmentation:
    """Return the segmentation of `n_bins` bins for "welch" or "multitaper".

    Without `frequency_resolution`, in Hz, a segment has 4096 bins, or the largest power of two
    that leaves eight segments.  `n_bins` may be the bins of each stretch without a gap.
    """
    lengths = np.atleast_1d(np.asarray(n_bins))
    overlap, longest = _overlap(method), int(lengths.max(initial=0))
    n_points = segment_length([lengths], bin_size, method, frequency_resolution)
    if not 8 <= n_points <= longest:
        raise RecordingError(
            f"a segment must have 8 to {longest} bins, got {n_points} (bin_size = {bin_size:g} s, "
            f"{longest * bin_size:g} s of data without a gap); change frequency_resolution or "
            "bin_size"
        )
    if method == "welch":
        tapers = windows.hann(n_points, sym=False)[None]
    else:
        if 2 * nw > n_points:
            raise ParameterError(
                "nw", nw, f"must not exceed half the {n_points} bins of a segment", "use nw=4"
            )
        tapers = windows.dpss(n_points, nw, Kmax=int(2 * nw - 1))
    tapers = tapers / np.linalg.norm(tapers, axis=1, keepdims=True)
    step = n_points // overlap
    return Segmentation(tapers, step, lengths, bin_size)


def transforms(counts: np.ndarray, cut: Segmentation) -> np.ndarray:
    """Return the windowed transforms of counts, scaled so that ``abs()**2`` is two-sided power.

    Parameters
    ----------
    counts : (n_bins,) ndarray
        Spike counts; their overall mean is removed here.
    cut : Segmentation

    Returns
    -------
    (n_segments, n_tapers, n_frequencies) complex ndarray
        In sqrt(1/s).  The mean square over segments and tapers estimates the two-sided power
        spectral density of the train of delta functions.
    """
    centred = counts - counts.mean()
    pieces = np.lib.stride_tricks.sliding_window_view(centred, cut.n_points)[cut.starts]
    spectrum = fft.rfft(pieces[:, None, :] * cut.tapers, axis=-1)[..., cut.inner]
    return spectrum / np.sqrt(cut.bin_size)


def local_rates(counts: np.ndarray, cut: Segmentation) -> np.ndarray:
    """Return the rate in each segment as its windows see it, in Hz, shape (n_segments,)."""
    pieces = np.lib.stride_tricks.sliding_window_view(counts, cut.n_points)[cut.starts]
    return pieces @ (cut.tapers**2).mean(axis=0) / cut.bin_size
