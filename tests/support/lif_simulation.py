"""A LIF network in plain numba, independent of the library, to hold the theory against."""

import numba
import numpy as np


@numba.njit(cache=True)
def simulate(targets, weights, start, mu, decay, theta, v_reset, n_ref, n_delay, n_steps, v0):
    """Return (ids, steps) of all spikes; source j reaches targets[start[j]:start[j + 1]]."""
    n = start.size - 1
    buffer = np.zeros((n_delay, n))
    v, waiting = v0.copy(), np.zeros(n, np.int64)
    ids, steps = [], []
    for t in range(n_steps):
        arriving = buffer[t % n_delay]
        fired = []
        for i in range(n):
            if waiting[i] > 0:
                waiting[i] -= 1
            else:
                v[i] = mu + (v[i] - mu) * decay
                if v[i] > theta:
                    v[i], waiting[i] = v_reset, n_ref - 1
                    fired.append(i)
                    ids.append(i)
                    steps.append(t)
                else:
                    v[i] += arriving[i]
            arriving[i] = 0.0
        for i in fired:
            for s in range(start[i], start[i + 1]):
                arriving[targets[s]] += weights[s]
    return np.array(ids), np.array(steps)


def fixed_in_degree(n, k, rng, first=0, last=None):
    """Return (n, k) source indices without repetition, drawn from [first, last)."""
    last = n if last is None else last
    return np.array([first + rng.choice(last - first, k, replace=False) for _ in range(n)])


def run(sources, weights, *, mu, duration, warm_up=0.5, dt=1e-4, v_reset=0.0, delay=1.5e-3, rng):
    """Simulate neurons with `sources[i]` and `weights[i]` (V); return a dict of measures."""
    n = sources.shape[0]
    flat = sources.ravel()
    order = np.argsort(flat, kind="stable")
    targets = np.repeat(np.arange(n), sources.shape[1])[order]
    start = np.concatenate([[0], np.cumsum(np.bincount(flat, minlength=n))])
    ids, steps = simulate(
        targets, weights.ravel()[order], start, mu, np.exp(-dt / 0.02), 0.02, v_reset,
        round(2e-3 / dt), round(delay / dt), round((duration + warm_up) / dt),
        rng.uniform(v_reset, 0.02, n),
    )  # fmt: skip
    late = steps >= round(warm_up / dt)
    ids, steps = ids[late], steps[late] - round(warm_up / dt)
    n_steps = round(duration / dt)
    rates = np.bincount(ids, minlength=n) / duration
    frequencies, spectrum = mean_spectrum(ids, steps, n, n_steps, dt)
    power = weights**2 * rates[sources]
    shares = -np.sort(-power, axis=1) / power.sum(axis=1, keepdims=True)
    return {
        "rates": rates,
        "frequencies": frequencies,
        "spectrum": spectrum,
        "shares": np.cumsum(shares, axis=1).mean(axis=0),
        "dominance": np.mean(np.sum(shares**2, axis=1)),
    }


def mean_spectrum(ids, steps, n, n_steps, dt, n_most=1000):
    """Return the mean two-sided power spectrum of (at most n_most of) the trains, each centred."""
    total = np.zeros(n_steps // 2 + 1)
    chosen = np.arange(min(n, n_most))
    for i in chosen:
        counts = np.zeros(n_steps)
        counts[steps[ids == i]] = 1.0
        total += np.abs(np.fft.rfft(counts)) ** 2
    total[0] = 0.0
    return np.fft.rfftfreq(n_steps, dt), total / (chosen.size * n_steps * dt)


def around(frequencies, spectrum, centre, relative=0.3):
    """Return the mean of a spectrum within +-30 % of a frequency, as the reference numbers do."""
    near = (frequencies >= (1 - relative) * centre) & (frequencies <= (1 + relative) * centre)
    return float(spectrum[near].mean())
