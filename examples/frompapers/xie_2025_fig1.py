"""When silence loses stability: annealed theory, quenched networks, and the onset of chaos.

Figure 1 of arXiv:2505.09816, with the two thresholds that it does not show.  Runs in half a minute
(``--full``: the paper's sizes, about an hour).

What to look at: (a) heavy tails lower the annealed threshold only logarithmically with N; the
quenched threshold of single networks (bars: 10-90 %) scatters around it; chaos sets in at gains
several times higher.  (b, c) in a linear network whose weights are redrawn at every step activity
survives above the theoretical gain; with fixed weights each network has its own threshold.
Neither uses Lyapunov exponents of the published protocol except where chaos is named.
"""

import _xie_2025 as xie
import matplotlib.pyplot as plt
import numpy as np

from heavytail_snn.analysis.lyapunov import chaos_onset, quenched_gain
from heavytail_snn.analysis.theory.stable.onset_gain import quiescent_gain
from heavytail_snn.core.errors import ConvergenceError
from heavytail_snn.core.randomness import stream
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import LevyStable
from heavytail_snn.weights.wiring import AllToAll

SIZES = {
    "theory_powers": (6, 16, 16),
    "sizes": ((60, 100), (100, 300), (100, 300, 1000)),
    "n_matrices": (5, 40, 200),
    "n_onsets": (2, 6, 10),
    "linear_sizes": ((20, 50), (100, 1000), (100, 3000)),
    "n_realisations": (3, 20, 100),
    "n_steps": (100, 600, 1500),
    "warmup": (100, 800, 2000),
}
ALPHA_LINEAR = 1.0
LINEAR_STEPS = 100
SMALL_ACTIVITY = 0.1


def annealed_magnitudes(n, chosen, trial):
    """Return ln |x_i| after 100 steps of a linear network at g = 1, W redrawn at every step.

    Given x, the next components are independent and stable with scale (mean |x|^alpha)^(1/alpha).
    """
    generator = stream(chosen.seed + trial, f"annealed {n}")
    law, log_scale, x = LevyStable(ALPHA_LINEAR), 0.0, generator.standard_normal(n)
    for _ in range(LINEAR_STEPS):
        log_scale += np.log(np.mean(np.abs(x) ** ALPHA_LINEAR)) / ALPHA_LINEAR
        x = law.sample(n, generator)
    return log_scale + np.log(np.abs(x))


def quenched_magnitudes(n, chosen, trial):
    """Return ln |x_i| after 100 steps of a linear network at g = 1, W fixed."""
    weights = xie.matrix(ALPHA_LINEAR, n, chosen.seed + 7000 + trial)
    x, log_scale = stream(chosen.seed + trial, f"start {n}").standard_normal(n), 0.0
    for _ in range(LINEAR_STEPS):
        x = weights @ x
        norm = np.linalg.norm(x)
        x, log_scale = x / norm, log_scale + np.log(norm)
    with np.errstate(divide="ignore"):
        return log_scale + np.log(np.abs(x))


def silent_fraction(magnitudes, gains):
    """Return the fraction of small components at each gain: x(T) grows as g^T in a linear net."""
    grown = magnitudes[:, None] + LINEAR_STEPS * np.log(gains)
    return np.mean(grown < np.log(SMALL_ACTIVITY), axis=0)


def thresholds(chosen):
    """Return the rows of the table: one for each N and alpha."""
    rows = []
    for n in chosen.sizes:
        for alpha in xie.ALPHAS:
            quenched = [
                quenched_gain(xie.matrix(alpha, n, chosen.seed + 5000 + i))
                for i in range(chosen.n_matrices)
            ]
            rows.append(
                (n, alpha, quiescent_gain(n, alpha), np.array(quenched), onsets(chosen, n, alpha))
            )
    return rows


def onsets(chosen, n, alpha):
    """Return the onset of chaos of each network, nan where small ones never become chaotic."""
    try:
        return chaos_onset(
            Coupling(LevyStable(alpha), AllToAll()),
            np.geomspace(0.12, 6, 26),
            n_neurons=n,
            n_networks=chosen.n_onsets,
            seed=chosen.seed,
            n_steps=chosen.n_steps,
            state_warmup=chosen.warmup,
            dtype="float32",
        ).onsets
    except ConvergenceError:
        return np.full(chosen.n_onsets, np.nan)


def draw_thresholds(ax, chosen, rows):
    sizes = 2.0 ** np.arange(chosen.theory_powers)
    for i, alpha in enumerate(xie.ALPHAS):
        colour, shift = xie.COLOURS[alpha], 1.2 ** (i - 1)
        theory = [quiescent_gain(int(n), alpha) for n in sizes]
        ax.plot(sizes, theory, color=colour, label=rf"$\alpha$ = {alpha:g}")
        for n, a, _, quenched, onset in rows:
            if a != alpha:
                continue
            low, high = np.quantile(quenched, [0.1, 0.9])
            ax.plot([n * shift] * 2, [low, high], color=colour, lw=1)
            ax.plot(n * shift, np.mean(quenched), "o", ms=4, color=colour)
            known = onset[np.isfinite(onset)]
            if known.size:
                ax.plot([n * shift] * 2, [known.min(), known.max()], color=colour, lw=0.8, ls=":")
                ax.plot(n * shift, np.median(known), "^", ms=5, color=colour, mfc="w")
    ax.plot([], [], "-", color="0.3", label="annealed theory")
    ax.plot([], [], "o", ms=4, color="0.3", label=r"quenched, $1/\rho(W)$")
    ax.plot([], [], "^", ms=5, mfc="w", color="0.3", label="onset of chaos (median, range)")
    ax.set(xscale="log", yscale="log", xlabel="neurons N", ylabel="gain g", ylim=(0.025, 7))
    ax.set_title("a  three thresholds")
    ax.legend(fontsize="x-small", ncols=2, loc="lower left")


def draw_linear(ax, chosen, n, letter):
    gains = np.geomspace(0.01, 0.5, 50)
    runs = range(chosen.n_realisations)
    fixed = [silent_fraction(quenched_magnitudes(n, chosen, i), gains) for i in runs]
    redrawn = [silent_fraction(annealed_magnitudes(n, chosen, i), gains) for i in runs]
    ax.plot(gains, np.array(fixed).T, color="#D55E00", lw=0.6, alpha=0.35)
    ax.plot(gains, np.mean(redrawn, axis=0), color="k", label="redrawn at every step")
    ax.plot([], [], color="#D55E00", lw=0.8, label="fixed, one line each")
    ax.axvline(quiescent_gain(n, ALPHA_LINEAR), color="0.5", ls=":", label="theory")
    ax.set(xscale="log", xlabel="gain g", ylabel=r"fraction with $|x_i| < 0.1$")
    ax.set_title(rf"{letter}  linear, $\alpha$ = 1, N = {n}")
    ax.legend(fontsize="x-small", loc="lower left")


def main(arguments=None):
    chosen = xie.settings(__doc__.splitlines()[0], SIZES, arguments)
    rows = thresholds(chosen)
    xie.table(
        "Gain thresholds (quenched: median and 10-90 % of single matrices)",
        ("N", "alpha", "theory", "quenched", "10 %", "median", "90 %", "chaos", "chaos/theory"),
        [
            (
                n,
                alpha,
                theory,
                xie.mean_and_error(quenched),
                *(float(q) for q in np.quantile(quenched, [0.1, 0.5, 0.9])),
                xie.mean_and_error(onset),
                float(np.nanmean(onset) / theory),
            )
            for n, alpha, theory, quenched, onset in rows
        ],
    )
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.6))
    draw_thresholds(axes[0], chosen, rows)
    for ax, n, letter in zip(axes[1:], chosen.linear_sizes[::-1], "bc", strict=True):
        draw_linear(ax, chosen, n, letter)
    return xie.save(figure, chosen, "xie_2025_fig1")


if __name__ == "__main__":
    main()
