"""Lyapunov exponents of whole networks: perturbed copies of an exact simulation beside the replay.

The copies are simulated event by event with bisected crossings and no derivative; the replay
differentiates a Brian2 run at dt = 0.02 ms.  Printed for each network: the three largest exponents
in 1/s by both ways with standard errors, and the largest difference in units of the joint error.
One row is a network of hybrid.json, with its four exponents there.

Run ``OMP_NUM_THREADS=1 python tests/benchmarks/hybrid_truth.py [NAME ...]``; some minutes.
"""

import sys
import time
from pathlib import Path

import numpy as np
from brian2 import (
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    Synapses,
    defaultclock,
    ms,
    mV,
    nA,
    nS,
    second,
    start_scope,
)

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from hybrid_networks import (
    GAP,
    HELD,
    HODGKIN_HUXLEY,
    JUNCTION,
    LIF,
    NS,
    STDP,
    adex,
    joined,
    neurons,
)

from heavytail_snn.analysis.lyapunov.hybrid.exact.exponents import perturbed_exponents
from heavytail_snn.analysis.lyapunov.hybrid.exact.network import ExactNetwork
from heavytail_snn.analysis.lyapunov.hybrid.spectrum import (
    lyapunov_spectrum_of_network,
)
from heavytail_snn.analysis.lyapunov.hybrid.state import differentiate_all
from heavytail_snn.analysis.lyapunov.hybrid.system import read_system

DT, K, WARM_UP, ALIGN, DURATION = 0.02, 3, 0.5, 1.0, 6.0
N = 8
PUBLISHED = {"cuba": ([-0.5, -12.7, -18.1, -20.2], [0.9, 0.8, 0.9, 1.2])}


def random(n=N, seed=2):
    """Return start and drive of n neurons and a matrix of weights without diagonal."""
    rng = np.random.default_rng(seed)
    weights = rng.standard_normal((n, n)) * (1 - np.eye(n))
    return rng.random(n), 1.3 + 0.4 * rng.random(n), weights


def group_of(equations=LIF, n=N, **options):
    v, mu, _ = random(n)
    return neurons(equations, n, v, mu, **options)


def wired(group, model="w : 1", scale=0.5, mean=0.0, delay=1.3 * ms, **options):
    synapses = joined(group, model, 0, delay=delay, **options)
    weights = scale * (random(len(group))[2] + mean)
    synapses.w = weights[synapses.i[:], synapses.j[:]]
    return synapses


def lif():
    group = group_of(HELD, refractory=2 * ms)
    return Network(group, wired(group, on_pre="I_post += w")), NS


def depression():
    model = """w : 1
    dx/dt = (1 - x)/tauD : 1 (event-driven)"""
    group = group_of()
    synapses = wired(group, model, 1.0, on_pre="I_post += w*x; x *= 0.6")
    synapses.x = 1
    return Network(group, synapses), NS


def stdp():
    group = group_of()
    return Network(group, wired(group, scale=0.4, **STDP)), NS


def gap_junctions():
    group = group_of(GAP, method="exponential_euler")
    synapses = wired(group, JUNCTION.replace("w*", "0.06*"), on_pre="I_post += w")
    return Network(group, synapses), NS


def nmda():
    equations = """dv/dt = (mu + s*(1.5 - v)/(1 + exp(-2*v)) + I - v)/tau : 1
    dI/dt = -I/taus : 1
    s : 1
    mu : 1"""
    model = """w : 1
    s_post = 0.1*sn : 1 (summed)
    dsn/dt = -sn/(40*ms) + 0.3/ms*x*(1 - sn) : 1 (clock-driven)
    dx/dt = -x/(2*ms) : 1 (clock-driven)"""
    group = group_of(equations, method="rk4", refractory=2 * ms)
    synapses = wired(group, model, 1.0, -0.5, on_pre="x += 1; I_post += w", method="rk4")
    return Network(group, synapses), NS


def without_delay():
    group = group_of()
    return Network(group, wired(group, delay=0 * ms, on_pre="I_post += w")), NS


def avalanche():
    group = group_of()
    pulses = wired(group, scale=0.12, mean=0.3, delay=0 * ms, on_pre="v_post += w")
    return Network(group, pulses, wired(group, on_pre="I_post += 0.5*w")), NS


def hodgkin_huxley():
    group = NeuronGroup(
        4, HODGKIN_HUXLEY, threshold="v > -20*mV", refractory="v > -20*mV",
        method="exponential_euler",
    )  # fmt: skip
    group.v, group.m, group.n, group.h = [-65, -60, -63, -61] * mV, 0.05, 0.3, 0.6
    group.mu = [0.25, 0.3, 0.35, 0.4] * nA
    synapses = joined(group, "w : siemens", 4 * nS, on_pre="ge_post += w", delay=3 * ms)
    return Network(group, synapses), NS


def adex_network():
    network, namespace, _ = adex(4, 0.15, (0.75, 0.8, 0.85, 0.9))
    return network, namespace


def given_conductances():
    equations = """dv/dt = (mu - v + g*(3 - v) + gi*(-1 - v))/tau : 1 (unless refractory)
    dg/dt = -g/taus : 1
    dgi/dt = -gi/(2*taus) : 1
    mu : 1"""
    group = group_of(equations, method="rk4", refractory=2 * ms)
    group.mu = 0.8
    rng = np.random.default_rng(3)
    steps = np.sort(rng.choice(int(8.0 / 0.4e-3), 8000, replace=False))
    source = SpikeGeneratorGroup(4, rng.integers(0, 4, steps.size), steps * 0.4 * ms)
    outer = Synapses(source, group, on_pre="g_post += 0.03", delay=1 * ms)
    outer.connect()
    inner = wired(group, scale=0.3, on_pre="g_post += clip(w, 0, 9); gi_post += clip(-w, 0, 9)")
    return Network(group, source, outer, inner), NS


def cuba():
    n = 100
    rng = np.random.default_rng(5)
    connected = (rng.random((n, n)) < 0.6) & ~np.eye(n, dtype=bool)
    equations = """dv/dt = (ge + gi - (v + 49*mV))/(20*ms) : volt (unless refractory)
    dge/dt = -ge/(5*ms) : volt
    dgi/dt = -gi/(10*ms) : volt"""
    group = NeuronGroup(
        n, equations, threshold="v > -50*mV", reset="v = -60*mV", refractory=5 * ms, method="exact"
    )
    group.v = (-60 + 10 * rng.random(n)) * mV
    i, j = np.nonzero(connected)
    found = [group]
    for part, effect in ((i < 80, "ge += 1.62*mV"), (i >= 80, "gi += -9*mV")):
        synapses = Synapses(group, group, on_pre=effect, delay=0.5 * ms)
        synapses.connect(i=i[part], j=j[part])
        found.append(synapses)
    return Network(*found), {}


NETWORKS = {
    f.__name__: f
    for f in (
        lif, depression, stdp, gap_junctions, nmda, without_delay, avalanche, hodgkin_huxley,
        adex_network, given_conductances, cuba,
    )
}  # fmt: skip


def by_copies(name, k):
    start_scope()
    defaultclock.dt = DT * ms
    network, namespace = NETWORKS[name]()
    system = read_system(network, namespace)
    differentiate_all(system)
    given = {
        (o.name, "spike"): (np.asarray(o.spike_time[:] / second), np.asarray(o.neuron_index[:]))
        for o in network.objects
        if type(o) is SpikeGeneratorGroup
    }
    total = WARM_UP + ALIGN + DURATION + 0.1
    return perturbed_exponents(
        ExactNetwork(system, total, given), k, DURATION, warm_up=WARM_UP, vectors_warm_up=ALIGN
    )


def by_replay(name, k):
    start_scope()
    defaultclock.dt = DT * ms
    network, namespace = NETWORKS[name]()
    return lyapunov_spectrum_of_network(
        network, duration=DURATION, k=k, state_warmup=WARM_UP, tangent_warmup=ALIGN,
        namespace=namespace,
    )  # fmt: skip


def main(names):
    def shown(values, errors):
        return " ".join(f"{v:7.2f}({e:.2f})" for v, e in zip(values, errors, strict=True))

    for name in names or NETWORKS:
        k = 4 if name in PUBLISHED else K
        begin = time.perf_counter()
        copies = by_copies(name, k)
        middle = time.perf_counter()
        replay = by_replay(name, k)
        end = time.perf_counter()
        joint = np.hypot(copies.errors, replay.standard_error[:k])
        apart = np.abs(copies.exponents - replay.exponents[:k]) / joint
        print(f"{name}: {copies.n_spikes} spikes, {copies.n_lost} copies lost")
        print(f"  copies {shown(copies.exponents, copies.errors)}  {middle - begin:.0f} s")
        values = shown(replay.exponents[:k], replay.standard_error[:k])
        print(f"  replay {values}  {end - middle:.0f} s")
        if name in PUBLISHED:
            print(f"  stored {shown(*PUBLISHED[name])}")
        print(f"  largest difference {apart.max():.1f} errors", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
