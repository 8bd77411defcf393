"""Whether what was read can be spikes: two readings and the option of each, never a guess.

Every reader's trains pass here once, in seconds, before a Recording is made of them.  A reading
that the caller has named is taken: there is then nothing to ask.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from heavytail_snn.recording.review.clock import time_unit

BRIEF = 0.01  # s; intervals of bursts, which slow neurons have too
_MANY = 50  # spikes from which a doubt is one
_FEW = 10  # spikes below which a fall says nothing of a clock
_PER_UNIT = 3.0  # spikes a unit below which units may be times
_WIDE = 20  # units from which it is asked
_RESTARTS = 200  # falls of the clock that are starts and not noise
_REPEATED = 0.02  # of the spikes


@dataclass(frozen=True)
class Doubt:
    """What is strange, and the readings between which the caller chooses.

    Parameters
    ----------
    name : str
        "columns", "clock", "repeats" or "time unit".
    text : str
    readings : tuple of mapping
        Options for `Recording.read`, one mapping a reading.
    """

    name: str
    text: str
    readings: tuple[Mapping[str, Any], ...]


def first_doubt(
    trains: Sequence[np.ndarray],
    given: Mapping[str, Any],
    *,
    unit_stated: bool,
    columns: bool = False,
) -> Doubt | None:
    """Return the first doubt about the trains of a file, None where they can be spikes.

    Parameters
    ----------
    trains : sequence of (n_i,) ndarray
        Times of each unit in seconds, in the order of the file.
    given : mapping
        Options that the caller gave: a doubt one of whose readings they contain is settled.
    unit_stated : bool
        Whether the file or the caller says the unit of time.
    columns : bool
        Whether the spikes came as two columns, (time, unit) or (unit, time).

    Notes
    -----
    In the order of what explains most: swapped columns make times of units and repeats of times; a
    clock that restarts makes falls and repeats; a unit of time that is too coarse makes repeats.
    Only what is left may be sorted or dropped.
    """
    doubts = [swapped(trains) if columns else None, restarted(trains)]
    if not unit_stated:
        doubts.append(hardly_seconds(trains))
    doubts.append(repeated(trains))
    for doubt in doubts:
        if doubt is not None and not any(_named(way, given) for way in doubt.readings):
            return doubt
    return None


def _named(reading: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    return all(name in given and given[name] == value for name, value in reading.items())


def swapped(trains: Sequence[np.ndarray]) -> Doubt | None:
    """Doubt units that have hardly a spike each: they may be the times."""
    number, units = sum(train.size for train in trains), len(trains)
    if number < _MANY or units < _WIDE or number >= _PER_UNIT * units:
        return None
    distinct = np.unique(np.concatenate(trains)).size
    return Doubt(
        "columns",
        f"{number} spikes of {units} units are {number / units:.3g} a unit, at {distinct} "
        "different times: the columns of times and units may be swapped",
        ({"time_column": 1, "id_column": 0}, {"time_column": 0, "id_column": 1}),
    )


def restarted(trains: Sequence[np.ndarray]) -> Doubt | None:
    """Doubt times that fall back to the beginning: a clock that restarts with each trial or file.

    Spikes that were saved out of order fall by little and everywhere; a clock falls by most of what
    it had shown, seldom, and in most units at once.
    """
    falls, deep, concerned, long = 0, 0, 0, 0
    for train in trains:
        if train.size < 2:
            continue
        step = np.diff(train)
        down = np.flatnonzero(step < 0)
        reach = train[down] - train.min()
        falls += down.size
        # each fall leads back by more than half of what was reached
        deep += int((-step[down] > 0.5 * np.maximum(reach, np.finfo(float).tiny)).sum())
        concerned += down.size > 0
        long += 1
    if sum(train.size for train in trains) < _FEW:
        return None
    if not falls or deep < 0.8 * falls or concerned < 0.5 * long:
        return None
    if falls > _RESTARTS * max(concerned, 1):
        return None
    each = falls / max(concerned, 1)
    return Doubt(
        "clock",
        f"the times fall back to the beginning {each:.3g} times in {concerned} of {long} units: "
        "a clock that restarts with each trial is no noise of order, and sorting would lay the "
        "trials on one another; read them one by one and use Recording.concatenate, or, if the "
        "order means nothing",
        ({"sort": True},),
    )


def repeated(trains: Sequence[np.ndarray]) -> Doubt | None:
    """Doubt times that repeat in a unit too often for a recorder's double detections."""
    number = sum(train.size for train in trains)
    repeats = sum(train.size - np.unique(train).size for train in trains)
    if number < _MANY or repeats <= _REPEATED * number:
        return None
    return Doubt(
        "repeats",
        f"{repeats} of {number} spikes repeat a time of their unit: the times are too coarse for "
        "spikes, are bins or frames, or are no times; dropping them changes every rate, and if "
        "that is meant",
        ({"drop_duplicates": True},),
    )


def hardly_seconds(trains: Sequence[np.ndarray]) -> Doubt | None:
    """Doubt times without a unit that give no neuron's rates in seconds."""
    filled = [np.sort(train) for train in trains if train.size > 1]
    if not filled:
        return None
    duration = max(float(t[-1]) for t in filled) - min(float(t[0]) for t in filled)
    intervals = np.concatenate([np.diff(train) for train in filled])
    rates = np.array([train.size for train in filled]) / max(duration, np.finfo(float).tiny)
    brief = int(np.count_nonzero(intervals < BRIEF))
    finding = time_unit(rates, duration, brief, intervals.size)
    if finding is None:
        return None
    slow = float(np.median(rates)) < 1.0
    text = finding.text.split(": are the times")[0]
    other = "ms" if slow else "s"
    readings = ({"time_unit": "ms"}, {"time_unit": "s"}) if slow else ({"time_unit": "s"},)
    return Doubt(
        "time unit",
        f"nothing says the unit of the times, and in seconds they have {text}; in {other} they "
        "would be those of neurons" if slow else
        f"nothing says the unit of the times, and in seconds they have {text}; they may have been "
        "divided by a sampling rate already, or by 1000; if they are seconds all the same",
        readings,
    )  # fmt: skip
