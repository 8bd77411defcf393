"""Lyapunov spectra of any Brian2 network: record one run, then follow the tangent dynamics.

The network is run by Brian2 on whatever device is set; spikes, states at the crossings, weights,
delays and inputs are read afterwards, and the saltation method does the rest.  Nothing is ever
perturbed in the simulation itself, because a clock-driven spike does not respond to a small
perturbation.
"""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from brian2 import Network, NeuronGroup, Synapses

from heavytail_snn.analysis.lyapunov.brian.tangent import BrianTangent
from heavytail_snn.analysis.lyapunov.tangent.protocol import AUTO, check_number
from heavytail_snn.analysis.lyapunov.tangent.spectrum import LyapunovSpectrum
from heavytail_snn.brian.internals import caller_namespace
from heavytail_snn.core.randomness import Seed
from heavytail_snn.core.time_units import one_time


def lyapunov_spectrum_of_brian(
    network: Network,
    neurons: NeuronGroup | Sequence[NeuronGroup],
    synapses: Synapses | Sequence[Synapses] = (),
    *,
    duration: Any,
    k: int | str | None = AUTO,
    state_warmup: Any = 0.5,
    tangent_warmup: Any = 1.0,
    qr_interval: Any = 0.015,
    seed: Seed = None,
    namespace: Mapping[str, Any] | None = None,
    explain: bool = False,
    progress: bool = False,
) -> LyapunovSpectrum:
    """Run a Brian2 network and return its leading `k` Lyapunov exponents.

    Parameters
    ----------
    network : brian2.Network
        Not run yet; it is run here, for both warm-ups and the duration, on the current device.
        With ``Network(collect())`` a script that relies on the magic network has one too.
    neurons : NeuronGroup or list of them
        Every NeuronGroup of the network.
    synapses : Synapses or list of them
        Every Synapses object that targets them.  Sources may also be PoissonGroup or
        SpikeGeneratorGroup: their spikes are frozen input.
    duration, state_warmup, tangent_warmup : time
        Averaging time; time before the tangent vectors start; time in which they align.  Brian2
        quantities or seconds.
    k : int or "auto"
        Number of exponents; "auto" (and None) starts with 10 and takes half as many more, along the
        same recorded run, until the Kaplan-Yorke dimension is reached.
    qr_interval : time
        Between two orthonormalisations; shortened if the vectors collapse within it.
    seed : int, optional
        Of the initial tangent vectors (the network draws from Brian2's own seed).
    namespace : mapping, optional
        As for ``Network.run``; by default the caller's variables.
    explain : bool
        Write what was understood of the model, with its saltation matrix, to standard output.

    Returns
    -------
    LyapunovSpectrum
        In 1/s.  ``parameters["model"]`` holds the explanation.

    Raises
    ------
    SaltationError
        Its subclasses name what the method refuses: `WhiteNoiseError`, `CutoffError`,
        `ZeroDelayError`, `StochasticSynapseError`, `SummedVariableError`,
        `LogicalThresholdError`, `PulseCrossingError`, `TangentialCrossingError`,
        `UnreadableModelError`.

    Notes
    -----
    Exponents are those of the trajectory with the given inputs: with noise or external spikes the
    system is driven and has no zero exponent.
    """
    names = caller_namespace(level=1) if namespace is None else dict(namespace)
    times = {
        "duration": one_time("duration", duration, low=0, open_low=True),
        "state_warmup": one_time("state_warmup", state_warmup, low=0),
        "tangent_warmup": one_time("tangent_warmup", tangent_warmup, low=0),
    }
    k = check_number(k)
    total = sum(times.values())
    tangent = BrianTangent(network, neurons, synapses, duration=total, namespace=names)
    if explain:
        sys.stdout.write(tangent.explanation + "\n")
    tangent.run()
    return tangent.spectrum(
        k=k,
        state_warmup=times["state_warmup"],
        tangent_warmup=times["tangent_warmup"],
        qr_interval=one_time("qr_interval", qr_interval, low=0, open_low=True),
        seed=seed,
        progress=progress,
    )
