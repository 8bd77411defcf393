"""Lyapunov exponents from perturbed copies of an exact orbit: no derivative enters.

Copies differ from the orbit by 1e-6 of the size of each variable, in the times of spikes whose
pulses are still on their way, and in the ends of refractory periods.  They are compared at equal
time, made orthogonal and short again every 10 ms, and get the same given input.
"""

from dataclasses import dataclass

import numpy as np

from heavytail_snn.analysis.lyapunov.hybrid.exact import motion as X
from heavytail_snn.analysis.lyapunov.hybrid.exact.network import ExactNetwork
from heavytail_snn.analysis.lyapunov.hybrid.exact.orbit import Orbit
from heavytail_snn.core.errors import ConvergenceError

_TIME_UNIT = 5e-3  # s; weight of times beside states
_LATER = 1e-4  # s; so much later copies are compared if one of them lacks an event
_PATIENCE = 60


@dataclass(frozen=True)
class PerturbedExponents:
    """Exponents of copies.

    Attributes
    ----------
    exponents, errors : (k,) arrays
        In 1/s; standard errors over blocks of time.
    n_spikes : int
        Of the orbit during the measurement.
    duration : float
        Of the measurement, in s.
    n_lost : int
        How often a copy had other events than the orbit and was put back.
    """

    exponents: np.ndarray
    errors: np.ndarray
    n_spikes: int
    duration: float
    n_lost: int


def measure_scale(net: ExactNetwork, orbit: Orbit, until: float, interval: float = 1e-3) -> None:
    """Carry an orbit to a time in s, and set the scales of the network to what was visited."""
    layout = net.layout
    low, high = orbit.z.copy(), orbit.z.copy()
    for t in np.arange(orbit.time + interval, until, interval):
        orbit.advance(t)
        np.minimum(low, orbit.z, out=low)
        np.maximum(high, orbit.z, out=high)
    orbit.advance(until)
    orbit.take_log()
    for name, first in layout.z_first.items():
        part = slice(first, first + np.size(layout.values(name)))
        if high[part].size:
            span = high[part].max() - low[part].min()
            net.scale[part] = span or np.abs(high[part]).max() or 1.0


def perturbed_exponents(
    net: ExactNetwork,
    k: int,
    duration: float,
    *,
    warm_up: float = 0.5,
    vectors_warm_up: float = 1.0,
    size: float = 1e-6,
    interval: float = 0.01,
    n_blocks: int = 10,
    seed: int = 0,
) -> PerturbedExponents:
    """Return the k largest exponents.

    Parameters
    ----------
    net : ExactNetwork
        Prepared for at least the sum of the three durations.
    k : int
    duration, warm_up, vectors_warm_up : float
        In s: of the measurement, of the orbit before it, of the copies before it.
    size : float
        Of perturbations, in units of the span of each variable and of 5 ms.
    interval : float
        Between orthonormalisations, in s.

    Raises
    ------
    ConvergenceError
        If more than 2 % of the intervals ended with copies that had other events.
    """
    orbit = net.orbit()
    measure_scale(net, orbit, orbit.time + warm_up)
    rng = np.random.default_rng(seed)
    w = np.linalg.qr(rng.standard_normal((_rows(net, orbit), k)))[0]
    logs, spans, lost, spikes = [], [], 0, 0
    begin, end = orbit.time + vectors_warm_up, orbit.time + vectors_warm_up + duration
    while orbit.time < end - 1e-9:
        before = orbit.time
        copies = [_displaced(net, orbit, size * w[:, q]) for q in range(k)]
        until = before + interval
        for _ in range(_PATIENCE):
            for one in (orbit, *copies):
                one.advance(until)
            alike = np.array([_alike(orbit, c) for c in copies])
            if alike.all():
                break
            until += _LATER
        columns = []
        for q, one in enumerate(copies):
            if alike[q]:
                columns.append(_difference(net, orbit, one) / size)
            else:
                lost += 1
                columns.append(rng.standard_normal(_rows(net, orbit)))
                columns[-1] /= np.linalg.norm(columns[-1])
        w, r = np.linalg.qr(np.stack(columns, axis=1))
        n = int((orbit.take_log()[1][:, 0] == X.E_FIRE).sum())
        if before >= begin - 1e-9:
            logs.append(np.log(np.abs(np.diag(r))))
            spans.append(orbit.time - before)
            spikes += n
    growth, spans_of = np.array(logs), np.array(spans)
    if lost > 0.02 * k * len(logs):
        raise ConvergenceError(f"{lost} of {k * len(logs)} copies had other events than the orbit")
    parts = np.array_split(np.arange(len(logs)), n_blocks)
    blocks = np.array([growth[p].sum(axis=0) / spans_of[p].sum() for p in parts])
    total = float(spans_of.sum())
    return PerturbedExponents(
        growth.sum(axis=0) / total, blocks.std(axis=0, ddof=1) / np.sqrt(n_blocks), spikes, total,
        lost,
    )  # fmt: skip


def _rows(net: ExactNetwork, orbit: Orbit) -> int:
    return net.state_rows.size + len(orbit.pending()) + int(np.isfinite(orbit.release).sum())


def _displaced(net: ExactNetwork, orbit: Orbit, vector: np.ndarray) -> Orbit:
    """Return a copy of the orbit that is displaced by a vector in units of the scales."""
    new = orbit.copy()
    rows = net.state_rows
    new.z[rows] += net.scale[rows] * vector[: rows.size]
    position = rows.size
    for entries in orbit.pending().values():
        new.queue_t[entries] += _TIME_UNIT * vector[position]
        position += 1
    held = np.isfinite(orbit.release)
    new.release[held] += _TIME_UNIT * vector[position:]
    X.sums(new.z, new.time, net.net, net.motion)
    return new


def _difference(net: ExactNetwork, orbit: Orbit, other: Orbit) -> np.ndarray:
    rows = net.state_rows
    theirs = other.pending()
    times = [
        other.queue_t[theirs[key][0], 1] - orbit.queue_t[entries[0], 1]
        for key, entries in orbit.pending().items()
    ]
    held = np.isfinite(orbit.release)
    return np.concatenate([
        (other.z[rows] - orbit.z[rows]) / net.scale[rows],
        np.array(times) / _TIME_UNIT,
        (other.release[held] - orbit.release[held]) / _TIME_UNIT,
    ])  # fmt: skip


def _alike(orbit: Orbit, other: Orbit) -> bool:
    """Tell whether two orbits are between the same events."""

    def pulses(one: Orbit) -> list[list[int]]:
        queue = one.queue[: int(one.counts[X.N_QUEUE]), : X.Q_SPIKE]
        return sorted(queue.tolist())

    held = orbit.net.units[2]
    flags = [h[X.R_ROW] + np.arange(h[X.R_N]) for h in held]
    rows = np.concatenate([np.zeros(0, dtype=np.int64), *flags])
    return (
        np.array_equal(orbit.ordinals, other.ordinals)
        and np.array_equal(orbit.above, other.above)
        and np.array_equal(np.isfinite(orbit.release), np.isfinite(other.release))
        and np.array_equal(orbit.z[rows], other.z[rows])
        and pulses(orbit) == pulses(other)
    )
