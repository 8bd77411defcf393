"""The kernel of all spectra: windowed Fourier transforms of overlapping stretches of counts.

Arrays only.  Welch's method is one Hann window with half-overlapping segments, the multitaper
method several orthogonal windows without overlap; everything after that is the same average.
"""

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
        Distance between the starts of segments, in bins.
    n_segments : int
    bin_size : float
        Bin width in seconds.
    """

    tapers: np.ndarray
    step: int
    n_segments: int
    bin_size: float

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
            variance += 2 * max(k - lag, 0) / k * overlap**2
        return n_tapers * k / variance


def segmentation(
    n_bins: int, bin_size: float, method: str, frequency_resolution: float | None, nw: float
) -> Segmentation:
    """Return the segmentation of `n_bins` bins for "welch" or "multitaper".

    Without `frequency_resolution`, in Hz, a segment has 4096 bins, or the largest power of two
    that leaves eight segments.
    """
    overlap = 2 if method == "welch" else 1
    if frequency_resolution is None:
        longest = overlap * n_bins // (MIN_SEGMENTS + overlap - 1)
        n_points = min(MAX_SEGMENT, 2 ** int(np.log2(max(longest, 1))))
    else:
        n_points = round(1 / (frequency_resolution * bin_size))
    if not 8 <= n_points <= n_bins:
        raise RecordingError(
            f"a segment must have 8 to {n_bins} bins, got {n_points} (bin_size = {bin_size:g} s, "
            f"{n_bins * bin_size:g} s of data); change frequency_resolution or bin_size"
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
    return Segmentation(tapers, step, (n_bins - n_points) // step + 1, bin_size)


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
    pieces = np.lib.stride_tricks.sliding_window_view(centred, cut.n_points)[:: cut.step]
    spectrum = fft.rfft(pieces[:, None, :] * cut.tapers, axis=-1)[..., cut.inner]
    return spectrum / np.sqrt(cut.bin_size)


def local_rates(counts: np.ndarray, cut: Segmentation) -> np.ndarray:
    """Return the rate in each segment as its windows see it, in Hz, shape (n_segments,)."""
    pieces = np.lib.stride_tricks.sliding_window_view(counts, cut.n_points)[:: cut.step]
    return pieces @ (cut.tapers**2).mean(axis=0) / cut.bin_size
