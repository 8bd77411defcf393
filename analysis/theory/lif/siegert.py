"""Firing rate of a leaky integrate-and-fire neuron driven by white noise, and its derivatives.

The Siegert integral is evaluated without ever forming exp(u^2) erfc(u) as a product, so that it
holds from far below threshold (rates of 1e-300 Hz) to the noise-free limit (sigma = 0).
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import dawsn, erf, erfcx

from heavytail_snn.core.dimensions import SI, in_si
from heavytail_snn.core.errors import ParameterError, check_real
from heavytail_snn.core.results import Result, field_of

_UNITS = {"tau": "s", "t_ref": "s", "dt": "s", "initial_rate": "Hz", "in_degree": ""}  # else V

# -zeta(1/2)/sqrt(2 pi): mean overshoot of a Gaussian random walk, in step standard deviations
BARRIER_SHIFT = 0.5825971579390107


TAU, THETA, T_REF = SI(20e-3), SI(20e-3), SI(2e-3)  # the membrane of all theories and models


@dataclass(frozen=True, kw_only=True)
class SiegertRate(Result):
    """Stationary rate of one white-noise-driven LIF neuron and its response to slow inputs."""

    rate: float = field_of(unit="Hz", quantity="rate")
    susceptibility: float = field_of(unit="Hz/V")
    noise_susceptibility: float = field_of(unit="Hz/V")
    threshold_shift: float = field_of(unit="V")
    relative_error: float = field_of(unit="")


def siegert(
    mu: Any,
    sigma: Any,
    *,
    tau: Any = TAU,
    theta: Any = THETA,
    v_reset: Any = 0.0,
    t_ref: Any = T_REF,
    dt: Any = None,
) -> SiegertRate:
    """Return the rate of ``tau dV/dt = -V + mu + sigma sqrt(tau) xi(t)`` with a threshold.

    Parameters
    ----------
    mu, sigma : Quantity of voltage
        Mean and noise amplitude of the input. The free membrane potential has standard
        deviation ``sigma / sqrt(2)``. ``sigma = 0`` gives the noise-free rate.
    tau, t_ref : Quantity of time
        Membrane time constant and refractory time; 20 ms and 2 ms.
    theta, v_reset : Quantity of voltage
        Threshold and reset potential, 20 mV and 0. Only ratios of voltages matter.
    dt : Quantity of time, optional
        Time step of the simulation to be predicted. A simulation sees threshold crossings
        only on its grid, which acts as a threshold raised by ``0.5826 sigma sqrt(dt / tau)``: good
        to about 2 % of the rate at tau / 10 and 5 % at tau / 4, beyond which it is refused.

    Returns
    -------
    SiegertRate
        ``rate`` (Hz), ``susceptibility`` d rate / d mu and ``noise_susceptibility``
        d rate / d sigma (Hz/V; nan at ``sigma = 0`` for the latter), ``threshold_shift`` (V) and
        ``relative_error``, the change of the rate when the number of quadrature nodes is halved.

    Raises
    ------
    UnitError
        If an argument is a bare number: 20 may mean 20 mV or 20 V.
    ParameterError
        If an argument is not finite, sigma, tau or t_ref is negative, or theta <= v_reset.

    Notes
    -----
    Siegert, Phys. Rev. 81, 617 (1951); Brunel, J. Comput. Neurosci. 8, 183 (2000). The shift is
    that of Broadie, Glasserman & Kou, Math. Finance 7, 325 (1997).

    Examples
    --------
    >>> from brian2 import mV
    >>> round(siegert(40 * mV, 0 * mV).rate, 4)
    63.04
    """
    values: dict[str, Any] = {"mu": mu, "sigma": sigma, "tau": tau, "theta": theta}
    values = {k: si(k, v) for k, v in (values | {"v_reset": v_reset, "t_ref": t_ref}).items()}
    check_neuron(values)
    step = check_step(dt, values["tau"])
    rate, by_mu, by_sigma = siegert_derivatives(**values, dt=step)
    coarse = siegert_derivatives(**values, dt=step, n_nodes=N_NODES // 2)[0]
    error = abs(coarse - rate) / rate if rate > 0 else 0.0
    shift = values["sigma"] * boundary_shift(values["tau"], step)
    return SiegertRate(
        rate=float(rate),
        susceptibility=float(by_mu),
        noise_susceptibility=float(by_sigma),
        threshold_shift=float(shift),
        relative_error=float(error),
        parameters=values | {"dt": step},
    )


def si(argument: str, value: Any) -> Any:
    """Return a Brian2 quantity as a plain number in SI units; a bare number is refused.

    Raises
    ------
    UnitError
        If `value` is not what `argument` is: a voltage, a time or a rate.
    """
    return in_si(argument, value, _UNITS.get(argument, "V"))


def check_step(dt: Any, tau: float) -> float | None:
    """Return a time step (s) for which the threshold's shift holds, None for none, else raise."""
    if dt is None:
        return None
    remedy = f"the shift of the threshold holds for small steps: use at most tau/4 = {tau / 4:g} s"
    return check_real("dt", si("dt", dt), low=0.0, high=tau / 4, remedy=remedy)


def check_neuron(values: dict[str, Any]) -> None:
    """Check membrane parameters given in SI units; raise ParameterError naming the bad one."""
    for name in values.keys() & {"mu", "drive"}:
        check_real(name, values[name])
    for name in values.keys() & {"sigma", "noise", "t_ref"}:
        check_real(name, values[name], low=0.0)
    check_real("tau", values["tau"], low=0.0, open_low=True, remedy="write tau=20*ms")
    check_real("theta", values["theta"])
    check_real("v_reset", values["v_reset"])
    if values["theta"] <= values["v_reset"]:
        raise ParameterError("theta", values["theta"], f"must exceed v_reset = {values['v_reset']}")


def boundary_shift(tau: float, dt: float | None) -> float:
    """Return the rise of the threshold in units of sigma that a grid of step dt amounts to."""
    return 0.0 if dt is None else BARRIER_SHIFT * float(np.sqrt(dt / tau))


N_NODES = 64


def siegert_derivatives(
    mu: ArrayLike,
    sigma: ArrayLike,
    *,
    tau: float,
    theta: float,
    v_reset: float,
    t_ref: float,
    dt: float | None = None,
    n_nodes: int = N_NODES,
) -> tuple[NDArray, NDArray, NDArray]:
    """Return rate, d rate / d mu and d rate / d sigma for arrays of inputs (SI units).

    The array kernel under `siegert`; `mu` and `sigma` broadcast against each other and must be
    finite with ``sigma >= 0``. The derivative by sigma is nan where ``sigma = 0``.
    """
    mu, sigma = np.broadcast_arrays(np.asarray(mu, float), np.asarray(sigma, float))
    noisy = sigma > 0
    scale = np.where(noisy, sigma, 1.0)
    shift = boundary_shift(tau, dt)
    upper, lower = (theta - mu) / scale + shift, (v_reset - mu) / scale
    integral = scaled_integral(lower, upper, n_nodes)
    top = np.maximum(upper, 0.0)
    boltzmann = np.exp(-(top**2))
    # everything is divided by exp(top^2), which would overflow below threshold
    passage = t_ref * boltzmann + tau * np.sqrt(np.pi) * integral
    at_upper, at_lower = scaled_density(upper, top), scaled_density(lower, top)
    prefactor = tau * np.sqrt(np.pi) * boltzmann / (scale * passage**2)
    rate = boltzmann / passage
    by_mu = prefactor * (at_upper - at_lower)
    by_sigma = prefactor * ((upper - shift) * at_upper - lower * at_lower)
    if not noisy.all():
        quiet = noise_free(mu, tau, theta, v_reset, t_ref)
        rate = np.where(noisy, rate, quiet[0])
        by_mu = np.where(noisy, by_mu, quiet[1])
        by_sigma = np.where(noisy, by_sigma, np.nan)
    return rate, by_mu, by_sigma


def scaled_integral(lower: NDArray, upper: NDArray, n_nodes: int) -> NDArray:
    """Return int_lower^upper exp(u^2) (1 + erf u) du, divided by exp(max(upper, 0)^2)."""
    p, q = np.maximum(lower, 0.0), np.maximum(upper, 0.0)
    positive = 2 * (dawsn(q) - np.exp((p - q) * (p + q)) * dawsn(p))
    rest = integral_of_erfcx(np.maximum(-upper, 0.0), np.maximum(-lower, 0.0), n_nodes)
    return positive + np.exp(-(q**2)) * (rest - integral_of_erfcx(p, q, n_nodes))


def integral_of_erfcx(start: NDArray, end: NDArray, n_nodes: int) -> NDArray:
    """Return the integral of erfcx over [start, end], both >= 0.

    With u = sinh(s) the integrand tends to a constant, so few nodes serve up to u = 1e8.
    """
    nodes, weights = legendre(n_nodes)
    a, b = np.arcsinh(start), np.arcsinh(end)
    half = (b - a) / 2
    s = a[..., None] + half[..., None] * (nodes + 1)
    return half * ((erfcx(np.sinh(s)) * np.cosh(s)) @ weights)


@cache
def legendre(n_nodes: int) -> tuple[NDArray, NDArray]:
    """Return the Gauss-Legendre nodes and weights on [-1, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(n_nodes)
    return nodes, weights


def scaled_density(u: NDArray, top: NDArray) -> NDArray:
    """Return exp(u^2) (1 + erf u) / exp(top^2), for u <= top."""
    negative = erfcx(np.maximum(-u, 0.0)) * np.exp(-(top**2))
    rising = np.exp((np.maximum(u, 0.0) - top) * (np.maximum(u, 0.0) + top)) * (1 + erf(u))
    return np.where(u < 0, negative, rising)


def noise_free(
    mu: NDArray, tau: float, theta: float, v_reset: float, t_ref: float
) -> tuple[NDArray, NDArray]:
    """Return rate and d rate / d mu without noise; both are 0 at and below threshold."""
    fires = mu > theta
    safe = np.where(fires, mu, theta + 1.0)
    interval = t_ref + tau * np.log((safe - v_reset) / (safe - theta))
    slope = tau * (1 / (safe - theta) - 1 / (safe - v_reset)) / interval**2
    return np.where(fires, 1 / interval, 0.0), np.where(fires, slope, 0.0)
