"""Events of synchrony, by elephant: when many units fire together, and how much they do overall."""

import warnings
from typing import Any

import numpy as np

from heavytail_snn.analysis.toolbox.trains import chosen_units, neo_train, watched_trains
from heavytail_snn.core.errors import check_integer
from heavytail_snn.core.time_units import one_time
from heavytail_snn.recording.inputs import as_recording
from heavytail_snn.recording.tables import EpochTable


def synchronous_events(
    spikes: Any, *, bin_size: Any = 1e-3, spread: int = 1, fewest: int = 2
) -> EpochTable:
    """Return the moments at which at least `fewest` units fire together, bursts of the population.

    Parameters
    ----------
    spikes : Recording, neo object or times in seconds
        See `heavytail_snn.recording.inputs.as_recording`.
    bin_size : float or quantity of time
    spread : int
        Bins without a spike that still belong to an event, as for ``elephant``'s Complexity.
    fewest : int
        Units of an event.

    Returns
    -------
    EpochTable
        start, stop, and the column "size", the units of the event (a unit that fires in more than
        one bin counts in each); inside the time that all units share.
    """
    import quantities as pq
    from elephant.spike_train_synchrony import Complexity

    recording = as_recording("spikes", spikes)
    bin_size = one_time("bin_size", bin_size, low=0, open_low=True)
    spread = check_integer("spread", spread, low=0)
    fewest = check_integer("fewest", fewest, low=1)
    shared = recording.support.shared
    trains = recording.spike_trains()
    found: list[np.ndarray] = []
    for start, stop in shared:
        length = int((stop - start) / bin_size + 1e-6) * bin_size
        if length < 2 * bin_size:
            continue
        inside = [t[(t >= start) & (t < start + length)] - start for t in trains]
        if not sum(part.size for part in inside):
            continue
        with warnings.catch_warnings():
            # a sampling rate would move the edges by half a bin, for spikes on a grid
            warnings.filterwarnings("ignore", "No sampling rate specified")
            epoch = Complexity(
                [neo_train(part, 0.0, length) for part in inside],
                bin_size=bin_size * pq.s,
                binary=True,
                spread=spread,
            ).epoch
        begin = start + epoch.times.rescale("s").magnitude
        ends = begin + epoch.durations.rescale("s").magnitude
        size = epoch.array_annotations["complexity"].astype(int)
        kept = size >= fewest
        found.append(np.column_stack([begin, np.minimum(ends, stop), size])[kept])
    rows = np.concatenate([*found, np.empty((0, 3))])
    columns = {"start": rows[:, 0], "stop": rows[:, 1], "size": rows[:, 2].astype(int)}
    return EpochTable(columns, len(rows))


def spike_contrast(spikes: Any, *, units: Any = None, shortest: Any = 0.01) -> float:
    """Return the synchrony of all trains, between 0 and 1, over all time scales.

    Parameters
    ----------
    spikes : Recording, neo object or times in seconds
        See `heavytail_snn.recording.inputs.as_recording`.
    units : sequence of int or mask, optional
        Default all.
    shortest : float or quantity of time
        Shortest bin.

    References
    ----------
    Ciba et al., J. Neurosci. Methods 293 (2018) 136, doi:10.1016/j.jneumeth.2017.09.008.
    """
    import quantities as pq
    from elephant.spike_train_synchrony import spike_contrast as contrast

    recording = as_recording("spikes", spikes)
    shortest = one_time("shortest", shortest, low=0, open_low=True)
    trains = watched_trains(recording, chosen_units(recording, units))
    return float(contrast(trains, min_bin=shortest * pq.s))
