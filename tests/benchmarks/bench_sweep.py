"""A sweep of 64 LIF networks (8 gains x 8 seeds) on one and on two workers.

Wall-clock seconds of ``run``, start of the workers included and without it, and their ratio.  The
program is compiled before.  The goal of 1.8 means free cores: the load of the machine is printed.
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

GAINS, NETWORKS = 8, 8
GOAL = 1.8


def sweep(folder: str, name: str, **options: object) -> ht.analysis.sweep.Sweep:
    """Return the sweep with a fresh store."""
    return ht.sweep(
        "lif", gain=np.linspace(5, 40, GAINS) * mV, seed=range(NETWORKS), n_neurons=2000,
        duration=4 * second, measure=["rate", "cv", "spectrum"], store=f"{folder}/{name}.zarr",
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
                status = sweep(folder, f"warm-{number}").run(client, progress=False)
                seconds[number] = time.perf_counter() - start
            assert status.done == GAINS * NETWORKS, status
            load = os.getloadavg()[0]
            print(f"{number} worker(s): {seconds[number]:6.1f} s   load of the machine {load:.1f}")
            start = time.perf_counter()
            sweep(folder, f"cold-{number}").run(workers=number, progress=False)
            print(f"   with their start: {time.perf_counter() - start:6.1f} s")
    print(f"ratio {seconds[1] / seconds[2]:.2f} (goal {GOAL} on two free cores)")


if __name__ == "__main__":
    main()
