"""A sweep of 64 LIF networks (8 gains x 8 seeds) on one and on two workers.

Wall-clock seconds of ``run`` on workers that have started, and their ratio, whose goal of 1.8 means
free cores: the load of the machine is printed.  "busy" is the part of its time in which a worker
computes a case: what the engine itself leaves, whatever else runs on the machine.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from brian2 import mV, second
from distributed import Client, LocalCluster

import heavytail_snn as ht
from heavytail_snn.analysis.sweep.store import Store

GAINS, NETWORKS = 8, 8
GOAL = 1.8


def sweep(folder: str, name: str, **options: object) -> ht.analysis.sweep.Sweep:
    """Return the sweep with a fresh store."""
    return ht.sweep(
        "lif", gain=np.linspace(5, 40, GAINS) * mV, seed=range(NETWORKS), n_neurons=2000,
        duration=2 * second, measure=["rate", "cv", "spectrum"], store=f"{folder}/{name}.zarr",
        **options,
    )  # fmt: skip


@contextmanager
def workers(number: int) -> Iterator[Client]:
    """Yield a client whose workers have imported what they need and computed something."""
    with (
        LocalCluster(
            n_workers=number, threads_per_worker=1, dashboard_address=":0", silence_logs=50
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
        tempfile.TemporaryDirectory() as folder,
    ):
        ht.sweep(
            "lif", seed=range(3 * number), duration=1.1 * second, measure=["rate", "spectrum"],
            store=f"{folder}/warm.zarr",
        ).run(client, progress=False)  # fmt: skip
        yield client


def main() -> None:
    """Print the table."""
    seconds = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in (1, 2):
            with workers(number) as client:
                start = time.perf_counter()
                found = sweep(folder, f"grid-{number}")
                status = found.run(client, progress=False)
                seconds[number] = time.perf_counter() - start
            assert status.done == GAINS * NETWORKS, status
            records = Store(found.store).records().ravel()
            busy = sum(record["seconds"] for record in records) / (number * seconds[number])
            load = os.getloadavg()[0]
            print(f"{number} worker(s): {seconds[number]:6.1f} s, busy {busy:.0%}, load {load:.1f}")
    print(f"ratio {seconds[1] / seconds[2]:.2f} (goal {GOAL} on two free cores)")


if __name__ == "__main__":
    main()
