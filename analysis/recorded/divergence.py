"""How fast pairs of spike recordings part: a divergence rate, measured on spikes alone.

This is no Lyapunov exponent.  It equals the largest one only for copies of a simulation that begin
a controlled, tiny distance apart and have exact spike times.  Between repeated trials of a
recording the first distance is uncontrolled, and from a single recorded signal nothing can be
learnt at all: nearest-neighbour divergence (Rosenstein, Kantz, Wolf) of the population rate gives
the same slope for a chaotic network, a stable one and independent Poisson trains, because a few
thousand samples never come close in a space of tens of dimensions.  The test
tests/science/lyapunov/test_no_exponent_from_recordings.py shows it.  The library therefore
estimates no exponent from a recording; exponents come from models (`lyapunov_spectrum` and
`lyapunov_spectrum_of_network`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import neo
import numpy as np
import quantities as pq
from elephant.spike_train_dissimilarity import van_rossum_distance, victor_purpura_distance

from heavytail_snn.analysis.recorded.surrogates import circular_shift
from heavytail_snn.core.errors import (
    ConvergenceError,
    ParameterError,
    check_choice,
    check_integer,
    check_sequence,
)
from heavytail_snn.core.randomness import Seed, child_sequence
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.core.time_units import one_time
from heavytail_snn.recording.recording import Recording

_APART = 40.0  # time constants between the joined trains of two units: exp(-40) is below rounding
_FLOOR = {"van_rossum": 1e-10, "victor_purpura": 1e-12}  # rounding of the distance of many spikes
_BELOW_SATURATION = 100.0  # the stretch that is fitted ends this factor below saturation
_FEWEST_WINDOWS = 4
_REMEDY_PAIRS = "write [(first, second)]"

Pairs = Sequence[tuple[Recording, Recording]]


@dataclass(frozen=True, kw_only=True)
class SpikeDivergence(Result):
    """Distance between the spikes of paired recordings as time goes on.

    Parameters
    ----------
    times : (n,) array
        Centres of the windows after the start, in seconds.
    log_distance, standard_error : (n,) arrays
        Mean over pairs of ``ln D^2`` (van Rossum) or ``ln D`` (Victor-Purpura), which both grow
        like the logarithm of the shift of a spike; nan where no pair has a distance above rounding.
    saturation : float
        The same of unrelated trains: circularly shifted ones.
    distance : str
    n_pairs : int
    pair_log_distance : (n_pairs, n) array
        Of each pair, nan below rounding.
    """

    times: np.ndarray = field_of(unit="s", dims=("window",))
    log_distance: np.ndarray = field_of(dims=("window",))
    standard_error: np.ndarray = field_of(dims=("window",))
    saturation: float
    distance: str
    n_pairs: int
    pair_log_distance: np.ndarray = field_of(dims=("pair", "window"))


@dataclass(frozen=True, kw_only=True)
class SpikeDivergenceRate(Result):
    """Slope of the divergence of paired recordings.

    Parameters
    ----------
    divergence_rate, standard_error : float
        1/s, positive where pairs part; the error is a jackknife over pairs.
    fitted : (n,) bool array
        Windows of the curve that were fitted.
    curve : SpikeDivergence
    """

    divergence_rate: float = field_of(
        unit="1/s", quantity="divergence_rate", error="standard_error"
    )
    standard_error: float = field_of(unit="1/s")
    fitted: np.ndarray = field_of(dims=("window",))
    curve: SpikeDivergence


def spike_divergence(
    pairs: Pairs,
    *,
    window: Any = 0.1,
    time_constant: Any = 0.02,
    distance: str = "van_rossum",
    seed: Seed = 0,
) -> SpikeDivergence:
    """Return the distance between paired recordings, window by window.

    Parameters
    ----------
    pairs : sequence of (Recording, Recording)
        Copies of a simulation with a small initial difference, or repeated trials of the same
        stimulus, ``list(itertools.combinations(trials, 2))``.  All of equal duration and units.
    window : float or quantity of time
    time_constant : float or quantity of time
        Of the van Rossum kernel; its inverse is the Victor-Purpura cost.
    distance : {"van_rossum", "victor_purpura"}
    seed : int, SeedSequence, Generator or None
        Of the shifts that measure saturation.

    References
    ----------
    van Rossum, Neural Comput. 13 (2001) 751, doi:10.1162/089976601300014321; Victor & Purpura, J.
    Neurophysiol. 76 (1996) 1310, doi:10.1152/jn.1996.76.2.1310; both computed by elephant.
    """
    check_choice("distance", distance, ("van_rossum", "victor_purpura"))
    window = one_time("window", window, low=0, open_low=True)
    time_constant = one_time("time_constant", time_constant, low=0, open_low=True)
    pairs = [_checked(pair) for pair in check_sequence("pairs", pairs, "pairs", _REMEDY_PAIRS)]
    durations = [r.t_stop - r.t_start for pair in pairs for r in pair]
    if not pairs or np.ptp(durations) > 1e-9 * max(durations):
        raise ParameterError(
            "pairs",
            durations[:4],
            "must be at least one pair, all of equal duration",
            "cut the recordings to one length",
        )
    n_windows = int(durations[0] / window + 1e-9)
    check_integer("window", n_windows, low=1, remedy="the window is longer than the recordings")
    curves = np.array([_curve(pair, n_windows, window, time_constant, distance) for pair in pairs])
    unrelated = [
        (a, circular_shift(b, seed=child_sequence(seed, f"pair {index}")))
        for index, (a, b) in enumerate(pairs)
    ]
    far = np.array([_curve(pair, n_windows, window, time_constant, distance) for pair in unrelated])
    mean, error = _mean_and_error(curves)
    return SpikeDivergence(
        times=window * (np.arange(n_windows) + 0.5),
        log_distance=mean,
        standard_error=error,
        saturation=_saturation(far),
        distance=distance,
        n_pairs=len(pairs),
        pair_log_distance=curves,
        parameters={"window": window, "time_constant": time_constant},
    )


def divergence_rate(
    pairs: Pairs,
    *,
    window: Any = 0.1,
    time_constant: Any = 0.02,
    distance: str = "van_rossum",
    skip: int = 2,
    seed: Seed = 0,
) -> SpikeDivergenceRate:
    """Return the rate at which paired recordings part, from the straight part of the curve.

    The mean of the logarithm is fitted (the logarithm of the mean is biased upwards), without the
    first windows and without what lies within a factor 100 of saturation.

    Parameters
    ----------
    pairs, window, time_constant, distance, seed
        As in `spike_divergence`.
    skip : int
        First windows left out, while a perturbation still aligns.

    Raises
    ------
    ConvergenceError
        If fewer than four windows are left.  Repeated trials of a recording usually end here:
        their initial distance is uncontrolled and near saturation, so that they have no rate.
    """
    skip = check_integer("skip", skip)
    curve = spike_divergence(
        pairs, window=window, time_constant=time_constant, distance=distance, seed=seed
    )
    limit = curve.saturation - math.log(_BELOW_SATURATION)
    usable = np.isfinite(curve.log_distance) & (np.arange(curve.times.size) >= skip)
    # everything after the first window that reaches the limit is left out
    reached = np.flatnonzero(usable & (curve.log_distance > limit))
    fitted = usable & (np.arange(usable.size) < (reached[0] if reached.size else usable.size))
    if fitted.sum() < _FEWEST_WINDOWS:
        raise ConvergenceError(
            f"only {fitted.sum()} windows lie between rounding and saturation (at least "
            f"{_FEWEST_WINDOWS} are needed): the initial distance is too large, or spike times "
            "are too coarse. Use exact spike times and a smaller perturbation; trials of a "
            "recording have a distance (spike_divergence) but no rate of divergence"
        )
    slope = _slope(curve.times[fitted], curve.pair_log_distance[:, fitted])
    return SpikeDivergenceRate(
        divergence_rate=slope,
        standard_error=_jackknife(curve.times[fitted], curve.pair_log_distance[:, fitted]),
        fitted=fitted,
        curve=curve,
        parameters=curve.parameters | {"distance": distance, "skip": skip},
    )


def _checked(pair: tuple[Recording, Recording]) -> tuple[Recording, Recording]:
    ok = isinstance(pair, tuple | list) and len(pair) == 2
    if not (ok and all(isinstance(r, Recording) for r in pair)):
        raise ParameterError("pairs", pair, "must hold pairs of Recordings", _REMEDY_PAIRS)
    if pair[0].n_units != pair[1].n_units:
        raise ParameterError(
            "pairs", (pair[0].n_units, pair[1].n_units), "must pair recordings of the same units"
        )
    if any(recording.support.has_gaps for recording in pair):
        raise ParameterError(
            "pairs",
            pair,
            "must be watched throughout: unseen spikes are no distance",
            "slice each recording to a stretch without a gap",
        )
    return pair[0], pair[1]


def _curve(
    pair: tuple[Recording, Recording],
    n_windows: int,
    window: float,
    time_constant: float,
    distance: str,
) -> np.ndarray:
    """Return the log distance of one pair in each window, nan below rounding."""
    values = np.empty(n_windows)
    for index in range(n_windows):
        trains = _joined_trains(pair, index * window, window, _APART * time_constant)
        values[index] = _distance(trains, time_constant, distance)
    usable = values > _FLOOR[distance]
    return np.where(usable, np.log(np.where(usable, values, 1.0)), np.nan)


def _joined_trains(
    pair: tuple[Recording, Recording], start: float, window: float, gap: float
) -> list[neo.SpikeTrain]:
    """Return one train per recording with the units of a window one after the other.

    Far enough apart, units do not interact, so that one distance is the sum over all units.
    """
    selected = []
    for recording in pair:
        times = recording.times - recording.t_start - start
        inside = (times >= 0) & (times < window)
        selected.append((times[inside], recording.ids[inside]))
    active = np.unique(np.concatenate([ids for _, ids in selected]))
    stop = max(1, active.size) * (window + gap)
    return [
        neo.SpikeTrain(
            np.sort(times + np.searchsorted(active, ids) * (window + gap)), units="s", t_stop=stop
        )
        for times, ids in selected
    ]


def _distance(trains: list[neo.SpikeTrain], time_constant: float, distance: str) -> float:
    if trains[0].size == 0 == trains[1].size:
        return 0.0
    if distance == "victor_purpura":
        return float(victor_purpura_distance(trains, cost_factor=1 / time_constant * pq.Hz)[0, 1])
    equal = trains[0].size == trains[1].size and np.array_equal(
        trains[0].magnitude, trains[1].magnitude
    )
    # elephant warns of the rounding below zero that equal trains have
    return 0.0 if equal else float(van_rossum_distance(trains, time_constant * pq.s)[0, 1]) ** 2


def _mean_and_error(curves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    count = np.isfinite(curves).sum(axis=0)
    total = np.nansum(curves, axis=0)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    squares = np.nansum((curves - mean) ** 2, axis=0)
    error = np.sqrt(squares / np.maximum(count - 1, 1) / np.maximum(count, 1))
    return mean, np.where(count > 1, error, np.nan)


def _saturation(far: np.ndarray) -> float:
    values = far[np.isfinite(far)]
    if not values.size:
        raise ConvergenceError("no window holds a spike in any pair; use longer windows")
    return float(values.mean())


def _slope(times: np.ndarray, curves: np.ndarray) -> float:
    mean, _ = _mean_and_error(curves)
    usable = np.isfinite(mean)
    return float(np.polyfit(times[usable], mean[usable], 1)[0])


def _jackknife(times: np.ndarray, curves: np.ndarray) -> float:
    n = len(curves)
    if n < 2:
        return math.nan
    left_out = np.array([_slope(times, np.delete(curves, i, axis=0)) for i in range(n)])
    return float(np.sqrt((n - 1) / n * np.sum((left_out - left_out.mean()) ** 2)))
