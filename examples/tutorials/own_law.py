"""A weight law of your own: stable weights that no synapse exceeds.

Real synapses have a largest strength.  `CutStable` draws symmetric stable weights (alpha = 1.5)
and draws again what lies beyond a cut; two members make it a law for every network.  It is put into
rate maps and into spiking networks, beside the uncut law of the library and a Gaussian.  Takes a
quarter of a minute on one core, ``--tiny`` some seconds; writes own_law.png next to this file, or
to the path given as first argument.

What to look at: without a cut, `CutStable` is `LevyStable` to the last digit (dashed).  The cut
takes the tail from the weights (A; table: the share of the largest synapse in the squares of its
row falls from 0.4 to 0.1) and moves the onset of chaos to larger gains, from 0.9 over 1.0 (cut at
30 scales) to 1.7 (cut at 5), and the exponents hover less about zero before it (B).  The rate of
the spiking networks hardly knows of the law.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from brian2 import ms, mV

import heavytail_snn as ht
from heavytail_snn.analysis import weight_tail
from heavytail_snn.analysis.lyapunov import largest_exponent_curve
from heavytail_snn.analysis.plots import figure_style

ALPHA, IN_DEGREE = 1.5, 100
FULL = {"n_neurons": 500, "n_gains": 24, "n_steps": 1000, "warmup": 1500, "duration": 1000}
TINY = {"n_neurons": 150, "n_gains": 6, "n_steps": 100, "warmup": 200, "duration": 200}


@dataclass(frozen=True)
class CutStable(ht.Law):
    """Symmetric stable weights with |w| below a cut: all that a law has to say."""

    alpha: float
    cut: float = np.inf

    @property
    def tail_exponent(self):
        """Sets the scale of a coupling, unless that says normalisation="none"."""
        return np.inf if np.isfinite(self.cut) else self.alpha

    def draw(self, size, generator):
        """Draw from `generator` alone, so that equal seeds give equal weights."""
        weights = ht.LevyStable(self.alpha).draw(size, generator)
        while (beyond := np.flatnonzero(np.abs(weights) > self.cut)).size:
            weights[beyond] = ht.LevyStable(self.alpha).draw(beyond.size, generator)
        return weights


LAWS = {
    "LevyStable": ht.LevyStable(ALPHA),
    "CutStable, no cut": CutStable(ALPHA),
    "CutStable, cut at 30": CutStable(ALPHA, cut=30.0),
    "CutStable, cut at 5": CutStable(ALPHA, cut=5.0),
    "Gaussian": ht.Gaussian(),
}


def coupling_of(law, gain=1.0):
    """Return the coupling with one scale for all laws, gain / K^(1/alpha)."""
    scale = gain / IN_DEGREE ** (1 / ALPHA)
    wiring = ht.FixedInDegree(IN_DEGREE)
    return ht.Coupling(law, wiring, scale, autapses=False, normalisation="none")


def measure(law, size):
    """Return weight tail, exponents against gain, and the rate of a spiking network."""
    coupling, n = coupling_of(law), size["n_neurons"]
    gains = np.geomspace(0.2, 10, size["n_gains"])
    curve = largest_exponent_curve(
        coupling, gains, n_neurons=n, seed=1, n_steps=size["n_steps"], state_warmup=size["warmup"]
    )
    network = ht.models.LIFNetwork(coupling_of(law, 3.0), n, drive=22 * mV)
    run = ht.simulate(network, size["duration"] * ms, seed=1, backend="numpy")
    return weight_tail(coupling.sample(n, seed=1)), curve, run.rates().mean()


def main(path, size):
    """Print the table and draw both panels."""
    with figure_style():
        figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
        print(
            f"{'law':22} {'Hill exponent':>15} {'largest share':>14} {'onset':>7} {'LIF rate':>9}"
        )
        for (name, law), color in zip(LAWS.items(), ("C0", "C1", "C2", "C3", "0.4"), strict=True):
            tail, curve, rate = measure(law, size)
            hill = f"{tail.exponent:.2f} +- {tail.standard_error:.2f}"
            print(
                f"{name:22} {hill:>15} {tail.largest_fraction:14.2f} {curve.onset():7.2f} "
                f"{rate:6.1f} Hz"
            )
            line = "--" if name == "CutStable, no cut" else "-"
            style = {"color": color, "ls": line, "label": name}
            left.loglog(tail.sizes, tail.survival, **style)
            curve.plot(right, **style)
        left.set(xlabel="|w|", ylabel="fraction of larger weights", title="A  weights")
        right.set(title="B  rate maps", ylim=(-0.6, None))
        left.legend(fontsize=7)
        figure.savefig(path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).with_suffix(".png")
    parser.add_argument("path", nargs="?", type=Path, default=default)
    parser.add_argument("--tiny", action="store_true", help="some seconds, not to be quoted")
    options = parser.parse_args()
    main(options.path, TINY if options.tiny else FULL)
