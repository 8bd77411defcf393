"""Lyapunov spectrum of a flow: state and tangent integrated by one and the same RK4 scheme."""

from collections.abc import Callable
from typing import Any

from heavytail_snn.analysis.lyapunov.tangent.from_jacobians import lyapunov_spectrum_from_jacobians
from heavytail_snn.analysis.lyapunov.tangent.jacobians import runge_kutta_step
from heavytail_snn.analysis.lyapunov.tangent.protocol import StepMeaning, TangentProtocol
from heavytail_snn.analysis.lyapunov.tangent.spectrum import LyapunovSpectrum
from heavytail_snn.core.errors import ParameterError, check_real
from heavytail_snn.core.randomness import Seed


def lyapunov_spectrum_from_flow(
    vector_field: Callable[[Any], Any],
    jacobian: Callable[[Any], Any],
    state: Any,
    *,
    k: int | str,
    dt: float,
    duration: float,
    tangent_warmup: float | None = None,
    state_warmup: float = 100.0,
    unit: str = "1/tau",
    seed: Seed = None,
    protocol: TangentProtocol | None = None,
    parameters: dict[str, Any] | None = None,
) -> LyapunovSpectrum:
    """Return the `k` leading exponents of the autonomous flow ``dx/dt = vector_field(x)``.

    The tangent map is the exact derivative of the RK4 step, so that the exponents are those of
    the numerical trajectory.

    Parameters
    ----------
    vector_field : callable
        ``vector_field(x) -> dx/dt``, both (n,).
    jacobian : callable
        ``jacobian(x) -> A``, anything with ``A @ Q``.
    state : (n,) array
        Start.
    k : int or "auto"
    dt, duration, state_warmup : float
        In the flow's own unit of time; rounded to whole steps.
    tangent_warmup : float, optional
        Likewise; by default as the gaps of the spectrum need, at most `duration`.
    unit : {"1/tau", "1/s"}
    seed, protocol, parameters
        As for `lyapunov_spectrum_from_jacobians`.  For driven flows write the step with
        `heavytail_snn.analysis.lyapunov.tangent.jacobians` and use that function with
        ``meaning=StepMeaning(dt=..., kind="flow")``.

    Returns
    -------
    LyapunovSpectrum
        With the neutral exponent in ``zero_index`` and ``zero_value``.
    """
    dt = check_real("dt", dt, low=0, open_low=True)
    return lyapunov_spectrum_from_jacobians(
        runge_kutta_step(vector_field, jacobian, dt),
        state,
        k=k,
        n_steps=whole_steps("duration", duration, dt),
        tangent_warmup=warmup_steps(tangent_warmup, dt),
        state_warmup=whole_steps("state_warmup", state_warmup, dt),
        seed=seed,
        meaning=StepMeaning(dt=dt, unit=unit, kind="flow", autonomous=True),
        protocol=protocol,
        parameters=parameters,
    )


def warmup_steps(time: float | None, dt: float) -> int | None:
    """Return the steps of a tangent warm-up, None for as many as are needed."""
    return None if time is None else whole_steps("tangent_warmup", time, dt)


def whole_steps(argument: str, time: float, dt: float) -> int:
    """Return the number of steps of `dt` in `time`, which must be at least half a step or 0."""
    steps = round(check_real(argument, time, low=0) / dt)
    if time > 0 and steps == 0:
        raise ParameterError(argument, time, f"must be 0 or at least one step dt={dt:g}")
    return steps
