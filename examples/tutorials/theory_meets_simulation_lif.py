"""Theory meets simulation: LIF networks with Gaussian and with heavy-tailed weights.

Sparse networks (100 synapses per neuron, symmetric alpha-stable weights of scale 20 mV per neuron,
drive 24 mV, threshold 20 mV) simulated with Brian2, next to population dynamics: the input of a
neuron is a sum over independent copies of the network's own spike trains. Lines are theory, filled
curves and symbols simulations. Takes about three minutes on one core; ``--tiny`` half a minute.
Writes theory_meets_simulation_lif.png, or the path given.

What to look at: heavier tails leave half of the input variance to very few synapses (C) and make
neurons slower and more regular, at the same scale of the weights (A, B). The theory follows rates,
their distribution and spectra without a fitted number: at N = 8000 the mean rates agree to 1 %; at
N = 500, where each neuron hears a fifth of all, they are up to 6 % off (D). The Gaussian
theory (dashed, D) knows nothing of alpha. E: what the same theory says of networks with infinitely
many synapses. F: the rate network in continuous time, solved by the same method; networks of 1500
heavy-tailed units keep more memory at long lags than the theory of infinitely many.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from brian2 import ms, mV, second

import heavytail_snn as ht
from heavytail_snn.analysis import theory
from heavytail_snn.analysis.plots import figure_style

ALPHAS = (2.0, 1.7, 1.5, 1.2)
GAIN, DEGREE, DRIVE = 20.0, 100, 24.0  # mV, synapses per neuron, mV
FULL = {
    "sizes": (500, 2000, 8000), "duration": 1.6, "population": 1200, "networks": (6, 3, 1),
    "rate_units": 1500,
}  # fmt: skip
TINY = {
    "sizes": (250, 1000), "duration": 0.8, "population": 400, "networks": (2, 1),
    "rate_units": 500,
}  # fmt: skip


def coupling_of(alpha):
    """Weights in mV: GAIN z / K^(1/alpha), K of them for each neuron."""
    return ht.Coupling(ht.LevyStable(alpha), ht.FixedInDegree(DEGREE), gain=GAIN)


def simulate(alpha, n, duration, seed):
    """Return rates, spectrum and shares of the input power of one network."""
    model = ht.models.LIFNetwork(coupling_of(alpha), n, drive=DRIVE * mV)
    settle = 0.4
    recording = ht.simulate(model, (duration + settle) * second, backend="numpy", seed=seed)
    late = recording.times >= settle
    times, ids = recording.times[late] - settle, recording.ids[late]
    rates = np.bincount(ids, minlength=n) / duration
    weights = coupling_of(alpha).sample(n, seed)
    power = np.square(weights.data) * rates[weights.indices]
    power = power.reshape(n, DEGREE)  # sorted by target, DEGREE synapses each
    shares = -np.sort(-power, axis=1) / power.sum(axis=1, keepdims=True)
    frequencies, spectrum = spectrum_of(times, ids, duration)
    return {
        "rates": rates,
        "frequencies": frequencies,
        "spectrum": spectrum,
        "shares": shares.cumsum(axis=1).mean(axis=0)[:10],
    }


def spectrum_of(times, ids, duration, n_units=400, bin_size=1e-3):
    """Mean two-sided spectrum of the first units, each train's own rate taken off."""
    n_bins = round(duration / bin_size)
    total = np.zeros(n_bins // 2 + 1)
    for unit in range(n_units):
        counts = np.bincount((times[ids == unit] / bin_size).astype(int), minlength=n_bins)
        total += np.abs(np.fft.rfft(counts[:n_bins] - counts[:n_bins].mean())) ** 2
    return np.fft.rfftfreq(n_bins, bin_size), total / (n_units * duration)


def predict(alpha, sizes, in_degree=DEGREE):
    """Return the population dynamics' result."""
    sampling = theory.LIFSampling(
        population=sizes["population"], duration=sizes["duration"], n_iterations=16, n_average=10
    )
    return theory.lif_heavy_tailed(
        alpha, GAIN * mV, drive=DRIVE * mV, in_degree=in_degree, sampling=sampling, seed=1,
        progress=True,
    )  # fmt: skip


def smooth(frequencies, spectrum, centres):
    """Average a spectrum over +-20 % of each centre."""
    return [
        spectrum[(frequencies > 0.8 * centre) & (frequencies < 1.25 * centre)].mean()
        for centre in centres
    ]


def draw_distribution(axis, predictions, networks):
    """Panel A: rate distributions, one above the other; the silent neurons as numbers."""
    bins = np.linspace(1.3, 221.3, 45)
    centre, width = (bins[1:] + bins[:-1]) / 2, bins[1] - bins[0]
    for i, alpha in enumerate(ALPHAS):
        base = 0.018 * (len(ALPHAS) - 1 - i)
        samples = np.concatenate([m["rates"] for m in networks[alpha]]), predictions[alpha].rates
        seen, told = (np.histogram(r, bins)[0] / r.size / width for r in samples)
        silent = [100 * np.mean(r < bins[0]) for r in samples]
        axis.fill_between(centre, base, base + seen, step="mid", color=f"C{i}", alpha=0.3, lw=0)
        axis.step(centre, base + told, where="mid", color=f"C{i}", lw=1.2)
        label = f"$\\alpha$ = {alpha:g}\nsilent {silent[0]:.0f} % (theory {silent[1]:.0f} %)"
        axis.text(219, base + 0.0045, label, ha="right", fontsize=7)
    axis.set(xlabel="rate (Hz)", yticks=[], ylabel="density", xlim=(0, 220))
    axis.set_title("A  rates of neurons")


def draw_spectra(axis, predictions, networks):
    """Panel B: power spectra."""
    centres = np.geomspace(4, 350, 26)
    for i, alpha in enumerate(ALPHAS):
        result = predictions[alpha]
        axis.plot(centres, smooth(result.frequencies, result.spectrum, centres), color=f"C{i}")
        seen = np.mean([smooth(m["frequencies"], m["spectrum"], centres) for m in networks[alpha]],
                       axis=0)  # fmt: skip
        axis.plot(centres, seen, "o", ms=3.5, color=f"C{i}", label=f"$\\alpha$ = {alpha:g}")
    axis.set(xscale="log", yscale="log", xlabel="frequency (Hz)", ylabel="power (Hz)")
    axis.set_title("B  spike-train spectra")
    axis.set_xticks([5, 20, 100, 300], ["5", "20", "100", "300"])
    axis.set_yticks([5, 10, 20, 50], ["5", "10", "20", "50"])
    axis.minorticks_off()
    axis.legend()


def draw_shares(axis, predictions, networks):
    """Panel C: share of the input variance of the strongest synapses."""
    strongest = np.arange(1, 11)
    for i, alpha in enumerate(ALPHAS):
        axis.plot(strongest, predictions[alpha].variance_fraction, color=f"C{i}")
        seen = np.mean([m["shares"] for m in networks[alpha]], axis=0)
        axis.plot(strongest, seen, "o", ms=3.5, color=f"C{i}")
    axis.set(xlabel="strongest synapses", ylabel="share of input variance", ylim=(0, 1))
    axis.set_title(f"C  who drives a neuron (of {DEGREE})")


def draw_trend(axis, predictions, rates):
    """Panel D: mean rates against N, theory, and the Gaussian theory."""
    for i, alpha in enumerate(ALPHAS):
        sizes = list(rates[alpha])
        mean = [np.mean(rates[alpha][n]) for n in sizes]
        error = [np.std(rates[alpha][n]) / np.sqrt(len(rates[alpha][n])) for n in sizes]
        axis.errorbar(sizes, mean, error, fmt="o", ms=4, color=f"C{i}", capsize=2)
        rate, doubt = predictions[alpha].rate, predictions[alpha].rate_error
        axis.axhline(rate, color=f"C{i}", lw=1.2)
        axis.axhspan(rate - doubt, rate + doubt, color=f"C{i}", alpha=0.12, lw=0)
    white = theory.lif_network(
        theory.LIFCircuit(
            in_degree=(DEGREE,), weight=(0.0,), weight_sd=np.sqrt(2 / DEGREE) * GAIN * mV,
            drive=DRIVE * mV, dt=0.1 * ms,
        )
    )  # fmt: skip
    axis.axhline(white.rate, color="0.4", ls="--", lw=1, label=r"white-noise theory, $\alpha$ = 2")
    axis.set(xscale="log", xlabel="neurons N", ylabel="mean rate (Hz)", title="D  against size")
    axis.set_xticks(sizes, [str(n) for n in sizes])
    axis.minorticks_off()
    axis.legend(loc=(0.25, 0.72))


def draw_dominance(axis, predictions, sizes):
    """Panel E: dominance against alpha, K = 100 and infinitely many synapses."""
    grid = np.linspace(0.8, 2, 50)
    axis.plot(grid, 1 - grid / 2, "k", lw=1, label=r"$1 - \alpha/2$, exact")
    many = [predict(alpha, sizes, None) for alpha in ALPHAS]
    axis.errorbar(ALPHAS, [m.dominance for m in many], [m.dominance_error for m in many], fmt="s",
                  ms=5, mfc="none", color="0.4", label="series, K = ∞")  # fmt: skip
    axis.plot(ALPHAS, [predictions[a].dominance for a in ALPHAS], "x", color="C1", label="K = 100")
    axis.set(xlabel=r"$\alpha$", ylabel="sum of squared shares")
    axis.set_title("E  dominance of single synapses")
    axis.legend()


def draw_rate_flow(axis, n):
    """Panel F: autocovariance of phi in the continuous-time rate network."""
    for i, (alpha, g) in enumerate(((2.0, 2 / np.sqrt(2)), (1.5, 1.5), (1.2, 1.5))):
        paths = theory.rate_flow_heavy_tailed(alpha, g, seed=2, progress=True)
        covariance = np.mean([rate_network(alpha, g, n, seed) for seed in range(4)], axis=0)
        near = paths.lags <= 10
        axis.plot(paths.lags[near], paths.autocovariance[near], color=f"C{i}")
        label = f"$\\alpha$ = {alpha:g}"
        axis.plot(np.arange(0, 11), covariance, "o", ms=4, color=f"C{i}", label=label)
    axis.set(xlabel="lag (time constants)", ylabel="autocovariance of phi")
    axis.set_title(f"F  rate networks, N = {n}")
    axis.legend()


def rate_network(alpha, g, n, seed, dt=0.1):
    """Autocovariance of tanh(x) at lags 0 ... 10 of dx/dt = -x + J tanh(x)."""
    rng = np.random.default_rng(seed)
    weights = g * ht.LevyStable(alpha).sample((n, n), rng) / n ** (1 / alpha)
    x, kept = rng.standard_normal(n), []
    for step in range(1500):
        x = x * np.exp(-dt) + (1 - np.exp(-dt)) * (weights @ np.tanh(x))
        if step >= 300:
            kept.append(np.tanh(x))
    phi = np.array(kept)
    lag = round(1 / dt)
    return [np.mean(phi[k * lag :] * phi[: phi.shape[0] - k * lag]) for k in range(11)]


def measure(sizes):
    """Simulate all networks; return those of the second-largest size, and all mean rates."""
    detailed, rates = {}, {}
    shown = sizes["sizes"][-2] if len(sizes["sizes"]) > 2 else sizes["sizes"][-1]
    for alpha in ALPHAS:
        rates[alpha] = {}
        for n, count in zip(sizes["sizes"], sizes["networks"], strict=True):
            runs = [simulate(alpha, n, sizes["duration"], seed) for seed in range(count)]
            rates[alpha][n] = [run["rates"].mean() for run in runs]
            if n == shown:
                detailed[alpha] = runs
    return detailed, rates, shown


def main(path, sizes):
    """Simulate, predict, print the table, draw."""
    networks, rates, shown = measure(sizes)
    predictions = {alpha: predict(alpha, sizes) for alpha in ALPHAS}
    print(f"{'alpha':>6}{'theory (Hz)':>18}", *(f"{f'N = {n}':>12}" for n in sizes["sizes"]))
    for alpha in ALPHAS:
        result = predictions[alpha]
        found = "".join(f"{np.mean(rates[alpha][n]):13.2f}" for n in sizes["sizes"])
        print(f"{alpha:6.1f}{result.rate:12.2f} +-{result.rate_error:4.2f}{found}")
    with figure_style():
        figure, axes = plt.subplots(2, 3, figsize=(11, 6.4))
        draw_distribution(axes[0, 0], predictions, networks)
        draw_spectra(axes[0, 1], predictions, networks)
        draw_shares(axes[0, 2], predictions, networks)
        draw_trend(axes[1, 0], predictions, rates)
        draw_dominance(axes[1, 1], predictions, sizes)
        draw_rate_flow(axes[1, 2], sizes["rate_units"])
        figure.suptitle(f"LIF networks, lines theory, symbols simulation (A-C: N = {shown})")
        figure.savefig(path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", nargs="?", type=Path, default=Path(__file__).with_suffix(".png"))
    parser.add_argument("--tiny", action="store_true", help="half a minute, not to be quoted")
    options = parser.parse_args()
    main(options.path, TINY if options.tiny else FULL)
