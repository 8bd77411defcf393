"""One spike more or less in a clock-driven network: two replicas under the same noise.

The replicas are two runs of one network with equal weights, noise and initial states except for the
potential of one neuron; runs of equal seeds are bit-identical on the numpy, cython and cpp backends
(``kind="none"`` shows it), so that whatever differs is the effect of the one spike.  The
perturbation is of finite size: no exponent follows from its growth (see `lyapunov_from_copies`).
"""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import ms, second

from heavytail_snn.brian.simulation.backends import BACKENDS, execute
from heavytail_snn.brian.simulation.prepare import prepare, provenance
from heavytail_snn.brian.simulation.run import Run
from heavytail_snn.core.errors import ParameterError, check_choice, check_integer
from heavytail_snn.core.randomness import Seed, seed_sequence
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.core.units import in_unit, whole_steps
from heavytail_snn.models.binary.network import BinaryNetwork
from heavytail_snn.models.brian.lif import LIFNetwork
from heavytail_snn.recording.recording import Recording

_LATE = 0.25  # share of the windows, at the end, whose mean distance is the late value


@dataclass(frozen=True, kw_only=True)
class OneSpikeReplicas(Result):
    """How two replicas of a network part after one spike.

    Parameters
    ----------
    times : (n,) array
        Ends of the windows, in seconds after the perturbation.
    extra_spikes, changed_spikes : (n,) arrays
        Spikes gained until then, and spikes gained or lost in any neuron; both count the perturbing
        spike itself.
    distance : (n,) array
        Fraction of the spikes of both replicas in the window without a partner of the same neuron
        within one step; 0 where neither fired.  Leaves out the first step: the perturbation.
    late_distance : float
        Mean distance in the last quarter of the windows.
    decorrelation_time : float
        End of the first window whose distance reaches half the late one; inf where that is 0.
    window : float
        In seconds.
    neuron : int
    """

    times: np.ndarray = field_of(unit="s", dims=("lag",))
    extra_spikes: np.ndarray = field_of(dims=("lag",))
    changed_spikes: np.ndarray = field_of(dims=("lag",))
    distance: np.ndarray = field_of(dims=("lag",))
    late_distance: float
    decorrelation_time: float = field_of(unit="s")
    window: float = field_of(unit="s")
    neuron: int


def one_spike_perturbation_of_model(
    model: LIFNetwork,
    neuron: int,
    *,
    duration: Any,
    kind: str = "extra",
    window: Any = 10 * ms,
    backend: str = "runtime",
    dt: Any = None,
    seed: Seed = None,
) -> OneSpikeReplicas:
    """Add or remove one spike in the first step of a run and follow the difference.

    Parameters
    ----------
    model : LIFNetwork
        Noise is the same in both replicas, whether frozen by its own seed or drawn from `seed`.
    neuron : int
    duration, window : Quantity of time
        Whole numbers of steps, and of windows.
    kind : {"extra", "removed", "none"}
        "extra": the second replica starts with the neuron above threshold.  "removed": the first
        one does, and the second starts it so far below reset that, left alone, it is where the
        first one is when its refractory period ends.  "none": equal replicas, the null test.
    backend : "runtime", "numpy", "cython" or "cpp"
    dt, seed
        As for `simulate`.  To average over states, call with several seeds.

    Returns
    -------
    OneSpikeReplicas

    Raises
    ------
    ParameterError
        Naming the argument; also if the neuron does not fire in just one of the first steps, as
        where strong noise or drive carries it over threshold in both.

    References
    ----------
    London et al., Nature 466 (2010) 123, doi:10.1038/nature09086.
    """
    _check(model, kind, backend)
    neuron = check_integer("neuron", neuron, low=0, high=model.size - 1)
    parent = seed_sequence(seed)
    run = prepare(model, duration, dt=dt, seed=parent)
    bin_size = in_unit("window", window, second, low=0, open_low=True)
    per_window = whole_steps("window", bin_size, run.dt, low=1)
    n_windows = whole_steps("duration", run.n_steps * run.dt, per_window * run.dt, low=1)

    fire, silent = _potentials(run, neuron)
    changes = {"extra": (None, fire), "removed": (fire, silent), "none": (None, None)}[kind]
    steps, ids = zip(*(_spikes(_started(run, neuron, v), backend) for v in changes), strict=True)
    first = [int(np.any((k == 0) & (i == neuron))) for k, i in zip(steps, ids, strict=True)]
    if first[1] - first[0] != {"extra": 1, "removed": -1, "none": 0}[kind]:
        raise ParameterError(
            "neuron", neuron, f"must fire in the first step of one replica only, not of {first}",
            "choose another neuron or seed, or weaker noise and drive",
        )  # fmt: skip

    counts = [
        _counts(k // per_window, i, n_windows, model.size) for k, i in zip(steps, ids, strict=True)
    ]
    gained = np.cumsum(counts[1] - counts[0], axis=0)
    distance = _unmatched_fraction(steps, ids, run.n_steps, per_window)
    late = float(distance[-math.ceil(_LATE * n_windows) :].mean())
    times = np.arange(1, n_windows + 1) * per_window * run.dt
    return OneSpikeReplicas(
        times=times,
        extra_spikes=gained.sum(axis=1),
        changed_spikes=np.abs(gained).sum(axis=1),
        distance=distance,
        late_distance=late,
        decorrelation_time=float(times[np.argmax(distance >= late / 2)]) if late else math.inf,
        window=per_window * run.dt,
        neuron=neuron,
        parameters=provenance(run)["parameters"] | {"kind": kind, "backend": backend, "dt": run.dt},
        seed=run.seed,
    )


def _check(model: Any, kind: str, backend: str) -> None:
    if isinstance(model, BinaryNetwork):
        raise ParameterError("model", model, "must spike", "for a flipped sign: damage_spreading")
    if not isinstance(model, LIFNetwork):
        raise ParameterError(
            "model", model, "must be a LIFNetwork",
            "for event-based networks: one_spike_perturbation",
        )  # fmt: skip
    check_choice("kind", kind, ("extra", "removed", "none"))
    check_choice("backend", backend, BACKENDS)
    if backend == "cuda":
        raise ParameterError(
            "backend", backend, "must repeat a run bit for bit, which a GPU does not",
            "use 'runtime' or 'cpp'",
        )  # fmt: skip


def _potentials(run: Run, neuron: int) -> tuple[float, float]:
    """Return v at 0 that leads to a spike in the first step, and to none but the same end."""
    values = run.values
    mu = float(np.broadcast_to(values["neurons.mu"], run.model.size)[neuron])
    tau, t_ref, theta, reset = (
        float(values[f"neurons.{name}"]) for name in ("tau", "t_ref", "theta", "v_reset")
    )
    fire = mu + (2 * theta - reset - mu) * math.exp(run.dt / tau)
    silent = mu + (reset - mu) * math.exp(max(t_ref, run.dt) / tau)
    return fire, silent


def _started(run: Run, neuron: int, potential: float | None) -> Run:
    if potential is None:
        return run
    v = np.array(np.broadcast_to(run.values["neurons.v"], run.model.size))
    v[neuron] = potential
    return dataclasses.replace(run, values=run.values | {"neurons.v": v})


def _spikes(run: Run, backend: str) -> tuple[np.ndarray, np.ndarray]:
    """Return step and neuron of each spike."""
    spikes: Recording = execute(run, backend)
    return np.rint(spikes.times / run.dt).astype(np.int64), spikes.ids


def _counts(windows: np.ndarray, ids: np.ndarray, n_windows: int, size: int) -> np.ndarray:
    flat = np.bincount(windows * size + ids, minlength=n_windows * size)
    return flat.reshape(n_windows, size)


def _unmatched_fraction(
    steps: tuple[np.ndarray, ...], ids: tuple[np.ndarray, ...], n_steps: int, per_window: int
) -> np.ndarray:
    """Return the fraction of spikes without a partner within one step, for each window.

    Neuron by neuron in the order of time, the earliest pairs first: no other pairing has more.  It
    is 0 in a window in which neither run has a spike.
    """
    keys = [np.sort(i * n_steps + k) for k, i in zip(steps, ids, strict=True)]
    a, b = (key[key % n_steps > 0] for key in keys)  # without step 0, neurons lie two keys apart
    alone = [np.ones(a.size, dtype=bool), np.ones(b.size, dtype=bool)]
    p = q = 0
    while p < a.size and q < b.size:
        if abs(a[p] - b[q]) <= 1:
            alone[0][p] = alone[1][q] = False
            p, q = p + 1, q + 1
        elif a[p] < b[q]:
            p += 1
        else:
            q += 1
    window = np.concatenate([a, b]) % n_steps // per_window
    n_windows = n_steps // per_window
    total = np.bincount(window, minlength=n_windows)
    unmatched = np.bincount(window[np.concatenate(alone)], minlength=n_windows)
    return unmatched / np.maximum(total, 1)
