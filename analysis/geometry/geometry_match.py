"""The network whose geometry matches a recording best, out of a sweep, and how sure that is.

Several networks are simulated at every point of a sweep, each with as many neurons, stimuli and
repeats as the recording.  Then the recording is one network more, or it is not: a point is accepted
if the recording lies no farther from its networks than they lie from each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from heavytail_snn.core.arrays import real_array
from heavytail_snn.core.errors import ParameterError, check_real
from heavytail_snn.core.results import Result, field_of

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class GeometryMatch(Result):
    """Distance of a recording from the networks of a sweep.

    Parameters
    ----------
    points : tuple of dict
        Parameters of each point of the sweep.
    distance : (n_points,) ndarray
        Of the recording from the mean of the point's networks: root mean square over features, each
        in its standard deviation between networks of one point.  (Correlations between features
        are not divided out: that would let the combination that varies least decide.)
    p_value : (n_points,) ndarray
        Share of the point's networks and the recording that lie at least as far from the mean of
        all others as the recording does.
    accepted : (n_points,) ndarray of bool
        Where `p_value` exceeds `level`: a confidence set of that level.
    best : dict
        Parameters of the closest point.
    best_distance, best_p_value : float
    low, high : dict
        Smallest and largest accepted value of each numerical parameter; empty if no point is
        accepted.  `warnings` says where they are the edge of the sweep.
    standard_error : dict
        For each numerical parameter with several values: root mean square deviation from the best
        point's value when each of its own networks takes the recording's place, and what the steps
        of the sweep leave open (a step over sqrt(12)), added in squares.
    recovered : float
        How often those networks are matched to the best point itself.
    """

    points: tuple[dict[str, Any], ...] = field_of(repr=False)
    distance: Floats = field_of(dims=("point",), repr=False)
    p_value: Floats = field_of(dims=("point",), repr=False)
    accepted: NDArray[np.bool_] = field_of(dims=("point",), repr=False)
    best: dict[str, Any]
    best_distance: float
    best_p_value: float
    low: dict[str, float]
    high: dict[str, float]
    standard_error: dict[str, float]
    recovered: float


def match_geometry(
    signature: ArrayLike,
    sweep: Sequence[tuple[Mapping[str, Any], ArrayLike]],
    *,
    level: float = 0.05,
) -> GeometryMatch:
    """Find the networks of a sweep that a recording cannot be told from.

    Parameters
    ----------
    signature : (n_features,) array_like
        Of the recording: `code_signature`, or any other numbers that describe it.
    sweep : sequence of (parameters, signatures)
        For each point a dict of its parameters and the (n_networks, n_features) signatures of
        independent networks, simulated with the recording's numbers of neurons, stimuli and
        repeats.
    level : float
        Share of true points that may be rejected; needs at least 1/level - 1 networks a point.

    Raises
    ------
    ParameterError
        If shapes do not match, a number is not finite, a feature does not vary, or there are too
        few networks for the level.

    Notes
    -----
    The test of a point is exact whatever the distribution of signatures: among n exchangeable
    networks and the recording, the recording has the largest distance with probability 1/(n + 1).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> sweep = [({"gain": gain}, rng.normal([gain, 0], 0.1, (20, 2))) for gain in (0.0, 1.0, 2.0)]
    >>> match = match_geometry([1.02, 0.05], sweep)
    >>> match.best, match.accepted.tolist()
    ({'gain': 1.0}, [False, True, False])
    """
    recorded = real_array("signature", signature)
    if recorded.ndim == 3:
        raise ParameterError(
            "signature",
            f"an array of shape {recorded.shape}",
            "must be a list of numbers",
            "pass code_signature(responses)",
        )
    level = check_real("level", level, low=0, high=1, open_low=True)
    points = tuple(dict(parameters) for parameters, _ in sweep)
    clouds = _checked(recorded, [values for _, values in sweep], level)
    means = np.array([cloud.mean(axis=0) for cloud in clouds])
    spread = _spread(clouds)
    distance = _distance(recorded, means, spread)
    p_value = np.array([_share_as_far(recorded, clouds, point) for point in range(len(clouds))])
    accepted = p_value > level
    best = int(np.argmin(distance))
    chosen = _matches_of_own_networks(best, clouds[best], means, spread)
    numerical = _numerical(points)
    of_accepted = np.flatnonzero(accepted)
    return GeometryMatch(
        points=points,
        distance=distance,
        p_value=p_value,
        accepted=accepted,
        best=points[best],
        best_distance=float(distance[best]),
        best_p_value=float(p_value[best]),
        low={k: float(v[of_accepted].min()) for k, v in numerical.items() if of_accepted.size},
        high={k: float(v[of_accepted].max()) for k, v in numerical.items() if of_accepted.size},
        standard_error={
            k: float(np.sqrt(np.mean((v[chosen] - v[best]) ** 2) + _step(v, best) ** 2 / 12))
            for k, v in numerical.items()
        },
        recovered=float(np.mean(chosen == best)),
        parameters={"level": level, "n_networks": [len(cloud) for cloud in clouds]},
        warnings=_warnings(numerical, accepted, best),
    )


def _checked(recorded: Floats, signatures: list[ArrayLike], level: float) -> list[Floats]:
    if recorded.ndim != 1 or recorded.size == 0 or not np.isfinite(recorded).all():
        raise ParameterError("signature", recorded, "must be a non-empty finite list")
    if not signatures:
        raise ParameterError("sweep", "no points", "must have at least one")
    fewest = int(np.ceil(1 / level - 1e-9)) - 1
    clouds = []
    for number, values in enumerate(signatures):
        cloud = real_array("sweep", values)
        if cloud.ndim != 2 or cloud.shape[1] != recorded.size or not np.isfinite(cloud).all():
            raise ParameterError(
                "sweep",
                f"signatures of shape {cloud.shape} at point {number}",
                f"must be finite, of shape (n_networks, {recorded.size})",
            )
        if len(cloud) < max(fewest, 2):
            raise ParameterError(
                "sweep",
                f"{len(cloud)} networks at point {number}",
                f"must have at least {max(fewest, 2)} to reject at level {level:g}",
                "simulate more networks or raise the level",
            )
        clouds.append(cloud)
    return clouds


def _spread(clouds: list[Floats]) -> Floats:
    """Return the standard deviation of each feature within points, pooled over them."""
    deviations = np.concatenate([cloud - cloud.mean(axis=0) for cloud in clouds])
    spread = np.sqrt(np.sum(deviations**2, axis=0) / (len(deviations) - len(clouds)))
    if not spread.all():
        feature = int(np.argmin(spread))
        raise ParameterError(
            "sweep", f"feature {feature} is constant", "must vary between networks of a point"
        )
    return spread


def _distance(first: Floats, second: Floats, spread: Floats) -> Floats:
    """Return the root mean square over features (last axis) of differences over spreads."""
    return np.sqrt(np.mean(((first - second) / spread) ** 2, axis=-1))


def _share_as_far(recorded: Floats, clouds: list[Floats], point: int) -> float:
    """Return the share of a point's networks and the recording as far from the rest as the latter.

    Networks and recording enter the spread alike: otherwise the recording would be too far.
    """
    everyone = np.vstack([clouds[point], recorded])
    spread = _spread([*clouds[:point], everyone, *clouds[point + 1 :]])
    others = (everyone.sum(axis=0) - everyone) / (len(everyone) - 1)
    away = _distance(everyone, others, spread)
    return float(np.mean(away >= away[-1] * (1 - 1e-12)))


def _matches_of_own_networks(
    best: int, cloud: Floats, means: Floats, spread: Floats
) -> NDArray[np.int64]:
    """Return the closest point of each network of a point, left out of its own mean."""
    chosen = np.empty(len(cloud), dtype=np.int64)
    for number, network in enumerate(cloud):
        centres = means.copy()
        centres[best] = (cloud.sum(axis=0) - network) / (len(cloud) - 1)
        chosen[number] = np.argmin(_distance(network, centres, spread))
    return chosen


def _numerical(points: tuple[dict[str, Any], ...]) -> dict[str, Floats]:
    """Return the parameters that are numbers at every point and differ between points."""
    found = {}
    for name in points[0]:
        values = [point.get(name) for point in points]
        if all(isinstance(v, int | float | np.number) and not isinstance(v, bool) for v in values):
            numbers = np.array(values, dtype=np.float64)
            if np.ptp(numbers) > 0:
                found[name] = numbers
    return found


def _step(values: Floats, best: int) -> float:
    """Return the mean distance to the neighbouring values of a sweep."""
    steps = np.unique(values)
    place = int(np.searchsorted(steps, values[best]))
    return float(np.diff(steps[max(place - 1, 0) : place + 2]).mean())


def _warnings(
    numerical: dict[str, Floats], accepted: NDArray[np.bool_], best: int
) -> tuple[str, ...]:
    if not accepted.any():
        return (
            "no point of the sweep has this geometry: the recording lies farther from each than "
            "the point's own networks do; the best one is only the closest",
        )
    found = []
    if not accepted[best]:
        found.append("the closest point is rejected, others, whose networks vary more, are not")
    edges = [
        name
        for name, v in numerical.items()
        if v[accepted].min() == v.min() or v[accepted].max() == v.max()
    ]
    if edges:
        found.append(
            f"the accepted values of {', '.join(edges)} reach the edge of the sweep: there it is "
            "the sweep that ends, not what the recording allows"
        )
    return tuple(found)
