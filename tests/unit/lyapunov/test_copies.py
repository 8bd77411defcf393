"""Perturbed copies of Brian2 networks: what they can tell and what not."""

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeMonitor, Synapses, defaultclock, ms, prefs

from heavytail_snn.analysis.lyapunov.brian.copies import (
    UNCONFIRMED,
    lyapunov_from_copies,
    paired_synapses,
    subgrid_strings,
)
from heavytail_snn.analysis.lyapunov.tangent.refusals import GridLockedError
from heavytail_snn.core.errors import ParameterError

N = 30
LIF = """
dv/dt = (mu - v + I)/(10*ms) : 1 (unless refractory)
dI/dt = -I/(5*ms) : 1
mu : 1
"""


@pytest.fixture(autouse=True)
def plain_brian():
    """Interpreted numpy code and a known time step."""
    before, prefs.codegen.target = prefs.codegen.target, "numpy"
    defaultclock.dt = 0.1 * ms
    yield
    prefs.codegen.target = before
    defaultclock.dt = 0.1 * ms


def test_refuses_copies_on_the_grid():
    with pytest.raises(GridLockedError, match="lyapunov_spectrum_of_network"):
        lyapunov_from_copies("network", epsilon=1e-8)


def test_two_copies_without_perturbation_are_bit_identical():
    """Design test 25: the network and its copy in one group stay equal for 500 ms."""
    group = NeuronGroup(
        2 * N, LIF, threshold="v > 1", reset="v = 0",
        refractory=2 * ms, method="exact",
    )  # fmt: skip
    group.v = np.tile(np.random.default_rng(0).random(N), 2)
    group.mu = np.tile(np.linspace(1.5, 3, N), 2)
    connected = np.random.default_rng(1).random((N, N)) < 0.2
    np.fill_diagonal(connected, False)
    targets, sources = np.nonzero(connected)
    i, j, rows = paired_synapses(sources, targets, N)
    synapses = Synapses(group, group, "w : 1", on_pre="I_post += w", delay=1 * ms)
    synapses.connect(i=i, j=j)
    synapses.w = -np.random.default_rng(4).pareto(1.5, targets.size)[rows] * 0.1
    spikes = SpikeMonitor(group)
    Network(group, synapses, spikes).run(500 * ms, namespace={})
    np.testing.assert_array_equal(group.v[:N], group.v[N:])
    np.testing.assert_array_equal(group.I[:N], group.I[N:])
    assert len(spikes.i) > 500


def test_grid_locked_copies_forget_a_perturbation_but_subgrid_ones_keep_it():
    """A kick of 1e-9 in v: gone after a grid reset, preserved to O(dt) by the sub-grid strings."""

    def difference(strings):
        group = NeuronGroup(
            2, "dv/dt = (2 - v + I)/(10*ms) : 1\ndI/dt = -I/(5*ms) : 1\n"
            + (strings.equations if strings else ""),
            threshold="v > 1", reset=strings.reset if strings else "v = 0", method="exact",
        )  # fmt: skip
        group.v = [0.3, 0.3 + 1e-9]
        if strings:
            group.run_regularly(strings.store, when="before_groups")
        Network(group).run(20 * ms, namespace={})
        return abs(float(group.v[1] - group.v[0]))

    strings = subgrid_strings(
        threshold="1", v_reset="0", drift="(2 - v + I)/(10*ms)", current="I", tau_s="5*ms"
    )
    assert strings.warning == UNCONFIRMED
    assert difference(None) == 0.0
    # two resets at 2 dv = f+/f- with f+/f- = 2, decay over 20 ms: 1e-9 * 2**k * exp(-2)
    kept = difference(strings)
    assert 1e-10 < kept < 2e-9
    with pytest.raises(ParameterError, match="refractory"):
        subgrid_strings(
            NeuronGroup(2, LIF, refractory=1 * ms),
            threshold="1",
            v_reset="0",
            drift="-v",
            current="I",
            tau_s="ms",
        )


def test_paired_synapses_refuse_indices_beyond_the_network():
    with pytest.raises(ParameterError, match="below n_neurons"):
        paired_synapses([0, 5], [1, 2], 5)
