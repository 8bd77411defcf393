"""The saltation method reads Brian2 models rightly: formulas, order of events, refusals.

The order of a simulator's step (state update, thresholds, pulses, resets), its time stamps, and the
length of the refractory clamp are determined here by experiment: the path is rebuilt from the spike
list alone and must meet the recorded states at every crossing to rounding.
"""

import dataclasses

import numpy as np
import pytest
import sympy
from brian2 import (
    Equations,
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    PoissonInput,
    SpikeMonitor,
    Synapses,
    TimedArray,
    defaultclock,
    ms,
    mV,
    network_operation,
    prefs,
)

from heavytail_snn.analysis.lyapunov.brian.copies import (
    UNCONFIRMED,
    lyapunov_from_copies,
    paired_synapses,
    subgrid_strings,
)
from heavytail_snn.analysis.lyapunov.brian.equations.refusals import (
    CutoffError,
    GridLockedError,
    LogicalThresholdError,
    PulseCrossingError,
    SaltationError,
    StochasticSynapseError,
    SummedVariableError,
    UnreadableModelError,
    WhiteNoiseError,
    ZeroDelayError,
)
from heavytail_snn.analysis.lyapunov.brian.equations.symbolic import (
    read_population,
    read_pulses,
)
from heavytail_snn.analysis.lyapunov.brian.front import lyapunov_spectrum_of_brian
from heavytail_snn.analysis.lyapunov.brian.saltation.product import SaltationReplay
from heavytail_snn.analysis.lyapunov.brian.tangent import BrianTangent
from heavytail_snn.core.errors import ParameterError

N = 30
LIF = """
dv/dt = (mu - v + I + extra)/(10*ms) : 1 {clamp}
dI/dt = -I/(5*ms) : 1
extra = 0 : 1
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


def links(seed=1, p=0.2):
    connected = np.random.default_rng(seed).random((N, N)) < p
    np.fill_diagonal(connected, False)
    return np.nonzero(connected)


def neurons(equations=LIF, refractory=2.0, **options):
    if refractory:
        options["refractory"] = refractory * ms
    clamp = "(unless refractory)" if refractory else ""
    options = {"threshold": "v > 1", "reset": "v = 0", "method": "exact"} | options
    group = NeuronGroup(N, equations.format(clamp=clamp), **options)
    group.v = np.random.default_rng(0).random(N)
    group.mu = np.linspace(1.5, 3, N)
    return group


def coupled(group, on_pre="I_post += w", delay=1.0, weight=-0.3, model="w : 1"):
    options = {"delay": delay * ms} if np.isscalar(delay) else {}
    synapses = Synapses(group, group, model, on_pre=on_pre, **options)
    targets, sources = links()
    synapses.connect(i=sources, j=targets)
    if "w" in synapses.variables:
        synapses.w = weight
    if not np.isscalar(delay):
        synapses.delay = np.resize(delay, targets.size) * ms
    return synapses


def rebuild(groups, synapses, *others, duration=0.2, namespace=None):
    """Return largest distance of the rebuilt from the recorded states, relative to their size."""
    groups = [groups] if isinstance(groups, NeuronGroup) else groups
    synapses = [synapses] if isinstance(synapses, Synapses) else synapses
    network = Network(*groups, *synapses, *others)
    tangent = BrianTangent(network, groups, synapses, duration=duration, namespace=namespace or {})
    tangent.run()
    model, spikes, wiring = tangent.recorded()
    assert (spikes.units < model.n_neurons).sum() > 50
    blind = dataclasses.replace(spikes, states=None)
    replay = SaltationReplay(model, blind, wiring, dt=tangent.dt)
    events = replay._events(-1, replay._keys(np.array([duration])))
    model.restart()
    path = model.path(events, blind, replay.tie_window)
    at = events.kind == 0
    gap = np.abs(path.states[at] - spikes.states[events.spike[at]])
    size = np.abs(spikes.states).max(axis=0)
    return float((gap / np.where(size > 0, size, 1)).max())


# ---- formulas -----------------------------------------------------------------------------------


def symbols(names):
    return sympy.symbols(names, real=True)


def equal(a, b):
    return sympy.simplify(sympy.Matrix(a) - sympy.Matrix(b)) == sympy.zeros(*sympy.Matrix(b).shape)


def test_saltation_of_lif_with_exponential_synapses():
    group = NeuronGroup(
        2, "dv/dt = (mu - v + I)/tau_m : 1\ndI/dt = -I/tau_s : 1\nmu : 1",
        threshold="v > v_T", reset="v = v_r", method="exact",
    )  # fmt: skip
    names = {"tau_m": 10 * ms, "tau_s": 5 * ms, "v_T": 1, "v_r": 0}
    population = read_population(group, names)
    synapses = Synapses(group, group, "w : 1", on_pre="I_post += w")
    ((_, pulse),) = read_pulses(synapses, population, names)
    current, mu, v_r, v_t, w, tau_m, tau_s = symbols("I mu v_r v_T w_syn tau_m tau_s")
    expected = sympy.diag((current + mu - v_r) / (current + mu - v_t), 1)
    assert equal(population.saltation_matrix(), expected)
    assert equal(pulse.shift(), [-w / tau_m, w / tau_s])
    assert population.is_linear
    assert pulse.is_additive


def test_saltation_of_conductance_lif():
    group = NeuronGroup(
        2, "dv/dt = (E_L - v + g*(E - v))/tau_m : volt\ndg/dt = -g/tau_g : 1",
        threshold="v >= v_T", reset="v = v_r", method="rk4",
    )  # fmt: skip
    names = dict.fromkeys(("E_L", "E", "v_T", "v_r"), 1 * mV)
    names |= dict.fromkeys(("tau_m", "tau_g"), ms)
    population = read_population(group, names)
    synapses = Synapses(group, group, "w : 1", on_pre="g += w")
    ((_, pulse),) = read_pulses(synapses, population, names)
    g, rest, rev, v_r, v_t, v, w, tau_m, tau_g = symbols("g E_L E v_r v_T v w_syn tau_m tau_g")
    after, before = rest - v_r + g * (rev - v_r), rest - v_t + g * (rev - v_t)
    assert equal(population.saltation_matrix(), sympy.diag(after / before, 1))
    # C dV/dt = w (E - V) per unit of g: the pulse shifts dV by w (V - E)/C dt, dg by w/tau_g dt
    assert equal(pulse.shift(), [w * (v - rev) / tau_m, w / tau_g])
    assert not population.is_linear


def test_saltation_of_adex_couples_the_adaptation_row():
    group = NeuronGroup(
        2, "dv/dt = (gL*(EL - v) + gL*D*exp((v - VT)/D) - a)/C : volt\n"
        "da/dt = (c*(v - EL) - a)/tau_w : amp",
        threshold="v > v_cut", reset="v = v_r; a += b", method="euler",
    )  # fmt: skip
    names = dict.fromkeys("gL EL D VT C c tau_w v_cut v_r b".split(), 1.0)
    population = read_population(group, names)
    a, b, c, cut, v_r, rest = symbols("a b c v_cut v_r EL")
    leak, d, vt, cap, tau_w = symbols("gL D VT C tau_w")

    def speed(v, a):
        return (leak * (rest - v) + leak * d * sympy.exp((v - vt) / d) - a) / cap

    def slow(v, a):
        return (c * (v - rest) - a) / tau_w

    expected = sympy.Matrix(
        [
            [speed(v_r, a + b) / speed(cut, a), 0],
            [(slow(v_r, a + b) - slow(cut, a)) / speed(cut, a), 1],
        ]
    )
    assert equal(population.saltation_matrix(), expected)


def test_statements_are_followed_in_order():
    group = NeuronGroup(
        2, "dv/dt = -v/ms : 1\ndz/dt = -z/ms : 1", threshold="1 < v",
        reset="z += v\nv = z/2 # halves\nz *= 2", method="exact",
    )  # fmt: skip
    v, z = symbols("v z")
    population = read_population(group, {"ms": ms})
    assert equal(population.reset, [(z + v) / 2, 2 * (z + v)])
    assert population.threshold == v - 1


# ---- order of events ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("refractory", "delay"),
    [(0, 0.1), (0, 1.0), (0.1, 1.0), (0.2, 0.14), (1.55, 1.0), (2, 0.1), (2, 1.0)]
    + [(r, np.linspace(0.1, 3, 50)) for r in (0, 2)],
)
def test_rebuilt_path_meets_recorded_states(refractory, delay):
    group = neurons(refractory=refractory)
    assert rebuild(group, coupled(group, delay=delay)) < 1e-12


@pytest.mark.parametrize("refractory", [0, 2])
def test_rebuilt_path_with_delta_synapses(refractory):
    group = neurons(refractory=refractory)
    assert rebuild(group, coupled(group, on_pre="v_post += w", weight=-0.1)) < 1e-12


def test_rebuilt_path_with_frozen_input():
    values = TimedArray(0.5 * np.random.default_rng(3).standard_normal((200, N)), dt=1 * ms)
    group = neurons(LIF.replace("extra = 0", "extra = values(t, i)"))
    assert rebuild(group, coupled(group), namespace={"values": values}) < 1e-12


@pytest.mark.parametrize("method", ["euler", "rk2", "rk4", "exponential_euler"])
def test_rebuilt_path_of_conductances(method):
    group = neurons(
        "dv/dt = (mu - v + g*(4 - v))/(10*ms) : 1 {clamp}\ndg/dt = -g/(5*ms) : 1\nmu : 1",
        method=method,
    )
    assert rebuild(group, coupled(group, on_pre="g += w", weight=0.05)) < 1e-12


def test_rebuilt_path_of_several_populations_subgroups_and_external_spikes():
    first = neurons()
    second = NeuronGroup(
        20, "dv/dt = (2.5 - v + I)/(20*ms) : 1 (unless refractory)\ndI/dt = (x - I)/(3*ms) : 1\n"
        "dx/dt = -x/(3*ms) : 1", threshold="v > 1", reset="v = 0", refractory=3 * ms,
        method="exact",
    )  # fmt: skip
    source = PoissonGroup(10, 50 * Hz)
    rng = np.random.default_rng(5)
    synapses = [coupled(first)]
    pairs = ((first, second, "x"), (second[5:], first[3:], "I"), (source, second, "I"))
    for a, b, variable in pairs:
        synapses.append(Synapses(a, b, "w : 1", on_pre=f"{variable} += w", delay=0.7 * ms))
        synapses[-1].connect(p=0.3)
        synapses[-1].w = -0.1 * rng.random(len(synapses[-1].w))
    assert rebuild([first, second], synapses, source) < 1e-12


# ---- the front ----------------------------------------------------------------------------------


def spectrum(group, synapses, *others, **options):
    options = {"duration": 0.2, "k": 2, "state_warmup": 0.05, "tangent_warmup": 0.05} | options
    items = [synapses] if isinstance(synapses, Synapses) else list(synapses)
    return lyapunov_spectrum_of_brian(
        Network(group, *items, *others), group, items, namespace={}, seed=1, **options
    )


def test_uncoupled_neurons_have_only_zero_exponents():
    """Exact: each clock of a regular neuron is neutral; all currents die out with -1/tau_s."""
    group = neurons(refractory=0)
    result = spectrum(group, coupled(group, weight=0.0), k=N + 1, duration=1.0)
    np.testing.assert_allclose(result.exponents[:N], 0, atol=1.0)
    assert result.exponents[N] == pytest.approx(-200, abs=2)


def test_front_explains_warns_and_states_what_it_did(capsys):
    group = neurons()
    result = spectrum(group, coupled(group), explain=True)
    text = capsys.readouterr().out
    assert "saltation matrix" in text
    assert "unless" not in text
    assert result.kind == "posthoc"
    assert result.unit == "1/s"
    assert not result.complete
    assert any("lyapunov_dt_scan" in w for w in result.warnings)
    assert result.parameters["model"] + "\n" == text
    assert result.rate > 10


def test_same_seed_same_exponents():
    results = []
    for _ in range(2):
        group = neurons()
        results.append(spectrum(group, coupled(group)).exponents)
    np.testing.assert_array_equal(*results)


def test_external_spikes_and_frozen_input_are_driven():
    values = TimedArray(np.zeros(10), dt=1 * ms)
    group = neurons(LIF.replace("extra = 0", "extra = values(t)"))
    synapses = coupled(group)
    result = lyapunov_spectrum_of_brian(
        Network(group, synapses), group, synapses, duration=0.2, k=1, namespace={"values": values},
        state_warmup=0, tangent_warmup=0.05,
    )  # fmt: skip
    assert result.zero_index is None


# ---- refusals -----------------------------------------------------------------------------------


def refuses(error, match, group, synapses=(), *others, **options):
    with pytest.raises(error, match=match) as caught:
        spectrum(group, synapses, *others, **options)
    assert caught.value.remedy
    return caught.value


def test_refuses_white_noise_on_the_voltage():
    group = neurons(LIF.replace("extra)/(10*ms)", "extra)/(10*ms) + xi*Hz**.5"), method="euler")
    refuses(WhiteNoiseError, "coloured noise", group, coupled(group))


def test_refuses_white_noise_on_a_current_that_pulses_change():
    group = neurons(LIF.replace("-I/(5*ms)", "-I/(5*ms) + xi*Hz**.5"), method="euler")
    refuses(WhiteNoiseError, "noise", group, coupled(group))


def test_accepts_coloured_noise():
    equations = LIF.replace("extra = 0 : 1", "dextra/dt = -extra/(10*ms) + 5*xi*Hz**.5 : 1")
    group = neurons(equations, method="euler")
    result = spectrum(group, coupled(group))
    assert result.zero_index is None


def test_refuses_the_cut_off_of_a_quadratic_neuron():
    group = neurons("dv/dt = (v**2 + mu)/(10*ms) : 1 {clamp}\ndI/dt = -I/(5*ms) : 1\nmu : 1",
                    threshold="v > 100", reset="v = -100", method="euler")  # fmt: skip
    error = refuses(CutoffError, "phase model", group, coupled(group), duration=0.5)
    assert isinstance(error, SaltationError)


def test_refuses_zero_delay_with_ties_and_accepts_it_without():
    group = neurons()
    group.mu, group.v = 2, 0.5
    refuses(ZeroDelayError, "at least one time step", group, coupled(group, delay=0.0))
    single = neurons()
    synapses = Synapses(single, single, "w : 1", on_pre="I_post += w")
    synapses.connect(i=0, j=29)
    assert rebuild(single, synapses, duration=0.1) < 1e-12


@pytest.mark.parametrize("code", ["I_post += w*int(rand() < 0.5)", "I_post += w*randn()"])
def test_refuses_stochastic_synapses(code):
    group = neurons()
    refuses(StochasticSynapseError, "freeze", group, coupled(group, on_pre=code))


def test_refuses_summed_variables():
    group = neurons(LIF.replace("extra = 0 : 1", "extra : 1"))
    gap = Synapses(group, group, "w : 1\nextra_post = w*(v_pre - v_post) : 1 (summed)")
    gap.connect(i=0, j=1)
    refuses(SummedVariableError, "on_pre", group, [coupled(group), gap])


@pytest.mark.parametrize("threshold", ["v > 1 and I > -5", "v > 1 or v > 2", "not (v < 1)"])
def test_refuses_logical_thresholds(threshold):
    group = neurons(threshold=threshold)
    refuses(LogicalThresholdError, "one comparison", group, coupled(group))


def test_refuses_spikes_caused_by_a_pulse():
    group = neurons()
    refuses(PulseCrossingError, "synaptic", group, coupled(group, on_pre="v_post += w", weight=0.5))


def test_refuses_copies_on_the_grid():
    with pytest.raises(GridLockedError, match="lyapunov_spectrum_of_brian"):
        lyapunov_from_copies("network", epsilon=1e-8)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"refractory": "v > 0.5"}, "duration"),
        ({"events": {"burst": "v > 0.9"}}, "custom events"),
        ({"reset": "v = rand()"}, "random"),
        ({"reset": "mu += 1; v = 0"}, "variable"),
        ({"threshold": "v > 1 + 0.1*sin(t*Hz)"}, "time"),
    ],
)
def test_refuses_what_it_cannot_read(change, match):
    group = NeuronGroup(
        N, LIF.format(clamp="(unless refractory)"),
        **(
            {"threshold": "v > 1", "reset": "v = 0", "refractory": 2 * ms, "method": "euler"}
            | change
        ),
    )  # fmt: skip
    refuses(UnreadableModelError, match, group, coupled(group))


def test_refuses_a_refractory_period_that_holds_nothing():
    group = neurons(LIF.format(clamp=""))
    refuses(UnreadableModelError, "unless refractory", group, coupled(group))


def test_refuses_objects_left_out_or_opaque():
    group, other = neurons(), neurons()
    synapses = coupled(group)
    refuses(UnreadableModelError, "every NeuronGroup", group, synapses, other)
    extra = coupled(group)
    with pytest.raises(UnreadableModelError, match="every Synapses"):
        lyapunov_spectrum_of_brian(
            Network(group, synapses, extra), group, synapses, duration=1, k=1, namespace={}
        )
    group.run_regularly("mu = 2 + rand()", dt=1 * ms)
    refuses(UnreadableModelError, "TimedArray", group, synapses)


def test_refuses_poisson_input_and_network_operations():
    group = neurons()
    shot_noise = PoissonInput(group, "I", 5, 10 * Hz, 0.1)
    refuses(UnreadableModelError, "PoissonGroup", group, coupled(group), shot_noise)

    @network_operation
    def nothing():
        pass

    group = neurons()
    refuses(UnreadableModelError, "TimedArray", group, coupled(group), nothing)


def test_refuses_plasticity():
    group = neurons()
    learning = Synapses(group, group, "w : 1", on_pre="I_post += w", on_post="w += 0.1")
    refuses(UnreadableModelError, "freeze", group, learning)
    depressing = coupled(group, on_pre="I_post += w; w *= 0.5")
    refuses(UnreadableModelError, "freeze", group, depressing)
    trace = Equations("dx/dt = -x/ms : 1 (event-driven)")
    traced = Synapses(group, group, trace, on_pre="I_post += x")
    refuses(UnreadableModelError, "freeze", group, traced)


def test_refuses_silence_second_runs_and_bad_numbers():
    group = neurons()
    group.mu = 0.5
    refuses(SaltationError, "drive", group, coupled(group, weight=0.0))
    group = neurons()
    network = Network(group)
    network.run(1 * ms, namespace={})
    with pytest.raises(UnreadableModelError, match="state_warmup"):
        lyapunov_spectrum_of_brian(network, group, duration=1, k=1, namespace={})
    group = neurons()
    for bad in ({"k": 0}, {"duration": -1}, {"k": 10**6}):
        with pytest.raises(ParameterError):
            spectrum(group := neurons(), coupled(group), **bad)
    with pytest.raises(ParameterError, match="NeuronGroup"):
        lyapunov_spectrum_of_brian(Network(), [], duration=1, k=1, namespace={})


# ---- copies -------------------------------------------------------------------------------------


def test_two_copies_without_perturbation_are_bit_identical():
    """Design test 25: the network and its copy in one group stay equal for 500 ms."""
    group = NeuronGroup(
        2 * N, LIF.format(clamp="(unless refractory)"), threshold="v > 1", reset="v = 0",
        refractory=2 * ms, method="exact",
    )  # fmt: skip
    group.v = np.tile(np.random.default_rng(0).random(N), 2)
    group.mu = np.tile(np.linspace(1.5, 3, N), 2)
    targets, sources = links()
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
        subgrid_strings(neurons(), threshold="1", v_reset="0", drift="-v", current="I", tau_s="ms")


def test_paired_synapses_refuse_indices_beyond_the_network():
    with pytest.raises(ParameterError, match="below n_neurons"):
        paired_synapses([0, 5], [1, 2], 5)
