"""LIF theory: arguments, exact properties of its kernels, units."""

from dataclasses import replace

import numpy as np
import pytest
from lif_in_si import LIFCircuit, lif_coupling, lif_heavy_tailed, siegert

from heavytail_snn.analysis.theory.lif.network import lif_network
from heavytail_snn.analysis.theory.lif.paths import (
    Background,
    Membrane,
    SynapticWeights,
    add_strong,
    from_lists,
    gaussian_paths,
    integrate,
    poisson_trains,
    respond,
    smoothed,
)
from heavytail_snn.analysis.theory.lif.population import (
    LIFSampling,
    relax,
    summarise,
    variance_shares,
)
from heavytail_snn.analysis.theory.lif.siegert import siegert_derivatives
from heavytail_snn.analysis.theory.lif.spectrum import gaussian_synapses, lif_spectrum
from heavytail_snn.analysis.theory.lif.stability import lif_critical_weight, lif_stability
from heavytail_snn.analysis.theory.numerics.lepage import (
    lepage_weights,
    split_strongest,
    tail_scale,
)
from heavytail_snn.analysis.theory.numerics.population_average import average, drift
from heavytail_snn.analysis.theory.stable.rate_flow import (
    PathSampling,
    rate_flow_heavy_tailed,
    renew,
    starting_paths,
    weights_of,
)
from heavytail_snn.core.errors import ConvergenceError, ParameterError
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import LevyStable
from heavytail_snn.weights.wiring import FixedInDegree

CIRCUIT = LIFCircuit(in_degree=(200, 50), weight=(2e-4, -1e-3), drive=24e-3, v_reset=0.01)
SMALL = LIFSampling(population=60, duration=0.8, n_iterations=8, n_average=4)


def test_quantities_of_brian_are_what_the_plain_numbers_mean():
    from brian2 import ms, mV

    from heavytail_snn.analysis import theory

    plain = siegert(0.015, 0.005, tau=0.02).rate
    assert theory.siegert(15 * mV, 5 * mV, tau=20 * ms).rate == pytest.approx(plain, rel=1e-12)
    assert theory.siegert(40 * mV, 0).rate == pytest.approx(1 / (2e-3 + 20e-3 * np.log(2)))
    weights = {"in_degree": (200, 50), "weight": (0.2 * mV, -1 * mV)}
    same = theory.LIFCircuit(**weights, drive=24 * mV, v_reset=10 * mV)
    assert same == CIRCUIT
    assert theory.LIFCircuit(**(weights | {"weight": [0.2, -1] * mV}), drive=24 * mV,
                             v_reset=10 * mV) == CIRCUIT  # fmt: skip
    assert replace(same, t_ref=2 * ms) == CIRCUIT
    assert same.scaled(2.0).weight == pytest.approx((4e-4, -2e-3))


@pytest.mark.parametrize("dt", [None, 1e-4])
@pytest.mark.parametrize(("mu", "sigma"), [(0.015, 0.005), (0.022, 0.002), (-0.004, 0.029)])
def test_susceptibilities_are_derivatives(mu, sigma, dt):
    step = 1e-7
    result = siegert(mu, sigma, dt=dt)
    by_mu = siegert(mu + step, sigma, dt=dt).rate - siegert(mu - step, sigma, dt=dt).rate
    by_sigma = siegert(mu, sigma + step, dt=dt).rate - siegert(mu, sigma - step, dt=dt).rate
    assert result.susceptibility == pytest.approx(by_mu / (2 * step), rel=1e-6)
    assert result.noise_susceptibility == pytest.approx(by_sigma / (2 * step), rel=1e-6)


def test_only_ratios_of_voltages_matter():
    volts = siegert(0.015, 0.005, theta=0.02, v_reset=0.01)
    millivolts = siegert(15, 5, theta=20, v_reset=10)
    assert millivolts.rate == pytest.approx(volts.rate, rel=1e-12)
    assert millivolts.susceptibility == pytest.approx(volts.susceptibility / 1e3, rel=1e-12)


def test_siegert_is_continuous_in_the_noise_free_limit():
    for mu in (0.0201, 0.024, 0.1):
        limit = siegert(mu, 0.0)
        almost = siegert(mu, 1e-8)
        assert almost.rate == pytest.approx(limit.rate, rel=1e-6)
        assert almost.susceptibility == pytest.approx(limit.susceptibility, rel=1e-6)
    assert siegert(0.02, 0.0).rate == 0.0


def test_siegert_kernel_broadcasts_and_never_overflows():
    mu = np.linspace(-1.0, 1.0, 41)[:, None]
    sigma = np.geomspace(1e-7, 1.0, 15)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        rate, by_mu, by_sigma = siegert_derivatives(
            mu, sigma, tau=0.02, theta=0.02, v_reset=0.0, t_ref=2e-3
        )
    assert rate.shape == by_mu.shape == by_sigma.shape == (41, 15)
    assert np.isfinite([rate, by_mu, by_sigma]).all()
    assert np.all(np.diff(rate, axis=0) >= 0)
    assert rate.max() < 500


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("sigma", -1e-3), ("mu", np.nan), ("mu", "high"), ("tau", 0.0), ("tau", None),
        ("t_ref", -1e-3), ("theta", -1.0), ("v_reset", np.inf), ("dt", -1e-4),
    ],
)  # fmt: skip
def test_siegert_refuses(argument, value):
    with pytest.raises(ParameterError, match=argument):
        siegert(**({"mu": 0.015, "sigma": 0.005} | {argument: value}))


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("in_degree", (200, -1)), ("weight", (1e-4,)), ("weight", (np.nan, 0.0)),
        ("weight_sd", -1e-3), ("noise", -1.0), ("drive", np.inf), ("connection_probability", 1.5),
        ("dt", 0.0), ("theta", 0.0),
    ],
)  # fmt: skip
def test_circuit_refuses(argument, value):
    good = {"in_degree": (200, 50), "weight": (1e-4, -5e-4), "drive": 0.024, "v_reset": 0.01}
    with pytest.raises(ParameterError, match=argument):
        LIFCircuit(**(good | {argument: value}))


@pytest.mark.parametrize("solver", [lif_network, lif_spectrum, lif_critical_weight])
def test_solvers_want_a_circuit(solver):
    with pytest.raises(ParameterError, match="LIFCircuit"):
        solver({"in_degree": 3})


def test_runaway_network_is_refused():
    circuit = LIFCircuit(in_degree=(1000,), weight=(1e-3,), drive=0.03, t_ref=0.0)
    with pytest.raises(ConvergenceError, match="refractory"):
        lif_network(circuit)


def test_quiescent_network_has_rate_zero():
    silent = lif_network(LIFCircuit(in_degree=(100,), weight=(1e-4,), drive=0.01))
    assert silent.rate == 0.0


def test_fixed_point_is_one_and_responds_to_weights_as_stated():
    result = lif_network(CIRCUIT)
    again = siegert(result.mean_input, result.sigma, v_reset=0.01)
    assert again.rate == pytest.approx(result.rate, rel=1e-9)
    assert result.residual < 1e-9 * result.rate
    assert abs(result.history[-1]) < abs(result.history[0])
    gain = lif_stability(CIRCUIT)
    expected = 250 * 1e-6 * (0.8 * 0.04 + 0.2 * 1.0) * (0.02 * result.susceptibility) ** 2
    assert gain.squared_gain == pytest.approx(expected, rel=1e-9)
    assert not gain.unstable


def test_critical_weight_says_when_there_is_none():
    with pytest.raises(ConvergenceError, match="widen the range"):
        lif_critical_weight(CIRCUIT, smallest=0.01, largest=0.1, n_grid=3)
    with pytest.raises(ParameterError, match="largest"):
        lif_critical_weight(CIRCUIT, smallest=1.0, largest=0.5)


# --- kernels ---


def test_integrate_gives_the_exact_interval():
    dt, n_steps = 1e-4, 20000
    decay = np.exp(-dt / 0.02)
    still = np.zeros((1, n_steps), np.float32)
    steps, counts = integrate(
        still, np.array([0.04]), np.zeros(1), np.zeros(1, int), decay, 0.02, 0.0, 20, 0
    )
    intervals = np.diff(steps[0, : counts[0]])
    # the first step whose exact potential exceeds theta, after 2 ms of refractoriness
    free = int(np.floor(0.02 * np.log(2.0) / dt)) + 1
    assert set(intervals) == {free + 20 - 1}


def test_integrate_loses_input_while_refractory_and_adds_it_after_the_threshold():
    jumps = np.zeros((1, 60), np.float32)
    jumps[0, 5] = 0.03  # crosses at step 6
    jumps[0, [8, 15]] = 0.03  # lost: refractory until step 25
    jumps[0, 40] = 0.03
    steps, counts = integrate(
        jumps, np.zeros(1), np.zeros(1), np.zeros(1, int), 0.999, 0.02, 0.0, 20, 0
    )
    assert steps[0, : counts[0]].tolist() == [6, 41]


def test_strong_synapses_deliver_shifted_spikes():
    trains = from_lists([np.array([2, 7]), np.array([0])], 10, 1e-3)
    jumps = np.zeros((1, 10), np.float32)
    chosen, shift = np.array([[0, 1]]), np.array([[5, 1]])
    add_strong(jumps, np.array([[1.0, -2.0]]), chosen, shift, trains.steps, trains.start)
    assert jumps[0].tolist() == [0, -2, 1, 0, 0, 0, 0, 1, 0, 0]


@pytest.mark.parametrize("n_steps", [1000, 1001])
def test_gaussian_paths_have_the_power_they_are_given(n_steps):
    rng, dt = np.random.default_rng(1), 1e-3
    frequencies = np.fft.rfftfreq(n_steps, dt)
    power = np.broadcast_to(1.0 + 50.0 * (frequencies < 100), (400, frequencies.size))
    paths = gaussian_paths(power, n_steps, dt, rng)
    measured = np.mean(np.abs(np.fft.rfft(paths, axis=1)) ** 2, axis=0) / (n_steps * dt)
    assert np.all(np.abs(measured / power[0] - 1) < 0.35)
    assert np.mean(measured / power[0]) == pytest.approx(1.0, abs=0.02)
    variance = power[0, 0] / n_steps + 2 * power[0, 1:].sum() / n_steps
    assert paths.var() / dt == pytest.approx(variance, rel=0.02)


def test_poisson_trains_are_flat_and_equal():
    trains = poisson_trains(20.0, 2000, 8000, 1e-4, np.random.default_rng(2))
    assert trains.rates.mean() == pytest.approx(20.0, rel=0.03)
    assert trains.spectrum[1:].mean() == pytest.approx(trains.rates.mean(), rel=0.01)
    assert trains.spectrum[0] == 0.0
    assert abs(trains.rate_variance) < 3.0  # the spike count noise alone is 20 / 0.8 = 25
    assert trains.coefficient_of_variation == pytest.approx(1.0, abs=0.1)


def test_select_and_join_keep_the_trains():
    parts = [np.array([1, 4]), np.array([], int), np.array([3])]
    trains = from_lists(parts, 10, 1e-3)
    joined = trains.select(np.array([2, 1])).followed_by(trains)
    kept = [joined.steps[joined.start[i] : joined.start[i + 1]].tolist() for i in range(5)]
    assert kept == [[3], [], [1, 4], [], [3]]


def test_smoothing_keeps_a_flat_spectrum_and_ignores_the_bin_at_zero():
    flat = np.ones(101)
    flat[0] = 0.0
    assert np.allclose(smoothed(flat, 2.0, 5.0), 1.0)


def test_response_to_one_strong_synapse_follows_its_source():
    rng = np.random.default_rng(3)
    sources = poisson_trains(5.0, 50, 20000, 1e-4, rng)
    weights = SynapticWeights(np.full((50, 1), 0.05), np.zeros(50), np.zeros(50))
    background = Background(0.0, 0.0, np.zeros(10001))
    membrane = Membrane(0.02, 0.02, 0.0, 2e-3, 1e-4)
    result = respond(sources, background, weights, membrane, drive=0.0, noise=0.0, generator=rng)
    # every spike that does not fall into the refractory time is answered
    mean_source = np.sqrt(result.strong_power / 0.05**2 * 1.0)[:, 0] ** 2
    assert result.trains.rates.mean() == pytest.approx(mean_source.mean() * 0.99, rel=0.02)


def test_split_and_series_of_weights():
    rng = np.random.default_rng(4)
    sample = rng.standard_normal((6, 30))
    strong, total, square = split_strongest(sample, 7)
    assert np.all(np.min(np.abs(strong), axis=1) >= np.sort(np.abs(sample), axis=1)[:, -7])
    assert np.allclose(strong.sum(axis=1) + total, sample.sum(axis=1))
    assert np.allclose(np.sum(strong**2, axis=1) + square, np.sum(sample**2, axis=1))
    series, rest = lepage_weights(2.0, 3, 5, rng)
    assert not series.any()
    assert np.all(rest == 2.0)
    assert tail_scale(2.0) == 0.0
    assert tail_scale(1.0) == pytest.approx(2 / np.pi)


def test_shares_of_equal_synapses():
    class Equal:
        strong_power = np.ones((5, 4))
        rest_power = np.full(5, 4.0)

    shares, dominance = variance_shares([Equal()], 3)
    assert np.allclose(shares, [1 / 8, 2 / 8, 3 / 8])
    assert np.allclose(dominance, 4 / 64)


def test_average_of_a_correlated_series():
    rng = np.random.default_rng(5)
    errors, stated = [], []
    for _ in range(300):
        x = rng.standard_normal(80)
        for i in range(1, 80):
            x[i] += 0.6 * x[i - 1]
        mean, error = average(x)
        errors.append(mean)
        stated.append(error)
    assert np.mean(stated) == pytest.approx(np.std(errors), rel=0.2)
    assert average(np.full(6, 2.0)) == (2.0, 0.0)
    assert drift(np.array([1.0, 1.0, 4.0, 4.0])) == pytest.approx((3.0, np.sqrt(1.5)))


# --- population dynamics ---


def test_same_seed_same_population():
    first = lif_heavy_tailed(1.5, 5e-3, drive=0.024, sampling=SMALL, seed=7, tolerance=1.0)
    again = lif_heavy_tailed(1.5, 5e-3, drive=0.024, sampling=SMALL, seed=7, tolerance=1.0)
    other = lif_heavy_tailed(1.5, 5e-3, drive=0.024, sampling=SMALL, seed=8, tolerance=1.0)
    assert np.array_equal(first.rates, again.rates)
    assert not np.array_equal(first.rates, other.rates)
    names = {estimate.name for estimate in first.estimates()}
    assert names == {"rate", "cv", "spectrum_tail_over_rate"}
    assert first.to_xarray()["spectrum"].attrs["unit"] == "Hz"


def test_no_coupling_is_the_uncoupled_neuron():
    settings = LIFSampling(population=60, duration=0.8, n_iterations=20, n_average=6)
    result = lif_heavy_tailed(1.5, 0.0, drive=0.04, sampling=settings, seed=1)
    assert result.rate == pytest.approx(siegert(0.04, 0.0).rate, rel=0.01)
    assert result.rate_sd < 1.0
    assert np.isnan(result.dominance)  # no synapse carries anything


def test_silent_population_is_named_quiescent():
    result = lif_heavy_tailed(
        1.5, 1e-4, drive=0.01, initial_rate=0.0, sampling=SMALL, seed=1, tolerance=1.0
    )
    assert result.rate == 0.0
    assert "quiescent" in result.warnings[0]


def test_drifting_population_is_refused():
    # renewing 2 of 40 trains per iteration, 12 iterations do not forget the start at 400 Hz
    slow = LIFSampling(population=40, duration=0.8, n_iterations=12, n_average=12, mixing=0.05)
    circuit = LIFCircuit(in_degree=(100,), weight=(-2e-3,), drive=0.06)
    membrane = Membrane(0.02, 0.02, 0.0, 2e-3, 1e-4)
    relaxation = relax(
        lambda n, generator: gaussian_synapses(circuit, n, generator), membrane, slow,
        drive=0.06, noise=0.0, initial_rate=400.0, seed=1,
    )  # fmt: skip
    with pytest.raises(ConvergenceError, match="n_iterations"):
        summarise(relaxation, slow, tolerance=0.01, parameters={}, seed=1)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("alpha", 0.0), ("alpha", 2.1), ("alpha", np.nan), ("gain", -1e-3), ("drive", np.inf),
        ("noise", -1.0), ("tau", 0.0), ("n_strong", 0), ("in_degree", 0), ("initial_rate", -1.0),
        ("tolerance", 0.0), ("theta", -0.1),
    ],
)  # fmt: skip
def test_heavy_tailed_refuses(argument, value):
    with pytest.raises(ParameterError, match=argument):
        lif_heavy_tailed(
            **({"alpha": 1.5, "gain": 5e-3, "drive": 0.024, "sampling": SMALL} | {argument: value})
        )


@pytest.mark.parametrize(
    ("argument", "value"),
    [("population", 3), ("dt", 0.0), ("duration", 1e-3), ("mixing", 0.0), ("n_average", 99)],
)
def test_sampling_refuses(argument, value):
    with pytest.raises(ParameterError, match=argument):
        LIFSampling(**{argument: value})


def test_coupling_theory_refuses():
    with pytest.raises(ParameterError, match="coupling"):
        lif_coupling(np.eye(3), 3, drive=0.024)
    coupling = Coupling(LevyStable(1.5), FixedInDegree(10))
    with pytest.raises(ParameterError, match="n_neurons"):
        lif_coupling(coupling, 1, drive=0.024)


def test_unseeded_run_can_be_repeated_from_its_result():
    coupling = Coupling(LevyStable(1.5), FixedInDegree(10), gain=5.0)
    first = lif_coupling(coupling, 100, drive=0.024, sampling=SMALL, tolerance=1.0)
    again = lif_coupling(coupling, 100, drive=0.024, sampling=SMALL, tolerance=1.0, seed=first.seed)
    assert np.array_equal(first.rates, again.rates)


# --- rate paths ---


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("alpha", 0.0), ("alpha", 2.5), ("g", -1.0), ("phi", "tan"), ("phi", np.sum),
        ("in_degree", 0), ("tolerance", 0.0), ("phi", lambda x: x / 0 * np.inf),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_rate_flow_refuses(argument, value):
    with pytest.raises(ParameterError, match=argument):
        rate_flow_heavy_tailed(**({"alpha": 1.5, "g": 1.5} | {argument: value}))


def test_dead_paths_are_named_quiescent():
    settings = PathSampling(population=20, duration=20.0, n_iterations=80, n_average=4, mixing=1.0)
    result = rate_flow_heavy_tailed(2.0, 0.3, sampling=settings, seed=1)
    assert result.quiescent
    assert "quiescent" in result.warnings[0]


def test_new_paths_are_filtered_copies():
    rng = np.random.default_rng(6)
    settings = PathSampling(population=20, duration=20.0)
    paths = starting_paths(settings, rng)
    only = weights_of(1.5, 2.0, 1, 5)  # one input per unit, no rest
    new, dominance = renew(paths, 4, only, settings.dt, rng)
    assert np.allclose(dominance, 1.0)
    # dx/dt = -x + w phi(t - s): undo the filter and find the source
    transfer = 1 + 2j * np.pi * np.fft.rfftfreq(settings.n_steps, settings.dt)
    back = np.abs(np.fft.rfft(new[0]) * transfer)
    ratios = (back / np.abs(np.fft.rfft(paths, axis=1)))[:, :-1]  # the last bin loses its phase
    assert np.min(ratios.std(axis=1) / ratios.mean(axis=1)) < 1e-8
