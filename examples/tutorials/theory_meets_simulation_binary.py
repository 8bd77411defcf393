"""Theory meets simulation: binary networks with Gaussian and with heavy-tailed weights.

Direct simulations of asynchronous +-1 networks at three sizes, next to the mean-field predictions.
Lines are theory, symbols simulations.  Takes about 20 s on one core, ``--tiny`` less; writes
theory_meets_simulation_binary.png next to this file, or to the path given as first argument.

What to look at: the autocorrelation and the overlap of two replicas come closer to theory as N
grows, like 1/sqrt(N) (panels A, B, F).  One flipped unit survives or not as R0 says, whatever N is
(C).  With alpha > 1 one flip causes ever more flips as N grows; with alpha < 1 it does not (D).
"""

import argparse
import math
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from heavytail_snn.analysis import theory

SIZES, TINY = (100, 400, 1600), (50, 100, 200)


def gaussian_weights(n_neurons, g, rng):
    """Weights of variance g^2/N, row = target."""
    return g * rng.standard_normal((n_neurons, n_neurons)) / math.sqrt(n_neurons)


def stable_numbers(alpha, shape, rng):
    """Symmetric stable numbers, characteristic function exp(-|k|^alpha)."""
    if alpha == 2:
        return math.sqrt(2.0) * rng.standard_normal(shape)
    u, w = math.pi * (rng.random(shape) - 0.5), rng.standard_exponential(shape)
    factor = (np.cos((1 - alpha) * u) / w) ** ((1 - alpha) / alpha)
    return np.sin(alpha * u) / np.cos(u) ** (1 / alpha) * factor


def stable_weights(n_neurons, alpha, g, rng):
    """Weights g z / N^(1/alpha), row = target."""
    return g * stable_numbers(alpha, (n_neurons, n_neurons), rng) / n_neurons ** (1 / alpha)


def random_states(n_neurons, rng):
    """Independent +-1 states."""
    return rng.choice([-1.0, 1.0], n_neurons)


def simulate(weights, states, noise, times, rng):
    """Update units one by one at random; replicas share units, times and noise.

    `states` is (n_replicas, N); returns the states at `times`, (n_times, n_replicas, N).
    """
    states, n_neurons = states.copy(), states.shape[1]
    fields, columns = states @ weights.T, np.ascontiguousarray(weights.T)
    recorded, now = np.empty((len(times), *states.shape)), 0.0
    for row, until in enumerate(times):
        n_updates = rng.poisson((until - now) * n_neurons)
        units = rng.integers(0, n_neurons, n_updates).tolist()
        thresholds = (noise * rng.standard_normal(n_updates)).tolist()
        for unit, threshold in zip(units, thresholds, strict=True):
            for state, field in zip(states, fields, strict=True):
                new = 1.0 if field[unit] + threshold > 0 else -1.0
                if new != state[unit]:
                    field += (2.0 * new) * columns[unit]
                    state[unit] = new
        now, recorded[row] = until, states
    return recorded


def autocorrelation(n_neurons, g, s, rng, n_networks=6, lags=(0.5, 1.0, 2.0, 4.0), duration=30.0):
    """Autocorrelation of each network at the lags, (n_networks, n_lags)."""
    lags, spacing = np.asarray(lags), 0.5
    shifts = np.rint(lags / spacing).astype(int)
    result = np.empty((n_networks, len(lags)))
    for network in range(n_networks):
        start = random_states(n_neurons, rng)[None]
        times = 10.0 + spacing * np.arange(int(duration / spacing))
        states = simulate(gaussian_weights(n_neurons, g, rng), start, s, times, rng)[:, 0]
        result[network] = [np.mean(states[shift:] * states[:-shift]) for shift in shifts]
    return result


def overlap_curve(n_neurons, g, s, times, rng, n_networks=6, share=0.02):
    """Overlap of two replicas of each network after `share` of the units was flipped."""
    result = np.empty((n_networks, len(times)))
    for network in range(n_networks):
        weights = gaussian_weights(n_neurons, g, rng)
        state = simulate(weights, random_states(n_neurons, rng)[None], s, [8.0], rng)[-1, 0]
        flipped = state.copy()
        flipped[: round(share * n_neurons)] *= -1
        states = simulate(weights, np.array([state, flipped]), s, times, rng)
        result[network] = np.mean(states[:, 0] * states[:, 1], axis=1)
    return result


def survival(n_neurons, r0, rng, n_trials=60, duration=40.0):
    """Fraction of single flips that still make a difference after `duration`, at s = 1."""
    g = theory.binary_onset_gain(n_neurons, 1.0)
    # R0^2 is proportional to g^2 / (g^2 + 1)
    share = r0**2 * g**2 / (1 + g**2)
    g = math.sqrt(share / (1 - share))
    alive = 0
    for _ in range(n_trials):
        weights = gaussian_weights(n_neurons, g, rng)
        state = simulate(weights, random_states(n_neurons, rng)[None], 1.0, [5.0], rng)[-1, 0]
        states = np.array([state, state])
        states[1, rng.integers(n_neurons)] *= -1
        for _ in range(int(duration / 5.0)):
            states = simulate(weights, states, 1.0, [5.0], rng)[-1]
            if np.array_equal(states[0], states[1]):
                break
        else:
            alive += 1
    return alive / n_trials, g


def induced_flips(n_neurons, alpha, rng, n_networks=8, n_flips=40):
    """Number of units that turn over in one synchronous step after one flip, per network."""
    result = np.empty(n_networks)
    for network in range(n_networks):
        weights = stable_weights(n_neurons, alpha, 1.0, rng)
        state = random_states(n_neurons, rng)
        field = weights @ state
        units = rng.choice(n_neurons, min(n_flips, n_neurons), replace=False)
        changed = field[:, None] - 2.0 * weights[:, units] * state[units]
        result[network] = np.mean(np.sum((changed > 0) != (field > 0)[:, None], axis=0))
    return result


def one_step_overlap(n_neurons, alpha, overlap, rng, n_networks=24):
    """Overlap after one synchronous step of two states with the given overlap, per network."""
    result = np.empty(n_networks)
    for network in range(n_networks):
        weights = stable_weights(n_neurons, alpha, 1.0, rng)
        first = random_states(n_neurons, rng)
        second = first.copy()
        second[: round((1 - overlap) / 2 * n_neurons)] *= -1
        result[network] = np.mean(np.sign(weights @ first) * np.sign(weights @ second))
    return result


def deviation(measured, predicted):
    """Root mean square deviation from theory over networks."""
    return float(np.sqrt(np.mean((measured - predicted) ** 2)))


def draw_autocorrelation(axis, rng, sizes):
    """Panel A: Q(tau), g = 1, s = 0.5.  Returns the deviation at each size."""
    prediction = theory.binary(1.0, 0.5, tau_max=6.0, dt=0.5)
    axis.plot(prediction.times, prediction.autocorrelation, "k-", label="theory")
    lags, deviations = (0.5, 1.0, 2.0, 4.0), []
    expected = prediction.autocorrelation[[1, 2, 4, 8]]
    for size, marker in zip(sizes, "osD", strict=True):
        measured = autocorrelation(size, 1.0, 0.5, rng, lags=lags)
        spread = measured.std(axis=0) / math.sqrt(len(measured))
        axis.errorbar(lags, measured.mean(axis=0), spread, fmt=marker, ms=4, label=f"N = {size}")
        deviations.append(deviation(measured, expected))
    axis.set(xlabel="lag (updates)", ylabel="autocorrelation Q", title="A  autocorrelation")
    axis.legend(frameon=False, fontsize=7)
    return deviations


def draw_overlap(axis, rng, sizes):
    """Panel B: overlap of replicas, 2 % flipped.  Returns the deviation at each size."""
    times, deviations = np.array([0.5, 1.0, 2.0, 4.0, 8.0, 12.0]), []
    fine = np.linspace(0.0, 12.0, 100)
    curve = theory.binary_replicas(1.0, 0.5, fine, initial_distance=0.04)
    axis.plot(fine, curve.overlap, "k-")
    axis.axhline(curve.stationary_overlap, color="0.6", lw=0.8, ls=":")
    expected = theory.binary_replicas(1.0, 0.5, times, initial_distance=0.04).overlap
    for size, marker in zip(sizes, "osD", strict=True):
        measured = overlap_curve(size, 1.0, 0.5, times, rng)
        spread = measured.std(axis=0) / math.sqrt(len(measured))
        axis.errorbar(times, measured.mean(axis=0), spread, fmt=marker, ms=4)
        deviations.append(deviation(measured, expected))
    axis.set(xlabel="time (updates)", ylabel="overlap c", title="B  replicas, 2 % flipped")
    return deviations


def draw_survival(axis, rng, sizes=(64, 256)):
    """Panel C: survival of one flip against R0 at two sizes."""
    r0_values = (1.5, 2.5, 3.5, 4.5)
    grid = np.linspace(1.0, 4.8, 20)
    for size, marker, style in zip(sizes, "os", ("-", "--"), strict=True):
        rows = [survival(size, r0, rng, n_trials=40) for r0 in r0_values]
        alive = np.array([row[0] for row in rows])
        error = np.sqrt(np.maximum(alive * (1 - alive), 0.02) / 40)
        axis.errorbar(r0_values, alive, error, fmt=marker, ms=4, label=f"N = {size}")
        share = grid**2 * math.pi**2 / (4 * size)
        gains = np.sqrt(share / (1 - share))
        predicted = [theory.binary_onset(size, g, 1.0).survival for g in gains]
        axis.plot(grid, predicted, f"k{style}", lw=1)
    axis.set(xlabel="R0", ylabel="alive at t = 40", title="C  survival of one flip")
    axis.legend(frameon=False, fontsize=7)


def draw_induced_flips(axis, rng, sizes):
    """Panel D: flips per flip against N for four alphas."""
    grid = np.geomspace(sizes[0], sizes[-1], 9).astype(int)
    for alpha, marker in zip((2.0, 1.5, 1.0, 0.5), "osD^", strict=True):
        measured = np.array([induced_flips(size, alpha, rng) for size in sizes])
        spread = measured.std(axis=1) / math.sqrt(measured.shape[1])
        line = axis.errorbar(sizes, measured.mean(axis=1), spread, fmt=marker, ms=4)
        predicted = [theory.flips_per_flip(size, alpha) for size in grid]
        axis.plot(grid, predicted, color=line[0].get_color(), label=f"alpha = {alpha:g}")
    axis.set(xscale="log", yscale="log", xlabel="N", title="D  flips caused by one flip")
    axis.set_yticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
    axis.minorticks_off()
    axis.legend(frameon=False, fontsize=7)


def draw_overlap_map(axis, rng, size):
    """Panel E: one-step overlap maps."""
    overlaps, fine = np.array([0.0, 0.3, 0.6, 0.8, 0.9, 0.96]), 1.0 - np.geomspace(1e-3, 1.0, 60)
    for alpha, marker in zip((2.0, 1.0, 0.5), "oD^", strict=True):
        values = [one_step_overlap(size, alpha, c, rng, n_networks=4) for c in overlaps]
        label = f"alpha = {alpha:g}"
        line = axis.plot(overlaps, np.mean(values, axis=1), marker, ms=4, label=label)
        predicted = theory.stable_sign_map(alpha, 1.0, 0.0, fine).overlap
        axis.plot(fine, predicted, color=line[0].get_color())
    axis.plot([0, 1], [0, 1], ":", color="0.6", lw=0.8)
    axis.set(xlabel="overlap before", ylabel="overlap after", title=f"E  overlap map, N = {size}")
    axis.legend(frameon=False, fontsize=7)


def draw_trend(axis, sizes, deviations):
    """Panel F: deviation from theory against N."""
    for label, values in deviations.items():
        axis.plot(sizes, values, "o-", ms=4, label=label)
    reference = np.array(sizes, dtype=float)
    scale = 1.3 * max(values[0] for values in deviations.values())
    axis.plot(reference, scale * np.sqrt(reference[0] / reference), "k:", label="1/sqrt(N)")
    axis.set(xscale="log", yscale="log", xlabel="N", title="F  rms deviation from theory")
    axis.set_ylim(bottom=5e-4)
    axis.legend(frameon=False, fontsize=7, loc="lower left")


def overlap_map_deviations(alpha, rng, sizes):
    """Deviation of the one-step overlap from theory at overlap 0.6, at each size."""
    expected = float(theory.stable_sign_map(alpha, 1.0, 0.0, 0.6).overlap)
    return [deviation(one_step_overlap(size, alpha, 0.6, rng), expected) for size in sizes]


def main(path, sizes=SIZES):
    """Draw all panels."""
    rng = np.random.default_rng(1)
    figure, axes = plt.subplots(2, 3, figsize=(10, 6), layout="constrained")
    deviations = {
        "autocorrelation": draw_autocorrelation(axes[0, 0], rng, sizes),
        "replica overlap": draw_overlap(axes[0, 1], rng, sizes),
        "overlap map, alpha = 1": overlap_map_deviations(1.0, rng, sizes),
        "overlap map, alpha = 0.5": overlap_map_deviations(0.5, rng, sizes),
    }
    draw_survival(axes[0, 2], rng)
    draw_induced_flips(axes[1, 0], rng, sizes)
    draw_overlap_map(axes[1, 1], rng, sizes[1])
    draw_trend(axes[1, 2], sizes, deviations)
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).with_suffix(".png")
    parser.add_argument("path", nargs="?", type=Path, default=default)
    parser.add_argument("--tiny", action="store_true", help="small networks, not to be quoted")
    options = parser.parse_args()
    main(options.path, TINY if options.tiny else SIZES)
