"""Figures: every function draws on `ax`, labels it with units, and returns it."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from importlib import resources
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from heavytail_snn.analysis.forest import comparison_forest as comparison_forest
from heavytail_snn.analysis.lyapunov import LyapunovSpectrum
from heavytail_snn.analysis.spectra import PowerSpectrum
from heavytail_snn.analysis.tails import WeightTail
from heavytail_snn.core.results import Estimate
from heavytail_snn.recording.recording import Recording
from heavytail_snn.weights.laws import Law

Curve = tuple[np.ndarray, np.ndarray]


def figure_style() -> AbstractContextManager[None]:
    """Return a context with the library's look: colour-blind safe, light, labelled."""
    return plt.style.context(str(resources.files("heavytail_snn") / "figure.mplstyle"))


def raster(
    recording: Recording,
    ax: Axes | None = None,
    *,
    window: tuple[float, float] | None = None,
    n_units: int = 100,
    bin_size: float = 0.01,
    color: str = "C0",
) -> Axes:
    """Draw spikes of the first units, and the population rate above them.

    Parameters
    ----------
    window : (start, stop), optional
        In seconds; by default the last second.
    n_units : int
        Units to draw; the rate is that of all units.
    bin_size : float
        Of the population rate, in seconds.
    """
    ax = ax or plt.figure().add_subplot()
    start, stop = window or (max(recording.t_start, recording.t_stop - 1), recording.t_stop)
    part = recording.slice(start, stop)
    shown = part.ids < n_units
    ax.plot(part.times[shown], part.ids[shown], "|", color=color, ms=3, mew=0.6, rasterized=True)
    n_shown = min(n_units, recording.n_units)
    counts = part.binned(bin_size).sum(axis=1)
    rate = counts / bin_size / recording.n_units
    base, height = 1.05 * n_shown, 0.3 * n_shown
    top = max(rate.max(), 1e-12)
    ax.fill_between(
        part.t_start + bin_size * (np.arange(rate.size) + 0.5),
        base,
        base + height * rate / top,
        color=color,
        alpha=0.35,
        lw=0,
    )
    label = f"rate, peak {top:.3g} Hz"
    ax.annotate(
        label,
        (1, base + 1.03 * height),
        xycoords=("axes fraction", "data"),
        ha="right",
        fontsize="small",
    )
    ax.set(xlim=(start, stop), ylim=(-1, base + 1.25 * height))
    ax.set_yticks([0, n_shown // 2, n_shown])
    ax.set(xlabel="time (s)", ylabel="unit")
    return ax


def weight_tails(
    tails: Mapping[str, WeightTail],
    ax: Axes | None = None,
    *,
    laws: Mapping[str, tuple[Law, float]] | None = None,
    unit: str = "",
) -> Axes:
    """Draw the survival functions of weight sizes on logarithmic axes.

    Parameters
    ----------
    tails : mapping from label to WeightTail
    laws : mapping from label to (law, scale), optional
        Drawn as thin dashed lines: the fraction of weights with |w| / scale above x.
    unit : str
        Of the weights.
    """
    ax = ax or plt.figure().add_subplot()
    for number, (label, tail) in enumerate(tails.items()):
        fit = f"{label}: exponent {tail.exponent:.2f} $\\pm$ {tail.standard_error:.2f}"
        ax.loglog(tail.sizes, tail.survival, color=f"C{number}", label=fit)
        if laws and label in laws:
            law, scale = laws[label]
            x = np.geomspace(tail.sizes[-1], tail.sizes[0], 60)
            survival = 1 - law.cdf(x / scale) + law.cdf(-x / scale)
            ax.loglog(x, survival, "--", color="black", lw=0.8)
    smallest = min(t.survival[0] for t in tails.values())
    size = max(t.sizes[0] for t in tails.values())
    ax.set(xlim=(size * 1e-5, size * 2), ylim=(smallest / 2, 1.5))
    ax.set(xlabel=f"|w|{f' ({unit})' if unit else ''}", ylabel="fraction of weights above")
    ax.legend(loc="lower left")
    return ax


def spectra(
    each: Mapping[str, PowerSpectrum],
    ax: Axes | None = None,
    *,
    relative: bool = True,
    predictions: Mapping[str, Curve] | None = None,
) -> Axes:
    """Draw power spectra with their bands, by default over their rate so that tails lie on 1.

    Parameters
    ----------
    each : mapping from label to PowerSpectrum
    relative : bool
    predictions : mapping from label to (frequencies, power), optional
        Black dashes; over their own last tenth where `relative`.
    """
    ax = ax or plt.figure().add_subplot()
    for number, (label, s) in enumerate(each.items()):
        scale = s.rate if relative else 1.0
        color = f"C{number}"
        ax.fill_between(
            s.frequencies, s.lower / scale, s.upper / scale, color=color, alpha=0.2, lw=0
        )
        ax.semilogx(s.frequencies, s.power / scale, color=color, label=label)
        if predictions and label in predictions:
            frequencies, power = predictions[label]
            seen = frequencies <= s.frequencies[-1]
            tail = float(power[-max(power.size // 10, 1) :].mean()) if relative else 1.0
            _dashes(ax, frequencies[seen], power[seen] / tail, label)
        if not relative:
            ax.axhline(s.rate, color=color, ls="--", lw=0.8)
    if relative:
        ax.axhline(1.0, color="black", ls="--", lw=0.8, label="rate")
    ax.set_ylim(bottom=0)
    ax.set(xlabel="frequency (Hz)", ylabel="power / rate" if relative else "power (1/s)")
    ax.legend()
    return ax


def exponent_curves(
    curves: Mapping[str, Any],
    ax: Axes | None = None,
    *,
    predictions: Mapping[str, Curve] | None = None,
) -> Axes:
    """Draw largest exponents against gain, with predictions as dashed lines of the same colour.

    Parameters
    ----------
    curves : mapping from label to LargestExponentCurve
    predictions : mapping from label to (gains, exponents), optional
    """
    ax = ax or plt.figure().add_subplot()
    for number, (label, curve) in enumerate(curves.items()):
        color = f"C{number}"
        ax.errorbar(
            curve.gains, curve.exponents, curve.standard_error, fmt="o", color=color, label=label
        )
        if predictions and label in predictions:
            ax.plot(*predictions[label], "--", color=color, label=f"{label}, theory")
    ax.axhline(0, color="0.5", lw=0.8)
    ax.set_xscale("log")
    gains = np.unique(np.concatenate([curve.gains for curve in curves.values()]))
    ax.set_xticks(gains, [f"{g:.12g}" for g in gains])
    ax.minorticks_off()
    ax.set(xlabel="gain g of the rate map", ylabel="largest exponent (1/step)")
    ax.legend()
    return ax


def estimate_bars(
    each: Mapping[str, Iterable[Estimate]], names: Sequence[str], axes: Sequence[Axes] | None = None
) -> Sequence[Axes]:
    """Draw one panel per quantity with one point and error bar per recording."""
    axes = axes if axes is not None else plt.subplots(1, len(names))[1]
    for ax, name in zip(axes, names, strict=True):
        unit = ""
        for number, estimates in enumerate(each.values()):
            found = next((e for e in estimates if e.name == name), None)
            if found is not None and np.isfinite(found.value):
                ax.errorbar(
                    found.value, number, xerr=np.nan_to_num(found.standard_error), fmt="o",
                    color=f"C{number}",
                )  # fmt: skip
                unit = found.unit
        ax.set_yticks(range(len(each)), list(each) if ax is axes[0] else [""] * len(each))
        ax.set_ylim(len(each) - 0.5, -0.5)
        right = ax.get_xlim()[1]
        ax.set_xlim(-0.05 * right, 1.08 * right)  # from zero, with room for the markers
        ax.set_xlabel(name.replace("_", " ") + (f" ({unit})" if unit else ""))
    return axes


def exponent_spectra(
    each: Mapping[str, LyapunovSpectrum],
    ax: Axes | None = None,
    *,
    predictions: Mapping[str, Curve] | None = None,
) -> Axes:
    """Draw Lyapunov exponents against rank over tangent dimension, with bands of two errors.

    Parameters
    ----------
    each : mapping from label to LyapunovSpectrum
        The unit of the first labels the axis.
    predictions : mapping from label to (rank fractions, exponents), optional
        Black dashes, over the ranks that were measured.
    """
    ax = ax or plt.figure().add_subplot()
    for number, (label, spectrum) in enumerate(each.items()):
        exponents, error = spectrum.exponents, spectrum.standard_error
        size = spectrum.tangent_dimension or exponents.size
        rank = (np.arange(exponents.size) + 0.5) / size
        color = f"C{number}"
        ax.plot(rank, exponents, color=color, label=label)
        low, high = exponents - 2 * error, exponents + 2 * error
        ax.fill_between(rank, low, high, color=color, alpha=0.25, lw=0)
        if predictions and label in predictions:
            p, values = predictions[label]
            seen = p <= rank[-1]
            _dashes(ax, p[seen], values[seen], label)
    ax.axhline(0, color="0.5", lw=0.8)
    unit = next(iter(each.values())).unit
    ax.set(xlabel="rank / number of exponents", ylabel=f"Lyapunov exponent ({unit})")
    ax.legend()
    return ax


def dimension_against_gain(
    gains: np.ndarray,
    dimensions: Mapping[str, np.ndarray],
    ax: Axes | None = None,
    *,
    measured: Mapping[str, tuple[float, Estimate]] | None = None,
) -> Axes:
    """Draw dimensions per neuron against gain, with measured points in the same colours.

    Parameters
    ----------
    gains : (n,) array
    dimensions : mapping from label to (n,) array
        Predicted, per neuron.
    measured : mapping from label to (gain, Estimate), optional
    """
    ax = ax or plt.figure().add_subplot()
    for number, (label, values) in enumerate(dimensions.items()):
        color = f"C{number}"
        ax.plot(gains, values, color=color, label=f"{label}, theory")
        if measured and label in measured:
            gain, estimate = measured[label]
            error = np.nan_to_num(estimate.standard_error)
            ax.errorbar(gain, estimate.value, error, fmt="o", color=color, label=label)
    ax.set(xlabel="gain g", ylabel="dimension / neurons", xscale="log")
    ax.set_xticks(*_round_ticks(gains, 6))
    ax.minorticks_off()
    ax.set_ylim(bottom=0)
    ax.legend()
    return ax


def onset_map(
    alphas: np.ndarray,
    gains: np.ndarray,
    exponents: np.ndarray,
    ax: Axes | None = None,
    *,
    marked: Mapping[str, tuple[float, float]] | None = None,
    unit: str = "1/step",
) -> Axes:
    """Draw largest exponents over (alpha, gain), with the onset of chaos as a line.

    Parameters
    ----------
    alphas, gains : (n,) and (m,) arrays
        Ascending.
    exponents : (n, m) array
        Negative where the network is quiescent or stable; nan is left white.
    marked : mapping from label to (alpha, gain), optional
        Points, such as the networks that were simulated.
    unit : str
        Of the exponents.
    """
    ax = ax or plt.figure().add_subplot()
    limit = float(np.nanmax(np.abs(exponents))) or 1.0
    # clipped colours: far below the onset all gains look alike
    limit = min(limit, 3 * max(float(np.nanmax(exponents)), limit / 10))
    mesh = ax.pcolormesh(
        alphas, gains, exponents.T, cmap="PuOr_r", vmin=-limit, vmax=limit, shading="nearest"
    )
    bar = ax.figure.colorbar(mesh, ax=ax, extend="min")
    bar.set_label(f"largest exponent ({unit})")
    if np.nanmin(exponents) < 0 < np.nanmax(exponents):
        ax.contour(alphas, gains, exponents.T, levels=[0.0], colors="black", linewidths=1.2)
    for label, (alpha, gain) in (marked or {}).items():
        ax.plot(alpha, gain, "o", color="black", mfc="white", clip_on=False, zorder=3)
        offset = (-6, 6)
        ax.annotate(
            label, (alpha, gain), offset, textcoords="offset points", ha="right", fontsize="small"
        )
    ax.set_yscale("log")
    ax.set_yticks(*_round_ticks(gains, 5))
    ax.minorticks_off()
    ax.set(xlabel=r"stability $\alpha$", ylabel="gain g")
    return ax


def _dashes(ax: Axes, x: np.ndarray, y: np.ndarray, label: str) -> None:
    """Draw a prediction: thin black dashes."""
    ax.plot(x, y, ls="--", lw=1, color="black", label=f"{label}, theory")


def _round_ticks(values: np.ndarray, n: int) -> tuple[list[float], list[str]]:
    """Return about n places of equal ratio within `values`, at the numbers that label them."""
    low, high = float(values[0]), float(values[-1])
    for digits in range(2, 18):
        labels = [f"{place:.{digits}g}" for place in np.geomspace(low, high, n)]
        inside = {float(label): label for label in labels if low <= float(label) <= high}
        if len(inside) > n // 2 or low == high:
            break
    return list(inside), list(inside.values())
