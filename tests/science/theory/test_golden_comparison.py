"""The comparison itself: exact theory must agree with measurement, failing theory must differ.

Exact: Siegert, Phys. Rev. 81, 617 (1951) with the threshold shift of Broadie, Glasserman & Kou,
Math. Finance 7, 325 (1997); Bernoulli processes in closed form; the participation ratio of a known
covariance; the mean field of Sompolinsky, Crisanti & Sommers, PRL 61, 259 (1988) in discrete time,
extrapolated to infinite N.  Known to fail: that mean field close to its onset in a small network,
Gaussian theory on heavy-tailed weights, and the participation ratio of few samples.
"""

from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms, mV, second
from lif_in_si import siegert

from heavytail_snn.analysis import compare, participation_ratio, power_spectrum, spike_statistics
from heavytail_snn.analysis.study.config import DEFAULTS, NetworkConfig
from heavytail_snn.analysis.study.parts import pooled
from heavytail_snn.analysis.study.registry import measure
from heavytail_snn.analysis.theory import rate_map, rate_map_spectrum
from heavytail_snn.brian.simulation.simulate import simulate
from heavytail_snn.core.results import Estimate
from heavytail_snn.models import BinaryNetwork, LIFNetwork
from heavytail_snn.models.binary.network import states_at
from heavytail_snn.models.brian.lif_noise import WhiteNoise


def exact(name, value, unit=""):
    return Estimate(name, value, 0.0, unit)


def by_name(estimates):
    return {e.name: e for e in estimates}


@pytest.fixture(scope="module")
def unconnected_lif():
    """Rate of 300 LIF neurons with white noise and negligible synapses."""
    model = LIFNetwork(1e-12 * np.eye(300), drive=20 * mV, noise=WhiteNoise(4 * mV))
    recording = simulate(model, 1.5 * second, backend="numpy", seed=4)
    settled = recording.slice(0.3, 1.5)
    return by_name(spike_statistics(settled).estimates())["rate"]


@pytest.fixture(scope="module")
def unconnected_units():
    """Flips of 200 binary units with negligible synapses, and their states."""
    model = BinaryNetwork(1e-12 * np.eye(200), noise=1.0, tau=10 * ms)
    recording = simulate(model, 4 * second, dt=0.5 * ms, backend="numpy", seed=5)
    return recording, states_at(recording, np.arange(0.0, 4.0, 10e-3) + 1e-4)


def map_networks(gain, sizes, networks, alpha=2.0, seed=0):
    """Measure rate maps of several sizes; the gain is of the Gaussian convention."""
    options = DEFAULTS["rate_map"] | {"gain": gain / np.sqrt(2), "duration": 100.0}
    config = NetworkConfig(
        model="rate_map", alpha=(alpha,), n_neurons=sizes, **options | {"networks": networks}
    )
    return {
        n: pooled(
            [measure(config, alpha, n, seed=seed + i, backend="numpy") for i in range(networks)]
        )
        for n in sizes
    }


def gaussian_samples(n_samples, eigenvalues, seed=1):
    rng = np.random.default_rng(seed)
    rotation = np.linalg.qr(rng.standard_normal((eigenvalues.size, eigenvalues.size)))[0]
    return rng.standard_normal((n_samples, eigenvalues.size)) * np.sqrt(eigenvalues) @ rotation.T


EIGENVALUES = np.arange(1, 61) ** -0.5
TRUE_RATIO = EIGENVALUES.sum() ** 2 / np.square(EIGENVALUES).sum()


def test_seven_exact_quantities_agree(unconnected_lif, unconnected_units):
    recording, states = unconnected_units
    p_flip = -np.expm1(-0.5 / 10) / 2  # per step of 0.5 ms
    statistics = by_name(spike_statistics(recording, count_window=0.1).estimates())
    products = np.mean(states[1:] * states[:-1], axis=0)
    sizes = map_networks(2.0, (100, 200, 400), 4)
    activity = {n: by_name(found)["mean_square_activity"] for n, found in sizes.items()}
    rows = [
        compare(unconnected_lif, siegert(20e-3, 4e-3, dt=1e-4).estimates()),
        compare(
            [replace(statistics["rate"], name="flip_rate"), statistics["fano_factor"]],
            [exact("flip_rate", p_flip / 0.5e-3, "Hz"), exact("fano_factor", 1 - p_flip)],
        ),
        compare(
            power_spectrum(recording).estimates(), exact("spectrum_tail_over_rate", 1 - p_flip)
        ),
        compare(
            Estimate("autocorrelation", products.mean(), products.std() / np.sqrt(200)),
            exact("autocorrelation", np.exp(-1.0)),
        ),
        compare(activity, exact("mean_square_activity", rate_map(2.0).activity_variance)),
        compare(
            participation_ratio(gaussian_samples(400, EIGENVALUES)).estimates()[0],
            exact("participation_ratio", TRUE_RATIO),
        ),
    ]
    verdicts = {row.name: (row.verdict, round(row.z, 2)) for c in rows for row in c.rows}
    assert len(verdicts) == 7
    assert {v for v, _ in verdicts.values()} == {"agrees"}, verdicts
    # agreement is worth something only where the errors are small
    errors = [abs(r.measured.standard_error / r.predicted.value) for c in rows for r in c.rows]
    assert max(errors) < 0.06


def test_theory_of_infinite_networks_differs_close_to_onset():
    theory = rate_map_spectrum(1.1)
    measured = by_name(map_networks(1.1, (60,), 40)[60])["largest_exponent"]
    row = compare(measured, theory)["largest_exponent"]
    assert row.verdict == "differs", row.reason
    # the small network has not turned chaotic, which the infinite one has
    assert measured.value < 0 < theory.largest_exponent


def test_gaussian_theory_differs_on_heavy_tailed_weights():
    measured = by_name(map_networks(1.1, (300,), 4, alpha=1.2)[300])["mean_square_activity"]
    predicted = exact("mean_square_activity", rate_map(1.1).activity_variance)
    row = compare(measured, predicted, tolerance=0.1)["mean_square_activity"]
    assert row.verdict == "differs", row.reason
    assert row.difference > 0


def test_naive_participation_ratio_differs_where_cross_block_agrees():
    samples = gaussian_samples(150, EIGENVALUES, seed=3)
    predicted = exact("participation_ratio", TRUE_RATIO)
    verdicts = {}
    for method in ("naive", "cross_block"):
        ratio = participation_ratio(samples, method=method).estimates()[0]
        verdicts[method] = compare(ratio, predicted)["participation_ratio"].verdict
    assert verdicts == {"naive": "differs", "cross_block": "agrees"}
