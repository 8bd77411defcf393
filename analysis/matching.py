"""Matched models: the rate network with a spiking network's weights, and what it keeps of it.

A rate network with the same weights sees only mean inputs; how much of the spiking network it keeps
is measured by running both.
"""

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.special import erf

from heavytail_snn.analysis import theory
from heavytail_snn.analysis.comparison import Comparison, compare
from heavytail_snn.analysis.theory.lif.siegert import siegert_derivatives
from heavytail_snn.core.errors import ConvergenceError, ParameterError
from heavytail_snn.core.randomness import Seed, recorded_seed
from heavytail_snn.core.results import Estimate, Result, field_of
from heavytail_snn.core.showing import Rows
from heavytail_snn.models.binary.network import BinaryNetwork, states_at
from heavytail_snn.models.brian.lif import LIFNetwork
from heavytail_snn.models.brian.lif_noise import ColouredNoise
from heavytail_snn.models.rate.activation import Activation
from heavytail_snn.models.rate.flow import RateFlow
from heavytail_snn.models.rate.network import fixed_seed
from heavytail_snn.recording.recording import Recording

_SETTLE = 20.0  # time constants before the rate network is averaged
_AVERAGED = 40.0  # time constants
_SHOWN = 6  # compared quantities in what is printed


@dataclass(frozen=True, kw_only=True)
class MatchedNetwork(Result):
    """A rate network with a spiking network's weights, and how much of it is kept.

    Parameters
    ----------
    network : RateFlow
        LIF: the state is the mean input of each neuron in mV and phi its rate times tau.  Binary:
        the state is the field and phi the mean state.  Time in units of tau.
    comparison : Comparison
        Spiking network (measured) against rate network (predicted).
    correlation : float
        Over neurons, between the mean output (rate or state) of both networks.
    sigma : float
        Noise that the transfer function was taken at: LIF in V (Siegert convention), binary the
        standard deviation of the threshold noise.
    """

    network: Any
    comparison: Comparison
    correlation: float = field_of(quantity="correlation_of_rates")
    sigma: float = field_of()

    def highlights(self) -> Rows:
        """Return the compared quantities."""
        return self.comparison.shown()[1][:_SHOWN]


def match_rate_network(
    spiking_model: Any,
    *,
    seed: Seed = None,
    recording: Recording | None = None,
    duration: Any = None,
    backend: str = "runtime",
) -> MatchedNetwork:
    """Build the rate network with a spiking network's weights and say how good the match is.

    Parameters
    ----------
    spiking_model : LIFNetwork or BinaryNetwork
        LIF: phi is the Siegert rate at the noise that the network's own rates cause in a typical
        neuron.  Binary (+-1 units with Gaussian threshold noise): phi = erf(x / (s sqrt 2)), with
        the white noise that makes the autocovariances equal.
    seed : Seed
        Of weights, initial states and noise; give that of `recording`.
    recording : Recording, optional
        A run of the model with this seed.  Simulated if it is missing.
    duration : Quantity of time, optional
        Of the simulation, by default 200 tau; its first fifth is left out.
    backend : str

    Returns
    -------
    MatchedNetwork
        With warnings where the match leaves something out: synaptic filters, coloured noise.

    Raises
    ------
    ParameterError
        For other models, 0/1 units, and units without Gaussian threshold noise.
    ConvergenceError
        If the LIF network's self-consistent rates are not found.

    Notes
    -----
    LIF: Brunel, J. Comput. Neurosci. 8, 183 (2000), with each neuron's own weights.  Binary: Keup,
    Kuehn, Dahmen & Helias, Phys. Rev. X 11 (2021) 021064.
    """
    from heavytail_snn.brian.simulation.simulate import simulate

    if not isinstance(spiking_model, LIFNetwork | BinaryNetwork):
        raise ParameterError(
            "spiking_model", type(spiking_model).__name__, "must be a LIFNetwork or BinaryNetwork"
        )
    seed = fixed_seed(seed)
    weights = spiking_model.sample_weights(seed)
    flow: Any = _lif_flow if isinstance(spiking_model, LIFNetwork) else _binary_flow
    network, sigma, notes = flow(spiking_model, weights)
    if recording is None:
        length = 200 * spiking_model.tau if duration is None else duration
        recording = simulate(spiking_model, length, seed=seed, backend=backend)
    run = network.run(round(_AVERAGED / network.dt), seed=seed, warmup=round(_SETTLE / network.dt))
    judge: Any = _compare_lif if isinstance(spiking_model, LIFNetwork) else _compare_binary
    comparison, correlation = judge(spiking_model, weights, network, run, recording)
    return MatchedNetwork(
        network=network,
        comparison=comparison,
        correlation=correlation,
        sigma=sigma,
        seed=recorded_seed(seed),
        parameters=network.parameters,
        warnings=notes,
    )


# ------------------------------------------------------------------ LIF


def _membrane(model: LIFNetwork) -> dict[str, Any]:
    names = ("tau", "theta", "v_reset", "t_ref")
    return {name: float(getattr(model, name)) for name in names} | {"dt": model.default_dt}


def _lif_flow(model: LIFNetwork, weights: Any) -> tuple[RateFlow, float, tuple[str, ...]]:
    membrane, unit = _membrane(model), float(model.unit_weight)
    drive = np.broadcast_to(np.asarray(model.drive, dtype=float), (weights.shape[0],))
    external = float(model.noise.sigma) if model.noise else 0.0
    sigma = float(np.median(_input_noise(weights * unit, drive, external, membrane)))
    output, slope = (partial(f, sigma=sigma, membrane=membrane) for f in (_output, _slope))
    phi = Activation("siegert", output, slope)
    notes = []
    if model.synapse != "delta":
        notes.append(f"{model.synapse} synapses are matched in area; their filter is left out")
    if isinstance(model.noise, ColouredNoise):
        notes.append("coloured noise is matched as white noise of the same amplitude")
    return RateFlow(weights * (unit * 1e3), phi=phi, bias=drive * 1e3), sigma, tuple(notes)


# functions of the module and not of a call, so that matched networks pickle


def _output(x: Any, *, sigma: float, membrane: dict[str, Any]) -> Any:
    """Return tau times the rate at the mean input x in mV."""
    return membrane["tau"] * siegert_derivatives(np.asarray(x) * 1e-3, sigma, **membrane)[0]


def _slope(x: Any, *, sigma: float, membrane: dict[str, Any]) -> Any:
    slope = siegert_derivatives(np.asarray(x) * 1e-3, sigma, **membrane)[1]
    return membrane["tau"] * 1e-3 * slope


def _mean_state(x: Any, *, noise: float) -> Any:
    return erf(x / (noise * math.sqrt(2.0)))


def _mean_state_slope(x: Any, *, noise: float) -> Any:
    return math.sqrt(2.0 / math.pi) / noise * np.exp(-0.5 * (x / noise) ** 2)


def _input_noise(
    weights: Any, drive: np.ndarray, external: float, membrane: dict[str, Any]
) -> np.ndarray:
    """Return each neuron's input noise (V) at the self-consistent rates of this weight matrix."""
    tau, squares = membrane["tau"], weights**2
    rates = np.full(weights.shape[0], 10.0)
    for _ in range(400):
        mean = drive + tau * (weights @ rates)
        sigma = np.sqrt(external**2 + tau * (squares @ rates))
        new = siegert_derivatives(mean, sigma, **membrane)[0]
        change = float(np.abs(new - rates).mean())
        # neurons that inhibit each other strongly need small steps
        rates = rates + 0.1 * (new - rates)
        if change < 1e-3 * max(float(rates.mean()), 1e-3):
            return sigma
    if change < 0.05 * float(rates.mean()):
        return sigma  # a transfer function at the noise of the last 5 % serves as well
    raise ConvergenceError(
        f"the self-consistent rates still move by {change:.3g} Hz; reduce the weights or add noise"
    )


def _compare_lif(
    model: LIFNetwork, weights: Any, network: RateFlow, run: np.ndarray, recording: Recording
) -> tuple[Comparison, float]:
    settled = recording.slice(recording.t_start + recording.duration / 5, recording.t_stop)
    spiking = settled.rates()
    tau = float(model.tau)
    # the average output of each neuron, in Hz
    rate = np.mean([network.activation.function(x) for x in run[::10]], axis=0) / tau
    estimates = [_over_neurons("rate", values, "Hz") for values in (spiking, rate)]
    spreads = [_spread("rate_sd", values, "Hz") for values in (spiking, rate)]
    comparison = compare(
        [estimates[0], spreads[0]], [estimates[1], spreads[1]], title="spiking against rate network"
    )
    return comparison, _correlation(spiking, rate)


# ------------------------------------------------------------------ binary


def _binary_flow(model: BinaryNetwork, weights: Any) -> tuple[RateFlow, float, tuple[str, ...]]:
    if tuple(model.states) != (-1, 1):
        raise ParameterError("states", model.states, "must be (-1, 1) to be matched")
    gaussian = model.noise_alpha in (None, 2, 2.0)
    if not gaussian or model.noise == 0 or model.update != "asynchronous":
        raise ParameterError(
            "noise", model.noise, "must be Gaussian and positive, with asynchronous updates, to "
            "be matched", "set noise=0.5, noise_alpha=None",
        )  # fmt: skip
    s = model.noise * (1.0 if model.noise_alpha is None else math.sqrt(2.0))
    squares = np.asarray((weights**2).sum(axis=1)).ravel()
    gain = math.sqrt(float(squares.mean()))
    noise = math.sqrt(theory.matched_rate_network(gain, s).noise_variance)
    phi = Activation("erf", partial(_mean_state, noise=s), partial(_mean_state_slope, noise=s))
    bias = np.asarray(model.drive, dtype=float) - model.threshold
    network = RateFlow(weights, phi=phi, noise=noise, scheme="euler", dt=0.05, bias=bias)
    return network, s, ()


def _compare_binary(
    model: BinaryNetwork, weights: Any, network: RateFlow, run: np.ndarray, recording: Recording
) -> tuple[Comparison, float]:
    tau = float(model.tau)
    start = recording.t_start + recording.duration / 5
    times = np.arange(start, recording.t_stop, tau / 2)
    states = states_at(recording, times)
    bias = np.asarray(model.drive, dtype=float) - model.threshold
    fields = (weights @ states.T).T + bias
    step = round(0.5 / network.dt)
    thinned = run[::step]
    measured = _moments(fields)
    predicted = _moments(thinned)
    comparison = compare(measured, predicted, title="spiking against rate network")
    outputs = network.activation.function(thinned).mean(axis=0)
    return comparison, _correlation(states.mean(axis=0), outputs)


def _moments(fields: np.ndarray) -> list[Estimate]:
    """Return variance and autocovariance at one and two time constants; rows are half one apart."""
    return [
        _over_neurons(name, (fields[shift:] * fields[: len(fields) - shift]).mean(axis=0), "")
        for name, shift in (("variance", 0), ("autocovariance_at_1", 2), ("autocovariance_at_2", 4))
    ]


# ------------------------------------------------------------------ shared


def _over_neurons(name: str, values: np.ndarray, unit: str) -> Estimate:
    error = float(values.std(ddof=1) / math.sqrt(values.size))
    return Estimate(name, float(values.mean()), error, unit)


def _spread(name: str, values: np.ndarray, unit: str) -> Estimate:
    deviation = float(values.std(ddof=1))
    fourth = float(np.mean((values - values.mean()) ** 4))
    variance_error = math.sqrt(max(fourth - deviation**4, 0.0) / values.size)
    error = variance_error / (2 * deviation) if deviation > 0 else math.nan
    return Estimate(name, deviation, error, unit)


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    if first.std() == 0 or second.std() == 0:
        return math.nan
    return float(np.corrcoef(first, second)[0, 1])
