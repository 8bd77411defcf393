"""Reading a target from network states: kernel regression, a ridge readout in its dual form.

Training and test stimuli differ, so that the nugget of a chaotic network's kernel acts on the
training stimuli alone, like a ridge: chaos regularises.  Too little coupling leaves label noise
unregularised, too much leaves no similarity to generalise by.

It can help only against noise, of the labels or of the readout: with exact labels (`label_noise` 0,
the default) and states read without noise, each increase of coupling adds to the error.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg

from heavytail_snn.analysis.geometry.kernels import check_kernel, check_responses
from heavytail_snn.analysis.geometry.measured_kernel import response_kernel
from heavytail_snn.core.arrays import real_array
from heavytail_snn.core.errors import ParameterError, check_integer, check_real
from heavytail_snn.core.options import check_options
from heavytail_snn.core.randomness import Seed, recorded_seed, stream
from heavytail_snn.core.results import Result, field_of

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class TestError(Result):
    """Error of a readout at stimuli that it was not trained with.

    Parameters
    ----------
    error, standard_error : float
        Mean over training sets, and its standard error; the sets share the network, whose own
        spread must be taken over networks.  Mean squared error against the noiseless target for
        regression, share of wrong labels for classification.
    errors : (n_draws,) ndarray
        Of each training set.
    """

    __test__ = False  # not a test, whatever pytest makes of the name

    error: float = field_of(quantity="test_error", error="standard_error")
    standard_error: float = field_of()
    errors: Floats = field_of(dims=("draw",), repr=False)


def kernel_regression(
    kernel: ArrayLike,
    target: ArrayLike,
    *,
    n_train: int,
    ridge: float = 0.0,
    label_noise: float = 0.0,
    intercept: bool | None = None,
    n_draws: int = 50,
    seed: Seed = None,
) -> TestError:
    """Regress a target on a kernel: train on random stimuli, test on all others.

    Parameters
    ----------
    kernel : (n_stimuli, n_stimuli) array_like
        Of a network (`response_kernel(...).kernel`) or of theory: the theory's diagonal is 1, its
        entries for different stimuli are K(distance), so that the nugget is in it.
    target : (n_stimuli,) array_like
    n_train : int
    ridge : float
        Added to the diagonal; 0 gives the interpolation of least norm.
    label_noise : float
        Standard deviation of the noise on training labels.  At 0, and without a ridge, the least
        chaotic network is the best: chaos regularises where there is noise to regularise against.
    intercept : bool, optional
        Whether a constant is fitted beside the kernel, without penalty.  By default where the
        kernel is that of centred responses (its rows sum to 0), which cannot give a target's mean
        itself; `theory.learning_curve` has none.
    n_draws : int
        Training sets.
    seed : int, SeedSequence, Generator or None
        Of training sets and label noise; equal seeds give equal ones for all kernels.

    Raises
    ------
    ParameterError
        If the kernel is not positive semidefinite, or shapes or numbers do not match.

    Examples
    --------
    >>> angles = 2 * np.pi * np.arange(40) / 40
    >>> kernel = np.cos(angles[:, None] - angles)
    >>> result = kernel_regression(kernel, np.cos(angles), n_train=20, seed=1)
    >>> result.error < 1e-12
    True
    """
    target = real_array("target", target)

    def score(chosen: Any, others: Any, random: np.random.Generator) -> float:
        labels = target[chosen] + label_noise * random.standard_normal(len(chosen))
        guess = ridge_prediction(matrix, labels, chosen, others, ridge, constant)
        return float(np.mean((guess - target[others]) ** 2))

    label_noise = check_real("label_noise", label_noise, low=0)
    matrix = _checked(kernel, target, "target")
    constant = _is_centred(matrix) if intercept is None else bool(intercept)
    options = {"ridge": ridge, "label_noise": label_noise, "intercept": constant}
    return _over_draws(score, len(matrix), n_train, options, n_draws, seed)


def kernel_classification(
    kernel: ArrayLike,
    labels: ArrayLike,
    *,
    n_train: int,
    ridge: float = 0.0,
    intercept: bool | None = None,
    n_draws: int = 50,
    seed: Seed = None,
) -> TestError:
    """Classify stimuli by regression on class indicators; the largest prediction wins.

    Parameters
    ----------
    kernel, n_train, ridge, intercept, n_draws, seed :
        As in `kernel_regression`.
    labels : (n_stimuli,) array_like of int
        At least two classes.
    """
    classes, number = np.unique(np.asarray(labels), return_inverse=True)
    if classes.size < 2:
        raise ParameterError("labels", labels, "must name at least two classes")
    indicators = np.where(number[:, None] == np.arange(classes.size), 1.0, -1.0)

    def score(chosen: Any, others: Any, _: np.random.Generator) -> float:
        guess = ridge_prediction(matrix, indicators[chosen], chosen, others, ridge, constant)
        return float(np.mean(guess.argmax(axis=1) != number[others]))

    matrix = _checked(kernel, indicators[:, 0], "labels")
    constant = _is_centred(matrix) if intercept is None else bool(intercept)
    options = {"ridge": ridge, "intercept": constant}
    return _over_draws(score, len(matrix), n_train, options, n_draws, seed)


def readout_regression(responses: Any, target: ArrayLike, **options: Any) -> TestError:
    """Train a linear ridge readout from responses: `kernel_regression` on their kernel.

    Parameters
    ----------
    responses : (n_stimuli, n_neurons[, n_repeats]) array_like
        Repeats are averaged before the readout; nan may stand after a stimulus' last one.  For a
        readout of single trials pass one repeat, ``responses[:, :, 0]``.
    target : (n_stimuli,) array_like
    **options :
        Of `kernel_regression`.  The ridge is in units of the mean squared (averaged) response times
        the number of neurons.

    Raises
    ------
    ParameterError
        As `response_kernel` and `kernel_regression` do.
    """
    check_options(readout_regression, options, kernel_regression)
    averages = np.nanmean(check_responses(responses, padded=True), axis=2)
    return kernel_regression(response_kernel(averages).kernel, target, **options)


def ridge_prediction(
    kernel: Floats,
    labels: Floats,
    chosen: Any,
    others: Any,
    ridge: float,
    intercept: bool = False,
) -> Floats:
    """Return K(others, chosen) [K(chosen, chosen) + ridge]^-1 labels; least norm at ridge 0.

    With an intercept, labels and features are centred on the training set: that is ridge regression
    with a constant that is not penalised.

    Parameters
    ----------
    kernel : (n, n) ndarray
    labels : (n_chosen,) or (n_chosen, n_targets) ndarray
    chosen, others : arrays of int
    ridge : float
    intercept : bool
    """
    inside, across = kernel[np.ix_(chosen, chosen)], kernel[np.ix_(others, chosen)]
    constant: Any = 0.0
    if intercept:
        constant = labels.mean(axis=0)
        mean = inside.mean(axis=0)
        across = across - across.mean(axis=1, keepdims=True) - mean + mean.mean()
        # twice: on the constant mode, which centred labels lack, the kernel keeps its scale, so
        # that the least-squares cut below stays above the rounding of a large mean response
        inside = inside - mean[:, None] - mean + 2.0 * mean.mean()
        labels = labels - constant
    if ridge > 0:
        solution = linalg.solve(inside + ridge * np.eye(len(inside)), labels, assume_a="pos")
    else:
        solution = linalg.lstsq(inside, labels, cond=1e-12)[0]
    return constant + across @ solution


def _checked(kernel: ArrayLike, target: Floats, argument: str) -> Floats:
    matrix = check_kernel(kernel)
    if target.shape != (len(matrix),) or not np.isfinite(target).all():
        raise ParameterError(
            argument, np.shape(target), f"must hold a finite number for {len(matrix)} stimuli"
        )
    return matrix


def _is_centred(kernel: Floats) -> bool:
    return bool(np.abs(kernel.sum(axis=1)).max() < 1e-9 * np.trace(kernel))


def _over_draws(
    score: Any,
    n_stimuli: int,
    n_train: int,
    options: dict[str, Any],
    n_draws: int,
    seed: Seed,
) -> TestError:
    remedy = "present more stimuli: training and test stimuli never coincide"
    n_train = check_integer("n_train", n_train, low=1, high=n_stimuli - 1, remedy=remedy)
    check_real("ridge", options["ridge"], low=0)
    n_draws = check_integer("n_draws", n_draws, low=2)
    random = stream(seed, "training sets")
    errors = np.empty(n_draws)
    for draw in range(n_draws):
        order = random.permutation(n_stimuli)
        errors[draw] = score(order[:n_train], order[n_train:], random)
    return TestError(
        error=float(errors.mean()),
        standard_error=float(errors.std(ddof=1) / np.sqrt(n_draws)),
        errors=errors,
        parameters={"n_train": n_train, **options},
        seed=recorded_seed(seed),
    )
