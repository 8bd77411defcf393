"""The heaviest tails, alpha = 0.5: an exponent that does not grow with gain.

Figure 4 of arXiv:2505.09816.  Small version in half a minute; ``--full`` up to N = 3000.

What to look at: the correct exponent is negative at N = 100 and 300 and, unlike for larger alpha,
falls again at large gain, because the few largest weights saturate their targets.  That the mean
never crosses zero, as published, holds for small networks only: at N = 1000 it rises to about zero
between g = 0.2 and 1.  At N = 300 the published (transposed) numbers lie below the correct ones.
"""

import _xie_2025 as xie
import matplotlib.pyplot as plt
import numpy as np

ALPHA = 0.5
SIZES = {
    "sizes": ((40, 60), (100, 300, 1000), (300, 1000, 3000)),
    "n_trials": (2, 8, 10),
    "n_gains": (5, 12, 30),
    "published_k": (5, 20, 100),
    "n_steps": (100, 500, 1500),
    "warmup": (50, 600, 2900),
}
SHADES = ("#E8B7D2", "#CC79A7", "#7A2F5B")


def main(arguments=None):
    chosen = xie.settings(__doc__.splitlines()[0], SIZES, arguments)
    gains = np.geomspace(0.05, 10, chosen.n_gains)
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.6), sharey=True)
    rows = []
    for n, colour in zip(chosen.sizes, SHADES, strict=False):
        chosen.n_neurons = n
        correct = xie.correct_curves(chosen, ALPHA, gains)
        xie.band(axes[0], gains, correct, colour, f"N = {n}", marker=".")
        peak = int(np.argmax(correct.mean(axis=0)))
        row = [n, xie.mean_and_error(correct[:, peak]), float(gains[peak]),
               xie.mean_and_error(correct[:, -1])]  # fmt: skip
        if n <= 300 or chosen.full:
            published = xie.published_curves(chosen, ALPHA, gains)
            xie.band(axes[1], gains, published, colour, f"N = {n}", marker=".")
            best = int(np.argmax(published.mean(axis=0)))
            row += [xie.mean_and_error(published[:, best]), xie.mean_and_error(published[:, -1])]
        else:
            row += ["not run", "not run"]
        rows.append(row)
    axes[0].set_title(r"a  correct, J Q ($\alpha$ = 0.5)")
    axes[1].set_title("b  published protocol, $J^T$ Q")
    axes[0].set_ylabel(r"largest exponent $\lambda_1$ (1/step)")
    axes[1].set_ylabel("published number (1/step)")
    for ax in axes:
        ax.axhline(0, color="0.6", lw=0.8, zorder=0)
        ax.set(xscale="log", xlabel="gain g")
        ax.legend(loc="lower left")
    xie.table(
        "alpha = 0.5: peak of the mean over networks and value at the largest gain",
        ("N", "peak J Q", "at g", "g = 10, J Q", "peak J^T Q", "g = 10, J^T Q"),
        rows,
    )
    return xie.save(figure, chosen, "xie_2025_fig4")


if __name__ == "__main__":
    main()
