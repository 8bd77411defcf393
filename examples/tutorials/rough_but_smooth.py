"""Rough but smooth: what recurrent chaos does to the code of a spiking network.

Networks of leaky integrate-and-fire neurons with heavy-tailed (alpha = 1.5) and with Gaussian
weights are shown stimuli on a circle, each with the very same initial state.  Their response kernel
K is smooth at large distances and rough at the smallest: even stimuli 0.002 radian apart are
answered differently, and the more so, the shorter the window of counting and the finer the spike
times that a readout resolves.  Without coupling the code is not rough.  Takes about half a minute
on one core, ``--tiny`` some seconds; writes rough_but_smooth.png next to this file, or to the path
given as first argument.

What to look at: the step of K between "same" and the closest stimuli in panel A, and that K hardly
falls over the next decade of distance.  In B the loss vanishes in long windows, faster than
1/window: chaos moves the spikes of these regular neurons without changing their number much.  In C
it grows towards fine precision.  Heavy tails are less rough than Gaussian weights of the same gain
and the same rate.  Error bars are standard errors over networks.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from brian2 import ms, mV

import heavytail_snn as ht
from heavytail_snn.analysis.geometry import present, response_kernel
from heavytail_snn.analysis.plots import figure_style
from heavytail_snn.models import circle

IN_DEGREE = 100
FULL, TINY = (500, 3), (150, 2)  # neurons, networks
OFFSETS = np.array([0.0, 0.002, 0.02, 0.2, 0.8])  # radian, from each of the centres
N_CENTRES = 6
ONSET, STOP = 0.1, 0.3  # seconds: counted between the two
WINDOWS = np.array([0.0125, 0.025, 0.05, 0.1, 0.2])
PRECISIONS = np.array([0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2])
PRECISION_WINDOW = 0.2
# label: alpha, gain (weights gain * z / in-degree^(1/alpha), in mV), colour, line
NETWORKS = {
    "Gaussian, g = 1": (2.0, 1.0, "C0", "-"),
    "heavy-tailed, g = 1": (1.5, 1.0, "C1", "-"),
    "Gaussian, g = 3": (2.0, 3.0, "C0", "--"),
    "heavy-tailed, g = 3": (1.5, 3.0, "C1", "--"),
    "uncoupled": (2.0, 0.0, "0.6", "-"),
}


def stimuli():
    """Return pairs at chosen distances around centres of the circle."""
    centres = 2 * np.pi * np.arange(N_CENTRES) / N_CENTRES
    return circle((centres[:, None] + OFFSETS).ravel())


def trials(alpha, gain, seed, n_neurons):
    """Show all stimuli to one network, from the same initial state."""
    law = ht.LevyStable(alpha)
    coupling = ht.Coupling(law, ht.FixedInDegree(IN_DEGREE), gain=gain, autapses=False)
    network = ht.models.LIFNetwork(coupling, n_neurons, drive=22 * mV)
    return present(network, stimuli(), STOP * 1000 * ms, amplitude=2 * mV, seed=seed, backend="cpp")


def profile(run, window, precision=None):
    """Return K at the offsets (without 0) from each centre, 1 for equal stimuli."""
    counts = run.counts(STOP - window, STOP, precision=precision)
    kernel = response_kernel(counts, center=True).kernel
    first = OFFSETS.size * np.arange(N_CENTRES)
    scale = np.diag(kernel).mean()
    return [kernel[first, first + k].mean() / scale for k in range(1, OFFSETS.size)]


def measure(alpha, gain, n_neurons, n_networks):
    """Return profiles (networks, windows, offsets), losses by precision, and the mean rate."""
    by_window, by_precision, rates = [], [], []
    for seed in range(n_networks):
        run = trials(alpha, gain, seed, n_neurons)
        by_window.append([profile(run, window) for window in WINDOWS])
        fine = [profile(run, PRECISION_WINDOW, precision) for precision in PRECISIONS]
        by_precision.append(1 - np.array(fine)[:, 0])
        rates.append(run.counts(ONSET, STOP).mean() / (STOP - ONSET))
    return np.array(by_window), np.array(by_precision), np.mean(rates)


def with_errors(axis, x, values, **style):
    """Draw the mean over networks (first axis) with its standard error."""
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    axis.errorbar(x, values.mean(axis=0), error, marker="o", ms=3, capsize=2, **style)


def draw_profiles(axis, results):
    """Panel A: K against distance, coincidence at the left edge."""
    x = np.concatenate([[OFFSETS[1] / 5], OFFSETS[1:]])
    for label in ("Gaussian, g = 1", "heavy-tailed, g = 1"):
        for row, shade in ((1, 0.4), (2, 0.7), (4, 1.0)):
            values = results[label][0][:, row]
            full = np.hstack([np.ones((len(values), 1)), values])
            name = f"{label.split(',')[0]}, {1000 * WINDOWS[row]:g} ms"
            with_errors(axis, x, full, color=NETWORKS[label][2], alpha=shade, lw=1, label=name)
    axis.set(
        xscale="log", xlabel="distance of stimuli (rad)", ylabel="kernel K", ylim=(-0.05, 1.05)
    )
    axis.set_xticks([x[0], 0.002, 0.02, 0.2], ["same", "0.002", "0.02", "0.2"])
    axis.minorticks_off()
    axis.set_title("A  rough at 0, smooth beyond")
    axis.legend(fontsize=6, loc="lower left")


def main(path, size):
    """Draw all panels."""
    results = {label: measure(*setting[:2], *size) for label, setting in NETWORKS.items()}
    with figure_style():
        figure, axes = plt.subplots(1, 3, figsize=(11, 3.8))
        draw_profiles(axes[0], results)
        for label, (_, _, color, line) in NETWORKS.items():
            windows, precision, rate = results[label]
            style = {"color": color, "ls": line, "label": f"{label} ({rate:.0f} Hz)"}
            with_errors(axes[1], 1000 * WINDOWS, 1 - windows[:, :, 0], **style)
            with_errors(axes[2], 1000 * PRECISIONS, precision, **style)
        for axis, ticks in ((axes[1], WINDOWS), (axes[2], PRECISIONS)):
            axis.set_xscale("log")
            axis.set_xticks(1000 * ticks, [f"{1000 * tick:g}" for tick in ticks])
            axis.minorticks_off()
        axes[1].set(xlabel="window (ms)", ylabel="loss at 0.002 rad, 1 - K", ylim=(-0.05, 1.05))
        axes[1].set_title("B  counts: roughness against window")
        axes[2].set(xlabel="spike-time precision (ms)", ylim=(-0.05, 1.05))
        axes[2].set_title(f"C  precision, window {1000 * PRECISION_WINDOW:g} ms")
        axes[1].legend(fontsize=7, handlelength=3)
        figure.savefig(path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).with_suffix(".png")
    parser.add_argument("path", nargs="?", type=Path, default=default)
    parser.add_argument("--tiny", action="store_true", help="some seconds, not to be quoted")
    options = parser.parse_args()
    main(options.path, TINY if options.tiny else FULL)
