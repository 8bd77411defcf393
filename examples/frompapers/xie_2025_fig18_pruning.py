"""Which weights carry the slow transition?  Pruning by weight size.

Figures 18-20 of arXiv:2505.09816: the smallest 95 %, the largest 1 % or the largest 3 % of all
weights by absolute value are set to zero; the rest is not rescaled.  Small version (N = 300) in
under a minute; ``--full`` N = 1000, three networks.

What to look at: without the largest 1-3 % of the weights heavy-tailed networks need much larger
gains to become chaotic and then change as abruptly as Gaussian ones; without the smallest 95 % they
hardly change.  Dashed: the published protocol.  It misplaces the transition of the whole heavy-
tailed networks, but agrees with the correct product once the largest weights are gone: they make
the order of the factors matter.  (At large gain its 100 steps from the identity are too few, and
the dashed curves bend down.)
"""

import _xie_2025 as xie
import matplotlib.pyplot as plt
import numpy as np

from heavytail_snn.analysis.lyapunov import lyapunov_spectrum
from heavytail_snn.analysis.lyapunov.rate.compat import published_transition
from heavytail_snn.analysis.lyapunov.rate.edge_of_chaos import last_upward_crossing
from heavytail_snn.models.rate.map import RateMap
from heavytail_snn.models.rate.pruning import prune

SIZES = {
    "n_neurons": (40, 300, 1000),
    "n_trials": (2, 2, 3),
    "n_gains": (5, 16, 50),
    "n_published_gains": (3, 12, 50),
    "published_k": (5, 30, 100),
    "n_steps": (100, 400, 1500),
    "warmup": (50, 500, 2900),
    "n_dimension_steps": (100, 300, 1000),
}
PRUNINGS = {
    "whole": {},
    "without the smallest 95 %": {"bottom": 0.95},
    "without the largest 1 %": {"top": 0.01},
    "without the largest 3 %": {"top": 0.03},
}
# g* in print for N = 1000, by alpha
PUBLISHED = {
    "without the smallest 95 %": (0.69, 0.60, 1.84),
    "without the largest 1 %": (6.55, 2.12, 0.91),
    "without the largest 3 %": (float("nan"), 2.44, 1.05),
}
DIMENSION_GAINS = (2.0, 10.0)


def dimension(chosen, alpha, pruning, gain):
    """Return the Kaplan-Yorke dimension divided by N of one network."""
    seed = xie.seed_of(chosen, alpha, 0)
    weights = prune(xie.matrix(alpha, chosen.n_neurons, seed), **pruning)
    result = lyapunov_spectrum(
        RateMap(weights, gain=gain),
        k=max(10, round(0.35 * chosen.n_neurons)),
        seed=seed,
        n_steps=chosen.n_dimension_steps,
        state_warmup=chosen.warmup,
    )
    return result.kaplan_yorke_dimension / chosen.n_neurons


def main(arguments=None):
    chosen = xie.settings(__doc__.splitlines()[0], SIZES, arguments)
    gains = np.geomspace(0.2, 20, chosen.n_gains)
    published_gains = np.geomspace(0.2, 20, chosen.n_published_gains)
    figure, axes = plt.subplots(1, 4, figsize=(13, 3.5), sharey=True)
    rows = []
    for letter, ax, (name, pruning) in zip("abcd", axes, PRUNINGS.items(), strict=True):
        for i, alpha in enumerate(xie.ALPHAS):

            def change(weights, options=pruning):
                return prune(weights, **options)

            colour = xie.COLOURS[alpha]
            correct = xie.correct_curves(chosen, alpha, gains, change=change)
            published = xie.published_curves(chosen, alpha, published_gains, change=change)
            xie.band(ax, gains, correct, colour, rf"$\alpha$ = {alpha:g}")
            ax.plot(published_gains, published.mean(axis=0), color=colour, ls="--", lw=1)
            rows.append(
                (
                    name,
                    alpha,
                    xie.mean_and_error([last_upward_crossing(gains, row) for row in correct]),
                    published_transition(gains, correct.mean(axis=0)),
                    published_transition(published_gains, published.mean(axis=0)),
                    PUBLISHED[name][i]
                    if name in PUBLISHED
                    else xie.PUBLISHED_TRANSITION[1000][alpha],
                    *(dimension(chosen, alpha, pruning, g) for g in DIMENSION_GAINS),
                )
            )
        ax.axhline(0, color="0.6", lw=0.8, zorder=0)
        ax.set(xscale="log", xlabel="gain g", ylim=(-0.6, 1.2))
        ax.set_title(f"{letter}  {name}")
    axes[0].set_ylabel(r"largest exponent $\lambda_1$ (1/step)")
    axes[0].plot([], [], "--", color="0.3", lw=1, label="published protocol")
    axes[0].legend(fontsize="x-small", loc="upper left")
    xie.table(
        f"Pruning, N = {chosen.n_neurons} (in print: N = 1000): transition and D_KY / N",
        ("network", "alpha", "chaos onset", "grid, J Q", "grid, J^T Q", "in print",
         "D/N g = 2", "D/N g = 10"),
        rows,
    )  # fmt: skip
    return xie.save(figure, chosen, "xie_2025_fig18_pruning")


if __name__ == "__main__":
    main()
