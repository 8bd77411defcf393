"""Distances between the spike trains of units, by elephant, in the time that all share."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from heavytail_snn.analysis.toolbox.trains import chosen_units, watched_trains
from heavytail_snn.core.errors import check_choice
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.core.time_units import one_time
from heavytail_snn.recording.inputs import as_recording

_APART = 40.0  # time constants between two intervals: exp(-40) is below rounding


@dataclass(frozen=True, kw_only=True)
class SpikeTrainDistances(Result):
    """Distances, or another relation, between the trains of units.

    Parameters
    ----------
    matrix : (n, n) ndarray
        Symmetric.
    units : (n,) ndarray of int
        Their numbers in the recording.
    measure : str
    """

    matrix: np.ndarray = field_of(dims=("unit", "other_unit"))
    units: np.ndarray = field_of(dims=("unit",))
    measure: str


def spike_train_distances(
    spikes: Any,
    *,
    distance: str = "van_rossum",
    time_constant: Any = 0.02,
    units: Any = None,
) -> SpikeTrainDistances:
    """Return the van Rossum or Victor-Purpura distance of every two units.

    Parameters
    ----------
    spikes : Recording, neo object or times in seconds
        See `heavytail_snn.recording.inputs.as_recording`.
    distance : {"van_rossum", "victor_purpura"}
    time_constant : float or quantity of time
        Of the van Rossum kernel; its inverse is the Victor-Purpura cost.
    units : sequence of int or mask, optional
        Default all; the time that they share counts.

    References
    ----------
    van Rossum, Neural Comput. 13 (2001) 751, doi:10.1162/089976601300014321; Victor & Purpura, J.
    Neurophysiol. 76 (1996) 1310, doi:10.1152/jn.1996.76.2.1310; both computed by elephant.
    """
    import quantities as pq
    from elephant.spike_train_dissimilarity import van_rossum_distance, victor_purpura_distance

    check_choice("distance", distance, ("van_rossum", "victor_purpura"))
    recording = as_recording("spikes", spikes)
    tau = one_time("time_constant", time_constant, low=0, open_low=True)
    chosen = chosen_units(recording, units)
    trains = watched_trains(recording, chosen, spacing=_APART * tau)
    if distance == "van_rossum":
        matrix = van_rossum_distance(trains, tau * pq.s)
    else:
        matrix = victor_purpura_distance(trains, cost_factor=1 / tau * pq.Hz)
    return SpikeTrainDistances(
        matrix=np.asarray(matrix, dtype=float),
        units=chosen,
        measure=distance,
        parameters={"time_constant": tau},
    )
