"""The Lyapunov spectrum of a whole Brian2 network."""

import math
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2 import Network, NeuronGroup, second
from brian2.devices.device import get_device
from tqdm import tqdm

from heavytail_snn.analysis.lyapunov.hybrid.account import account, check_spikes
from heavytail_snn.analysis.lyapunov.hybrid.explain import explain as explain_system
from heavytail_snn.analysis.lyapunov.hybrid.kernels import fields as K
from heavytail_snn.analysis.lyapunov.hybrid.pooling import pooled
from heavytail_snn.analysis.lyapunov.hybrid.recorder import Recorder
from heavytail_snn.analysis.lyapunov.hybrid.replay import Replay
from heavytail_snn.analysis.lyapunov.hybrid.state import differentiate_all
from heavytail_snn.analysis.lyapunov.hybrid.system import System, read_system
from heavytail_snn.analysis.lyapunov.hybrid.values import TIME
from heavytail_snn.analysis.lyapunov.tangent.protocol import AUTO, check_number
from heavytail_snn.analysis.lyapunov.tangent.spectrum import LyapunovSpectrum, spectrum_from_blocks
from heavytail_snn.brian import internals
from heavytail_snn.brian.device import exclusive
from heavytail_snn.brian.watching import unchanged_by
from heavytail_snn.core.errors import (
    ConvergenceError,
    ParameterError,
    check_choice,
    check_integer,
)
from heavytail_snn.core.randomness import Seed, recorded_seed, stream
from heavytail_snn.core.time_units import one_time

_FIRST_K = 10
_MAX_LOG10_CONDITION = 6.0
_HALVINGS = 6
_N_BLOCKS = 10
_ONE_STEP = (
    "one time step only: exponents of clock-driven runs carry a bias of order dt; run it again "
    "with dt/2 and dt/5"
)
_WHITE = (
    "white noise is frozen: the speed of threshold crossings grows like 1/sqrt(dt), so that the "
    "effect of spikes vanishes as dt goes to 0 and the exponents tend to those of the leak"
)
_KINKED = 0.01


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
        Between two orthonormalisations; shortened if the vectors collapse within it.
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
    times = [
        one_time("state_warmup", state_warmup, low=0),
        one_time("tangent_warmup", tangent_warmup, low=0),
        one_time("duration", duration, low=0, open_low=True),
    ]
    interval = one_time("qr_interval", qr_interval, low=0, open_low=True)
    with internals.extensible(network, level=1) as net:
        system = read_network(net, names, white_noise=white_noise)
        _check_size(system, number)
        if explain:
            sys.stdout.write(explain_system(system) + "\n")
        results = []
        with internals.kept(net):
            for repeat in range(repeats):
                if repeat:
                    _permute(system, seed, repeat)
                replay = run_recorded(net, system, sum(times), names)
                results.append(
                    _spectrum(replay, number, times, interval, seed, progress, white_noise)
                )
    return results[0] if repeats == 1 else pooled(results)


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
        begin = float(network.t / second)
        with exclusive(), unchanged_by(system.watched, network):
            network.run(duration * second, namespace=namespace)
        if (done := float(network.t / second) - begin) < duration - system.step:
            raise ParameterError(
                "duration", duration, 
                f"must be run in full, and the network stopped after {done:.6g} s",
                "take out what calls stop(), or ask for less than that",
            )  # fmt: skip
        with exclusive():
            internals.build_unless_run(get_device())
        return Replay(system, recorder)
    finally:
        recorder.remove()


def _check_size(system: System, k: int | str) -> None:
    if not isinstance(k, int):
        return
    sizes = [len(g) for n, g in system.groups.items() if any(
        a.startswith(f"{n}.") for a in system.active)]  # fmt: skip
    if any(s == 0 for s in sizes):
        return  # a program that has not run yet does not know its synapses
    size = sum(len(system.groups[n.rpartition(".")[0]]) for n in system.active - _sums(system))
    if k > size:
        raise ParameterError(
            "k", k, f"must be at most {size}, the number of state variables", f"ask for k={size}"
        )


def _sums(system: System) -> set[str]:
    """Return the active arrays that are sums of others, and no state of their own."""
    return {s.name for op in system.operations if op.kind == "sum" for s, _ in op.block.outputs}


def _used(replay: Replay) -> np.ndarray:
    """Return the rows of V that are state."""
    layout = replay.layout
    used = np.ones(layout.n_state_rows, dtype=bool)
    for name in _sums(replay.system) & set(layout.z_first):
        rows = layout.z_first[name] + np.arange(np.size(layout.values(name)))
        rows = rows[layout.e_of_z[rows] >= 0]
        used[layout.first_of[layout.e_of_z[rows]] + layout.a_of_z[rows]] = False
    return used


def _spectrum(
    replay: Replay, k: int | str, times: list[float], interval: float, seed: Seed,
    progress: bool, white_noise: str | None,
) -> LyapunovSpectrum:  # fmt: skip
    size = int(_used(replay).sum())
    if isinstance(k, int):
        return _follow(replay, k, times, interval, seed, progress, white_noise)
    number = min(size, _FIRST_K)
    while True:
        result = _follow(replay, number, times, interval, seed, progress, white_noise)
        if number >= size or not math.isnan(result.kaplan_yorke_dimension):
            return result
        number = min(size, math.ceil(1.5 * number))


def _follow(
    replay: Replay, k: int, times: list[float], interval: float, seed: Seed,
    progress: bool, white_noise: str | None,
) -> LyapunovSpectrum:  # fmt: skip
    step = replay.system.step
    every = max(1, round(interval / step))
    for _ in range(_HALVINGS):
        logs, condition, begin = _stretches(replay, k, times, every, seed, progress)
        if logs is not None:
            break
        every = max(1, every // 2)
    else:
        raise ConvergenceError(
            f"the tangent vectors collapse within {every * step:.3g} s (log10 condition number "
            f"{condition:.3g} > {_MAX_LOG10_CONDITION}); ask for fewer exponents than k={k}"
        )
    check_spikes(replay)
    skipped = round(times[1] / (every * step))
    used = int(_used(replay).sum())
    speeds = np.concatenate([np.zeros(0), *replay.speeds])
    finite = speeds[np.isfinite(speeds)]
    median = float(np.median(finite)) if finite.size else float("nan")
    slow = int((finite < 0.01 * median).sum()) if finite.size else 0
    neurons = sum(len(g) for g in _firing(replay.system))
    spikes, span = _n_spikes(replay, begin), len(logs) * every * step
    pending = replay.n_rows > replay.layout.n_state_rows + 1
    notes = [_ONE_STEP]
    if white_noise is not None and any("stateupdater" in w for w in replay.system.frozen.values()):
        notes.append(_WHITE)
    if replay.counts[K.C_SLOW] > _KINKED * max(1, spikes):
        notes.append(f"{replay.counts[K.C_SLOW]} of {spikes} spikes turn round within the step in "
                     "which they cross the threshold: use a smaller dt")  # fmt: skip
    return spectrum_from_blocks(
        logs[skipped:],
        np.full(len(logs) - skipped, every * step),
        unit="1/s",
        kind="posthoc",
        tangent_dimension=None if pending else used,
        complete=not pending and k == used,
        autonomous=_autonomous(replay.system),
        n_neurons=max(1, neurons),
        n_blocks=_N_BLOCKS,
        warnings=tuple(notes),
        tangent_warmup=times[1],
        state_warmup=times[0],
        log10_cond_first=condition,
        n_slow_crossings=slow,
        rate=spikes / span / max(1, neurons),
        n_spikes=spikes,
        seed=None if seed is None else recorded_seed(seed),
        parameters={
            "model": explain_system(replay.system),
            "dt": step,
            "median_crossing_speed": median,
            "replay": account(replay),
        },
    )


def _stretches(
    replay: Replay, k: int, times: list[float], every: int, seed: Seed, progress: bool
) -> tuple[np.ndarray | None, float, int]:
    """Return ln |R_ii| for every interval, or None if the first block is ill-conditioned."""
    step = replay.system.step
    first = replay.first
    begin = first + max(round(times[0] / step), replay.longest_delay)
    snapshot = int(np.searchsorted(replay.steps, begin, side="right")) - 1
    replay.start(k, max(0, snapshot))
    if replay.now < first + replay.longest_delay:
        later = int(np.searchsorted(replay.steps, first + replay.longest_delay))
        replay.start(k, min(later, replay.steps.size - 1))
    begin = max(begin, replay.now)
    replay.advance(begin)
    replay.set_scaled(_initial_vectors(replay, k, seed))
    replay.reset_counts()
    stop = replay.last
    n = max(0, (stop - begin) // every)
    logs = np.empty((n, k))
    condition = float("nan")
    aligned = min(n - 1, round(times[1] / (every * step)))
    for index in tqdm(range(n), disable=not progress, unit="QR", mininterval=1.0):
        replay.advance(begin + (index + 1) * every)
        vectors = replay.scaled()
        if not np.isfinite(vectors).all():
            raise ConvergenceError(
                f"tangent vectors became non-finite at {replay.now * step:.6g} s: a crossing is "
                "tangential or the QR interval too long; use a smaller dt or qr_interval"
            )
        orthogonal, triangle = np.linalg.qr(vectors)
        replay.set_scaled(orthogonal)
        with np.errstate(divide="ignore"):
            # a vanishing element means a lost direction: it is stored as -inf and counted
            logs[index] = np.log(np.abs(np.diag(triangle)))
        if index == aligned:  # by now the vectors have their directions, and R shows their spread
            found = logs[index][np.isfinite(logs[index])]
            condition = float(np.ptp(found) / np.log(10)) if found.size else 0.0
            if condition > _MAX_LOG10_CONDITION and every > 1:
                return None, condition, begin
    return logs, condition, begin


def _initial_vectors(replay: Replay, k: int, seed: Seed) -> np.ndarray:
    """Return random orthonormal columns; no coordinate subspace, which could be invariant."""
    used = _used(replay)
    vectors = np.zeros((replay.n_rows, k))
    random = stream(seed, "tangent vectors").standard_normal((used.size, k))
    vectors[: used.size] = np.where(used[:, None], random, 0.0)
    return np.linalg.qr(vectors)[0]


def _firing(system: System) -> list[Any]:
    names = {op.source for op in system.operations if op.kind == "threshold"}
    return [system.groups[n] for n in sorted(names) if n in system.groups]


def _n_spikes(replay: Replay, begin: int) -> int:
    groups = {g.name for g in _firing(replay.system)}
    return sum(
        int((found.steps >= begin).sum())
        for (name, _), found in replay.tapes.events.items()
        if name in groups
    )


def _autonomous(system: System) -> bool:
    if system.sources or system.frozen or system.arrays.tables:
        return False
    if any(op.kind == "map" for op in system.operations):
        return False
    return not any(TIME in v.slopes for f in system.flows.values() for _, v in f.outputs)


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
