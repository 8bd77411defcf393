"""The Lyapunov spectrum of a whole Brian2 network."""

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2 import Network, NeuronGroup, second
from brian2.core.base import BrianObjectException
from brian2.devices.device import get_device

from heavytail_snn.analysis.lyapunov.hybrid.explain import explain as explain_system
from heavytail_snn.analysis.lyapunov.hybrid.follow import N_BLOCKS, spectrum_of_replay, sums
from heavytail_snn.analysis.lyapunov.hybrid.pooling import pooled
from heavytail_snn.analysis.lyapunov.hybrid.recorder import Recorder
from heavytail_snn.analysis.lyapunov.hybrid.replay import Replay
from heavytail_snn.analysis.lyapunov.hybrid.state import differentiate_all
from heavytail_snn.analysis.lyapunov.hybrid.system import System, read_system
from heavytail_snn.analysis.lyapunov.tangent.protocol import AUTO, check_number
from heavytail_snn.analysis.lyapunov.tangent.spectrum import LyapunovSpectrum
from heavytail_snn.brian import internals
from heavytail_snn.brian.device import exclusive
from heavytail_snn.brian.watching import unchanged_by
from heavytail_snn.core.errors import (
    ParameterError,
    check_choice,
    check_integer,
)
from heavytail_snn.core.randomness import Seed, stream
from heavytail_snn.core.time_units import one_time


def lyapunov_spectrum_of_network(
    network: Network | None = None,
    *,
    duration: Any,
    k: int | str | None = AUTO,
    state_warmup: Any = 0.5,
    tangent_warmup: Any = 1.0,
    qr_interval: Any = 0.015,
    white_noise: str | None = None,
    repeats: int = 1,
    seed: Seed = None,
    namespace: Mapping[str, Any] | None = None,
    explain: bool = False,
    progress: bool = False,
) -> LyapunovSpectrum:
    """Run a Brian2 network and return its leading `k` Lyapunov exponents.

    Groups, synapses, inputs and the order of events are found in the network.  It is run on the
    current device, with monitors added; afterwards the monitors are gone and, on the runtime
    target, every object is in the state in which it was.

    Parameters
    ----------
    network : brian2.Network, optional
        New, or one that has run: it starts from its present state.  By default all objects that
        ``run`` would use (Brian2's magic network).
    duration, state_warmup, tangent_warmup : time
        Averaging time; time before the tangent vectors start; time in which they align.  Brian2
        quantities or seconds.
    k : int or "auto"
        Number of exponents; "auto" (and None) takes as many as the Kaplan-Yorke dimension needs.
    qr_interval : time
        Between two orthonormalisations; shortened to a tenth of the duration, and if the vectors
        collapse within it.
    white_noise : {"frozen"}, optional
        Accept white noise on the state, as given input.  The result then depends on dt.
    repeats : int
        Runs from different initial states (the states of the neurons permuted); the error then
        includes their spread.
    seed : int, optional
        Of the initial tangent vectors (the network draws from Brian2's own seed).
    namespace : mapping, optional
        As for ``Network.run``; by default the caller's variables.
    explain : bool
        Write what was understood of the model to standard output, before the run.
    progress : bool
        Show a bar with the time left.

    Returns
    -------
    LyapunovSpectrum
        In 1/s.  ``parameters["model"]`` holds the explanation, ``parameters["replay"]`` the
        distance of the replay from Brian2's own run, and how many spikes were special.

    Raises
    ------
    SaltationError
        Its subclasses name what is refused, before the run.
    MemoryLimitError
        If the recording would not fit.
    """
    names = internals.caller_namespace(level=1) if namespace is None else dict(namespace)
    if white_noise is not None:
        check_choice("white_noise", white_noise, ("frozen",))
    number = check_number(k)
    repeats = check_integer("repeats", repeats, low=1)
    times, interval = read_times(state_warmup, tangent_warmup, duration, qr_interval)
    with internals.extensible(network, level=1) as net:
        system = read_network(net, names, white_noise=white_noise)
        check_size(system, number)
        check_duration(times[2], system.step)
        if explain:
            sys.stdout.write(explain_system(system) + "\n")
        results = []
        with internals.kept(net):
            for repeat in range(repeats):
                if repeat:
                    _permute(system, seed, repeat)
                replay = run_recorded(net, system, sum(times), names)
                results.append(
                    spectrum_of_replay(replay, number, times, interval, seed, progress, white_noise)
                )
    return results[0] if repeats == 1 else pooled(results)


def read_times(
    state_warmup: Any, tangent_warmup: Any, duration: Any, qr_interval: Any
) -> tuple[list[float], float]:
    """Return both warm-ups and the duration in s, and the QR interval in s."""
    times = [
        one_time("state_warmup", state_warmup, low=0),
        one_time("tangent_warmup", tangent_warmup, low=0),
        one_time("duration", duration, low=0, open_low=True),
    ]
    return times, one_time("qr_interval", qr_interval, low=0, open_low=True)


def read_network(
    network: Network, namespace: Mapping[str, Any], *, white_noise: str | None = None
) -> System:
    """Return what was understood of a network, or refuse it; nothing is run."""
    system = read_system(network, namespace)
    if not system.operations:
        raise ParameterError(
            "network", network.name, "must contain neurons with equations",
            "add the groups to the network, or call without a network where run() works",
        )  # fmt: skip
    differentiate_all(system, noise_is_given=white_noise == "frozen")
    if not system.active:
        raise ParameterError(
            "network", network.name, "must have a state that can be perturbed",
            "give some group a differential equation",
        )  # fmt: skip
    return system


def run_recorded(
    network: Network, system: System, duration: float, namespace: Mapping[str, Any]
) -> Replay:
    """Run a network with monitors, and return its replay."""
    recorder = Recorder(network, system, duration)
    try:
        run_network(network, system, duration, namespace)
        with exclusive():
            internals.build_unless_run(get_device())
        return Replay(system, recorder)
    finally:
        recorder.remove()


def run_network(
    network: Network, system: System, duration: float, namespace: Mapping[str, Any]
) -> None:
    """Run a network, and make sure that it ran to the end and that watchers changed nothing."""
    begin = float(network.t / second)
    with exclusive(), unchanged_by(system.watched, network):
        try:
            network.run(duration * second, namespace=namespace)
        except BrianObjectException as error:
            raise _failed(network, error) from error
    if (done := float(network.t / second) - begin) < duration - system.step:
        raise ParameterError(
            "duration", duration,
            f"must be run in full, and the network stopped after {done:.6g} s",
            "take out what calls stop(), or ask for less than that",
        )  # fmt: skip


def _failed(network: Network, error: BrianObjectException) -> ParameterError:
    """Return the refusal of a network that Brian2 itself cannot run."""
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    where = " ".join(str(error).split())
    return ParameterError(
        "network", network.name,
        f"must run in Brian2 by itself, and failed with {type(cause).__name__}: {cause} ({where})",
        "run the script without the spectrum first; a parameter that is never set is 0",
    )  # fmt: skip


def check_duration(duration: float, step: float) -> None:
    """Refuse an average that cannot be cut into blocks, from which its error is taken."""
    if duration < (N_BLOCKS - 1e-9) * step:
        raise ParameterError(
            "duration", duration, f"must be at least {N_BLOCKS} time steps of {step:.6g} s",
            f"average over {N_BLOCKS * step:.6g} s or more",
        )  # fmt: skip


def check_size(system: System, k: int | str) -> None:
    """Refuse more exponents than there are state variables."""
    if not isinstance(k, int):
        return
    sizes = [len(g) for n, g in system.groups.items() if any(
        a.startswith(f"{n}.") for a in system.active)]  # fmt: skip
    if any(s == 0 for s in sizes):
        return  # a program that has not run yet does not know its synapses
    size = sum(len(system.groups[n.rpartition(".")[0]]) for n in system.active - sums(system))
    if k > size:
        raise ParameterError(
            "k", k, f"must be at most {size}, the number of state variables", f"ask for k={size}"
        )


def _permute(system: System, seed: Seed, repeat: int) -> None:
    """Give the state of each neuron to another one of its group."""
    random = stream(seed, f"initial states {repeat}")
    for name, group in system.groups.items():
        if not isinstance(group, NeuronGroup):
            continue
        order = random.permutation(len(group))
        for variable in sorted(n for n in system.written if n.startswith(f"{name}.")):
            array = system.arrays.variables[variable]
            array.set_value(np.asarray(array.get_value())[order])
