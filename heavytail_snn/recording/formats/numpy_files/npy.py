"""A .npy file: the times of one unit, two columns, a raster, or records with times and units."""

from pathlib import Path

import numpy as np

from heavytail_snn.core.errors import RecordingError
from heavytail_snn.door.arrays import load_npy
from heavytail_snn.recording.formats.tree.walk import find_spikes
from heavytail_snn.recording.raw.options import Reading
from heavytail_snn.recording.raw.trains import RawTrains

# files of folders that hold all spikes of all units, whose units lie beside them
PARTS = {"spike_times.npy": "spike_clusters.npy", "spikes.times.npy": "spikes.clusters.npy"}


def read_npy(path: Path, reading: Reading) -> RawTrains:
    """Read a .npy file."""
    beside = path.parent / PARTS.get(path.name, "\0")
    if path.name in PARTS and beside.exists():
        raise RecordingError(
            f"{path} holds the times of all units, and {beside.name} beside it their units; name "
            f"the folder {path.parent}"
        )
    array = load_npy(path)
    if array.dtype.names is not None:
        tree = {name: np.ascontiguousarray(array[name]).ravel() for name in array.dtype.names}
        return find_spikes(tree, path.name, reading)
    return find_spikes(array, path.name, reading)
