"""Small Brian2 networks, each with one more kind of event: (network, namespace, duration in s)."""

from inspect import isfunction

from brian2 import (
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    Synapses,
    TimedArray,
    linked_var,
    ms,
    mV,
    nA,
    nS,
    pF,
    uS,
)  # fmt: skip

LIF = """dv/dt = (mu + I - v)/tau : 1
dI/dt = -I/taus : 1
mu : 1"""
HELD = LIF.replace("/tau : 1", "/tau : 1 (unless refractory)")
GAP = """dv/dt = (mu + Ig + I - v)/tau : 1
dI/dt = -I/taus : 1
Ig : 1
mu : 1"""
JUNCTION = """w : 1
Ig_post = w*(v_pre - v_post) : 1 (summed)"""
NS = {"tau": 20 * ms, "taus": 5 * ms, "tz": 30 * ms, "tauD": 50 * ms, "tauF": 80 * ms}
GIVEN = {1: ([0.010, 0.023, 0.031], [0, 0, 0]), 2: ([0.005, 0.017, 0.023, 0.041], [0, 1, 0, 1])}


def neurons(equations=LIF, n=4, v=(0.1, 0.3, 0.5, 0.7), mu=(1.2, 1.3, 1.25, 1.4), **options):
    defaults = {"threshold": "v > 1", "reset": "v = 0", "method": "exact"}
    group = NeuronGroup(n, equations, **{**defaults, **options})
    group.v, group.mu = v[:n], mu[:n]
    return group


def joined(group, model="w : 1", w="-0.3 + 0.05*i + 0.02*j", **options):
    if "on_pre" in options:
        options.setdefault("delay", 1 * ms)
    synapses = Synapses(group, group, model, **options)
    synapses.connect(condition="i != j")
    synapses.w = w
    return synapses


def simple(equations=LIF, duration=0.08, w="-0.3 + 0.05*i + 0.02*j", delay=1 * ms, **options):
    """LIF neurons with currents, changed in one respect."""
    group = neurons(equations, **options)
    synapses = joined(group, on_pre="I_post += w", w=w, delay=delay)
    return Network(group, synapses), NS, duration


def delayed():
    return simple()


def without_delay():
    return simple(delay=0 * ms)


def many_delays():
    network, namespace, duration = simple(delay=None)
    synapses = next(o for o in network.objects if isinstance(o, Synapses))
    synapses.delay = "(0.3 + 0.2*i + 0.1*j)*ms"
    return network, namespace, duration


def pulse_of_the_state():
    group = neurons()
    on_pre = "v_post += w*(1.2 - v_post); I_post += w*v_post"
    return Network(group, joined(group, on_pre=on_pre, w="0.05 + 0.01*i")), NS, 0.08


def held():
    return simple(HELD, 0.09, refractory=3 * ms)


def held_under_pulses():
    group = neurons(HELD, refractory=3 * ms)
    synapses = joined(group, on_pre="v_post += w", w="-0.05 + 0.01*i + 0.003*j")
    return Network(group, synapses), NS, 0.09


def held_with_long_delay():
    return simple(HELD, 0.09, refractory=3 * ms, delay=11 * ms)


def muted():
    return simple(LIF, 0.09, refractory=4 * ms)


def fires_when_released():
    options = {"refractory": 8 * ms, "reset": "v = 0.6", "mu": (2.0, 2.2, 2.4, 2.6)}
    return simple(LIF, 0.06, w="-0.1 + 0.02*i", **options)


def avalanche(delay=0 * ms, equations=LIF, on_pre="v_post += w", **options):
    group = neurons(equations, v=(0.9, 0.93, 0.96, 0.99), **options)
    synapses = joined(group, on_pre=on_pre, w="0.12 + 0.01*i + 0.004*j", delay=delay)
    return Network(group, synapses), NS, 0.03


def avalanche_later():
    return avalanche(delay=1 * ms)


def avalanche_held():
    return avalanche(equations=HELD, refractory=2 * ms)


def avalanche_that_writes_its_source():
    equations = LIF + "\ndz/dt = -z/tz : 1"
    return avalanche(1 * ms, equations, on_pre="z_pre += 0.1; v_post += w")


def lifted_by_given_spikes():
    group = neurons()
    source = SpikeGeneratorGroup(1, GIVEN[1][1], [t * 1000 for t in GIVEN[1][0]] * ms)
    synapses = Synapses(source, group, on_pre="v_post += 0.35", delay=1 * ms)
    synapses.connect(i=0, j=[2, 3])
    network = Network(group, source, synapses, joined(group, on_pre="I_post += w"))
    return network, NS, 0.06


def conductances():
    equations = """dv/dt = (mu - v + g*(3 - v) + gi*(-1 - v))/tau : 1
    dg/dt = -g/taus : 1\ndgi/dt = -gi/(2*taus) : 1\nmu : 1"""
    group = neurons(equations, method="rk4", refractory=2 * ms)
    one = joined(group, on_pre="g_post += w", w="0.1 + 0.02*i + 0.01*j")
    other = joined(group, on_pre="gi_post += w", w="0.2 + 0.02*i + 0.01*j", delay=0.5 * ms)
    return Network(group, one, other), NS, 0.08


def depression_of_the_source(delay=1 * ms):
    group = neurons(LIF + "\ndx/dt = (1 - x)/tauD : 1", reset="v = 0; x *= 0.5")
    group.x = [0.6, 0.7, 0.8, 0.9]
    return Network(group, joined(group, on_pre="I_post += w*x_pre", delay=delay)), NS, 0.08


def depression_without_delay():
    return depression_of_the_source(0 * ms)


def short_term_plasticity(flag="event-driven"):
    model = f"""w : 1
    du/dt = (0.3 - u)/tauF : 1 ({flag})
    dx/dt = (1 - x)/tauD : 1 ({flag})"""
    on_pre = """u += 0.3*(1 - u)
    r = u*x
    x -= r
    I_post += w*r"""
    group = neurons()
    options = {} if flag == "event-driven" else {"method": "exact"}
    synapses = joined(group, model, on_pre=on_pre, **options)
    synapses.u, synapses.x = 0.3, "0.6 + 0.05*i"
    return Network(group, synapses), NS, 0.1


def short_term_plasticity_by_the_clock():
    return short_term_plasticity("clock-driven")


STDP = {
    "model": """w : 1
    dap/dt = -ap/(20*ms) : 1 (event-driven)
    dam/dt = -am/(15*ms) : 1 (event-driven)""",
    "on_pre": """I_post += w
    ap += 0.1
    w = clip(w + am, -1, 1)""",
    "on_post": """am -= 0.12
    w = clip(w + ap, -1, 1)""",
}


def spike_timing():
    group = neurons()
    return Network(group, joined(group, w="0.1 + 0.05*i - 0.03*j", **STDP)), NS, 0.1


def spike_timing_of_given_spikes():
    group = neurons()
    source = SpikeGeneratorGroup(2, GIVEN[2][1], [t * 1000 for t in GIVEN[2][0]] * ms)
    synapses = Synapses(source, group, delay={"pre": 1 * ms, "post": 0.6 * ms}, **STDP)
    synapses.connect()
    synapses.w = "0.1 + 0.05*i - 0.03*j"
    network = Network(group, source, synapses, joined(group, on_pre="I_post += w"))
    return network, NS, 0.08


def gap_junctions(**options):
    group = neurons(GAP, method="euler", **options)
    return Network(group, joined(group, JUNCTION, w="0.1 + 0.03*i + 0.02*j")), NS, 0.08


def gap_junctions_with_pulses(on_pre="I_post += 0.3*w; v_post += 0.05", **options):
    group = neurons(GAP, method="euler", **options)
    synapses = joined(group, JUNCTION, on_pre=on_pre, w="0.1 + 0.03*i + 0.02*j")
    return Network(group, synapses), NS, 0.08


def gap_junctions_held():
    return gap_junctions_with_pulses(refractory=3 * ms)


def pulse_of_a_sum():
    return gap_junctions_with_pulses("I_post += 0.3*Ig_post")


def reset_to_a_sum():
    return gap_junctions(reset="v = 0.2*Ig")


def nmda():
    equations = "dv/dt = (mu + s*(1.5 - v)/(1 + exp(-2*v)) - v)/tau : 1\ns : 1\nmu : 1"
    model = """w : 1
    s_post = w*sn : 1 (summed)
    dsn/dt = -sn/(40*ms) + 0.3/ms*x*(1 - sn) : 1 (clock-driven)
    dx/dt = -x/(2*ms) : 1 (clock-driven)"""
    group = neurons(equations, method="rk4")
    synapses = joined(group, model, on_pre="x += 1", w="0.3 + 0.03*i - 0.02*j", method="rk4")
    return Network(group, synapses), NS, 0.08


def linked():
    other = NeuronGroup(
        1, "dy/dt = (1.2 - y)/(13*ms) : 1", threshold="y > 1", reset="y = 0", method="exact"
    )
    other.y = 0.4
    group = neurons(LIF.replace("mu + I", "mu + q + I") + "\nq : 1 (linked)", method="rk4")
    group.q = linked_var(other, "y", index=[0, 0, 0, 0])
    back = Synapses(group, other, on_pre="y_post += 0.05", delay=1 * ms)
    back.connect()
    return Network(group, other, back, joined(group, on_pre="I_post += w")), NS, 0.08


def threshold_of_a_linked_variable():
    other = NeuronGroup(1, "dy/dt = (1.2 - y)/(13*ms) : 1", method="exact")
    other.y = 0.6
    group = neurons(LIF + "\nq : 1 (linked)", threshold="v > 0.7 + 0.3*q")
    group.q = linked_var(other, "y", index=[0, 0, 0, 0])
    return Network(group, other, joined(group, on_pre="I_post += w")), NS, 0.08


def without_threshold():
    other = NeuronGroup(2, "dy/dt = (s - y*abs(y))/tau : 1\ns : 1", method="rk4")
    other.y = [0.2, 0.6]
    group = neurons(LIF.replace("mu + I", "mu + I + Ix") + "\nIx : 1", method="rk4")
    there = Synapses(group, other, "s_post = v_pre*0.5 : 1 (summed)")
    back = Synapses(other, group, "Ix_post = 0.3*y_pre : 1 (summed)")
    there.connect()
    back.connect()
    return Network(group, other, there, back, joined(group, on_pre="I_post += w")), NS, 0.08


def subgroups():
    group = neurons(LIF.replace("mu + I", "mu + I + Ig") + "\nIg : 1", method="rk4")
    pulses = Synapses(
        group[:2], group[1:], "w : 1", on_pre="I_post += w*(1 + v_post)", delay=1 * ms
    )
    pulses.connect()
    pulses.w = "0.3 - 0.1*i + 0.05*j"
    sums = Synapses(group[1:], group[2:], "Ig_post = 0.2*v_pre : 1 (summed)")
    sums.connect()
    return Network(group, pulses, sums), NS, 0.08


def adex(n=3, weight=0.05, current=(0.8, 0.85, 0.9)):
    equations = """dv/dt = (gL*(EL - v) + gL*DT*exp((v - VT)/DT) + I + mu - a)/C : volt
    da/dt = (4*nS*(v - EL) - a)/(40*ms) : amp
    dI/dt = -I/taus : amp
    mu : amp"""
    namespace = {
        **NS, "C": 281 * pF, "gL": 30 * nS, "EL": -70.6 * mV, "VT": -50.4 * mV, "DT": 2 * mV,
    }  # fmt: skip
    group = NeuronGroup(
        n, equations, threshold="v > VT + 5*DT", reset="v = -48*mV; a += 0.08*nA", method="rk4"
    )
    group.v = [-60 + 2.5 * j for j in range(n)] * mV
    group.mu = [current[j] for j in range(n)] * nA
    return (
        Network(group, joined(group, "w : amp", weight * nA, on_pre="I_post += w")),
        namespace,
        0.06,
    )


def exponential():
    equations = LIF.replace("mu + I - v", "mu + I - v + 0.1*exp((v - 1)/0.1)")
    return simple(equations, threshold="v > 1.5", method="rk4")


HODGKIN_HUXLEY = """dv/dt = (10*nS*(-65*mV - v) - ge*v - 20*uS*m**3*h*(v - 50*mV)
         - 6*uS*n**4*(v + 90*mV) + mu)/(200*pF) : volt
dm/dt = 1.28/exprel((-50*mV - v)/(4*mV))/ms*(1 - m) - 1.4/exprel((v + 23*mV)/(5*mV))/ms*m : 1
dn/dt = 0.16/exprel((-48*mV - v)/(5*mV))/ms*(1 - n) - 0.5*exp((-53*mV - v)/(40*mV))/ms*n : 1
dh/dt = 0.128*exp((-46*mV - v)/(18*mV))/ms*(1 - h) - 4/(1 + exp((-23*mV - v)/(5*mV)))/ms*h : 1
dge/dt = -ge/taus : siemens
mu : amp"""


def hodgkin_huxley(refractory="v > -20*mV"):
    group = NeuronGroup(
        3, HODGKIN_HUXLEY, threshold="v > -20*mV", refractory=refractory,
        method="exponential_euler",
    )  # fmt: skip
    group.v, group.m, group.n, group.h = [-65, -60, -63] * mV, 0.05, 0.3, 0.6
    group.mu = [0.25, 0.3, 0.35] * nA
    network = Network(group, joined(group, "w : siemens", 3 * nS, on_pre="ge_post += w"))
    return network, {**NS, "uS": uS}, 0.05


def hodgkin_huxley_for_3_ms():
    return hodgkin_huxley(3 * ms)


def duration_of_each_neuron():
    network, namespace, duration = simple(HELD + "\nref : second", refractory="ref")
    next(o for o in network.objects if isinstance(o, NeuronGroup)).ref = "(2 + i)*ms"
    return network, namespace, duration


def regular():
    network, namespace, duration = simple()
    group = next(o for o in network.objects if isinstance(o, NeuronGroup))
    group.run_regularly("v += 0.02*I*v; I *= 0.9", dt=3 * ms)
    return network, namespace, duration


def regular_synapses():
    group = neurons()
    synapses = joined(group, on_pre="I_post += w; w *= 0.9")
    synapses.run_regularly("w += 0.1*(v_post - w)", dt=5 * ms)
    return Network(group, synapses), NS, 0.08


def threshold_with_and():
    equations = LIF + "\ndz/dt = -z/tz : 1"
    return simple(equations, 0.12, threshold="v > 1 and z < 0.6", reset="v = 0; z += 1")


def threshold_with_or():
    equations = LIF + "\ndz/dt = (1.1 - z)/(11*ms) : 1"
    return simple(equations, threshold="v > 1 or z > 0.8", reset="v = 0; z = 0.2*z")


def threshold_that_adapts():
    equations = LIF + "\ndz/dt = -z/tz : 1"
    return simple(equations, threshold="v > 1 + z", reset="v = 0.1*z; z += 0.3*v + 0.2")


def threshold_of_time():
    return simple(threshold="v > 1 + 0.2*sin(300*t/second)")


def table():
    network, namespace, duration = simple(
        LIF.replace("mu + I", "mu + I + table_(t)*(1 + 0.2*v)"), method="rk4"
    )
    values = [0, 0.4, -0.3, 0.6, 0.2, 0.1, -0.5, 0.7]
    return network, {**namespace, "table_": TimedArray(values, dt=7 * ms)}, duration


def last_spike():
    equations = LIF.replace("mu + I", "mu + I - 0.5*exp(-(t - lastspike)/taus)")
    network, namespace, duration = simple(equations, refractory=2 * ms, method="rk4")
    group = next(o for o in network.objects if isinstance(o, NeuronGroup))
    group.lastspike = [-10, -12, -8, -7] * ms
    return network, namespace, duration


def two_events(pulse="I_post += w", condition="v > 0.5", w="-0.3 + 0.05*i + 0.02*j", **options):
    equations = options.pop("equations", LIF) + "\ndz/dt = -z/tz : 1"
    options.setdefault("v", (0.1, 0.2, 0.3, 0.4))
    group = neurons(equations, events={"half": condition}, **options)
    group.run_on_event("half", "z += 0.3*v")
    synapses = joined(
        group, w=w, on_pre={"pre": pulse, "h": "I_post += 0.1*w*z_pre"},
        on_event={"pre": "spike", "h": "half"}, delay={"pre": 1 * ms, "h": 0.7 * ms},
    )  # fmt: skip
    return Network(group, synapses), NS, 0.05


def two_events_lifted():
    return two_events("v_post += w", w="0.12 + 0.01*i + 0.004*j", v=(0.99, 0.2, 0.45, 0.4))


def lifted_while_held():
    return two_events(
        "z_post += w", "z > 0.5", "0.52 + 0.01*i + 0.004*j", equations=HELD, refractory=5 * ms,
        v=(0.99, 0.95, 0.9, 0.85),
    )  # fmt: skip


EVENTS = {
    name: f
    for name, f in list(globals().items())
    if isfunction(f) and f.__module__ == __name__ and name not in ("neurons", "joined", "simple")
}
