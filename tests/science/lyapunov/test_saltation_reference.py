"""Saltation along recorded spikes against exact two-trajectory growth and reference numbers.

Truths: (1) the determinant identity of a complete spectrum, derived in the test; (2) the growth
rate of two event-exact trajectories, which uses no tangent; (3) reference numbers of
`tests/reference/lyapunov.json` (entries lifexp/...), measured with other code on other
realisations of the same ensemble: N=200, K=40, J0=2, mu=3, tau_m=10 ms, tau_s=12 ms, delay 1 ms,
refractory period 2 ms, about 19 Hz; (4) what copies on a grid return, the leak -1/tau_s.
"""

import json

import numpy as np
import pytest
import scipy.sparse as sp
from brian2 import (
    Network,
    NeuronGroup,
    Synapses,
    defaultclock,
    device,
    ms,
    prefs,
    second,
    set_device,
)

from heavytail_snn.analysis.lyapunov.brian.copies import paired_synapses
from heavytail_snn.analysis.lyapunov.brian.dt_scan import extrapolate, lyapunov_dt_scan
from heavytail_snn.analysis.lyapunov.brian.front import lyapunov_spectrum_of_brian
from heavytail_snn.analysis.lyapunov.brian.saltation.exact_lif import ExactLIF
from heavytail_snn.analysis.lyapunov.brian.saltation.product import SaltationReplay
from heavytail_snn.analysis.lyapunov.brian.saltation.spectrum import saltation_spectrum
from heavytail_snn.analysis.lyapunov.brian.saltation.terms import Spikes
from heavytail_snn.analysis.lyapunov.tangent.refusals import TangentialCrossingError
from heavytail_snn.core.errors import ConvergenceError, ParameterError

N, K, J0, MU, TAU_M, TAU_S = 200, 40, 2.0, 3.0, 0.010, 0.012


@pytest.fixture(scope="module")
def entries(reference):
    rows = json.loads((reference / "lyapunov.json").read_text())["entries"]
    return {row["id"]: row for row in rows}


def random_links(n, k, seed):
    connected = np.random.default_rng(seed).random((n, n)) < k / (n - 1)
    np.fill_diagonal(connected, False)
    return connected


def reference_network(seed, **options):
    weight = -(J0 / np.sqrt(K)) * TAU_M / TAU_S
    links = random_links(N, K, seed)
    return ExactLIF(sp.csr_array(links * weight), MU, TAU_M, TAU_S, **options)


def start_of(n, seed=0):
    state = np.zeros((n, 2))
    state[:, 0] = np.random.default_rng(seed).uniform(0, 0.9, n)
    return state


def posthoc(net, duration, k=1, **options):
    spikes = net.simulate(duration, initial=start_of(net.n_neurons))
    model = net.linear_model()
    return saltation_spectrum(
        model, spikes, net.wiring(), k=k, stop=duration, seed=1, **({"start": 0.5} | options)
    )


def test_sum_of_all_exponents_is_the_mean_log_determinant():
    """Without delay and refractoriness ln|det| is -T sum(1/tau) + sum over spikes of ln(f+/f-)."""
    n = 20
    links = random_links(n, 6, 1)
    weights = np.random.default_rng(2).pareto(1.5, (n, n)) * links * -0.2
    net = ExactLIF(sp.csr_array(weights), 2.0, delay=0.0, refractory=0.0)
    spikes = net.simulate(3.0, initial=start_of(n))
    result = saltation_spectrum(
        net.linear_model(), spikes, net.wiring(), k=2 * n, start=0.5, stop=3.0, tangent_warmup=0.5,
        qr_interval=0.01, seed=1,
    )  # fmt: skip
    inside = (spikes.times > 1.0) & (spikes.times <= 3.0)
    current = spikes.states[inside, 1]
    expected = -n * (1 / TAU_M + 1 / TAU_S)
    expected += np.log((2.0 + current) / (2.0 + current - 1)).sum() / 2.0
    assert result.complete
    assert result.exponents.sum() == pytest.approx(expected, rel=1e-9)
    assert abs(result.zero_value) < 5 / 2.0


def test_qr_interval_does_not_matter():
    net = ExactLIF(sp.csr_array(random_links(30, 8, 1) * -0.5), 3.0)
    results = [posthoc(net, 1.5, 4, tangent_warmup=0.3, qr_interval=q) for q in (0.005, 0.02)]
    np.testing.assert_allclose(results[0].exponents, results[1].exponents, rtol=1e-6, atol=0.6)
    # same vectors, same times: the leading sum differs only by the ends of the averaging window
    np.testing.assert_allclose(
        results[0].history[-1, 0], results[1].history[-1, 0], rtol=0.02, atol=0.02
    )


def test_too_many_vectors_for_the_interval_are_refused():
    net = ExactLIF(sp.csr_array(random_links(10, 3, 1) * -0.5), 3.0, tau_s=0.0001)
    with pytest.raises(ConvergenceError, match="fewer exponents"):
        posthoc(net, 1.0, 20, tangent_warmup=0.1, qr_interval=0.5)


@pytest.mark.slow
def test_posthoc_and_two_trajectories_on_exact_spikes(entries):
    """Two networks of the reference ensemble, both methods, and the reference values."""
    spectra = [posthoc(reference_network(seed), 13.0, 10) for seed in (1, 2)]
    pairs = [reference_network(seed).two_trajectories(12.0, seed=seed) for seed in (1, 2)]
    tangent = np.mean([s.exponents for s in spectra], axis=0)
    growth = np.mean([p.value for p in pairs])
    error = np.sqrt(sum(s.standard_error[0] ** 2 for s in spectra)) / 2
    other = np.sqrt(sum(p.standard_error**2 for p in pairs)) / 2
    assert abs(tangent[0] - growth) < 3 * np.hypot(error, other)
    for name, value, own in (
        ("lifexp/posthoc_exact", tangent[0], error),
        ("lifexp/benettin_exact", growth, other),
    ):
        assert abs(value - entries[name]["value"]) < entries[name]["tolerance"] + 3 * own
    leading = entries["lifexp/posthoc_exact_leading"]
    errors = np.sqrt(np.sum([s.standard_error**2 for s in spectra], axis=0)) / 2
    gap = np.abs(tangent - leading["value"])
    assert (gap < leading["tolerance"] + 3 * errors).all()
    assert spectra[0].zero_index is not None
    assert spectra[0].n_slow_crossings == 0
    assert 18 < spectra[0].rate < 20.5


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["heavy-tailed", "Dale"])
def test_posthoc_equals_two_trajectories_with_other_weights(kind):
    n, k = 100, 30
    rng = np.random.default_rng(7)
    links = random_links(n, k, 3)
    if kind == "Dale":
        signs = np.where(np.arange(n) < 70, 1.0, -4.0)
        weights = links * signs[None, :] * 0.08
    else:
        weights = links * (rng.pareto(1.5, (n, n)) + 0.5) * -0.1
    net = ExactLIF(sp.csr_array(weights), 2.5)
    tangent = posthoc(net, 9.0)
    growth = net.two_trajectories(8.0, seed=1)
    error = np.hypot(tangent.standard_error[0], growth.standard_error)
    assert abs(tangent.largest_exponent - growth.value) < 3 * error + 0.05


def frozen_noise(sigma, duration, n, seed=11, tau=0.010, hold=0.001):
    rng = np.random.default_rng(seed)
    path = np.empty((int(duration / hold) + 1, n))
    path[0] = sigma * rng.standard_normal(n)
    decay = np.exp(-hold / tau)
    for t in range(1, len(path)):
        path[t] = decay * path[t - 1] + sigma * np.sqrt(1 - decay**2) * rng.standard_normal(n)
    return path


@pytest.mark.slow
def test_frozen_noise_suppresses_chaos(entries):
    """Ornstein-Uhlenbeck input held for 1 ms: exponents of the driven system, none is zero."""
    net = reference_network(1, drive=frozen_noise(0.5, 13.0, N), drive_dt=1e-3)
    tangent = posthoc(net, 11.0, autonomous=False)
    growth = net.two_trajectories(9.0, seed=1)
    error = np.hypot(tangent.standard_error[0], growth.standard_error)
    assert abs(tangent.largest_exponent - growth.value) < 3 * error
    assert tangent.zero_index is None
    for name, value, own in (
        ("lifexp/frozen_ou_0.5/posthoc", tangent.largest_exponent, tangent.standard_error[0]),
        ("lifexp/frozen_ou_0.5/benettin", growth.value, growth.standard_error),
    ):
        assert abs(value - entries[name]["value"]) < entries[name]["tolerance"] + 3 * own


# ---- Brian2 -------------------------------------------------------------------------------------


def brian_network(dt, state=0, n=N, k=K, seed=1, copies=1, method="exact"):
    defaultclock.dt = dt * second
    group = NeuronGroup(
        copies * n, "dv/dt = (3 - v + I)/(10*ms) : 1 (unless refractory)\ndI/dt = -I/(12*ms) : 1",
        threshold="v > 1", reset="v = 0", refractory=2 * ms, method=method,
    )  # fmt: skip
    targets, sources = np.nonzero(random_links(n, k, seed))
    if copies == 2:
        sources, targets, _ = paired_synapses(sources, targets, n)
    order = np.argsort(sources, kind="stable")
    synapses = Synapses(group, group, "w : 1", on_pre="I_post += w", delay=1 * ms)
    synapses.connect(i=sources[order], j=targets[order])
    synapses.w = -(J0 / np.sqrt(k)) * TAU_M / TAU_S
    group.v = np.tile(np.random.default_rng(100 + state).uniform(0, 0.9, n), copies)
    return Network(group, synapses), group, synapses


@pytest.fixture
def numpy_target():
    before, prefs.codegen.target = prefs.codegen.target, "numpy"
    yield
    prefs.codegen.target = before
    defaultclock.dt = 0.1 * ms


@pytest.mark.usefixtures("numpy_target")
@pytest.mark.parametrize("eps", [1e-8, 1e-10])
def test_copies_on_the_grid_return_the_leak(entries, eps):
    """Why copies are refused: the growth rate is -1/tau_s, in a network whose exponent is +9.6."""
    wrong = entries[f"lifexp/INVALID_grid_benettin/dt0.0001_eps{eps:.0e}"]
    network, group, _ = brian_network(1e-4, copies=2)
    network.run(200 * ms)
    for name in ("v", "I"):
        array = group.variables[name].get_value()
        array[N:] += eps * np.random.default_rng(1).standard_normal(N)
    sizes = []
    for _ in range(2):
        network.run(40 * ms)
        # the voltages' difference follows the currents' and reaches the same rate later
        sizes.append(np.linalg.norm(group.I[:N] - group.I[N:]))
    rate = np.log(sizes[1] / sizes[0]) / 0.040
    assert rate == pytest.approx(wrong["value"], abs=wrong["tolerance"])


def test_interpolated_spike_times_are_refused():
    """Times moved before the crossing contradict the rebuilt currents: an error, not a number."""
    net = reference_network(1)
    spikes = net.simulate(0.6, initial=start_of(N))
    rng = np.random.default_rng(1)
    early = spikes.times - 1e-3 * rng.random(spikes.times.size)
    order = np.argsort(early)
    moved = Spikes(early[order], spikes.units[order])
    replay = SaltationReplay(net.linear_model(), moved, net.wiring())
    with pytest.raises(TangentialCrossingError, match="interpolated"):
        list(replay.run(np.array([0.6])))


@pytest.mark.usefixtures("numpy_target")
def test_dt_scan_gives_intercept_slope_and_bias():
    def build(dt, state):
        return brian_network(dt, state, n=20, k=6)

    scan = lyapunov_dt_scan(
        build, dt=0.2 * ms, divisors=(1, 2), duration=0.3, state_warmup=0.05, tangent_warmup=0.05,
        k=2, n_states=2, seed=1, namespace={},
    )  # fmt: skip
    np.testing.assert_allclose(scan.dts, [2e-4, 1e-4])
    # two points: the line passes through both
    np.testing.assert_allclose(scan.intercept, 2 * scan.exponents[1] - scan.exponents[0])
    np.testing.assert_allclose(scan.bias, np.abs(scan.exponents[1] - scan.intercept))
    assert scan.largest_exponent == scan.intercept[0]
    assert scan.estimates()[0].name == "largest_exponent"
    with pytest.raises(ParameterError, match="two different"):
        lyapunov_dt_scan(build, divisors=(1,), duration=1)


def test_extrapolation_is_weighted_least_squares():
    dts = np.array([1e-4, 5e-5, 2e-5])
    line = 9.6 - 3e4 * dts
    scan = extrapolate(dts, np.stack([line, 2 * line], axis=1), np.full((3, 2), 0.3))
    np.testing.assert_allclose(scan.intercept, [9.6, 19.2])
    np.testing.assert_allclose(scan.slope, [-3e4, -6e4])
    np.testing.assert_allclose(scan.bias, [0.6, 1.2])
    # the error of the intercept, from simulated noise
    noise = 0.3 * np.random.default_rng(1).standard_normal((3, 4000))
    many = extrapolate(dts, line[:, None] + noise, np.full((3, 4000), 0.3))
    assert many.intercept.std() == pytest.approx(scan.intercept_standard_error[0], rel=0.05)
    with pytest.raises(ConvergenceError, match="finite"):
        extrapolate(dts, np.full((3, 1), -np.inf), np.ones((3, 1)))


@pytest.mark.slow
@pytest.mark.standalone
def test_brian_cpp_run_extrapolates_to_the_exact_value(entries, tmp_path):
    """Through compiled Brian2 runs at two time steps; references at each and at dt = 0."""
    builds = []

    def build(dt, state):
        device.reinit()
        device.activate(directory=str(tmp_path / f"run{len(builds)}"))
        builds.append(dt)
        return brian_network(dt, state)

    set_device("cpp_standalone", directory=str(tmp_path / "first"))
    try:
        scan = lyapunov_dt_scan(build, dt=1e-4, divisors=(1, 5), duration=7.0, seed=1, namespace={})
    finally:
        device.reinit()
        set_device("runtime")
        defaultclock.dt = 0.1 * ms
    rows = zip(scan.dts, scan.exponents[:, 0], scan.standard_error[:, 0], strict=True)
    for dt, value, error in rows:
        known = entries[f"lifexp/dt_scan_locked/dt{dt:g}"]
        assert abs(value - known["value"]) < known["tolerance"] + 3 * error
    exact = entries["lifexp/benettin_exact"]
    gap = abs(scan.largest_exponent - exact["value"])
    assert gap < exact["tolerance"] + 3 * scan.largest_exponent_standard_error


@pytest.mark.slow
@pytest.mark.usefixtures("numpy_target")
def test_brian_euler_run_gives_the_reference_value(entries):
    known = entries["lifexp/brian2_posthoc"]
    result = lyapunov_spectrum_of_brian(
        *brian_network(1e-4, method="euler"), duration=6.0, k=1, seed=1, namespace={}
    )
    gap = abs(result.largest_exponent - known["value"])
    assert gap < known["tolerance"] + 3 * result.standard_error[0]
