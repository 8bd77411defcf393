"""Surrogates of a recording: what a statistic would be if neurons were unrelated, or Poisson.

A statistic of spikes means something only against its value on surrogates that keep the trivial
structure.  Value, surrogate mean and z-score are therefore returned together.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from heavytail_snn.core.errors import (
    ConvergenceError,
    ParameterError,
    check_callable,
    check_choice,
    check_integer,
)
from heavytail_snn.core.randomness import Seed, child_sequence, recorded_seed, seed_sequence, stream
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.recording.recording import Recording
from heavytail_snn.recording.support import WatchedClock


@dataclass(frozen=True, kw_only=True)
class SurrogateTest(Result):
    """A statistic of a recording beside its values on surrogates.

    Parameters
    ----------
    value : float
        Of the recording.
    surrogate_mean, surrogate_sd : float
    z_score : float
        ``(value - surrogate_mean) / surrogate_sd``; 0 for a statistic that surrogates keep
        exactly.
    p_value : float
        Two-sided, from ranks; not below ``2 / (n_surrogates + 1)``.
    surrogate_values : (n_surrogates,) array
    surrogate : str
    """

    value: float
    surrogate_mean: float
    surrogate_sd: float
    z_score: float
    p_value: float
    surrogate_values: np.ndarray = field_of(dims=("surrogate",))
    surrogate: str


def circular_shift(recording: Recording, *, seed: Seed = None) -> Recording:
    """Shift each unit's spikes by its own random time, around the ends of the recording.

    Keeps each unit's rate and inter-spike intervals (but one, and one a gap), destroys all
    relations between units and to stimuli.  Time in which the unit was not watched does not count:
    the shift goes along its support, from the end of an interval to the start of the next.

    Parameters
    ----------
    recording : Recording
    seed : int, SeedSequence, Generator or None
    """
    observed = _checked(recording).support.observed
    shifts = stream(seed, "circular shift").uniform(0, observed)
    moved = np.empty_like(recording.times)
    for clock, mine in _clocks(recording):
        of_unit = recording.ids[mine]
        seen = clock.watched(recording.times[mine])
        moved[mine] = clock.time((seen + shifts[of_unit]) % clock.total)
    return _surrogate(recording, moved, recording.ids)


def poisson_surrogate(recording: Recording, *, seed: Seed = None) -> Recording:
    """Replace each unit by a Poisson process of the same mean rate inside its support.

    Parameters
    ----------
    recording : Recording
    seed : int, SeedSequence, Generator or None
    """
    observed, generator = _checked(recording).support.observed, stream(seed, "poisson surrogate")
    counts = generator.poisson(recording.counts())
    ids = np.repeat(np.arange(recording.n_units), counts)
    seen = generator.uniform(0, observed[ids])
    times = np.empty_like(seen)
    for number, pattern in enumerate(recording.support.patterns):
        mine = recording.support.pattern_of[ids] == number
        times[mine] = WatchedClock(pattern).time(seen[mine])
    return _surrogate(recording, times, ids)


def _by_elephant(method: str) -> Callable[..., Recording]:
    def draw(recording: Recording, *, seed: Seed = None) -> Recording:
        from heavytail_snn.analysis.toolbox.surrogates import dithered

        return dithered(recording, method=method, seed=seed)

    return draw


SURROGATES: dict[str, Callable[..., Recording]] = {
    "circular_shift": circular_shift,
    "poisson": poisson_surrogate,
    **{name: _by_elephant(name) for name in ("dither_spikes", "shift", "jitter", "joint_isi")},
}


def surrogate_test(
    statistic: Callable[[Recording], float],
    recording: Recording,
    *,
    surrogate: str = "circular_shift",
    n_surrogates: int = 99,
    seed: Seed = None,
    progress: bool = False,
) -> SurrogateTest:
    """Compare a statistic of a recording with its values on surrogates.

    Parameters
    ----------
    statistic : callable
        Takes a Recording, returns one finite number.
    recording : Recording
    surrogate : {"circular_shift", "poisson", "dither_spikes", "shift", "jitter", "joint_isi"}
        The last four by elephant, see `analysis.toolbox.dithered`.
    n_surrogates : int
        At least 2.
    seed : int, SeedSequence, Generator or None
    progress : bool

    Raises
    ------
    ConvergenceError
        If the statistic is not finite.

    Examples
    --------
    >>> recording = Recording([0.1, 0.1, 0.5, 0.5], [0, 1, 0, 1], 2, 0.0, 1.0)
    >>> def coincidences(r):
    ...     return float((r.binned(0.01).min(axis=1) > 0).sum())
    >>> test = surrogate_test(coincidences, recording, n_surrogates=20, seed=1)
    >>> test.value, test.surrogate_mean < 1
    (2.0, True)
    """
    check_callable("statistic", statistic, "it takes a Recording and returns one number")
    if not isinstance(recording, Recording):
        raise ParameterError(
            "recording", recording, "must be a Recording", "the statistic is the first argument"
        )
    draw = SURROGATES[check_choice("surrogate", surrogate, SURROGATES)]
    n_surrogates = check_integer("n_surrogates", n_surrogates, low=2)
    seed = seed_sequence(seed)
    value = _finite(statistic(recording), "the recording")
    values = np.array(
        [
            _finite(
                statistic(draw(recording, seed=child_sequence(seed, f"surrogate {index}"))),
                f"surrogate {index}",
            )
            for index in tqdm(range(n_surrogates), disable=not progress)
        ]
    )
    mean, spread = float(values.mean()), float(values.std(ddof=1))
    above = int(min((values >= value).sum(), (values <= value).sum()))
    return SurrogateTest(
        value=value,
        surrogate_mean=mean,
        surrogate_sd=spread,
        z_score=_z_score(value, mean, spread),
        p_value=min(1.0, 2 * (above + 1) / (n_surrogates + 1)),
        surrogate_values=values,
        surrogate=surrogate,
        parameters={"n_surrogates": n_surrogates},
        seed=recorded_seed(seed),
    )


def _z_score(value: float, mean: float, spread: float) -> float:
    difference = value - mean
    if abs(difference) <= 1e-12 * max(abs(value), abs(mean)):
        return 0.0
    return difference / spread if spread > 0 else float(np.copysign(np.inf, difference))


def _finite(value: Any, where: str) -> float:
    if not np.isscalar(value) or not np.isfinite(value):
        raise ConvergenceError(
            f"the statistic of {where} is {value!r}; it must be one finite number: check that "
            "every unit has enough spikes"
        )
    return float(np.asarray(value))


def _checked(recording: Recording) -> Recording:
    if not isinstance(recording, Recording):
        raise ParameterError(
            "recording", type(recording).__name__, "must be a Recording", "Recording.from_neo(...)"
        )
    return recording


def _clocks(recording: Recording) -> list[tuple[WatchedClock, Any]]:
    """Return the clock of each pattern of intervals, and its spikes."""
    support = recording.support
    if support.is_common:
        return [(WatchedClock(support.patterns[0]), slice(None))]
    pattern = support.pattern_of[recording.ids]
    return [
        (WatchedClock(part), np.flatnonzero(pattern == number))
        for number, part in enumerate(support.patterns)
        if len(part)
    ]


def _surrogate(recording: Recording, times: np.ndarray, ids: np.ndarray) -> Recording:
    return Recording.from_unsorted(
        times,
        ids,
        recording.n_units,
        recording.t_start,
        recording.t_stop,
        drop_duplicates=True,
        support=recording.support,
        units=recording.units,
        epochs=recording.epochs,
        trials=recording.trials,
    )
