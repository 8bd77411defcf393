"""Power-law exponent of a cross-validated spectrum, beside its bias at low signal-to-noise.

cvPCA is unbiased along the directions it finds, but noise mixes the directions: a fitted exponent
is too small.  The bias is simulated with the same numbers of images, neurons and repeats and the
same signal-to-noise ratio.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from heavytail_snn.analysis.geometry.cross_validated_pca import (
    cvpca,
    jackknife_error,
    signal_spectrum,
    split_halves,
)
from heavytail_snn.analysis.geometry.eigenspectrum import check_band
from heavytail_snn.analysis.recorded.responses import checked_responses
from heavytail_snn.analysis.theory.codes.kernel_spectrum import power_law_exponent
from heavytail_snn.core.errors import ConvergenceError, ParameterError, check_integer
from heavytail_snn.core.randomness import Seed, child_sequence, recorded_seed, stream
from heavytail_snn.core.results import Result, field_of

Floats = NDArray[np.float64]

TOLERATED_BIAS = 0.1
_EXPONENTS = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0)  # true exponents simulated at first
_FLATTEST, _STEEPEST = 0.0, 12.0  # ends of the range as it widens
_STEP_DOWN, _STEP_UP = 0.25, 0.5
_FEWEST_POSITIVE = 0.9  # share of the band's variances that must be positive


@dataclass(frozen=True, kw_only=True)
class CvpcaExponent(Result):
    """Exponent of the repeatable variance against rank.

    Parameters
    ----------
    exponent, standard_error : float
        As fitted in the band, and its jackknife error over ten blocks of images.
    interval : tuple of float
        95 % interval of the fitted exponent, from that error.  (Images drawn twice by a bootstrap
        would weigh double in the directions.)
    corrected_exponent, corrected_error : float
        The true exponent of which simulations give `exponent`; nan outside those simulated.  Its
        error holds `standard_error` and that of the simulated mean, both over the slope of fitted
        against true exponent: where noise hides the slope, the correction is worth little.
    bias : float
        `exponent` minus `corrected_exponent`.
    true_exponents, fitted_exponents, fitted_spread : (m,) ndarray
        Of the simulations: what was put in, mean and standard deviation of what was fitted; nan
        where more than half of the simulations had too few positive variances.
    failed_simulations : int
        How many had, of all.
    signal_to_noise : float
        As in `CrossValidatedPCA`.
    """

    exponent: float = field_of(quantity="eigen_exponent", error="standard_error")
    standard_error: float = field_of()
    interval: tuple[float, float]
    corrected_exponent: float = field_of(quantity="corrected_exponent", error="corrected_error")
    corrected_error: float = field_of()
    bias: float = field_of()
    true_exponents: Floats = field_of(dims=("simulated",))
    fitted_exponents: Floats = field_of(dims=("simulated",))
    fitted_spread: Floats = field_of(dims=("simulated",))
    failed_simulations: int
    signal_to_noise: float = field_of()


def cvpca_exponent(
    responses: Any,
    *,
    band: tuple[int, int],
    n_splits: int = 5,
    n_simulations: int = 10,
    seed: Seed = None,
) -> CvpcaExponent:
    """Fit a power law to the cross-validated spectrum and simulate the fit's bias.

    Parameters
    ----------
    responses : (n_neurons, n_images, n_repeats) array_like
        As for `cvpca`.
    band : (low, high)
        Ranks from 1 on.  Variances that are not positive are left out of the fit, and too many of
        them raise.
    n_splits : int
    n_simulations : int
        For each true exponent (six from 0.5 to 2, and further ones down to 0 and up to 12 until
        their fits enclose that of the data): Gaussian signals in random directions, white noise.
    seed : int, SeedSequence, Generator or None

    Raises
    ------
    ParameterError
        If responses are malformed, or fewer than the band asks for.
    ConvergenceError
        If more than a tenth of the variances in the band are not positive.

    Notes
    -----
    Real noise is not white; correlated noise biases the exponent differently.
    """
    array = checked_responses(responses)
    n_neurons, n_images, _ = array.shape
    check_band(band, min(n_neurons, n_images - 1))
    n_simulations = check_integer("n_simulations", n_simulations, low=2)
    root = child_sequence(seed, "cvpca exponent")
    measured = cvpca(array, n_splits=n_splits, seed=root)
    if measured.total_signal_variance <= 0:
        raise ParameterError("responses", "no repeatable variance", "must repeat between trials")
    exponent = band_exponent(measured.signal_variance, band)
    if measured.partial_variance.shape[1] < band[1]:
        raise ParameterError(
            "band", band, f"must end at {measured.partial_variance.shape[1]} for a jackknife error"
        )
    partial = np.array([band_exponent(row, band) for row in measured.partial_variance])
    error = float(jackknife_error(partial))
    margin = float(stats.t(len(partial) - 1).ppf(0.975)) * error
    shown = np.isfinite(array[0])
    random = stream(root, "simulations")

    def simulate(true: float) -> Floats:
        fits = [
            _simulated_fit(shown, n_neurons, true, measured.signal_to_noise, band, n_splits, random)
            for _ in range(n_simulations)
        ]
        return np.array(fits)

    true, fitted = _bracketing(simulate, exponent)
    means, spreads = _moments(fitted)
    corrected, corrected_error = _corrected(
        exponent, error, true, means, spreads / n_simulations**0.5
    )
    bias = exponent - corrected
    return CvpcaExponent(
        exponent=exponent,
        standard_error=error,
        interval=(exponent - margin, exponent + margin),
        corrected_exponent=corrected,
        corrected_error=corrected_error,
        bias=bias,
        true_exponents=true,
        fitted_exponents=means,
        fitted_spread=spreads,
        failed_simulations=int(np.isnan(fitted).sum()),
        signal_to_noise=measured.signal_to_noise,
        parameters={"band": band, "n_splits": n_splits, "n_simulations": n_simulations},
        seed=recorded_seed(root),
        warnings=_warnings(bias),
    )


def band_exponent(variance: Floats, band: tuple[int, int]) -> float:
    """Return the exponent of variances against rank in a band, leaving out those <= 0."""
    rank = np.arange(band[0], band[1] + 1)
    values = variance[band[0] - 1 : band[1]]
    positive = values > 0
    if positive.mean() < _FEWEST_POSITIVE or positive.sum() < 3:
        raise ConvergenceError(
            f"only {positive.sum()} of the {positive.size} variances in the band {band} are "
            "positive; lower the band's end or use more repeats"
        )
    return power_law_exponent(rank[positive], values[positive]).exponent


def _moments(fitted: Sequence[Floats] | Floats) -> tuple[Floats, Floats]:
    """Return means and standard deviations of rows; nan where more than half are missing."""
    kept = [row[np.isfinite(row)] for row in fitted]
    enough = [
        2 * row.size >= len(all_) and row.size > 1 for row, all_ in zip(kept, fitted, strict=True)
    ]
    means = [row.mean() if ok else np.nan for row, ok in zip(kept, enough, strict=True)]
    spreads = [row.std(ddof=1) if ok else np.nan for row, ok in zip(kept, enough, strict=True)]
    return np.array(means), np.array(spreads)


def _bracketing(simulate: Callable[[float], Floats], exponent: float) -> tuple[Floats, Floats]:
    """Return true exponents and the fits of their simulations, until these enclose `exponent`.

    The range stops growing where fits no longer follow: a flat spectrum has the smallest exponent,
    and steep ones drown in noise.
    """
    true = list(_EXPONENTS)
    fitted = [simulate(value) for value in true]
    while _moments(fitted)[0][0] > exponent and true[0] > _FLATTEST:
        true.insert(0, max(true[0] - _STEP_DOWN, _FLATTEST))
        fitted.insert(0, simulate(true[0]))
    while true[-1] < _STEEPEST:
        means = _moments(fitted)[0]
        if _n_rising(means) < len(means) or means[-1] >= exponent:
            break
        true.append(true[-1] + _STEP_UP)
        fitted.append(simulate(true[-1]))
    return np.array(true), np.array(fitted)


def _n_rising(means: Floats) -> int:
    """Return how many fits from the first on grow with the true exponent."""
    return 1 + int(np.sum(np.cumprod(np.diff(means) > 0)))


def _corrected(
    exponent: float, error: float, true: Floats, means: Floats, mean_errors: Floats
) -> tuple[float, float]:
    """Return the true exponent that simulations fit as `exponent`, and its error; else nan."""
    # steep spectra drown in noise: there the fit no longer grows with the true exponent, or fails
    n_rising = _n_rising(means)
    if n_rising < 2 or not means[0] <= exponent <= means[n_rising - 1]:
        return float("nan"), float("nan")
    corrected = float(np.interp(exponent, means[:n_rising], true[:n_rising]))
    at = min(int(np.searchsorted(means[:n_rising], exponent, side="right")), n_rising - 1)
    slope = (means[at] - means[at - 1]) / (true[at] - true[at - 1])
    return corrected, float(np.hypot(error, mean_errors[at - 1 : at + 1].max()) / slope)


def _simulated_fit(
    shown: NDArray[np.bool_],
    n_neurons: int,
    true: float,
    signal_to_noise: float,
    band: tuple[int, int],
    n_splits: int,
    random: np.random.Generator,
) -> float:
    simulated = _simulated(n_neurons, shown, true, signal_to_noise, random)
    halves = [split_halves(simulated, random) for _ in range(n_splits)]
    try:
        return band_exponent(np.mean([signal_spectrum(*half) for half in halves], axis=0), band)
    except ConvergenceError:
        return float("nan")  # counted in `failed_simulations`


def _simulated(
    n_neurons: int,
    shown: NDArray[np.bool_],
    exponent: float,
    signal_to_noise: float,
    random: np.random.Generator,
) -> Floats:
    """Return responses with signal variances rank^-exponent and white noise, padded as the data."""
    variance = np.arange(1, n_neurons + 1.0) ** -exponent
    variance /= variance.sum()
    rotation = np.linalg.qr(random.standard_normal((n_neurons, n_neurons)))[0]
    scores = np.sqrt(variance)[:, None] * random.standard_normal((n_neurons, len(shown)))
    noise = random.standard_normal((n_neurons, *shown.shape)) / np.sqrt(n_neurons * signal_to_noise)
    return np.where(shown, (rotation @ scores)[:, :, None] + noise, np.nan)


def _warnings(bias: float) -> tuple[str, ...]:
    if np.isnan(bias):
        return (
            "no true exponent from 0 on gives the fitted one at this signal-to-noise ratio: the "
            "data are flatter than a flat spectrum, or so steep that noise hides it; the bias is "
            "unknown",
        )
    if abs(bias) > TOLERATED_BIAS:
        return (
            f"at this signal-to-noise ratio the fitted exponent is off by {bias:+.2f}; "
            "quote the corrected one",
        )
    return ()
