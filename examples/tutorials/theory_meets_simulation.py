"""Theory meets simulation: rate maps, rate flows and binary networks at three sizes.

Lines are mean-field theory (infinitely many neurons), symbols are simulated networks.  About a
minute on one core; ``--full`` takes larger networks, ``--tiny`` seconds.  Writes
theory_meets_simulation.png next to this file, or to the path given, and prints the table of
panel G.

What to look at: nothing is fitted.  The map (first row) is at its theory with a few hundred
neurons.  The flow (second row) is not: its largest exponent is low by tens of per cent at N = 100
and creeps up with N, so that the exponent of one network must not be compared with theory without
this trend (panels E, G).  The heavy-tailed map (C) agrees at large gain; at small gain a finite
network has its own threshold, which the infinite one lacks.
"""

import argparse
import math
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import theory_meets_simulation_binary as binary

from heavytail_snn.analysis import theory
from heavytail_snn.analysis.lyapunov import largest_exponent_curve, lyapunov_spectrum
from heavytail_snn.models.rate.flow import RateFlow
from heavytail_snn.models.rate.map import RateMap
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import Gaussian, LevyStable
from heavytail_snn.weights.wiring import AllToAll

MARKERS = "osD"
GAIN_MAP, GAIN_FLOW = 2.0, 3.0
SIZES = {"tiny": (30, 50, 80), "small": (100, 250, 600), "full": (300, 1000, 3000)}
NETWORKS = {"tiny": (2, 2, 2), "small": (8, 6, 4), "full": (12, 8, 6)}
DURATION = {"tiny": 20.0, "small": 100.0, "full": 300.0}


def gaussian_network(model, n_neurons, seed, gain, **keywords):
    """Return a network whose weights have variance gain^2 / N."""
    coupling = Coupling(Gaussian(), AllToAll())
    return model(coupling, n_neurons, gain=gain, seed=seed, **keywords)


def map_spectrum(n_neurons, seed, n_steps):
    """Return the leading exponents of a rate map and its Kaplan-Yorke dimension over N."""
    network = gaussian_network(RateMap, n_neurons, seed, GAIN_MAP)
    spectrum = lyapunov_spectrum(
        network,
        k=round(0.4 * n_neurons),
        seed=seed,
        n_steps=n_steps,
        state_warmup=300,
        tangent_warmup=100,
    )
    return spectrum.exponents, spectrum.kaplan_yorke_dimension / n_neurons


def draw_map_spectrum(axis, sizes, networks, n_steps, errors):
    """Panel A: Lyapunov spectrum of the map."""
    predicted = theory.rate_map_spectrum(GAIN_MAP)
    axis.plot(predicted.rank_fraction, predicted.exponents, "k-", label="theory")
    exact = predicted.kaplan_yorke_dimension_per_neuron
    for n, count, marker in zip(sizes, networks, MARKERS, strict=True):
        runs = [map_spectrum(n, seed, n_steps) for seed in range(count)]
        mean = np.mean([exponents for exponents, _ in runs], axis=0)
        rank = (np.arange(len(mean)) + 0.5) / n
        every = max(1, len(mean) // 12)
        axis.plot(rank[::every], mean[::every], marker, ms=4, label=f"N = {n}")
        errors["map: D_KY / N"].append(relative([d for _, d in runs], exact))
    axis.axhline(0, color="0.6", lw=0.8)
    axis.set(xlim=(0, 0.4), ylim=(-0.5, 0.2), xlabel="rank / N", ylabel="exponent (1/step)")
    axis.set_title(f"A  rate map, g = {GAIN_MAP:g}")
    axis.legend()


def draw_map_exponent(axis, sizes, networks, n_steps, errors):
    """Panel B: largest exponent of the map against the gain."""
    fine, gains = np.geomspace(0.5, 8, 120), np.array([0.7, 0.9, 1.1, 1.4, GAIN_MAP, 3.0, 5.0])
    axis.plot(fine, [theory.rate_map(g).largest_exponent for g in fine], "k-")
    exact = theory.rate_map(GAIN_MAP).largest_exponent
    for n, count, marker in zip(sizes, networks, MARKERS, strict=True):
        rows = []
        for seed in range(count):
            weights = gaussian_network(RateMap, n, seed, 1.0).weights
            curve = largest_exponent_curve(weights, gains, seed=seed, n_steps=4 * n_steps)
            rows.append(curve.exponents)
        axis.plot(gains, np.mean(rows, axis=0), marker, ms=4)
        errors["map: exponent"].append(relative(np.array(rows)[:, 4], exact))
    axis.axhline(0, color="0.6", lw=0.8)
    axis.set(xscale="log", xlabel="gain g", ylabel="largest exponent (1/step)")
    axis.set_xticks([0.5, 1, 2, 5], ["0.5", "1", "2", "5"])
    axis.minorticks_off()
    axis.set_title("B  rate map: onset at g = 1")


def draw_stable_map(axis, sizes, networks, n_steps, errors):
    """Panel C: mean activity of maps with alpha-stable weights."""
    fine, gains = np.geomspace(0.2, 5, 40), np.array([0.3, 0.5, 0.8, 1.3, 2.0, 4.0])
    for alpha, colour in zip((1.0, 1.5, 2.0), ("C1", "C2", "C0"), strict=True):
        predicted = [theory.stable_map(alpha, g).mean_absolute_activity for g in fine]
        axis.plot(fine, predicted, color=colour, label=f"alpha = {alpha:g}")
        for n, count, marker in zip(sizes, networks, MARKERS, strict=True):
            rows = [stable_activity(alpha, n, seed, gains, n_steps) for seed in range(count)]
            axis.plot(gains, np.mean(rows, axis=0), marker, ms=3, color=colour, mfc="none")
            if alpha == 1.0:
                exact = theory.stable_map(alpha, gains[3]).mean_absolute_activity
                errors["alpha = 1 map: <|phi|>"].append(relative(np.array(rows)[:, 3], exact))
    axis.set(xscale="log", xlabel="gain g (stable scale)", ylabel="mean |phi|")
    axis.set_xticks([0.2, 0.5, 1, 2, 5], ["0.2", "0.5", "1", "2", "5"])
    axis.minorticks_off()
    axis.set_title("C  stable map (symbols as in A)")
    axis.legend()


def stable_activity(alpha, n_neurons, seed, gains, n_steps):
    """Return the mean absolute activity of one heavy-tailed map at several gains."""
    network = RateMap(Coupling(LevyStable(alpha), AllToAll()), n_neurons, seed=seed)
    runs = (network.with_gain(g).run(n_steps, seed=seed, warmup=300) for g in gains)
    return [np.mean(np.abs(states)) for states in runs]


def flow_run(n_neurons, seed, duration):
    """Return the largest exponent and the autocovariance of one rate flow at lags 0, 0.2, ..."""
    network = gaussian_network(RateFlow, n_neurons, seed, GAIN_FLOW, dt=0.2)
    spectrum = lyapunov_spectrum(network, k=1, seed=seed, duration=duration, state_warmup=60.0)
    states = network.run(round(duration / 0.2), seed=seed, warmup=300)
    lags = range(0, 76)
    covariance = [np.mean(states[lag:] * states[: len(states) - lag]) for lag in lags]
    return spectrum.exponents[0], np.array(covariance)


def draw_flow(axes, sizes, networks, duration, errors):
    """Panels D and E: autocovariance, and largest exponent against 1/N."""
    predicted = theory.rate_flow(GAIN_FLOW)
    shown = predicted.time < 15
    axes[0].plot(predicted.time[shown], predicted.autocovariance[shown], "k-")
    lags = 0.2 * np.arange(76)
    for n, count, marker in zip(sizes, networks, MARKERS, strict=True):
        exponents, covariances = zip(
            *(flow_run(n, seed, duration) for seed in range(count)), strict=True
        )
        axes[0].plot(lags[::5], np.mean(covariances, axis=0)[::5], marker, ms=4)
        spread = np.std(exponents, ddof=1) / math.sqrt(count)
        axes[1].errorbar(1 / n, np.mean(exponents), spread, fmt=marker, ms=5)
        errors["flow: exponent"].append(relative(exponents, predicted.largest_exponent))
        variances = [covariance[0] for covariance in covariances]
        errors["flow: variance"].append(relative(variances, predicted.variance))
    axes[1].plot(0, predicted.largest_exponent, "k*", ms=11, clip_on=False, label="theory")
    axes[0].set(xlabel="lag (time constants)", ylabel="autocovariance of x")
    axes[0].set_title(f"D  rate flow, g = {GAIN_FLOW:g}")
    axes[1].set(xlabel="1 / N", ylabel="largest exponent (1/tau)", title="E  rate flow: trend in N")
    axes[1].set_xlim(left=0)
    axes[1].legend()


def draw_replicas(axis, sizes, networks):
    """Panel F: distance of two trajectories after a perturbation."""
    predicted = theory.two_replica(GAIN_FLOW, 0.1)
    axis.plot(predicted.time, predicted.distance, "k-")
    for n, count, marker in zip(sizes, networks, MARKERS, strict=True):
        rows = [replica_distance(n, seed, 0.1) for seed in range(count)]
        axis.plot(np.arange(0, 21, 2), np.mean(rows, axis=0)[::10], marker, ms=4)
    axis.set(yscale="log", xlabel="time (time constants)", ylabel="distance d")
    axis.set_title("F  rate flow: two replicas")


def replica_distance(n_neurons, seed, perturbation):
    """Return d(t) at t = 0, 0.2, ..., 20 of one network, averaged over starts along its orbit."""
    network = gaussian_network(RateFlow, n_neurons, seed, GAIN_FLOW, dt=0.2)
    generator = np.random.default_rng(seed)
    first, curves = network.run(1, seed=seed, warmup=300)[0], []
    for _ in range(4):
        other = first.std() * generator.standard_normal(n_neurons)
        second = math.sqrt(1 - perturbation**2) * first + perturbation * other
        pair = [np.vstack([x, network.run(100, initial_state=x)]) for x in (first, second)]
        above = np.sum((pair[0] - pair[1]) ** 2, axis=1)
        curves.append(above / np.sum(pair[0] ** 2 + pair[1] ** 2, axis=1))
        first = network.run(1, initial_state=pair[0][-1], warmup=100)[0]
    return np.mean(curves, axis=0)


def relative(values, exact):
    """Return mean relative deviation from theory and its standard error."""
    values = np.asarray(values, dtype=float) / exact - 1
    return values.mean(), values.std(ddof=1) / math.sqrt(len(values))


def draw_trend(axis, sizes, errors):
    """Panel G: relative deviation from theory against N; the line is 1/N."""
    for (name, values), marker in zip(errors.items(), "osD^v", strict=True):
        mean, spread = np.array(values).T
        axis.errorbar(sizes, 100 * mean, 100 * spread, fmt=f"{marker}-", ms=4, lw=1, label=name)
    axis.axhline(0, color="0.6", lw=0.8)
    axis.set(xscale="log", xlabel="N", ylabel="simulation / theory - 1 (%)")
    axis.set_xticks(sizes, [str(n) for n in sizes])
    axis.minorticks_off()
    axis.set_title("G  deviation from theory")
    axis.legend(fontsize=7)


def print_table(sizes, errors):
    """Print the numbers of panel G."""
    print("simulation / theory - 1".ljust(28) + "".join(f"N = {n}".rjust(18) for n in sizes))
    for name, values in errors.items():
        cells = "".join(f"{100 * m:9.2f} +- {100 * s:4.2f} %".rjust(18) for m, s in values)
        print(name.ljust(28) + cells)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--full", action="store_const", const="full", dest="size", default="small")
    size.add_argument("--tiny", action="store_const", const="tiny", dest="size")
    default = Path(__file__).with_suffix(".png")
    parser.add_argument("path", nargs="?", type=Path, default=default)
    chosen = parser.parse_args(arguments)
    sizes, networks = SIZES[chosen.size], NETWORKS[chosen.size]
    duration = DURATION[chosen.size]
    n_steps = round(2.5 * duration)
    names = ("map: D_KY / N", "map: exponent", "alpha = 1 map: <|phi|>")
    errors = {name: [] for name in (*names, "flow: exponent", "flow: variance")}
    plt.style.use("heavytail_snn.figure")
    figure, axes = plt.subplots(3, 3, figsize=(11, 9.5))
    draw_map_spectrum(axes[0, 0], sizes, networks, n_steps, errors)
    draw_map_exponent(axes[0, 1], sizes, networks, n_steps, errors)
    draw_stable_map(axes[0, 2], sizes, networks, n_steps, errors)
    draw_flow(axes[1, :2], sizes, networks, duration, errors)
    draw_replicas(axes[1, 2], sizes, networks)
    draw_trend(axes[2, 0], sizes, errors)
    generator = np.random.default_rng(1)
    binary_sizes = SIZES["tiny"] if chosen.size == "tiny" else binary.SIZES
    binary.draw_autocorrelation(axes[2, 1], generator, binary_sizes)
    axes[2, 1].set_title("H  binary: autocorrelation")
    binary.draw_induced_flips(axes[2, 2], generator, binary_sizes)
    axes[2, 2].set_title("I  binary: flips caused by one flip")
    figure.savefig(chosen.path)
    print_table(sizes, errors)
    return errors


if __name__ == "__main__":
    main()
