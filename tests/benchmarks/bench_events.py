"""Speed of the event engine and of its factorisations, as ratios measured in one run.

Processor time of one thread, best of several, so that other work on the machine matters little.
`python tests/benchmarks/bench_events.py --million` also runs a million neurons and reports memory.
"""

import resource
import sys
import time

import numpy as np
from numba import njit
from scipy import sparse
from scipy.linalg import lapack

from heavytail_snn.analysis.lyapunov.events.spectrum import TangentRun, random_frame, settled
from heavytail_snn.models.pulse import event_engine as engine
from heavytail_snn.models.pulse.lif_delta import PulseLIFNetwork
from heavytail_snn.models.pulse.rapid_theta import RapidThetaNetwork
from heavytail_snn.models.pulse.theta import ThetaNetwork

IN_DEGREE = 100
# drives near 1 Hz (theta, rapid theta) and 3 Hz (LIF) at K = 100
MODELS = (
    ("theta", ThetaNetwork, {"drive": 0.06}),
    ("rapid theta", RapidThetaNetwork, {"drive": 0.05, "rapidness": 3.0}),
    ("LIF", PulseLIFNetwork, {"drive": 0.1}),
)


@njit
def _random_graph(n, degree, exponent, seed):
    """Draw fixed out-degrees in presynaptic order, without a second copy of anything."""
    np.random.seed(seed)  # noqa: NPY002 - numba's own generator, never numpy's
    targets = np.empty(n * degree, dtype=np.int32)
    values = np.empty(n * degree)
    for index in range(targets.size):
        targets[index] = np.random.randint(0, n)  # noqa: NPY002
        values[index] = -1.0 / np.sqrt(degree)
        if exponent > 0:
            values[index] *= 0.5 * np.random.pareto(exponent)  # noqa: NPY002
    return targets, values


def graph(n, *, heavy=False):
    """Return inhibitory weights with `IN_DEGREE` synapses per neuron, equal or heavy-tailed."""
    targets, values = _random_graph(n, IN_DEGREE, 1.5 if heavy else 0.0, 1)
    starts = np.arange(0, targets.size + 1, IN_DEGREE, dtype=np.int32)
    return sparse.csc_array((values, targets, starts), shape=(n, n))


def best(function, repeats=3):
    """Return the smallest processor time of `function` in seconds."""
    times = []
    for _ in range(repeats):
        start = time.thread_time()
        function()
        times.append(time.thread_time() - start)
    return min(times)


def bare_rate(network, n_updates=1_000_000):
    """Return phase updates per second of a loop that does nothing else.

    Phases are those of the network in random order: a processor would learn a repeated sequence.
    """
    phases = network.phases(network.run(n_spikes=2000, seed=1).state)
    phases = np.random.default_rng(1).choice(phases, n_updates)
    kicks = np.full(n_updates, -0.1 * network._model[3][0, 2])
    shapes = np.full(n_updates, network._model[3][0, 3])
    return n_updates / best(lambda: engine.phase_maps(network.kind, phases, kicks, shapes))


def event_rate(network, n_spikes):
    """Return synaptic events per second."""
    state = settled(network, None, 5.0, 1)
    network.run(n_spikes=10, state=state)
    seconds = best(lambda: network.run(n_spikes=n_spikes, state=state))
    return n_spikes * network.mean_in_degree / seconds


def bench_events(sizes=(1000, 4000, 10_000)):
    """Print synaptic events per core-second, by queue, and the ratio to the bare loop."""
    print(
        f"{'model':12} {'N':>6} {'scan':>10} {'heap':>10} {'bare loop':>10} {'ratio':>6}  events/s"
    )
    for n in sizes:
        weights = graph(n)
        for name, model, options in MODELS:
            rates = {
                queue: event_rate(model(weights, queue=queue, **options), 20_000)
                for queue in ("scan", "heap")
            }
            network = model(weights, **options)
            bare = bare_rate(network)
            chosen = rates["heap" if network.use_heap else "scan"]
            print(
                f"{name:12} {n:6d} {rates['scan']:10.3g} {rates['heap']:10.3g} {bare:10.3g} "
                f"{chosen / bare:6.2f}"
            )


def _lapack(frames):
    for frame in frames:
        work = int(lapack.dgeqrf_lwork(*frame.shape)[0])
        factors, tau, _, _ = lapack.dgeqrf(frame, lwork=work, overwrite_a=1)
        lapack.dorgqr(factors, tau, lwork=work, overwrite_a=1)


def bench_factorisation(cases=((500, 500), (1000, 450)), n_qr=5):
    """Print the time of all that is not events, relative to LAPACK on the same matrices."""
    print(f"{'N':>6} {'k':>5} {'LAPACK ms':>10} {'ours ms':>8} {'ratio':>6}")
    for n, k in cases:
        network = ThetaNetwork(graph(n), drive=0.06)
        start = settled(network, None, 5.0, 1)
        run = TangentRun(network, start, random_frame(n, k, 1), None)
        spikes, total, frames = 0.0, 0.0, []
        run.advance()
        original = run.stepper.run_spikes

        def timed(n_spikes, frame, original=original, frames=frames):
            nonlocal spikes
            before = time.thread_time()
            result = original(n_spikes, frame)
            spikes += time.thread_time() - before
            frames.append(np.asfortranarray(frame))
            return result

        run.stepper.run_spikes = timed
        copying = n_qr * best(lambda run=run: np.asfortranarray(run.frame))
        before = time.thread_time()
        for _ in range(n_qr):
            run.advance()
        total = time.thread_time() - before - copying
        plain = min(best(lambda f=frames: _lapack([x.copy("F") for x in f]), 2), np.inf)
        ours = total - spikes
        print(
            f"{n:6d} {k:5d} {1e3 * plain / n_qr:10.1f} {1e3 * ours / n_qr:8.1f} {ours / plain:6.2f}"
        )


def bench_million(*, heavy=True):
    """Run 10^6 neurons with 10^8 synapses; print time and peak memory."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    network = ThetaNetwork(graph(1_000_000, heavy=heavy), drive=0.06)
    state = network.initial_state(1)
    network.run(n_spikes=10, state=state)
    n_spikes = 200_000
    seconds = best(lambda: network.run(n_spikes=n_spikes, state=state), 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"N = 1e6, K = {IN_DEGREE}, {'heavy-tailed' if heavy else 'equal'} weights: "
        f"{1e6 * seconds / n_spikes:.1f} us a spike, "
        f"{n_spikes * network.mean_in_degree / seconds:.3g} events/s, peak memory {peak:.2f} GB "
        f"({before:.2f} GB before)"
    )


def main():
    """Print all ratios."""
    if "--million" in sys.argv:
        bench_million()
        return
    bench_events()
    bench_factorisation()


if __name__ == "__main__":
    main()
