"""Lyapunov spectra of rate networks: the front that prepares the kernel for a model."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from heavytail_snn.analysis.lyapunov.tangent.from_flow import whole_steps
from heavytail_snn.analysis.lyapunov.tangent.from_jacobians import lyapunov_spectrum_from_jacobians
from heavytail_snn.analysis.lyapunov.tangent.jacobians import (
    EulerJacobian,
    LeakyColumns,
    RungeKuttaJacobian,
    ScaledRows,
    log_abs_det_of_matrix,
)
from heavytail_snn.analysis.lyapunov.tangent.spectrum import LyapunovSpectrum
from heavytail_snn.core.errors import ParameterError, check_integer
from heavytail_snn.core.randomness import Seed
from heavytail_snn.models.rate.flow import RateFlow
from heavytail_snn.models.rate.map import RateMap
from heavytail_snn.models.rate.network import RateNetwork, fixed_seed

# fraction of the exponents that usually reaches the Kaplan-Yorke dimension, by tail exponent
_LEADING = ((1.0, 1.5, 2.0), (0.10, 0.25, 0.35))


def lyapunov_spectrum_of_map(
    network: RateMap,
    *,
    k: int | None = None,
    seed: Seed = None,
    n_steps: int = 1000,
    state_warmup: int = 1500,
    tangent_warmup: int = 200,
    initial_state: Any = None,
    inputs: Any = None,
    log_det: bool = False,
    **options: Any,
) -> LyapunovSpectrum:
    """Return the Lyapunov spectrum of a discrete-time rate network.

    Parameters
    ----------
    network : RateMap
    k : int, optional
        Number of exponents.  By default as many as the Kaplan-Yorke dimension needs: a guess from
        the weight law, enlarged by half until the partial sum is negative.
    seed : Seed
        Of initial state, noise and initial frame (the weights belong to the model).
    n_steps, state_warmup, tangent_warmup : int
        Averaged steps, and discarded ones before.  Near the onset of chaos warm up longer.
    initial_state : (n,) array, optional
    inputs : (state_warmup + tangent_warmup + n_steps, n_inputs) array, optional
        With an automatic `k`, longer where the run has to be prolonged.
    log_det : bool
        Also average ln |det J|.
    **options
        ``qr_every``, ``n_blocks``, ``verify``, ``progress`` of `lyapunov_spectrum_from_jacobians`.

    Returns
    -------
    LyapunovSpectrum
        Unit 1/step.
    """
    known = log_abs_det_of_matrix(network.weights) if log_det else None

    def step(x: Any, drive: Any) -> tuple[Any, ScaledRows]:
        following, slope = network.step_and_slope(x, drive)
        return following, ScaledRows(slope, network.weights, known)

    return _run(
        network,
        step,
        k,
        seed,
        initial_state,
        inputs,
        n_steps=n_steps,
        state_warmup=state_warmup,
        tangent_warmup=tangent_warmup,
        log_det=log_det,
        **options,
    )


def lyapunov_spectrum_of_rate_flow(
    network: RateFlow,
    *,
    k: int | None = None,
    seed: Seed = None,
    duration: float = 200.0,
    state_warmup: float = 100.0,
    tangent_warmup: float = 50.0,
    initial_state: Any = None,
    inputs: Any = None,
    **options: Any,
) -> LyapunovSpectrum:
    """Return the Lyapunov spectrum of a continuous-time rate network.

    State and tangent go through the same scheme and step, those of the network: the exponents are
    those of the numerical map, per unit of time.

    Parameters
    ----------
    network : RateFlow
    k, seed, initial_state, options
        As for `lyapunov_spectrum_of_map`.
    duration, state_warmup, tangent_warmup : float
        In time constants.
    inputs : (n_steps, n_inputs) array, optional
        One row per time step, warm-ups included.

    Returns
    -------
    LyapunovSpectrum
        Unit 1/tau; the neutral exponent is named where neither noise nor input drives the network.
    """
    n_steps = whole_steps("duration", duration, network.dt)
    n_blocks = check_integer("n_blocks", options.get("n_blocks", 10), low=2)
    if n_steps < n_blocks:
        rule = f"must be at least {n_blocks} steps of dt, {n_blocks * network.dt:g}"
        raise ParameterError("duration", duration, rule, "each block for the errors needs a step")

    def step(x: Any, drive: Any) -> tuple[Any, Any]:
        following, states = network.stages(x, drive)
        rates = tuple(LeakyColumns(network.slope(s), network.weights) for s in states)
        if len(rates) == 1:
            return following, EulerJacobian(rates[0], network.dt)
        return following, RungeKuttaJacobian(rates, network.dt)

    return _run(
        network,
        step,
        k,
        seed,
        initial_state,
        inputs,
        n_steps=n_steps,
        state_warmup=whole_steps("state_warmup", state_warmup, network.dt),
        tangent_warmup=whole_steps("tangent_warmup", tangent_warmup, network.dt),
        dt=network.dt,
        unit="1/tau",
        kind="flow",
        autonomous=inputs is None and not network.noise,
        **options,
    )


def _run(
    network: RateNetwork,
    step: Callable[[Any, Any], tuple[Any, Any]],
    k: int | None,
    seed: Seed,
    initial_state: Any,
    inputs: Any,
    **options: Any,
) -> LyapunovSpectrum:
    seed = fixed_seed(seed)
    if initial_state is None:
        state = network.initial_state(seed)
    else:
        state = network.as_state(initial_state)
    if inputs is not None and np.ndim(inputs) != 2:
        raise ParameterError("inputs", np.shape(inputs), "must have shape (n_steps, n_inputs)")
    if k is not None:
        check_k(k, network)
    return lyapunov_spectrum_from_jacobians(
        step,
        state,
        k=_usual_k(network) if k is None else k,
        auto_k=k is None,
        inputs=network.drives(seed, inputs),
        seed=seed,
        parameters=network.parameters,
        **options,
    )


def check_k(k: int, network: RateNetwork) -> int:
    """Return a number of exponents that the network has."""
    n = network.n_neurons
    return check_integer("k", k, low=1, high=n, remedy=f"{n} neurons have {n} exponents")


def _usual_k(network: RateNetwork) -> int:
    exponent = network.coupling.law.tail_exponent if network.coupling else math.inf
    fraction = float(np.interp(exponent, *_LEADING))
    return min(network.n_neurons, max(4, math.ceil(fraction * network.n_neurons)))
