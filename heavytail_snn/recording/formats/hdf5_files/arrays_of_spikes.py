"""HDF5 of multi-electrode arrays (names, sCount, spikes), and of SpyKING Circus (spiketimes).

Eglen et al. (2014), A data repository and analysis framework for spontaneous neural activity
recordings in developing retina, doi 10.1186/2047-217X-3-3: spikes in seconds, unit after unit.
"""

import re

import numpy as np

from heavytail_snn.core.errors import RecordingError
from heavytail_snn.door.hdf5 import Hdf5
from heavytail_snn.door.numbers import exact_ids, exact_times
from heavytail_snn.door.refusals import refusal
from heavytail_snn.recording.raw.options import Reading
from heavytail_snn.recording.raw.trains import RawTrains


def is_mea(file: Hdf5) -> bool:
    """Tell whether an HDF5 file has the layout of the retinal repository."""
    return file.has("/spikes") and file.has("/sCount") and file.shape("/spikes") is not None


def read_mea(file: Hdf5, reading: Reading) -> RawTrains:
    """Read spikes that are stored unit after unit, with the number of each unit's spikes."""
    times = exact_times("spikes", file.array("/spikes"))
    counts = exact_ids("sCount", file.array("/sCount"))
    if (counts < 0).any() or counts.sum() != times.size:
        raise RecordingError(
            f"{file.path}: sCount must add up to the {times.size} spikes, got {counts.sum()}; the "
            "file is damaged"
        )
    names = file.texts("/names") if file.has("/names") else []
    names = names if len(names) == counts.size else [str(i) for i in range(counts.size)]
    raw = RawTrains(np.split(times, np.cumsum(counts)[:-1]), names, "s")
    if file.has("/epos"):
        places = file.array("/epos")
        for axis, name in enumerate("xy"):
            if places.ndim == 2 and places.shape == (2, counts.size):
                raw.keep_column(name, places[axis].tolist())
    return raw


def is_circus(file: Hdf5) -> bool:
    """Tell whether an HDF5 file is a result of SpyKING Circus."""
    return bool(_templates(file))


def read_circus(file: Hdf5, reading: Reading) -> RawTrains:
    """Read the spike times of the templates, in samples; the rate stands in a .params file."""
    if reading.sampling_rate is None:
        raise refusal(
            f"{file.path}: times of SpyKING Circus are samples, and their rate stands in its "
            ".params file; at 20 kHz",
            {"sampling_rate": 20000.0},
        )
    numbers = _templates(file)
    trains = [exact_times(f"temp_{i}", file.array(f"/spiketimes/temp_{i}")) for i in numbers]
    names = [str(i) for i in numbers]
    return RawTrains(trains, names, "samples", attrs={"sampling_rate": reading.sampling_rate})


def _templates(file: Hdf5) -> list[int]:
    found = [re.fullmatch(r"temp_(\d{1,9})", name) for name in file.names("/spiketimes")]
    return sorted(int(match.group(1)) for match in found if match)
