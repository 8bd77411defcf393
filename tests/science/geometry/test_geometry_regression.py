"""Chaos regularises: test error of a readout from binary networks against their coupling.

The setting of reference/theory.json, entries regression.*, which have no intercept: t = 4,
s_in = 1, s = 0.3, label noise 0.5, target sqrt2 (cos + 0.5 cos 3), 80 of uniformly random angles
for training.  The idea is that announced in the abstract of Bauer, Keup, Kadmon & Helias,
arXiv 2606.04426; definitions are ours.
"""

import json

import numpy as np
import pytest

from heavytail_snn.analysis import theory
from heavytail_snn.analysis.geometry import kernel_regression, readout_regression
from heavytail_snn.models.binary.trials import binary_trials
from heavytail_snn.models.stimulus import circle

TIME, NOISE, LABEL_NOISE = 4.0, 0.3, 0.5
TARGETS = {
    "two harmonics": lambda x: np.sqrt(2) * (np.cos(x) + 0.5 * np.cos(3 * x)),
    "square": lambda x: np.sign(np.cos(x)),
    "bump": lambda x: 4 * np.exp((np.cos(x) - 1) / 0.1),
}


def theory_kernel(g, distances):
    """Kernel of infinite networks at given distances, with 1 on the diagonal."""
    grid = np.concatenate([np.geomspace(1e-6, 0.1, 60), np.linspace(0.11, np.pi, 200)])
    values = theory.response_kernel(grid, [TIME], g=g, s=NOISE)
    kernel = np.interp(distances, grid, values.kernel[0])
    np.fill_diagonal(kernel, 1.0)
    return kernel


@pytest.mark.parametrize("g", [0.02, 0.5, 1.0, 2.0])
def test_kernel_regression_of_theory_is_the_stored_error(g, reference):
    entries = json.loads((reference / "theory.json").read_text())["entries"]
    stored = {e["id"]: e for e in entries}
    errors = []
    for seed in range(4):
        angles = np.random.default_rng(seed).uniform(0, 2 * np.pi, 480)
        kernel = theory_kernel(g, circle(angles).distances)
        result = kernel_regression(
            kernel,
            TARGETS["two harmonics"](angles),
            n_train=80,
            label_noise=LABEL_NOISE,
            intercept=False,
            n_draws=40,
            seed=seed,
        )
        errors.extend(result.errors)
    expected = stored[f"regression.g{g:g}.P80.kernel_mse"]
    spread = np.hypot(np.std(errors) / np.sqrt(len(errors)), expected["se"])
    assert np.mean(errors) == pytest.approx(expected["value"], abs=4 * spread)


def test_without_noise_chaos_only_harms():
    """Exact labels and states: nothing to regularise, each step of coupling costs."""
    angles = np.random.default_rng(1).uniform(0, 2 * np.pi, 240)
    kernels = [theory_kernel(g, circle(angles).distances) for g in (0.02, 0.1, 0.5, 1.0, 2.0)]
    for target in TARGETS.values():
        exact, noisy = (
            [
                kernel_regression(k, target(angles), n_train=80, label_noise=noise, seed=1).error
                for k in kernels
            ]
            for noise in (0.0, LABEL_NOISE)
        )
        assert np.all(np.diff(exact) > 0)
        assert 0 < np.argmin(noisy) < 4


@pytest.mark.slow
def test_optimum_lies_at_intermediate_coupling():
    """Ten networks of 1000 units, three targets; also that the infinite network does better."""
    gains, n = (0.05, 0.5, 4.0), 1000
    measured = {name: np.empty((10, 3)) for name in TARGETS}
    predicted = {name: np.empty((10, 3)) for name in TARGETS}
    for network in range(10):
        random = np.random.default_rng(network)
        angles = random.uniform(0, 2 * np.pi, 120)
        stimulus = circle(angles)
        drive = stimulus.patterns(n, seed=network)
        weights = random.standard_normal((n, n), dtype=np.float32) / np.float32(np.sqrt(n))
        for place, g in enumerate(gains):
            states = binary_trials(
                np.float32(g) * weights, [TIME], drive=drive, noise=NOISE, seed=network
            )[0]
            kernel = theory_kernel(g, stimulus.distances)
            options = {"n_train": 80, "label_noise": LABEL_NOISE, "n_draws": 10, "seed": network}
            for name, target in TARGETS.items():
                values = target(angles)
                error = readout_regression(states, values, **options).error
                measured[name][network, place] = error
                error = kernel_regression(kernel, values, **options).error
                predicted[name][network, place] = error
    for name, errors in measured.items():
        mean, sem = errors.mean(axis=0), errors.std(axis=0, ddof=1) / np.sqrt(10)
        for outer in (0, 2):
            assert mean[outer] - mean[1] > 4 * np.hypot(sem[outer], sem[1]), name
        limit = predicted[name].mean(axis=0)
        assert limit.argmin() == 1
        # what 1000 units lack: the kernel's own fluctuations, of order 1/sqrt(N)
        assert np.all(mean > limit - 2 * sem)
        assert np.all(mean - limit < 0.12)
