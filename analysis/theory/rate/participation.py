"""Participation ratio of rate networks: how correlations between neurons limit the dimension.

Linear response of the activity, phi(w) = [1 - S(w) J]^-1 phi0(w), gives every pair's covariance at
infinite N from two single-neuron functions: the spectrum C(w) and the response S(w).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heavytail_snn.analysis.theory.numerics.transfer import Floats, Function, Phi
from heavytail_snn.analysis.theory.rate.flow import rate_flow
from heavytail_snn.analysis.theory.rate.map import rate_map
from heavytail_snn.core.errors import ParameterError, check_integer, check_real
from heavytail_snn.core.results import Result, field_of

Complexes = NDArray[np.complexfloating[Any, Any]]
_ROWS = 100  # of the double integral held at a time


@dataclass(frozen=True, kw_only=True)
class ParticipationTheory(Result):
    """Participation ratio (Tr C)^2 / (N Tr C^2) for N to infinity.

    Parameters
    ----------
    participation_ratio_per_neuron : float
        PR/N of the activity phi(x).
    field_participation_ratio_per_neuron : float
        PR/N of the state x.
    residual : float
        Relative error of the equal-time variance recovered from the spectrum, a measure of the
        frequency grid (0 for closed forms).
    """

    participation_ratio_per_neuron: float = field_of(quantity="participation_ratio_per_neuron")
    field_participation_ratio_per_neuron: float = field_of(
        quantity="field_participation_ratio_per_neuron"
    )
    residual: float = field_of()


def frequency_grid(
    *, smallest: float = 0.002, largest: float = 60.0, n_points: int = 1200
) -> tuple[Floats, Floats]:
    """Return positive angular frequencies, dense near 0, and their weights for dw / (2 pi).

    The integrand of the participation ratio is a ridge at equal frequencies whose width follows
    the frequency itself, which a uniform grid misses.  The weights count one sign only.
    """
    last = math.asinh(largest / smallest)
    u = last * (np.arange(n_points) + 0.5) / n_points
    weights = smallest * np.cosh(u) * last / n_points / (2.0 * math.pi)
    return smallest * np.sinh(u), weights


def activity_participation(
    weights: Floats,
    spectrum: Floats,
    response: Complexes,
    *,
    g: float,
    variance: float,
) -> float:
    """Return PR/N of the activity: C(0)^2 / (C(0)^2 + psi).

    psi = int int (M - 1) C(w1) C(w2) dw1 dw2 / (2 pi)^2, M = |1 - g^2 S(w1) S*(w2)|^-2.

    Parameters
    ----------
    weights : (n,) ndarray
        Of the positive frequencies, see `frequency_grid`.
    spectrum : (n,) ndarray
        C(w) of the activity (filtered, for windowed averages).
    response : (n,) complex ndarray
        S(w), the response of the activity to its recurrent field J phi.
    g : float
        Gain, Gaussian convention.
    variance : float
        Equal-time C(0), given apart because it is known better than its sum over the grid.

    Notes
    -----
    Clark, Abbott & Litwin-Kumar, PRL 131, 118401 (2023), arXiv 2207.12373.
    """
    mass = weights * spectrum

    def excess(product: Complexes, rows: slice) -> float:
        return float(mass[rows] @ (np.abs(1.0 - g**2 * product) ** -2 - 1.0) @ mass)

    psi = _over_pairs(response, excess)
    return variance**2 / (variance**2 + psi)


def state_participation(
    omega: Floats,
    weights: Floats,
    spectrum: Floats,
    state_spectrum: Floats,
    *,
    g: float,
    mean_slope: float,
    variance: float,
) -> float:
    """Return PR/N of the state x of a rate flow, dx/dt = -x + g J phi(x) + noise.

    Parameters
    ----------
    omega, weights : (n,) ndarray
        Positive frequencies and their weights, see `frequency_grid`.
    spectrum, g :
        As for `activity_participation`.
    state_spectrum : (n,) ndarray
        C_x(w).
    mean_slope : float
        <phi'>; the response of the activity is <phi'> / (1 + i w).
    variance : float
        Equal-time <x^2>.
    """
    leak = 1.0 / (1.0 + 1j * omega)
    mass, mixed = weights * spectrum, weights * mean_slope * state_spectrum

    def excess(product: Complexes, rows: slice) -> float:
        u = g**2 * product / (1.0 - (g * mean_slope) ** 2 * product)
        return float(mass[rows] @ np.abs(u) ** 2 @ mass + 2.0 * mixed[rows] @ u.real @ mixed)

    psi = _over_pairs(leak, excess)
    return variance**2 / (variance**2 + psi)


def _over_pairs(response: Complexes, term: Callable[[Complexes, slice], float]) -> float:
    """Sum term(S1 S2*) over both signs of both frequencies, in blocks of rows.

    Flipping both signs conjugates everything, so that equal and opposite signs count twice each.
    """
    total = 0.0
    for start in range(0, len(response), _ROWS):
        rows = slice(start, start + _ROWS)
        first = response[rows, None]
        total += 2.0 * (term(first * np.conj(response), rows) + term(first * response, rows))
    return total


def rate_flow_participation(
    g: float,
    noise: float = 0.0,
    *,
    window: float = 0.0,
    phi: Phi = "tanh",
    derivative: Function | None = None,
    refine: int = 1,
) -> ParticipationTheory:
    """Return the participation ratio of the random rate flow.

    Parameters
    ----------
    g, noise, phi, derivative :
        As for `rate_flow` (Gaussian convention).
    window : float
        Length of the time average taken before the covariance, in time constants: 0 for equal
        times, infinity for long windows (spike counts, slow imaging).
    refine : int
        Multiplies the number of frequencies.

    Returns
    -------
    ParticipationTheory

    Raises
    ------
    ParameterError
        As `rate_flow`, and for a quiescent network, where the ratio is 0/0.
    """
    window = _check_window(window)
    refine = check_integer("refine", refine, low=1)
    theory = rate_flow(g, noise, phi=phi, derivative=derivative)
    if theory.state == "quiescent":
        raise ParameterError(
            "g", g, "must lie above the onset of activity: silence has no dimension", "raise g"
        )
    slope = theory.mean_slope / g if g > 0 else 0.0
    if math.isinf(window):
        zero = np.zeros(1)
        return _long_window(
            g,
            slope,
            activity=float(theory.power_spectrum(zero, of="phi")[0]),
            state=float(theory.power_spectrum(zero)[0]),
            parameters=theory.parameters | {"window": window},
        )
    # near onset the ridge is as narrow as the spectrum: both follow the correlation time
    smallest = min(0.002, 0.2 / float(theory.time[-1]))
    omega, weights = frequency_grid(smallest=smallest, n_points=1200 * refine)
    seen = np.sinc(omega * window / (2.0 * np.pi)) ** 2
    activity = theory.power_spectrum(omega, of="phi") * seen
    state = theory.power_spectrum(omega) * seen
    sums = 2.0 * float(weights @ activity), 2.0 * float(weights @ state)
    exact = (theory.activity_variance, theory.variance) if window == 0 else sums
    return ParticipationTheory(
        participation_ratio_per_neuron=activity_participation(
            weights, activity, slope / (1.0 + 1j * omega), g=g, variance=exact[0]
        ),
        field_participation_ratio_per_neuron=state_participation(
            omega, weights, activity, state, g=g, mean_slope=slope, variance=exact[1]
        ),
        residual=sums[0] / exact[0] - 1.0,
        parameters=theory.parameters | {"window": window},
    )


def rate_map_participation(
    g: float,
    *,
    window: float = 1,
    noise: float = 0.0,
    phi: Phi = "tanh",
    derivative: Function | None = None,
    convention: str = "gaussian",
) -> ParticipationTheory:
    """Return the participation ratio of the random rate map, in closed form.

    Parameters
    ----------
    g, noise, phi, derivative, convention :
        As for `rate_map` (Gaussian convention unless `convention` says "stable").
    window : int or math.inf
        Number of steps averaged before the covariance is taken; 1 for single steps.

    Returns
    -------
    ParticipationTheory

    Raises
    ------
    ParameterError
        As `rate_map`, and for a quiescent network, where the ratio is 0/0.

    Notes
    -----
    With s = (g<phi'>)^2 and boxes of T steps the frequency integrals become the sum over lags
    sum_n s^|n| (1 - |n|/T)^2: 1 - s^2 for T = 1, (1 - s)^2 for long windows.
    """
    steps = math.inf if window == math.inf else float(check_integer("window", window, low=1))
    theory = rate_map(g, noise=noise, phi=phi, derivative=derivative, convention=convention)
    if theory.state == "quiescent":
        raise ParameterError(
            "g", g, "must lie above the onset of activity: silence has no dimension", "raise g"
        )
    s, recurrent = theory.mean_slope**2, theory.field_variance - noise**2
    later = s / (1.0 - s)  # sum over positive lags
    if math.isfinite(steps):
        lag = np.arange(1.0, steps)
        later = float(np.sum(s**lag * (1.0 - lag / steps) ** 2))
    activity = (1.0 - s**2) / (1.0 + 2.0 * later)
    excess = (recurrent / theory.field_variance) ** 2 / activity + 2.0 * later
    return ParticipationTheory(
        participation_ratio_per_neuron=activity,
        field_participation_ratio_per_neuron=1.0 / (1.0 + excess),
        residual=0.0,
        parameters=theory.parameters | {"window": window},
    )


def linear_participation(g: float, *, window: float = 0.0, refine: int = 1) -> ParticipationTheory:
    """Return the participation ratio of dx/dt = -x + g J x + sqrt(2) xi; noise strength cancels.

    Parameters
    ----------
    g : float
        Gain in [0, 1), **Gaussian convention**: J_ij has variance 1/N.
    window : float
        As for `rate_flow_participation`; infinity gives (1 - g^2)^2.
    refine : int
        Multiplies the number of frequencies.

    Raises
    ------
    ParameterError
        For g outside [0, 1): the linear network is then unstable.
    """
    g = check_real("g", g, low=0, high=1, open_high=True, remedy="a linear network needs g < 1")
    window = _check_window(window)
    refine = check_integer("refine", refine, low=1)
    parameters = {"g": g, "window": window, "phi": "linear"}
    if math.isinf(window):
        ratio = (1.0 - g**2) ** 2
        return _both(ratio, 0.0, parameters)
    omega, weights = frequency_grid(largest=2000.0, n_points=1200 * refine)
    seen = np.sinc(omega * window / (2.0 * np.pi)) ** 2
    spectrum = 2.0 / (1.0 + omega**2 - g**2) * seen
    total = 2.0 * float(weights @ spectrum)
    exact = 1.0 / math.sqrt(1.0 - g**2) if window == 0 else total
    ratio = activity_participation(weights, spectrum, 1.0 / (1.0 + 1j * omega), g=g, variance=exact)
    return _both(ratio, total / exact - 1.0, parameters)


def _both(ratio: float, residual: float, parameters: dict) -> ParticipationTheory:
    return ParticipationTheory(
        participation_ratio_per_neuron=ratio,
        field_participation_ratio_per_neuron=ratio,
        residual=residual,
        parameters=parameters,
    )


def _long_window(
    g: float, slope: float, *, activity: float, state: float, parameters: dict
) -> ParticipationTheory:
    """Return the limit of long windows: only frequency 0 counts, and the integrals are products."""
    loop = (g * slope) ** 2
    u = g**2 / (1.0 - loop)
    psi = (u * activity) ** 2 + 2.0 * u * (slope * state) ** 2
    return ParticipationTheory(
        participation_ratio_per_neuron=(1.0 - loop) ** 2,
        field_participation_ratio_per_neuron=state**2 / (state**2 + psi),
        residual=0.0,
        parameters=parameters,
    )


def _check_window(window: float) -> float:
    if isinstance(window, float) and window == math.inf:
        return window
    return check_real("window", window, low=0, remedy="use math.inf for long windows")
