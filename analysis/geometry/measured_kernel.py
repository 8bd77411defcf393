"""Response kernels of models and recordings: rough at small distances, smooth at large ones.

K(x, x') is the mean product of the responses to two stimuli.  How it falls with their distance d is
told by three numbers of this library's own definition: the nugget eta, the loss that even the
closest stimuli suffer; the cusp exponent nu of loss = eta + a d^nu at small d; and the distance
at which half of the remaining similarity is lost.  The loss is half the mean squared difference of
two responses (the semivariogram of geostatistics, where the nugget is from): that some stimuli
evoke stronger responses than others does not enter it.

A finite network has no true jump: below the distance at which it tells stimuli apart at all (one
unit of N for binary units), or which chaos has not yet had the time to amplify (smooth units and
event-exact spiking neurons), K is continuous.  The nugget is that of the distances in the band.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize

from heavytail_snn.analysis.geometry.kernels import (
    block_labels,
    check_responses,
    distance_bins,
    gram_matrix,
    mean_square,
    stimulus_distances,
)
from heavytail_snn.core.errors import ParameterError, check_choice, check_integer
from heavytail_snn.core.randomness import Seed, recorded_seed, stream
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.core.showing import Rows, along, leading

Floats = NDArray[np.float64]

_POINTS = {True: 5, False: 3}  # distances that a fit with and without nugget needs
_EXPONENTS = (0.05, 4.0)  # range of cusp exponents searched
_ROUNDING = 1e-13  # of a kernel normalised to 1
_FEW_DISTANCES = (
    "no nugget, cusp and length: too few distances before half of the similarity is lost; use "
    "closer stimuli, or give the band"
)
_FEW_RESPONSES = (
    "no errors and no fit: too few neurons respond differently to the stimuli; use more neurons, a "
    "longer window or stimuli farther apart"
)
_NO_STIMULI = "no stimuli were given: only the kernel was measured"
_COMMON = (
    "most of the response is common to all stimuli: center=True subtracts it, as counts and rates "
    "need; nugget and losses are shares of the whole response here"
)


@dataclass(frozen=True, kw_only=True)
class ResponseKernel(Result):
    """Kernel of responses and its dependence on the distance of stimuli.

    Parameters
    ----------
    kernel : (n_stimuli, n_stimuli) ndarray
        Mean product over neurons, divided by the mean squared response.
    coincidence : float
        Mean of the diagonal: 1 for products within repeats; across repeats, the repeated share.
    distance, profile, profile_error : (m,) ndarray
        Distance of stimuli; `coincidence` minus the loss at that distance, the mean of
        (K(x, x) + K(x', x')) / 2 - K(x, x') over pairs; its bootstrap error.  Empty without
        `stimuli`.
    closest_loss, closest_loss_error : float
        `coincidence` minus the profile at the smallest distance: roughness without a fit, an upper
        bound of the nugget.
    nugget, nugget_error : float
        `coincidence` minus the profile's limit at distance 0.  This and the following are nan
        without `stimuli`, and where `warnings` says why they cannot be fitted.
    cusp_exponent, cusp_exponent_error : float
        nu of loss = nugget + a distance^nu in the band.
    smoothness_length, smoothness_length_error : float
        Distance at which the profile lies half-way between its limit at 0 and no similarity: 0,
        or its minimum if that is positive.
    band : tuple of float
        Distances used by the fit.
    """

    kernel: Floats = field_of(dims=("stimulus", "other_stimulus"), repr=False)
    coincidence: float = field_of()
    distance: Floats = field_of(dims=("distance",), repr=False)
    profile: Floats = field_of(dims=("distance",), repr=False)
    profile_error: Floats = field_of(dims=("distance",), repr=False)
    closest_loss: float = field_of(quantity="closest_loss", error="closest_loss_error")
    closest_loss_error: float = field_of()
    nugget: float = field_of(quantity="nugget", error="nugget_error")
    nugget_error: float = field_of()
    cusp_exponent: float = field_of(quantity="cusp_exponent", error="cusp_exponent_error")
    cusp_exponent_error: float = field_of()
    smoothness_length: float = field_of(
        quantity="smoothness_length", error="smoothness_length_error"
    )
    smoothness_length_error: float = field_of()
    band: tuple[float, float]

    def highlights(self) -> Rows:
        """Return the kernel of the first stimuli, or with distances its profile."""
        if self.distance.size:
            return [("profile", along(self.profile, self.distance, errors=self.profile_error))]
        row = self.kernel[0]
        return [("first row of the kernel", leading(row, np.full(row.shape, np.nan)))]

    def plot(self, ax: Any = None) -> Any:
        """Draw the profile against distance, with errors; return the Axes."""
        import matplotlib.pyplot as plt

        ax = plt.subplots()[1] if ax is None else ax
        ax.errorbar(self.distance, self.profile, self.profile_error)
        ax.plot(0, self.coincidence, "o")
        ax.set(xlabel="distance of stimuli", ylabel="kernel")
        return ax


def response_kernel(
    responses: Any,
    *,
    stimuli: Any = None,
    band: tuple[float, float] | None = None,
    with_nugget: bool = True,
    products: str = "within",
    center: bool = False,
    groups: ArrayLike | None = None,
    n_bootstrap: int = 200,
    seed: Seed = None,
) -> ResponseKernel:
    """Measure the kernel of responses, its nugget, cusp exponent and smoothness length.

    Parameters
    ----------
    responses : (n_stimuli, n_neurons[, n_repeats]) array_like
        States, rates or counts, as a `Presentation` returns them; stimuli repeated less often are
        padded with nan after their last repeat.  A recorded array (n_neurons, n_images, n_repeats),
        as `read_responses` returns it, is passed as ``np.swapaxes(responses, 0, 1)``.
    stimuli : Stimulus, (n_stimuli,) angles or (n_stimuli, n_stimuli) distances, optional
        Without it only the kernel is measured, under a warning in the result.
    band : (low, high), optional
        Distances of the fit of loss = nugget + a distance^nu; by default from the smallest up to
        the distance at which half of the similarity is lost.  A band that holds too few distances
        raises; by default there is then no fit, under a warning in the result.
    with_nugget : bool
        False fits loss = a distance^nu, for states without a jump at coincidence.
    products : {"within", "across"}
        Of the same repeat (frozen noise: the nugget shows), or of different repeats (needs two).
        Without noise frozen between stimuli, as in any recording of tissue, products within repeats
        count the noise of trials as nugget: use those across.
    center : bool
        Subtract each neuron's mean over stimuli (of its mean over repeats), needed for counts and
        rates: without it, a warning tells where that mean is most of the response.
    groups : (n_neurons,) array_like, optional
        Resampled units of the bootstrap, for example the network of each neuron; by default 40
        blocks of neighbouring columns, whose errors leave out differences between networks.
    n_bootstrap : int
    seed : int, SeedSequence, Generator or None

    Raises
    ------
    ParameterError
        If responses are malformed or constant, repeats too few, or the band holds too few
        distances.

    Examples
    --------
    >>> angles = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    >>> random = np.random.default_rng(1)
    >>> fields = np.cos(angles[:, None] - 2 * np.pi * random.random(4000))
    >>> result = response_kernel(np.sign(fields), stimuli=angles, with_nugget=False, seed=1)
    >>> abs(result.cusp_exponent - 1.0) < 0.05  # K = 1 - 2 angle / pi
    True
    """
    n_bootstrap = check_integer("n_bootstrap", n_bootstrap, low=2)
    check_choice("products", products, ("within", "across"))
    array = check_responses(responses, min_repeats=2 if products == "across" else 1, padded=True)
    if center:
        array -= np.nanmean(array, axis=2, keepdims=True).mean(axis=0)
    square = mean_square(array)
    kernel = gram_matrix(array, products) / square
    common = np.sum(np.nanmean(array, axis=2).mean(axis=0) ** 2)
    fits = _Fits.without_stimuli()
    if stimuli is not None:
        distances = stimulus_distances(stimuli, len(array))
        labels = block_labels(array.shape[1], groups)
        random = stream(seed, "kernel bootstrap")
        fits = _fits(array, products, distances, labels, band, with_nugget, n_bootstrap, random)
    values, errors = fits.values.tolist(), fits.errors.tolist()
    return ResponseKernel(
        kernel=kernel,
        coincidence=float(np.mean(np.diag(kernel))),
        distance=fits.distance,
        profile=fits.profile,
        profile_error=fits.profile_error,
        nugget=values[0],
        nugget_error=errors[0],
        cusp_exponent=values[1],
        cusp_exponent_error=errors[1],
        smoothness_length=values[2],
        smoothness_length_error=errors[2],
        closest_loss=values[3],
        closest_loss_error=errors[3],
        band=fits.band,
        parameters={
            "products": products,
            "center": center,
            "with_nugget": with_nugget,
            "n_bootstrap": n_bootstrap,
        },
        seed=recorded_seed(seed),
        warnings=(*fits.warnings, *([_COMMON] if common > square / 2 else [])),
    )


@dataclass(frozen=True)
class _Fits:
    distance: Floats
    profile: Floats
    profile_error: Floats
    values: Floats  # nugget, cusp exponent, smoothness length, closest loss
    errors: Floats
    band: tuple[float, float]
    warnings: tuple[str, ...] = ()

    @classmethod
    def without_stimuli(cls) -> "_Fits":
        empty, unknown = np.empty(0), np.full(4, np.nan)
        return cls(empty, empty, empty, unknown, unknown, (np.nan, np.nan), (_NO_STIMULI,))

    @classmethod
    def unfitted(cls, distance: Floats, curve: Floats, samples: Floats, reason: str) -> "_Fits":
        values, errors = np.full((2, 4), np.nan)
        values[3], errors[3] = curve[0] - curve[1], np.std(samples[:, 0] - samples[:, 1])
        spread = samples[:, 1:].std(axis=0)
        return cls(distance, curve[1:], spread, values, errors, (np.nan, np.nan), (reason,))


def _fits(
    array: Floats,
    products: str,
    distances: Floats,
    labels: NDArray[np.int64],
    band: tuple[float, float] | None,
    with_nugget: bool,
    n_bootstrap: int,
    random: np.random.Generator,
) -> _Fits:
    distance, member = distance_bins(distances)
    blocks = _block_profiles(array, products, labels, member)
    picks = random.integers(0, len(blocks), (n_bootstrap, len(blocks)))
    sums = np.array([blocks[pick].sum(axis=0) for pick in picks])
    whole = _normalised(blocks.sum(axis=0))
    if not sums[:, 0].all():
        nothing = np.full((2, whole.size), np.nan)
        return _Fits.unfitted(distance, whole, nothing, _FEW_RESPONSES)
    samples = np.array([_normalised(row) for row in sums])
    chosen = _chosen_band(distance, whole, band, with_nugget)
    if chosen is None:
        return _Fits.unfitted(distance, whole, samples, _FEW_DISTANCES)
    spread = samples[:, 1:].std(axis=0)
    values = np.array(_roughness(distance, whole, chosen, spread, with_nugget))
    resampled = [_roughness(distance, row, chosen, spread, with_nugget) for row in samples]
    errors = np.std(resampled, axis=0)
    return _Fits(
        distance,
        whole[1:],
        spread,
        values,
        errors,
        (float(distance[chosen].min()), float(distance[chosen].max())),
        _warnings(values, errors) if with_nugget else (),
    )


def _warnings(values: Floats, errors: Floats) -> tuple[str, ...]:
    if not _EXPONENTS[0] * 1.05 < values[1] < _EXPONENTS[1] / 1.05:
        return (
            f"the cusp exponent is at the edge of the searched range {_EXPONENTS}: nugget and cusp "
            "cannot be told apart in this band; quote closest_loss",
        )
    if values[0] < -2 * errors[0]:
        return (
            "the nugget is negative: in this band the loss is no power of the distance; end it at "
            "smaller distances, or quote closest_loss",
        )
    return ()


def _block_profiles(
    array: Floats, products: str, labels: NDArray[np.int64], member: NDArray[np.int64]
) -> Floats:
    """Return, per block: squared response, diagonal, and diagonal less loss at each distance."""
    pairs = np.bincount(member[member >= 0])
    rows = []
    for block in range(labels.max() + 1):
        part = array[:, labels == block]
        gram = gram_matrix(part, products)
        own = np.diag(gram)
        loss = (own[:, None] + own) / 2 - gram
        binned = np.bincount(member[member >= 0], loss[member >= 0]) / pairs
        rows.append(np.concatenate([[mean_square(part), own.mean()], own.mean() - binned]))
    return np.array(rows)


def _normalised(sums: Floats) -> Floats:
    """Return coincidence and profile, divided by the mean squared response."""
    return sums[1:] / sums[0]


def _chosen_band(
    distance: Floats, curve: Floats, band: tuple[float, float] | None, with_nugget: bool
) -> NDArray[np.bool_] | None:
    if band is None:
        low, high = 0.0, _half_decay(distance, curve[1:], float(curve[1]))
    else:
        low, high = (float(edge) for edge in band)
    chosen = (distance >= low) & (distance <= high)
    needed = _POINTS[bool(with_nugget)]
    if np.count_nonzero(chosen) < needed:
        if band is None:
            return None
        raise ParameterError(
            "band",
            (low, high),
            f"must hold at least {needed} distances of stimuli, of which there are "
            f"{np.count_nonzero(chosen)}",
            "use more stimuli or a wider band",
        )
    return chosen


def _roughness(
    distance: Floats, curve: Floats, chosen: NDArray[np.bool_], spread: Floats, with_nugget: bool
) -> tuple[float, float, float, float]:
    """Return nugget, cusp exponent, smoothness length and closest loss of a curve."""
    loss = curve[0] - curve[1:][chosen]
    x = distance[chosen]
    # where no neuron told the stimuli apart, the spread is rounding and the error unknown
    known = spread[chosen] > _ROUNDING
    smallest = spread[chosen][known].min() if known.any() else 1.0
    weight = 1.0 / np.where(known, spread[chosen], smallest)
    if with_nugget:
        nugget, exponent = _fit_with_nugget(x, loss, weight)
    else:
        nugget, exponent = 0.0, _log_slope(x, loss, weight)
    length = _half_decay(distance, curve[1:], float(curve[0] - nugget))
    return nugget, exponent, length, float(curve[0] - curve[1])


def _fit_with_nugget(x: Floats, loss: Floats, weight: Floats) -> tuple[float, float]:
    scaled = x / x.max()

    def solve(exponent: float) -> tuple[Floats, float]:
        design = np.stack([weight, weight * scaled**exponent], axis=1)
        coefficients = np.linalg.lstsq(design, weight * loss, rcond=None)[0]
        return coefficients, float(np.sum((design @ coefficients - weight * loss) ** 2))

    grid = np.geomspace(*_EXPONENTS, 25)
    best = int(np.argmin([solve(exponent)[1] for exponent in grid]))
    bounds = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    found = optimize.minimize_scalar(lambda nu: solve(nu)[1], bounds=bounds, method="bounded")
    return float(solve(found.x)[0][0]), float(found.x)


def _log_slope(x: Floats, loss: Floats, weight: Floats) -> float:
    if (loss <= 0).any():
        raise ParameterError(
            "band",
            (float(x.min()), float(x.max())),
            "must hold distances at which similarity is lost",
            "raise its lower end: there the loss is below the resolution of the neurons",
        )
    # the error of ln(loss) is that of the loss over the loss
    return float(np.polyfit(np.log(x), np.log(loss), 1, w=weight * loss)[0])


def _half_decay(distance: Floats, profile: Floats, limit: float) -> float:
    """Return the first distance at which the profile is half-way from its limit to its floor."""
    half = (limit + max(float(profile.min()), 0.0)) / 2.0
    below = int(np.argmax(profile <= half))
    before = (0.0, limit) if below == 0 else (distance[below - 1], profile[below - 1])
    share = (before[1] - half) / (before[1] - profile[below]) if before[1] > half else 1.0
    return float(before[0] + share * (distance[below] - before[0]))
