"""Spectra of whole Brian2 networks: what must not change them, and what is refused."""

import numpy as np
import pytest
from brian2 import (
    Hz,
    Network,
    NeuronGroup,
    PoissonInput,
    StateMonitor,
    Synapses,
    defaultclock,
    linked_var,
    ms,
    mV,
    network_operation,
    prefs,
)

import heavytail_snn as ht
from heavytail_snn.analysis.lyapunov.tangent.refusals import (
    StochasticSynapseError,
    WhiteNoiseError,
)
from heavytail_snn.core.errors import ParameterError

SHORT = {"duration": 0.3, "state_warmup": 0.05, "tangent_warmup": 0.1, "seed": 3}
LIF = """
dv/dt = (mu - v + I + extra)/(10*ms) : 1 (unless refractory)
dI/dt = -I/(5*ms) : 1
mu : 1
extra : 1
"""


@pytest.fixture(autouse=True)
def numpy_target():
    kept = prefs.codegen.target
    prefs.codegen.target = "numpy"
    defaultclock.dt = 0.1 * ms
    yield
    prefs.codegen.target = kept


def lif(
    parts=1, order=None, n=12, extra_text="", on_pre="I_post += w", delay=1 * ms, model="w : 1"
):
    """A small network; `parts` groups with equal neurons, in the given order."""
    order = np.arange(n) if order is None else order
    random = np.random.default_rng(4)
    weights = random.normal(0, 0.4, (n, n)) * (random.random((n, n)) < 0.5)
    np.fill_diagonal(weights, 0)
    mu, start = 1.2 + 0.3 * random.random(n), random.random(n)
    pieces = np.array_split(order, parts)
    groups = []
    for piece in pieces:
        group = NeuronGroup(
            len(piece), LIF + extra_text, threshold="v > 1", reset="v = 0", refractory=2 * ms,
            method="rk4",
        )  # fmt: skip
        group.mu, group.v = mu[piece], start[piece]
        groups.append(group)
    synapses = []
    for a, source in zip(pieces, groups, strict=True):
        for b, target in zip(pieces, groups, strict=True):
            block = weights[np.ix_(a, b)]
            i, j = np.nonzero(block)
            one = Synapses(source, target, "w : 1", on_pre=on_pre, delay=delay)
            one.connect(i=i, j=j)
            one.w = block[i, j]
            synapses.append(one)
    return Network(groups, synapses)


def spectrum(network, k=4, **options):
    return ht.analysis.lyapunov_spectrum(network, k=k, **{**SHORT, **options})


def test_relabelled_neurons_have_the_same_spectrum():
    order = np.random.default_rng(0).permutation(12)
    times = {"duration": 1.0, "tangent_warmup": 0.5}
    here, there = spectrum(lif(), **times), spectrum(lif(order=order), **times)
    assert here.n_spikes == there.n_spikes > 100
    np.testing.assert_allclose(here.exponents[:2], there.exponents[:2], atol=0.5)


def test_the_replay_meets_brian_to_rounding_and_every_threshold_agrees():
    account = spectrum(lif()).parameters["replay"]
    assert account["states_compared"] >= 5
    assert account["largest_deviation"] < 1e-12
    assert account["spikes_that_differ"] == 0


def test_a_run_of_a_few_milliseconds_is_proved_too():
    times = {"duration": 0.012, "state_warmup": 0.001, "tangent_warmup": 0.003}
    account = spectrum(lif(), qr_interval=0.001, **times).parameters["replay"]
    assert account["states_compared"] >= 5
    assert account["largest_deviation"] < 1e-12


def test_splitting_a_group_in_two_changes_nothing():
    one, two = spectrum(lif()), spectrum(lif(parts=2))
    assert one.n_spikes == two.n_spikes > 50
    np.testing.assert_allclose(one.exponents[:2], two.exponents[:2], atol=2.0)


def test_a_feature_switched_off_by_zero_changes_nothing():
    plain = spectrum(lif())
    silent = lif(on_pre="I_post += w\nv_post += 0*w")
    np.testing.assert_allclose(plain.exponents, spectrum(silent).exponents, atol=1e-6)


def test_the_sum_of_all_exponents_is_the_mean_contraction_of_uncoupled_leaks():
    group = NeuronGroup(3, "dv/dt = -v/(10*ms) : 1\ndu/dt = -u/(20*ms) : 1", method="exact")
    group.v = [1, 2, 3]
    result = spectrum(Network(group), k=6)
    np.testing.assert_allclose(result.exponents, [-50] * 3 + [-100] * 3, atol=1e-2)


def test_a_network_is_left_as_it_was_and_can_be_analysed_again():
    network = lif()
    network.run(50 * ms)
    group = next(o for o in network.objects if isinstance(o, NeuronGroup))
    before, time = np.array(group.v[:]), network.t
    first = spectrum(network)
    np.testing.assert_array_equal(before, group.v[:])
    assert network.t == time
    np.testing.assert_allclose(first.exponents, spectrum(network).exponents, rtol=1e-12)
    network.run(10 * ms)


def test_the_magic_network_is_found_and_runs_on():
    from brian2 import run

    group = NeuronGroup(2, "dv/dt = (2 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0")
    group.v = [0, 0.5]
    run(20 * ms)
    result = ht.analysis.lyapunov_spectrum(k=2, **{**SHORT, "duration": 2.0})
    np.testing.assert_allclose(result.exponents, 0, atol=0.5)
    run(5 * ms)
    assert group.v[0] >= 0


def test_repeats_include_the_spread_of_initial_states():
    result = spectrum(lif(), repeats=2)
    runs = np.array(result.parameters["exponents_of_repeats"])
    assert runs.shape == (2, 4)
    np.testing.assert_allclose(result.exponents, runs.mean(axis=0))
    assert (result.standard_error >= np.abs(runs[0] - runs[1]) / 2 - 1e-12).all()


# ---------------------------------------------------------------- what is written is no constant


def depressing():
    """The two models that were once answered wrongly in silence."""
    return lif(extra_text="dx/dt = (1 - x)/(50*ms) : 1\n", on_pre="I_post += w*x_pre")


def with_regular_weights():
    network = lif()
    synapses = next(o for o in network.objects if isinstance(o, Synapses))
    synapses.run_regularly("w = -0.4", dt=5 * ms)
    return network


@pytest.mark.parametrize("build", [depressing, with_regular_weights])
def test_what_moves_beside_the_neurons_is_followed(build):
    assert np.isfinite(spectrum(build()).exponents).all()


def test_a_variable_that_pulses_read_is_state():
    result = spectrum(depressing(), explain=False)
    assert "x" in result.parameters["model"].split("In each step")[0]


# ---------------------------------------------------------------- refusals and their remedies


def test_white_noise_is_accepted_by_choice_only():
    group = NeuronGroup(
        3, "dv/dt = (1.2 - v)/(10*ms) + 0.1*xi/(10*ms)**0.5 : 1", threshold="v > 1",
        reset="v = 0", method="euler",
    )  # fmt: skip
    with pytest.raises(WhiteNoiseError, match="white_noise='frozen'"):
        spectrum(Network(group))
    result = spectrum(Network(group), k=3, white_noise="frozen")
    assert any("1/sqrt(dt)" in w for w in result.warnings)
    assert result.parameters["replay"]["spikes_that_differ"] == 0


def test_stochastic_release_is_refused():
    with pytest.raises(StochasticSynapseError, match="freeze the draws"):
        spectrum(lif(on_pre="I_post += w*int(rand() < 0.5)"))


def test_too_many_exponents_are_refused_before_the_run():
    network = lif()
    with pytest.raises(ParameterError, match="must be at most 24"):
        spectrum(network, k=25)
    assert network.t == 0 * ms
    assert spectrum(network, k=24).exponents.size == 24


def test_a_network_operation_may_read_and_must_not_write():
    network = lif()
    group = next(o for o in network.objects if isinstance(o, NeuronGroup))
    seen = []

    @network_operation(dt=10 * ms)
    def look():
        seen.append(float(group.v[0]))

    @network_operation(dt=10 * ms)
    def kick():
        group.v[0] = 0.5

    network.add(look)
    assert np.isfinite(spectrum(network).exponents).all()
    assert seen
    network.add(kick)
    with pytest.raises(ParameterError, match="must only read"):
        spectrum(network)


def test_another_name_of_an_assigned_variable_keeps_its_old_value():
    """Brian2's C++ loads ``z`` and ``z_post`` apart: the statement below adds what z was before.

    On the numpy target the order of two pulses in one step shows otherwise, and is refused.
    """
    prefs.codegen.target = "cython"
    text = "dz/dt = -z/(20*ms) : 1\n"
    one = spectrum(lif(extra_text=text, on_pre="z += 0.3\nI_post += w*z_post"))
    assert one.parameters["replay"]["largest_deviation"] < 1e-12
    other = spectrum(lif(extra_text=text, on_pre="z_post += 0.3\nI_post += w*z_post"))
    assert other.parameters["replay"]["largest_deviation"] < 1e-12
    assert one.n_spikes != other.n_spikes
    with pytest.raises(ParameterError, match="write one of the two names"):
        spectrum(lif(extra_text=text, on_pre="z += 0.3\nz_post += 0.1"))


def test_poisson_input_is_recorded_and_frozen():
    group = NeuronGroup(4, "dv/dt = -v/(10*ms) : volt", threshold="v > 10*mV", reset="v = 0*mV")
    drive = PoissonInput(group, "v", 50, 40 * Hz, weight=1 * mV)
    result = spectrum(Network(group, drive), k=2)
    account = result.parameters["replay"]
    assert account["largest_deviation"] < 1e-12
    assert account["spikes_lifted_by_a_pulse"] + account["spikes_above_threshold_before"] > 0
    assert (result.exponents < 0).all()


def test_monitors_of_the_user_do_not_matter_and_ours_are_gone():
    network = lif()
    group = next(o for o in network.objects if isinstance(o, NeuronGroup))
    watch = StateMonitor(group, "v", record=True)
    network.add(watch)
    before = len(network.objects)
    spectrum(network)
    assert len(network.objects) == before


def test_a_short_average_shortens_the_interval_or_is_refused():
    options = {"k": 1, "state_warmup": 0.001, "tangent_warmup": 0.001}
    result = spectrum(lif(), **{**options, "duration": 0.0022, "state_warmup": 0})
    assert np.isfinite(result.largest_exponent_standard_error)
    with pytest.raises(ParameterError, match="at least 10 time steps"):
        spectrum(lif(), **{**options, "duration": 0.0005})
    with pytest.raises(ParameterError, match=r"longest delay, 0.005 s.*set state_warmup to 0.005"):
        spectrum(lif(delay=5 * ms), **{**options, "duration": 0.003})
    result = spectrum(lif(delay=5 * ms), **{**options, "duration": 0.003, "state_warmup": 0.005})
    assert np.isfinite(result.largest_exponent)


@pytest.mark.parametrize(("step", "cutoff"), [(0.1, 0), (0.1, -20), (0.02, 0)])
def test_a_tonic_neuron_has_a_neutral_direction_however_high_its_cutoff_is(step, cutoff):
    """Autonomous and periodic: the largest exponent is 0.  Brian2's steps jump over the blow-up."""
    defaultclock.dt = step * ms
    group = NeuronGroup(
        1, """dvm/dt = (10*nS*(rise - vm - 70*mV) + 500*pA - w)/(200*pF) : volt
        rise = 2*mV*exp((vm + 50*mV)/(2*mV)) : volt
        dw/dt = (2*nS*(vm + 70*mV) - w)/(30*ms) : amp""",
        threshold=f"vm > {cutoff}*mV", reset="vm = -58*mV", method="euler",
    )  # fmt: skip
    group.vm = -70 * mV
    found = ht.analysis.lyapunov_spectrum(
        Network(group), k=2, duration=0.6, state_warmup=0.2, tangent_warmup=0.1, seed=3
    )
    assert abs(found.exponents[0]) < 2
    assert found.exponents[1] == pytest.approx(-33, abs=2)


@pytest.mark.parametrize("cutoff", [1, 12])  # without and with a blow-up
def test_a_variable_in_a_linked_group_of_its_own_acts_as_one_of_the_neuron(cutoff):
    motion = "dv/dt = (exp(v) + 4 - w - v)/(10*ms) : 1"
    adaptation = "dw/dt = -w/(40*ms) : 1"
    options = {"threshold": f"v > {cutoff}", "method": "euler"}
    whole = NeuronGroup(1, f"{motion}\n{adaptation}", reset="v = -3; w += 1.5", **options)
    cell = NeuronGroup(1, f"{motion}\nw : 1 (linked)", reset="v = -3", **options)
    slow = NeuronGroup(1, adaptation, method="euler")
    cell.w = linked_var(slow, "w")
    link = Synapses(cell, slow, on_pre="w_post += 1.5")
    link.connect()
    options = {"duration": 0.5, "k": 2}
    one = spectrum(Network(whole), **options)
    two = spectrum(Network(cell, slow, link), **options)
    assert one.n_spikes == two.n_spikes > 10
    np.testing.assert_allclose(two.exponents, one.exponents, atol=0.5)


def test_a_sum_of_sums_is_replayed_from_the_middle_of_a_run():
    """Sums run in the order of their names, so that the outer one is a step behind."""
    group = NeuronGroup(
        4, """dv/dt = (0.6 + 0.4*i - v - total)/(10*ms) : 1
        dq/dt = -q/(20*ms) : 1
        dx/dt = (q - x)/(5*ms) : 1
        total : 1""",
        threshold="v > 1", reset="v = 0; q += 0.3", method="euler",
    )  # fmt: skip
    middle = NeuronGroup(1, "s : 1")
    outer = Synapses(middle, group, "total_post = s_pre : 1 (summed)", name="a_outer")
    inner = Synapses(group, middle, "s_post = x_pre : 1 (summed)", name="z_inner")
    outer.connect()
    inner.connect()
    found = spectrum(Network(group, middle, outer, inner), k=2, state_warmup=0.15)
    assert found.parameters["replay"]["largest_deviation"] < 1e-9
    assert np.isfinite(found.exponents).all()


def test_a_network_that_brian2_cannot_run_is_refused_with_its_error():
    prefs.codegen.target = "cython"
    group = NeuronGroup(
        1, "dv/dt = -v/tau : 1\ntau : second", threshold="v > 1", reset="v = 0", method="euler"
    )
    with pytest.raises(ParameterError, match=r"ZeroDivisionError.*neurongroup.*never set is 0"):
        spectrum(Network(group), k=1)


def test_exponential_euler_divides_by_zero_while_refractory_and_is_not_disturbed():
    """Brian2 computes 0/0 for a held variable and does not write it; nor does the replay."""
    group = NeuronGroup(
        2, "dv/dt = (1.5 + 0.2*i - v + s)/(10*ms) : 1 (unless refractory)\nds/dt = -s/(5*ms) : 1",
        threshold="v > 1", reset="v = 0", refractory=2 * ms, method="exponential_euler",
    )  # fmt: skip
    synapses = Synapses(group, group, on_pre="s += 0.2", delay=1 * ms)
    synapses.connect()
    found = spectrum(Network(group, synapses), k=2, duration=1.0)
    assert found.n_spikes > 100
    assert min(abs(found.exponents)) < 1


def test_a_neuron_that_fires_whenever_it_may_is_neutral():
    """Autonomous: its voltage is forgotten at each reset, and the time of its spikes is not."""
    group = NeuronGroup(
        3, "dv/dt = (I - v)/tau : 1\nI : 1\ntau : second", threshold="v > 1", reset="v = 0",
        refractory=5 * ms, method="exact",
    )  # fmt: skip
    group.I, group.tau = [5, -1, 0], [10, 100, 100] * ms
    synapses = Synapses(group, group, on_pre="v_post += 0.2")
    synapses.connect(i=0, j=[1, 2])
    found = spectrum(Network(group, synapses), k=2, duration=3.0)
    assert found.rate > 80
    assert abs(found.exponents[0]) < 0.2  # its size changes within a period of the network
