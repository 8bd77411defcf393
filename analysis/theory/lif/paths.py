"""Populations of spike trains: the simulated single neuron inside the LIF theories.

A population is a sample of stationary spike trains on a periodic window. A new neuron hears some of
them individually, through its strong synapses, and the rest as a Gaussian process that has the
population's own mean, spread of rates and power spectrum. No two neurons are ever connected both
ways and no train is heard twice with the same shift: this is the mean-field theory's tree.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft
from scipy.ndimage import uniform_filter1d

from heavytail_snn.core.compiled import compiled

CHUNK = 32  # neurons simulated at a time: keeps the input arrays inside the cache


@dataclass(frozen=True)
class Membrane:
    """LIF parameters on a grid: potentials in V, times in s."""

    tau: float
    theta: float
    v_reset: float
    t_ref: float
    dt: float

    @property
    def n_refractory(self) -> int:
        """Number of steps from a spike to the first step that integrates again."""
        return max(round(self.t_ref / self.dt), 1)

    @property
    def decay(self) -> float:
        """Factor of the distance to the mean input per step."""
        return float(np.exp(-self.dt / self.tau))


@dataclass(frozen=True)
class SpikeTrains:
    """Spike trains on a periodic grid: steps of train i are ``steps[start[i]:start[i + 1]]``."""

    steps: NDArray[np.int32]
    start: NDArray[np.int64]
    n_steps: int
    dt: float

    @property
    def n_trains(self) -> int:
        """Number of trains."""
        return self.start.size - 1

    @property
    def duration(self) -> float:
        """Length of the window (s)."""
        return self.n_steps * self.dt

    @cached_property
    def rates(self) -> NDArray:
        """Rate of each train (Hz)."""
        return np.diff(self.start) / self.duration

    @cached_property
    def owner(self) -> NDArray:
        """Train of each spike."""
        return np.repeat(np.arange(self.n_trains), np.diff(self.start))

    @cached_property
    def rate_variance(self) -> float:
        """Variance of the true rates over trains (Hz^2), unbiased by the spike count noise."""
        half = np.bincount(self.owner[self.steps < self.n_steps // 2], minlength=self.n_trains)
        first = half * 2 / self.duration
        second = 2 * self.rates - first
        return float(np.mean((first - first.mean()) * (second - second.mean())))

    @cached_property
    def spectrum(self) -> NDArray:
        """Mean two-sided power spectrum (Hz) at ``rfftfreq(n_steps, dt)``; its first bin is 0.

        Each train's own rate is taken off, so a Poisson train is flat at its rate.
        """
        total = np.zeros(self.n_steps // 2 + 1)
        for first in range(0, self.n_trains, CHUNK):
            last = min(first + CHUNK, self.n_trains)
            counts = np.zeros((last - first, self.n_steps), np.float32)
            spikes = slice(self.start[first], self.start[last])
            counts[self.owner[spikes] - first, self.steps[spikes]] = 1.0
            coefficients = rfft(counts, axis=1)
            total += np.sum(coefficients.real**2 + coefficients.imag**2, axis=0, dtype=float)
        total[0] = 0.0
        return total / (self.n_trains * self.duration)

    @cached_property
    def coefficient_of_variation(self) -> float:
        """Mean CV of the intervals over trains with at least 5 spikes (nan if there is none)."""
        values = []
        for i in np.flatnonzero(np.diff(self.start) >= 5):
            intervals = np.diff(self.steps[self.start[i] : self.start[i + 1]])
            values.append(intervals.std() / intervals.mean())
        return float(np.mean(values)) if values else float("nan")

    def select(self, chosen: NDArray) -> "SpikeTrains":
        """Return the trains with the given indices."""
        parts = [self.steps[self.start[i] : self.start[i + 1]] for i in chosen]
        return from_lists(parts, self.n_steps, self.dt)

    def followed_by(self, other: "SpikeTrains") -> "SpikeTrains":
        """Return these trains and those of `other`."""
        steps = np.concatenate([self.steps, other.steps])
        start = np.concatenate([self.start, self.start[-1] + other.start[1:]])
        return SpikeTrains(steps, start, self.n_steps, self.dt)


def from_lists(parts: list[NDArray], n_steps: int, dt: float) -> SpikeTrains:
    """Return the population made of arrays of spike steps."""
    start = np.concatenate([[0], np.cumsum([part.size for part in parts])]).astype(np.int64)
    steps = np.concatenate(parts) if parts else np.empty(0)
    return SpikeTrains(steps.astype(np.int32), start, n_steps, dt)


def poisson_trains(
    rate: float, n_trains: int, n_steps: int, dt: float, generator: np.random.Generator
) -> SpikeTrains:
    """Return Poisson trains, the start of the iterations."""
    counts = generator.poisson(rate * n_steps * dt, n_trains)
    parts = [np.sort(generator.integers(0, n_steps, count)) for count in counts]
    return from_lists([np.unique(part) for part in parts], n_steps, dt)


@dataclass(frozen=True)
class SynapticWeights:
    """Synapses of a sample of neurons (V): the strongest one by one, the rest by their sums.

    Parameters
    ----------
    strong : (n, m) ndarray
        Strongest synapses of each neuron.
    rest_sum, rest_square : (n,) ndarray
        Sum and sum of squares of the others.
    """

    strong: NDArray
    rest_sum: NDArray
    rest_square: NDArray


@dataclass(frozen=True)
class Background:
    """What the weak synapses of a neuron carry: rate, spread of rates, power spectrum."""

    rate: float
    rate_variance: float
    spectrum: NDArray

    @classmethod
    def of(cls, trains: SpikeTrains, *, bandwidth: float) -> "Background":
        """Return the statistics of a population, its spectrum smoothed over `bandwidth` (Hz).

        The unbiased variance of the rates is set to 0 where noise makes it negative.
        """
        smooth = smoothed(trains.spectrum, trains.duration, bandwidth)
        return cls(float(trains.rates.mean()), max(trains.rate_variance, 0.0), smooth)


def smoothed(spectrum: NDArray, duration: float, bandwidth: float) -> NDArray:
    """Return a spectrum averaged over `bandwidth` (Hz), leaving out the bin at 0."""
    width = max(round(bandwidth * duration), 1)
    mirrored = np.concatenate([spectrum[1:][::-1], spectrum[1:]])
    full = uniform_filter1d(mirrored, width, mode="nearest")
    positive = full[spectrum.size - 1 :]
    return np.concatenate([positive[:1], positive])


@dataclass(frozen=True)
class Response:
    """New spike trains and the power of their input, synapse by synapse.

    Parameters
    ----------
    trains : SpikeTrains
    strong_power : (n, m) ndarray
        Weight squared times source rate of each strong synapse (V^2 / s).
    rest_power : (n,) ndarray
        The same summed over the weak synapses.
    """

    trains: SpikeTrains
    strong_power: NDArray
    rest_power: NDArray


def respond(
    sources: SpikeTrains,
    background: Background,
    weights: SynapticWeights,
    membrane: Membrane,
    *,
    drive: float,
    noise: float,
    generator: np.random.Generator,
) -> Response:
    """Return the spike trains of neurons with the given synapses onto a population.

    Parameters
    ----------
    sources : SpikeTrains
    background : Background
    weights : SynapticWeights
        One row per new neuron.
    membrane : Membrane
    drive, noise : float
        External mean and white-noise amplitude (V).
    generator : Generator

    Returns
    -------
    Response
        As many trains as `weights` has rows.
    """
    n, n_strong = weights.strong.shape
    n_steps, dt = sources.n_steps, membrane.dt
    deviation = np.sqrt(weights.rest_square * background.rate_variance)
    static = weights.rest_sum * background.rate + deviation * generator.standard_normal(n)
    mean = drive + membrane.tau * static
    chosen = generator.integers(0, sources.n_trains, (n, n_strong))
    shift = generator.integers(0, n_steps, (n, n_strong))
    white = noise**2 / membrane.tau
    parts: list[NDArray] = []
    for first in range(0, n, CHUNK):
        part = slice(first, min(first + CHUNK, n))
        power = weights.rest_square[part, None] * background.spectrum + white
        jumps = gaussian_paths(power, n_steps, dt, generator)
        add_strong(
            jumps, weights.strong[part], chosen[part], shift[part], sources.steps, sources.start
        )
        raster, counts = integrate(
            jumps,
            mean[part],
            *stationary_start(generator.random((jumps.shape[0],)), mean[part], membrane),
            membrane.decay,
            membrane.theta,
            membrane.v_reset,
            membrane.n_refractory,
            n_warm_up=min(n_steps, round(10 * membrane.tau / dt)),
        )
        parts += [raster[i, :count].copy() for i, count in enumerate(counts)]
    return Response(
        from_lists(parts, n_steps, dt),
        weights.strong**2 * sources.rates[chosen],
        weights.rest_square * background.rate,
    )


def stationary_start(
    phase: NDArray, mean: NDArray, membrane: Membrane
) -> tuple[NDArray, NDArray[np.int64]]:
    """Return potentials and refractory steps left at a phase of the period without fluctuations.

    A regular neuron forgets its start never: from potentials that are uniform between reset and
    threshold its spikes are not uniform in time, and the rate in a window is biased.

    Parameters
    ----------
    phase : (n,) ndarray
        Uniform in [0, 1).
    mean : (n,) ndarray
        Mean input.  Neurons that it does not bring to threshold start between reset and threshold.
    membrane : Membrane
    """
    theta, reset, pause = membrane.theta, membrane.v_reset, membrane.n_refractory - 1
    fires = mean > theta
    goal = np.where(fires, mean, 2 * theta - reset)  # any mean above threshold for the others
    climb = np.log((goal - theta) / (goal - reset)) / math.log(membrane.decay)
    done = np.floor(phase * (pause + np.floor(climb) + 1))
    v = goal + (reset - goal) * membrane.decay ** np.maximum(done - pause, 0)
    left = np.where(fires, np.maximum(pause - done, 0), 0)
    return np.where(fires, v, reset + phase * (theta - reset)), left.astype(np.int64)


def gaussian_paths(
    power: NDArray, n_steps: int, dt: float, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Return periodic Gaussian increments per step with the given two-sided power densities.

    Parameters
    ----------
    power : (n, n_steps // 2 + 1) ndarray
        Power density of each path's rate of change (unit^2 / s) at ``rfftfreq(n_steps, dt)``.

    Returns
    -------
    (n, n_steps) float32 ndarray
        Increments per step: white power p gives independent increments of variance p dt.
    """
    shape = (*power.shape, 2)
    normal = generator.standard_normal(shape, dtype=np.float32).view(np.complex64)[..., 0]
    normal *= np.sqrt(power * (n_steps * dt / 2)).astype(np.float32)
    normal[:, 0] = normal[:, 0].real * np.sqrt(2)
    if n_steps % 2 == 0:
        normal[:, -1] = normal[:, -1].real * np.sqrt(2)
    return irfft(normal, n_steps, axis=1, overwrite_x=True)


@compiled
def add_strong(jumps, weights, chosen, shift, steps, start):  # type: ignore[no-untyped-def]
    """Add each strong synapse's spikes, shifted round the window, to the increments."""
    n_steps = jumps.shape[1]
    for i in range(weights.shape[0]):
        for k in range(weights.shape[1]):
            source = chosen[i, k]
            for s in range(start[source], start[source + 1]):
                at = steps[s] + shift[i, k]
                if at >= n_steps:
                    at -= n_steps
                jumps[i, at] += weights[i, k]


@compiled
def integrate(  # type: ignore[no-untyped-def]
    jumps, mean, initial, resting, decay, theta, v_reset, n_refractory, n_warm_up
):
    """Integrate LIF neurons, each with its own input, and return their spikes.

    A step decays exactly towards `mean`, looks for the threshold, then adds the increment; what
    arrives while a neuron is refractory is lost. Integration starts at `initial`, after `resting`
    refractory steps, `n_warm_up` steps before the window, on the periodic input.

    Returns
    -------
    steps : (n, max) int32 ndarray
        Spike steps, row i filled up to counts[i].
    counts : (n,) int64 ndarray
    """
    n, n_steps = jumps.shape
    steps = np.empty((n, n_steps // n_refractory + 1), np.int32)
    counts = np.zeros(n, np.int64)
    for i in range(n):
        v, waiting = initial[i], resting[i]
        for t in range(-n_warm_up, n_steps):
            if waiting > 0:
                waiting -= 1
                continue
            v = mean[i] + (v - mean[i]) * decay
            if v > theta:
                v, waiting = v_reset, n_refractory - 1
                if t >= 0:
                    steps[i, counts[i]] = t
                    counts[i] += 1
            else:
                v += jumps[i, t if t >= 0 else t + n_steps]
    return steps, counts
