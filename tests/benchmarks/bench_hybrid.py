"""What the Lyapunov spectrum of a Brian2 network costs: set-up, and CPU time per spike.

Goals: below 300 us per spike at k = 10 and N = 400, set-up below 2 s once the kernels are compiled.
The time is one of the CPU, on one thread; "floor" is Brian2's own run of the same network on the
same target, which the replay follows operation by operation, and numpy's product of the tangent
rows of all targets of a spike, which no replay can avoid.

Run ``OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python tests/benchmarks/bench_hybrid.py``.
"""

import time

import numpy as np
from brian2 import Network, NeuronGroup, Synapses, defaultclock, ms, prefs, second

from heavytail_snn.analysis.lyapunov.hybrid.spectrum import (
    lyapunov_spectrum_of_network,
    read_network,
)

IN_DEGREE = 40
LIF = """
dv/dt = (mu - v + current)/(10*ms) : 1 (unless refractory)
dcurrent/dt = -current/(5*ms) : 1
mu : 1 (constant)
"""


def network(n, seed=1):
    """Return a balanced LIF network of n neurons with exponential synapses and delays."""
    random = np.random.default_rng(seed)
    group = NeuronGroup(
        n, LIF, threshold="v > 1", reset="v = 0", refractory=1 * ms, method="exact",
        name="neurons",
    )  # fmt: skip
    group.mu, group.v = 1.05 + 0.2 * random.random(n), random.random(n)
    synapses = Synapses(group, group, "w : 1", on_pre="current += w", delay=1 * ms, name="synapses")
    sources = np.concatenate([random.choice(n, IN_DEGREE, replace=False) for _ in range(n)])
    synapses.connect(i=sources, j=np.repeat(np.arange(n), IN_DEGREE))
    synapses.w = 0.25 * random.standard_normal(sources.size) - 0.06
    return Network(group, synapses)


def cpu(function, *arguments, **options):
    """Return the CPU seconds of a call and what it returns."""
    start = time.process_time()
    found = function(*arguments, **options)
    return time.process_time() - start, found


def measure(n, k, duration=1.0):
    """Print one row."""
    net = network(n)
    setup, _ = cpu(read_network, net, {})
    brian, _ = cpu(network(n).run, duration * second, namespace={})
    base, _ = cpu(
        lyapunov_spectrum_of_network, net, duration=0.002, k=1, state_warmup=0.01,
        tangent_warmup=0.002, seed=1, namespace={},
    )  # fmt: skip
    whole, found = cpu(
        lyapunov_spectrum_of_network, net, duration=duration, k=k, state_warmup=0.01,
        tangent_warmup=0.002, seed=1, namespace={},
    )  # fmt: skip
    each = 1e6 * (whole - base) / max(1, found.n_spikes)
    rows, weights = np.ones((IN_DEGREE, k)), np.ones((IN_DEGREE, 1))
    floor = min(
        cpu(lambda: [np.multiply(weights, rows[:1], out=rows) for _ in range(1000)])[0]
        for _ in range(3)
    )
    print(
        f"{n:6d} {k:4d} {found.n_spikes:8d} {found.rate:6.1f} {setup:8.2f} {base:8.2f} {whole:8.2f}"
        f" {each:9.0f} {1e6 * brian / max(1, found.n_spikes):9.0f} {1e3 * floor:9.0f}"
    )


def main():
    """Print the table."""
    prefs.codegen.target = "cython"
    defaultclock.dt = 0.1 * ms
    network(50).run(1 * ms, namespace={})
    first, _ = cpu(
        lyapunov_spectrum_of_network, network(50), duration=0.1, k=2, state_warmup=0.01,
        tangent_warmup=0.002, namespace={},
    )  # fmt: skip
    print(f"first call, with what is compiled or read from the cache: {first:.1f} s")
    print("     N    k   spikes   rate  read(s) short(s) whole(s) us/spike    Brian2     floor")
    for n, k in ((100, 10), (400, 1), (400, 10), (400, 40), (1600, 10)):
        measure(n, k)


if __name__ == "__main__":
    main()
