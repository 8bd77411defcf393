"""What the scripts xie_2025_*.py share: sizes, the two protocols, tables and figures.

Xie, Mihalas & Kusmierz 2025, "Slow Transition to Low-Dimensional Chaos in Heavy-Tailed Recurrent
Neural Networks", NeurIPS, arXiv:2505.09816.  Weights: stable law of scale g / N^(1/alpha).
"""

import argparse
import time
import warnings
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from heavytail_snn.analysis.lyapunov import (
    NotLyapunovWarning,
    largest_exponent_curve,
    lyapunov_spectrum,
)
from heavytail_snn.models.rate.map import RateMap
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import LevyStable
from heavytail_snn.weights.wiring import AllToAll

ALPHAS = (1.0, 1.5, 2.0)
COLOURS = {0.5: "#CC79A7", 1.0: "#D55E00", 1.5: "#009E73", 2.0: "#0072B2"}
# g* read from the legends of the published figure 2, by N and alpha
PUBLISHED_TRANSITION = {
    1000: {1.0: 0.79, 1.5: 0.79, 2.0: 0.91},
    3000: {1.0: 0.45, 1.5: 0.60, 2.0: 0.91},
    10000: {1.0: 0.29, 1.5: 0.52, 2.0: 0.79},
}

plt.style.use("heavytail_snn.figure")
warnings.simplefilter("ignore", NotLyapunovWarning)  # every figure here says it in words


def settings(description, sizes, arguments=None):
    """Read the command line; `sizes` maps a name to its (tiny, small, full) values."""
    parser = argparse.ArgumentParser(description=description)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--full", action="store_true", help="the sizes of the paper (hours)")
    size.add_argument("--tiny", action="store_true", help="seconds, to see that it runs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("out/frompapers"))
    chosen = parser.parse_args(arguments)
    column = 0 if chosen.tiny else 2 if chosen.full else 1
    for name, values in sizes.items():
        setattr(chosen, name, values[column])
    chosen.started = time.perf_counter()
    return chosen


def matrix(alpha, n_neurons, seed):
    """Return stable weights of scale N^(-1/alpha)."""
    return Coupling(LevyStable(alpha), AllToAll()).sample(n_neurons, seed)


def seed_of(chosen, alpha, trial):
    """Return an integer seed for one network."""
    return chosen.seed + 1000 * trial + round(10 * alpha)


def correct_curves(chosen, alpha, gains, *, noise=0.0, change=None):
    """Return the largest exponents (n_trials, n_gains): J Q, one matrix for all gains."""
    rows = []
    for trial in range(chosen.n_trials):
        seed = seed_of(chosen, alpha, trial)
        weights = matrix(alpha, chosen.n_neurons, seed)
        weights = weights if change is None else change(weights)
        rows.append(
            largest_exponent_curve(
                weights,
                gains,
                noise=noise,
                seed=seed,
                n_steps=chosen.n_steps,
                state_warmup=chosen.warmup,
                dtype="float32",
            ).exponents
        )
    return np.array(rows)


def published_curves(chosen, alpha, gains, *, noise=0.0, change=None):
    """Return the published numbers (n_trials, n_gains): J^T Q, a new matrix for every gain."""
    values = np.empty((chosen.n_trials, len(gains)))
    for trial in range(chosen.n_trials):
        for i, gain in enumerate(gains):
            seed = seed_of(chosen, alpha, trial) + 100_000 * (i + 1)
            weights = matrix(alpha, chosen.n_neurons, seed)
            weights = weights if change is None else change(weights)
            result = lyapunov_spectrum(
                RateMap(weights, gain=gain, noise=noise),
                compat="xie2025",
                k=min(chosen.published_k, chosen.n_neurons),
                seed=seed,
                state_warmup=chosen.warmup,
                n_steps=100,
            )
            values[trial, i] = result.largest_exponent
    return values


def band(ax, x, rows, colour, label, **style):
    """Draw mean and standard error over networks."""
    rows = np.asarray(rows)
    mean = rows.mean(axis=0)
    error = rows.std(axis=0, ddof=1) / len(rows) ** 0.5 if len(rows) > 1 else 0 * mean
    ax.plot(x, mean, color=colour, label=label, **style)
    ax.fill_between(x, mean - error, mean + error, color=colour, alpha=0.2, lw=0)


def table(title, header, rows):
    """Print a table with aligned columns."""
    cells = [[str(c) for c in header]] + [[_cell(c) for c in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    print(f"\n{title}")
    for row in cells:
        print("  " + "  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)))


def _cell(value):
    if isinstance(value, float):
        return "-" if np.isnan(value) else f"{value:.3g}"
    return str(value)


def mean_and_error(values, digits=3):
    """Return "mean +- standard error (crossed/all)" of values that may hold nan."""
    values = np.asarray(values, dtype=float)
    known = values[np.isfinite(values)]
    if known.size == 0:
        return "none"
    text = f"{known.mean():.{digits}g}"
    if known.size > 1:
        text += f" +- {known.std(ddof=1) / known.size**0.5:.2g}"
    return text if known.size == values.size else f"{text} ({known.size}/{values.size})"


def save(figure, chosen, name):
    """Write the figure and say where."""
    chosen.out.mkdir(parents=True, exist_ok=True)
    path = chosen.out / f"{name}.png"
    figure.savefig(path)
    plt.close(figure)
    print(f"\n{path}  ({time.perf_counter() - chosen.started:.0f} s)")
    return path
