"""When a Brian2 monitor was watching: noted run by run, because Brian2 does not keep it.

A monitor that joins the network after a warm-up saw nothing of the warm-up, and its recording
must not count that time as silence.
"""

from typing import Any
from weakref import WeakKeyDictionary

# monitor -> [start, stop] of each run that it took part in; stop is nan where it is not known
WATCHED: "WeakKeyDictionary[Any, list[list[float]]]" = WeakKeyDictionary()


def note_start(monitor: Any, time: float) -> None:
    """Note that a run with this monitor begins."""
    runs = WATCHED.setdefault(monitor, [])
    # a network that was restored to an earlier time has forgotten what came after it
    runs[:] = [run for run in runs if run[0] < time]
    runs.append([time, float("nan")])


def note_stop(monitor: Any, time: float) -> None:
    """Note that the run ended."""
    if WATCHED.get(monitor):
        WATCHED[monitor][-1][1] = time


def watched_intervals(monitor: Any, end: float) -> list[list[float]] | None:
    """Return the intervals in which a monitor watched, until `end`; None where none was noted.

    Runs that follow each other without a gap are one interval.
    """
    found: list[list[float]] = []
    runs = WATCHED.get(monitor, [])
    for number, (start, stop) in enumerate(runs):
        until = runs[number + 1][0] if number + 1 < len(runs) else end
        stop = until if stop != stop else min(stop, end)
        if found and start - found[-1][1] <= 1e-9 * max(abs(start), 1.0):
            found[-1][1] = stop
        elif stop > start:
            found.append([start, stop])
    return found or None
