"""Kernels of known responses; what kernels, spectra and presentations refuse."""

import numpy as np
import pytest

from heavytail_snn.analysis.geometry import (
    eigenspectrum_exponent,
    kernel_eigenvalues,
    response_kernel,
)
from heavytail_snn.analysis.geometry.response_kernel import distance_bins
from heavytail_snn.errors import ParameterError
from heavytail_snn.models.stimulus import circle, sphere, torus

RNG = np.random.default_rng(0)
GOOD = RNG.normal(size=(16, 80))


def correlated(stimulus, loss, n_neurons, seed):
    """Gaussian responses whose kernel is 1 - loss(distance)."""
    kernel = 1 - loss(stimulus.distances)
    values, vectors = np.linalg.eigh(kernel)
    assert values[0] > -1e-9
    root = vectors * np.sqrt(np.clip(values, 0, None))
    return root @ np.random.default_rng(seed).normal(size=(len(kernel), n_neurons))


def test_kernel_of_two_neurons_by_hand():
    result = response_kernel([[1.0, 2.0], [3.0, 4.0]])
    # products over two neurons, over the mean square 30/4
    np.testing.assert_allclose(result.kernel, np.array([[5, 11], [11, 25]]) / 2 / 7.5)
    assert result.coincidence == pytest.approx(1.0)
    assert np.isnan(result.nugget)


def test_across_repeats_leaves_noise_out():
    rng = np.random.default_rng(1)
    signal = rng.normal(size=(20, 3000, 1))
    noisy = signal + rng.normal(size=(20, 3000, 3))
    within = response_kernel(noisy)
    across = response_kernel(noisy, products="across")
    assert within.coincidence == pytest.approx(1.0)
    assert across.coincidence == pytest.approx(0.5, abs=0.02)
    np.testing.assert_allclose(
        across.kernel - np.diag(np.diag(across.kernel)),
        within.kernel - np.diag(np.diag(within.kernel)),
        atol=0.05,
    )


def test_center_removes_the_common_response():
    rng = np.random.default_rng(2)
    responses = 10 + rng.normal(size=(30, 2000))
    assert response_kernel(responses).kernel[0, 1] > 0.95
    assert abs(response_kernel(responses, center=True).kernel[0, 1]) < 0.1


def test_recovers_nugget_cusp_and_length():
    stimulus = circle(128)

    def loss(distance):  # a nugget on top of a cusp of exponent 1
        return np.where(distance > 0, 0.2 + 0.8 * distance / np.pi, 0.0)

    responses = correlated(stimulus, loss, 20_000, 3)
    result = response_kernel(responses, stimuli=stimulus, band=(0, 0.8), seed=1)
    assert result.nugget == pytest.approx(0.2, abs=3 * result.nugget_error)
    assert result.nugget_error < 0.02
    assert result.cusp_exponent == pytest.approx(1, abs=3 * result.cusp_exponent_error)
    flat = correlated(stimulus, lambda d: (d / np.pi) ** 0.5, 20_000, 4)
    cusp = response_kernel(flat, stimuli=stimulus, band=(0, 1), with_nugget=False, seed=1)
    assert cusp.cusp_exponent == pytest.approx(0.5, abs=3 * cusp.cusp_exponent_error + 0.003)
    # half-way between 1 and 0: d = pi / 4
    assert cusp.smoothness_length == pytest.approx(np.pi / 4, abs=0.06)
    assert cusp.nugget == 0
    exact = (2 * np.pi / 128 / np.pi) ** 0.5
    assert cusp.closest_loss == pytest.approx(exact, abs=3 * cusp.closest_loss_error)


def test_bootstrap_error_is_the_spread_over_draws():
    stimulus = circle(32)
    results = [
        response_kernel(
            correlated(stimulus, lambda d: 0.5 * d / np.pi, 800, seed),
            stimuli=stimulus,
            band=(0, 1.5),
            with_nugget=False,
            n_bootstrap=60,
            seed=1,
        )
        for seed in range(30)
    ]
    spread = np.std([r.cusp_exponent for r in results])
    assert np.mean([r.cusp_exponent_error for r in results]) == pytest.approx(spread, rel=0.5)


def test_distance_bins():
    values, member = distance_bins(circle(8).distances)
    assert values == pytest.approx(np.pi / 4 * np.arange(1, 5))
    assert member[0].tolist() == [-1, 0, 1, 2, 3, 2, 1, 0]
    distances = sphere(40, 2, seed=1).distances
    values, member = distance_bins(distances)
    assert (np.diff(values) > 0).all()
    assert (np.diag(member) == -1).all()
    assert member.max() == values.size - 1
    for k in range(values.size):
        inside = distances[member == k]
        assert inside.max() / inside.min() < 10 ** (1 / 12) + 1e-9


def test_eigenvalues_by_rank_and_on_the_circle_agree():
    stimulus = torus(64, kernel="periodic_gaussian", width=0.5)
    responses = np.tile(stimulus.features, 2)  # exact kernel of Fourier features
    by_rank = eigenspectrum_exponent(responses, band=(2, 9), n_bootstrap=5, seed=1)
    modes = eigenspectrum_exponent(responses, band=(1, 4), modes="circle", n_bootstrap=5, seed=1)
    weights = np.exp(-0.5 * (0.5 * np.arange(5)) ** 2)
    expected = weights / (weights[0] + 2 * np.exp(-0.5 * (0.5 * np.arange(1, 40)) ** 2).sum())
    scale = np.mean(responses**2)
    assert modes.eigenvalue[:5] == pytest.approx(expected * scale, rel=1e-9)
    assert by_rank.eigenvalue[0] == pytest.approx(expected[0] * scale, rel=1e-9)
    assert by_rank.eigenvalue[1:9:2] == pytest.approx(expected[1:] * scale, rel=1e-9)
    assert by_rank.eigenvalue.sum() == pytest.approx(scale, rel=1e-9)


def test_prediction_uses_stimuli_and_band_of_the_data():
    stimulus = sphere(100, 2, seed=1)

    def kernel(distance):
        return 1 - 2 * distance / np.pi

    responses = correlated(stimulus, lambda d: 1 - kernel(d), 20_000, 5)
    result = eigenspectrum_exponent(
        responses, band=(4, 40), prediction=kernel, stimuli=stimulus, n_bootstrap=20, seed=1
    )
    assert result.exponent == pytest.approx(result.predicted_exponent, abs=0.03)
    assert result.interval[0] < result.exponent < result.interval[1]
    exact = kernel_eigenvalues(kernel(stimulus.distances))
    assert result.predicted_eigenvalue == pytest.approx(exact * np.mean(responses**2))


def test_results_are_repeatable_and_draw():
    stimulus = circle(16)
    first, second = (response_kernel(GOOD, stimuli=stimulus, band=(0, 3), seed=4) for _ in range(2))
    assert first.nugget_error == second.nugget_error
    assert first.plot().get_xlabel() == "distance of stimuli"
    spectrum = eigenspectrum_exponent(GOOD, band=(1, 8), n_bootstrap=5, seed=4)
    assert spectrum.plot().get_xlabel() == "order"
    assert {e.name for e in first.estimates()} >= {"nugget", "cusp_exponent"}


INDEFINITE = np.array([[1.0, 2.0], [2.0, 1.0]])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: response_kernel(GOOD[:1]), "at least two stimuli"),
        (lambda: response_kernel(None), "responses must be an array of real numbers"),
        (lambda: response_kernel(GOOD * np.nan), "responses must be finite"),
        (lambda: response_kernel(np.ones((5, 9))), "responses must differ between stimuli"),
        (lambda: response_kernel(GOOD, products="across"), "at least 2 repeats"),
        (lambda: response_kernel(GOOD, products="acros"), "did you mean 'across'"),
        (lambda: response_kernel(GOOD, stimuli=circle(9)), "between 16 stimuli"),
        (lambda: response_kernel(GOOD, stimuli=np.zeros(16)), "must not all be equal"),
        (lambda: response_kernel(GOOD, stimuli=circle(16), band=(0, 0.5)), "at least 5 distances"),
        (lambda: response_kernel(GOOD, stimuli=circle(16), groups=[1, 2]), "groups must name"),
        (lambda: response_kernel(GOOD[:, :1], stimuli=circle(16)), "at least two blocks"),
        (lambda: eigenspectrum_exponent(GOOD, band=(1, 17)), "band must end at 16"),
        (lambda: eigenspectrum_exponent(GOOD, band=(1, 8), modes="circle"), "must end at 7"),
        (lambda: eigenspectrum_exponent(GOOD, band=(3, 4)), "band must be an integer >= 5"),
        (lambda: eigenspectrum_exponent(GOOD, band=3), "must be two whole numbers"),
        (lambda: eigenspectrum_exponent(np.ones((9, 9)), band=(1, 4)), "must differ"),
        (lambda: eigenspectrum_exponent(GOOD[:, :5], band=(1, 9)), "positive eigenvalues only"),
        (
            lambda: eigenspectrum_exponent(GOOD, band=(1, 4), prediction=np.cos),
            "stimuli must be given",
        ),
        (
            lambda: eigenspectrum_exponent(
                GOOD, band=(1, 4), prediction=lambda d: 1 - d**3, stimuli=circle(16)
            ),
            "prediction must be positive semidefinite",
        ),
        (
            lambda: eigenspectrum_exponent(
                GOOD, band=(1, 4), modes="circle", prediction=lambda d: 1 - d**3
            ),
            "must be a positive semidefinite kernel",
        ),
        (lambda: kernel_eigenvalues(INDEFINITE), "kernel must be positive semidefinite"),
        (lambda: kernel_eigenvalues([[1.0, 0.5], [0.0, 1.0]]), "finite and symmetric"),
        (lambda: kernel_eigenvalues([1.0, 2.0]), "must be a square matrix"),
    ],
)
def test_refuses(call, words):
    with pytest.raises(ParameterError, match=words):
        call()
