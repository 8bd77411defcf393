"""Kernels of known responses; what kernels, spectra and presentations refuse."""

import numpy as np
import pytest
from brian2 import ms, mV

from heavytail_snn.analysis.geometry import (
    eigenspectrum_exponent,
    kernel_eigenvalues,
    present,
    response_kernel,
)
from heavytail_snn.analysis.geometry.kernels import block_labels, distance_bins
from heavytail_snn.core.errors import ParameterError
from heavytail_snn.models import LIFNetwork, RateMap, ThetaNetwork
from heavytail_snn.models.stimulus import circle, sphere, torus
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import Gaussian
from heavytail_snn.weights.wiring import AllToAll

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


PADDED = np.random.default_rng(6).normal(size=(4, 7, 3)) + 1.0
PADDED[1, :, 2] = PADDED[3, :, 1:] = np.nan


def trials(x, stimulus):
    return [t for t in x[stimulus].T if np.isfinite(t).all()]


@pytest.mark.parametrize("products", ["within", "across"])
@pytest.mark.parametrize("center", [False, True])
def test_missing_repeats_pair_by_pair(products, center):
    x = PADDED[:3].copy() if products == "across" else PADDED.copy()
    if center:
        x -= np.mean([np.mean(trials(x, i), axis=0) for i in range(len(x))], axis=0)[:, None]
    expected = np.empty((len(x), len(x)))
    for i, j in np.ndindex(expected.shape):
        pairs = [
            a @ b
            for r, a in enumerate(trials(x, i))
            for q, b in enumerate(trials(x, j))
            if (r == q) == (products == "within")
        ]
        expected[i, j] = np.mean(pairs)
    own = [np.mean([a @ a for a in trials(x, i)]) for i in range(len(x))]
    data = PADDED[: len(x)].copy()
    result = response_kernel(data, products=products, center=center)
    np.testing.assert_allclose(result.kernel, expected / np.mean(own), rtol=1e-12)
    assert np.isnan(data).sum() == np.isnan(x).sum()  # the input is left as it was


def test_padding_that_no_stimulus_uses_changes_nothing():
    stimulus = circle(16)
    repeats = np.random.default_rng(7).normal(size=(16, 80, 2))
    wider = np.concatenate([repeats, np.full((16, 80, 1), np.nan)], axis=2)
    for products in ("within", "across"):
        first, second = (
            response_kernel(x, stimuli=stimulus, band=(0, 3), products=products, seed=1)
            for x in (repeats, wider)
        )
        np.testing.assert_allclose(first.profile, second.profile, atol=1e-13)
        assert first.closest_loss_error == pytest.approx(second.closest_loss_error)


def test_loss_compares_each_stimulus_with_itself():
    """Pairs of equal responses have no loss, however strong other stimuli are."""
    rng = np.random.default_rng(8)
    pairs = np.repeat(np.array([1.0, 3.0, 0.2])[:, None] * rng.normal(size=(3, 200)), 2, axis=0)
    angles = (np.array([0.0, 2.0, 4.0])[:, None] + [0.0, 0.01]).ravel()
    result = response_kernel(pairs[:4], stimuli=angles[:4], band=(1, 4), with_nugget=False, seed=1)
    assert abs(result.closest_loss) < 1e-12
    exact = np.mean((pairs[0] - pairs[2]) ** 2) / 2 / np.mean(pairs[:4] ** 2)
    assert result.coincidence - result.profile[-1] == pytest.approx(exact)


def test_length_of_an_odd_code_ends_where_similarity_does():
    """K = cos(angle) falls to -1; half of the similarity is lost at pi/3, not at pi/2."""
    fields = circle(60).features
    result = response_kernel(fields, stimuli=circle(60), with_nugget=False, seed=1, band=(0, 1))
    assert result.smoothness_length == pytest.approx(np.pi / 3, abs=1e-9)


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


def test_few_distances_leave_profile_and_loss():
    result = response_kernel(GOOD, stimuli=circle(16), seed=4)
    assert "too few distances" in result.warnings[0]
    assert np.isnan([result.nugget, result.cusp_exponent, result.smoothness_length]).all()
    fitted = response_kernel(GOOD, stimuli=circle(16), band=(0, 3), seed=4)
    np.testing.assert_array_equal(result.profile, fitted.profile)
    assert result.closest_loss == fitted.closest_loss
    assert result.closest_loss_error == pytest.approx(fitted.closest_loss_error)


def test_one_responding_neuron_has_no_errors():
    silent = np.zeros((16, 80))
    silent[:, 3] = GOOD[:, 3]
    result = response_kernel(silent, stimuli=circle(16), band=(0, 3), seed=4)
    assert "too few neurons" in result.warnings[0]
    assert np.isnan(result.profile_error).all()
    assert result.coincidence == pytest.approx(1)
    assert result.closest_loss > 0


def test_equal_responses_do_not_outweigh_the_others():
    """Stimuli that no neuron tells apart have a loss of 0 without a known error."""
    responses = correlated(circle(64), lambda d: d / np.pi, 4000, 9)
    responses[1] = responses[0]
    angles = np.where(np.arange(64) == 1, 1e-4, 2 * np.pi * np.arange(64) / 64)
    result = response_kernel(responses, stimuli=angles, band=(0, 0.8), seed=1)
    assert result.closest_loss == pytest.approx(0, abs=1e-12)
    assert result.cusp_exponent == pytest.approx(1, abs=0.25)
    assert abs(result.nugget) < 1e-3
    assert result.nugget_error > 1e-6  # not the rounding of that one pair


def test_saturated_loss_is_warned_of():
    """White responses are all nugget; a loss that bends inside the band is no power law."""
    responses = np.random.default_rng(5).normal(size=(64, 2000))
    flat = response_kernel(responses, stimuli=circle(64), band=(0, 3), seed=1)
    assert flat.nugget == pytest.approx(1, abs=0.05)
    assert flat.closest_loss == pytest.approx(1, abs=0.05)
    bent = correlated(circle(64), lambda d: 1 - np.exp(-d / 0.2), 4000, 2)
    beyond = response_kernel(bent, stimuli=circle(64), band=(0, 2), seed=1)
    assert "quote closest_loss" in beyond.warnings[0]
    within = response_kernel(bent, stimuli=circle(64), band=(0, 0.5), seed=1)
    assert beyond.closest_loss == within.closest_loss


def test_results_are_repeatable_and_draw():
    stimulus = circle(16)
    first, second = (response_kernel(GOOD, stimuli=stimulus, band=(0, 3), seed=4) for _ in range(2))
    assert first.nugget_error == second.nugget_error
    assert first.plot().get_xlabel() == "distance of stimuli"
    spectrum = eigenspectrum_exponent(GOOD, band=(1, 8), n_bootstrap=5, seed=4)
    assert spectrum.plot().get_xlabel() == "order"
    assert {e.name for e in first.estimates()} >= {"nugget", "cusp_exponent"}


@pytest.mark.parametrize("n_copies", [1, 40])
def test_error_resamples_repeated_columns_together(n_copies):
    """Equal columns, as 40 bins of one neuron next to each other, are one neuron to the error."""
    angles = np.array([0.0, 0.1, 2.0, 2.1])
    drawn = [
        response_kernel(
            np.repeat(np.random.default_rng(seed).normal(size=(4, 100)), n_copies, axis=1),
            stimuli=angles,
            seed=1,
        )
        for seed in range(20)
    ]
    spread = np.std([r.closest_loss for r in drawn], ddof=1)
    assert np.mean([r.closest_loss_error for r in drawn]) == pytest.approx(spread, rel=0.35)


def test_spectrum_error_resamples_repeated_columns_together():
    responses = np.random.default_rng(1).normal(size=(12, 100))
    errors = [
        eigenspectrum_exponent(
            np.repeat(responses, n_copies, axis=1), band=(1, 8), n_bootstrap=200, seed=1
        ).standard_error
        for n_copies in (1, 40)
    ]
    assert errors[1] == pytest.approx(errors[0], rel=0.2)


@pytest.mark.parametrize("n_neurons", [2, 39, 40, 41, 1000])
def test_blocks_are_neighbours(n_neurons):
    labels = block_labels(n_neurons)
    assert set(np.diff(labels)) <= {0, 1}
    assert (labels[0], labels[-1]) == (0, min(n_neurons, 40) - 1)
    assert np.ptp(np.bincount(labels)) <= 1


def test_common_response_is_warned_of():
    counts = np.random.default_rng(2).poisson(9.0, size=(16, 80, 2)).astype(float)
    for repeats in (counts, np.where([True, False], counts, np.nan)):
        assert "most of the response is common" in response_kernel(repeats).warnings[-1]
        fitted = response_kernel(repeats, stimuli=circle(16), band=(0, 3), seed=1)
        assert any("center=True subtracts it" in warning for warning in fitted.warnings)
        centred = response_kernel(repeats, stimuli=circle(16), band=(0, 3), center=True, seed=1)
        assert not any("common to all stimuli" in warning for warning in centred.warnings)
    # below one half of the mean square: 0.5 against a variance of 1
    shifted = GOOD - GOOD.mean(axis=0) + 0.5 * GOOD.std()
    assert not any("common" in warning for warning in response_kernel(shifted).warnings)


def test_without_stimuli_the_result_says_why():
    assert response_kernel(GOOD).warnings == (
        "no stimuli were given: only the kernel was measured",
    )


def test_remedy_for_unequal_repeats_works():
    """Pairs of common repeats need not make a kernel; averages over repeats do."""
    responses = np.random.default_rng(1).normal(size=(30, 10, 3))
    responses[::2, :, 1:] = np.nan
    with pytest.raises(ParameterError, match=r"average these first: np\.nanmean"):
        kernel_eigenvalues(response_kernel(responses).kernel)
    averages = np.nanmean(responses, axis=2)
    assert kernel_eigenvalues(response_kernel(averages).kernel).min() > -1e-12
    with pytest.raises(ParameterError, match=r"average repeats first, np\.nanmean"):
        eigenspectrum_exponent(responses, band=(1, 8))
    result = eigenspectrum_exponent(averages, band=(1, 8), n_bootstrap=5, seed=1)
    assert result.standard_error > 0


COUPLING = Coupling(Gaussian(), AllToAll())
RATE = RateMap(COUPLING, 5, seed=1)
THETA = ThetaNetwork(np.zeros((50, 50)), drive=0.1)
LIF = LIFNetwork(COUPLING, 5, drive=20 * mV)
SHOWN = present(RATE, circle(3), 2, seed=1)
INDEFINITE = np.array([[1.0, 2.0], [2.0, 1.0]])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: response_kernel(GOOD[:1]), "at least two stimuli"),
        (lambda: response_kernel(None), "responses must be an array of real numbers"),
        (lambda: response_kernel(GOOD * np.nan), "responses must be finite"),
        (lambda: response_kernel(np.ones((5, 9))), "responses must differ between stimuli"),
        (lambda: response_kernel(PADDED, products="across"), r"1 repeat\(s\) of stimulus 3"),
        (lambda: response_kernel(np.swapaxes(PADDED, 0, 1)), "swapaxes"),
        (lambda: response_kernel(PADDED[:, :, ::-1]), "nan after the last repeat"),
        (lambda: response_kernel(np.where(PADDED > 2, np.inf, PADDED)), "responses must be finite"),
        (lambda: response_kernel(SHOWN), r"read its .states\(time\)"),
        (lambda: SHOWN.counts(), "read states instead"),
        (lambda: SHOWN.states(9.0), "time must lie in .* plain numbers are in seconds"),
        (
            lambda: present(THETA, circle(3), 0.1, amplitude=0.01, seed=1).counts(100, 200),
            r"stop must end a window inside .* plain numbers are in seconds; or pass quantities",
        ),
        (lambda: present(RATE, np.full((2, 5), np.nan), 1), "holds nan in pattern 0"),
        (
            lambda: present(RATE, [[0, 0, 0, 0, 1], [0, np.inf, 0, 0, 0]], 1),
            "holds inf in pattern 1",
        ),
        (lambda: present(RATE.coupling, circle(3), 1.0), "model must be a network"),
        (lambda: present(THETA, circle(3), 0.1, seed=1), "leave every drive above 0"),
        (lambda: present(LIF, circle(3), 9 * ms, seed=1), "must have the unit of the model's"),
        (lambda: eigenspectrum_exponent(PADDED, band=(1, 4)), "`cvpca_exponent`"),
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
