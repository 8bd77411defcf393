"""Lyapunov spectrum of a flow: state and tangent integrated by one and the same RK4 scheme."""

from collections.abc import Callable
from typing import Any

from heavytail_snn.analysis.lyapunov.tangent.from_jacobians import lyapunov_spectrum_from_jacobians
from heavytail_snn.analysis.lyapunov.tangent.jacobians import runge_kutta_step
from heavytail_snn.analysis.lyapunov.tangent.spectrum import LyapunovSpectrum
from heavytail_snn.core.errors import ParameterError, check_real


def lyapunov_spectrum_from_flow(
    vector_field: Callable[[Any], Any],
    jacobian: Callable[[Any], Any],
    state: Any,
    *,
    k: int,
    dt: float,
    duration: float,
    tangent_warmup: float = 50.0,
    state_warmup: float = 100.0,
    unit: str = "1/tau",
    **options: Any,
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
    k : int
    dt, duration, tangent_warmup, state_warmup : float
        In the flow's own unit of time; rounded to whole steps.
    unit : {"1/tau", "1/s"}
    **options
        Further arguments of `lyapunov_spectrum_from_jacobians`.  For driven flows write the step
        with `heavytail_snn.analysis.lyapunov.tangent.jacobians` and use that function with ``dt=``.

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
        tangent_warmup=whole_steps("tangent_warmup", tangent_warmup, dt),
        state_warmup=whole_steps("state_warmup", state_warmup, dt),
        dt=dt,
        unit=unit,
        kind="flow",
        autonomous=True,
        **options,
    )


def whole_steps(argument: str, time: float, dt: float) -> int:
    """Return the number of steps of `dt` in `time`, which must be at least half a step or 0."""
    steps = round(check_real(argument, time, low=0) / dt)
    if time > 0 and steps == 0:
        raise ParameterError(argument, time, f"must be 0 or at least one step dt={dt:g}")
    return steps
