"""What a study measures on each model, what theory predicts for it, and how far theory is trusted.

Each model has one pair of functions: `measure` runs one network, `predict` asks every theory that
knows the model.  Measured and predicted numbers share their names, so that `compare` can match
them.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from brian2 import mV, second

from heavytail_snn.analysis import theory
from heavytail_snn.analysis.dimension import participation_ratio
from heavytail_snn.analysis.lyapunov import LyapunovSpectrum, lyapunov_spectrum
from heavytail_snn.analysis.spectra import PowerSpectrum, power_spectrum, spike_statistics
from heavytail_snn.analysis.theory.stable_sign_autocorrelation import stable_sign_autocorrelation
from heavytail_snn.analysis.weight_tail import WeightTail, weight_tail
from heavytail_snn.coupling import Coupling
from heavytail_snn.errors import ConvergenceError
from heavytail_snn.laws import LevyStable
from heavytail_snn.models import BinaryNetwork, LIFNetwork, RateMap
from heavytail_snn.models.binary import states_at
from heavytail_snn.models.lif_noise import WhiteNoise
from heavytail_snn.randomness import child_sequence
from heavytail_snn.recording import Recording
from heavytail_snn.results import Estimate
from heavytail_snn.simulation import simulate
from heavytail_snn.study_config import NetworkConfig, StudyConfig
from heavytail_snn.wiring import AllToAll, FixedInDegree

UPDATE_INTERVAL = 10e-3  # s, of the binary units
LAGS = (1.0, 2.0)  # update intervals
LOW_BAND = (4.0, 20.0)  # Hz
LEADING = 0.15  # fraction of the exponents shown where no theory says how many matter


@dataclass(frozen=True)
class Measurement:
    """Numbers of one network, and what figures need of it.

    Parameters
    ----------
    estimates : tuple of Estimate
    tail : WeightTail
    seed : int
    recording : Recording or None
        Spikes, or flips of binary units.
    spectrum : PowerSpectrum or None
    exponents : LyapunovSpectrum or None
    """

    estimates: tuple[Estimate, ...]
    tail: WeightTail
    seed: int
    recording: Recording | None = None
    spectrum: PowerSpectrum | None = None
    exponents: LyapunovSpectrum | None = None


@dataclass(frozen=True)
class Prediction:
    """What one theory says about one kind of network.

    Parameters
    ----------
    title : str
    estimates : tuple of Estimate
    accuracy : dict of str to float
        Relative accuracy granted, by quantity.
    infinite : bool
        Whether it means infinitely many neurons, and not the network's number.
    weak_synapses : bool
        Whether it assumes that no synapse of a neuron stands out.
    white_input : bool
        Whether it assumes Poisson-like spike trains.
    curves : dict
        For figures: name to (x, y).
    note : str
        Why it predicts nothing.
    """

    title: str
    estimates: tuple[Estimate, ...]
    accuracy: dict[str, float]
    infinite: bool = True
    weak_synapses: bool = False
    white_input: bool = False
    curves: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    note: str = ""


def network_seed(config: StudyConfig, name: str, n_neurons: int, index: int) -> int:
    """Return the seed of one network of a study."""
    child = child_sequence(config.seed, f"{name}, N = {n_neurons}, network {index}")
    return int(child.generate_state(1)[0])


def coupling_of(network: NetworkConfig, alpha: float) -> Coupling:
    """Return the coupling of a configured network."""
    wiring = FixedInDegree(network.in_degree) if network.in_degree else AllToAll()
    # rate maps are those of the theory, W full with its diagonal
    autapses = network.model == "rate_map" and not network.in_degree
    return Coupling(LevyStable(alpha), wiring, network.gain, autapses=autapses)


def measure(
    network: NetworkConfig, alpha: float, n_neurons: int, *, seed: int, backend: str
) -> Measurement:
    """Run one network and return its numbers."""
    return _MEASURE[network.model](network, alpha, n_neurons, seed, backend)


def predict(
    network: NetworkConfig, alpha: float, n_neurons: int, *, seed: int, population: int
) -> list[Prediction]:
    """Return what each theory of the model predicts."""
    return _PREDICT[network.model](network, alpha, n_neurons, seed, population)


def pooled(measurements: Sequence[Measurement]) -> tuple[Estimate, ...]:
    """Return the means over networks of each quantity.

    The standard error is the larger of the one within networks and the one between them: few
    networks give a poor estimate of the second.
    """
    found = []
    for estimates in zip(*(m.estimates for m in measurements), strict=True):
        values = np.array([e.value for e in estimates])
        errors = np.array([e.standard_error for e in estimates])
        n = len(values)
        within = float(np.sqrt(np.mean(errors**2) / n)) if np.isfinite(errors).all() else math.nan
        between = float(values.std(ddof=1) / np.sqrt(n)) if n > 1 else math.nan
        error = float(np.fmax(within, between))
        found.append(
            replace(
                estimates[0],
                value=float(values.mean()),
                standard_error=error,
                source=f"{n} network{'s' * (n > 1)}",
            )
        )
    return tuple(found)


# ------------------------------------------------------------------ rate map


def measure_rate_map(
    network: NetworkConfig, alpha: float, n_neurons: int, seed: int, backend: str
) -> Measurement:
    """Exponents from the tangent product, moments and dimension from the states."""
    coupling = coupling_of(network, alpha)
    model = RateMap(
        coupling.sample(n_neurons, seed) / network.gain, gain=network.gain, noise=network.noise
    )
    n_steps, warmup = round(network.duration), round(network.transient)
    expected = _map_spectrum(network, alpha)
    share = 1.25 * expected.kaplan_yorke_dimension_per_neuron if expected else LEADING
    exponents = lyapunov_spectrum(
        model, k=min(n_neurons, math.ceil(share * n_neurons) + 10), seed=seed, n_steps=n_steps,
        state_warmup=warmup, tangent_warmup=max(n_steps // 4, 10),
    )  # fmt: skip
    states = model.run(4 * n_steps, seed=seed, warmup=warmup)
    dimension = participation_ratio(states)
    found = {e.name: e for e in (*exponents.estimates(), *dimension.estimates())}
    estimates = [
        found["largest_exponent"],
        found["participation_ratio_per_neuron"],
        _mean_of("mean_absolute_activity", np.abs(states).mean(axis=1)),
        _mean_of("mean_square_activity", np.square(states).mean(axis=1)),
    ]
    if expected:  # the leading exponents reach the dimension only where it is known beforehand
        extensive = ("kaplan_yorke_dimension", "entropy_rate")
        estimates += [_per_neuron(found[name], n_neurons) for name in extensive]
        # one network's fraction is known to the width of a step of its spectrum
        step = 1.0 / (math.sqrt(12.0) * n_neurons)
        estimates.append(replace(found["positive_fraction"], standard_error=step))
    return Measurement(tuple(estimates), weight_tail(model.weights), seed, exponents=exponents)


def predict_rate_map(
    network: NetworkConfig, alpha: float, n_neurons: int, seed: int, population: int
) -> list[Prediction]:
    """Closed forms at alpha = 2; the stable field and population dynamics below."""
    expected = _map_spectrum(network, alpha)
    if expected:
        mean_field = expected.mean_field
        names = {"activity_variance": "mean_square_activity"}
        chosen = [
            replace(e, name=names.get(e.name, e.name), standard_error=0.0)
            for e in (*expected.estimates(), *mean_field.estimates())
            if e.name not in ("variance", "field_participation_ratio_per_neuron")
        ]
        curve = {"exponents": (expected.rank_fraction, expected.exponents)}
        return [_prediction("Gaussian mean field", chosen, 0.02, "infinite N", curves=curve)]
    if network.noise:
        return []
    field_theory = theory.stable_map(alpha, network.gain)
    size = theory.population_dynamics_map(
        alpha, network.gain, population=n_neurons, n_runs=8, seed=seed
    )
    return [
        _prediction(
            "stable field",
            [
                Estimate("mean_absolute_activity", field_theory.mean_absolute_activity, 0.0),
                Estimate("mean_square_activity", field_theory.mean_square_activity, 0.0),
            ],
            0.02,
            "infinite N",
        ),
        _prediction(
            "population dynamics",
            size.estimates()[:1],
            0.05,
            f"N = {n_neurons}, weights redrawn at each step",
            infinite=False,
        ),
    ]


def _map_spectrum(network: NetworkConfig, alpha: float) -> theory.RateMapSpectrumTheory | None:
    if alpha != 2:
        return None
    return theory.rate_map_spectrum(network.gain, noise=network.noise, convention="stable")


# ------------------------------------------------------------------ LIF


def measure_lif(
    network: NetworkConfig, alpha: float, n_neurons: int, seed: int, backend: str
) -> Measurement:
    """Rate, its spread, CV and spectrum of a simulated network."""
    coupling = coupling_of(network, alpha)
    weights = coupling.sample(n_neurons, seed)
    noise = WhiteNoise(network.noise * mV) if network.noise else None
    model = LIFNetwork(weights, drive=network.drive * mV, noise=noise)
    recording = _run(model, network, seed, backend)
    statistics = {e.name: e for e in spike_statistics(recording).estimates()}
    spectrum = power_spectrum(recording)
    estimates = (
        statistics["rate"],
        statistics["cv"],
        spread_of_rates(recording),
        spectrum.estimates()[0],
        low_power(spectrum),
    )
    return Measurement(
        estimates, weight_tail(weights), seed, recording=recording, spectrum=spectrum
    )


def predict_lif(
    network: NetworkConfig, alpha: float, n_neurons: int, seed: int, population: int
) -> list[Prediction]:
    """Population dynamics with the network's in-degree, and white-noise Gaussian theory."""
    degree = network.in_degree or n_neurons - 1
    volts = {"drive": network.drive * 1e-3, "noise": network.noise * 1e-3}
    return [
        _attempt("population dynamics", lambda: _population_lif(
            network, alpha, degree, volts, seed, population)),
        _attempt("Gaussian theory", lambda: _gaussian_lif(network, n_neurons, degree, volts)),
    ]  # fmt: skip


def _attempt(title: str, solve: Callable[[], Prediction]) -> Prediction:
    """Return a theory's prediction; one that does not converge predicts nothing and says why."""
    try:
        return solve()
    except ConvergenceError as error:
        return Prediction(title, (), {}, note=str(error))


def _population_lif(
    network: NetworkConfig,
    alpha: float,
    degree: int,
    volts: dict[str, float],
    seed: int,
    population: int,
) -> Prediction:
    """Return the self-consistent spike trains of neurons with heavy-tailed synapses."""
    sampling = theory.LIFSampling(
        population=population, duration=1.6, n_iterations=20, n_average=12
    )
    trains = theory.lif_heavy_tailed(
        alpha, network.gain * 1e-3, in_degree=degree, sampling=sampling, seed=seed, **volts
    )
    granted = {"rate": 0.03, "cv": 0.05, "rate_sd": 0.1, "low_frequency_power": 0.15}
    return _prediction(
        "population dynamics",
        [
            *trains.estimates(),
            Estimate("rate_sd", trains.rate_sd, math.nan, "Hz"),
            _low_power_of(trains),
        ],
        granted | {"spectrum_tail_over_rate": 0.03},
        f"N >> K = {degree}, no loops of strong synapses",
        curves={"spectrum": _averaged(trains.frequencies[1:], trains.spectrum[1:])},
    )


def _gaussian_lif(
    network: NetworkConfig, n_neurons: int, degree: int, volts: dict[str, float]
) -> Prediction:
    """Return the theory of many weak synapses; the weights' scale is read as alpha = 2."""
    deviation = math.sqrt(2.0) * coupling_of(network, 2.0).scale(n_neurons) * 1e-3
    circuit = theory.LIFCircuit(
        in_degree=(degree,), weight=(0.0,), weight_sd=deviation, dt=1e-4, **volts
    )
    solution = theory.lif_network(circuit)
    estimates = [
        *solution.estimates(),
        Estimate("rate_sd", solution.rate_sd, math.nan, "Hz"),
    ]
    granted = {"rate": 0.05, "rate_sd": 0.1}
    return _prediction(
        "Gaussian theory", estimates, granted, "many weak synapses, white input, infinite N",
        weak_synapses=True, white_input=True,
    )  # fmt: skip


def spread_of_rates(recording: Recording) -> Estimate:
    """Return the standard deviation of the true rates over units, free of count noise.

    The covariance over units of the rates in the two halves; count noise of the halves is
    independent.
    """
    half = recording.duration / 2
    early = recording.times < recording.t_start + half
    halves = np.array(
        [np.bincount(recording.ids[part], minlength=recording.n_units) for part in (early, ~early)]
    )
    rates = halves / half
    products = np.prod(rates - rates.mean(axis=1, keepdims=True), axis=0)
    variance = float(products.mean())
    deviation = math.sqrt(max(variance, 0.0))
    error = float(products.std(ddof=1)) / math.sqrt(recording.n_units)
    known = error / (2 * deviation) if deviation > 0 else math.nan
    return Estimate("rate_sd", deviation, known, "Hz", "half against half")


def low_power(spectrum: PowerSpectrum) -> Estimate:
    """Return the mean power between 4 and 20 Hz over the rate; 1 for Poisson trains."""
    band = (spectrum.frequencies >= LOW_BAND[0]) & (spectrum.frequencies <= LOW_BAND[1])
    power = spectrum.power[band]
    error = float((spectrum.upper - spectrum.lower)[band].mean()) / 4 / math.sqrt(power.size)
    value = float(power.mean())
    return Estimate("low_frequency_power", value / spectrum.rate, error / spectrum.rate, "")


def _averaged(frequencies: np.ndarray, power: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Average a spectrum over bins of equal width in the logarithm, 16 an octave at most."""
    bins = np.unique(np.round(np.log2(frequencies) * 16).astype(int), return_inverse=True)[1]
    counts = np.bincount(bins)
    return np.bincount(bins, frequencies) / counts, np.bincount(bins, power) / counts


def _low_power_of(trains: theory.LIFPopulation) -> Estimate:
    band = (trains.frequencies >= LOW_BAND[0]) & (trains.frequencies <= LOW_BAND[1])
    value = float(trains.spectrum[band].mean()) / trains.rate
    error = float(trains.spectrum_error[band].mean()) / trains.rate / math.sqrt(band.sum())
    return Estimate("low_frequency_power", value, error, "")


# ------------------------------------------------------------------ binary


def measure_binary(
    network: NetworkConfig, alpha: float, n_neurons: int, seed: int, backend: str
) -> Measurement:
    """Flip rate, autocorrelation of the states and their dimension."""
    weights = coupling_of(network, alpha).sample(n_neurons, seed)
    model = BinaryNetwork(
        weights, noise=network.noise, noise_alpha=alpha, tau=UPDATE_INTERVAL * second
    )
    whole = simulate(
        model, (network.duration + network.transient) * second, backend=backend, seed=seed
    )
    start = whole.t_start + network.transient
    step = UPDATE_INTERVAL / 2
    times = start + step * np.arange(math.floor(network.duration / step))
    states = states_at(whole, times)
    recording = whole.slice(start, whole.t_stop)
    flips = {e.name: e for e in spike_statistics(recording).estimates()}["rate"]
    per_neuron = participation_ratio(states).estimates()[1]
    products = [_lagged(states, round(lag / 0.5), lag) for lag in LAGS]
    return Measurement(
        (replace(flips, name="flip_rate"), *products, per_neuron),
        weight_tail(weights),
        seed,
        recording=recording,
        spectrum=power_spectrum(recording),
    )


def predict_binary(
    network: NetworkConfig, alpha: float, n_neurons: int, seed: int, population: int
) -> list[Prediction]:
    """Mean field of +-1 units with stable fields; the dimension at alpha = 2."""
    solution = stable_sign_autocorrelation(alpha, network.gain, network.noise, [0.0, *LAGS])
    estimates = [
        Estimate("flip_rate", solution.flip_rate / UPDATE_INTERVAL, 0.0, "Hz"),
        *(
            Estimate(_lag_name(lag), float(value), 0.0)
            for lag, value in zip(LAGS, solution.autocorrelation[1:], strict=True)
        ),
    ]
    if alpha == 2:
        width = math.sqrt(2.0)
        estimates += theory.binary_participation(
            width * network.gain, width * network.noise
        ).estimates()[:1]
    return [_prediction("mean field of stable signs", estimates, 0.02, "infinite N")]


def _lagged(states: np.ndarray, shift: int, lag: float) -> Estimate:
    products = np.mean(states[shift:] * states[:-shift], axis=1)
    return _mean_of(_lag_name(lag), products)


def _lag_name(lag: float) -> str:
    return f"state_autocorrelation_at_{lag:g}"


# ------------------------------------------------------------------ shared


def _run(model: Any, network: NetworkConfig, seed: int, backend: str) -> Recording:
    whole = simulate(
        model, (network.duration + network.transient) * second, backend=backend, seed=seed
    )
    return whole.slice(whole.t_start + network.transient, whole.t_stop)


def _mean_of(name: str, series: np.ndarray, n_blocks: int = 10) -> Estimate:
    """Return the mean of a stationary series with the standard error over ten blocks."""
    blocks = np.array([part.mean() for part in np.array_split(series, n_blocks)])
    return Estimate(name, float(series.mean()), float(blocks.std(ddof=1) / math.sqrt(n_blocks)))


def _per_neuron(estimate: Estimate, n_neurons: int) -> Estimate:
    return replace(
        estimate,
        name=f"{estimate.name}_per_neuron",
        value=estimate.value / n_neurons,
        standard_error=estimate.standard_error / n_neurons,
    )


def _prediction(
    title: str,
    estimates: Sequence[Estimate],
    accuracy: float | dict[str, float],
    domain: str,
    **facts: Any,
) -> Prediction:
    stated = tuple(replace(e, domain=domain, source=title) for e in estimates)
    granted = accuracy if isinstance(accuracy, dict) else {e.name: accuracy for e in stated}
    return Prediction(title, stated, granted, **facts)


Measure = Callable[[NetworkConfig, float, int, int, str], Measurement]
Predict = Callable[[NetworkConfig, float, int, int, int], list[Prediction]]
_MEASURE: dict[str, Measure] = {
    "rate_map": measure_rate_map,
    "lif": measure_lif,
    "binary": measure_binary,
}
_PREDICT: dict[str, Predict] = {
    "rate_map": predict_rate_map,
    "lif": predict_lif,
    "binary": predict_binary,
}
