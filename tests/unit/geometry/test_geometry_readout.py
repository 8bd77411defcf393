"""Kernel regression is a ridge readout from features; the nugget is a ridge."""

import numpy as np
import pytest

from heavytail_snn.analysis.geometry import (
    kernel_classification,
    kernel_regression,
    readout_regression,
    response_kernel,
)
from heavytail_snn.analysis.geometry.regression import ridge_prediction
from heavytail_snn.core.errors import ParameterError

RNG = np.random.default_rng(0)
FEATURES = RNG.normal(size=(40, 12))
KERNEL = response_kernel(FEATURES).kernel


def test_dual_is_the_primal_ridge_readout():
    target, ridge = RNG.normal(size=40), 0.3
    train, test = np.arange(25), np.arange(25, 40)
    x = FEATURES / np.sqrt(np.mean(FEATURES**2) * 12)
    weights = np.linalg.solve(x[train].T @ x[train] + ridge * np.eye(12), x[train].T @ target[:25])
    dual = ridge_prediction(KERNEL, target[train], train, test, ridge, intercept=False)
    assert dual == pytest.approx(x[test] @ weights)
    least = np.linalg.lstsq(x[train], target[train])[0]
    dual = ridge_prediction(KERNEL, target[train], train, test, 0.0, intercept=False)
    assert dual == pytest.approx(x[test] @ least)


@pytest.mark.parametrize("ridge", [0.0, 0.3])
@pytest.mark.parametrize("n_train", [8, 25])  # fewer and more than features
@pytest.mark.parametrize("offset", [0.0, 3.0, 1000.0])
def test_intercept_is_that_of_the_primal_readout(ridge, n_train, offset):
    """Least squares with a column of ones whose weight is not penalised."""
    random = np.random.default_rng(1)
    targets = 10 + random.normal(size=(40, 2))
    train, test = np.arange(n_train), np.arange(n_train, 40)
    x = FEATURES + offset
    means = x[train].mean(axis=0), targets[train].mean(axis=0)
    # rows of sqrt(ridge) penalise all weights but the last
    rows = np.vstack([x[train], np.sqrt(ridge) * np.eye(12)])
    rows = np.hstack([rows, np.repeat([[1.0], [0.0]], [n_train, 12], axis=0)])
    if ridge or n_train > 13:
        weights = np.linalg.lstsq(rows, np.vstack([targets[train], np.zeros((12, 2))]))[0]
        expected = x[test] @ weights[:12] + weights[12]
    else:  # of all interpolations that with the least weights, whatever the constant
        weights = np.linalg.pinv(x[train] - means[0], rcond=1e-9) @ (targets[train] - means[1])
        expected = (x[test] - means[0]) @ weights + means[1]
    dual = ridge_prediction(x @ x.T, targets[train], train, test, ridge, intercept=True)
    assert dual == pytest.approx(expected, abs=1e-5 if offset > 100 else 1e-9)


def test_centred_kernel_bears_targets_with_a_mean():
    """Nothing in a centred kernel gives a constant; without an intercept the error explodes."""
    kernel = response_kernel(FEATURES + 5, center=True).kernel
    target, options = FEATURES[:, 0], {"n_train": 20, "label_noise": 0.1, "seed": 1}
    bare = kernel_regression(kernel, target, **options).errors
    for mean in (1.0, 100.0):
        shifted = kernel_regression(kernel, target + mean, **options).errors
        assert shifted == pytest.approx(bare, rel=1e-8)
        plain = kernel_regression(kernel, target + mean, intercept=False, **options)
        assert plain.error > 0.1 * mean**2
    assert kernel_regression(kernel, 0 * target + 7, n_train=1).error < 1e-20
    # the mean that a readout's neurons have is the constant's affair too
    for offset in (0.0, 5.0):
        read = readout_regression(FEATURES + offset, target + 100, n_train=20, intercept=True)
        assert read.error < 1e-9
        assert read.parameters["intercept"] is True
    # by default only where the kernel is centred, as theory's are not
    assert kernel_regression(KERNEL, target, **options).parameters["intercept"] is False
    assert kernel_regression(kernel, target, **options).parameters["intercept"] is True
    # classes of unequal size: 10 against 30
    labels, random = np.repeat([0, 1], [10, 30]), np.random.default_rng(1)
    points = 1.5 * labels[:, None] + random.normal(size=(40, 12))
    kernel = response_kernel(points, center=True).kernel
    few = {"n_train": 20, "ridge": 0.1, "n_draws": 200, "seed": 1}
    with_constant, without = (
        kernel_classification(kernel, labels, intercept=choice, **few).error
        for choice in (True, False)
    )
    assert with_constant < without


def test_nugget_is_a_ridge():
    angles = 2 * np.pi * np.arange(60) / 60
    smooth = 0.7 * np.exp(np.cos(angles[:, None] - angles) - 1)
    rough = smooth + 0.3 * np.eye(60)
    options = {"n_train": 30, "label_noise": 0.5, "seed": 1}
    target = np.cos(angles)
    assert kernel_regression(rough, target, ridge=0.1, **options).errors == pytest.approx(
        kernel_regression(smooth, target, ridge=0.4, **options).errors
    )
    # and it helps against label noise, as a ridge does
    bare = kernel_regression(smooth, target, **options)
    assert kernel_regression(rough, target, **options).error < 0.5 * bare.error


def test_readout_uses_the_kernel_of_the_responses():
    target = FEATURES[:, 0]
    options = {"n_train": 20, "ridge": 0.01, "seed": 1}
    assert readout_regression(FEATURES, target, **options).error == pytest.approx(
        kernel_regression(KERNEL, target, **options).error
    )
    assert readout_regression(FEATURES, target, n_train=20, seed=1).error < 1e-9


def test_readout_averages_repeats():
    """Twelve neurons stay twelve: noise of repeats falls with their number, and no faster."""
    noisy = FEATURES[:, :, None] + 0.5 * np.random.default_rng(2).normal(size=(40, 12, 4))
    options = {"n_train": 20, "ridge": 0.01, "seed": 1}
    error = readout_regression(noisy, FEATURES[:, 0], **options).error
    average = readout_regression(noisy.mean(axis=2), FEATURES[:, 0], **options).error
    assert error == pytest.approx(average, rel=1e-12)
    assert error < 0.5 * readout_regression(noisy[:, :, 0], FEATURES[:, 0], **options).error
    noisy[5, :, 2:] = np.nan  # shown twice only
    means = noisy[:, :, :].copy().mean(axis=2)
    means[5] = noisy[5, :, :2].mean(axis=1)
    assert readout_regression(noisy, FEATURES[:, 0], **options).error == pytest.approx(
        readout_regression(means, FEATURES[:, 0], **options).error, rel=1e-12
    )


def test_classification_of_separate_and_of_random_classes():
    labels = np.repeat([3, 5], 30)
    points = np.where(labels == 3, 2.0, -2.0)[:, None] + RNG.normal(size=(60, 5))
    kernel = response_kernel(points).kernel
    assert kernel_classification(kernel, labels, n_train=20, ridge=0.1, seed=1).error < 0.01
    random = RNG.permutation(labels)
    chance = kernel_classification(kernel, random, n_train=20, ridge=0.1, n_draws=200, seed=1)
    assert chance.error == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: kernel_regression([[1, 2], [2, 1]], [0, 1], n_train=1), "positive semidefinite"),
        (lambda: kernel_regression(KERNEL, [1.0], n_train=5), "target must hold a finite number"),
        (lambda: kernel_regression(KERNEL, [np.nan] * 40, n_train=5), "target must hold"),
        (lambda: kernel_regression(KERNEL, [1.0] * 40, n_train=40), r"n_train must.*in \[1, 39\]"),
        (lambda: kernel_regression(KERNEL, [1.0] * 40, n_train=5, ridge=-1), "ridge must be"),
        (lambda: kernel_regression(KERNEL, [1.0] * 40, n_train=5, label_noise=-1), "label_noise"),
        (lambda: kernel_regression(KERNEL, [1.0] * 40, n_train=5, n_draws=1), "n_draws must be"),
        (lambda: kernel_classification(KERNEL, [1] * 40, n_train=5), "at least two classes"),
        (lambda: readout_regression(np.ones((9, 9)), [1.0] * 9, n_train=5), "must differ between"),
    ],
)
def test_refuses(call, words):
    with pytest.raises(ParameterError, match=words):
        call()
