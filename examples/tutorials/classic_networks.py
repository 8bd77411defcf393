"""Are the benchmark networks chaotic?  CUBA, COBA and Hodgkin-Huxley, and electrical coupling.

The three networks of Brette et al. 2007 (doi:10.1007/s10827-007-0038-6) as plain Brian2 strings,
with their neurons and weights, but 200 neurons and 40 synapses each for 4,000 and 80; with constant
and with heavy-tailed weights (alpha = 1.5) of the same mean, three networks each.  Beside them the
CUBA network with gap junctions of growing conductance: a coupling without spikes.

What to look at (errors over three networks): with heavy tails CUBA turns chaotic, its largest
exponent goes from -0.2(17) to 5.1(7) per second, and COBA goes from 18(2) to 29(4), while both fire
more, 8 to 11 and 29 to 45 Hz; in the Hodgkin-Huxley network the largest exponent stays, 28(4) and
28(3), and the spectrum behind it falls more slowly.  (At equal rates heavy tails do the opposite:
see heavy_tails_across_neurons.)  Gap junctions slow CUBA down, 8 to 5 Hz; what they do to its
exponent is not seen at these errors.

Takes about three and a half minutes on one core; ``--tiny`` a few seconds.
Writes classic_networks.png, or the path given.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from brian2 import Network, NeuronGroup, Synapses, defaultclock, ms, mV, prefs
from brian2 import seed as seed_of_brian

from heavytail_snn.analysis import lyapunov_spectrum
from heavytail_snn.analysis.plots import figure_style
from heavytail_snn.weights.laws import Constant, LevyStable

FULL = {"n": 200, "degree": 40, "seeds": range(1, 4), "duration": 1.0, "models": None, "k": 10}
TINY = {"n": 40, "degree": 10, "seeds": range(1, 3), "duration": 0.2, "models": ("CUBA",), "k": 4}
LAWS = {"constant": Constant(), r"heavy-tailed, $\alpha$ = 1.5": LevyStable(1.5)}
JUNCTIONS = (0.0, 0.05, 0.1, 0.2)

GATES = """
dm/dt = 0.32*4/exprel((13*mV - u)/(4*mV))/ms*(1 - m) - 0.28*5/exprel((u - 40*mV)/(5*mV))/ms*m : 1
dn/dt = 0.032*5/exprel((15*mV - u)/(5*mV))/ms*(1 - n) - 0.5*exp((10*mV - u)/(40*mV))/ms*n : 1
dh/dt = 0.128*exp((17*mV - u)/(18*mV))/ms*(1 - h) - 4/(1 + exp((40*mV - u)/(5*mV)))/ms*h : 1
u = v + 63*mV : volt
"""
INPUTS = "dge/dt = -ge/(5*ms) : {0}\ndgi/dt = -gi/(10*ms) : {0}\n"
# equations, threshold, reset, refractory period, weights of excitation and inhibition, unit
MODELS = {
    "CUBA": (
        "dv/dt = (ge + gi + junction - (v + 49*mV))/(20*ms) : volt (unless refractory)\n"
        "junction : volt\n" + INPUTS.format("volt"),
        "v > -50*mV", "v = -60*mV", 5 * ms, (1.62, -9.0), mV,
    ),
    "COBA": (
        "dv/dt = (20*mV - (v + 60*mV) + ge*(0*mV - v) + gi*(-80*mV - v))/(20*ms) : volt "
        "(unless refractory)\n" + INPUTS.format("1"),
        "v > -50*mV", "v = -60*mV", 5 * ms, (0.6, 6.7), 1,
    ),
    "Hodgkin-Huxley": (
        "dv/dt = (-60*mV - v + ge*(0*mV - v) + gi*(-80*mV - v) + 100/0.05*m**3*h*(50*mV - v)"
        " + 30/0.05*n**4*(-90*mV - v))/(20*ms) : volt\n" + GATES + INPUTS.format("1"),
        "v > -20*mV", "", 3 * ms, (0.6, 6.7), 1,
    ),
}  # fmt: skip


def network_of(model, law, seed, sizes, coupling=0.0):
    """Return a network of four fifths excitatory and one fifth inhibitory neurons."""
    equations, threshold, reset, refractory, strengths, unit = MODELS[model]
    n, rng = sizes["n"], np.random.default_rng(seed)
    group = NeuronGroup(
        n, equations, threshold=threshold, reset=reset, refractory=refractory,
        method="exponential_euler",
    )  # fmt: skip
    group.v = -60 * mV + 10 * mV * rng.random(n)
    if "h" in group.variables:
        group.h = 1
    # enough to start the activity, which then goes on by itself
    group.ge = strengths[0] * unit * 10 * rng.random(n)
    parts = [group]
    for (low, high), variable, strength in zip(
        ((0, 4 * n // 5), (4 * n // 5, n)), ("ge", "gi"), strengths, strict=True
    ):
        kind = "w : 1" if isinstance(unit, int) else "w : volt"
        synapses = Synapses(group, group, kind, on_pre=f"{variable} += w")
        targets, sources = np.nonzero(rng.random((n, high - low)) < sizes["degree"] / n)
        synapses.connect(i=low + sources, j=targets)
        factors = np.abs(law.sample(targets.size, seed=rng))
        synapses.w = strength * unit * factors / factors.mean()
        parts.append(synapses)
    if coupling:
        pairs = np.triu(rng.random((n, n)) < 10 / n, 1)
        one, other = np.nonzero(pairs | pairs.T)
        electrical = Synapses(
            group, group, "junction_post = share*(v_pre - v_post) : volt (summed)\nshare : 1"
        )
        electrical.connect(i=one, j=other)
        electrical.share = coupling
        parts.append(electrical)
    return Network(*parts)


def measure(model, law, seed, sizes, coupling=0.0):
    """Return the leading exponents in 1/s, and the rate in Hz behind them."""
    seed_of_brian(seed)
    found = lyapunov_spectrum(
        network_of(model, law, seed, sizes, coupling), duration=sizes["duration"], k=sizes["k"],
        state_warmup=0.2, tangent_warmup=0.2, seed=seed,
    )  # fmt: skip
    return np.append(found.exponents, found.rate)


def report(name, rows):
    """Print largest exponent and rate, mean and standard error over networks."""
    columns = np.array(rows)[:, [0, -1]].T
    error = columns.std(axis=1, ddof=1) / np.sqrt(columns.shape[1])
    cells = [f"{c.mean():8.3g}+-{e:<7.2g}" for c, e in zip(columns, error, strict=True)]
    print(f"{name:44}", *cells, flush=True)


def main():
    """Measure, print a table, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).with_suffix(".png")
    parser.add_argument("path", nargs="?", type=Path, default=default)
    parser.add_argument("--tiny", action="store_true", help="a few seconds, not to be quoted")
    options = parser.parse_args()
    sizes = TINY if options.tiny else FULL
    prefs.codegen.target = "numpy" if options.tiny else "auto"
    names = sizes["models"] or list(MODELS)
    print(f"{'network':44} lambda_1 (1/s)    rate (Hz)")
    with figure_style():
        drawing, axes = plt.subplots(
            1, len(names) + 1, figsize=(3 * len(names) + 3, 3.4), layout="constrained"
        )
    for ax, model in zip(axes, names, strict=False):
        defaultclock.dt = (0.05 if model == "Hodgkin-Huxley" else 0.1) * ms
        for label, law in LAWS.items():
            rows = np.array([measure(model, law, seed, sizes) for seed in sizes["seeds"]])
            report(f"{model}, {label}", rows)
            mean, error = rows.mean(axis=0), rows.std(axis=0, ddof=1) / np.sqrt(len(rows))
            index = np.arange(1, sizes["k"] + 1)
            ax.errorbar(index, mean[:-1], error[:-1], fmt=".-", label=label)
        ax.axhline(0, color="0.7", lw=0.8, zorder=0)
        ax.set(title=model, xlabel="index", ylabel="exponent (1/s)")
    axes[len(names) - 1].legend(loc="upper right")
    defaultclock.dt = 0.1 * ms
    largest = []
    for conductance in JUNCTIONS:
        rows = [
            measure("CUBA", LAWS["constant"], seed, sizes, conductance) for seed in sizes["seeds"]
        ]
        report(f"CUBA, gap junctions of {conductance:g} of the leak", rows)
        largest.append([row[0] for row in rows])
    values = np.array(largest)
    axes[-1].errorbar(
        JUNCTIONS, values.mean(axis=1), values.std(axis=1, ddof=1) / np.sqrt(values.shape[1]),
        fmt="o-", capsize=3,
    )  # fmt: skip
    axes[-1].set(
        title="CUBA with gap junctions", xlabel="conductance / leak",
        ylabel="largest exponent (1/s)",
    )  # fmt: skip
    axes[-1].axhline(0, color="0.7", lw=0.8, zorder=0)
    drawing.savefig(options.path, dpi=150)


if __name__ == "__main__":
    main()
