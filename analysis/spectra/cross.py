"""Cross-spectrum of spike trains: delta functions, two-sided, in 1/s, no delta at lag zero."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from heavytail_snn.analysis.spectra.counts import (
    bins_of,
    prepared,
    summed_counts,
    unit_counts,
    unit_with_spikes,
)
from heavytail_snn.analysis.spectra.segments import Segmentation, segmentation, transforms
from heavytail_snn.core.errors import ParameterError, RecordingError, check_choice, check_real
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.recording.quality import provenance_warnings
from heavytail_snn.recording.recording import Recording
from heavytail_snn.recording.windows import Windows


@dataclass(frozen=True, kw_only=True)
class CrossSpectrum(Result):
    """Two-sided cross-spectral density of two spike trains, or its mean over all pairs.

    Parameters
    ----------
    frequencies : (n_frequencies,) ndarray
        In Hz, ascending, above zero and below Nyquist.
    cross : (n_frequencies,) complex ndarray
        Fourier transform of <a(t) b(t + lag)> - <a><b> over the lag, in Hz: a train b that follows
        a by d has the phase ``-2 pi f d``.  Real for the mean over all pairs.
    standard_error : (n_frequencies,) ndarray
        Root mean square error of `cross` in the complex plane, from the scatter of the segments.
    coherence : (n_frequencies,) ndarray
        ``|cross|^2 / (power_a power_b)``; for all pairs with the mean power of a unit.
    coherence_bias : float
        What the coherence of independent trains is on average.
    attenuation : (n_frequencies,) ndarray
        sinc^2(f bin_size), by which counting in bins damps `cross`; already divided out where
        ``parameters["correct_bins"]``.
    n_segments : int
    bin_size : float
        In seconds.
    """

    frequencies: np.ndarray = field_of(unit="Hz", dims=("frequency",))
    cross: np.ndarray = field_of(unit="Hz", dims=("frequency",))
    standard_error: np.ndarray = field_of(unit="Hz", dims=("frequency",))
    coherence: np.ndarray = field_of(dims=("frequency",))
    coherence_bias: float = field_of()
    attenuation: np.ndarray = field_of(dims=("frequency",))
    n_segments: int
    bin_size: float = field_of(unit="s")

    def plot(self, ax: Any = None) -> Any:
        """Draw the real part of the cross-spectrum with its standard error; return the Axes."""
        import matplotlib.pyplot as plt

        ax = plt.subplots()[1] if ax is None else ax
        ax.fill_between(
            self.frequencies,
            self.cross.real - self.standard_error,
            self.cross.real + self.standard_error,
            alpha=0.3,
            linewidth=0,
        )
        ax.plot(self.frequencies, self.cross.real)
        ax.axhline(0.0, linestyle="--", color="black")
        ax.set(xscale="log", xlabel="frequency (Hz)", ylabel="cross-spectrum, real part (1/s)")
        return ax


def cross_spectrum(
    spikes: Any,
    *,
    units: Sequence[int] | None = None,
    method: str = "welch",
    bin_size: Any = 1e-3,
    frequency_resolution: float | None = None,
    correct_bins: bool = False,
    nw: float = 4.0,
    t_start: Any = None,
    t_stop: Any = None,
) -> CrossSpectrum:
    """Estimate the cross-spectral density of two units, or its mean over all pairs of units.

    From the time in which the two units, or all units, were watched; segments cross no gap.

    Parameters
    ----------
    spikes : Recording, neo object or times in seconds
        See `heavytail_snn.recording.inputs.as_recording`; at least two units.
    units : (a, b), optional
        Two unit numbers.  Default: the mean over all ordered pairs of different units, which costs
        no more than the spectra of the single units.
    correct_bins : bool
        Divide by sinc^2(f bin_size), by which counting in bins damps correlations that are wider
        than a bin.  Coincidences sharper than a bin are not damped but folded back whole: leave
        them as they are.
    method, bin_size, frequency_resolution, nw, t_start, t_stop
        As for `power_spectrum`.

    Returns
    -------
    CrossSpectrum

    Raises
    ------
    RecordingError
        If there are fewer than two units or spikes, or too few bins for a segment.
    ParameterError, UnitError
        If an argument is out of its domain.
    """
    recording, bin_size = prepared(spikes, bin_size, t_start, t_stop)
    check_choice("method", method, ("welch", "multitaper"))
    nw = check_real("nw", nw, low=1)
    if frequency_resolution is not None:
        frequency_resolution = check_real(
            "frequency_resolution", frequency_resolution, low=0, open_low=True
        )
    if recording.n_units < 2:
        raise RecordingError("spikes must hold at least 2 units for a cross-spectrum, got 1")
    pair = None if units is None else _checked_pair(recording, units)
    bins = bins_of(recording, bin_size, pair)
    cut = segmentation(bins.per_interval, bin_size, method, frequency_resolution, nw)
    if pair is None:
        samples, product = _all_pairs(recording, cut, bins)
    else:
        samples, product = _one_pair(recording, pair, cut, bins)
    samples = samples.reshape(-1, cut.frequencies.size)
    cross = samples.mean(axis=0)
    coherence = np.abs(cross) ** 2 / product
    error = np.full(cross.shape, np.nan)  # one segment has no scatter
    if len(samples) > 1:
        error = np.sqrt(samples.var(axis=0, ddof=1) / cut.independent_averages)
    if correct_bins:
        cross, error = cross / cut.attenuation, error / cut.attenuation
    return CrossSpectrum(
        frequencies=cut.frequencies,
        cross=cross,
        standard_error=error,
        coherence=coherence,
        coherence_bias=float("nan") if units is None else 1 / cut.independent_averages,
        attenuation=cut.attenuation,
        n_segments=cut.n_segments,
        bin_size=bin_size,
        parameters={
            "units": "all pairs" if units is None else tuple(units),
            "method": method,
            "frequency_resolution": 1 / (cut.n_points * bin_size),
            "correct_bins": bool(correct_bins),
            "nw": nw if method == "multitaper" else None,
        },
        warnings=provenance_warnings(recording),
    )


def _checked_pair(recording: Recording, units: Sequence[int]) -> np.ndarray:
    if np.ndim(units) != 1 or len(units) != 2 or units[0] == units[1]:
        raise ParameterError(
            "units", units, "must be two different unit numbers", "for one unit use power_spectrum"
        )
    return np.array([unit_with_spikes(recording, "units", unit) for unit in units])


def _one_pair(
    recording: Recording, pair: np.ndarray, cut: Segmentation, bins: Windows
) -> tuple[np.ndarray, np.ndarray]:
    """Return conj(A) B of every segment and taper, and the product of the two mean powers."""
    first, second = (
        transforms(summed_counts(recording, bins, np.array([unit])), cut) for unit in pair
    )
    powers = [(np.abs(part) ** 2).mean(axis=(0, 1)) for part in (first, second)]
    return np.conj(first) * second, powers[0] * powers[1]


def _all_pairs(
    recording: Recording, cut: Segmentation, bins: Windows
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean over pairs of every segment and taper, and the mean power squared.

    The sum over pairs is |sum of transforms|^2 - sum of |transforms|^2.
    """
    shape = (cut.n_segments, len(cut.tapers), cut.frequencies.size)
    total, squares = np.zeros(shape, dtype=complex), np.zeros(shape)
    for counts in unit_counts(recording, bins):
        part = transforms(counts, cut)
        total += part
        squares += np.abs(part) ** 2
    n_units = recording.n_units
    pairs = (np.abs(total) ** 2 - squares) / (n_units * (n_units - 1))
    return pairs, (squares.mean(axis=(0, 1)) / n_units) ** 2
