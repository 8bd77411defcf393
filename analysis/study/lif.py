"""LIF networks in a study: rates, irregularity and spectra, Gaussian and heavy-tailed theory."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from brian2 import ms, mV

from heavytail_snn.analysis import theory
from heavytail_snn.analysis.spectra import PowerSpectrum, power_spectrum, spike_statistics
from heavytail_snn.analysis.study.config import NetworkConfig
from heavytail_snn.analysis.study.parts import (
    Measurement,
    Prediction,
    coupling_of,
    run_network,
    stated,
)
from heavytail_snn.analysis.tails import weight_tail
from heavytail_snn.core.errors import ConvergenceError
from heavytail_snn.core.results import Estimate
from heavytail_snn.models import LIFNetwork
from heavytail_snn.models.brian.lif_noise import WhiteNoise
from heavytail_snn.recording.recording import Recording

LOW_BAND = (4.0, 20.0)  # Hz


def measure_lif(
    network: NetworkConfig, alpha: float, n_neurons: int, seed: int, backend: str
) -> Measurement:
    """Rate, its spread, CV and spectrum of a simulated network."""
    coupling = coupling_of(network, alpha)
    weights = coupling.sample(n_neurons, seed)
    noise = WhiteNoise(network.noise * mV) if network.noise else None
    model = LIFNetwork(weights, drive=network.drive * mV, noise=noise)
    recording = run_network(model, network, seed, backend)
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
    volts = {"drive": network.drive * mV, "noise": network.noise * mV}
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
    volts: dict[str, Any],
    seed: int,
    population: int,
) -> Prediction:
    """Return the self-consistent spike trains of neurons with heavy-tailed synapses."""
    sampling = theory.LIFSampling(
        population=population, duration=1.6, n_iterations=20, n_average=12
    )
    trains = theory.lif_heavy_tailed(
        alpha, network.gain * mV, in_degree=degree, sampling=sampling, seed=seed, **volts
    )
    granted = {"rate": 0.03, "cv": 0.05, "rate_sd": 0.1, "low_frequency_power": 0.15}
    return stated(
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
    network: NetworkConfig, n_neurons: int, degree: int, volts: dict[str, Any]
) -> Prediction:
    """Return the theory of many weak synapses; the weights' scale is read as alpha = 2."""
    deviation = math.sqrt(2.0) * coupling_of(network, 2.0).scale(n_neurons) * mV
    circuit = theory.LIFCircuit(
        in_degree=(degree,), weight=(0.0,), weight_sd=deviation, dt=0.1 * ms, **volts
    )
    solution = theory.lif_network(circuit)
    estimates = [
        *solution.estimates(),
        Estimate("rate_sd", solution.rate_sd, math.nan, "Hz"),
    ]
    granted = {"rate": 0.05, "rate_sd": 0.1}
    return stated(
        "Gaussian theory", estimates, granted, "many weak synapses, white input, infinite N",
        weak_synapses=True, white_input=True,
    )  # fmt: skip


def spread_of_rates(recording: Recording) -> Estimate:
    """Return the standard deviation of the true rates over units, free of count noise.

    The covariance over units of the rates in the two halves; count noise of the halves is
    independent.  Where the covariance comes out negative the deviation is 0, with unknown error.
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
