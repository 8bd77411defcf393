"""LIF theory against reference numbers, exact integrals, another package and networks.

Sources: Siegert 1951 (rate), Brunel 2000 (self-consistent rate), Broadie, Glasserman & Kou 1997
(threshold shift of a grid), Dummer, Wieland & Lindner 2014 (self-consistent spectrum). Reference
numbers: reference/theory.json, section 8. Its spectra are means over +-30 % of a frequency. Its
self-consistent ones were smoothed over about 20 bins of unstated width, on which they depend (at
0.1 mV and 5 Hz, 2, 8 and 12 Hz give 0.34, 0.6 and 0.8 Hz). `SMOOTHING` reproduces them to 20 %; the
default of 2 Hz is closer to the networks, so both are tested.
"""

from functools import cache
from importlib import import_module
from itertools import pairwise

import lif_simulation as plain
import numpy as np
import pytest
from brian2 import mV
from lif_in_si import LIFCircuit, siegert
from reference_files import entries

from heavytail_snn.analysis import theory
from heavytail_snn.analysis.theory.lif.network import lif_network
from heavytail_snn.analysis.theory.lif.paths import (
    Background,
    Membrane,
    SynapticWeights,
    poisson_trains,
    respond,
)
from heavytail_snn.analysis.theory.lif.population import LIFSampling
from heavytail_snn.analysis.theory.lif.siegert import siegert_derivatives
from heavytail_snn.analysis.theory.lif.spectrum import lif_spectrum
from heavytail_snn.analysis.theory.lif.stability import lif_critical_weight, lif_stability

ENTRIES = {e["id"]: e for e in entries("theory.json") if e["section"] == 8}


def circuit(weight, k=250, **keywords):
    """Return the reference circuit: 4 : 1 excitation and inhibition, g = 5, weight in mV."""
    settings = {"in_degree": (0.8 * k, 0.2 * k), "weight": (weight * 1e-3, -5e-3 * weight)}
    return LIFCircuit(**(settings | {"drive": 24e-3, "v_reset": 0.01} | keywords))


SMOOTHING = {0.1: 8.0, 0.2: 8.0, 0.4: 8.0, 0.8: 12.0}  # Hz, by weight in mV


@cache
def spectrum_theory(weight, bandwidth):
    sampling = LIFSampling(population=160, bandwidth=bandwidth, n_iterations=18, n_average=10)
    return lif_spectrum(circuit(weight), sampling=sampling, seed=1)


@cache
def network(weight, n=2500):
    """Simulate the reference network with n neurons, fixed in-degree 200 + 50."""
    rng = np.random.default_rng(n)
    excitatory = plain.fixed_in_degree(n, 200, rng, 0, 4 * n // 5)
    inhibitory = plain.fixed_in_degree(n, 50, rng, 4 * n // 5, n)
    weights = np.repeat(np.array([[1.0, -5.0]]) * weight * 1e-3, [200, 50], axis=1)
    return plain.run(
        np.concatenate([excitatory, inhibitory], axis=1), np.tile(weights, (n, 1)),
        mu=24e-3, duration=2.5, v_reset=0.01, rng=rng,
    )  # fmt: skip


@cache
def single_neurons(mu, sigma, dt):
    """Return the rate of simulated neurons driven by white noise (mV, s) and its error."""
    rng = np.random.default_rng(1)
    n, n_steps = 400, 50000
    nothing = SynapticWeights(np.zeros((n, 0)), np.zeros(n), np.zeros(n))
    silence = Background(0.0, 0.0, np.zeros(n_steps // 2 + 1))
    sources = poisson_trains(1.0, 2, n_steps, dt, rng)
    membrane = Membrane(0.02, 0.02, 0.01, 2e-3, dt)
    trains = respond(
        sources, silence, nothing, membrane, drive=mu * 1e-3, noise=sigma * 1e-3, generator=rng
    ).trains
    return float(trains.rates.mean()), float(trains.rates.std() / np.sqrt(n))


def value_of(name, parameters):
    """Return the number that an entry of theory.json states, computed here."""
    family, quantity = name.split(".")[1], name.split(".")[-1]
    if family == "Jc":
        found = lif_critical_weight(circuit(1.0, parameters["K"]))
        return found.weight[0] * 1e3
    if family == "siegert":
        mu, sigma = parameters["mu_mV"], parameters["sig_mV"]
        dt = parameters.get("dt_ms", 0.0) * 1e-3
        if quantity == "sim":
            return single_neurons(mu, sigma, dt)[0]
        shift = dt if quantity == "rate_shifted" else None
        return siegert(mu * 1e-3, sigma * 1e-3, v_reset=0.01, dt=shift).rate
    weight = parameters["J_mV"]
    if quantity in ("S_selfcons", "S_network"):
        theory = quantity == "S_selfcons"
        measured = spectrum_theory(weight, SMOOTHING[weight]) if theory else network(weight)
        f, s = (measured.frequencies, measured.spectrum) if theory else (
            measured["frequencies"], measured["spectrum"]
        )  # fmt: skip
        return np.array([plain.around(f, s, centre) for centre in parameters["f_Hz"]])
    if quantity == "rate":
        return network(weight)["rates"].mean()
    if quantity == "selfcons":
        return spectrum_theory(weight, SMOOTHING[weight]).rate
    state = lif_network(circuit(weight))
    return {
        "siegert": state.rate,
        "nu_hz": state.rate,
        "mu": state.mean_input * 1e3,
        "sig": state.sigma * 1e3,
        "chi_hz_per_mV": state.susceptibility * 1e-3,
        "gain2": lif_stability(circuit(weight)).squared_gain,
    }[quantity]


@pytest.mark.parametrize("name", [n for n in ENTRIES if n.split(".")[1] != "network"])
def test_reference_number(name):
    check(ENTRIES[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in ENTRIES if n.split(".")[1] == "network"])
def test_reference_network(name):
    check(ENTRIES[name])


def check(entry):
    tolerance = entry["tolerance"]
    assert tolerance["type"] == "relative"
    value = value_of(entry["id"], entry["parameters"])
    assert np.all(np.isfinite(value))
    assert value == pytest.approx(np.array(entry["value"]), rel=tolerance["value"])


def test_no_reference_number_is_left_out():
    every = entries("theory.json")
    named = {e["id"] for e in every if e["id"].startswith("lif.") or e["section"] == 8}
    assert named == set(ENTRIES)
    assert len(named) >= 59


# --- the rate ---


def test_noise_free_rate():
    assert siegert(0.04, 0.0).rate == pytest.approx(1 / (2e-3 + 20e-3 * np.log(2)), rel=1e-12)
    assert siegert(0.04, 0.0).rate == pytest.approx(63.0400, abs=1e-4)


@pytest.mark.parametrize(
    ("mu", "sigma"),
    [(5, 0.8), (15, 5), (22, 0.2), (-50, 3), (19.9, 0.01), (10, 100), (20, 0.001), (-300, 60)],
)
def test_siegert_against_integration_in_30_digits(mu, sigma):
    mpmath = pytest.importorskip("mpmath")
    mp = mpmath.mp.clone()
    mp.dps = 30
    lower, upper = ((mp.mpf(x) - mu) / mp.mpf(sigma) for x in (10, 20))
    points = sorted({lower, upper, *(mp.mpf(x) for x in (-30, -3, 0, 3) if lower < x < upper)})
    pieces = [mp.linspace(a, b, 9) for a, b in pairwise(points)]
    total = sum(mp.quad(lambda u: mp.exp(u * u) * mp.erfc(-u), piece) for piece in pieces)
    exact = 1000 / (2 + 20 * mp.sqrt(mp.pi) * total)
    found = siegert(mu * 1e-3, sigma * 1e-3, v_reset=0.01)
    assert found.rate == pytest.approx(float(exact), rel=1e-10)
    assert found.relative_error < 1e-10


def test_siegert_against_nnmt():
    nnmt = pytest.importorskip("nnmt", reason="the package nnmt is not installed")
    mu, sigma = np.meshgrid([-20e-3, 5e-3, 15e-3, 20e-3, 30e-3], [1e-3, 5e-3, 20e-3])
    membrane = {"tau": 0.02, "theta": 0.02, "v_reset": 0.01, "t_ref": 2e-3}
    rate, by_mu, _ = siegert_derivatives(mu.ravel(), sigma.ravel(), **membrane)
    lists = [np.full(mu.size, v) for v in (0.01, 0.02, 0.02, 2e-3)]
    theirs = nnmt.lif.delta._firing_rates_for_given_input(mu.ravel(), sigma.ravel(), *lists)
    assert rate == pytest.approx(theirs, rel=1e-4, abs=1e-12)
    # their derivative loses its digits where the integration limits exceed 5 in size
    kept = (np.abs(0.01 - mu.ravel()) < 5 * sigma.ravel()) & (
        np.abs(0.02 - mu.ravel()) < 5 * sigma.ravel()
    )
    assert kept.sum() >= 8
    slope = nnmt.lif.delta._derivative_of_firing_rates_wrt_mean_input(
        mu.ravel()[kept], sigma.ravel()[kept], *(x[kept] for x in lists)
    )
    assert by_mu[kept] == pytest.approx(slope, rel=1e-3)


@pytest.mark.parametrize("dt", [1e-4, 2e-5])
def test_threshold_shift_predicts_simulations_and_its_absence_does_not(dt):
    for mu, sigma in [(15, 5), (10, 10)]:
        found, error = single_neurons(mu, sigma, dt)
        shifted = siegert(mu * 1e-3, sigma * 1e-3, v_reset=0.01, dt=dt).rate
        plain_rate = siegert(mu * 1e-3, sigma * 1e-3, v_reset=0.01).rate
        assert abs(found - shifted) < 0.012 * shifted + 3 * error
        assert plain_rate - found > 0.02 * found


def test_doubling_the_grid_of_the_rate_changes_nothing():
    mu, sigma = np.meshgrid(np.linspace(-0.05, 0.05, 21), np.geomspace(1e-5, 0.1, 9))
    membrane = {"tau": 0.02, "theta": 0.02, "v_reset": 0.0, "t_ref": 2e-3}
    once = siegert_derivatives(mu, sigma, **membrane)
    twice = siegert_derivatives(mu, sigma, **membrane, n_nodes=128)
    for a, b in zip(once, twice, strict=True):
        assert a == pytest.approx(b, rel=1e-9, abs=1e-300)


def test_distributed_rates_against_direct_quadrature(monkeypatch):
    module = import_module("heavytail_snn.analysis.theory.lif.network")
    random = circuit(0.4, weight_sd=2e-4, connection_probability=0.1)
    coarse = lif_network(random)
    fine = np.linspace(-8, 8, 1001)
    monkeypatch.setattr(module, "DEVIATES", fine)
    bell = np.exp(-(fine**2) / 2)
    monkeypatch.setattr(module, "PROBABILITY", bell / bell.sum())
    again = lif_network(random)
    assert coarse.rate == pytest.approx(again.rate, rel=1e-6)
    assert coarse.rate_sd == pytest.approx(again.rate_sd, rel=1e-6)
    # self-consistency of the second moment, by its definition
    square = again.rate**2 + again.rate_sd**2
    degrees, weights = np.array(random.in_degree), np.array(random.weight)
    variance = degrees @ (weights**2 + 4e-8) * square - 0.1 * degrees @ weights**2 * again.rate**2
    assert again.mean_input_sd == pytest.approx(0.02 * np.sqrt(variance), rel=1e-7)


# --- theory and networks ---


def test_rate_of_gaussian_networks_at_three_sizes():
    """Random weights of finite variance: theory within 5 % at each size, closer with N."""
    k, gain, sizes = 100, 8e-3, (500, 1000, 4000)
    random = LIFCircuit(
        in_degree=(k,), weight=(0.0,), weight_sd=gain / np.sqrt(k), drive=24e-3, dt=1e-4
    )
    white = lif_network(random)
    coloured = lif_spectrum(
        random, sampling=LIFSampling(population=200, n_iterations=20, n_average=14), seed=1
    )
    rates = {}
    for n in sizes:
        rng = np.random.default_rng(n)
        weights = gain / np.sqrt(k) * rng.standard_normal((n, k))
        simulated = plain.run(
            plain.fixed_in_degree(n, k, rng), weights, mu=24e-3, duration=2.0, rng=rng
        )
        rates[n] = simulated["rates"]
        assert simulated["rates"].mean() == pytest.approx(coloured.rate, rel=0.05)
        assert simulated["rates"].mean() == pytest.approx(white.rate, rel=0.05)
    error = rates[4000].std() / np.sqrt(4000)
    assert abs(rates[4000].mean() - coloured.rate) < 3 * np.hypot(error, coloured.rate_error)
    assert rates[4000].std() == pytest.approx(coloured.rate_sd, rel=0.05)


@pytest.mark.slow
def test_spectrum_of_regular_networks_needs_little_smoothing():
    """With 2 Hz the theory meets the network's spectrum to 20 %; with 8 Hz it is far too high."""
    for weight in (0.1, 0.2):
        simulated = network(weight)
        fine = spectrum_theory(weight, 2.0)
        for f in (5, 10, 20, 50, 100):
            seen = plain.around(simulated["frequencies"], simulated["spectrum"], f)
            assert plain.around(fine.frequencies, fine.spectrum, f) == pytest.approx(seen, rel=0.2)
        assert fine.rate == pytest.approx(simulated["rates"].mean(), rel=0.01)
        assert fine.spectrum_tail_over_rate == pytest.approx(1.0, abs=0.005)
    regular = network(0.1)
    low = plain.around(regular["frequencies"], regular["spectrum"], 5)
    coarse = spectrum_theory(0.1, SMOOTHING[0.1])
    assert plain.around(coarse.frequencies, coarse.spectrum, 5) > 1.5 * low


@pytest.mark.slow
def test_strongly_coupled_networks_approach_the_theory_with_size():
    """At J = 0.8 mV, beyond the static instability, K / N = 0.1 costs 40 % of the slow power.

    S(5 Hz) of one realisation: 57 Hz at N = 2500, 64 at 7500, 75 at 20000; theory 97.
    """
    theory = spectrum_theory(0.8, 2.0)
    predicted = plain.around(theory.frequencies, theory.spectrum, 5)
    seen = []
    for n in (1250, 2500, 7500):
        simulated = network(0.8, n)
        seen.append(plain.around(simulated["frequencies"], simulated["spectrum"], 5))
    assert seen[0] < seen[1] < seen[2] < predicted
    assert 0.55 * predicted < seen[2]


def test_a_binomial_in_degree_far_below_threshold_is_solved():
    """At rates tried far above the solution the spread of rates jumps to and fro."""
    options = {"in_degree": 100, "weight": -0.1 * mV, "drive": 30 * mV}
    fixed = theory.lif_network(theory.LIFCircuit(**options))
    spread = theory.lif_network(theory.LIFCircuit(**options, connection_probability=0.1))
    assert spread.rate == pytest.approx(fixed.rate, rel=0.05)
    assert spread.rate_sd > 0
    # the rates that the neurons have are those that they hear: <nu^2> enters the spread
    square = spread.rate**2 + spread.rate_sd**2
    circuit = theory.LIFCircuit(**options, connection_probability=0.1)
    _, _, heard = circuit.input_statistics(spread.rate, square)
    assert heard == pytest.approx(spread.mean_input_sd, rel=1e-9)
