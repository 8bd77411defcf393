"""An exact event-based simulation of small hybrid networks, written for the tests alone.

All neurons are integrated together, from event to event, in small Runge-Kutta steps; the step in
which a threshold is reached is shortened until it ends there.  Shares nothing with the library.
"""

import numpy as np

STEP = 1e-5  # s


class Reference:
    """N neurons with states (N, n): drift f and threshold h of all, reset g and pulse k of one."""

    def __init__(self, f, h, g, k, w, *, delay, refractory, clamped):
        self.f, self.h, self.g, self.k, self.w = f, h, g, k, w
        self.delay, self.refractory = delay, refractory
        self.clamped = np.asarray(clamped)

    def field(self, t, x, held):
        out = self.f(x, t)
        out[np.ix_(held, self.clamped)] = 0.0
        return out

    def step(self, x, t, s, held):
        """One classical Runge-Kutta step of length s."""
        k1 = self.field(t, x, held)
        k2 = self.field(t + s / 2, x + s / 2 * k1, held)
        k3 = self.field(t + s / 2, x + s / 2 * k2, held)
        k4 = self.field(t + s, x + s * k3, held)
        return x + s / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    def advance(self, x, t, stop, held):
        """Return (state, time, neuron) at the first crossing before `stop`, else at `stop`."""
        while t < stop:
            s = min(STEP, stop - t)
            new = self.step(x, t, s, held)
            over = np.flatnonzero(~held & (self.h(new) >= 0))
            if over.size:
                lengths = [self.refine(x, t, s, held, i) for i in over]
                first = int(np.argmin(lengths))
                s = lengths[first]
                return self.step(x, t, s, held), t + s, int(over[first])
            x, t = new, t + s
        return x, stop, -1

    def refine(self, x, t, high, held, i):
        """Return the length of the step that ends on the threshold, by safeguarded Newton."""
        low, s = 0.0, 0.5 * high
        for _ in range(60):
            y = self.step(x, t, s, held)
            value, shift = self.h(y)[i], 1e-6 * self.f(y, t + s)
            low, high = (s, high) if value < 0 else (low, s)
            new = s - value * 2e-6 / (self.h(y + shift)[i] - self.h(y - shift)[i])
            if not low < new < high:
                new = 0.5 * (low + high)
            if abs(new - s) < 1e-18:
                break
            s = new
        return s

    def run(self, x, until):
        """Return final states, spike times, neurons, and states at the crossings."""
        x, t, held = np.array(x, dtype=float), 0.0, np.zeros(len(x), dtype=bool)
        spikes, queue = [], []
        while True:
            queue.sort()
            stop = min(queue[0][0], until) if queue else until
            x, t, i = self.advance(x, t, stop, held)
            if i >= 0:
                spikes.append((t, i, x[i].copy()))
                x[i] = self.g(x[i])
                held[i] = self.refractory > 0
                queue += [(t + self.delay, 0, i)]
                queue += [(t + self.refractory, 1, i)] if self.refractory else []
                continue
            if stop == until:
                break
            _, kind, j = queue.pop(0)
            if kind == 1:
                held[j] = False
            else:
                for i in np.flatnonzero(self.w[:, j]):
                    old = x[i].copy()
                    x[i] = self.k(x[i], self.w[i, j])
                    if held[i]:
                        x[i, self.clamped] = old[self.clamped]
        return x, spikes, held
