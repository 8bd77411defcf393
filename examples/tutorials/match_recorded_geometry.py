"""Which network codes like these neurons?  Recorded responses against a sweep of networks.

``--responses FILE`` names the recording, an array of spike counts, (neurons, images, repeats) in a
.npy file, padded with nan: for example the V4 responses of Cowley et al. (2023), file
responses_raw_201016.npy of github.com/cowleygroup/V4_compact_models (GPL-3.0).  Without a file a
network of the sweep plays the recording, so that the answer is known.

The sweep: asynchronous +-1 networks with alpha-stable weights of some gain and threshold noise; 20
networks a point, each shown as many images as often as the recording, and seen through as many
neurons.  The images themselves are not needed: random features whose variance falls with rank like
a power stand for them, and its exponent is the fourth parameter.  Compared are the repeatable
variance of ranks 1 to 40 (each neuron in units of its own spread) and the signal-to-noise ratio.

What to look at: A, the spectrum of the recording among those of the closest point's networks.  B,
the distance of the best point at each value of a parameter.  C, the distance over gain and noise
for each alpha; a point with a frame cannot be told from the recording (at level 5 %, an exact
test).  Gain and noise trade off along a curve of equal signal-to-noise ratio: chaos and noise are
one to a code seen through single trials.  The exponent of the stimuli is well determined, alpha is
not: cross-validated spectra see the smooth part of a code, which heavy tails hardly change.

For the V4 responses the accepted points form a valley from little gain and much noise to much gain
and little noise, at exponents 1.15 and 1.2, for every alpha.  (1.2 is the end of the sweep; 1.3 was
tried apart and lies far off.)

Takes about ten minutes on two cores for the sweep of 180 points, ``--tiny`` does a coarse one in a
quarter of a minute; writes match_recorded_geometry.png next to this file, or to the path given.
"""

import argparse
import itertools
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import NullFormatter

import heavytail_snn as ht
from heavytail_snn.analysis.geometry import code_signature, cvpca, match_geometry
from heavytail_snn.analysis.plots import figure_style
from heavytail_snn.analysis.recorded import read_responses
from heavytail_snn.models import binary_trials, given_stimuli

N_UNITS, N_FEATURES, READ_AT = 200, 600, 3.0  # the time in mean update intervals after onset
GRID = {
    "alpha": (2.0, 1.5, 1.0),
    "gain": (0.25, 0.5, 0.75, 1.0),
    "noise": (0.1, 0.3, 0.5, 0.7, 0.9),
    "exponent": (1.1, 1.15, 1.2),
}
TINY = {"alpha": (2.0, 1.0), "gain": (0.5,), "noise": (0.2, 0.7), "exponent": (0.7, 1.1)}
TRUTH = {"alpha": 1.5, "gain": 0.5, "noise": 0.5, "exponent": 1.15}
TINY_TRUTH = {"alpha": 1.0, "gain": 0.5, "noise": 0.7, "exponent": 1.1}


def stimuli(n_images, exponent, seed):
    """Return random features whose variance falls like rank^-exponent, of mean square length 1."""
    variance = np.arange(1, N_FEATURES + 1.0) ** -exponent
    scale = np.sqrt(variance / variance.sum())
    return given_stimuli(
        scale * np.random.default_rng(seed).standard_normal((n_images, scale.size))
    )


def responses(point, shown, n_neurons, seed):
    """Return what a recording of one network would hold.

    `shown` (images, repeats) says which repeats exist; every one starts from its own random state
    and has its own noise.
    """
    coupling = ht.Coupling(ht.LevyStable(point["alpha"]), ht.AllToAll(), gain=point["gain"])
    weights = coupling.sample(N_UNITS, seed).astype(np.float32)
    drive = stimuli(len(shown), point["exponent"], seed).patterns(N_UNITS, seed=seed)
    states = np.full((n_neurons, *shown.shape), np.nan)
    for repeat in range(shown.shape[1]):
        images = np.flatnonzero(shown[:, repeat])
        if images.size:
            trials = binary_trials(
                weights,
                [READ_AT],
                drive=drive[images],
                noise=point["noise"],
                frozen=False,
                seed=100 * seed + repeat,
            )
            states[:, images, repeat] = trials[0, :, :n_neurons].T
    return states


def signatures(task):
    """Return the signatures of the networks of one point."""
    point, shown, n_neurons, n_networks = task
    return np.array(
        [code_signature(responses(point, shown, n_neurons, seed), seed=seed)
         for seed in range(n_networks)]
    )  # fmt: skip


def match(recorded, grid, n_networks):
    """Simulate the sweep and match the recording to it."""
    points = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    shown = np.isfinite(recorded[0])
    tasks = [(point, shown, len(recorded), n_networks) for point in points]
    with ProcessPoolExecutor() as pool:
        sweep = list(zip(points, pool.map(signatures, tasks), strict=True))
    return match_geometry(code_signature(recorded, seed=1), sweep, level=0.05)


def spectrum(array):
    """Return shares of the repeatable variance by rank, with errors, each neuron scaled."""
    result = cvpca(array / np.nanstd(array, axis=(1, 2))[:, None, None], seed=1)
    return np.array([result.signal_variance, result.standard_error]) / result.total_signal_variance


def draw_spectra(axis, recorded, best):
    """Panel A: the recording among the networks of the closest point."""
    shown, rank = np.isfinite(recorded[0]), np.arange(1, 41)
    networks = [spectrum(responses(best, shown, len(recorded), seed))[0] for seed in range(20)]
    low, high = np.min(networks, axis=0)[:40], np.max(networks, axis=0)[:40]
    label = "networks of the closest point"
    axis.fill_between(rank, low, high, color="C1", alpha=0.4, lw=0, label=label)
    value, error = spectrum(recorded)[:, :40]
    axis.errorbar(rank, value, error, fmt="o", ms=3, color="k", lw=1, label="recording")
    axis.set(xscale="log", yscale="log", xlabel="rank", ylabel="share of repeatable variance")
    axis.set_title("A  spectrum")
    axis.legend(fontsize=7)


def draw_map(axis, result, alpha, grid, limits):
    """Panel C: the distance over gain and noise, the smallest over the exponents."""
    shape = (len(grid["noise"]), len(grid["gain"]))
    values, frames = np.full(shape, np.inf), np.zeros(shape, bool)
    for point, distance, accepted in zip(
        result.points, result.distance, result.accepted, strict=True
    ):
        if point["alpha"] == alpha:
            place = grid["noise"].index(point["noise"]), grid["gain"].index(point["gain"])
            values[place] = min(values[place], distance)
            frames[place] |= accepted
    image = axis.imshow(values, origin="lower", norm="log", cmap="cividis_r", aspect="auto")
    image.set_clim(*limits)
    for row, column in zip(*np.nonzero(frames), strict=True):
        axis.add_patch(plt.Rectangle((column - 0.45, row - 0.45), 0.9, 0.9, fill=False, ec="r"))
    axis.set_xticks(range(shape[1]), [f"{g:g}" for g in grid["gain"]])
    axis.set_yticks(range(shape[0]), [f"{s:g}" for s in grid["noise"]])
    axis.set(xlabel="gain")
    return image


def draw_profiles(axis, result, grid):
    """Panel B: the smallest distance at each value of a parameter."""
    axis.axhline(1.0, color="0.6", ls=":", lw=1)  # networks of one point lie so far from their mean
    axis.text(0, 0.97, "networks of one point among each other", va="top", fontsize=7, color="0.4")
    ticks, labels, start = [], [], 0
    for name, values in grid.items():
        best = [
            min(d for p, d in zip(result.points, result.distance, strict=True) if p[name] == value)
            for value in values
        ]
        order = np.argsort(values)
        places = start + np.arange(len(values))
        axis.plot(places, np.array(best)[order], "o-", ms=4, color="0.3")
        axis.text(places.mean(), -0.2, name, transform=axis.get_xaxis_transform(), ha="center")
        ticks, labels = [*ticks, *places], [*labels, *(f"{values[k]:g}" for k in order)]
        start += len(values) + 1
    axis.set_xticks(ticks, labels, fontsize=7, rotation=90)
    axis.set(ylim=(0, None), ylabel="smallest distance", title="B  what is determined")


def draw(recorded, result, grid, path):
    """Draw all panels."""
    with figure_style():
        figure = plt.figure(figsize=(9.5, 6.8), layout="constrained")
        upper, lower = figure.subfigures(2, 1, height_ratios=[1.1, 1])
        spectra, profiles = upper.subplots(1, 2)
        draw_spectra(spectra, recorded, result.best)
        draw_profiles(profiles, result, grid)
        maps = lower.subplots(1, len(grid["alpha"]), sharey=True)
        limits = result.distance.min(), result.distance.max()
        for axis, alpha in zip(maps, grid["alpha"], strict=True):
            image = draw_map(axis, result, alpha, grid, limits)
            axis.set_title(f"{'C  ' if axis is maps[0] else ''}alpha = {alpha:g}")
        maps[0].set_ylabel("threshold noise")
        bar = lower.colorbar(image, ax=list(maps), label="distance (SD of networks)")
        bar.ax.yaxis.set_minor_formatter(NullFormatter())
        ticks = [tick for tick in (0.5, 1, 2, 5, 10, 20) if limits[0] < tick < limits[1]]
        bar.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks])
        figure.savefig(path)
        plt.close(figure)


def main(path, responses_file=None, tiny=False):
    """Match a recording, or a network that plays one."""
    grid, truth = (TINY, TINY_TRUTH) if tiny else (GRID, TRUTH)
    if responses_file:
        recorded, truth = read_responses(responses_file), None
    else:
        shown = np.ones((150 if tiny else 600, 6), bool)
        recorded = responses(truth, shown, 82, seed=1000)
    result = match(recorded, grid, 20)
    if truth:
        print(f"truth:     {truth}")
    print(f"closest:   {result.best}, distance {result.best_distance:.2f}")
    print(f"p-value:   {result.best_p_value:.2f}")
    print(
        f"errors:    { {name: round(error, 3) for name, error in result.standard_error.items()} }"
    )
    print(f"accepted:  {result.accepted.sum()} of {result.accepted.size} points")
    for name in result.low:
        print(f"  {name}: {result.low[name]:g} to {result.high[name]:g}")
    for warning in result.warnings:
        print(warning)
    draw(recorded, result, grid, path)
    return result


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).with_suffix(".png")
    parser.add_argument("path", nargs="?", type=Path, default=default)
    parser.add_argument("--responses", type=Path, help="recorded responses, a .npy file")
    parser.add_argument("--tiny", action="store_true", help="a coarse sweep, not to be quoted")
    options = parser.parse_args()
    main(options.path, options.responses, options.tiny)
