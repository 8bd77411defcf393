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
from heavytail_snn.errors import ParameterError

RNG = np.random.default_rng(0)
FEATURES = RNG.normal(size=(40, 12))
KERNEL = response_kernel(FEATURES).kernel


def test_dual_is_the_primal_ridge_readout():
    target, ridge = RNG.normal(size=40), 0.3
    train, test = np.arange(25), np.arange(25, 40)
    x = FEATURES / np.sqrt(np.mean(FEATURES**2) * 12)
    weights = np.linalg.solve(x[train].T @ x[train] + ridge * np.eye(12), x[train].T @ target[:25])
    dual = ridge_prediction(KERNEL, target[train], train, test, ridge)
    assert dual == pytest.approx(x[test] @ weights)
    least = np.linalg.lstsq(x[train], target[train])[0]
    assert ridge_prediction(KERNEL, target[train], train, test, 0.0) == pytest.approx(
        x[test] @ least
    )


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
