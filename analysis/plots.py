"""Figures: every function draws on `ax`, labels it with units, and returns it."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from importlib import resources
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from heavytail_snn.analysis.spectra import PowerSpectrum
from heavytail_snn.analysis.weight_tail import WeightTail
from heavytail_snn.laws import Law
from heavytail_snn.recording import Recording
from heavytail_snn.results import Estimate


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
    each: Mapping[str, PowerSpectrum], ax: Axes | None = None, *, relative: bool = True
) -> Axes:
    """Draw power spectra, by default over their rate so that all tails lie on 1."""
    ax = ax or plt.figure().add_subplot()
    for number, (label, s) in enumerate(each.items()):
        scale = s.rate if relative else 1.0
        color = f"C{number}"
        ax.fill_between(
            s.frequencies, s.lower / scale, s.upper / scale, color=color, alpha=0.2, lw=0
        )
        ax.semilogx(s.frequencies, s.power / scale, color=color, label=label)
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
    predictions: Mapping[str, tuple[np.ndarray, np.ndarray]] | None = None,
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
    ax.set_xticks(gains, [f"{g:g}" for g in gains])
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
        ax.set_xlim(left=0)
        ax.set_xlabel(name.replace("_", " ") + (f" ({unit})" if unit else ""))
    return axes
