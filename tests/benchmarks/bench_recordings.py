"""A large recording: time and memory of everything that `analyze` does (asked: 60 s, 2 GB).

1,000 units for two hours with log-normal rates of 2.8 Hz in the mean: 2e7 spikes.
"""

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import heavytail_snn as ht
from heavytail_snn import analysis

UNITS, HOURS, RATE = 1000, 2.0, 2.8


def write(path, n_units=UNITS, hours=HOURS, rate=RATE, seed=1):
    """Write the recording and return its number of spikes."""
    rng = np.random.default_rng(seed)
    rates = rng.lognormal(0.0, 1.0, n_units)
    rates *= rate / rates.mean()
    duration = 3600 * hours
    counts = rng.poisson(rates * duration)
    times = rng.uniform(0, duration, counts.sum())
    ids = np.repeat(np.arange(n_units), counts)
    order = np.argsort(times)
    ht.Recording(times[order], ids[order], n_units, 0, duration).write(path)
    return counts.sum()


def megabytes():
    """Return the largest memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main():
    """Print the table; the file is written by another process, whose memory does not count."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.npz"
        child = os.fork()
        if not child:
            write(path)
            os._exit(0)
        os.waitpid(child, 0)
        began, whole = time.perf_counter(), time.process_time()
        recording = ht.Recording.read(path)
        print(f"{recording}\nread: {time.perf_counter() - began:.1f} s, {megabytes():.0f} MB")
        steps = {
            "quality": recording.quality,
            "statistics": lambda: analysis.spike_statistics(recording),
            "spectrum": lambda: analysis.power_spectrum(recording),
            "dimension, 50 ms": lambda: analysis.participation_ratio(recording, bin_size=0.05),
            "dimension curve": lambda: analysis.dimension_curve(recording),
            "autocorrelogram": lambda: analysis.autocorrelogram(recording),
        }
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            print(f"{name}: {time.perf_counter() - start:.1f} s, {megabytes():.0f} MB")
        print(
            f"everything: {time.perf_counter() - began:.1f} s (asked: below 60), "
            f"{time.process_time() - whole:.1f} s of processors, {megabytes():.0f} MB (asked: "
            "below 2000)"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
