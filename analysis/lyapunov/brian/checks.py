"""What a Brian2 network must fulfil before and after its run, for the saltation method."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp
from brian2 import Network, NetworkOperation, NeuronGroup, PoissonInput, Synapses

from heavytail_snn.analysis.lyapunov.brian.equations.hybrid import Population, Pulse
from heavytail_snn.analysis.lyapunov.brian.equations.refusals import (
    CutoffError,
    SaltationError,
    UnreadableModelError,
    ZeroDelayError,
)
from heavytail_snn.analysis.lyapunov.brian.equations.symbolic import (
    changed_names,
    refuse_synaptic_equations,
)
from heavytail_snn.analysis.lyapunov.brian.saltation.network import HybridNetwork
from heavytail_snn.analysis.lyapunov.brian.saltation.terms import Spikes, Wiring
from heavytail_snn.brian.internals import is_code_runner

_SLOTS = ["start", "groups", "thresholds", "synapses", "resets", "end"]
_MAX_GROWTH_PER_STEP = 0.25


def check_network(
    network: Network,
    groups: Sequence[NeuronGroup],
    synapses: Sequence[Synapses],
    populations: Sequence[Population],
    pulses: Sequence[tuple[Synapses, Any, Pulse]],
) -> list[Any]:
    """Refuse what was not read and would change the dynamics; return external spike sources."""
    if float(network.t) != 0.0:
        raise UnreadableModelError(
            "network", f"t = {network.t}", "must not have been run before",
            "build it anew; state_warmup= lets it settle",
        )  # fmt: skip
    if list(network.schedule) != _SLOTS:
        raise UnreadableModelError(
            "network", network.schedule, f"must have the default schedule {_SLOTS}",
            "remove the custom schedule",
        )  # fmt: skip
    for item in network.sorted_objects:
        _check_object(item, groups, synapses, populations)
    steps = {float(g.clock.dt) for g in (*groups, *synapses)}
    if len(steps) > 1:
        raise UnreadableModelError(
            "network", f"time steps {sorted(steps)}", "must have one time step",
            "use the same dt for all groups",
        )  # fmt: skip
    return _externals(network, groups, pulses)


def _check_object(
    item: Any,
    groups: Sequence[NeuronGroup],
    synapses: Sequence[Synapses],
    populations: Sequence[Population],
) -> None:
    problem, remedy = "", ""
    if isinstance(item, NeuronGroup) and item.name not in {g.name for g in groups}:
        problem, remedy = "is not among neurons", "pass every NeuronGroup in neurons=[...]"
    elif isinstance(item, Synapses):
        refuse_synaptic_equations(item)
        if item.name not in {s.name for s in synapses}:
            problem, remedy = "is not among synapses", "pass every Synapses in synapses=[...]"
    elif isinstance(item, PoissonInput):
        problem = "draws its pulses without recording them"
        remedy = "use a PoissonGroup and Synapses: its spikes are recorded as frozen input"
    elif isinstance(item, NetworkOperation):
        problem, remedy = "runs arbitrary code", "use a TimedArray or equations"
    elif is_code_runner(item):
        known = {str(s) for p in populations for s in (*p.variables, *p.parameters)}
        changed = changed_names(item.abstract_code or item.code or "") & known
        if changed:
            problem = f"changes {sorted(changed)} between spikes"
            remedy = "give time-dependent input as a TimedArray, noise as a variable with xi"
    elif _slot(item) not in (None, item.when):
        problem = f"runs in the slot {item.when!r}"
        remedy = "keep Brian2's default order of events"
    if problem:
        raise UnreadableModelError(item.name, problem, "must be readable", remedy)


def _slot(item: Any) -> str | None:
    """Return the slot in which Brian2 runs a part of a group by default."""
    slots = {
        "StateUpdater": "groups",
        "Thresholder": "thresholds",
        "Resetter": "resets",
        "SynapticPathway": "synapses",
    }
    return slots.get(type(item).__name__)


def base_name(group: Any) -> str:
    """Return the name of a group, or of the group that a subgroup is a part of."""
    return str(getattr(group, "source", group).name)


def _externals(
    network: Network,
    groups: Sequence[NeuronGroup],
    pulses: Sequence[tuple[Synapses, Any, Pulse]],
) -> list[Any]:
    """Return the sources of pulses that are no neurons of the model, in order of appearance."""
    own = {g.name for g in groups}
    objects = {item.name: item for item in network.sorted_objects}
    names = dict.fromkeys(base_name(synapses.source) for synapses, *_ in pulses)
    return [objects[name] for name in names if name not in own]


def check_crossings(network: HybridNetwork, spikes: Spikes, dt: float) -> None:
    """Check recorded states against the threshold, and that time steps resolve the upstroke."""
    own = np.flatnonzero(spikes.units < network.n_neurons)
    if own.size == 0:
        raise SaltationError(
            "network", "0 spikes", "must fire", "raise the drive; without spikes the tangent "
            "dynamics is that of the subthreshold equations",
        )  # fmt: skip
    assert spikes.states is not None
    i, x, times = spikes.units[own], spikes.states[own], spikes.times[own]
    below = network.threshold(x, i)
    scale = np.abs(x).max() * 1e-9
    if (below < -scale).any():
        raise SaltationError(
            "network", f"{int((below < -scale).sum())} recorded states below threshold",
            "must record states before the reset",
            "keep Brian2's default schedule; do not change the threshold during the run",
        )  # fmt: skip
    flow = network.field(x, i, times)
    slope = network.threshold_gradient(x, i)
    # relative growth of the crossing speed along the path, per time step
    change = np.einsum("ea,eab,eb->e", slope, network.jacobian(x, i, times), flow)
    growth = float(np.median(change / np.einsum("ea,ea->e", slope, flow))) * dt
    if growth > _MAX_GROWTH_PER_STEP:
        raise CutoffError(
            "threshold",
            f"a speed that grows by a factor {np.exp(min(growth, 50.0)):.3g} in one step",
            "must be resolved by the time step: this is the numerical cut-off of a diverging "
            "voltage, not a threshold",
            "lower the cut-off or dt, or use a phase model (ThetaNetwork, RapidThetaNetwork)",
        )


def check_ties(wiring: Wiring, spikes: Spikes, n_neurons: int, dt: float) -> None:
    """Refuse synapses without delay whose source and target fire in the same step."""
    instant = (wiring.delays < dt / 2) & (wiring.sources < n_neurons)
    if not instant.any():
        return
    shape = (n_neurons, n_neurons)
    entries = np.ones(int(instant.sum()))
    pairs = (wiring.targets[instant], wiring.sources[instant])
    matrix = sp.csr_array((entries, pairs), shape=shape)
    own = spikes.units < n_neurons
    steps, units = np.round(spikes.times[own] / dt).astype(int), spikes.units[own]
    starts = np.flatnonzero(np.diff(steps, prepend=-1))
    for members in np.split(units, starts[1:]):
        if members.size > 1 and matrix[members][:, members].nnz:
            raise ZeroDelayError(
                "delay", 0.0, "must be at least one time step where source and target of a "
                "synapse fire in the same step: the order of their events is undefined",
                f"use delay={dt:g}*second or longer",
            )  # fmt: skip
