"""A spiking model of your own: exponential integrate-and-fire neurons with heavy-tailed weights.

The equations, threshold, reset and effect of a spike are those of a Brian2 script; each parameter
is a line with its unit.  That is enough for `simulate` on all backends and for Lyapunov exponents
by the saltation method.  `slope` sets how slowly a spike sets in; leaky integrate-and-fire neurons,
the library's `LIFNetwork`, have no onset at all.  Takes about a minute on one core, ``--tiny`` a
quarter; writes own_model.png next to this file, or to the path given as first argument.

What to look at: the same inhibitory weight matrix in three networks.  Potentials bend upwards
before a spike, the more so with the larger slope (A; the kinks are heavy-tailed pulses).  With an
onset the networks are chaotic, the more the slower it is; without one the largest exponent is zero
within its error and all others are negative (B; table with rates).
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from brian2 import Quantity, ms, mV, prefs, volt

import heavytail_snn as ht
from heavytail_snn.analysis import lyapunov_spectrum
from heavytail_snn.analysis.plots import figure_style

prefs.codegen.target = "numpy"  # or "cython"
FULL = {"n_neurons": 200, "duration": 3.0, "warmup": 0.5, "k": 10}
TINY = {"n_neurons": 60, "duration": 0.3, "warmup": 0.2, "k": 4}
COUPLING = ht.Coupling(
    ht.LevyStable(1.5), ht.FixedInDegree(30), gain=8.0, sign=ht.Inhibitory(), autapses=False
)


class ExponentialNetwork(ht.models.SpikingNetwork):
    """Exponential integrate-and-fire neurons with exponential synapses."""

    equations = """
        dv/dt = (drive - v + slope*exp((v - bend)/slope) + recurrent)/tau : volt
        drecurrent/dt = -recurrent/tau_syn : volt
        drive : volt (constant)
        slope : volt (shared, constant)
        bend : volt (shared, constant)
        tau : second (shared, constant)
        tau_syn : second (shared, constant)
        """
    threshold = "v > bend + 2*slope"
    reset = "v = 0*mV"
    on_pre = "recurrent_post += w*mV*tau_post/tau_syn_post"

    drive: Quantity = 24 * mV
    slope: Quantity = 2 * mV
    bend: Quantity = 18 * mV
    tau: Quantity = 20 * ms
    tau_syn: Quantity = 5 * ms

    def initial_values(self, generator):
        """Start somewhere below the bend; currents start at 0."""
        return {"v": generator.uniform(0, float(self.bend), self.size) * volt}


def networks(n_neurons):
    """Return the networks by label."""
    found = {
        f"exponential, slope {slope:g} mV": ExponentialNetwork(
            COUPLING, n_neurons, slope=slope * mV, bend=(20 - 2 * slope) * mV, delay=1 * ms
        )
        for slope in (3.0, 1.5)
    }
    found["LIFNetwork"] = ht.models.LIFNetwork(
        COUPLING, n_neurons, synapse="exponential", drive=24 * mV, t_ref=0 * ms, delay=1 * ms
    )
    return found


def upstroke(network):
    """Return time to the spike (ms) and potential (mV) of the first full cycle of a neuron."""
    run = ht.simulate(network, 200 * ms, dt=0.05 * ms, seed=1, record=["v"], backend="numpy")
    neuron = int(np.argmax(run.counts()))
    spike = run.times[run.ids == neuron][1]
    trace = run.traces["v"]
    time = trace.t_start + trace.dt * np.arange(len(trace.values))
    before = (time > spike - 0.02) & (time <= spike)
    return 1e3 * (time[before] - spike), 1e3 * trace.values[before, neuron]


def main(path, size):
    """Print the table and draw both panels."""
    with figure_style():
        figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
        print(f"{'network':25} {'rate':>8} {'lambda_1':>17}")
        for label, network in networks(size["n_neurons"]).items():
            left.plot(*upstroke(network), label=label)
            result = lyapunov_spectrum(
                network,
                k=size["k"],
                seed=1,
                dt=0.05 * ms,
                duration=size["duration"],
                state_warmup=size["warmup"],
                tangent_warmup=size["warmup"],
            )
            found = f"{result.largest_exponent:.2f} +- {result.standard_error[0]:.2f}"
            print(f"{label:25} {result.rate:5.1f} Hz {found:>13} 1/s")
            index = np.arange(1, size["k"] + 1)
            right.errorbar(index, result.exponents, result.standard_error, fmt="o-", ms=3)
        right.axhline(0, color="0.6", lw=0.8, zorder=0)
        left.set(xlabel="time to spike (ms)", ylabel="v (mV)", title="A  onset of a spike")
        right.set(xlabel="index", ylabel="Lyapunov exponent (1/s)", title="B  one weight matrix")
        left.legend(fontsize=7)
        figure.savefig(path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).with_suffix(".png")
    parser.add_argument("path", nargs="?", type=Path, default=default)
    parser.add_argument("--tiny", action="store_true", help="some seconds, not to be quoted")
    options = parser.parse_args()
    main(options.path, TINY if options.tiny else FULL)
