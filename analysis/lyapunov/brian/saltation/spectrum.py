"""Lyapunov spectrum from recorded spikes: QR on the stacked rows of the saltation replay."""

from typing import Any

import numpy as np
from tqdm import tqdm

from heavytail_snn.analysis.lyapunov.brian.saltation.product import SaltationReplay
from heavytail_snn.analysis.lyapunov.brian.saltation.terms import HybridModel, Spikes, Wiring
from heavytail_snn.analysis.lyapunov.tangent.spectrum import LyapunovSpectrum, spectrum_from_blocks
from heavytail_snn.core.errors import ConvergenceError, check_integer, check_real
from heavytail_snn.core.randomness import Seed, recorded_seed, stream

_MAX_LOG10_CONDITION = 6.0
_HALVINGS = 6


def saltation_spectrum(
    model: HybridModel,
    spikes: Spikes,
    wiring: Wiring,
    *,
    k: int,
    start: float,
    stop: float,
    tangent_warmup: float = 1.0,
    qr_interval: float = 0.015,
    dt: float | None = None,
    autonomous: bool = True,
    n_blocks: int = 10,
    seed: Seed = None,
    progress: bool = False,
    warnings: tuple[str, ...] = (),
    parameters: dict[str, Any] | None = None,
) -> LyapunovSpectrum:
    """Return the leading `k` Lyapunov exponents along recorded spikes.

    Parameters
    ----------
    model : HybridModel
        For example a `LinearModel`.
    spikes : Spikes
        All spikes from time 0 on, also those before `start`, from which the state is rebuilt.
    wiring : Wiring
    k : int
        Number of exponents.
    start, stop : float
        Begin of the tangent dynamics and end of the averaging, in s.  The states must have
        forgotten wrong initial values before `start`.
    tangent_warmup : float
        Time in s, from `start`, in which the vectors align and nothing is averaged.
    qr_interval : float
        In s; halved while the first block of vectors has a condition number above 1e6.
    dt : float, optional
        Time step if the spikes come from a clock-driven simulation, None if they are exact.
    autonomous : bool
        False with time-dependent input or external spikes: then no exponent is zero.

    Raises
    ------
    TangentialCrossingError, PulseCrossingError, SaltationError
        If the recording contradicts the model.
    """
    k = check_integer("k", k, low=1, high=int(model.used.sum()))
    check_real("stop", stop, low=start + tangent_warmup, open_low=True)
    check_real("qr_interval", qr_interval, low=0, open_low=True)
    interval = qr_interval if dt is None else max(dt, dt * round(qr_interval / dt))
    for _ in range(_HALVINGS):
        replay = SaltationReplay(model, spikes, wiring, dt=dt)
        if start > 0:
            for _t in replay.run(np.array([start]), tangent=False):
                pass
        replay.vectors = _initial_vectors(replay, k, seed)
        times = start + interval * np.arange(1, int((stop - start) / interval + 1e-6) + 1)
        logs, log10_condition = _stretches(replay, times, progress)
        if logs is not None:
            break
        interval = interval / 2 if dt is None else max(dt, dt * round(interval / dt / 2))
    else:
        raise ConvergenceError(
            f"the tangent vectors collapse within {interval:.3g} s (log10 condition number "
            f"{log10_condition:.3g} > {_MAX_LOG10_CONDITION}); ask for fewer exponents than k={k}"
        )
    averaged = times > start + tangent_warmup + 1e-9
    slow, speeds = _slow_crossings(replay)
    own = (spikes.units < model.n_neurons) & (spikes.times > start) & (spikes.times <= stop)
    pending = bool(wiring.delays.max(initial=0) > 0 or model.hold.max(initial=0) > 0)
    dimension = int(model.used.sum())
    return spectrum_from_blocks(
        logs[averaged],
        np.full(averaged.sum(), interval),
        unit="1/s",
        kind="posthoc",
        tangent_dimension=None if pending else dimension,
        complete=not pending and k == dimension,
        autonomous=autonomous,
        n_neurons=model.n_neurons,
        n_blocks=n_blocks,
        warnings=warnings,
        tangent_warmup=tangent_warmup,
        state_warmup=start,
        log10_cond_first=log10_condition,
        n_slow_crossings=slow,
        rate=float(own.sum() / (stop - start) / model.n_neurons),
        n_spikes=int(own.sum()),
        seed=None if seed is None else recorded_seed(seed),
        parameters={**(parameters or {}), "median_crossing_speed": speeds, "dt": dt},
    )


def _initial_vectors(replay: SaltationReplay, k: int, seed: Seed) -> np.ndarray:
    """Return random orthonormal columns; no coordinate subspace, which could be invariant."""
    model = replay.model
    vectors = np.zeros((replay.n_rows, k))
    random = stream(seed, "tangent vectors").standard_normal((model.used.size, k))
    vectors[: model.used.size] = np.where(model.used.ravel()[:, None], random, 0.0)
    return np.linalg.qr(vectors)[0]


def _stretches(
    replay: SaltationReplay, times: np.ndarray, progress: bool
) -> tuple[np.ndarray | None, float]:
    """Return ln |R_ii| for every interval, or None if the first block is ill-conditioned."""
    logs = np.empty((times.size, replay.vectors.shape[1]))
    condition = float("nan")
    steps = tqdm(replay.run(times), total=times.size, disable=not progress, unit="QR")
    for index, _time in enumerate(steps):
        if not np.isfinite(replay.vectors).all():
            raise ConvergenceError(
                f"tangent vectors became non-finite at {_time:.6g} s: a crossing is tangential or "
                "the QR interval too long"
            )
        replay.vectors, triangle = np.linalg.qr(replay.vectors)
        if index == 0:
            values = np.linalg.svd(triangle, compute_uv=False)
            condition = float(np.log10(values[0] / values[-1])) if values[-1] > 0 else np.inf
            if condition > _MAX_LOG10_CONDITION:
                return None, condition
        with np.errstate(divide="ignore"):
            # a vanishing element means a lost direction: it is stored as -inf and counted
            logs[index] = np.log(np.abs(np.diag(triangle)))
    return logs, condition


def _slow_crossings(replay: SaltationReplay) -> tuple[int, float]:
    """Return how many crossings are slower than 1 % of the median speed, and the median."""
    speeds = np.concatenate([np.zeros(0), *replay.speeds])
    if speeds.size == 0:
        return 0, float("nan")
    median = float(np.median(speeds))
    return int((speeds < 0.01 * median).sum()), median
