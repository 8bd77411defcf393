"""Matched models: the rate network of a spiking network, and model parameters for a recording.

A rate network with the same weights sees only mean inputs; how much of the spiking network it keeps
is measured by running both.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import integrate, optimize
from scipy.special import erf, erfcx

from heavytail_snn.analysis import theory
from heavytail_snn.analysis.compare import Comparison, compare
from heavytail_snn.analysis.spectra import spike_statistics
from heavytail_snn.analysis.theory.siegert import siegert_derivatives
from heavytail_snn.errors import ConvergenceError, ParameterError, check_real
from heavytail_snn.models.activation import Activation
from heavytail_snn.models.binary import BinaryNetwork, states_at
from heavytail_snn.models.lif import LIFNetwork
from heavytail_snn.models.lif_noise import ColouredNoise
from heavytail_snn.models.rate_flow import RateFlow
from heavytail_snn.models.rate_network import fixed_seed
from heavytail_snn.randomness import Seed, recorded_seed
from heavytail_snn.recording import Recording
from heavytail_snn.recording_inputs import as_recording
from heavytail_snn.results import Estimate, Result, field_of

_SETTLE = 20.0  # time constants before the rate network is averaged
_AVERAGED = 40.0  # time constants


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
    from heavytail_snn.simulation import simulate

    if not isinstance(spiking_model, LIFNetwork | BinaryNetwork):
        raise ParameterError(
            "spiking_model", type(spiking_model).__name__, "must be a LIFNetwork or BinaryNetwork"
        )
    seed = fixed_seed(seed)
    weights = spiking_model.sample_weights(seed)
    lif = isinstance(spiking_model, LIFNetwork)
    matched = _lif_flow(spiking_model, weights) if lif else _binary_flow(spiking_model, weights)
    network, sigma, notes = matched
    if recording is None:
        length = 200 * spiking_model.tau if duration is None else duration
        recording = simulate(spiking_model, length, seed=seed, backend=backend)
    run = network.run(round(_AVERAGED / network.dt), seed=seed, warmup=round(_SETTLE / network.dt))
    judge = _compare_lif if lif else _compare_binary
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


def _membrane(model: LIFNetwork) -> dict[str, float]:
    names = ("tau", "theta", "v_reset", "t_ref")
    return {name: float(getattr(model, name)) for name in names} | {"dt": model.default_dt}


def _lif_flow(model: LIFNetwork, weights: Any) -> tuple[RateFlow, float, tuple[str, ...]]:
    membrane, unit = _membrane(model), float(model.unit_weight)
    drive = np.broadcast_to(np.asarray(model.drive, dtype=float), (weights.shape[0],))
    external = float(model.noise.sigma) if model.noise else 0.0
    sigma = float(np.median(_input_noise(weights * unit, drive, external, membrane)))
    tau = membrane["tau"]

    def rate(x: Any) -> Any:
        return tau * siegert_derivatives(np.asarray(x) * 1e-3, sigma, **membrane)[0]

    def slope(x: Any) -> Any:
        return tau * 1e-3 * siegert_derivatives(np.asarray(x) * 1e-3, sigma, **membrane)[1]

    phi = Activation("siegert", rate, slope)
    notes = []
    if model.synapse != "delta":
        notes.append(f"{model.synapse} synapses are matched in area; their filter is left out")
    if isinstance(model.noise, ColouredNoise):
        notes.append("coloured noise is matched as white noise of the same amplitude")
    return RateFlow(weights * (unit * 1e3), phi=phi, bias=drive * 1e3), sigma, tuple(notes)


def _input_noise(
    weights: Any, drive: np.ndarray, external: float, membrane: dict[str, float]
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
    phi = Activation(
        "erf", lambda x: erf(x / (s * math.sqrt(2.0))),
        lambda x: math.sqrt(2.0 / math.pi) / s * np.exp(-0.5 * (x / s) ** 2),
    )  # fmt: skip
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


# ------------------------------------------------------------------ recordings


@dataclass(frozen=True, kw_only=True)
class MatchedParameters(Result):
    """LIF parameters whose single neuron has a recording's rate and irregularity.

    Parameters
    ----------
    rate, irregularity, count_correlation : float
        What was matched: rate (Hz), CV2 of the intervals (local, so that slow changes of rate do
        not count) and, for information, the mean pairwise correlation of counts.
    drive, noise : float
        Mean and amplitude of white input (V, Siegert convention); nan where no LIF neuron is that
        irregular, and `warnings` says so.
    gain : float
        Scale (V) of Gaussian weights of stable convention that would cause the noise by themselves:
        noise / sqrt(2 tau rate).
    """

    rate: float = field_of(unit="Hz", quantity="rate", error="rate_error")
    rate_error: float = field_of(unit="Hz")
    irregularity: float = field_of(quantity="cv2", error="irregularity_error")
    irregularity_error: float = field_of()
    count_correlation: float = field_of(quantity="count_correlation")
    drive: float = field_of(unit="V", quantity="drive", error="drive_error")
    drive_error: float = field_of(unit="V")
    noise: float = field_of(unit="V", quantity="noise", error="noise_error")
    noise_error: float = field_of(unit="V")
    gain: float = field_of(unit="V", quantity="gain", error="gain_error")
    gain_error: float = field_of(unit="V")


def match_statistics(
    recording: Any,
    *,
    tau: float = 20e-3,
    theta: float = 20e-3,
    v_reset: float = 0.0,
    t_ref: float = 2e-3,
    t_start: Any = None,
    t_stop: Any = None,
) -> MatchedParameters:
    """Propose LIF parameters for a recording, with their errors from those of its statistics.

    Spikes alone do not identify the tail of the weights; compare spectra and rates of networks with
    different laws instead.

    Parameters
    ----------
    recording : Recording, neo object or times in seconds
    tau, theta, v_reset, t_ref : float
        Membrane (s, V).
    t_start, t_stop : float, optional
        Limits of the run where plain times are given.

    Raises
    ------
    RecordingError, ParameterError
        As `spike_statistics`.

    Notes
    -----
    Rate and CV of a LIF neuron with white input: Siegert 1951; Brunel 2000, appendix.
    """
    spikes = as_recording("recording", recording, t_start=t_start, t_stop=t_stop)
    statistics = spike_statistics(spikes)
    rate, irregularity = statistics.rate, statistics.cv2
    errors = [statistics.rate_error, statistics.cv2_error]
    notes = list(statistics.warnings)
    if not np.isfinite(errors).all():
        errors = _renewal_errors(spikes)
        notes.append("one unit: errors are those of independent intervals, not over units")
    if irregularity > 1:
        notes.append(
            f"CV2 = {irregularity:.3g} is above that of a Poisson train: a LIF neuron with white "
            "input bursts like this only far below threshold and with very strong noise"
        )
    membrane = {"tau": tau, "theta": theta, "v_reset": v_reset, "t_ref": t_ref}
    try:
        drive, noise = white_input(rate, irregularity, **membrane)
        spread = _propagated(rate, irregularity, errors, membrane)
    except ConvergenceError as error:
        drive, noise, spread = math.nan, math.nan, np.full(3, math.nan)
        notes.append(str(error))
    return MatchedParameters(
        rate=rate, rate_error=errors[0], irregularity=irregularity, irregularity_error=errors[1],
        count_correlation=statistics.correlation, drive=drive, drive_error=float(spread[0]),
        noise=noise, noise_error=float(spread[1]), gain=_gain(rate, noise, tau),
        gain_error=float(spread[2]), parameters=membrane, warnings=tuple(notes),
    )  # fmt: skip


def _renewal_errors(spikes: Recording) -> list[float]:
    """Return the errors of rate and CV2 of the busiest unit, were its intervals independent."""
    intervals = np.diff(max(spikes.spike_trains(), key=len))
    first, second = intervals[:-1], intervals[1:]
    local = 2 * np.abs(second - first) / (second + first)
    n = intervals.size
    rate_error = intervals.std() / intervals.mean() ** 2 / math.sqrt(n)
    # neighbouring pairs share an interval
    return [float(rate_error), float(local.std() * math.sqrt(2.0 / n))]


def white_input(
    rate: float, cv: float, *, tau: float, theta: float, v_reset: float, t_ref: float
) -> tuple[float, float]:
    """Return mean and amplitude (V) of white input at which a LIF neuron has this rate and CV.

    Raises
    ------
    ParameterError
        For a rate or CV that is not positive, or a rate beyond the refractory limit.
    ConvergenceError
        If no white input makes a LIF neuron that irregular (CV near or above 1).
    """
    rate = check_real("rate", rate, low=0, open_low=True)
    cv = check_real("cv", cv, low=0, open_low=True)
    if rate * t_ref >= 1:
        raise ParameterError("rate", rate, f"must be below 1 / t_ref = {1 / t_ref:.4g} Hz")
    membrane = {"tau": tau, "theta": theta, "v_reset": v_reset, "t_ref": t_ref}

    def mean_at(sigma: float) -> float:
        span = 12.0 * (sigma + theta - v_reset) + (theta - v_reset) / (1 / rate - t_ref) * tau
        low, high = theta - 6 * sigma - span, theta + span

        def log_miss(mu: float) -> float:
            value = float(siegert_derivatives(mu, sigma, **membrane)[0])
            return math.log(max(value, 1e-300) / rate)

        return float(optimize.brentq(log_miss, low, high))

    def miss(log_sigma: float) -> float:
        sigma = math.exp(log_sigma)
        return coefficient_of_variation(mean_at(sigma), sigma, rate, **membrane) - cv

    scale = theta - v_reset
    grid = np.log(scale * np.geomspace(1e-3, 10.0, 25))
    values = np.array([miss(x) for x in grid])
    crossing = np.flatnonzero((values[:-1] < 0) & (values[1:] >= 0))
    if crossing.size == 0:
        raise ConvergenceError(
            f"no white input makes a LIF neuron fire at {rate:.3g} Hz with irregularity {cv:.3g} "
            f"(at most {values.max() + cv:.3g}); bursts or slow input are needed"
        )
    first = int(crossing[0])
    log_sigma = float(optimize.brentq(miss, grid[first], grid[first + 1], xtol=1e-8))
    return mean_at(math.exp(log_sigma)), math.exp(log_sigma)


def coefficient_of_variation(
    mu: float, sigma: float, rate: float, *, tau: float, theta: float, v_reset: float, t_ref: float
) -> float:
    """Return the CV of the intervals of a LIF neuron with white input.

    Notes
    -----
    CV^2 = 2 pi (rate tau)^2 int_{lower}^{upper} e^{x^2} int_{-inf}^x e^{y^2} (1 + erf y)^2 dy dx
    with the reduced reset and threshold as limits (Brunel 2000, eq. A3).
    """
    lower, upper = (v_reset - mu) / sigma, (theta - mu) / sigma
    outer = _outer_left(lower, min(upper, -_FAR)) if lower < -_FAR else 0.0
    if upper > -_FAR:
        x = np.linspace(-_FAR, upper, 4001)
        # e^{y^2} (1 + erf y)^2 = e^{-y^2} erfcx(-y)^2, without overflow for y < 0
        inner = integrate.cumulative_simpson(np.exp(-x * x) * erfcx(-x) ** 2, x=x, initial=0.0)
        inner += np.exp(-(_FAR**2)) * _product_left(np.array([-_FAR]))
        product = np.exp(x**2) * inner
        start = max(lower, -_FAR)
        fine = np.linspace(start, upper, 4001)
        outer += float(integrate.simpson(np.interp(fine, x, product), x=fine))
    return float(math.sqrt(2.0 * math.pi * outer) * rate * tau)


_FAR = 8.0  # reduced potential beyond which the inner integral has its asymptotic form


def _product_left(x: np.ndarray) -> np.ndarray:
    """Return e^{x^2} times the inner integral for x << 0, to relative order x^-4."""
    return erfcx(-x) ** 2 / (2.0 * np.abs(x)) * (1.0 - 1.5 / x**2)


def _outer_left(lower: float, upper: float) -> float:
    log_x = np.linspace(math.log(-upper), math.log(-lower), 801)
    x = -np.exp(log_x)
    return float(integrate.simpson(_product_left(x) * -x, x=log_x))


def _propagated(
    rate: float, cv: float, errors: list[float], membrane: dict[str, float]
) -> np.ndarray:
    """Return the errors of drive, noise and gain by finite differences."""

    def parameters(at_rate: float, at_cv: float) -> np.ndarray:
        drive, noise = white_input(at_rate, at_cv, **membrane)
        return np.array([drive, noise, _gain(at_rate, noise, membrane["tau"])])

    base, total = parameters(rate, cv), np.zeros(3)
    for index, error in enumerate(errors):
        point = [rate, cv]
        step = 0.02 * point[index]
        point[index] -= step  # downwards, where a solution still exists
        total += ((base - parameters(*point)) / step * error) ** 2
    return np.sqrt(total)


# ------------------------------------------------------------------ shared


def _gain(rate: float, noise: float, tau: float) -> float:
    return noise / math.sqrt(2.0 * tau * rate)


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
