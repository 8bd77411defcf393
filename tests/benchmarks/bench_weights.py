"""Weights: time and memory of laws and couplings, as ratios in one run."""

import resource
import time

from scipy import stats

from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import LevyStable
from heavytail_snn.weights.wiring import FixedInDegree, FixedProbability


def seconds(function, *arguments, repeats=3, **keywords):
    """Return the shortest time of several runs."""
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        function(*arguments, **keywords)
        best = min(best, time.perf_counter() - start)
    return best


def main():
    """Print the table."""
    for wiring in (FixedInDegree(1000), FixedProbability(0.1)):
        coupling = Coupling(LevyStable(1.5), wiring, autapses=False)
        coupling.sample(1100, seed=1)  # compile
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        elapsed = seconds(coupling.sample, 10_000, 1, repeats=1)
        extra = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(
            f"{wiring}, 1e7 synapses: {elapsed:.2f} s (asked: below 3), peak grew by "
            f"{extra:.0f} MB (asked: below 400; estimate "
            f"{coupling.estimated_bytes(10_000) / 1e6:.0f} MB)"
        )
    n = 10**7
    for alpha in (1.0, 1.5, 2.0):
        ours = seconds(LevyStable(alpha).sample, n, 1)
        theirs = seconds(stats.levy_stable.rvs, alpha, 0.0, size=n, random_state=1, repeats=1)
        print(
            f"LevyStable({alpha}).sample, 1e7: {ours:.3f} s, scipy {theirs:.2f} s, "
            f"ratio {theirs / ours:.0f} (asked: at least 15)"
        )


if __name__ == "__main__":
    main()
