"""Lyapunov spectra of the library's own Brian2 models, such as `LIFNetwork`."""

from typing import Any

from brian2 import second

from heavytail_snn.analysis.lyapunov.hybrid.follow import spectrum_of_replay
from heavytail_snn.analysis.lyapunov.hybrid.spectrum import (
    check_duration,
    check_size,
    read_network,
    read_times,
    run_recorded,
)
from heavytail_snn.analysis.lyapunov.tangent.protocol import AUTO, check_number
from heavytail_snn.analysis.lyapunov.tangent.spectrum import LyapunovSpectrum
from heavytail_snn.brian.device import active_device
from heavytail_snn.brian.model import NetworkModel
from heavytail_snn.brian.simulation.network import network_in_process
from heavytail_snn.brian.simulation.prepare import prepare
from heavytail_snn.core.errors import ParameterError, check_choice
from heavytail_snn.core.randomness import Seed


def lyapunov_spectrum_of_model(
    model: NetworkModel,
    *,
    duration: Any,
    k: int | str | None = AUTO,
    dt: Any = None,
    seed: Seed = None,
    state_warmup: Any = 0.5,
    tangent_warmup: Any = 1.0,
    qr_interval: Any = 0.015,
    white_noise: str | None = None,
    progress: bool = False,
) -> LyapunovSpectrum:
    """Run a model in this process and return its leading `k` exponents.

    Parameters
    ----------
    model : NetworkModel
        For example `LIFNetwork` with exponential or alpha synapses, or `ConductanceLIFNetwork`.
    dt : Quantity of time, optional
        Default: the model's.
    seed : int, SeedSequence, Generator or None
        Of weights, initial states and noise, as in `simulate`, and of the tangent vectors.
    duration, k, state_warmup, tangent_warmup, qr_interval, white_noise
        See `lyapunov_spectrum_of_network`, which names the errors too.
    """
    if not isinstance(model, NetworkModel):
        raise ParameterError(
            "model", type(model).__name__, "must be a model that runs through Brian2",
            "use lyapunov_spectrum for event-based and rate models",
        )  # fmt: skip
    number = check_number(k)
    if white_noise is not None:
        check_choice("white_noise", white_noise, ("frozen",))
    times, interval = read_times(state_warmup, tangent_warmup, duration, qr_interval)
    run = prepare(model, sum(times) * second, dt=dt, seed=seed)
    with (
        active_device("runtime") as device,
        network_in_process(run, device) as (network, _),
    ):
        system = read_network(network, {}, white_noise=white_noise)
        check_size(system, number)
        check_duration(times[2], system.step)
        replay = run_recorded(network, system, sum(times), {})
        return spectrum_of_replay(replay, number, times, interval, seed, progress, white_noise)
