"""An activation of your own: softsign units, which saturate slowly, beside tanh.

``x / (1 + |x|)`` has the slope of tanh at 0, but reaches its bounds like 1/x and not exponentially.
A name and two functions make it an activation for rate networks, Lyapunov spectra and theories.
Takes about twenty seconds on one core, ``--tiny`` some; writes own_activation.png next to this
file, or to the path given as first argument.

What to look at: softsign units are less chaotic than tanh at every gain, with Gaussian weights (A)
and with heavy tails (B), where chaos sets in at smaller gains.  Dashed lines in A are the theory of
infinitely many units, solved for either activation; 500 units lie 0 to 3 % below at the largest
gain.  The table has exponent, theory and Kaplan-Yorke dimension per unit there.  A derivative that
does not belong to its function is refused when the activation is made (printed last).
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import heavytail_snn as ht
from heavytail_snn.analysis import lyapunov_spectrum, theory
from heavytail_snn.analysis.lyapunov import largest_exponent_curve
from heavytail_snn.analysis.plots import figure_style
from heavytail_snn.models import Activation, RateMap

FULL = {"n_neurons": 500, "n_gains": 16, "n_steps": 1000, "warmup": 1500, "spectrum": 500}
TINY = {"n_neurons": 100, "n_gains": 5, "n_steps": 100, "warmup": 200, "spectrum": 100}
LARGEST_GAIN = 5.0


def softsign(x):
    return x / (1 + abs(x))


def softsign_slope(x):
    return (1 + abs(x)) ** -2


ACTIVATIONS = {
    "tanh": "tanh",
    "softsign": Activation("softsign", softsign, softsign_slope),
}
WEIGHTS = {
    "Gaussian": ht.Coupling(ht.Gaussian(), ht.AllToAll()),
    "stable, alpha = 1.5": ht.Coupling(ht.LevyStable(1.5), ht.AllToAll()),
}


def measure(coupling, phi, gains, size):
    """Return the exponents against gain, and the spectrum at the largest one."""
    n = size["n_neurons"]
    curve = largest_exponent_curve(
        coupling,
        gains,
        n_neurons=n,
        phi=phi,
        seed=1,
        n_steps=size["n_steps"],
        state_warmup=size["warmup"],
    )
    network = RateMap(coupling, n, gain=LARGEST_GAIN, phi=phi)
    spectrum = lyapunov_spectrum(
        network, seed=1, n_steps=size["spectrum"], state_warmup=size["warmup"]
    )
    return curve, spectrum


def main(path, size):
    """Print the table and draw both panels."""
    gains = np.geomspace(0.5, LARGEST_GAIN, size["n_gains"])
    with figure_style():
        figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained", sharey=True)
        print(f"{'weights':20} {'phi':9} {'lambda_1':>16} {'theory':>7} {'dimension / N':>14}")
        for axis, letter, (label, coupling) in zip(axes, "AB", WEIGHTS.items(), strict=True):
            for color, (name, phi) in zip(("C0", "C1"), ACTIVATIONS.items(), strict=True):
                curve, spectrum = measure(coupling, phi, gains, size)
                curve.plot(axis, color=color, marker="o", ms=3, label=name)
                predicted = ""
                if label == "Gaussian":
                    chaotic = gains[gains > 1.2]
                    lines = [theory.rate_map(g, phi=phi).largest_exponent for g in chaotic]
                    axis.plot(chaotic, lines, color=color, ls="--")
                    predicted = f"{lines[-1]:.3f}"
                found = f"{spectrum.largest_exponent:.3f} +- {spectrum.standard_error[0]:.3f}"
                share = spectrum.kaplan_yorke_dimension / size["n_neurons"]
                print(f"{label:20} {name:9} {found:>16} {predicted:>7} {share:14.3f}")
            axis.set_title(f"{letter}  {label}")
        axes[1].set_ylabel("")
        axes[0].legend()
        figure.savefig(path)
    try:
        Activation("softsign", softsign, lambda x: (1 + abs(x)) ** -1)
    except ht.ParameterError as error:
        print(error)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).with_suffix(".png")
    parser.add_argument("path", nargs="?", type=Path, default=default)
    parser.add_argument("--tiny", action="store_true", help="some seconds, not to be quoted")
    options = parser.parse_args()
    main(options.path, TINY if options.tiny else FULL)
