"""The Lyapunov spectrum of your own Brian2 network, in one call.

A plain Brian2 script: inhibitory LIF neurons with exponential synapses, a delay and a refractory
period, with constant and with heavy-tailed weights of the same mean.  Look at three things:

- what the library read (printed: state, inputs, what happens in each step and in which order);
- the spectra: with constant weights the network is chaotic, and the method says by how much;
- the difference of two perturbed copies of the same simulation, which shrinks with the leak: on a
  time grid this popular recipe returns -1/tau_s for every network.

Runs in about half a minute on one core; ``--tiny`` in a few seconds.  Writes brian2_lyapunov.png,
or the path given.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from brian2 import Network, NeuronGroup, Synapses, defaultclock, ms, prefs

from heavytail_snn.analysis import lyapunov_spectrum
from heavytail_snn.analysis.lyapunov import paired_synapses

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("path", nargs="?", type=Path, default=Path(__file__).with_suffix(".png"))
parser.add_argument("--tiny", action="store_true", help="a few seconds, not to be quoted")
options = parser.parse_args()
N, K, DURATION = (60, 15, 0.5) if options.tiny else (200, 40, 3.0)

prefs.codegen.target = "numpy"  # or "cython", or a standalone device: all work
defaultclock.dt = 0.1 * ms
tau_m, tau_s, mu = 10 * ms, 12 * ms, 3.0

rng = np.random.default_rng(1)
targets, sources = np.nonzero((rng.random((N, N)) < K / (N - 1)) & ~np.eye(N, dtype=bool))
weight_laws = {
    "constant": np.ones(targets.size),
    "Pareto, tail exponent 1.5": rng.pareto(1.5, targets.size) / 2,  # mean 1
}


def network(relative_weights, sources, targets, copies=1):
    """Return an ordinary Brian2 network."""
    neurons = NeuronGroup(
        copies * N,
        """dv/dt = (mu - v + I)/tau_m : 1 (unless refractory)
           dI/dt = -I/tau_s : 1""",
        threshold="v > 1",
        reset="v = 0",
        refractory=2 * ms,
        method="exact",
    )
    synapses = Synapses(neurons, neurons, "w : 1", on_pre="I_post += w", delay=1 * ms)
    synapses.connect(i=sources, j=targets)
    synapses.w = -2 / np.sqrt(K) * (tau_m / tau_s) * relative_weights
    neurons.v = np.tile(np.random.default_rng(2).random(N), copies)
    return Network(neurons, synapses), neurons, synapses


def divergence_of_copies():
    """Return times in s and the difference of the currents of two copies that start 1e-8 apart."""
    i, j, _ = paired_synapses(sources, targets, N)
    net, neurons, _ = network(1.0, i, j, copies=2)
    net.run(100 * ms)
    neurons.I[N:] = neurons.I[N:] + 1e-8 * np.random.default_rng(3).standard_normal(N)
    distance = []
    for _ in range(15):
        net.run(5 * ms)
        distance.append(np.linalg.norm(neurons.I[:N] - neurons.I[N:]))
    return 5e-3 * np.arange(1, 16), np.array(distance)


fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
for number, (name, relative) in enumerate(weight_laws.items()):
    net, *_ = network(relative, sources, targets)
    result = lyapunov_spectrum(net, duration=DURATION, k=10, seed=1, explain=number == 0)
    print(
        f"{name}: lambda_1 = {result.largest_exponent:.1f} +- "
        f"{result.largest_exponent_standard_error:.1f} 1/s at {result.rate:.1f} Hz"
    )
    left.errorbar(np.arange(1, 11), result.exponents, result.standard_error, fmt="o-", label=name)
print(result.warnings[0])
left.axhline(0, color="0.6", lw=0.8, zorder=0)
left.set(xlabel="index", ylabel="Lyapunov exponent (1/s)", title="tangent along recorded spikes")
left.legend()

times, distance = divergence_of_copies()
right.semilogy(times * 1e3, distance, "o-", label="two perturbed copies")
leak = distance[0] * np.exp(-(times - times[0]) / float(tau_s))
right.semilogy(times * 1e3, leak, "k--", label=r"leak $e^{-t/\tau_s}$")
right.set(xlabel="time (ms)", ylabel="difference of currents", title="copies on a grid: the leak")
right.legend()
fig.savefig(options.path, dpi=150)
