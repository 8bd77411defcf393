"""Stretches of a recording as neo.SpikeTrain objects, which elephant takes."""

from typing import TYPE_CHECKING

import numpy as np

from heavytail_snn.recording.recording import Recording
from heavytail_snn.recording.support import WatchedClock

if TYPE_CHECKING:
    import neo


def neo_train(times: np.ndarray, start: float, stop: float) -> "neo.SpikeTrain":
    """Return times in [start, stop], in seconds, as a neo.SpikeTrain."""
    import neo
    import quantities as pq

    return neo.SpikeTrain(times, units="s", t_start=start * pq.s, t_stop=stop * pq.s)


def watched_trains(recording: Recording, units: np.ndarray, spacing: float = 0.0) -> list:
    """Return the trains of some units in the time that all of them share, without its gaps.

    Parameters
    ----------
    recording : Recording
    units : (n,) ndarray of int
    spacing : float
        Seconds put between two intervals, so that nothing reaches from one into the next.

    Returns
    -------
    list of neo.SpikeTrain
        From 0 to the shared time, plus the spacings.

    Raises
    ------
    RecordingError
        If the units share no time.
    """
    part = recording.select(units)
    shared = part.support.shared
    part = part.restrict(shared) if part.support.has_gaps else part
    clock = WatchedClock(shared)
    stop = clock.total + spacing * (len(shared) - 1)
    trains = []
    for train in part.spike_trains():
        number = np.searchsorted(shared[:, 0], train, side="right") - 1
        trains.append(neo_train(np.minimum(clock.watched(train) + spacing * number, stop), 0, stop))
    return trains


def chosen_units(recording: Recording, units: object) -> np.ndarray:
    """Return unit numbers from numbers, a mask, or None for all; else raise."""
    from heavytail_snn.recording.checks import unit_indices

    return unit_indices(range(recording.n_units) if units is None else units, recording.n_units)
