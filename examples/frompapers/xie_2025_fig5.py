"""Noise-driven networks: noise suppresses chaos below and near its onset.

Figure 5 of arXiv:2505.09816: independent normal noise of standard deviation 0.1 on every
pre-activation.  Small version (N = 300) in under a minute; ``--full`` N = 1000, ten networks.

What to look at: (a) compared with the autonomous network (dashed) noise lowers the exponent below
and near the onset and leaves it alone at large gain; state and noise of one step enter the same
Jacobian.  (b) the published protocol: transposed, with a late Jacobian.  (c) participation ratio of
the states: the cross-block estimate (lines) against the naive one from N + 50 samples (dots), which
is biased low; at low gain the noise itself fills all N directions.
"""

import _xie_2025 as xie
import matplotlib.pyplot as plt
import numpy as np

from heavytail_snn.analysis.dimension import participation_ratio
from heavytail_snn.analysis.lyapunov.rate.compat import published_transition
from heavytail_snn.analysis.lyapunov.rate.edge_of_chaos import last_upward_crossing
from heavytail_snn.models.rate.map import RateMap

NOISE = 0.1
SIZES = {
    "n_neurons": (40, 300, 1000),
    "n_trials": (2, 3, 10),
    "n_gains": (5, 20, 50),
    "n_published_gains": (3, 12, 50),
    "n_dimension_gains": (3, 8, 20),
    "published_k": (5, 30, 100),
    "n_steps": (100, 600, 1500),
    "n_samples": (200, 3000, 10_500),
    "warmup": (50, 800, 2900),
}


def dimensions(chosen, alpha, gains):
    """Return cross-block and naive participation ratio divided by N, (2, n_gains)."""
    network = RateMap(
        xie.matrix(alpha, chosen.n_neurons, xie.seed_of(chosen, alpha, 0)), noise=NOISE
    )
    rows = []
    for gain in gains:
        states = network.with_gain(gain).run(
            chosen.n_samples, seed=chosen.seed, warmup=chosen.warmup
        )
        few = states[: chosen.n_neurons + 50]
        rows.append(
            (
                participation_ratio(states).participation_ratio / chosen.n_neurons,
                participation_ratio(few, method="naive").participation_ratio / chosen.n_neurons,
            )
        )
    return np.array(rows).T


def main(arguments=None):
    chosen = xie.settings(__doc__.splitlines()[0], SIZES, arguments)
    gains = np.geomspace(0.1, 10, chosen.n_gains)
    published_gains = np.geomspace(0.1, 10, chosen.n_published_gains)
    dimension_gains = np.geomspace(0.1, 10, chosen.n_dimension_gains)
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.6))
    rows = []
    for alpha in xie.ALPHAS:
        colour, label = xie.COLOURS[alpha], rf"$\alpha$ = {alpha:g}"
        noisy = xie.correct_curves(chosen, alpha, gains, noise=NOISE)
        quiet = xie.correct_curves(chosen, alpha, gains)
        published = xie.published_curves(chosen, alpha, published_gains, noise=NOISE)
        xie.band(axes[0], gains, noisy, colour, label)
        axes[0].plot(gains, quiet.mean(axis=0), color=colour, ls="--", lw=1)
        xie.band(axes[1], published_gains, published, colour, label)
        cross, naive = dimensions(chosen, alpha, dimension_gains)
        axes[2].plot(dimension_gains, cross, color=colour, label=label)
        axes[2].plot(dimension_gains, naive, ".", color=colour)
        rows.append(
            (
                alpha,
                xie.mean_and_error([last_upward_crossing(gains, row) for row in noisy]),
                xie.mean_and_error([last_upward_crossing(gains, row) for row in quiet]),
                published_transition(gains, noisy.mean(axis=0)),
                published_transition(published_gains, published.mean(axis=0)),
                float(cross.min() * chosen.n_neurons),
            )
        )
    axes[0].plot([], [], "--", color="0.3", lw=1, label="without noise")
    axes[2].plot([], [], ".", color="0.3", label="naive, N + 50 samples")
    axes[0].set_title(f"a  correct, J Q (N = {chosen.n_neurons}, noise 0.1)")
    axes[1].set_title("b  published protocol, $J^T$ Q")
    axes[2].set_title("c  participation ratio")
    axes[0].set_ylabel(r"largest exponent $\lambda_1$ (1/step)")
    axes[1].set_ylabel("published number (1/step)")
    axes[2].set_ylabel("participation ratio / N")
    for ax in axes[:2]:
        ax.axhline(0, color="0.6", lw=0.8, zorder=0)
        ax.set(ylim=(-0.55, 1.1))
    for ax in axes:
        ax.set(xscale="log", xlabel="gain g")
        ax.legend(fontsize="x-small", loc="upper right" if ax is axes[2] else "upper left")
    axes[2].set_ylim(0, None)
    xie.table(
        f"Noise {NOISE}, N = {chosen.n_neurons}: thresholds and the smallest participation ratio",
        ("alpha", "onset, noise", "onset, none", "grid, J Q", "grid, J^T Q", "min PR"),
        rows,
    )
    return xie.save(figure, chosen, "xie_2025_fig5")


if __name__ == "__main__":
    main()
