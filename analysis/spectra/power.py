"""Power spectrum of spike trains: delta functions, two-sided, in 1/s, with the rate as its tail.

The train is x(t) = sum_k delta(t - t_k); S(f) is the Fourier transform of its autocovariance.  The
delta function at lag zero gives S(f) -> rate at high f for every train without structure there, so
a factor of two or a missing 1/T is visible at once in ``tail_over_rate``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import stats

from heavytail_snn.analysis.spectra.counts import (
    bins_of,
    prepared,
    summed_counts,
    unit_with_spikes,
)
from heavytail_snn.analysis.spectra.segments import (
    Segmentation,
    local_rates,
    segment_length,
    segmentation,
    transforms,
)
from heavytail_snn.analysis.spectra.unit_mean import MeanSpectrum, combined, mean_spectrum
from heavytail_snn.core.errors import ParameterError, check_choice, check_real
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.recording.quality import provenance_warnings
from heavytail_snn.recording.recording import Recording
from heavytail_snn.recording.windows import Windows


@dataclass(frozen=True, kw_only=True)
class PowerSpectrum(Result):
    """Two-sided power spectral density of a spike train.

    Parameters
    ----------
    frequencies : (n_frequencies,) ndarray
        In Hz, ascending, above zero and below Nyquist.
    power, lower, upper : (n_frequencies,) ndarray
        The density and the ends of its confidence band, in Hz.
    attenuation : (n_frequencies,) ndarray
        sinc^2(f bin_size), by which counting in bins damps ``power - rate``; already divided out
        where ``parameters["correct_bins"]``.
    rate : float
        Rate of the same stretch in Hz: of the unit, of the pooled train, or the mean over units.
    tail_over_rate, tail_over_rate_error : float
        Mean of the uncorrected power over the tail band, divided by the rate, and its standard
        error from the scatter of the segments.
    tail_band : tuple of float
        In Hz.
    n_segments : int
    degrees_of_freedom : float
        Of the chi-square law of a single train's power at one frequency.
    bin_size : float
        In seconds.
    """

    frequencies: np.ndarray = field_of(unit="Hz", dims=("frequency",))
    power: np.ndarray = field_of(unit="Hz", dims=("frequency",))
    lower: np.ndarray = field_of(unit="Hz", dims=("frequency",))
    upper: np.ndarray = field_of(unit="Hz", dims=("frequency",))
    attenuation: np.ndarray = field_of(dims=("frequency",))
    rate: float = field_of(unit="Hz")
    tail_over_rate: float = field_of(
        quantity="spectrum_tail_over_rate", error="tail_over_rate_error"
    )
    tail_over_rate_error: float = field_of()
    tail_band: tuple[float, float]
    n_segments: int
    degrees_of_freedom: float
    bin_size: float = field_of(unit="s")

    def plot(self, ax: Any = None) -> Any:
        """Draw the spectrum with its confidence band and the rate; return the Axes."""
        import matplotlib.pyplot as plt

        ax = plt.subplots()[1] if ax is None else ax
        ax.fill_between(self.frequencies, self.lower, self.upper, alpha=0.3, linewidth=0)
        ax.plot(self.frequencies, self.power, label="power")
        ax.axhline(self.rate, linestyle="--", color="black", label="rate")
        ax.set(xscale="log", yscale="log", xlabel="frequency (Hz)", ylabel="power (1/s)")
        ax.legend()
        return ax


def power_spectrum(
    spikes: Any,
    *,
    unit: int | str = "mean",
    method: str = "welch",
    bin_size: Any = 1e-3,
    frequency_resolution: float | None = None,
    correct_bins: bool = False,
    tail_band: tuple[float, float] | None = None,
    confidence: float = 0.95,
    nw: float = 4.0,
    t_start: Any = None,
    t_stop: Any = None,
) -> PowerSpectrum:
    """Estimate the two-sided power spectral density of spike trains.

    Parameters
    ----------
    spikes : Recording, neo object or times in seconds
        See `heavytail_snn.recording.inputs.as_recording`.
    unit : int, "mean" or "pooled"
        One unit; the mean of the units' spectra; or the spectrum of all spikes as one train.
    method : {"welch", "multitaper"}
        Hann windows overlapping by half, or ``2 nw - 1`` Slepian windows without overlap.
    bin_size : float or quantity of time
        Spikes are counted in bins of this width; incomplete last bins are left out.
    frequency_resolution : float, optional
        One over the length of a segment, in Hz.  Default: 4096 bins a segment, or the largest
        power of two that leaves eight segments.  The multitaper method averages over ``2 nw``
        times this.
    correct_bins : bool
        Divide ``power - rate`` by sinc^2(f bin_size).  Counting in bins leaves the constant
        ``rate`` as it is (the aliases of sinc^2 add up to one) and damps the rest by this factor;
        what lies above Nyquist is folded back in either case.  Off by default: near Nyquist the
        correction multiplies the statistical error by up to 2.5.
    tail_band : tuple of float, optional
        Band in Hz of ``tail_over_rate``; default 0.4 to 0.9 of the Nyquist frequency, which is
        200 to 450 Hz for bins of 1 ms.
    confidence : float
        Coverage of the band ``lower ... upper`` at one frequency.
    nw : float
        Time half-bandwidth of the multitaper method.
    t_start, t_stop : float or quantity, optional
        Limits of the run where `spikes` are plain times.

    Returns
    -------
    PowerSpectrum

    Raises
    ------
    RecordingError
        If there are fewer than two spikes, or too few bins for a segment.
    ParameterError, UnitError
        If an argument is out of its domain.

    Notes
    -----
    Segments lie inside the intervals in which the unit was watched and never cross a gap; a pooled
    train exists where all units were watched.

    The error band of one train is that of chi-square with 2 / (1 / K + 1 / N) degrees of freedom:
    K independent averages (Welch 1967, doi:10.1109/TAU.1967.1161901), and N spikes, whose number
    fluctuates (Jarvis & Mitra 2001, doi:10.1162/089976601300014312).  That of the mean over units
    has the scatter of the unit average between segments in place of this theory: it holds for
    correlated units too.  The mean over the whole stretch is removed, not that of each
    segment, so that slow rate changes stay in the lowest frequencies.  Bins shorter than the time
    step of a simulation show the grid as structure.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> poisson = np.sort(rng.uniform(0, 200, 4000))
    >>> spectrum = power_spectrum(poisson, t_start=0, t_stop=200)
    >>> round(float(spectrum.rate), 1), round(spectrum.tail_over_rate, 1)
    (20.0, 1.0)
    """
    recording, bin_size = prepared(spikes, bin_size, t_start, t_stop)
    check_choice("method", method, ("welch", "multitaper"))
    confidence = check_real("confidence", confidence, low=0, high=1, open_low=True, open_high=True)
    nw = check_real("nw", nw, low=1)
    if frequency_resolution is not None:
        frequency_resolution = check_real(
            "frequency_resolution", frequency_resolution, low=0, open_low=True
        )
    warnings = provenance_warnings(recording)
    if isinstance(unit, str) and check_choice("unit", unit, ("mean", "pooled")) == "mean":
        mean, cut, left_out = _mean(recording, bin_size, method, frequency_resolution, nw)
        warnings += left_out
    else:
        train = _train(recording, unit)
        bins = bins_of(recording, bin_size, train)
        cut = segmentation(bins.per_interval, bin_size, method, frequency_resolution, nw)
        mean = _of_one_train(summed_counts(recording, bins, train), cut)
    samples, rates, rate = mean.samples, mean.rates, mean.rate
    tail_band = _checked_band(tail_band, cut)
    power = samples.mean(axis=(0, 1))
    tail, tail_error = _tail(samples, rates, tail_band, cut)
    averages_over_units = isinstance(unit, str) and unit == "mean" and recording.n_units > 1
    degrees = 2 / (1 / cut.independent_averages + 1 / (rate * cut.lengths.sum() * bin_size))
    scatter = samples.reshape(-1, power.size) if averages_over_units else None
    lower, upper = _band(power, confidence, degrees, scatter, cut.independent_averages)
    if correct_bins:
        power, lower, upper = (rate + (p - rate) / cut.attenuation for p in (power, lower, upper))
    return PowerSpectrum(
        frequencies=cut.frequencies,
        power=power,
        lower=lower,
        upper=upper,
        attenuation=cut.attenuation,
        rate=rate,
        tail_over_rate=tail,
        tail_over_rate_error=tail_error,
        tail_band=tail_band,
        n_segments=cut.n_segments,
        degrees_of_freedom=degrees,
        bin_size=bin_size,
        parameters={
            "unit": unit,
            "method": method,
            "frequency_resolution": 1 / (cut.n_points * bin_size),
            "correct_bins": bool(correct_bins),
            "confidence": confidence,
            "nw": nw if method == "multitaper" else None,
        },
        warnings=warnings,
    )


def _train(recording: Recording, unit: int | str) -> np.ndarray:
    """Return the units whose summed counts are the train."""
    if isinstance(unit, str):
        return np.arange(recording.n_units)
    return np.array([unit_with_spikes(recording, "unit", unit)])


def _of_one_train(counts: np.ndarray, cut: Segmentation) -> MeanSpectrum:
    samples = np.abs(transforms(counts, cut)) ** 2
    return MeanSpectrum(samples, local_rates(counts, cut), float(counts.mean() / cut.bin_size))


def _mean(
    recording: Recording, bin_size: float, method: str, resolution: float | None, nw: float
) -> tuple[MeanSpectrum, Segmentation, tuple[str, ...]]:
    """Return the mean over units, the segments of all, and what to say about units left out."""
    groups = [(Windows(part, bin_size), units) for part, units in recording.support.groups()]
    lengths = [bins.per_interval for bins, _ in groups]
    resolution = 1 / (bin_size * segment_length(lengths, bin_size, method, resolution))
    whole = segmentation(np.concatenate(lengths), bin_size, method, resolution, nw)
    parts, used = [], []
    short: list[int] = []
    for bins, units in groups:
        cut = replace(whole, lengths=bins.per_interval)
        if not cut.n_segments:
            short.extend(units)
            continue
        part = recording if units.size == recording.n_units else recording.select(units)
        parts.append((units.size, mean_spectrum(part, bins, cut)))
        used.append(bins.per_interval)
    notes: tuple[str, ...] = ()
    if short:
        notes = (
            f"{len(short)} units without {whole.n_points * bin_size:g} s of observation in one "
            f"piece are not in the spectrum: {short[:8]}",
        )
    return combined(parts), replace(whole, lengths=np.concatenate(used)), notes


def _checked_band(band: tuple[float, float] | None, cut: Segmentation) -> tuple[float, float]:
    nyquist = 0.5 / cut.bin_size
    if band is not None and (not isinstance(band, Sequence) or len(band) != 2):
        raise ParameterError("tail_band", band, "must be two frequencies in Hz", "use (200, 450)")
    low, high = (0.4 * nyquist, 0.9 * nyquist) if band is None else band
    low, high = check_real("tail_band", low, low=0), check_real("tail_band", high, high=nyquist)
    if not np.any((cut.frequencies >= low) & (cut.frequencies <= high)):
        raise ParameterError(
            "tail_band",
            (low, high),
            f"must hold at least one of the frequencies 0 ... {nyquist:g} Hz",
            "lower frequency_resolution",
        )
    return low, high


def _tail(
    samples: np.ndarray, rates: np.ndarray, band: tuple[float, float], cut: Segmentation
) -> tuple[float, float]:
    """Return the tail over the rate and its standard error.

    Both are weighted by the windows, and segments with more spikes have a higher tail: the scatter
    is that of a ratio of means, of the differences between a tail and the ratio times its rate.
    """
    inside = (cut.frequencies >= band[0]) & (cut.frequencies <= band[1])
    tails = samples[..., inside].mean(axis=(1, 2))
    ratio = float(tails.mean() / rates.mean())
    if tails.size < 2:
        return ratio, float("nan")
    residuals = (tails - ratio * rates) / rates.mean()
    energy = cut.tapers[0] ** 2
    shared = energy[cut.step :] @ energy[: -cut.step] / (energy @ energy)  # 0 without overlap
    return ratio, float(residuals.std(ddof=1) * np.sqrt((1 + 2 * shared) / tails.size))


def _band(
    power: np.ndarray,
    confidence: float,
    degrees_of_freedom: float,
    scatter: np.ndarray | None,
    independent_averages: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the chi-square band, its width from `scatter` where that is given."""
    degrees = np.full(power.shape, degrees_of_freedom)
    if scatter is not None and len(scatter) > 1:
        variance = scatter.var(axis=0, ddof=1) / independent_averages
        varies = variance > 0
        degrees[varies] = 2 * power[varies] ** 2 / variance[varies]
    low, high = 0.5 * (1 - confidence), 0.5 * (1 + confidence)
    return (
        degrees * power / stats.chi2.ppf(high, degrees),
        degrees * power / stats.chi2.ppf(low, degrees),
    )
