"""LIF parameters for a recording: the white input at which one neuron has its rate and CV.

The neuron's CV is computed without overflow from far below threshold to weak noise.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import integrate, optimize
from scipy.special import erfcx

from heavytail_snn.analysis.spectra import spike_statistics
from heavytail_snn.analysis.theory.lif.siegert import (
    T_REF,
    TAU,
    THETA,
    check_neuron,
    si,
    siegert_derivatives,
)
from heavytail_snn.core.errors import ConvergenceError, ParameterError, check_real
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.recording.inputs import as_recording
from heavytail_snn.recording.recording import Recording


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
    tau: Any = TAU,
    theta: Any = THETA,
    v_reset: Any = 0.0,
    t_ref: Any = T_REF,
    t_start: Any = None,
    t_stop: Any = None,
) -> MatchedParameters:
    """Propose LIF parameters for a recording, with their errors from those of its statistics.

    Spikes alone do not identify the tail of the weights; compare spectra and rates of networks with
    different laws instead.

    Parameters
    ----------
    recording : Recording, neo object or times in seconds
    tau, theta, v_reset, t_ref : Quantity
        Membrane: 20 ms, 20 mV, 0 mV, 2 ms.
    t_start, t_stop : float, optional
        Limits of the run where plain times are given.

    Raises
    ------
    UnitError
        If a voltage or a time of the membrane is a bare number.
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
    given = {"tau": tau, "theta": theta, "v_reset": v_reset, "t_ref": t_ref}
    membrane: dict[str, Any] = {name: si(name, value) for name, value in given.items()}
    check_neuron(membrane)
    try:
        drive, noise = white_input(rate, irregularity, **membrane)
        spread = _propagated(rate, irregularity, errors, membrane)
    except ConvergenceError as error:
        drive, noise, spread = math.nan, math.nan, np.full(3, math.nan)
        notes.append(str(error))
    return MatchedParameters(
        rate=rate, rate_error=errors[0], irregularity=irregularity, irregularity_error=errors[1],
        count_correlation=statistics.correlation, drive=drive, drive_error=float(spread[0]),
        noise=noise, noise_error=float(spread[1]), gain=_gain(rate, noise, membrane["tau"]),
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
    membrane: dict[str, Any] = {"tau": tau, "theta": theta, "v_reset": v_reset, "t_ref": t_ref}

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


def _gain(rate: float, noise: float, tau: float) -> float:
    return noise / math.sqrt(2.0 * tau * rate)
