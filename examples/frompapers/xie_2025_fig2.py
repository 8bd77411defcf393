"""The slow transition to chaos: largest exponent against gain, corrected and as published.

Figure 2 of arXiv:2505.09816.  Small version (N = 300) in under a minute; ``--full`` N = 1000, 3000
and 10000 with ten networks (many hours).

What to look at: (a) with the forward product J Q heavy tails lower the onset of chaos and make the
exponent rise more slowly with gain.  (b) the published protocol multiplies by the transposed
Jacobian; for alpha = 1 it returns exponents near zero over a decade of gain in which the network is
clearly chaotic, and so puts the transition far too high.  For Gaussian weights both agree.
"""

import _xie_2025 as xie
import matplotlib.pyplot as plt
import numpy as np

from heavytail_snn.analysis.lyapunov import edge_of_chaos_width, quenched_gain
from heavytail_snn.analysis.lyapunov.rate.compat import published_transition
from heavytail_snn.analysis.lyapunov.rate.edge_of_chaos import last_upward_crossing
from heavytail_snn.analysis.theory.rate.map import rate_map
from heavytail_snn.analysis.theory.stable.onset_gain import quiescent_gain

SIZES = {
    "sizes": ((60,), (300,), (1000, 3000, 10_000)),
    "n_trials": (2, 6, 10),
    "n_gains": (6, 24, 50),
    "n_published_gains": (4, 16, 50),
    "published_k": (5, 30, 100),
    "n_steps": (100, 800, 1500),
    "warmup": (50, 1000, 2900),
}


def panel(ax, chosen, n, title, rows_of, gains):
    """Draw one protocol; return its curves by alpha."""
    chosen.n_neurons = n
    curves = {alpha: rows_of(chosen, alpha, gains) for alpha in xie.ALPHAS}
    for alpha, rows in curves.items():
        xie.band(ax, gains, rows, xie.COLOURS[alpha], rf"$\alpha$ = {alpha:g}")
    ax.axhline(0, color="0.6", lw=0.8, zorder=0)
    ax.set(xscale="log", xlabel="gain g", ylim=(-0.55, 1.1))
    ax.set_title(title)
    return curves


def report(chosen, n, gains, correct, published_gains, published):
    """Return the rows of the table for one size."""
    rows = []
    for alpha in xie.ALPHAS:
        quenched = [
            quenched_gain(xie.matrix(alpha, n, xie.seed_of(chosen, alpha, t)))
            for t in range(chosen.n_trials)
        ]
        onsets = [last_upward_crossing(gains, row) for row in correct[alpha]]
        mean = correct[alpha].mean(axis=0)
        rows.append(
            (
                n,
                alpha,
                quiescent_gain(n, alpha),
                xie.mean_and_error(quenched),
                xie.mean_and_error(onsets),
                published_transition(gains, mean),
                published_transition(published_gains, published[alpha].mean(axis=0)),
                xie.PUBLISHED_TRANSITION.get(n, {}).get(alpha, float("nan")),
                edge_of_chaos_width(gains, mean),
                float(mean[-1]),
                float(published[alpha].mean(axis=0)[-1]),
            )
        )
    return rows


def main(arguments=None):
    chosen = xie.settings(__doc__.splitlines()[0], SIZES, arguments)
    gains = np.geomspace(0.1, 10, chosen.n_gains)
    published_gains = np.geomspace(0.1, 10, chosen.n_published_gains)
    shape = (len(chosen.sizes), 2)
    figure, axes = plt.subplots(*shape, figsize=(8, 3.6 * shape[0]), sharey=True, squeeze=False)
    rows = []
    for n, (left, right) in zip(chosen.sizes, axes, strict=True):
        correct = panel(left, chosen, n, f"a  correct, J Q (N = {n})", xie.correct_curves, gains)
        published = panel(
            right, chosen, n, "b  published protocol, $J^T$ Q", xie.published_curves,
            published_gains,
        )  # fmt: skip
        above = gains[gains > 0.72]
        theory = [rate_map(g, convention="stable").largest_exponent for g in above]
        left.plot(above, theory, "k:", lw=1.2, label=r"mean field, $\alpha$ = 2, N $\to\infty$")
        for alpha in xie.ALPHAS:
            for ax in (left, right):
                ax.vlines(
                    quiescent_gain(n, alpha), -0.55, 0, color=xie.COLOURS[alpha], lw=0.8, ls="--"
                )
        left.set_ylabel(r"largest exponent $\lambda_1$ (1/step)")
        right.set_ylabel("published number (1/step)")
        left.plot([], [], "--", color="0.3", lw=0.8, label="annealed instability of silence")
        left.legend(loc="upper left", fontsize="x-small")
        rows += report(chosen, n, gains, correct, published_gains, published)
    xie.table(
        "Thresholds (g) and features; 'grid' is the published rule, biased up by one grid step",
        ("N", "alpha", "annealed", "quenched", "chaos onset", "grid, J Q", "grid, J^T Q",
         "in print", "width (decades)", "l1(10) J Q", "l1(10) J^T Q"),
        rows,
    )  # fmt: skip
    return xie.save(figure, chosen, "xie_2025_fig2")


if __name__ == "__main__":
    main()
