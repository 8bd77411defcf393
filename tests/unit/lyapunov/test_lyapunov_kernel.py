"""The QR kernel: prefix property, sum rule, QR interval, inputs, array libraries, errors."""

import importlib

import numpy as np
import pytest

from heavytail_snn.analysis.lyapunov import (
    lyapunov_spectrum,
    lyapunov_spectrum_from_flow,
    lyapunov_spectrum_from_jacobians,
)
from heavytail_snn.analysis.lyapunov.tangent.protocol import StepMeaning, TangentProtocol
from heavytail_snn.core.errors import ConvergenceError, ParameterError
from heavytail_snn.models.rate.flow import RateFlow
from heavytail_snn.models.rate.map import RateMap
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import Gaussian, LevyStable
from heavytail_snn.weights.wiring import AllToAll, FixedInDegree

STABLE = Coupling(LevyStable(1.5), AllToAll())
SHORT = {"n_steps": 200, "state_warmup": 100, "tangent_warmup": 100}


def tanh_map(n=40, gain=2.0, seed=1):
    return RateMap(Coupling(LevyStable(2.0), AllToAll()), n, gain=gain, seed=seed)


def test_first_k_of_the_full_spectrum_are_the_k_spectrum():
    network = tanh_map()
    full = lyapunov_spectrum(network, k=40, seed=3, qr_every=1, **SHORT)
    part = lyapunov_spectrum(network, k=7, seed=3, qr_every=1, **SHORT)
    np.testing.assert_allclose(part.block_exponents, full.block_exponents[:, :7], atol=1e-9)
    np.testing.assert_allclose(part.exponents, full.exponents[:7], atol=1e-9)
    assert full.complete
    assert not part.complete


@pytest.mark.parametrize("gain", [0.9, 1.5])
def test_sum_of_exponents_is_the_mean_log_determinant(gain):
    network = tanh_map(n=100, gain=gain)
    result = lyapunov_spectrum(network, k=100, seed=3, qr_every=1, log_det=True, **SHORT)
    assert result.mean_exponent == pytest.approx(result.mean_logdet, abs=1e-9)
    # an independent determinant, from matrices that are formed
    x = network.initial_state(3)
    total = 0.0
    for t in range(400):
        a = gain * (network.weights @ x)
        if t >= 200:
            total += np.linalg.slogdet((1 / np.cosh(a) ** 2)[:, None] * gain * network.weights)[1]
        x = np.tanh(a)
    assert result.mean_logdet == pytest.approx(total / 200 / 100, abs=1e-9)


def test_the_interval_does_not_matter_for_dimension_and_entropy():
    network = tanh_map()
    every = lyapunov_spectrum(network, k=20, seed=3, qr_every=1, **SHORT)
    learnt = lyapunov_spectrum(network, k=20, seed=3, **SHORT)
    assert learnt.qr_interval > 1
    assert learnt.kaplan_yorke_dimension == pytest.approx(every.kaplan_yorke_dimension, rel=1e-6)
    assert learnt.entropy_rate == pytest.approx(every.entropy_rate, rel=1e-6)


def test_the_learnt_interval_keeps_the_condition_number_down():
    slow = lyapunov_spectrum_from_jacobians(
        lambda x: (x, np.diag([1.0, 0.9])), np.zeros(2), k=2, n_steps=400, seed=0
    )
    fast = lyapunov_spectrum_from_jacobians(
        lambda x: (x, np.diag([1.0, np.exp(-4.0)])), np.zeros(2), k=2, n_steps=400, seed=0
    )
    assert slow.qr_interval == pytest.approx(20)
    assert fast.qr_interval == pytest.approx(2)


def test_a_too_long_fixed_interval_earns_a_warning():
    result = lyapunov_spectrum_from_jacobians(
        lambda x: (x, np.diag([1.0, 1e-3])), np.zeros(2), k=2, n_steps=200, seed=0,
        protocol=TangentProtocol(qr_every=5),
    )  # fmt: skip
    assert "condition number" in result.warnings[0]


def test_automatic_k_enlarges_until_the_dimension_exists():
    network = tanh_map(n=60, gain=3.0)
    step = network.step_and_slope

    def with_matrix(x):
        following, slope = step(x)
        return following, slope[:, None] * network.weights

    state = network.initial_state(0)
    options = {"n_steps": 300, "state_warmup": 100, "seed": 0}
    stuck = lyapunov_spectrum_from_jacobians(with_matrix, state, k=2, **options)
    assert stuck.exponents.size == 2
    assert np.isnan(stuck.kaplan_yorke_dimension)
    grown = lyapunov_spectrum_from_jacobians(
        with_matrix, state, k="auto", protocol=TangentProtocol(first_k=2), **options
    )
    assert grown.exponents.size > 2
    full = lyapunov_spectrum(network, k=60, seed=0, n_steps=300, state_warmup=100)
    assert grown.kaplan_yorke_dimension == pytest.approx(full.kaplan_yorke_dimension, abs=2)
    assert np.isfinite(lyapunov_spectrum(network, seed=0, **SHORT).kaplan_yorke_dimension)


def test_two_trajectories_confirm_the_first_exponent_and_expose_a_wrong_jacobian():
    network = RateMap(STABLE, 100, gain=2.0, noise=0.1, seed=1)
    result = lyapunov_spectrum(network, k=1, seed=2, verify=True, **SHORT)
    for rate in result.parameters["two_trajectory"].values():
        assert rate == pytest.approx(result.exponents[0], abs=2e-6)
    assert not any("two trajectories" in warning for warning in result.warnings)

    def transposed(x):
        following, slope = network.step_and_slope(x)
        return following, (slope[:, None] * network.weights).T

    wrong = lyapunov_spectrum_from_jacobians(
        transposed, network.initial_state(0), k=1, n_steps=200, seed=0,
        protocol=TangentProtocol(verify=True),
    )  # fmt: skip
    assert any("two trajectories" in warning for warning in wrong.warnings)


def test_sparse_weights_give_the_dense_spectrum():
    coupling = Coupling(LevyStable(1.5), FixedInDegree(10))
    sparse = RateMap(coupling, 60, gain=2.0, seed=1)
    dense = RateMap(sparse.weights.toarray(), gain=2.0)
    first = lyapunov_spectrum(sparse, k=20, seed=1, n_steps=20, state_warmup=0, tangent_warmup=10)
    second = lyapunov_spectrum(dense, k=20, seed=1, n_steps=20, state_warmup=0, tangent_warmup=10)
    np.testing.assert_allclose(first.exponents, second.exponents, atol=1e-8)


def test_flow_tangent_is_the_derivative_of_the_numerical_map():
    for scheme in ("rk4", "euler"):
        network = RateFlow(Coupling(Gaussian(), AllToAll()), 20, gain=2.0, dt=0.3, scheme=scheme,
                           seed=1)  # fmt: skip
        result = lyapunov_spectrum(
            network, k=20, seed=1, duration=9, state_warmup=3, tangent_warmup=60, verify=True,
            qr_every=1, log_det=True,
        )  # fmt: skip
        assert result.mean_exponent == pytest.approx(result.mean_logdet, abs=1e-9)
        for rate in result.parameters["two_trajectory"].values():
            assert rate == pytest.approx(result.exponents[0], abs=1e-5)


@pytest.mark.parametrize("library", ["array_api_strict", "torch"])
def test_other_array_libraries_give_the_numpy_numbers(library):
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed: its arrays were not tried")
    xp = importlib.import_module(library)
    weights = STABLE.sample(30, 1)
    keywords = {"k": 10, "seed": 2, "n_steps": 30, "state_warmup": 5, "tangent_warmup": 5}
    expected = lyapunov_spectrum(RateMap(weights, gain=2.0), **keywords)
    found = lyapunov_spectrum(RateMap(xp.asarray(weights), gain=2.0), **keywords)
    np.testing.assert_allclose(found.exponents, expected.exponents, atol=1e-9)
    assert isinstance(found.exponents, np.ndarray)
    flow = {"k": 10, "seed": 2, "duration": 3, "state_warmup": 1, "tangent_warmup": 1}
    expected = lyapunov_spectrum(RateFlow(weights, gain=2.0), **flow)
    found = lyapunov_spectrum(RateFlow(xp.asarray(weights), gain=2.0), **flow)
    np.testing.assert_allclose(found.exponents, expected.exponents, atol=1e-9)


def test_progress_and_seed_objects_are_accepted(capsys):
    network = tanh_map(n=10)
    seeds = [np.random.default_rng(5), np.random.default_rng(5)]
    results = [lyapunov_spectrum(network, k=2, seed=s, progress=True, **SHORT) for s in seeds]
    np.testing.assert_array_equal(results[0].exponents, results[1].exponents)
    assert "400" in capsys.readouterr().err


def identity(x):
    return x, np.eye(len(x))


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"k": 3}, "k"),
        ({"k": 0}, "k"),
        ({"n_steps": 9}, "n_steps"),
        ({"n_steps": None}, "n_steps"),
        ({"n_steps": 99, "protocol": TangentProtocol(qr_every=10)}, "n_steps"),
        ({"protocol": TangentProtocol(qr_every=0)}, "qr_every"),
        ({"k": "all"}, "k"),
        ({"tangent_warmup": -1}, "tangent_warmup"),
        ({"state_warmup": 1.5}, "state_warmup"),
        ({"state": np.zeros((2, 2))}, "state"),
        ({"state": np.array([0.0, np.nan])}, "state"),
        ({"state": [0.0, 1.0]}, "state"),
        ({"protocol": TangentProtocol(initial_vectors=np.eye(3))}, "initial_vectors"),
        ({"meaning": StepMeaning(dt=0.0)}, "dt"),
        ({"meaning": StepMeaning(unit="per step")}, "unit"),
        ({"seed": -1}, "seed"),
    ],
)
def test_bad_arguments_are_named(options, name):
    keywords = {"k": 2, "n_steps": 100} | options
    state = keywords.pop("state", np.zeros(2))
    with pytest.raises(ParameterError, match=name):
        lyapunov_spectrum_from_jacobians(identity, state, **keywords)


def test_a_step_that_is_no_function_is_named():
    with pytest.raises(ParameterError, match="step"):
        lyapunov_spectrum_from_jacobians(None, np.zeros(2), k=2, n_steps=100)


def test_too_few_inputs_are_named():
    def driven(x, u):
        return x, np.eye(2) * u

    with pytest.raises(ParameterError, match="inputs"):
        lyapunov_spectrum_from_jacobians(
            driven, np.zeros(2), k=2, n_steps=100, tangent_warmup=0, inputs=np.ones(99)
        )
    network = tanh_map(n=10)
    with pytest.raises(ParameterError, match="inputs"):
        lyapunov_spectrum(network, k=2, inputs=np.zeros((50, 10)), **SHORT)
    with pytest.raises(ParameterError, match="inputs"):
        lyapunov_spectrum(network, k=2, inputs=np.zeros(400), **SHORT)


def test_divergence_raises_and_names_what_diverged():
    with pytest.raises(ConvergenceError, match="state"):
        lyapunov_spectrum(RateMap(np.eye(3) * 3, phi="relu", bias=1.0), k=1, seed=0)
    with pytest.raises(ConvergenceError, match="tangent"):
        lyapunov_spectrum_from_jacobians(
            lambda x: (x, np.full((2, 2), np.nan)), np.zeros(2), k=2, n_steps=20
        )


def test_flow_times_must_be_whole_steps_or_zero():
    with pytest.raises(ParameterError, match="tangent_warmup"):
        lyapunov_spectrum_from_flow(
            lambda x: -x, lambda x: -np.eye(1), np.ones(1), k=1, dt=0.1, duration=10,
            tangent_warmup=0.01,
        )  # fmt: skip


def test_unknown_models_and_protocols_are_refused():
    with pytest.raises(ParameterError, match="give a Network"):
        lyapunov_spectrum(object())
    with pytest.raises(ParameterError, match="did you mean 'xie2025'"):
        lyapunov_spectrum(tanh_map(), compat="xie25")
