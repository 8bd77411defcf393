"""Do heavy tails calm chaos in every kind of neuron?  The same networks of four neuron models.

Inhibitory networks (N = 100, K = 30) of leaky, exponential, adaptive exponential and
conductance-based integrate-and-fire neurons, written as plain Brian2 strings, with Gaussian and
ever heavier weights at the same mean weight and, by the drive, the same rate of 10 Hz; five
networks each.  The library reads the strings and follows the tangent of each network.

What to look at, from alpha = 2 to 1.2 (errors over five networks): neurons with an upstroke are
chaotic, and heavy tails halve their largest exponent, exponential 48(1) to 28(2), adaptive 46(1) to
24(1) per second, and lower their entropy.  Their dimension does not fall: D/N goes from 0.230(2) to
0.276(7), and stays at 0.276(8) and 0.272(11).  Leaky neurons, with currents or conductances, end in
a stable rhythm here whatever the tails: their largest exponent is 0, their dimension 1.

Takes many minutes on one core; ``--tiny`` half a minute.
Writes heavy_tails_across_neurons.png, or the path given.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from brian2 import (
    Network,
    NeuronGroup,
    SpikeMonitor,
    Synapses,
    defaultclock,
    ms,
    mV,
    prefs,
    second,
)  # fmt: skip
from brian2 import seed as seed_of_brian

from heavytail_snn.analysis import lyapunov_spectrum
from heavytail_snn.analysis.plots import figure_style
from heavytail_snn.weights.coupling import Coupling, Inhibitory
from heavytail_snn.weights.laws import LevyStable
from heavytail_snn.weights.wiring import FixedProbability

ALPHAS = (2.0, 1.5, 1.2)
RATE = 10.0  # Hz
FULL = {"n": 100, "degree": 30, "seeds": range(1, 6), "duration": 3.0, "models": None}
TINY = {"n": 30, "degree": 10, "seeds": range(1, 3), "duration": 0.3, "models": ("EIF",)}

CURRENT = "dx/dt = -x/(5*ms) : volt\n"
CONDUCTANCE = "dx/dt = -x/(5*ms) : 1\n"
EXPONENTIAL = (
    "dv/dt = (E_L - v + D*exp((v - V_T)/D) + x{minus} + drive)/(10*ms) : volt (unless refractory)\n"
)
# equations, threshold, reset, refractory period, mean weight times sqrt(K), time step, range of
# the drive
MODELS = {
    "LIF": (
        "dv/dt = (E_L - v + x + drive)/(10*ms) : volt (unless refractory)\n" + CURRENT,
        "v > -50*mV", "v = -60*mV", 2 * ms, 30 * mV, 0.1 * ms, (14, 60),
    ),
    "EIF": (
        EXPONENTIAL.format(minus="") + CURRENT,
        "v > -40*mV", "v = -60*mV", 2 * ms, 30 * mV, 0.05 * ms, (10, 60),
    ),
    "AdEx": (
        EXPONENTIAL.format(minus=" - z") + CURRENT
        + "dz/dt = (0.1*(v - E_L) - z)/(100*ms) : volt\n",
        "v > -40*mV", "v = -60*mV; z += 1*mV", 2 * ms, 30 * mV, 0.05 * ms, (10, 80),
    ),
    "conductance LIF": (
        "dv/dt = (E_L - v + x*(E_I - v) + drive)/(10*ms) : volt (unless refractory)\n"
        + CONDUCTANCE,
        "v > -50*mV", "v = -60*mV", 2 * ms, 1.2, 0.1 * ms, (14, 60),
    ),
}  # fmt: skip
NAMES = {"E_L": -65 * mV, "E_I": -80 * mV, "V_T": -50 * mV, "D": 2 * mV}


def weights_of(alpha, seed, n, degree):
    """Return inhibition of mean -1/sqrt(K), whatever the law."""
    coupling = Coupling(
        LevyStable(alpha), FixedProbability(degree / (n - 1)), sign=Inhibitory(), autapses=False,
        normalisation="balanced",
    )  # fmt: skip
    return coupling.sample(n, seed=seed).tocoo()


def network_of(model, alpha, seed, sizes):
    """Return a plain Brian2 network, and its neurons."""
    equations, threshold, reset, refractory, weight, step, _ = MODELS[model]
    defaultclock.dt = step
    neurons = NeuronGroup(
        sizes["n"], equations + "drive : volt (constant)", threshold=threshold, reset=reset,
        refractory=refractory, method="euler",
        namespace=NAMES, name="neurons",
    )  # fmt: skip
    neurons.v = -65 * mV + 15 * mV * np.random.default_rng(seed).random(sizes["n"])
    weights = weights_of(alpha, seed, sizes["n"], sizes["degree"])
    synapses = Synapses(
        neurons, neurons, "w : 1" if np.isscalar(weight) else "w : volt",
        on_pre="x += w", delay=1 * ms, name="synapses",
    )  # fmt: skip
    synapses.connect(i=weights.col, j=weights.row)
    # a current is pulled down by negative pulses, a conductance opened by positive ones
    synapses.w = weights.data * weight * (-1 if np.isscalar(weight) else 1)
    return Network(neurons, synapses), neurons


def tune(network, neurons, span, duration):
    """Set the drive at which the network fires at the rate asked for, by bisection."""
    monitor = SpikeMonitor(neurons, record=False)
    network.add(monitor)
    network.store()
    low, high = span
    for _ in range(12):
        level = 0.5 * (low + high)
        network.restore()
        neurons.drive = level * mV
        network.run(duration * second)
        rate = monitor.num_spikes / len(neurons) / duration
        low, high = (level, high) if rate < RATE else (low, level)
        if abs(rate - RATE) < 0.02 * RATE:
            break
    network.restore()
    network.remove(monitor)
    neurons.drive = level * mV
    return level


def measure(model, alpha, seed, sizes):
    """Return exponent (1/s), dimension per neuron, entropy (bit/spike), rate (Hz) and drive."""
    seed_of_brian(seed)
    network, neurons = network_of(model, alpha, seed, sizes)
    drive = tune(network, neurons, MODELS[model][-1], sizes["duration"] / 2)
    spectrum = lyapunov_spectrum(
        network, duration=sizes["duration"], state_warmup=0.3, tangent_warmup=0.4, seed=seed
    )
    rate, n = spectrum.rate, sizes["n"]
    return (
        spectrum.largest_exponent,
        spectrum.kaplan_yorke_dimension / n,
        spectrum.entropy_rate / np.log(2) / (n * rate),
        rate,
        drive,
    )


def figure(results):
    """Return one panel for each quantity, with a line for each kind of neuron."""
    drawing, axes = plt.subplots(1, 3, figsize=(10.5, 3.6), layout="constrained")
    labels = ("largest exponent (1/s)", "dimension D / N", "entropy (bit per spike)")
    place = np.arange(len(ALPHAS))
    for number, (model, values) in enumerate(results.items()):
        mean = values.mean(axis=1)
        error = values.std(axis=1, ddof=1) / np.sqrt(values.shape[1])
        shift = 0.05 * (number - 0.5 * (len(results) - 1))
        for column, ax in enumerate(axes):
            ax.errorbar(
                place + shift, mean[:, column], error[:, column], fmt="o-", ms=4, capsize=3,
                label=model,
            )  # fmt: skip
    for ax, label in zip(axes, labels, strict=True):
        ax.set_xticks(place, [rf"{a:g}" for a in ALPHAS])
        ax.set(xlabel=r"tail exponent $\alpha$ of the weights", ylabel=label)
        ax.axhline(0, color="0.7", lw=0.8, zorder=0)
    drawing.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=5)
    return drawing


def main():
    """Measure, print a table, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).with_suffix(".png")
    parser.add_argument("path", nargs="?", type=Path, default=default)
    parser.add_argument("--tiny", action="store_true", help="a few seconds, not to be quoted")
    options = parser.parse_args()
    sizes = TINY if options.tiny else FULL
    prefs.codegen.target = "numpy" if options.tiny else "auto"
    print(f"{'neurons':16} alpha  lambda_1 (1/s)       D/N      bit/spike   rate (Hz)  drive (mV)")
    results = {}
    for model in sizes["models"] or MODELS:
        rows = []
        for alpha in ALPHAS:
            rows.append([measure(model, alpha, seed, sizes) for seed in sizes["seeds"]])
            columns = np.array(rows[-1]).T
            error = columns.std(axis=1, ddof=1) / np.sqrt(columns.shape[1])
            cells = [f"{c.mean():8.3g}+-{e:<6.2g}" for c, e in zip(columns, error, strict=True)]
            print(f"{model:16} {alpha:4.1f} ", *cells, flush=True)
        results[model] = np.array(rows)
    with figure_style():
        figure(results).savefig(options.path, dpi=150)


if __name__ == "__main__":
    main()
