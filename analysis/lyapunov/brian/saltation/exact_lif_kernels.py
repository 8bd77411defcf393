"""Compiled kernels of `exact_lif`: voltage, next crossing, and the loop over events."""

import numpy as np

from heavytail_snn.core.compiled import compiled


@compiled
def _voltage(s, v, i, mu, tau_m, tau_s):  # type: ignore[no-untyped-def]
    b = i * tau_s / (tau_s - tau_m)
    return mu + (v - mu - b) * np.exp(-s / tau_m) + b * np.exp(-s / tau_s)


@compiled
def _crossing(v, i, mu, tau_m, tau_s, level):  # type: ignore[no-untyped-def]
    """Return the time to the first upward crossing of `level`, inf if there is none."""
    b = i * tau_s / (tau_s - tau_m)
    a = v - mu - b
    rising = mu + i - v > 0.0
    ratio = -b * tau_m / (a * tau_s) if a != 0.0 else -1.0
    extremum = -1.0
    if ratio > 0.0:
        extremum = np.log(ratio) / (1.0 / tau_s - 1.0 / tau_m)
    if v >= level:
        return 0.0
    if rising and extremum > 0.0:
        if _voltage(extremum, v, i, mu, tau_m, tau_s) < level:
            return np.inf
        low, high = 0.0, extremum
    else:
        if mu <= level or (not rising and extremum <= 0.0):
            return np.inf
        low = 0.0 if rising else extremum
        high = low + tau_m
        while _voltage(high, v, i, mu, tau_m, tau_s) < level:
            high += high - low
    s = 0.5 * (low + high)
    for _ in range(200):
        e_m, e_s = np.exp(-s / tau_m), np.exp(-s / tau_s)
        height = mu + a * e_m + b * e_s - level
        if height < 0.0:
            low = s
        else:
            high = s
        new = s + height / (a * e_m / tau_m + b * e_s / tau_s)
        if not (low < new < high):
            new = 0.5 * (low + high)
        if abs(new - s) <= 1e-17 + 2e-16 * s:
            return new
        s = new
    return s


@compiled
def _move(k, t, v, i, last, held, mu, tau_m, tau_s):  # type: ignore[no-untyped-def]
    s = t - last[k]
    if not held[k]:
        v[k] = _voltage(s, v[k], i[k], mu, tau_m, tau_s)
    i[k] *= np.exp(-s / tau_s)
    last[k] = t


@compiled
def run(v, i, last, held, spikes, n_spikes, heads, synapses, constants, table, period, now, until):  # type: ignore[no-untyped-def]
    """Follow all events up to a time."""
    mu, tau_m, tau_s, delay, refractory, level, reset = constants
    indptr, targets, weights = synapses
    times, units, currents = spikes
    arriving, releasing = heads
    n = v.size
    step = 0 if period == np.inf else int(np.floor(now / period + 1e-9))
    drive = mu + table[step % table.shape[0]]
    cross = np.full(n, np.inf)
    for k in range(n):
        if not held[k]:
            cross[k] = last[k] + _crossing(v[k], i[k], drive[k], tau_m, tau_s, level)
    while True:
        first = np.argmin(cross)
        arrival = times[arriving] + delay if arriving < n_spikes else np.inf
        release = times[releasing] + refractory if releasing < n_spikes else np.inf
        change = (step + 1) * period
        t = min(min(cross[first], arrival), min(release, change))
        if t > until:
            break
        if t == cross[first]:
            if n_spikes == times.size:
                return -1, 0, 0
            _move(first, t, v, i, last, held, drive[first], tau_m, tau_s)
            times[n_spikes], units[n_spikes], currents[n_spikes] = t, first, i[first]
            n_spikes += 1
            v[first] = reset
            held[first] = refractory > 0.0
            cross[first] = np.inf
            if refractory == 0.0:
                releasing = n_spikes
                cross[first] = t + _crossing(reset, i[first], drive[first], tau_m, tau_s, level)
        elif t == arrival:
            source = units[arriving]
            arriving += 1
            for q in range(indptr[source], indptr[source + 1]):
                k = targets[q]
                _move(k, t, v, i, last, held, drive[k], tau_m, tau_s)
                i[k] += weights[q]
                if not held[k]:
                    cross[k] = t + _crossing(v[k], i[k], drive[k], tau_m, tau_s, level)
        elif t == release:
            k = units[releasing]
            releasing += 1
            _move(k, t, v, i, last, held, drive[k], tau_m, tau_s)
            held[k] = False
            cross[k] = t + _crossing(v[k], i[k], drive[k], tau_m, tau_s, level)
        else:
            for k in range(n):
                _move(k, t, v, i, last, held, drive[k], tau_m, tau_s)
            step += 1
            drive = mu + table[step % table.shape[0]]
            for k in range(n):
                if not held[k]:
                    cross[k] = t + _crossing(v[k], i[k], drive[k], tau_m, tau_s, level)
    for k in range(n):
        _move(k, until, v, i, last, held, drive[k], tau_m, tau_s)
    return n_spikes, arriving, releasing
