"""What the models of a study share: measurements, predictions, seeds, weights, pooling.

Measured and predicted numbers share their names, so that `compare` can match them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from brian2 import second

from heavytail_snn.analysis.lyapunov import LyapunovSpectrum
from heavytail_snn.analysis.spectra import PowerSpectrum
from heavytail_snn.analysis.study.config import NetworkConfig, StudyConfig
from heavytail_snn.analysis.tails import WeightTail
from heavytail_snn.brian.simulation.simulate import simulate
from heavytail_snn.core.randomness import child_sequence
from heavytail_snn.core.results import Estimate
from heavytail_snn.core.showing import Shown
from heavytail_snn.recording.recording import Recording
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import LevyStable
from heavytail_snn.weights.wiring import AllToAll, FixedInDegree


@dataclass(frozen=True)
class Measurement(Shown):
    """Numbers of one network, and what figures need of it.

    Parameters
    ----------
    estimates : tuple of Estimate
    tail : WeightTail
    seed : int
    recording : Recording or None
        Spikes, or flips of binary units.
    spectrum : PowerSpectrum or None
    exponents : LyapunovSpectrum or None
    """

    estimates: tuple[Estimate, ...]
    tail: WeightTail
    seed: int
    recording: Recording | None = None
    spectrum: PowerSpectrum | None = None
    exponents: LyapunovSpectrum | None = None


@dataclass(frozen=True)
class Prediction(Shown):
    """What one theory says about one kind of network.

    Parameters
    ----------
    title : str
    estimates : tuple of Estimate
    accuracy : dict of str to float
        Relative accuracy granted, by quantity.
    infinite : bool
        Whether it means infinitely many neurons, and not the network's number.
    weak_synapses : bool
        Whether it assumes that no synapse of a neuron stands out.
    white_input : bool
        Whether it assumes Poisson-like spike trains.
    curves : dict
        For figures: name to (x, y).
    note : str
        Why it predicts nothing.
    """

    title: str
    estimates: tuple[Estimate, ...]
    accuracy: dict[str, float]
    infinite: bool = True
    weak_synapses: bool = False
    white_input: bool = False
    curves: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    note: str = ""


def network_seed(config: StudyConfig, name: str, n_neurons: int, index: int) -> int:
    """Return the seed of one network of a study."""
    child = child_sequence(config.seed, f"{name}, N = {n_neurons}, network {index}")
    return int(child.generate_state(1)[0])


def coupling_of(network: NetworkConfig, alpha: float) -> Coupling:
    """Return the coupling of a configured network."""
    wiring = FixedInDegree(network.in_degree) if network.in_degree else AllToAll()
    # rate maps are those of the theory, W full with its diagonal
    autapses = network.model == "rate_map" and not network.in_degree
    return Coupling(LevyStable(alpha), wiring, network.gain, autapses=autapses)


def pooled(measurements: Sequence[Measurement]) -> tuple[Estimate, ...]:
    """Return the means over networks of each quantity.

    The standard error is the larger of the one within networks and the one between them: few
    networks give a poor estimate of the second.
    """
    found = []
    for estimates in zip(*(m.estimates for m in measurements), strict=True):
        values = np.array([e.value for e in estimates])
        errors = np.array([e.standard_error for e in estimates])
        n = len(values)
        within = float(np.sqrt(np.mean(errors**2) / n)) if np.isfinite(errors).all() else math.nan
        between = float(values.std(ddof=1) / np.sqrt(n)) if n > 1 else math.nan
        error = float(np.fmax(within, between))
        found.append(
            replace(
                estimates[0],
                value=float(values.mean()),
                standard_error=error,
                source=f"{n} network{'s' * (n > 1)}",
            )
        )
    return tuple(found)


def run_network(model: Any, network: NetworkConfig, seed: int, backend: str) -> Recording:
    """Simulate a spiking network and leave out its transient."""
    whole = simulate(
        model, (network.duration + network.transient) * second, backend=backend, seed=seed
    )
    return whole.slice(whole.t_start + network.transient, whole.t_stop)


def mean_of(name: str, series: np.ndarray, n_blocks: int = 10) -> Estimate:
    """Return the mean of a stationary series with the standard error over ten blocks."""
    blocks = np.array([part.mean() for part in np.array_split(series, n_blocks)])
    return Estimate(name, float(series.mean()), float(blocks.std(ddof=1) / math.sqrt(n_blocks)))


def stated(
    title: str,
    estimates: Sequence[Estimate],
    accuracy: float | dict[str, float],
    domain: str,
    **facts: Any,
) -> Prediction:
    """Return a prediction whose estimates all state their theory and domain."""
    stated = tuple(replace(e, domain=domain, source=title) for e in estimates)
    granted = accuracy if isinstance(accuracy, dict) else {e.name: accuracy for e in stated}
    return Prediction(title, stated, granted, **facts)
