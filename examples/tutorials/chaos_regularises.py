"""Chaos regularises: what recurrent chaos does to a readout, theory and networks on one figure.

Networks of +-1 units are shown stimuli, each under the very same noise, and a linear readout is
trained from their states.  Chaos answers even the closest stimuli differently, so that the kernel
of the states is a smooth kernel plus a nugget on its diagonal.  Takes about a minute on one
core; writes chaos_regularises.png next to this file, or to the path given as first argument
(``--tiny``: smaller networks, ten seconds).

What to look at.  A: the test error of regression is least at intermediate coupling, for each of
three targets.  Too little chaos fits the noise of the labels, too much forgets the stimulus.
(With exact labels there is nothing to regularise, and the least coupling is the best.)
B: learning curves.  The closed formula agrees with kernel regression except at weak coupling
(blue): almost nothing regularises there, and in so few dimensions it overestimates the error.
C: the nugget is a ridge.  Lines: the smooth part of theory's kernel with a ridge given by hand.
Stars: networks without any ridge, at the nugget that their chaos makes; dots: with a ridge added
to it.  Weak coupling makes too small a ridge, strong coupling one beyond the best.
D: two classes that alternate along a small ring of stimuli, given as the initial state; a linear
readout of the stimulus itself is at chance.  The chaotic network spreads the ring over many
dimensions, later it forgets: the best moment lies between, near t = 1.  The same network with weak
coupling, not chaotic at this size, only forgets.  The matched rate network has the same
second-order statistics as the chaotic one but is never chaotic: it contracts the ring without
bending it, and stays at chance.  (Chance is a little above one half: the class that the training
half has more of is rarer in the other half.)

The readout of panel D is noisy, each unit with twice its own variance; that is its ridge.  Without
this noise the best moment is the onset: units that take the signs of the stimulus already bend the
ring, which a noiseless readout would see however small it is.  And on a ring as large as the whole
circle, with little noise, all three networks have their best moment after onset, as any layer of
random nonlinear units has, though the chaotic one's is much the best.  Error bars are standard
errors over networks.  What networks lack to theory in A to C, and what they remember longer in D,
are effects of their finite size.

The ideas are those of Bauer, Keup, Kadmon & Helias, arXiv 2606.04426 (regression), and Keup, Kuehn,
Dahmen & Helias, Phys. Rev. X 11, 021064 (2021) (classification); definitions are our own.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import NullFormatter, NullLocator
from scipy import special

from heavytail_snn.analysis import theory
from heavytail_snn.analysis.geometry import (
    kernel_classification,
    kernel_regression,
    response_kernel,
)
from heavytail_snn.analysis.plots import figure_style
from heavytail_snn.models import RateFlow, binary_trials, circle, given_stimuli, rate_trials

# regression: angles as input drive, read after four update intervals
TIME, NOISE, LABEL_NOISE, N_ANGLES = 4.0, 0.3, 0.5, 120
N_DRAWS = 10  # of training sets, for each network
GAINS = np.array([0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0])
SHOWN = (0.02, 0.5, 2.0)  # in panels B and C
N_TRAIN = np.array([5, 10, 20, 40, 80])
RIDGES = np.geomspace(1e-4, 10, 21)
ADDED = (0.0, 0.3, 1.0, 3.0)
TARGETS = {
    "two harmonics": lambda x: np.sqrt(2) * (np.cos(x) + 0.5 * np.cos(3 * x)),
    "square wave": lambda x: np.sign(np.cos(x)),
    "bump": lambda x: 4 * np.exp((np.cos(x) - 1) / 0.1),
}
# classification: noisy prototypes on a small ring around one pattern, as initial state
N_PROTOTYPES, N_COPIES, RADIUS, SPREAD = 8, 20, 0.15, 0.4  # spread: of half the spacing
CLASS_GAIN, WEAK_GAIN, CLASS_NOISE, READOUT_NOISE = 1.0, 0.02, 0.5, 2.0
MOMENTS = np.array([0, 0.3, 0.6, 1, 1.5, 2, 3, 4, 6])


def smooth_modes(g):
    """Return eigenvalues of the smooth kernel's modes cos(k angle), and the nugget."""
    angles = 2 * np.pi * np.arange(2049) / 4096
    result = theory.response_kernel(angles, [TIME], g=g, s=NOISE)
    values, nugget = result.kernel[0].copy(), result.nugget[0]
    values[0] = 1 - nugget
    spectrum = np.fft.hfft(values, 4096) / 4096
    modes = np.maximum(spectrum[:2048], 0)  # negative ones are rounding
    return np.where(np.arange(2048) == 0, 1, 2) * modes, nugget


def smooth_kernel(modes, angles):
    """Return the smooth kernel of all pairs of angles, positive semidefinite by construction."""
    phases = np.outer(angles, np.arange(modes.size))
    waves = np.hstack([np.cos(phases), np.sin(phases)]) * np.sqrt(np.tile(modes, 2))
    return waves @ waves.T


def formula(modes, nugget):
    """Return the closed learning curve of the target "two harmonics"."""
    values = np.concatenate([modes[:1], np.repeat(modes[1:] / 2, 2)])  # cos and sin
    power = np.zeros_like(values)
    power[1], power[5] = 1.0, 0.25
    curve = theory.learning_curve(values, power, N_TRAIN, ridge=nugget, label_noise=LABEL_NOISE)
    return curve.error


def regression(n_neurons, n_networks):
    """Return test errors of networks and of theory's kernel, networks along the first axis."""
    limits = {g: smooth_modes(g) for g in GAINS}
    rows = [regression_of_one(n_neurons, seed, limits) for seed in range(n_networks)]
    results = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    results["formula"] = np.array([formula(*limits[g]) for g in SHOWN])
    results["nuggets"] = np.array([limits[g][1] for g in SHOWN])
    return results


def regression_of_one(n_neurons, seed, limits):
    """Return the errors of one network: by coupling, training stimuli and ridge."""
    random = np.random.default_rng(seed)
    angles = random.uniform(0, 2 * np.pi, N_ANGLES)
    targets = [target(angles) for target in TARGETS.values()]
    drive = circle(angles).patterns(n_neurons, seed=seed)
    weights = random.standard_normal((n_neurons, n_neurons), dtype=np.float32)
    weights /= np.float32(np.sqrt(n_neurons))
    # no intercept: the closed formula has none
    options = {
        "label_noise": LABEL_NOISE,
        "intercept": False,
        "n_draws": N_DRAWS,
        "seed": seed,
    }

    def error(kernel, target=targets[0], n_train=80, ridge=0.0):
        return kernel_regression(kernel, target, n_train=n_train, ridge=ridge, **options).error

    row = {name: [] for name in ("network", "theory", "curves", "limits", "ridged", "ridges")}
    for g in GAINS:
        coupled = np.float32(g) * weights
        states = binary_trials(coupled, [TIME], drive=drive, noise=NOISE, seed=seed)[0]
        network = response_kernel(states).kernel
        modes, nugget = limits[g]
        smooth = smooth_kernel(modes, angles)
        infinite = smooth + nugget * np.eye(N_ANGLES)
        row["network"].append([error(network, target) for target in targets])
        row["theory"].append([error(infinite, target) for target in targets])
        if g in SHOWN:
            row["curves"].append([error(network, n_train=p) for p in N_TRAIN])
            row["limits"].append([error(infinite, n_train=p) for p in N_TRAIN])
            row["ridged"].append([error(network, ridge=ridge) for ridge in ADDED])
            row["ridges"].append([error(smooth, ridge=ridge) for ridge in RIDGES])
    return row


def ring(seed, radius=RADIUS):
    """Return stimuli of alternating classes on a ring around one pattern, and their angles."""
    place = np.repeat(np.arange(N_PROTOTYPES), N_COPIES)
    jitter = SPREAD / 2 * np.random.default_rng(seed).standard_normal(place.size)
    angles = 2 * np.pi / N_PROTOTYPES * (place + jitter)
    around = radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    centre = np.full((place.size, 1), np.sqrt(1 - radius**2))
    return given_stimuli(np.hstack([centre, around]), labels=place % 2), angles


def ring_kernels(angles, gain=CLASS_GAIN, radius=RADIUS):
    """Return theory's kernel of infinite +-1 networks at each moment."""
    # angle x of two patterns, whose signs overlap by 1 - 2 x/pi
    between = 2 * np.arcsin(radius * np.abs(np.sin((angles[:, None] - angles) / 2)))
    far = np.linspace(1.001e-3, between.max(), 800)
    grid = np.concatenate([np.geomspace(1e-7, 1e-3, 400), far])
    start = 2 * np.arcsin(np.sqrt(grid / np.pi))  # the angle whose cosine is that overlap
    curves = theory.response_kernel(
        start, MOMENTS, g=gain, s=CLASS_NOISE, coding="initial_condition"
    )
    kernels = np.array([np.interp(between, grid, curve) for curve in curves.kernel])
    kernels[:, np.arange(angles.size), np.arange(angles.size)] = 1.0
    return kernels


def kernel_of(states):
    """Return the kernel of states; a network may have forgotten all: `response_kernel` refuses."""
    return states @ states.T / np.mean(np.sum(states**2, axis=1))


def matched_network(weights):
    """Return the rate network with the second-order statistics of the chaotic +-1 network."""
    s = CLASS_NOISE
    phi = (
        lambda x: special.erf(x / (s * np.sqrt(2))),
        lambda x: np.sqrt(2 / np.pi) / s * np.exp(-(x**2) / (2 * s**2)),
    )
    noise = theory.matched_rate_network(CLASS_GAIN, s).noise_variance ** 0.5
    return RateFlow(weights, gain=CLASS_GAIN, phi=phi, noise=noise, scheme="euler")


def classification(n_neurons, n_networks, radius=RADIUS, readout_noise=READOUT_NOISE):
    """Return shares of wrong labels by network and moment for each kind of network and theory."""
    results = {name: [] for name in ("chaotic", "theory", "weak", "weak theory", "rate")}
    for seed in range(n_networks):
        stimulus, angles = ring(seed, radius)
        patterns = stimulus.patterns(n_neurons, seed=seed)
        random = np.random.default_rng([seed, 1])  # not the numbers of the ring
        weights = random.standard_normal((n_neurons, n_neurons), dtype=np.float32)
        weights /= np.float32(np.sqrt(n_neurons))
        kernels = {}
        for name, gain in (("chaotic", CLASS_GAIN), ("weak", WEAK_GAIN)):
            coupled = np.float32(gain) * weights
            signs = np.where(patterns > 0, 1.0, -1.0)
            states = binary_trials(coupled, MOMENTS, initial=signs, noise=CLASS_NOISE, seed=seed)
            kernels[name] = [kernel_of(state) for state in states]
        kernels["theory"] = ring_kernels(angles, CLASS_GAIN, radius)
        kernels["weak theory"] = ring_kernels(angles, WEAK_GAIN, radius)
        start = CLASS_GAIN * patterns  # standard deviation of the stationary field
        rates = rate_trials(matched_network(weights), MOMENTS, initial=start, seed=seed)
        kernels["rate"] = [kernel_of(rate) for rate in rates]
        options = {
            "n_train": angles.size // 2,
            "ridge": readout_noise,
            "n_draws": N_DRAWS,
            "seed": seed,
        }
        for name, row in kernels.items():
            errors = [kernel_classification(kernel, stimulus.labels, **options) for kernel in row]
            results[name].append([error.error for error in errors])
    return {name: np.array(rows) for name, rows in results.items()}


def points(axis, x, values, color, **style):
    """Draw means over networks (first axis) with their standard errors."""
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    style = {"marker": "o", "ms": 4, "ls": "", "capsize": 2, "elinewidth": 1} | style
    axis.errorbar(x, values.mean(axis=0), error, color=color, **style)


def plain_ticks(axis, ticks):
    """Label a logarithmic axis of errors with plain numbers."""
    axis.set_yscale("log")
    axis.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.yaxis.set_minor_formatter(NullFormatter())


def draw_couplings(axis, results):
    """Panel A: test error against coupling."""
    angles = 2 * np.pi * np.arange(4096) / 4096
    for number, (name, target) in enumerate(TARGETS.items()):
        scale = np.var(target(angles))
        color = f"C{number}"
        axis.plot(GAINS, results["theory"][:, :, number].mean(axis=0) / scale, color=color)
        measured = results["network"][:, :, number] / scale
        points(axis, GAINS, measured, color, label=name, marker="os^"[number])
    plain_ticks(axis, [0.03, 0.05, 0.1, 0.2, 0.4])
    axis.set(xscale="log", xlabel="coupling g", ylabel="test error / variance of target")
    axis.set_xticks([0.02, 0.1, 0.5, 2], ["0.02", "0.1", "0.5", "2"])
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.set_title("A  best at intermediate coupling")
    axis.legend()


def draw_curves(axis, results):
    """Panel B: learning curves."""
    for number, g in enumerate(SHOWN):
        color = f"C{number}"
        axis.plot(N_TRAIN, results["limits"][:, number].mean(axis=0), color=color)
        axis.plot(N_TRAIN, results["formula"][number], color=color, ls="--")
        points(axis, N_TRAIN, results["curves"][:, number], color, label=f"g = {g:g}")
    axis.plot([], [], color="0.4", label="kernel of theory")
    axis.plot([], [], color="0.4", ls="--", label="closed formula")
    plain_ticks(axis, [0.05, 0.1, 0.2, 0.5])
    axis.set(xscale="log", xlabel="number of training stimuli P", ylabel="test error")
    axis.set_xticks(N_TRAIN, [str(p) for p in N_TRAIN])
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_title("B  learning curves")
    axis.legend()


def draw_ridges(axis, results):
    """Panel C: the nugget is a ridge."""
    for number, g in enumerate(SHOWN):
        color, nugget = f"C{number}", results["nuggets"][number]
        axis.plot(RIDGES, results["ridges"][:, number].mean(axis=0), color=color)
        measured = results["ridged"][:, number]
        points(axis, nugget + ADDED[1:], measured[:, 1:], color)
        label = f"network, g = {g:g}, nugget {nugget:.2g}"
        points(axis, [nugget], measured[:, :1], color, marker="*", ms=13, mec="k", label=label)
    axis.plot([], [], color="0.4", label="smooth kernel of theory + ridge")
    points(axis, [], np.empty((2, 0)), "0.4", label="network, ridge added")
    plain_ticks(axis, [0.05, 0.1, 0.2, 0.5])
    axis.set(xscale="log", xlabel="ridge (networks: nugget + added ridge)", ylabel="test error")
    axis.set_title("C  the nugget is a ridge")
    axis.legend()


def draw_moments(axis, results):
    """Panel D: classification over time."""
    axis.axhline(0.5, color="0.6", lw=1, ls=":")
    axis.plot(MOMENTS, results["theory"].mean(axis=0), color="C0")
    axis.plot(MOMENTS, results["weak theory"].mean(axis=0), color="C2")
    points(axis, MOMENTS, results["rate"], "C1", marker="s", label="matched rate network")
    points(axis, MOMENTS, results["weak"], "C2", marker="^", label=f"binary, g = {WEAK_GAIN:g}")
    points(axis, MOMENTS, results["chaotic"], "C0", label=f"binary, g = {CLASS_GAIN:g}: chaotic")
    axis.plot([], [], color="0.4", label="theory of binary networks")
    axis.annotate("chance", (MOMENTS[-1], 0.495), ha="right", va="top", color="0.4", fontsize=8)
    axis.set(xlabel="time after onset (mean update intervals)", ylim=(0, 0.62))
    axis.set_ylabel("share of wrong labels")
    axis.set_title("D  best at intermediate time")
    axis.legend(loc="lower right", fontsize=7.5)


def draw(path, results, moments):
    """Draw all panels."""
    with figure_style():
        figure, axes = plt.subplots(2, 2, figsize=(9.5, 7.2))
        draw_couplings(axes[0, 0], results)
        draw_curves(axes[0, 1], results)
        draw_ridges(axes[1, 0], results)
        draw_moments(axes[1, 1], moments)
        figure.savefig(path)
        plt.close(figure)


def main(arguments=None):
    """Measure, draw, and return the errors of regression and of classification."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).with_suffix(".png")
    parser.add_argument("path", nargs="?", type=Path, default=default)
    parser.add_argument("--tiny", action="store_true", help="smaller networks, ten seconds")
    choice = parser.parse_args(arguments)
    size = (1000, 3) if choice.tiny else (2000, 10)  # neurons, networks
    results, moments = regression(*size), classification(*size)
    draw(choice.path, results, moments)
    return results, moments


if __name__ == "__main__":
    main()
