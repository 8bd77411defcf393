"""Does plasticity tame chaos?  Depressing synapses, and inhibition that learns, in one network.

An inhibitory network (N = 50, K = 15) of exponential integrate-and-fire neurons at 10 Hz, with
Gaussian and with heavy-tailed weights (alpha = 1.2), three networks each:

- short-term depression (Tsodyks-Markram, event-driven) against static synapses that are as strong
  on average;
- inhibitory plasticity (Vogels et al. 2011, doi:10.1126/science.1211095): weights as they were
  before learning, weights that learn, and weights held as learning left them.

Resources, traces and plastic weights are part of the state that is perturbed: the exponents are
those of neurons and synapses together.

What to look at (errors over three networks): plasticity does not tame chaos here.  With Gaussian
weights learning raises the largest exponent from 21.2(1) to 28(2) per second, and 26.0(9) while it
goes on; with heavy tails 18(4) goes to 25(5) and 27.4(8).  Depression leaves it where it was, 23(3)
and 19(4).  Plastic weights add directions near 0, which neither grow nor die out (right).

Takes about two minutes on one core; ``--tiny`` half a minute.
Writes plasticity_and_chaos.png, or the path given.
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
    volt,
)

from heavytail_snn.analysis import lyapunov_spectrum
from heavytail_snn.analysis.plots import figure_style
from heavytail_snn.weights.coupling import Coupling, Inhibitory
from heavytail_snn.weights.laws import LevyStable
from heavytail_snn.weights.wiring import FixedProbability

ALPHAS = (2.0, 1.2)
RATE = 10.0  # Hz
FULL = {"n": 50, "degree": 15, "seeds": range(1, 4), "duration": 1.5, "learning": 10.0}
TINY = {"n": 20, "degree": 8, "seeds": range(1, 3), "duration": 0.2, "learning": 0.5}

EQUATIONS = """
dv/dt = (-65*mV - v + 2*mV*exp((v + 50*mV)/(2*mV)) - i_s + drive)/(10*ms) : volt (unless refractory)
di_s/dt = -i_s/(5*ms) : volt
drive : volt (constant)
"""
U, TAU_REC, TAU_TRACE = 0.4, 200 * ms, 20 * ms
STATIC = {"model": "w : volt", "on_pre": "i_s_post += w"}
DEPRESSING = {
    "model": "w : volt\ndr/dt = (1 - r)/TAU_REC : 1 (event-driven)",
    "on_pre": "i_s_post += w*r; r -= U*r",
}
LEARNING = {
    "model": """w : volt
    dpre/dt = -pre/TAU_TRACE : 1 (event-driven)
    dpost/dt = -post/TAU_TRACE : 1 (event-driven)""",
    "on_pre": """i_s_post += w
    pre += 1
    w = clip(w + eta*(post - 2*RATE*Hz*TAU_TRACE), 0*mV, w_max)""",
    "on_post": "post += 1; w = clip(w + eta*pre, 0*mV, w_max)",
}
KINDS = ("static", "depressing", "before learning", "while learning", "after learning")


class Case:
    """One network: the same neurons and wiring under each kind of synapse."""

    def __init__(self, alpha, seed, sizes):
        coupling = Coupling(
            LevyStable(alpha), FixedProbability(sizes["degree"] / (sizes["n"] - 1)),
            sign=Inhibitory(), autapses=False, normalisation="balanced",
        )  # fmt: skip
        weights = coupling.sample(sizes["n"], seed=seed).tocoo()
        self.sources, self.targets = weights.col, weights.row
        self.weights = -30 * mV * weights.data
        self.start = np.random.default_rng(seed).random(sizes["n"])
        self.sizes = sizes

    def network(self, synapse, weights, level):
        """Return a network of the neurons with synapses of one kind."""
        neurons = NeuronGroup(
            self.sizes["n"], EQUATIONS, threshold="v > -40*mV", reset="v = -60*mV",
            refractory=2 * ms, method="euler", name="neurons",
        )  # fmt: skip
        neurons.v, neurons.drive = -65 * mV + 15 * mV * self.start, level * mV
        names = {
            "U": U, "TAU_REC": TAU_REC, "TAU_TRACE": TAU_TRACE, "RATE": RATE,
            "eta": 0.02 * np.mean(self.weights), "w_max": 3 * np.max(self.weights),
        }  # fmt: skip
        synapses = Synapses(
            neurons, neurons, **synapse, delay=1 * ms, namespace=names, name="synapses"
        )
        synapses.connect(i=self.sources, j=self.targets)
        synapses.w = weights
        if "r" in synapses.variables:
            synapses.r = 1
        return Network(neurons, synapses)

    def rate(self, synapse, weights, level, duration):
        """Return the mean rate in Hz, and the weights at the end."""
        network = self.network(synapse, weights, level)
        monitor = SpikeMonitor(network["neurons"], record=False)
        network.add(monitor)
        network.run(duration * second)
        found = np.array(network["synapses"].w_) * volt  # a copy: the network goes away
        return monitor.num_spikes / self.sizes["n"] / duration, found

    def drive(self, synapse, weights):
        """Return the drive in mV at which the network fires at RATE, by bisection."""
        low, high = 10.0, 60.0
        for _ in range(10):
            level = 0.5 * (low + high)
            found, _ = self.rate(synapse, weights, level, self.sizes["duration"] / 2)
            low, high = (level, high) if found < RATE else (low, level)
            if abs(found - RATE) < 0.02 * RATE:
                break
        return level

    def measure(self, synapse, weights, level):
        """Return the leading exponents in 1/s, and the rate in Hz behind them."""
        found = lyapunov_spectrum(
            self.network(synapse, weights, level), duration=self.sizes["duration"],
            k=self.sizes["n"] // 5, state_warmup=0.3, tangent_warmup=0.4, seed=1,
        )  # fmt: skip
        return np.append(found.exponents, found.rate)

    def all_kinds(self):
        """Return one row for each kind: exponents, and the rate."""
        w = self.weights
        level = self.drive(STATIC, w)
        stronger = w * (1 + U * RATE * float(TAU_REC))  # mean resources at RATE, by their equation
        rows = [self.measure(STATIC, w, level)]
        rows.append(self.measure(DEPRESSING, stronger, self.drive(DEPRESSING, stronger)))
        _, learnt = self.rate(LEARNING, w, level, self.sizes["learning"])
        rows.append(rows[0])
        rows.append(self.measure(LEARNING, learnt, level))
        rows.append(self.measure(STATIC, learnt, level))
        return rows


def figure(results):
    """Return largest exponents of each kind of synapse, and the leading spectra."""
    drawing, (left, *right) = plt.subplots(1, 3, figsize=(11, 3.8), layout="constrained")
    place = np.arange(len(KINDS))
    for number, (alpha, values) in enumerate(results.items()):
        mean, error = values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(len(values))
        left.errorbar(
            place + 0.12 * (number - 0.5), mean[:, 0], error[:, 0], fmt="o", capsize=3,
            color="k", mfc=("k", "w")[number], label=rf"$\alpha$ = {alpha:g}",
        )  # fmt: skip
        index = np.arange(1, mean.shape[1])
        for kind, row in enumerate(mean):
            if kind != 2:  # "before learning" is "static"
                right[number].plot(index, row[:-1], color=f"C{kind}", label=KINDS[kind])
        right[number].set(title=rf"$\alpha$ = {alpha:g}", xlabel="index", ylabel="exponent (1/s)")
    left.set_xticks(place, KINDS, rotation=25, ha="right")
    left.axvline(1.5, color="0.85", lw=1, zorder=0)
    left.set_ylabel("largest exponent (1/s)")
    left.set_ylim(bottom=0)
    for ax in right:
        ax.axhline(0, color="0.7", lw=0.8, zorder=0)
    left.legend()
    right[0].legend()
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
    defaultclock.dt = 0.1 * ms
    results = {}
    print("alpha  synapses         lambda_1 (1/s)     rate (Hz)")
    for alpha in ALPHAS:
        values = np.array([Case(alpha, seed, sizes).all_kinds() for seed in sizes["seeds"]])
        results[alpha] = values
        for kind, row in zip(KINDS, values.transpose(1, 2, 0), strict=True):
            cells = [
                f"{c.mean():8.3g}+-{c.std(ddof=1) / np.sqrt(len(c)):<7.2g}" for c in row[[0, -1]]
            ]
            print(f"{alpha:4.1f}   {kind:16}", *cells, flush=True)
    with figure_style():
        figure(results).savefig(options.path, dpi=150)


if __name__ == "__main__":
    main()
