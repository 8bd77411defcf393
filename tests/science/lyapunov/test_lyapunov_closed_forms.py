"""Lyapunov exponents known in closed form, and the faults that would miss them.

Period-3 cycles: eigenvalues of the product of one period (see lyapunov.md, section 1.1; the forward
transposed product has those of the factors in reversed order).  Cat map and Henon map: textbook.
Lorenz system: neutral exponent and trace of the Jacobian.  Products of real Ginibre matrices:
Newman, Commun. Math. Phys. 103 (1986) 121, doi:10.1007/BF01464284.
"""

import numpy as np
import pytest
from scipy.special import polygamma, psi

from heavytail_snn.analysis.lyapunov import (
    lyapunov_spectrum_from_flow,
    lyapunov_spectrum_from_jacobians,
)
from heavytail_snn.analysis.lyapunov.tangent.protocol import TangentProtocol
from heavytail_snn.analysis.lyapunov.tangent.qr import positive_qr

CYCLE = [np.array(m, float) for m in ([[1, 1], [0, 1]], [[1, 0], [1, 1]], [[2, 0], [0, 1]])]
CYCLE_EXPONENTS = np.log([2 + np.sqrt(2), 2 - np.sqrt(2)]) / 3


def cycle_step(matrices):
    def step(x):
        i = int(x[0])
        following = np.zeros_like(x)
        following[0] = (i + 1) % len(matrices)
        return following, matrices[i]

    return step


def run_cycle(matrices, **options):
    n = len(matrices[0])
    keywords = {"k": n, "n_steps": 3000, "seed": 1} | options
    return lyapunov_spectrum_from_jacobians(cycle_step(matrices), np.zeros(n), **keywords)


def test_period_three_cycle_to_nine_digits():
    result = run_cycle(CYCLE)
    np.testing.assert_allclose(result.exponents, CYCLE_EXPONENTS, atol=1e-9)


def test_the_transposed_product_fails_the_period_three_test():
    transposed = run_cycle([m.T for m in CYCLE]).exponents
    assert transposed[0] == pytest.approx(np.log((5 + np.sqrt(17)) / 2) / 3, abs=1e-9)
    assert abs(transposed[0] - CYCLE_EXPONENTS[0]) > 0.09


def test_period_three_cycle_of_random_matrices():
    generator = np.random.default_rng(3)
    matrices = [generator.standard_normal((4, 4)) for _ in range(3)]
    moduli = np.abs(np.linalg.eigvals(matrices[2] @ matrices[1] @ matrices[0]))
    exact = np.sort(np.log(moduli))[::-1] / 3
    result = run_cycle(matrices, n_steps=6000)
    np.testing.assert_allclose(result.exponents, exact, atol=1e-3)
    reversed_order = np.abs(np.linalg.eigvals(matrices[0] @ matrices[1] @ matrices[2]))
    assert abs(np.log(reversed_order.max()) / 3 - exact[0]) > 0.01


def test_cat_map():
    cat = np.array([[2.0, 1.0], [1.0, 1.0]])
    result = lyapunov_spectrum_from_jacobians(
        lambda x: ((cat @ x) % 1, cat), np.array([0.1, 0.3]), k=2, n_steps=1000, seed=0
    )
    golden = np.log((3 + np.sqrt(5)) / 2)
    np.testing.assert_allclose(result.exponents, [golden, -golden], atol=1e-10)


def test_henon_map():
    def step(x):
        jacobian = np.array([[-2.8 * x[0], 1.0], [0.3, 0.0]])
        return np.array([1 - 1.4 * x[0] ** 2 + x[1], 0.3 * x[0]]), jacobian

    result = lyapunov_spectrum_from_jacobians(
        step, np.zeros(2), k=2, n_steps=40_000, state_warmup=100, seed=0,
        protocol=TangentProtocol(verify=True),
    )  # fmt: skip
    assert result.exponents.sum() == pytest.approx(np.log(0.3), abs=1e-10)
    assert result.exponents[0] == pytest.approx(0.419, abs=0.004)
    assert result.parameters["two_trajectory"][1e-8] == pytest.approx(result.exponents[0], abs=1e-6)
    assert result.warnings == ()
    # Kaplan-Yorke dimension of the Henon attractor, Grassberger & Procaccia 1983: 1.26
    assert result.kaplan_yorke_dimension == pytest.approx(1.26, abs=0.01)


def test_lorenz_has_a_neutral_exponent():
    def velocity(x):
        return np.array([10 * (x[1] - x[0]), x[0] * (28 - x[2]) - x[1], x[0] * x[1] - 8 / 3 * x[2]])

    def jacobian(x):
        return np.array([[-10, 10, 0], [28 - x[2], -1, -x[0]], [x[1], x[0], -8 / 3]])

    result = lyapunov_spectrum_from_flow(
        velocity,
        jacobian,
        np.ones(3),
        k=3,
        dt=0.01,
        duration=400,
        state_warmup=20,
        tangent_warmup=10,
        seed=0,
    )
    assert result.zero_index == 1
    assert abs(result.zero_value) < 0.01
    assert result.lambda_max_nontrivial == pytest.approx(0.906, abs=0.02)
    assert result.exponents.sum() == pytest.approx(-(10 + 1 + 8 / 3), abs=1e-3)
    assert result.kaplan_yorke_dimension == pytest.approx(2.062, abs=0.005)


def test_a_linear_flow_has_the_real_parts_of_its_eigenvalues():
    generator = np.random.default_rng(5)
    a = generator.standard_normal((6, 6)) / 2
    result = lyapunov_spectrum_from_flow(
        lambda x: a @ x,
        lambda x: a,
        np.zeros(6),
        k=6,
        dt=0.02,
        duration=800,
        state_warmup=0,
        tangent_warmup=400,
        seed=0,
    )
    exact = np.sort(np.linalg.eigvals(a).real)[::-1]
    np.testing.assert_allclose(result.exponents, exact, atol=2e-3)


def test_diagonal_map():
    factors = np.array([0.5, 3.0, 1.0, 1e-6, 2.0])
    result = lyapunov_spectrum_from_jacobians(
        lambda x: (x, np.diag(factors)), np.zeros(5), k=5, n_steps=200, seed=0
    )
    np.testing.assert_allclose(result.exponents, np.log(np.sort(factors)[::-1]), atol=1e-10)


def test_products_of_ginibre_matrices():
    n, n_steps = 50, 4000
    generator = np.random.default_rng(7)

    def step(x):
        return x, generator.standard_normal((n, n)) / np.sqrt(n)

    result = lyapunov_spectrum_from_jacobians(
        step, np.zeros(n), k=n, n_steps=n_steps, tangent_warmup=50, seed=0,
        protocol=TangentProtocol(qr_every=1),
    )  # fmt: skip
    order = (n - np.arange(n)) / 2
    expected = 0.5 * (np.log(2 / n) + psi(order))
    exact_error = np.sqrt(polygamma(1, order) / 4 / n_steps)
    z = (result.exponents - expected) / exact_error
    assert np.sqrt(np.mean(z**2)) < 1.3
    assert np.abs(z).max() < 4
    # and the block errors are those of the law
    assert np.median(result.standard_error / exact_error) == pytest.approx(1, abs=0.2)


def test_qr_has_positive_diagonal_and_reconstructs():
    z = np.random.default_rng(0).standard_normal((30, 7))
    q, logs = positive_qr(z.copy())
    r = q.T @ z
    np.testing.assert_allclose(q.T @ q, np.eye(7), atol=1e-14)
    np.testing.assert_allclose(np.diag(r), np.exp(logs), rtol=1e-12)
    np.testing.assert_allclose(np.tril(r, -1), 0, atol=1e-13)
