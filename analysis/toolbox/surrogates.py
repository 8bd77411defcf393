"""Surrogates by elephant, interval by interval of the support, so that no spike leaves it."""

from typing import Any

import numpy as np

from heavytail_snn.analysis.toolbox.trains import neo_train
from heavytail_snn.core.errors import ParameterError, check_choice
from heavytail_snn.core.global_state import seeded_generators
from heavytail_snn.core.randomness import Seed, stream
from heavytail_snn.core.time_units import one_time
from heavytail_snn.recording.recording import Recording

METHODS = {  # ours: elephant's name
    "dither_spikes": "dither_spikes",
    "shift": "dither_spike_train",
    "jitter": "jitter_spikes",
    "shuffle_intervals": "shuffle_isis",
    "randomise": "randomise_spikes",
    "joint_isi": "joint_isi_dithering",
}


def dithered(
    recording: Recording,
    *,
    method: str = "dither_spikes",
    width: Any = 0.015,
    seed: Seed = None,
) -> Recording:
    """Return a surrogate of every unit, drawn by elephant inside each interval of its support.

    Parameters
    ----------
    recording : Recording
    method : str
        "dither_spikes" moves each spike by up to `width`; "shift" moves the train of an interval
        as a whole, around its ends; "jitter" draws each spike anew in its bin of `width`;
        "joint_isi" dithers along the joint distribution of neighbouring intervals;
        "shuffle_intervals" permutes the intervals, "randomise" draws all spikes anew.
    width : float or quantity of time
        Not used by "shuffle_intervals" and "randomise".
    seed : int, SeedSequence, Generator or None

    Returns
    -------
    Recording
        Same limits, support and tables.  Methods that move spikes beyond an end drop them there
        ("dither_spikes" does not).

    References
    ----------
    Stella et al., eNeuro 9 (2022), doi:10.1523/ENEURO.0505-21.2022, compares these methods.
    """
    import quantities as pq
    from elephant.spike_train_surrogates import surrogates

    if not isinstance(recording, Recording):
        raise ParameterError("recording", type(recording).__name__, "must be a Recording")
    name = METHODS[check_choice("method", method, METHODS)]
    width = one_time("width", width, low=0, open_low=True)
    options = {} if name in ("shuffle_isis", "randomise_spikes") else {"dt": width * pq.s}
    times, ids = [], []
    with seeded_generators(stream(seed, "elephant surrogate")):
        for unit, train in enumerate(recording.spike_trains()):
            for start, stop in recording.support.intervals(unit):
                piece = train[(train >= start) & (train <= stop)] - start
                if piece.size:  # from 0 on: elephant's jitter knows no other start
                    given = neo_train(np.minimum(piece, stop - start), 0.0, stop - start)
                    drawn = surrogates(given, method=name, **options)[0].rescale("s").magnitude
                    times.append(np.clip(start + drawn, start, stop))
                    ids.append(np.full(drawn.size, unit))
    return Recording.from_unsorted(
        np.concatenate([*times, np.empty(0)]),
        np.concatenate([*ids, np.empty(0, dtype=int)]),
        recording.n_units,
        recording.t_start,
        recording.t_stop,
        drop_duplicates=True,
        support=recording.support,
        units=recording.units,
        epochs=recording.epochs,
        trials=recording.trials,
    )
