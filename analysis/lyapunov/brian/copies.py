"""Perturbed copies of Brian2 networks: what they can tell and what not.

`paired_synapses` doubles a network: neuron i and its copy i + n with the same synapses.  Without a
perturbation the two stay bit-identical; with a finite one they show finite-size divergence.  They
do not give a Lyapunov exponent: a spike on the time grid sets V and pulses in a way that does not
depend on how far V overshot, so that small perturbations see only the leaks (for exponential
synapses they return -1/tau_s whatever the network does).

`subgrid_strings` keeps the overshoot inside Brian2's own strings, to first order in dt.  The map
then has derivatives, but the bias in dt does not shrink, and pulses in the delay queue cannot be
renormalised: a number from this route is unconfirmed until it passes `lyapunov_dt_scan` and agrees
with the saltation method.
"""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import NeuronGroup

from heavytail_snn.analysis.lyapunov.tangent.refusals import GridLockedError
from heavytail_snn.brian.internals import refractory
from heavytail_snn.core.errors import ParameterError, check_integer
from heavytail_snn.core.showing import Shown

UNCONFIRMED = (
    "sub-grid interpolated reset: unconfirmed unless it passes a dt scan and agrees with "
    "lyapunov_spectrum_of_network"
)


def paired_synapses(
    sources: np.ndarray, targets: np.ndarray, n_neurons: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return synapses of a network and its copy in one group of 2 n neurons.

    Parameters
    ----------
    sources, targets : (n_synapses,) int arrays
    n_neurons : int

    Returns
    -------
    sources, targets : (2 * n_synapses,) int arrays
        For ``Synapses.connect(i=, j=)``, sorted by source as Brian2 is fastest with.
    rows : (2 * n_synapses,) int array
        Original synapse of each, to index weights and delays with.
    """
    n = check_integer("n_neurons", n_neurons, low=1)
    i, j = np.asarray(sources), np.asarray(targets)
    if i.size and max(i.max(), j.max()) >= n:
        raise ParameterError("sources", i, f"must lie below n_neurons={n}")
    doubled_i, doubled_j = np.concatenate([i, i + n]), np.concatenate([j, j + n])
    order = np.argsort(doubled_i, kind="stable")
    return doubled_i[order], doubled_j[order], np.tile(np.arange(i.size), 2)[order]


def lyapunov_from_copies(*_arguments: Any, **_options: Any) -> None:
    """Refuse: perturbed copies of a clock-driven network give the leak, not an exponent.

    Raises
    ------
    GridLockedError
        Always, naming the method to use instead.
    """
    raise GridLockedError(
        "copies",
        "a clock-driven network",
        "must not be used for a Lyapunov exponent: spikes locked to the time grid do not respond "
        "to small perturbations, and the growth rate found is the leak (-1/tau) whatever the "
        "network does",
        "use lyapunov_spectrum_of_network (saltation along recorded spikes); perturbed copies give "
        "finite-size divergence (see paired_synapses)",
    )


@dataclass(frozen=True)
class SubgridStrings(Shown):
    """Pieces of a Brian2 model whose spikes keep their sub-grid timing to first order.

    Parameters
    ----------
    equations : str
        To append to the neuron's equations: the voltage before the step and the remaining fraction
        of the step after the crossing.
    store : str
        For ``neurons.run_regularly(store, when="before_groups")``.
    reset, on_pre : str
    warning : str
        What a result from these strings has to carry.
    """

    equations: str
    store: str
    reset: str
    on_pre: str
    warning: str = UNCONFIRMED


def subgrid_strings(
    neurons: NeuronGroup | None = None,
    *,
    voltage: str = "v",
    threshold: str,
    v_reset: str,
    drift: str,
    current: str,
    weight: str = "w",
    tau_s: str,
    unit: str = "1",
) -> SubgridStrings:
    """Return strings for a first-order sub-grid reset and correspondingly delayed pulses.

    Parameters
    ----------
    neurons : NeuronGroup, optional
        An existing group, to check that it is not refractory (clamping is not continuous here).
    voltage, threshold, v_reset, current, weight, tau_s : str
        Names or expressions of the model: pulses decay as ``exp(-t / tau_s)`` in `current`.
    drift : str
        The right-hand side of ``d voltage / dt``.
    unit : str
        Of the voltage.

    Notes
    -----
    With r the fraction of the step that is left after the linearly interpolated crossing, the reset
    continues for ``r dt`` from `v_reset`, and the pulse arrives with what is left of it at the end
    of the step.  The delay must not exceed the shortest inter-spike interval, because r is
    overwritten by the next spike.
    """
    if neurons is not None and refractory(neurons) is not False:
        raise ParameterError(
            "neurons", neurons.name, "must not be refractory",
            "the clamp ends on the grid: use the saltation method, which treats it exactly",
        )  # fmt: skip
    v, old, rest = voltage, f"{voltage}_before", "rest_of_step"
    at_reset = re.sub(rf"\b{re.escape(v)}\b", f"({v_reset})", drift)
    return SubgridStrings(
        equations=f"{old} : {unit}\n{rest} : 1",
        store=f"{old} = {v}",
        reset=(
            f"{rest} = ({v} - ({threshold}))/({v} - {old})\n"
            f"{v} = ({v_reset}) + {rest}*dt*({at_reset})"
        ),
        on_pre=f"{current}_post += {weight}*exp(-{rest}_pre*dt/({tau_s}))",
    )
