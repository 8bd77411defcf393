"""Exponents of networks at rest and of close pairs, against eigenvalues.

At a fixed point x* the exponents are -1 + g Re eig(W phi'(x*)) for a flow (through RK4
ln |R(dt z)| / dt with the polynomial R of the scheme) and ln |g eig(phi' W)| for a map; the linear
algebra of numpy knows nothing of QR steps.
"""

import numpy as np
import pytest

from heavytail_snn.analysis.lyapunov import (
    lyapunov_spectrum,
    lyapunov_spectrum_from_jacobians,
)
from heavytail_snn.analysis.lyapunov.tangent.alignment import misalignment
from heavytail_snn.models.rate.flow import RateFlow
from heavytail_snn.models.rate.map import RateMap
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import Gaussian, LevyStable
from heavytail_snn.weights.wiring import AllToAll


def weights_of_radius_one(law, n=60, seed=3):
    weights = Coupling(law, AllToAll()).sample(n, seed)
    return weights / np.abs(np.linalg.eigvals(weights)).max()


@pytest.mark.parametrize("law", [Gaussian(), LevyStable(1.5)])
@pytest.mark.parametrize("gain", [0.3, 0.9])
@pytest.mark.parametrize("k", [1, 8, 60, "auto"])
def test_silent_networks_have_the_eigenvalues_of_their_weights(law, gain, k):
    weights = weights_of_radius_one(law)
    eigenvalues = gain * np.linalg.eigvals(weights)
    flow = lyapunov_spectrum(RateFlow(weights, gain=gain), k=k, seed=1)
    exact = np.sort(eigenvalues.real)[::-1] - 1
    np.testing.assert_allclose(flow.exponents, exact[: flow.exponents.size], atol=3e-5)
    z = 0.1 * (eigenvalues - 1)
    exact = np.sort(np.log(np.abs(1 + z + z**2 / 2 + z**3 / 6 + z**4 / 24)))[::-1] / 0.1
    np.testing.assert_allclose(flow.exponents, exact[: flow.exponents.size], atol=1e-9)
    rate_map = lyapunov_spectrum(RateMap(weights, gain=gain), k=k, seed=1)
    exact = np.sort(np.log(np.abs(eigenvalues)))[::-1]
    np.testing.assert_allclose(rate_map.exponents, exact[: rate_map.exponents.size], atol=1e-9)
    for found in (flow, rate_map):
        assert found.converged
        assert found.kaplan_yorke_dimension == 0
        assert found.standard_error.max() < 1e-12
        assert k == "auto" or found.exponents.size == k


@pytest.mark.parametrize("model", [RateFlow, RateMap])
def test_an_active_fixed_point_has_the_eigenvalues_of_its_own_jacobian(model):
    weights = weights_of_radius_one(Gaussian(), n=30)
    bias = np.linspace(-1, 1, 30)
    network = model(weights, gain=0.8, bias=bias)
    found = lyapunov_spectrum(network, k=30, seed=2)
    x = network.run(3000, seed=2)[-1]
    if model is RateFlow:
        jacobian = 0.8 * weights / np.cosh(x) ** 2
        exact = np.sort(np.linalg.eigvals(jacobian).real)[::-1] - 1
    else:
        jacobian = 0.8 * weights * (1 - x**2)[:, None]
        exact = np.sort(np.log(np.abs(np.linalg.eigvals(jacobian))))[::-1]
    np.testing.assert_allclose(found.exponents, exact, atol=1e-5)
    assert found.converged


def test_an_unstable_point_of_rest_is_no_attractor():
    network = RateMap(weights_of_radius_one(Gaussian()), gain=3.0)
    found = lyapunov_spectrum(network, k=1, seed=1, initial_state=np.zeros(60), n_steps=200)
    # the trajectory stays where it was put, and its exponent is that of the product
    assert found.exponents[0] == pytest.approx(np.log(3.0), abs=3 * found.standard_error[0] + 1e-9)
    assert "method" not in found.parameters


def constant(matrix):
    return lambda x: (x, matrix)


def skewed(exponents, seed=0):
    """A matrix with these exponents and far from orthogonal eigenvectors."""
    generator = np.random.default_rng(seed)
    basis = generator.standard_normal((len(exponents), len(exponents)))
    return basis @ np.diag(np.exp(exponents)) @ np.linalg.inv(basis)


def test_the_warm_up_lasts_until_the_gaps_have_aligned_the_vectors():
    exponents = np.array([-0.1, -0.11, -0.12, -0.4])
    found = lyapunov_spectrum_from_jacobians(
        constant(skewed(exponents)), np.zeros(4), k=3, n_steps=2000, seed=1
    )
    assert found.tangent_warmup >= 400
    np.testing.assert_allclose(found.exponents, exponents[:3], atol=1e-5)
    wide = lyapunov_spectrum_from_jacobians(
        constant(skewed(exponents * 20)), np.zeros(4), k=3, n_steps=2000, seed=1
    )
    assert wide.tangent_warmup == 200


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_a_warm_up_that_is_too_short_shows_in_the_errors(k):
    exponents = np.array([-0.1, -0.101, -0.102, -0.103])
    ratios = []
    for seed in range(20):
        found = lyapunov_spectrum_from_jacobians(
            constant(skewed(exponents, seed)), np.zeros(4), k=k, n_steps=400,
            tangent_warmup=0, seed=seed,
        )  # fmt: skip
        ratios.append((found.exponents - exponents[:k]) / found.standard_error)
    assert np.sqrt(np.mean(np.square(ratios))) < 3


def test_misalignment_is_the_logarithm_of_the_cosine():
    stretches = np.array([[1.0, 0.5, 0.0], [1.0, 0.5, 0.0]])
    slower = np.log1p([np.exp(-2.0) + np.exp(-4.0), np.exp(-2.0), 0.0]) / 2
    faster = np.log1p([0.0, np.exp(-2.0), np.exp(-2.0) + np.exp(-4.0)]) / 2
    np.testing.assert_allclose(misalignment(stretches, 10.0), (slower + faster) / 10)
    lost = misalignment(np.array([[0.0, -np.inf, -np.inf]]), 10.0)
    np.testing.assert_allclose(lost, [0, np.log(2) / 20, np.log(2) / 20])


@pytest.mark.parametrize("duration", [1, 4, 40])
def test_a_flow_at_rest_has_no_neutral_exponent_however_short_the_run(duration):
    """All eigenvalues of the stable fixed point 0 are negative: the dimension is exactly 0."""
    coupling = Coupling(LevyStable(1.5), AllToAll())
    network = RateFlow(coupling, 10)
    found = lyapunov_spectrum(network, duration=duration, seed=5)
    exact = np.sort(np.linalg.eigvals(coupling.sample(10, 5) - np.eye(10)).real)[::-1]
    assert found.parameters["method"] == "eigenvalues at the fixed point"
    np.testing.assert_allclose(found.exponents, exact[: len(found.exponents)], atol=1e-4)
    assert exact[0] < 0
    assert found.kaplan_yorke_dimension == 0
    assert found.kaplan_yorke_dimension_standard_error == 0
    assert found.entropy_rate == 0
    assert found.zero_index is None
