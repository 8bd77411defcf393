"""Reservoirs with heavy tails: delayed exclusive-or over a range of gains.

Figure 21 of arXiv:2505.09816.  The paper gives no durations, input scale or regularisation; the
settings here are our own and are printed, so no number can be compared with the publication.
Small version (N = 200) in under a minute; ``--full`` N = 1000, three networks.

What to look at: (a) Gaussian networks solve the task in a window of gains around their onset of
chaos; heavy-tailed ones start at much smaller gain.  Grey: chance with its binomial error.  (b) the
largest exponents of the same networks; the published protocol enters only the dashed curves.
"""

import _xie_2025 as xie
import matplotlib.pyplot as plt
import numpy as np

from heavytail_snn.models.rate.delayed_xor import delayed_xor
from heavytail_snn.models.rate.map import RateMap

ALPHAS = (1.0, 2.0)
SIZES = {
    "n_neurons": (40, 200, 1000),
    "n_trials": (2, 3, 3),
    "n_gains": (3, 12, 25),
    "published_k": (5, 20, 100),
    "n_steps": (100, 400, 1500),
    "warmup": (50, 500, 2900),
    "n_training": (50, 500, 1000),
    "n_validation": (20, 200, 200),
    "n_test": (50, 500, 1000),
}


def accuracies(chosen, alpha, gains):
    """Return the test accuracy (n_trials, n_gains) and the settings of the task."""
    rows = []
    for trial in range(chosen.n_trials):
        seed = xie.seed_of(chosen, alpha, trial)
        network = RateMap(xie.matrix(alpha, chosen.n_neurons, seed))
        results = [
            delayed_xor(
                network.with_gain(gain),
                n_training=chosen.n_training,
                n_validation=chosen.n_validation,
                n_test=chosen.n_test,
                warmup=chosen.warmup,
                seed=seed,
            )
            for gain in gains
        ]
        rows.append([result.accuracy for result in results])
    return np.array(rows), results[0].parameters


def main(arguments=None):
    chosen = xie.settings(__doc__.splitlines()[0], SIZES, arguments)
    gains = np.geomspace(0.1, 5, chosen.n_gains)
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.6))
    error = (0.25 / chosen.n_test) ** 0.5
    axes[0].axhspan(0.5 - 2 * error, 0.5 + 2 * error, color="0.9", zorder=0)
    axes[1].axhline(0, color="0.6", lw=0.8, zorder=0)
    rows = []
    for alpha in ALPHAS:
        colour, label = xie.COLOURS[alpha], rf"$\alpha$ = {alpha:g}"
        scores, parameters = accuracies(chosen, alpha, gains)
        xie.band(axes[0], gains, scores, colour, label, marker=".")
        correct = xie.correct_curves(chosen, alpha, gains)
        published = xie.published_curves(chosen, alpha, gains)
        xie.band(axes[1], gains, correct, colour, label)
        axes[1].plot(gains, published.mean(axis=0), color=colour, ls="--", lw=1)
        mean = scores.mean(axis=0)
        good = gains[mean > 0.9]
        rows.append(
            (
                alpha,
                float(mean.max()),
                float(gains[mean.argmax()]),
                f"{good.min():.2g} to {good.max():.2g}" if good.size else "none",
                float(np.interp(gains[mean.argmax()], gains, correct.mean(axis=0))),
                float(np.interp(gains[mean.argmax()], gains, published.mean(axis=0))),
            )
        )
    axes[0].set(xscale="log", xlabel="gain g", ylabel="accuracy", ylim=(0.4, 1.02))
    axes[0].set_title(f"a  delayed exclusive-or (N = {chosen.n_neurons})")
    axes[1].set(xscale="log", xlabel="gain g", ylim=(-0.6, 0.8))
    axes[1].set_ylabel(r"largest exponent $\lambda_1$ (1/step)")
    axes[1].set_title("b  exponent of the free network")
    axes[1].plot([], [], "--", color="0.3", lw=1, label="published protocol")
    for ax in axes:
        ax.legend(fontsize="x-small", loc="upper right" if ax is axes[0] else "upper left")
    keys = ("stimulus_steps", "delay_steps", "input_scale", "encoding", "n_training", "n_test")
    xie.table(
        "Delayed exclusive-or with our settings: "
        + ", ".join(f"{k} {parameters[k]}" for k in keys),
        ("alpha", "best accuracy", "at g", "gains above 90 %", "l1 there, J Q", "l1 there, J^T Q"),
        rows,
    )
    return xie.save(figure, chosen, "xie_2025_fig21_delayed_xor")


if __name__ == "__main__":
    main()
