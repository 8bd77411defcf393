"""What Lyapunov spectra cost, as ratios of CPU times measured in one run on one thread.

The curve of 50 gains reaches its target at equal steps of state and tangent.  With the published
2900 + 100 steps it cannot in float64: fifty states cost one matrix product a step, and a product
with 50 columns takes 20 times that with one, not 50 times less than fifty.  Half of the published
gains let the state die out, and their columns are left out of the product; the times of the bare
products are printed as the floor.

Run ``OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python tests/benchmarks/bench_lyapunov.py``.
"""

import time

import numpy as np
from scipy import linalg

from heavytail_snn.analysis.lyapunov import (
    largest_exponent_curve,
    lyapunov_spectrum,
    quenched_gain,
)
from heavytail_snn.analysis.lyapunov.tangent.qr import positive_qr
from heavytail_snn.models.rate.map import RateMap
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import LevyStable
from heavytail_snn.weights.wiring import AllToAll

N = 1000
STEPS, EVERY = 40, 2
GAINS = np.logspace(-2, 1, 50)


def seconds(function, repeats=3):
    """Return the shortest of several CPU times, which other work on the machine lengthens less."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times)


def full_spectrum(network):
    """Compare a complete spectrum with its factorisations and products measured alone."""
    options = {"k": N, "qr_every": EVERY, "state_warmup": 0, "tangent_warmup": 0, "seed": 1}
    whole = seconds(lambda: lyapunov_spectrum(network, n_steps=STEPS, **options))
    q = np.asfortranarray(np.random.default_rng(0).standard_normal((N, N)))
    weights = network.weights
    product = seconds(lambda: (q.T @ weights.T).T, 5)
    factorisation = seconds(lambda: positive_qr(q.copy(order="F")), 5)
    parts = STEPS * product + (STEPS // EVERY + 1) * factorisation
    print(f"full spectrum, N = {N}: {whole:.2f} s; QR and products alone {parts:.2f} s")
    print(f"  ratio {whole / parts:.2f} (target <= 1.5)")


def factorisations():
    """Compare ways to factorise."""
    q = np.asfortranarray(np.random.default_rng(0).standard_normal((N, N)))
    ours = seconds(lambda: positive_qr(q.copy(order="F")), 5)
    options = {"mode": "economic", "overwrite_a": True, "check_finite": False}
    by_scipy = seconds(lambda: linalg.qr(q.copy(order="F"), **options), 5)
    by_numpy = seconds(lambda: np.linalg.qr(q), 5)
    print(f"QR {N} x {N}: ours {ours * 1e3:.0f} ms; numpy {by_numpy / ours:.2f} times that, "
          f"scipy {by_scipy / ours:.2f} times")  # fmt: skip


def gain_curve(weights, label, protocol, **options):
    """Compare 50 gains in one batch with 50 separate spectra of 100 exponents, same protocol."""
    batch = {
        dtype: seconds(
            lambda d=dtype: largest_exponent_curve(weights, GAINS, dtype=d, **protocol), 1
        )
        for dtype in ("float32", "float64")
    }
    networks = [RateMap(weights, gain=gain) for gain in GAINS[5::10]]
    separate = [
        seconds(lambda n=n: lyapunov_spectrum(n, k=100, **protocol, **options), 1) for n in networks
    ]
    fifty = np.mean(separate) * len(GAINS)
    print(f"50 gains, N = {N}, {label}: 50 spectra of k = 100 take {fifty:.1f} s")
    for dtype, taken in batch.items():
        floor, all_awake = gain_curve_floor(weights, protocol, dtype)
        print(f"  batched {dtype}: {taken:.2f} s, 1/{fifty / taken:.0f} (target <= 1/30); "
              f"its matrix products alone {floor:.2f} s, 1/{fifty / floor:.0f} "
              f"({all_awake:.2f} s if no state died out)")  # fmt: skip
    return batch


def gain_curve_floor(weights, protocol, dtype):
    """Return the time of the matrix products of a batch, without and with the silent states."""
    one = weights.astype(dtype)
    awake = np.count_nonzero(GAINS > quenched_gain(weights))
    warm = protocol["state_warmup"]
    rest = protocol["tangent_warmup"] + protocol["n_steps"]
    product = {}
    for columns in (awake, len(GAINS), 2 * len(GAINS)):
        states = np.ones((N, columns), dtype)
        product[columns] = seconds(lambda x=states: one @ x, 15)
    measuring = rest * product[2 * len(GAINS)]
    return warm * product[awake] + measuring, warm * product[len(GAINS)] + measuring


def published_form(weights, batch):
    """Compare with separate runs in the form of the published code, float32.

    It multiplies a diagonal matrix with W at every step to form the Jacobian.
    """
    single, x = weights.astype(np.float32), np.ones(N, np.float32)
    q = np.asfortranarray(np.random.default_rng(0).standard_normal((N, 100)), np.float32)
    state = seconds(lambda: np.tanh(single @ x), 15)

    def tangent():
        slope = (1 - np.tanh(single @ x) ** 2).astype(np.float32)
        positive_qr((np.diag(slope) @ single).T @ q)

    fifty = len(GAINS) * (2900 * state + 100 * seconds(tangent, 5))
    print(f"  with the Jacobian formed as in the published code, 2900 + 100 steps: {fifty:.0f} s, "
          f"batched float32 1/{fifty / batch['float32']:.0f}")  # fmt: skip


def main():
    coupling = Coupling(LevyStable(1.5), AllToAll())
    network = RateMap(coupling, N, gain=2.0, seed=1)
    factorisations()
    full_spectrum(network)
    tenth = {"state_warmup": 150, "tangent_warmup": 20, "n_steps": 120, "seed": 1}
    gain_curve(network.weights, "a tenth of the default protocol", tenth)
    # most of the published protocol is state warm-up, which a batch speeds up least
    published = {"state_warmup": 2900, "tangent_warmup": 0, "n_steps": 100, "seed": 1}
    batch = gain_curve(network.weights, "the published 2900 + 100 steps", published, qr_every=1)
    published_form(network.weights, batch)


if __name__ == "__main__":
    main()
