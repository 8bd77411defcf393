"""Tangent vectors along a replayed run, orthonormalised, and the spectrum of their growth."""

import math
from typing import Any

import numpy as np
from tqdm import tqdm

from heavytail_snn.analysis.lyapunov.hybrid.account import account, check_spikes
from heavytail_snn.analysis.lyapunov.hybrid.explain import explain as explain_system
from heavytail_snn.analysis.lyapunov.hybrid.kernels import fields as K
from heavytail_snn.analysis.lyapunov.hybrid.replay import Replay
from heavytail_snn.analysis.lyapunov.hybrid.system import System
from heavytail_snn.analysis.lyapunov.hybrid.values import TIME
from heavytail_snn.analysis.lyapunov.tangent.spectrum import LyapunovSpectrum, spectrum_from_blocks
from heavytail_snn.core.errors import ConvergenceError, ParameterError
from heavytail_snn.core.randomness import Seed, recorded_seed, stream

N_BLOCKS = 10
_FIRST_K = 10
_MAX_LOG10_CONDITION = 6.0
_HALVINGS = 6
_ONE_STEP = (
    "one time step only: exponents of clock-driven runs carry a bias of order dt; run it again "
    "with dt/2 and dt/5, or let lyapunov_dt_scan extrapolate it away"
)
_WHITE = (
    "white noise is frozen: the speed of threshold crossings grows like 1/sqrt(dt), so that the "
    "effect of spikes vanishes as dt goes to 0 and the exponents tend to those of the leak"
)
_KINKED = 0.01


def spectrum_of_replay(
    replay: Replay, k: int | str, times: list[float], interval: float, seed: Seed,
    progress: bool, white_noise: str | None = None,
) -> LyapunovSpectrum:  # fmt: skip
    """Return the leading k exponents of a run that was recorded.

    `times` are state warm-up, tangent warm-up and duration in s; "auto" takes as many exponents as
    the Kaplan-Yorke dimension needs.
    """
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
    begin, snapshot = _begin(replay, times[0])
    aligned = round(times[1] / step)
    room = (replay.last - begin - aligned) // N_BLOCKS
    if room < 1:
        raise ParameterError(
            "duration", times[2],
            f"must reach beyond the longest delay, {replay.longest_delay * step:.6g} s, for which "
            "the tangent waits",
            f"set state_warmup to {replay.longest_delay * step:.6g} s or more",
        )  # fmt: skip
    every = min(max(1, round(interval / step)), room)
    for _ in range(_HALVINGS):
        logs, condition = _stretches(replay, k, begin, snapshot, aligned, every, seed, progress)
        if logs is not None:
            break
        every = max(1, every // 2)
    else:
        raise ConvergenceError(
            f"the tangent vectors collapse within {every * step:.3g} s (log10 condition number "
            f"{condition:.3g} > {_MAX_LOG10_CONDITION}); ask for fewer exponents than k={k}"
        )
    check_spikes(replay)
    skipped = aligned // every
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
    rough, switches = replay.counts[K.C_SWITCHES_ROUGH], replay.counts[K.C_SWITCHES]
    if rough > _KINKED * switches:
        notes.append(f"{rough} of {switches} switches of the equations meet another one, or turn "
                     "round, within their step: use a smaller dt")  # fmt: skip
    return spectrum_from_blocks(
        logs[skipped:],
        np.full(len(logs) - skipped, every * step),
        unit="1/s",
        kind="posthoc",
        tangent_dimension=None if pending else used,
        complete=not pending and k == used,
        autonomous=_autonomous(replay.system),
        n_neurons=max(1, neurons),
        n_blocks=N_BLOCKS,
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


def _begin(replay: Replay, state_warmup: float) -> tuple[int, int]:
    """Return the step at which tangent vectors start, and the last snapshot before.

    Pulses that were sent before the first snapshot used have no slots: it lies a delay later.
    """
    earliest = replay.first + replay.longest_delay
    begin = max(replay.first + round(state_warmup / replay.system.step), earliest)
    snapshot = max(0, int(np.searchsorted(replay.steps, begin, side="right")) - 1)
    if replay.steps[snapshot] < earliest:
        snapshot = min(int(np.searchsorted(replay.steps, earliest)), replay.steps.size - 1)
    return max(begin, int(replay.steps[snapshot])), snapshot


def _stretches(
    replay: Replay, k: int, begin: int, snapshot: int, aligned: int, every: int, seed: Seed,
    progress: bool,
) -> tuple[np.ndarray | None, float]:  # fmt: skip
    """Return ln |R_ii| for every interval, or None if the first block is ill-conditioned."""
    step = replay.system.step
    replay.start(k, snapshot)
    replay.advance(begin)
    replay.set_scaled(_initial_vectors(replay, k, seed))
    replay.reset_counts()
    n = (replay.last - begin) // every
    logs = np.empty((n, k))
    condition = float("nan")
    first_block = min(n - 1, aligned // every)
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
        if index == first_block:  # the vectors have their directions: R shows their spread
            found = logs[index][np.isfinite(logs[index])]
            condition = float(np.ptp(found) / np.log(10)) if found.size else 0.0
            if condition > _MAX_LOG10_CONDITION and every > 1:
                return None, condition
    return logs, condition


def _initial_vectors(replay: Replay, k: int, seed: Seed) -> np.ndarray:
    """Return random orthonormal columns; no coordinate subspace, which could be invariant.

    Times that are on their way are state too: of a neuron that fires whenever its refractory
    period ends, they are all that is neutral.
    """
    moving = replay.time_rows()
    moving[: replay.layout.n_state_rows] = _used(replay)
    random = stream(seed, "tangent vectors").standard_normal((moving.size, k))
    return np.linalg.qr(np.where(moving[:, None], random, 0.0))[0]


def _used(replay: Replay) -> np.ndarray:
    """Return the rows of V that are state."""
    layout = replay.layout
    used = np.ones(layout.n_state_rows, dtype=bool)
    for name in sums(replay.system) & set(layout.z_first):
        rows = layout.z_first[name] + np.arange(np.size(layout.values(name)))
        rows = rows[layout.e_of_z[rows] >= 0]
        used[layout.first_of[layout.e_of_z[rows]] + layout.a_of_z[rows]] = False
    return used


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


def sums(system: System) -> set[str]:
    """Return the active arrays that are sums of others, and no state of their own."""
    return {s.name for op in system.operations if op.kind == "sum" for s, _ in op.block.outputs}
