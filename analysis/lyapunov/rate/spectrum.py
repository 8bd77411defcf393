"""Lyapunov spectra of rate networks: the front that prepares the kernel for a model."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from heavytail_snn.analysis.lyapunov.rate.fixed_point import exponents_at_rest
from heavytail_snn.analysis.lyapunov.tangent.from_flow import warmup_steps, whole_steps
from heavytail_snn.analysis.lyapunov.tangent.from_jacobians import (
    QrInterval,
    lyapunov_spectrum_from_jacobians,
)
from heavytail_snn.analysis.lyapunov.tangent.jacobians import (
    EulerJacobian,
    LeakyColumns,
    RungeKuttaJacobian,
    ScaledRows,
    log_abs_det_of_matrix,
)
from heavytail_snn.analysis.lyapunov.tangent.protocol import AUTO, StepMeaning, TangentProtocol
from heavytail_snn.analysis.lyapunov.tangent.spectrum import LyapunovSpectrum, spectrum_from_blocks
from heavytail_snn.core.arrays import check_no_unit, to_numpy
from heavytail_snn.core.errors import ParameterError, check_integer
from heavytail_snn.core.randomness import Seed, recorded_seed
from heavytail_snn.models.rate.flow import RateFlow
from heavytail_snn.models.rate.map import RateMap
from heavytail_snn.models.rate.network import RateNetwork, fixed_seed

_DRIVEN_STEPS, _DRIVEN_WARMUP = 200, 50.0  # warm-up where the number of inputs is fixed
# fraction of the exponents that usually reaches the Kaplan-Yorke dimension, by tail exponent
_LEADING = ((1.0, 1.5, 2.0), (0.10, 0.25, 0.35))


def lyapunov_spectrum_of_map(
    network: RateMap,
    *,
    k: int | str | None = AUTO,
    seed: Seed = None,
    n_steps: int = 1000,
    state_warmup: int = 1500,
    tangent_warmup: int | None = None,
    initial_state: Any = None,
    inputs: Any = None,
    qr_every: int | None = None,
    n_blocks: int = 10,
    log_det: bool = False,
    verify: bool = False,
    progress: bool = False,
) -> LyapunovSpectrum:
    """Return the Lyapunov spectrum of a discrete-time rate network.

    Parameters
    ----------
    network : RateMap
    k : int or "auto"
        Number of exponents.  "auto" (and None) takes as many as the Kaplan-Yorke dimension needs:
        a guess from the weight law, enlarged by half until the partial sum is negative.
    seed : Seed
        Of initial state, noise and initial frame, and of the weights of a Coupling without a seed.
    n_steps, state_warmup : int
        Averaged steps, and discarded ones before.  Near the onset of chaos warm up longer.
    tangent_warmup : int, optional
        Discarded steps in which the vectors align; by default 200, doubled up to `n_steps` until
        the gaps between the exponents suffice, and 200 with `inputs`.
    initial_state : (n,) array, optional
    inputs : (state_warmup + tangent_warmup + n_steps, n_inputs) array, optional
        With an automatic `k`, longer where the run has to be prolonged.
    qr_every, n_blocks, log_det, verify, progress
        See `TangentProtocol`.

    Returns
    -------
    LyapunovSpectrum
        Unit 1/step.  Of a network that has come to rest, the eigenvalues at its fixed point.
    """
    network, seed = network.drawn(seed)
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
        TangentProtocol(
            qr_every=qr_every,
            n_blocks=n_blocks,
            log_det=log_det,
            verify=verify,
            progress=progress,
        ),
        StepMeaning(),
        n_steps=n_steps,
        state_warmup=state_warmup,
        tangent_warmup=tangent_warmup,
    )


def lyapunov_spectrum_of_rate_flow(
    network: RateFlow,
    *,
    k: int | str | None = AUTO,
    seed: Seed = None,
    duration: float = 200.0,
    state_warmup: float = 100.0,
    tangent_warmup: float | None = None,
    initial_state: Any = None,
    inputs: Any = None,
    qr_every: int | None = None,
    n_blocks: int = 10,
    log_det: bool = False,
    verify: bool = False,
    progress: bool = False,
) -> LyapunovSpectrum:
    """Return the Lyapunov spectrum of a continuous-time rate network.

    State and tangent go through the same scheme and step, those of the network: the exponents are
    those of the numerical map, per unit of time.

    Parameters
    ----------
    network : RateFlow
    k, seed, initial_state, qr_every, n_blocks, log_det, verify, progress
        As for `lyapunov_spectrum_of_map`.
    duration, state_warmup : float
        In time constants.
    tangent_warmup : float, optional
        In time constants; by default 200 steps, doubled up to `duration` as the gaps between the
        exponents need, and 50 time constants with `inputs`.
    inputs : (n_steps, n_inputs) array, optional
        One row per time step, warm-ups included.

    Returns
    -------
    LyapunovSpectrum
        Unit 1/tau; the neutral exponent is named where neither noise nor input drives the network.
        Of a network that has come to rest, the eigenvalues at its fixed point.
    """
    times = {"duration": duration, "state_warmup": state_warmup, "tangent_warmup": tangent_warmup}
    for name, value in times.items():
        check_no_unit(name, value, remedy=f"give {network.time_unit}, such as {name}=100")
    network, seed = network.drawn(seed)
    n_steps = whole_steps("duration", duration, network.dt)
    n_blocks = check_integer("n_blocks", n_blocks, low=2)
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
        TangentProtocol(
            qr_every=qr_every,
            n_blocks=n_blocks,
            log_det=log_det,
            verify=verify,
            progress=progress,
        ),
        StepMeaning(
            dt=network.dt,
            unit="1/tau",
            kind="flow",
            autonomous=inputs is None and not network.noise,
        ),
        n_steps=n_steps,
        state_warmup=whole_steps("state_warmup", state_warmup, network.dt),
        tangent_warmup=warmup_steps(
            _DRIVEN_WARMUP if tangent_warmup is None and inputs is not None else tangent_warmup,
            network.dt,
        ),
    )


def _run(
    network: RateNetwork,
    step: Callable[[Any, Any], tuple[Any, Any]],
    k: int | str | None,
    seed: Seed,
    initial_state: Any,
    inputs: Any,
    protocol: TangentProtocol,
    meaning: StepMeaning,
    *,
    n_steps: int,
    state_warmup: int,
    tangent_warmup: int | None,
) -> LyapunovSpectrum:
    seed = fixed_seed(seed)
    if initial_state is None:
        state = network.initial_state(seed)
    else:
        state = network.as_state(initial_state)
    if inputs is not None and np.ndim(inputs) != 2:
        raise ParameterError("inputs", np.shape(inputs), "must have shape (n_steps, n_inputs)")
    k = AUTO if k is None or k == AUTO else check_k(k, network)
    if inputs is None and not network.noise:
        drive = next(network.drives(seed))
        found = _at_rest(
            lambda x: step(x, drive), state, network, k, protocol, meaning, n_steps, state_warmup
        )
        if found is not None:
            return dataclasses.replace(found, seed=recorded_seed(seed))
    elif inputs is not None and tangent_warmup is None:
        tangent_warmup = _DRIVEN_STEPS
    return lyapunov_spectrum_from_jacobians(
        step,
        state,
        k=k,
        n_steps=n_steps,
        state_warmup=state_warmup,
        tangent_warmup=tangent_warmup,
        inputs=network.drives(seed, inputs),
        seed=seed,
        meaning=meaning,
        protocol=dataclasses.replace(protocol, first_k=_usual_k(network)),
        parameters=network.parameters,
    )


def _at_rest(
    step: Callable[[Any], tuple[Any, Any]],
    state: Any,
    network: RateNetwork,
    k: int | str,
    protocol: TangentProtocol,
    meaning: StepMeaning,
    n_steps: int,
    state_warmup: int,
) -> LyapunovSpectrum | None:
    """Return the exact spectrum of a network at a fixed point after the warm-up, else None."""
    n_steps = QrInterval(protocol.qr_every, n_steps, protocol.n_blocks).n_steps
    n_blocks = protocol.n_blocks
    scale = float(np.abs(to_numpy(state)).max())
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(check_integer("state_warmup", state_warmup)):
            state = step(state)[0]
    if not np.isfinite(to_numpy(state)).all():
        return None  # the run itself says when and what diverged
    exponents = exponents_at_rest(step, state, meaning.dt, scale)
    if exponents is None:
        return None
    if k == AUTO:
        k = min(network.n_neurons, _usual_k(network))
    duration = n_steps * meaning.dt
    return spectrum_from_blocks(
        np.tile(exponents[:k] * duration / n_blocks, (n_blocks, 1)),
        np.full(n_blocks, duration / n_blocks),
        unit=meaning.unit,
        kind=meaning.kind,
        tangent_dimension=network.n_neurons,
        autonomous=False,  # a flow at rest has no neutral exponent
        n_blocks=n_blocks,
        mean_logdet=float(exponents.mean()) if protocol.log_det else math.nan,
        state_warmup=state_warmup * meaning.dt,
        parameters={"k": k, "n_steps": n_steps, "method": "eigenvalues at the fixed point"}
        | network.parameters,
    )


def check_k(k: Any, network: RateNetwork) -> int:
    """Return a number of exponents that the network has."""
    n = network.n_neurons
    return check_integer("k", k, low=1, high=n, remedy=f"{n} neurons have {n} exponents, or 'auto'")


def _usual_k(network: RateNetwork) -> int:
    exponent = network.coupling.law.tail_exponent if network.coupling else math.inf
    fraction = float(np.interp(exponent, *_LEADING))
    return min(network.n_neurons, max(4, math.ceil(fraction * network.n_neurons)))
