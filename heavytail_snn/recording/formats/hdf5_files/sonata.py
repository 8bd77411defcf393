"""SONATA spikes: /spikes/<population>/timestamps and node_ids, the unit of time in an attribute.

https://github.com/AllenInstitute/sonata/blob/master/docs/SONATA_DEVELOPER_GUIDE.md
"""

import numpy as np

from heavytail_snn.core.errors import RecordingError
from heavytail_snn.door.hdf5 import Hdf5
from heavytail_snn.door.literals import unit_of_time
from heavytail_snn.recording.raw.options import Reading
from heavytail_snn.recording.raw.trains import RawTrains, raw_pairs


def is_sonata(file: Hdf5) -> bool:
    """Tell whether an HDF5 file holds SONATA spikes."""
    return bool(_populations(file))


def read_sonata(file: Hdf5, reading: Reading) -> RawTrains:
    """Read the spikes of all populations."""
    raw = RawTrains([], [])
    units, populations = set(), []
    groups = _populations(file)
    for group, ids_name in groups:
        times = file.array(f"{group}/timestamps")
        part = raw_pairs(times, file.array(f"{group}/{ids_name}"))
        stated = file.attribute(f"{group}/timestamps", "units")
        units.add(stated if isinstance(stated, str) else None)
        name = group.rsplit("/", 1)[-1]
        raw.trains += [np.sort(train) for train in part.trains]  # files may be sorted by node
        raw.names += [f"{name}:{unit}" if len(groups) > 1 else unit for unit in part.names]
        populations += [name] * len(part.names)
    if len(units) > 1:
        raise RecordingError(f"{file.path}: populations have different units of time: {units}")
    unit = units.pop()
    if unit is not None and unit_of_time(unit) is None:
        raise RecordingError(f"{file.path}: timestamps have the unit {unit!r}, which is no time")
    raw.time_unit = unit
    raw.columns["population"] = populations
    return raw


def _populations(file: Hdf5) -> list[tuple[str, str]]:
    found = []
    for group in ["/spikes", *(f"/spikes/{name}" for name in file.names("/spikes"))]:
        for ids in ("node_ids", "gids"):
            if file.has(f"{group}/timestamps") and file.has(f"{group}/{ids}"):
                found.append((group, ids))
                break
    return found
