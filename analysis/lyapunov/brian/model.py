"""Lyapunov spectra of the library's own Brian2 models, such as `LIFNetwork`."""

from typing import Any

from brian2 import NeuronGroup, Synapses, second

from heavytail_snn.analysis.lyapunov.brian.tangent import BrianTangent
from heavytail_snn.analysis.lyapunov.tangent.protocol import AUTO, check_number
from heavytail_snn.analysis.lyapunov.tangent.spectrum import LyapunovSpectrum
from heavytail_snn.brian.device import active_device
from heavytail_snn.brian.model import NetworkModel
from heavytail_snn.brian.simulation.network import network_in_process
from heavytail_snn.brian.simulation.prepare import prepare
from heavytail_snn.core.errors import ParameterError
from heavytail_snn.core.randomness import Seed
from heavytail_snn.core.time_units import one_time


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
    progress: bool = False,
) -> LyapunovSpectrum:
    """Run a model in this process and return its leading `k` exponents by the saltation method.

    Parameters
    ----------
    model : NetworkModel
        For example `LIFNetwork` with exponential or alpha synapses, or `ConductanceLIFNetwork`.
    dt : Quantity of time, optional
        Default: the model's.
    seed : int, SeedSequence, Generator or None
        Of weights, initial states and noise, as in `simulate`, and of the tangent vectors.
    duration, k, state_warmup, tangent_warmup, qr_interval
        See `lyapunov_spectrum_of_brian`, which names the errors too.
    """
    if not isinstance(model, NetworkModel):
        raise ParameterError(
            "model", type(model).__name__, "must be a model that runs through Brian2",
            "use lyapunov_spectrum for event-based and rate models",
        )  # fmt: skip
    k = check_number(k)
    start, warm = (one_time("warmup", t, low=0) for t in (state_warmup, tangent_warmup))
    total = start + warm + one_time("duration", duration, low=0, open_low=True)
    run = prepare(model, total * second, dt=dt, seed=seed)
    with (
        active_device("runtime") as device,
        network_in_process(run, device) as (network, _),
    ):
        groups = [item for item in network.sorted_objects if isinstance(item, NeuronGroup)]
        synapses = [item for item in network.sorted_objects if isinstance(item, Synapses)]
        tangent = BrianTangent(network, groups, synapses, duration=total, namespace={})
        tangent.run()
        return tangent.spectrum(
            k=k,
            state_warmup=start,
            tangent_warmup=warm,
            qr_interval=one_time("qr_interval", qr_interval, low=0, open_low=True),
            seed=seed,
            progress=progress,
        )
