"""Low-dimensional chaos: spectra at the onset, attractor dimension and participation ratio.

Figure 3 of arXiv:2505.09816.  Small version (N = 200) in under a minute; ``--full`` N = 1000, three
networks (hours).

What to look at: (a) leading exponents at each network's own onset of chaos: fewer lie near zero
for heavy tails.  (b) Kaplan-Yorke dimension: lines are correct, crosses the published protocol (51
steps of the transposed product from the identity).  Heavy tails do lower the dimension, but for
alpha = 1 by a factor of about 5, not the 35 of the published numbers.  (c) participation ratio of
the states, cross-block (lines) and naive from N + 50 samples (dots, as published): 1/PR_naive is
about 1/PR + 1/P.  Dotted: mean field for Gaussian weights.
"""

import _xie_2025 as xie
import matplotlib.pyplot as plt
import numpy as np

from heavytail_snn.analysis.dimension import participation_ratio
from heavytail_snn.analysis.lyapunov import lyapunov_spectrum
from heavytail_snn.analysis.theory.rate.map import rate_map
from heavytail_snn.analysis.theory.rate.map_spectrum import rate_map_spectrum
from heavytail_snn.models.rate.map import RateMap

SIZES = {
    "n_neurons": (40, 200, 1000),
    "n_trials": (2, 3, 3),
    "n_gains": (3, 8, 25),
    "n_onset_gains": (6, 26, 40),
    "n_leading": (10, 50, 100),
    "n_steps": (100, 500, 1000),
    "warmup": (50, 800, 2950),
    "n_samples": (200, 2500, 10_500),
}


def onset_spectra(chosen, alpha):
    """Return the leading exponents (n_trials, k) at each network's own onset of chaos."""
    gains = np.geomspace(0.12, 6, chosen.n_onset_gains)
    rows = []
    curves = xie.correct_curves(chosen, alpha, gains)
    for trial, curve in enumerate(curves):
        above = np.flatnonzero(curve > 0.01)
        if not above.size:
            continue
        seed = xie.seed_of(chosen, alpha, trial)
        network = RateMap(xie.matrix(alpha, chosen.n_neurons, seed), gain=gains[above[0]])
        result = lyapunov_spectrum(
            network,
            k=chosen.n_leading,
            seed=seed,
            n_steps=chosen.n_steps,
            state_warmup=chosen.warmup,
        )
        rows.append(result.exponents)
    return np.array(rows)


def dimensions(chosen, alpha, gains):
    """Return correct and published D_KY, cross-block and naive PR, each (n_trials, n_gains)."""
    found = {name: [] for name in ("correct", "published", "cross", "naive")}
    for trial in range(chosen.n_trials):
        seed = xie.seed_of(chosen, alpha, trial)
        network = RateMap(xie.matrix(alpha, chosen.n_neurons, seed))
        rows = {name: [] for name in found}
        for gain in gains:
            at_gain = network.with_gain(gain)
            result = lyapunov_spectrum(
                at_gain, seed=seed, n_steps=chosen.n_steps, state_warmup=chosen.warmup
            )
            rows["correct"].append(result.kaplan_yorke_dimension)
            published = lyapunov_spectrum(
                at_gain, compat="xie2025", seed=seed, state_warmup=chosen.warmup
            )
            rows["published"].append(published.kaplan_yorke_dimension)
            states = at_gain.run(chosen.n_samples, seed=seed, warmup=chosen.warmup)
            few = states[: chosen.n_neurons + 50]
            rows["cross"].append(dimension_of(states, "cross_block"))
            rows["naive"].append(dimension_of(few, "naive"))
        for name, values in rows.items():
            found[name].append(values)
    return {name: np.array(values) for name, values in found.items()}


def dimension_of(states, method):
    """Return the participation ratio, nan at a fixed point."""
    if states.std(axis=0).max() < 1e-9:
        return float("nan")
    return participation_ratio(states, method=method).participation_ratio


def mean_of_moving(rows):
    """Return the mean over the networks that are not at a fixed point."""
    rows = np.asarray(rows)
    moving = np.isfinite(rows).sum(axis=0)
    return np.where(moving > 0, np.nansum(rows, axis=0) / np.maximum(moving, 1), np.nan)


def main(arguments=None):
    chosen = xie.settings(__doc__.splitlines()[0], SIZES, arguments)
    n = chosen.n_neurons
    gains = np.geomspace(0.5, 10, chosen.n_gains)
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.6))
    rows = []
    for alpha in xie.ALPHAS:
        colour, label = xie.COLOURS[alpha], rf"$\alpha$ = {alpha:g}"
        spectra = onset_spectra(chosen, alpha)
        if spectra.size:
            xie.band(axes[0], np.arange(1, chosen.n_leading + 1), spectra, colour, label)
        found = dimensions(chosen, alpha, gains)
        xie.band(axes[1], gains, found["correct"], colour, label)
        axes[1].plot(gains, found["published"].mean(axis=0), "x", ms=5, color=colour)
        axes[2].plot(gains, mean_of_moving(found["cross"]), color=colour, label=label)
        axes[2].plot(gains, mean_of_moving(found["naive"]), ".", color=colour)
        correct, published = (found[key].mean(axis=0) for key in ("correct", "published"))
        moving = np.isfinite(found["cross"]).mean(axis=0)
        rows.append(
            (alpha, float(correct.max()), float(gains[correct.argmax()]), float(published.max()),
             float(gains[published.argmax()]), float(np.nanmax(mean_of_moving(found["cross"]))),
             float(np.nanmax(mean_of_moving(found["naive"]))), f"{1 - moving[0]:.0%}")
        )  # fmt: skip
    chaotic = gains[gains > 0.8]
    spectrum = [
        n * rate_map_spectrum(g, convention="stable").kaplan_yorke_dimension_per_neuron
        for g in chaotic
    ]
    ratio = [n * rate_map(g, convention="stable").participation_ratio_per_neuron for g in chaotic]
    axes[1].plot(chaotic, spectrum, "k:", lw=1.2, label=r"mean field, $\alpha$ = 2")
    axes[2].plot(chaotic, ratio, "k:", lw=1.2, label=r"mean field, $\alpha$ = 2")
    axes[1].plot([], [], "x", color="0.3", label="published protocol")
    axes[2].plot([], [], ".", color="0.3", label="naive, N + 50 samples")
    axes[0].axhline(0, color="0.6", lw=0.8, zorder=0)
    axes[0].set(xlabel="rank", ylabel="Lyapunov exponent (1/step)")
    axes[0].set_title(f"a  spectra at onset (N = {n})")
    axes[1].set(xscale="log", xlabel="gain g", ylabel="Kaplan-Yorke dimension")
    axes[1].set_title("b  attractor dimension")
    axes[2].set(xscale="log", xlabel="gain g", ylabel="participation ratio")
    axes[2].set_title("c  linear dimension of the states")
    for ax in axes[1:]:  # room for the legend
        ax.set_ylim(0, 1.45 * ax.get_ylim()[1])
    for ax in axes:
        ax.legend(fontsize="x-small")
    xie.table(
        f"Peaks over gain, N = {n} (published figure, N = 1000: D_KY 10 / 108 / 260)",
        ("alpha", "D_KY J Q", "at g", "D_KY J^T Q", "at g", "PR cross", "PR naive", "still at 0.5"),
        rows,
    )
    return xie.save(figure, chosen, "xie_2025_fig3")


if __name__ == "__main__":
    main()
