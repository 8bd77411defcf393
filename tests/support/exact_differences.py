"""Finite differences of exact orbits beside the tangent that the replay's kernels carry."""

from dataclasses import dataclass

import numpy as np

from heavytail_snn.analysis.lyapunov.hybrid.exact import motion as X
from heavytail_snn.analysis.lyapunov.hybrid.exact.exponents import measure_scale
from heavytail_snn.analysis.lyapunov.hybrid.exact.network import ExactNetwork
from heavytail_snn.analysis.lyapunov.hybrid.exact.tangent import ExactTangent
from heavytail_snn.analysis.lyapunov.hybrid.state import differentiate_all
from heavytail_snn.analysis.lyapunov.hybrid.system import read_system

SIZES = (1e-5, 1e-6, 1e-7)  # the error has a minimum between curvature and rounding


@dataclass(frozen=True)
class Comparison:
    """Largest disagreement, in units of the largest change, and what happened meanwhile.

    `n_spikes` counts given spikes too; `kinds` numbers logged events by their kind.
    """

    state: float
    times: float
    n_spikes: int
    kinds: np.ndarray
    counts: np.ndarray


def exact_network(network, namespace, duration, given=None, step=5e-5):
    """Return a network from the present state of the Brian2 objects, with measured scales."""
    system = read_system(network, namespace)
    differentiate_all(system)
    net = ExactNetwork(system, duration, given, step=step)
    measure_scale(net, net.orbit(), duration)
    return net


def compare(network, namespace, duration, given=None, step=5e-5, k=3):
    """Follow k random perturbations of the start, both ways.

    The start has no spikes on their way; perturbations are in units of the span of each variable.
    """
    net = exact_network(network, namespace, duration, given, step)
    orbit = net.orbit(log_steps=True)
    orbit.advance(duration)
    times, log = orbit.take_log()
    rows = net.state_rows
    scale = net.scale[rows]
    vectors = np.random.default_rng(1).standard_normal((rows.size, k))
    tangent = ExactTangent(net, times, log)
    at_end = tangent.run(scale[:, None] * vectors, duration) / scale[:, None]
    fired = log[:, 0] == X.E_FIRE
    order = _by_neuron(times[fired], log[fired])
    shifts = tangent.V[net.layout.n_state_rows + log[fired][order, 3]]
    best_state, best_times = np.inf, np.inf
    for size in SIZES:
        state, spikes = np.empty_like(at_end), np.empty_like(shifts)
        for q in range(k):
            ends, found = [], []
            for sign in (1, -1):
                one = net.orbit()
                one.z[rows] += sign * size * scale * vectors[:, q]
                X.sums(one.z, one.time, net.net, net.motion)
                one.advance(duration)
                t, events = one.take_log()
                mine = events[:, 0] == X.E_FIRE
                assert mine.sum() == fired.sum()
                ends.append(one.z[rows] / scale)
                found.append(t[mine][_by_neuron(t[mine], events[mine])])
            state[:, q] = (ends[0] - ends[1]) / (2 * size)
            spikes[:, q] = (found[0] - found[1]) / (2 * size)
        best_state = min(best_state, np.abs(state - at_end).max() / np.abs(state).max())
        if spikes.size:
            gap = np.abs(spikes - shifts).max() / max(np.abs(spikes).max(), 1e-300)
            best_times = min(best_times, gap)
    kinds = np.bincount(log[:, 0], minlength=6)
    return Comparison(
        best_state, best_times if shifts.size else 0.0, int(fired.sum()), kinds, tangent.counts
    )


def _by_neuron(times, log):
    return np.lexsort((times, log[:, 2], log[:, 1]))
