"""Exponents, dimensions, thresholds and participation ratio of heavy-tailed rate maps.

Reference numbers: rate_networks.json (independent NumPy code; means over other networks, so that
both standard errors count).  Golden test: free-probability mean field at G = 2, and Clark 2026.
Participation ratio: mean field 1 - (G <phi'>)^4.
"""

import json

import numpy as np
import pytest

from heavytail_snn.analysis.dimension import participation_ratio
from heavytail_snn.analysis.lyapunov import (
    chaos_onset,
    edge_of_chaos_width,
    largest_exponent_curve,
    lyapunov_spectrum,
    quenched_gain,
)
from heavytail_snn.analysis.theory.rate.map import rate_map
from heavytail_snn.analysis.theory.rate.map_spectrum import rate_map_spectrum
from heavytail_snn.analysis.theory.stable.map import stable_map
from heavytail_snn.analysis.theory.stable.onset_gain import quiescent_gain
from heavytail_snn.models.rate.map import RateMap
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import LevyStable
from heavytail_snn.weights.wiring import AllToAll

ALPHAS = (1.0, 1.5, 2.0)


def coupling(alpha, **options):
    return Coupling(LevyStable(alpha), AllToAll(), **options)


@pytest.fixture(scope="module")
def reference(reference):
    entries = json.loads((reference / "rate_networks.json").read_text())["entries"]
    return {entry["id"]: entry for entry in entries}


def assert_agrees(values, entry, what, floor=0.002):
    """Compare a mean over networks with a reference mean: 3 combined errors and 2 per cent."""
    values = np.asarray(values, dtype=float)
    error = np.hypot(values.std(ddof=1) / np.sqrt(values.size), entry["se"])
    limit = max(3 * error + 0.02 * abs(entry["value"]) + floor, entry["tolerance"])
    assert abs(values.mean() - entry["value"]) <= limit, (what, values.mean(), entry["value"])


@pytest.mark.parametrize("alpha", ALPHAS)
def test_largest_exponent_at_300_neurons(reference, alpha):
    gains = [0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0]
    curves = np.array(
        [
            largest_exponent_curve(coupling(alpha).sample(300, seed), gains, seed=seed).exponents
            for seed in range(4)
        ]
    )
    for gain, values in zip(gains, curves.T, strict=True):
        entry = reference[f"mle/N300_a{alpha}_g{gain:g}"]
        error = np.hypot(values.std(ddof=1) / np.sqrt(4), entry["se"])
        # 27 comparisons on small samples: 4 combined errors keep a false alarm below 1 per cent
        assert abs(values.mean() - entry["value"]) < 4 * error + 0.004, (gain, values.mean())


def test_largest_exponent_with_noise(reference):
    gains = [0.5, 1.0, 2.0]
    for alpha in (1.5, 2.0):
        curves = np.array(
            [
                largest_exponent_curve(
                    coupling(alpha).sample(300, s), gains, noise=0.1, seed=s, n_steps=600
                ).exponents
                for s in range(4)
            ]
        )
        for gain, values in zip(gains, curves.T, strict=True):
            assert_agrees(values, reference[f"noise/N300_a{alpha}_g{gain}"], (alpha, gain))


def test_the_transposed_product_is_not_the_exponent_of_two_trajectories(reference):
    entry = reference["transposed/N300_a1.0_g2.0"]
    ours, transposed = [], []
    for seed in range(3):
        network = RateMap(coupling(1.0), 300, gain=2.0, seed=seed)
        result = lyapunov_spectrum(network, k=1, seed=seed, n_steps=3000, verify=True)
        assert result.parameters["two_trajectory"][1e-8] == pytest.approx(
            result.exponents[0], abs=1e-6
        )
        ours.append(result.exponents[0])
        with pytest.warns(UserWarning, match="not the Lyapunov"):
            other = lyapunov_spectrum(
                network, compat="xie2025", k=1, seed=seed, state_warmup=1500, n_steps=3000,
                late_jacobian=False, q0="random", tangent_warmup=200,
            )  # fmt: skip
        transposed.append(other.exponents[0])
    assert_agrees(ours, {"value": entry["value"]["JQ"], "se": 0.008, "tolerance": 0}, "JQ")
    assert_agrees(transposed, {"value": entry["value"]["JTQ"], "se": 0.009, "tolerance": 0}, "JTQ")
    assert np.mean(ours) - np.mean(transposed) > 0.15


@pytest.mark.parametrize("alpha", [1.0, 1.5, pytest.param(2.0, marks=pytest.mark.slow)])
def test_dimension_and_entropy_at_300_neurons(reference, alpha):
    gain = {1.0: 5.0, 1.5: 2.0, 2.0: 5.0}[alpha]
    results = [
        lyapunov_spectrum(
            RateMap(coupling(alpha), 300, gain=gain, seed=s), seed=s, n_steps=600,
            state_warmup=1000,
        )
        for s in range(4)
    ]  # fmt: skip
    name = f"spectrum/N300_a{alpha}_g{gain}"
    for field, key in (("kaplan_yorke_dimension", "dky"), ("entropy_rate", "h")):
        values = [getattr(r, field) for r in results]
        assert_agrees(values, reference[f"{name}/{key}"], (alpha, gain, key), floor=0.02)
    positive = [300 * r.positive_fraction for r in results]
    assert_agrees(positive, reference[f"{name}/npos"], (alpha, gain, "npos"), floor=0.5)


@pytest.mark.filterwarnings("ignore::heavytail_snn.analysis.lyapunov.NotLyapunovWarning")
@pytest.mark.parametrize("alpha", ALPHAS)
def test_published_protocol_at_300_neurons(reference, alpha):
    gain = {1.0: 5.0, 1.5: 2.0, 2.0: 2.0}[alpha]
    results = [
        lyapunov_spectrum(
            RateMap(coupling(alpha), 300, gain=gain, seed=s), compat="xie2025", seed=s,
            state_warmup=1500,
        )
        for s in range(4)
    ]  # fmt: skip
    name = f"compat/N300_a{alpha}_g{gain}"
    dimensions = [r.kaplan_yorke_dimension for r in results]
    assert_agrees(dimensions, reference[f"{name}/D_KY"], (alpha, gain), floor=0.5)
    largest = [r.exponents[0] for r in results]
    assert_agrees(largest, reference[f"{name}/lambda1"], (alpha, gain), floor=0.02)


@pytest.mark.slow
def test_golden_spectrum_of_a_gaussian_map_at_a_thousand_neurons(reference):
    network = RateMap(coupling(2.0), 1000, gain=2**0.5, seed=1)
    result = lyapunov_spectrum(
        network, k=350, seed=1, n_steps=200, state_warmup=800, tangent_warmup=100
    )
    theory = rate_map_spectrum(2**0.5, convention="stable")
    golden = {
        "lambda1": (result.largest_exponent, theory.largest_exponent, 0.01),
        "D_over_N": (
            result.kaplan_yorke_dimension / 1000, theory.kaplan_yorke_dimension_per_neuron, 0.01,
        ),
        "h_over_N": (result.entropy_rate / 1000, theory.entropy_rate_per_neuron, 0.0008),
        "frac_positive": (result.positive_fraction, theory.positive_fraction, 0.008),
    }  # fmt: skip
    for name, (measured, predicted, tolerance) in golden.items():
        entry = reference[f"gauss_mean_field/G2/{name}"]
        assert predicted == pytest.approx(entry["value"], abs=5 * entry["tolerance"])
        assert measured == pytest.approx(entry["value"], abs=tolerance), name


@pytest.mark.parametrize("alpha", ALPHAS)
def test_quenched_threshold_at_100_neurons(reference, alpha):
    zero_diagonal = [
        quenched_gain(coupling(alpha, autapses=False).sample(100, s)) for s in range(120)
    ]
    # without autapses the scale follows n - 1 inputs
    rescaled = np.array(zero_diagonal) * (100 / 99) ** (1 / alpha)
    assert_agrees(rescaled, reference[f"quenched_zero_diag/N100_a{alpha}"], "zero diagonal", 0)
    values = [quenched_gain(coupling(alpha).sample(100, s)) for s in range(120)]
    assert_agrees(values, reference[f"quenched/N100_a{alpha}"], "kept diagonal", 0)
    assert np.mean(values) == pytest.approx(quiescent_gain(100, alpha), rel=0.2)


@pytest.mark.slow
@pytest.mark.parametrize("alpha", ALPHAS)
def test_onset_and_width_at_300_neurons(reference, alpha):
    gains = np.geomspace(0.12, 2, 26)
    result = chaos_onset(
        coupling(alpha), gains, n_neurons=300, n_networks=5, seed=5, dtype="float32"
    )
    entry = reference[f"g_chaos/N300_a{alpha}"]
    error = np.hypot(result.standard_error, entry["se"])
    assert abs(result.onset - entry["value"]) < 3 * error + 0.05 * entry["value"]
    width = edge_of_chaos_width(gains, result.exponents.mean(axis=0))
    assert width == pytest.approx(reference[f"mle_width/N300_a{alpha}"]["value"]["width"], abs=0.1)
    # the three thresholds are three numbers
    quenched = np.mean([quenched_gain(coupling(alpha).sample(300, s)) for s in range(8)])
    assert result.onset > 1.1 * quenched
    assert result.onset > 1.1 * quiescent_gain(300, alpha)


@pytest.mark.slow
@pytest.mark.parametrize("gain", [2.0, 5.0])
def test_participation_ratio_follows_the_mean_field(reference, gain):
    n, n_samples = 1000, 10_500
    network = RateMap(coupling(2.0), n, gain=gain, seed=1)
    traces = network.run(n_samples, seed=1, warmup=500)
    cross = participation_ratio(traces, method="cross_block").participation_ratio
    theory = n * rate_map(gain, convention="stable").participation_ratio_per_neuron
    assert cross == pytest.approx(theory, rel=0.03)
    few = traces[: n + 50]
    naive = participation_ratio(few, method="naive").participation_ratio
    # biased low: 1/PR_naive = 1/PR + 1/P for samples that are independent in time
    assert naive == pytest.approx(1 / (1 / theory + 1 / len(few)), rel=0.04)
    assert naive == pytest.approx(reference[f"pr/N1000_a2.0_g{gain}/PR_naive_K"]["value"], rel=0.05)


@pytest.mark.parametrize(("alpha", "gain"), [(1.0, 2.0), (1.0, 10.0), (1.5, 2.0)])
def test_activity_follows_the_scale_fixed_point(alpha, gain):
    network = RateMap(coupling(alpha), 1000, gain=gain, seed=2)
    traces = network.run(200, seed=1, warmup=200)
    theory = stable_map(alpha, gain).mean_absolute_activity
    assert np.abs(traces).mean() == pytest.approx(theory, abs=0.02)
