"""Stimulus families have the similarity they promise; trials share what they promise to share."""

import numpy as np
import pytest

from heavytail_snn.analysis import theory
from heavytail_snn.core.errors import ParameterError
from heavytail_snn.models import stimulus as st
from heavytail_snn.models.binary.trials import binary_trials, synchronous_trials


def test_circle_and_sphere():
    circle = st.circle(12)
    angle = 2 * np.pi * np.arange(12) / 12
    assert circle.similarity[0] == pytest.approx(np.cos(angle))
    assert circle.distances[0, 5] == pytest.approx(5 * np.pi / 6)
    assert circle.distances[0, 7] == pytest.approx(5 * np.pi / 6)
    ball = st.sphere(50, 3, seed=1)
    assert ball.features.shape == (50, 4)
    assert np.cos(ball.distances) == pytest.approx(ball.similarity, abs=1e-12)
    assert abs(st.sphere(4000, 2, seed=1).features.mean()) < 0.03


@pytest.mark.parametrize("width", [0.2, 0.7, 2.0])
def test_torus_kernels(width):
    x = np.linspace(0, 2 * np.pi, 37)
    von_mises = st.torus(x, kernel="von_mises", width=width).similarity[0]
    assert von_mises == pytest.approx(np.exp((np.cos(x) - 1) / width**2), abs=1e-9)
    wrapped = sum(np.exp(-((x + 2 * np.pi * n) ** 2) / (2 * width**2)) for n in range(-9, 10))
    gaussian = st.torus(x, kernel="periodic_gaussian", width=width).similarity[0]
    assert gaussian == pytest.approx(wrapped / wrapped[0], abs=1e-9)
    m = round(1 / width)
    inside = x[1:-1]
    dirichlet = st.torus(x, kernel="dirichlet", width=width).similarity[0][1:-1]
    assert dirichlet == pytest.approx(
        np.sin((m + 0.5) * inside) / np.sin(inside / 2) / (2 * m + 1), abs=1e-9
    )


def test_torus_of_two_dimensions_multiplies():
    points = np.array([[0.0, 0.0], [0.4, 0.9]])
    both = st.torus(points, dimension=2, width=0.8)
    one = [st.torus([0.0, x], width=0.8).similarity[0, 1] for x in (0.4, 0.9)]
    assert both.similarity[0, 1] == pytest.approx(one[0] * one[1], abs=1e-9)
    assert both.distances[0, 1] == pytest.approx(np.hypot(0.4, 0.9))
    assert len(st.torus(30, dimension=2, width=1.0, seed=1)) == 30


def test_mixture_and_given():
    mixture = st.gaussian_mixture(3, 40, 200, spread=0.5, seed=1)
    assert mixture.labels.tolist() == [0] * 40 + [1] * 40 + [2] * 40
    same = mixture.labels[:, None] == mixture.labels
    np.fill_diagonal(same, False)
    assert mixture.similarity[same].mean() == pytest.approx(1 / 1.25, abs=0.03)
    given = st.given_stimuli([[3.0, 4.0], [0.0, 1.0]], labels=[1, 0])
    assert given.similarity.tolist() == [[25.0, 4.0], [4.0, 1.0]]
    assert given.distances[0, 1] == pytest.approx(np.hypot(3, 3))


def test_patterns_carry_the_similarity_to_neurons():
    stimulus = st.torus(10, width=0.5)
    patterns = stimulus.patterns(40_000, seed=3)
    assert patterns @ patterns.T / 40_000 == pytest.approx(stimulus.similarity, abs=0.03)
    assert stimulus.patterns(5, seed=3).tolist() == stimulus.patterns(5, seed=3).tolist()
    assert stimulus.patterns(5, seed=3).tolist() != stimulus.patterns(5, seed=4).tolist()


def test_trials_share_noise_and_follow_the_rule():
    rng = np.random.default_rng(1)
    n = 60
    weights = rng.normal(size=(n, n)) / np.sqrt(n)
    drive = np.repeat(rng.normal(size=(1, n)), 3, axis=0)
    states = binary_trials(weights, [1.0, 3.0], drive=drive, noise=0.5, seed=2)
    assert states.shape == (2, 3, n)
    assert (states == states[:, :1]).all()  # equal stimuli: equal states
    drive[1, 7] += 9
    other = binary_trials(weights, [1.0, 3.0], drive=drive, noise=0.5, seed=2)
    assert (other[:, 0] == states[:, 0]).all()
    assert (other[:, 1] != states[:, 1]).any()
    # half the units have not updated at t = ln 2
    quiet = binary_trials(np.zeros((4000, 4000)), [np.log(2)], drive=np.full((1, 4000), 1), seed=3)
    assert (quiet == -1).mean() == pytest.approx(0.25, abs=0.03)


def overlap_between(states):
    """Return the mean overlap of different trials at each time."""
    pairs = np.triu_indices(states.shape[1], 1)
    return np.array([(moment @ moment.T / states.shape[2])[pairs].mean() for moment in states])


def test_fresh_trials_share_the_stimulus_alone():
    """Their overlap is theory's for independent noise; under frozen noise it would be 1."""
    overlaps = []
    for seed in range(12):
        random, n, n_trials = np.random.default_rng(seed), 800, 24
        weights = random.normal(size=(n, n)) / np.sqrt(n)
        drive = np.repeat(random.normal(size=(1, n)), n_trials, axis=0)
        states = binary_trials(weights, [15.0], drive=drive, noise=0.5, frozen=False, seed=seed)
        overlaps.append(overlap_between(states)[0])
    error = np.std(overlaps, ddof=1) / np.sqrt(12)
    predicted = theory.response_kernel([0.0], [40.0], g=1.0, s=0.5, noise="independent")
    assert error < 0.008
    assert np.mean(overlaps) == pytest.approx(predicted.kernel[0, 0], abs=3 * error)
    assert predicted.kernel[0, 0] < 0.7


def test_fresh_trials_update_in_orders_of_their_own():
    """Without coupling: both units have updated with (1 - e^-t)^2; in a shared order 1 - e^-t."""
    times, n, s = np.array([0.0, 0.5, 1.0, 3.0]), 2000, 0.5
    drive = np.repeat(np.random.default_rng(1).normal(size=(1, n)), 24, axis=0)
    states = binary_trials(np.zeros((n, n)), times, drive=drive, noise=s, frozen=False, seed=2)
    settled = 2 / np.pi * np.arcsin(1 / (1 + s**2))
    assert overlap_between(states) == pytest.approx(settled * (1 - np.exp(-times)) ** 2, abs=0.015)
    # and within a call as between calls, with coupling
    weights = np.random.default_rng(3).normal(size=(400, 400)) / 20
    same = {"drive": drive[:, :400], "noise": s, "frozen": False}
    within = binary_trials(weights, times, seed=4, **same)
    calls = [binary_trials(weights, times, seed=seed, **same) for seed in range(5, 29)]
    between = np.concatenate([call[:, :1] for call in calls], axis=1)
    assert overlap_between(within) == pytest.approx(overlap_between(between), abs=0.03)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_fresh_trials_follow_the_rule(dtype):
    """A noiseless network with symmetric weights comes to rest where all units agree."""
    random, n = np.random.default_rng(6), 60
    weights = random.normal(size=(n, n))
    weights = ((weights + weights.T) * (1 - np.eye(n))).astype(dtype)
    drive = random.normal(size=(5, n))
    states = binary_trials(weights, [1.0, 200.0], drive=drive, frozen=False, seed=7)
    fields = states @ weights.T.astype(float) + drive
    assert np.all(states[1] * fields[1] > 0)
    assert np.any(states[0] * fields[0] < 0)
    lopsided = np.array([[0.0, 5.0], [0.0, 0.0]], dtype)  # unit 0 follows unit 1
    drive = [[0.0, 1.0], [0.0, -1.0]]
    states = binary_trials(lopsided, [60.0], drive=drive, frozen=False, seed=1)
    assert states[0].tolist() == [[1.0, 1.0], [-1.0, -1.0]]


def test_gaussian_mixture_through_a_network():
    """Kernels within and between classes are theory's at the stimuli's similarity."""
    n, within, between = 1500, [], []
    grid = np.linspace(0, np.pi, 200)
    curve = theory.response_kernel(grid, [2.0], g=1.0, s=0.5).kernel[0]
    for seed in range(4):
        stimulus = st.gaussian_mixture(3, 8, 40, spread=0.5, seed=seed)
        weights = np.random.default_rng(seed).standard_normal((n, n), np.float32) / np.sqrt(n)
        drive = stimulus.patterns(n, seed=seed)
        states = binary_trials(weights, [2.0], drive=drive, noise=0.5, seed=seed)[0]
        angles = np.arccos(np.clip(stimulus.similarity, -1, 1))  # the clip covers rounding only
        predicted = np.interp(angles, grid, curve)
        same = stimulus.labels[:, None] == stimulus.labels
        other = ~np.eye(len(stimulus), dtype=bool)
        kernel = states @ states.T / n
        for rows, pairs in ((within, same & other), (between, ~same)):
            rows.append([kernel[pairs].mean(), predicted[pairs].mean()])
    for rows in (within, between):
        measured, predicted = np.transpose(rows)
        difference = measured - predicted
        error = difference.std(ddof=1) / 2
        assert error < 0.015
        assert abs(difference.mean()) < 3 * error + 1 / n
    assert np.mean(within, axis=0).min() > np.mean(between, axis=0).max() + 0.2


def test_synchronous_trials_read_row_as_target():
    weights = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])
    states = synchronous_trials(weights, 2, initial=[[0.3, -0.2, 0.1]])
    assert states[0, 0].tolist() == [-1.0, -1.0, 1.0]
    assert states[1, 0].tolist() == [-1.0, -1.0, -1.0]
    driven = synchronous_trials(weights, 1, initial=[[0.3, -0.2, 0.1]], drive=[[1.0, 0.0, 0.0]])
    assert driven[0, 0].tolist() == [1.0, -1.0, 1.0]
    # one row for all trials, and one trial where nothing has rows
    both = synchronous_trials(weights, 1, initial=[0.3, -0.2, 0.1], drive=[[1, 0, 0], [0, 0, 0]])
    assert both[0].tolist() == [[1.0, -1.0, 1.0], [-1.0, -1.0, 1.0]]
    one = synchronous_trials(weights, 1, initial=[0.3, -0.2, 0.1], drive=[1.0, 0.0, 0.0])
    assert one.tolist() == driven.tolist()


W2 = np.zeros((2, 2))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: st.circle(0), "angles must be an integer >= 1"),
        (lambda: st.circle([0.0, np.nan]), "angles must be a number or a finite list"),
        (lambda: st.sphere(3, 0), "dimension must be an integer"),
        (lambda: st.torus(5, kernel="von_mise"), "did you mean 'von_mises'"),
        (lambda: st.torus(5, width=0.0), "width must be a finite number"),
        (lambda: st.torus(5, width=0.02, dimension=3), "Fourier features"),
        (lambda: st.torus(np.zeros((4, 3)), dimension=2), r"of shape \(n, 2\)"),
        (lambda: st.gaussian_mixture(2, 3, 1), "n_features must be an integer >= 2"),
        (lambda: st.given_stimuli([1.0, 2.0]), "features must be a finite matrix"),
        (lambda: st.given_stimuli([[1.0], [2.0]], labels=[0.5, 1]), "labels must be 2 whole"),
        (lambda: st.circle(3).patterns(0), "n_neurons must be an integer"),
        (lambda: binary_trials(W2, [1.0]), "n_trials must be known.*give n_trials, or a drive"),
        (lambda: binary_trials(W2, [2.0, 1.0], n_trials=1), "non-negative and increasing"),
        (
            lambda: binary_trials(W2, [1.0], drive=np.zeros((3, 5))),
            r"drive must be.*\(n_trials, 2\)",
        ),
        (lambda: binary_trials(W2, [1.0], drive=np.zeros((2, 5))), "transpose it"),
        (lambda: binary_trials(W2, [1.0], drive=np.zeros((5, 2)), n_trials=3), r"\[3, 5\]"),
        (lambda: binary_trials(W2, [1.0], initial=[[0.5, 1]]), "must hold -1 and 1"),
        (lambda: binary_trials(W2, [1.0], noise=-1, n_trials=1), "noise must be"),
        (lambda: synchronous_trials(W2, 1, initial=[1.0, np.nan]), "initial must be finite"),
        (lambda: synchronous_trials(W2, 1, initial=1.0, drive="a"), "drive must"),
        (lambda: synchronous_trials(W2, 1, initial=[[1, 2]], drive=np.nan), "drive must be finite"),
        (
            lambda: synchronous_trials(W2, 1, initial=np.ones((3, 2)), drive=np.ones((4, 2))),
            r"n_trials must be one number, alike.*got \[3, 4\]",
        ),
    ],
)
def test_refuses(call, words):
    with pytest.raises(ParameterError, match=words):
        call()


def test_asynchronous_trials_read_row_as_target():
    weights = np.array([[0.0, 5.0], [0.0, 0.0]])  # unit 0 follows unit 1
    states = binary_trials(weights, [60.0], drive=[[0.0, 1.0], [0.0, -1.0]], seed=1)
    assert states[0].tolist() == [[1.0, 1.0], [-1.0, -1.0]]
