"""Heavy-tailed LIF and rate networks: population dynamics against exact laws and networks.

Derived for this project, so held against what is exact: the shares of a neuron's inputs follow the
Poisson-Dirichlet law of index alpha / 2 (Kingman 1975), whose mean sum of squares is 1 - alpha / 2;
the static input is stable of scale g <nu^alpha>^(1/alpha); alpha = 2 is the Gaussian theory
(Dummer, Wieland & Lindner 2014; Sompolinsky, Crisanti & Sommers 1988). And against networks.
"""

import math

import lif_simulation as plain
import numpy as np
import pytest
from brian2 import ms, mV
from lif_in_si import LIFCircuit, lif_coupling, lif_heavy_tailed
from scipy import stats

import heavytail_snn as ht
from heavytail_snn.analysis.theory.lif.paths import Membrane, stationary_start
from heavytail_snn.analysis.theory.lif.population import LIFSampling
from heavytail_snn.analysis.theory.lif.spectrum import lif_spectrum
from heavytail_snn.analysis.theory.numerics.lepage import lepage_weights, tail_scale
from heavytail_snn.analysis.theory.rate.flow import rate_flow
from heavytail_snn.analysis.theory.stable.rate_flow import (
    PathSampling,
    rate_flow_heavy_tailed,
    stable_scale,
)
from heavytail_snn.weights.coupling import Coupling, Dale
from heavytail_snn.weights.laws import LevyStable, LogNormal
from heavytail_snn.weights.wiring import FixedInDegree

# static spreads need many neurons more than long windows
QUICK = LIFSampling(population=600, duration=0.8, n_iterations=16, n_average=10, bandwidth=4.0)
K = 100


def simulated(alpha, gain, n, duration=0.8):
    rng = np.random.default_rng(n)
    weights = gain * LevyStable(alpha).sample((n, K), rng) / K ** (1 / alpha)
    sources = plain.fixed_in_degree(n, K, rng)
    return plain.run(sources, weights, mu=24e-3, duration=duration, rng=rng)


@pytest.mark.parametrize("alpha", [0.8, 1.2, 1.7])
def test_lepage_series_is_the_stable_law(alpha):
    rng = np.random.default_rng(1)
    n = 20000
    strong, rest = lepage_weights(alpha, n, 60, rng)
    sums = strong.sum(axis=1) + np.sqrt(rest) * rng.standard_normal(n)
    k = np.linspace(0.2, 2.5, 12)
    found = np.cos(np.outer(k, sums)).mean(axis=1)
    assert np.abs(found - np.exp(-(k**alpha))).max() < 4 / np.sqrt(2 * n) + 0.004
    # the largest of many samples has the size of the first term
    samples = np.abs(LevyStable(alpha).sample((2000, 1000), 2)).max(axis=1) / 1000 ** (1 / alpha)
    assert np.median(samples) == pytest.approx(np.median(np.abs(strong[:, 0])), rel=0.08)
    assert np.median(np.abs(strong[:, 0])) == pytest.approx(
        tail_scale(alpha) * np.log(2) ** (-1 / alpha), rel=0.03
    )


@pytest.mark.parametrize("alpha", [1.7, 1.5, 1.2, 0.8])
def test_dominance_is_exactly_one_minus_half_alpha(alpha):
    result = lif_heavy_tailed(alpha, 8e-3, drive=24e-3, sampling=QUICK, seed=3)
    assert result.dominance == pytest.approx(1 - alpha / 2, abs=4 * result.dominance_error + 0.005)
    assert np.all(np.diff(result.variance_fraction) > 0)
    # the largest share of a Poisson-Dirichlet law: its second moment bounds it from below
    assert result.variance_fraction[0] > result.dominance


@pytest.mark.parametrize("alpha", [1.2, 1.6])
def test_share_of_the_strongest_synapse_against_the_weights_alone(alpha):
    """Marks (the rates) do not change the shares of a Poisson process: weights alone give them."""
    rng = np.random.default_rng(5)
    points = np.cumsum(rng.standard_exponential((4000, 3000)), axis=1) ** (-2 / alpha)
    rest = 3000 ** (1 - 2 / alpha) / (2 / alpha - 1)
    alone = (points[:, 0] / (points.sum(axis=1) + rest)).mean()
    result = lif_heavy_tailed(alpha, 8e-3, drive=24e-3, sampling=QUICK, seed=4)
    assert result.variance_fraction[0] == pytest.approx(alone, abs=0.02)


def test_alpha_two_is_the_gaussian_theory():
    gain = 8e-3
    heavy = lif_heavy_tailed(2.0, gain, drive=24e-3, sampling=QUICK, seed=1)
    circuit = LIFCircuit(
        in_degree=(1e4,), weight=(0.0,), weight_sd=np.sqrt(2) * gain / 100, drive=24e-3
    )
    gaussian = lif_spectrum(circuit, sampling=QUICK, seed=2)
    error = np.hypot(heavy.rate_error, gaussian.rate_error)
    assert abs(heavy.rate - gaussian.rate) < 4 * error + 0.005 * gaussian.rate
    assert heavy.rate_sd == pytest.approx(gaussian.rate_sd, rel=0.05)
    assert heavy.dominance == 0.0


@pytest.mark.parametrize("alpha", [2.0, 1.7, 1.5, 1.2])
def test_rates_and_spectrum_of_networks(alpha):
    """K = 100, N = 2000, gain 8 mV: rate, spread and whole distribution, spectrum, shares."""
    theory = lif_heavy_tailed(alpha, 8e-3, drive=24e-3, in_degree=K, sampling=QUICK, seed=1)
    network = simulated(alpha, 8e-3, 2000)
    rates = network["rates"]
    assert rates.mean() == pytest.approx(theory.rate, rel=0.04)
    assert rates.std() == pytest.approx(theory.rates.std(), rel=0.09)
    assert stats.ks_2samp(rates, theory.rates).statistic < 0.06
    for f in (6, 10, 20, 50, 200):
        seen = plain.around(network["frequencies"], network["spectrum"], f)
        told = plain.around(theory.frequencies, theory.spectrum, f)
        assert told == pytest.approx(seen, rel=0.2)
    assert theory.spectrum_tail_over_rate == pytest.approx(1.0, abs=0.01)
    assert network["dominance"] == pytest.approx(theory.dominance, abs=0.025)
    assert theory.variance_fraction == pytest.approx(network["shares"][:10], abs=0.03)


@pytest.mark.slow
def test_heavy_tails_change_the_rate_and_the_gaussian_theory_misses_it():
    """At 20 mV the rate falls from 57 to 39 Hz as alpha goes from 2 to 1.2, as in networks."""
    rates = {}
    for alpha in (2.0, 1.2):
        theory = lif_heavy_tailed(alpha, 20e-3, drive=24e-3, in_degree=K, sampling=QUICK, seed=1)
        network = simulated(alpha, 20e-3, 3000)["rates"]
        rates[alpha] = theory.rate
        error = np.hypot(theory.rate_error, network.std() / np.sqrt(network.size))
        assert abs(network.mean() - theory.rate) < 0.05 * theory.rate + 3 * error
    assert rates[2.0] - rates[1.2] > 12


@pytest.mark.slow
def test_doubling_the_population_and_the_strong_synapses_changes_little():
    settings = {"drive": 24e-3, "seed": 1}
    once = lif_heavy_tailed(1.5, 8e-3, sampling=QUICK, **settings)
    double = LIFSampling(
        population=1200, duration=0.8, n_iterations=16, n_average=10, bandwidth=4.0
    )
    twice = lif_heavy_tailed(1.5, 8e-3, sampling=double, n_strong=80, **settings)
    assert once.rate == pytest.approx(twice.rate, rel=0.02)
    assert once.rate_sd == pytest.approx(twice.rate_sd, rel=0.06)
    assert once.dominance == pytest.approx(twice.dominance, abs=0.025)


@pytest.mark.slow
def test_many_synapses_approach_the_series():
    series = lif_heavy_tailed(1.5, 8e-3, drive=24e-3, sampling=QUICK, seed=1)
    many = lif_heavy_tailed(1.5, 8e-3, drive=24e-3, in_degree=1000, sampling=QUICK, seed=2)
    few = lif_heavy_tailed(1.5, 8e-3, drive=24e-3, in_degree=20, sampling=QUICK, seed=2)
    assert many.dominance == pytest.approx(series.dominance, abs=0.02)
    assert few.dominance - series.dominance > 0.03
    assert many.rate == pytest.approx(series.rate, rel=0.03)


@pytest.mark.slow
def test_coupling_gives_the_same_as_its_law():
    coupling = Coupling(LevyStable(1.5), FixedInDegree(K), gain=8.0)
    general = lif_coupling(coupling, 1500, drive=24e-3, sampling=QUICK, seed=1)
    special = lif_heavy_tailed(1.5, 8e-3, drive=24e-3, in_degree=K, sampling=QUICK, seed=2)
    assert general.rate == pytest.approx(special.rate, rel=0.03)
    assert general.dominance == pytest.approx(special.dominance, abs=0.025)


@pytest.mark.slow
def test_excitation_and_inhibition_with_log_normal_weights():
    """Any law and Dale's rule: the network with the very weights the theory draws, within 6 %."""
    coupling = Coupling(LogNormal(1.0), FixedInDegree(K), gain=3.0, sign=Dale(0.8, 5.0))
    theory = lif_coupling(coupling, 2000, drive=24e-3, sampling=QUICK, seed=1)
    weights = coupling.sample(2000, 1)
    network = plain.run(
        weights.indices.reshape(2000, K),
        weights.data.reshape(2000, K) * 1e-3,
        mu=24e-3,
        duration=0.8,
        rng=np.random.default_rng(1),
    )
    assert network["rates"].mean() == pytest.approx(theory.rate, rel=0.06)
    assert network["rates"].std() == pytest.approx(theory.rates.std(), rel=0.1)
    assert network["dominance"] == pytest.approx(theory.dominance, abs=0.015)


# --- continuous-time rate networks ---

PATHS = PathSampling(population=300, duration=100.0, n_iterations=50, n_average=30)


@pytest.mark.parametrize("g", [2.0, 3.0])
def test_alpha_two_is_the_theory_of_sompolinsky_crisanti_sommers(g):
    exact = rate_flow(g)
    paths = rate_flow_heavy_tailed(2.0, g / np.sqrt(2), sampling=PATHS, seed=3)
    assert 2 * paths.scale**2 == pytest.approx(exact.variance, rel=0.04)
    assert not paths.quiescent


@pytest.mark.slow
@pytest.mark.parametrize(("alpha", "g"), [(1.7, 1.2), (1.5, 1.5), (1.0, 2.0)])
def test_rate_paths_against_networks(alpha, g):
    paths = rate_flow_heavy_tailed(alpha, g, sampling=PATHS, seed=1)
    networks = np.array([rate_network(alpha, g, 800, seed) for seed in range(4)])
    scale, power, *correlation = networks.mean(axis=0)
    error = networks.std(axis=0, ddof=1) / 2
    assert abs(scale - paths.scale) < 0.04 * scale + 3 * error[0]
    assert abs(power - paths.rate_power) < 0.02 * power + 3 * error[1]
    told = paths.autocovariance / paths.autocovariance[0]
    for i, lag in enumerate((1, 2, 5)):
        assert abs(told[round(lag / PATHS.dt)] - correlation[i]) < 0.03 + 3 * error[2 + i]
    assert paths.dominance == pytest.approx(1 - alpha / 2, abs=0.02)


def rate_network(alpha, g, n, seed, dt=0.1):
    """Return scale of x, <phi^2> and correlation of phi at lags 1, 2, 5 of a quenched network."""
    rng = np.random.default_rng(seed)
    weights = g * LevyStable(alpha).sample((n, n), rng) / n ** (1 / alpha)
    x, kept = rng.standard_normal(n), []
    for step in range(1200):
        x = x * np.exp(-dt) + (1 - np.exp(-dt)) * (weights @ np.tanh(x))
        if step >= 300:
            kept.append(x)
    states = np.array(kept)
    phi = np.tanh(states)
    power = np.mean(phi**2)
    lags = [round(lag / dt) for lag in (1, 2, 5)]
    correlation = [np.mean(phi[s:] * phi[:-s]) / power for s in lags]
    return [stable_scale(states, alpha), power, *correlation]


@pytest.mark.slow
def test_marginal_scale_is_that_of_the_filtered_inputs():
    """x is stable given its inputs: characteristic function of the sampled states."""
    paths = rate_flow_heavy_tailed(1.5, 1.5, sampling=PATHS, seed=2)
    k = np.linspace(0.3, 2.0, 8) / paths.scale
    found = np.cos(np.outer(k, paths.states)).mean(axis=1)
    assert np.abs(found - np.exp(-((k * paths.scale) ** 1.5))).max() < 0.02


@pytest.mark.slow
def test_doubling_the_paths_changes_little():
    once = rate_flow_heavy_tailed(1.5, 1.5, sampling=PATHS, seed=1)
    double = PathSampling(population=600, duration=100.0, dt=0.05, n_iterations=50, n_average=30)
    twice = rate_flow_heavy_tailed(1.5, 1.5, sampling=double, seed=2)
    assert once.rate_power == pytest.approx(twice.rate_power, rel=0.02)
    assert once.scale == pytest.approx(twice.scale, rel=0.04)


@pytest.mark.parametrize("drive", [21.0, 22.0, 30.0])
def test_without_synapses_regular_neurons_have_the_rate_of_the_grid(drive):
    """A period is t_ref - dt and the steps to threshold, as in a simulation on the same grid."""
    dt = 1e-4
    steps = 20 - 1 + math.floor(200 * math.log(drive / (drive - 20))) + 1
    theory = ht.analysis.theory.lif_heavy_tailed(1.5, 0 * mV, drive=drive * mV, seed=1)
    exact = 1 / (steps * dt)
    assert theory.rate == pytest.approx(exact, abs=4 * theory.rate_error)
    assert theory.rate_error < 2e-3 * exact
    assert theory.spectrum_tail_over_rate == pytest.approx(1.0, abs=2e-3)
    network = ht.models.LIFNetwork(np.zeros((1, 1)), drive=drive * mV)
    spikes = ht.simulate(network, 500 * ms, backend="numpy", seed=1).times
    np.testing.assert_allclose(np.diff(spikes), steps * dt, rtol=1e-9)


def test_regular_neurons_start_at_any_time_of_their_period():
    membrane = Membrane(tau=0.02, theta=0.02, v_reset=0.0, t_ref=0.002, dt=1e-4)
    period = 19 + 480  # refractory steps after that of the spike, and 20 ms ln 11 / dt
    phase = (np.arange(period) + 0.5) / period
    v, left = stationary_start(phase, np.full(period, 0.022), membrane)
    np.testing.assert_array_equal(left, [*range(19, 0, -1), *[0] * 480])
    np.testing.assert_array_equal(v[:20], 0.0)
    exact = 0.022 * (1 - np.exp(-np.arange(480) / 200))
    np.testing.assert_allclose(v[19:], exact, atol=1e-15)
    below, left = stationary_start(phase, np.full(period, 0.02), membrane)
    np.testing.assert_allclose(below, phase * 0.02)
    assert not left.any()
