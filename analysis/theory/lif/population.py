"""Population dynamics of LIF neurons: spike trains that are their own input, by iteration.

The fixed point of "draw synapses, listen to the population, spike" is the mean-field theory of a
large random network, for any law of weights. `lif_spectrum` (finite variance) and
`lif_heavy_tailed` (alpha-stable weights) only differ in how synapses are drawn.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import next_fast_len
from tqdm import tqdm

from heavytail_snn.analysis.theory.lif.paths import (
    Background,
    Membrane,
    Response,
    SynapticWeights,
    poisson_trains,
    respond,
    smoothed,
)
from heavytail_snn.analysis.theory.numerics.population_average import average, drift
from heavytail_snn.core.errors import ConvergenceError, check_integer, check_real
from heavytail_snn.core.randomness import Seed, recorded_seed, stream
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.core.showing import Shown

DrawWeights = Callable[[int, np.random.Generator], SynapticWeights]


@dataclass(frozen=True, kw_only=True)
class LIFSampling(Shown):
    """Accuracy of a population dynamics: sample sizes and numbers of iterations.

    Parameters
    ----------
    population : int
        Number of spike trains.
    duration, dt : float
        Length of the periodic window and time step (s). The step is that of the simulation to be
        predicted: it has the same effect on both.
    bandwidth : float
        Width (Hz) over which the spectrum that drives the weak synapses is smoothed.
    n_iterations, n_average : int
        Number of iterations; the last `n_average` are averaged.
    mixing : float in (0, 1]
        Fraction of the population renewed per iteration, and of the way its mean rate moves.
    """

    population: int = 400
    duration: float = 3.2
    dt: float = 1e-4
    bandwidth: float = 2.0
    n_iterations: int = 26
    n_average: int = 14
    mixing: float = 0.5

    def __post_init__(self) -> None:
        check_integer("population", self.population, low=20)
        check_real("dt", self.dt, low=0.0, open_low=True)
        check_real("duration", self.duration, low=200 * self.dt, remedy="give seconds")
        check_real("bandwidth", self.bandwidth, low=0.0, high=0.5 / self.dt)
        check_integer("n_iterations", self.n_iterations, low=4)
        check_integer("n_average", self.n_average, low=4, high=self.n_iterations)
        check_real("mixing", self.mixing, low=0.0, high=1.0, open_low=True)

    @property
    def n_steps(self) -> int:
        """Number of steps of the window: the next length with a fast Fourier transform."""
        return int(next_fast_len(round(self.duration / self.dt), real=True))


@dataclass(frozen=True, kw_only=True)
class LIFPopulation(Result):
    """Self-consistent spike trains of a LIF network: rates, spectrum, shares of the synapses."""

    rate: float = field_of(unit="Hz", quantity="rate", error="rate_error")
    rate_error: float = field_of(unit="Hz")
    rates: NDArray = field_of(unit="Hz", dims=("neuron",))
    rate_sd: float = field_of(unit="Hz")
    cv: float = field_of(quantity="cv")
    frequencies: NDArray = field_of(unit="Hz", dims=("frequency",))
    spectrum: NDArray = field_of(unit="Hz", dims=("frequency",))
    spectrum_error: NDArray = field_of(unit="Hz", dims=("frequency",))
    spectrum_tail_over_rate: float = field_of(quantity="spectrum_tail_over_rate")
    variance_fraction: NDArray = field_of(dims=("strongest",))
    dominance: float = field_of()
    dominance_error: float = field_of()
    residual: float = field_of()
    history: NDArray = field_of(unit="Hz", dims=("iteration",))


@dataclass(frozen=True)
class Relaxation:
    """The iterations of a population: all mean rates, and the responses of the last ones.

    Parameters
    ----------
    heard : (n_iterations, 2) ndarray
        Mean rate (Hz) that the new neurons heard through their weak and their strong synapses.
    history : (n_iterations,) ndarray
        Mean rate (Hz) at which they answered.
    responses : list of Response
        The last answers.
    """

    heard: NDArray
    history: NDArray
    responses: list[Response]


def relax(
    draw: DrawWeights,
    membrane: Membrane,
    sampling: LIFSampling,
    *,
    drive: float,
    noise: float,
    initial_rate: float,
    seed: Seed,
    rate_mixing: float | None = None,
    progress: bool = False,
) -> Relaxation:
    """Iterate a population of spike trains driven by itself.

    Parameters
    ----------
    draw : callable
        ``draw(n, generator)`` returns the synapses of n new neurons.
    membrane : Membrane
    sampling : LIFSampling
    drive, noise, initial_rate : float
    seed : int, SeedSequence, Generator or None
    rate_mixing : float, optional
        Fraction of the way the mean rate heard by the weak synapses moves per iteration.
    progress : bool

    Returns
    -------
    Relaxation
    """
    generator = stream(seed, "population dynamics")
    rate_mixing = sampling.mixing if rate_mixing is None else rate_mixing
    n_steps, dt = sampling.n_steps, sampling.dt
    trains = poisson_trains(initial_rate, sampling.population, n_steps, dt, generator)
    n_new = max(round(sampling.mixing * sampling.population), 1)
    rate, heard, history, responses = initial_rate, [], [], []
    for iteration in tqdm(range(sampling.n_iterations), "LIF population", disable=not progress):
        background = replace(Background.of(trains, bandwidth=sampling.bandwidth), rate=rate)
        response = respond(
            trains, background, draw(n_new, generator), membrane,
            drive=drive, noise=noise, generator=generator,
        )  # fmt: skip
        new = response.trains
        heard.append((rate, float(trains.rates.mean())))
        rate += rate_mixing * (float(new.rates.mean()) - rate)
        # the oldest trains leave
        kept = trains.select(np.arange(n_new, trains.n_trains))
        trains = kept.followed_by(new)
        history.append(float(new.rates.mean()))
        if iteration >= sampling.n_iterations - sampling.n_average:
            responses.append(response)
    return Relaxation(np.array(heard), np.array(history), responses)


def summarise(
    relaxation: Relaxation,
    sampling: LIFSampling,
    *,
    tolerance: float,
    parameters: dict[str, Any],
    seed: Seed,
    n_strongest: int = 10,
) -> LIFPopulation:
    """Average the last iterations; raise ConvergenceError where they still drift."""
    trains = [response.trains for response in relaxation.responses]
    averaged = relaxation.history[-len(trains) :]
    rate, error = average(averaged)
    moved, noise = drift(averaged)
    # what is heard must be what is answered: neither a trend nor a standing difference is left
    apart = np.abs(relaxation.heard[-len(trains) :].mean(axis=0) - rate).max()
    worst = max(moved, float(apart))
    if worst > tolerance * rate + 4 * noise:
        raise ConvergenceError(
            f"the rate {rate:.4g} Hz is not yet self-consistent: it moves by {moved:.3g} Hz over "
            f"the averaged iterations and is {apart:.3g} Hz from the rate heard; raise "
            "n_iterations or lower mixing"
        )
    rates = np.sort(np.concatenate([part.rates for part in trains]))
    spectra = np.array([part.spectrum for part in trains])
    smooth = [smoothed(s, sampling.n_steps * sampling.dt, sampling.bandwidth) for s in spectra]
    spectrum = np.mean(smooth, axis=0)
    fractions, squares = variance_shares(relaxation.responses, n_strongest)
    dominance, dominance_error = average(squares) if squares.size >= 4 else (float("nan"),) * 2
    return LIFPopulation(
        rate=rate,
        rate_error=error,
        rates=rates,
        # an unbiased variance can come out negative where all rates are equal
        rate_sd=float(np.sqrt(max(np.mean([part.rate_variance for part in trains]), 0.0))),
        cv=mean_of_finite([part.coefficient_of_variation for part in trains]),
        frequencies=np.fft.rfftfreq(sampling.n_steps, sampling.dt),
        spectrum=spectrum,
        spectrum_error=np.std(smooth, axis=0, ddof=1) / np.sqrt(len(smooth)),
        spectrum_tail_over_rate=_tail(spectrum) / rate if rate > 0 else float("nan"),
        variance_fraction=fractions,
        dominance=dominance,
        dominance_error=dominance_error,
        residual=worst / rate if rate > 0 else 0.0,
        history=relaxation.history,
        parameters=parameters,
        seed=recorded_seed(seed),
        warnings=("quiescent: no neuron fires",) if rate == 0 else (),
    )


def _tail(spectrum: NDArray) -> float:
    """Return the mean over the last quarter, faded in and out: lines at its edges count in part."""
    tail = spectrum[3 * spectrum.size // 4 :]
    return float(np.average(tail, weights=np.hanning(tail.size + 2)[1:-1]))


def mean_of_finite(values: list[float]) -> float:
    """Return the mean of the values that exist, nan if none does."""
    finite = [value for value in values if np.isfinite(value)]
    return float(np.mean(finite)) if finite else float("nan")


def variance_shares(responses: list[Response], n_strongest: int) -> tuple[NDArray, NDArray]:
    """Return the share of the input power of the 1, 2, ... strongest synapses, and dominance.

    The share is averaged over neurons. Dominance is the sum of squared shares of one neuron's
    synapses, the probability that two units of input power come through the same synapse (nan
    where no synapse carries anything).
    """
    strong = np.concatenate([response.strong_power for response in responses])
    rest = np.concatenate([response.rest_power for response in responses])
    total = strong.sum(axis=1) + rest
    heard = total > 0
    ordered = -np.sort(-strong[heard], axis=1) / total[heard, None]
    shares = np.cumsum(ordered, axis=1).mean(axis=0)[:n_strongest] if heard.any() else np.empty(0)
    return shares, np.sum(ordered**2, axis=1)
