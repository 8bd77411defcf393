"""Mean field of asynchronous binary networks: autocorrelation, and the matched rate network.

Units update at the events of Poisson processes of rate 1 (time is measured in mean update
intervals).  The autocorrelation obeys Newton's equation Q'' = Q - f(Q), the same as that of a rate
network with suitable white noise; that network is never chaotic, while the binary one always is.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import integrate, linalg

from heavytail_snn.analysis.theory.binary_networks.replicas import active_units, stationary_distance
from heavytail_snn.analysis.theory.binary_networks.units import BinaryUnits, Floats, binary_units
from heavytail_snn.core.errors import ConvergenceError, ParameterError, check_integer, check_real
from heavytail_snn.core.results import Result, field_of

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(32)
# t = 1 - x^2 takes the square root out of f(Q) at full overlap
_RISE, _RISE_WEIGHTS = 1.0 - ((_NODES + 1.0) / 2.0) ** 2, _WEIGHTS * (_NODES + 1.0) / 2.0


@dataclass(frozen=True, kw_only=True)
class BinaryTheory(Result):
    """Stationary state of an asynchronous binary network for N to infinity.

    Parameters
    ----------
    state : str
        "active", or "quiescent" (0/1 units without noise below their threshold: all silent).
    times, autocorrelation : (n,) ndarray
        Lags in mean update intervals, and Q(tau) = <S(t) S(t + tau)>.
    mean_activity : float
        <S>.
    variance : float
        Q(0) - <S>^2.
    static_overlap : float
        Q(inf), 0 for +-1 units.
    initial_decay_rate : float
        -Q'(0+), per mean update interval.
    mean_slope : float
        <phi'> with respect to the field.
    kappa : float
        Coefficient of the square-root law of the overlap map.
    residual : float
        Largest of: change of Q at a tenfold tolerance, and the residuals of the fixed points.
    history : (m, 2) ndarray
        Iterations of the mean activity with their residuals; empty for +-1 units.
    """

    state: str
    times: Floats = field_of(dims=("lag",), repr=False)
    autocorrelation: Floats = field_of(dims=("lag",), repr=False)
    mean_activity: float = field_of(quantity="mean_activity")
    variance: float = field_of(quantity="variance")
    static_overlap: float = field_of(quantity="static_overlap")
    initial_decay_rate: float = field_of()
    mean_slope: float = field_of()
    kappa: float = field_of()
    residual: float = field_of()
    history: Floats = field_of(dims=("iteration", "position_and_residual"), repr=False)


def binary(
    g: float,
    s: float,
    *,
    units: str = "sign",
    mean_coupling: float = 0.0,
    threshold: float = 0.0,
    tau_max: float = 20.0,
    dt: float = 0.01,
    tolerance: float = 1e-11,
) -> BinaryTheory:
    """Solve the mean field of S_i <- sign(sum_j J_ij S_j + s xi) or its 0/1 version.

    Parameters
    ----------
    g, s : float
        Weights have variance g^2/N (Gaussian convention); s is the standard deviation of the
        threshold noise, drawn anew at every update.
    units : {"sign", "zero_one"}
        +-1, or 0/1 (1 where the field exceeds the threshold).
    mean_coupling, threshold : float
        J0 (weights have mean J0/N) and threshold, 0/1 units only.
    tau_max, dt : float
        Range and spacing of the lags; the accuracy does not depend on them.
    tolerance : float
        Relative tolerance of the integration.

    Returns
    -------
    BinaryTheory
        With a warning where several mean activities are self-consistent (the largest is used).

    Raises
    ------
    ParameterError
        For values outside their domain, or g = s = 0.
    ConvergenceError
        If a fixed point or the integration fails.

    Notes
    -----
    The equations agree with what Keup, Kuehn, Dahmen & Helias, PRX 11, 021064 (2021) report.

    Examples
    --------
    >>> theory = binary(1.0, 0.5, tau_max=2.0, dt=1.0)
    >>> [round(float(q), 4) for q in theory.autocorrelation]
    [1.0, 0.5025, 0.2501]
    """
    tau_max = check_real("tau_max", tau_max, low=0, open_low=True)
    dt = check_real("dt", dt, low=0, high=tau_max, open_low=True)
    times = dt * np.arange(round(tau_max / dt) + 1)
    parameters = {
        "g": g,
        "s": s,
        "units": units,
        "mean_coupling": mean_coupling,
        "threshold": threshold,
    }
    state = binary_units(g, s, kind=units, mean_coupling=mean_coupling, threshold=threshold)
    if state is None:
        return _quiescent(times, parameters)
    static, fixed_point_residual = _static_overlap(state)
    span = state.mean_square - static
    correlation = _autocorrelation(state, static, times, tolerance)
    change = np.max(np.abs(correlation - _autocorrelation(state, static, times, 10 * tolerance)))
    if len(state.history):
        fixed_point_residual = max(fixed_point_residual, abs(state.history[-1, 1]))
    warning = "several mean activities are self-consistent; the largest is returned"
    return BinaryTheory(
        state="active",
        times=times,
        autocorrelation=correlation,
        mean_activity=state.mean_activity,
        variance=state.mean_square - state.mean_activity**2,
        static_overlap=static,
        initial_decay_rate=span * _decay_rate(state, static, span),
        mean_slope=state.mean_slope,
        kappa=state.kappa,
        residual=max(float(change), fixed_point_residual),
        history=state.history,
        parameters=parameters,
        warnings=(warning,) if state.several else (),
    )


def _quiescent(times: Floats, parameters: dict) -> BinaryTheory:
    return BinaryTheory(
        state="quiescent",
        times=times,
        autocorrelation=np.zeros_like(times),
        mean_activity=0.0,
        variance=0.0,
        static_overlap=0.0,
        initial_decay_rate=0.0,
        mean_slope=0.0,
        kappa=0.0,
        residual=0.0,
        history=np.empty((0, 2)),
        parameters=parameters,
    )


def _static_overlap(state: BinaryUnits) -> tuple[float, float]:
    """Return Q(inf): the stationary overlap of replicas that share weights but no noise."""
    if state.kind == "sign":
        return 0.0, 0.0
    distance, residual, _ = stationary_distance(state, state.noise_share)
    return state.mean_square - distance, residual


def _autocorrelation(state: BinaryUnits, static: float, times: Floats, tolerance: float) -> Floats:
    """Integrate y = -ln((Q - Q(inf)) / (Q(0) - Q(inf))), whose velocity is smooth and positive."""
    span = state.mean_square - static
    solution = integrate.solve_ivp(
        lambda _, y: [_decay_rate(state, static, span * math.exp(-y[0]))],
        (0.0, float(times[-1])),
        [0.0],
        method="DOP853",
        t_eval=times,
        rtol=check_real("tolerance", tolerance, low=1e-13, high=1e-3),
        atol=tolerance,
    )
    if not solution.success:
        raise ConvergenceError(f"the autocorrelation did not integrate: {solution.message}")
    return static + span * np.exp(-solution.y[0])


def _decay_rate(state: BinaryUnits, static: float, excess: float) -> float:
    """Return -Q' / (Q - Q(inf)) from the first integral, at Q = Q(inf) + excess."""
    if state.kind == "sign":
        y = state.weight * excess
        # Q^2 - 2 F(Q) over Q^2, arranged so that nothing cancels at small Q
        ratio = (math.asin(y) / y if y > 0 else 1.0) - 1.0 / (1.0 + math.sqrt(1.0 - y * y))
        return math.sqrt(1.0 - 4.0 * state.weight / math.pi * ratio)
    slope = state.product(static, excess * _RISE) / (excess * _RISE)
    return math.sqrt(2.0 * float(_RISE_WEIGHTS @ (_RISE * (1.0 - slope))))


@dataclass(frozen=True, kw_only=True)
class MatchedRateNetwork(Result):
    """The rate network with the second-order statistics of a +-1 network, and why it is stable.

    dx/dt = -x + J phi(x) + sqrt(2) sigma xi(t) with phi(x) = erf(x / (s sqrt 2)) has the
    autocovariance D(tau) = g^2 Q(tau).

    Parameters
    ----------
    noise_variance : float
        sigma^2.
    times, autocovariance : (n,) ndarray
        Lags and D(tau).
    chaos_margin : float
        D(0) - g^2 <phi^2>; chaos needs it to be negative, and |phi| <= 1 keeps it positive.
    largest_exponent : float
        Per time constant; negative.
    residual : float
        Change of the exponent when the range of lags is halved at equal spacing.
    """

    noise_variance: float = field_of(quantity="noise_variance")
    times: Floats = field_of(dims=("lag",), repr=False)
    autocovariance: Floats = field_of(dims=("lag",), repr=False)
    chaos_margin: float = field_of()
    largest_exponent: float = field_of(unit="1/tau", quantity="largest_exponent")
    residual: float = field_of()


def matched_rate_network(
    g: float, s: float, *, tau_max: float = 200.0, n_lags: int = 20000
) -> MatchedRateNetwork:
    """Match a noisy rate network to the +-1 network and compute its largest exponent.

    Parameters
    ----------
    g, s : float
        As in `binary`, both positive.
    tau_max, n_lags : float, int
        Range and number of lags on which the exponent's ground state is computed.  The state is
        barely bound at strong threshold noise and needs a long range: at g = s = 1 a range of 25
        gives -0.4372 instead of -0.4352.

    Raises
    ------
    ParameterError
        For g or s not positive (without threshold noise phi is a step and has no slope).

    Notes
    -----
    The exponent is -1 + sqrt(1 - E0) with E0 the ground-state energy of -d^2/dtau^2 + 1 - g^2
    <phi'(x(t)) phi'(x(t + tau))>: Sompolinsky, Crisanti & Sommers, PRL 61, 259 (1988); with noise
    Schuecker, Goedeke & Helias, PRX 8, 041029 (2018).

    Examples
    --------
    >>> round(matched_rate_network(1.0, 0.5).largest_exponent, 4)
    -0.2715
    """
    g = check_real("g", g, low=0, open_low=True)
    remedy = "without threshold noise the matched transfer function is a step"
    s = check_real("s", s, low=0, open_low=True, remedy=remedy)
    tau_max = check_real("tau_max", tau_max, low=1.0)
    n_lags = check_integer("n_lags", n_lags, low=100, high=100_000)
    state = active_units(g, s, "sign", 0.0, 0.0)
    exponent = _ground_state_exponent(state, tau_max, n_lags)
    in_half_range = _ground_state_exponent(state, tau_max / 2, n_lags // 2)
    times = tau_max / n_lags * np.arange(n_lags + 1)
    autocovariance = g**2 * _autocorrelation(state, 0.0, times, 1e-11)
    mean_square = float(state.product(0.0, np.array(1.0)))
    return MatchedRateNetwork(
        noise_variance=g**2 * _decay_rate(state, 0.0, 1.0),
        times=times,
        autocovariance=autocovariance,
        chaos_margin=g**2 * (1.0 - mean_square),
        largest_exponent=exponent,
        residual=abs(exponent - in_half_range),
        parameters={"g": g, "s": s, "tau_max": tau_max, "n_lags": n_lags},
    )


def _ground_state_exponent(state: BinaryUnits, tau_max: float, n_lags: int) -> float:
    """Return -1 + sqrt(1 - E0) on a grid whose cell centres impose the Neumann condition at 0."""
    h = tau_max / n_lags
    lags = h * (np.arange(n_lags) + 0.5)
    overlap = _autocorrelation(state, 0.0, np.concatenate([[0.0], lags]), 1e-11)[1:]
    # g^2 <phi' phi'> = (2/pi) a / sqrt(1 - (a Q)^2) for phi = erf(x / (s sqrt 2))
    well = 1.0 - 2.0 / math.pi * state.weight / np.sqrt(1.0 - (state.weight * overlap) ** 2)
    diagonal = 2.0 / h**2 + well
    diagonal[0] = 1.0 / h**2 + well[0]
    beside = np.full(n_lags - 1, -1.0 / h**2)
    energy = linalg.eigh_tridiagonal(
        diagonal, beside, select="i", select_range=(0, 0), eigvals_only=True
    )[0]
    # an attractive even well always binds: where the range is too short to hold the state, the
    # edge of the continuum is the lower upper bound of its energy
    edge = 1.0 - 2.0 / math.pi * state.weight
    return math.sqrt(1.0 - min(energy, edge)) - 1.0


def spectrum_of_autocorrelation(times: Floats, correlation: Floats, omega: Floats) -> Floats:
    """Return the power spectrum int C(tau) exp(-i omega tau) dtau of an even C.

    Exact for the piecewise linear interpolant of C, which must have decayed at the last lag.

    Parameters
    ----------
    times, correlation : (n,) ndarray
        Uniform lags from 0 and C at them.
    omega : (k,) ndarray
        Angular frequencies.

    Raises
    ------
    ParameterError
        If the correlation has not decayed to 1e-6 of its start.
    """
    if abs(correlation[-1]) > 1e-6 * abs(correlation[0]):
        raise ParameterError(
            "tau_max", float(times[-1]), "must cover the decay of the correlation", "increase it"
        )
    h = times[1] - times[0]
    weights = np.where(times == 0, 0.5, 1.0) * correlation
    interpolation = np.sinc(omega * h / (2.0 * math.pi)) ** 2
    return 2.0 * h * interpolation * (np.cos(np.outer(omega, times)) @ weights)
