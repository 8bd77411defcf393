"""Which kind of HDF5 a file is, by what it holds; unknown ones are searched as trees."""

from pathlib import Path
from typing import Any

from heavytail_snn.core.errors import RecordingError
from heavytail_snn.door.hdf5 import Hdf5, open_hdf5
from heavytail_snn.recording.formats.hdf5_files import arrays_of_spikes, kwik, nwb, sonata
from heavytail_snn.recording.formats.matlab import mat73
from heavytail_snn.recording.formats.tree.walk import find_spikes
from heavytail_snn.recording.raw.options import Reading
from heavytail_snn.recording.raw.trains import RawTrains

KINDS = {
    "mat73": (mat73.is_mat73, mat73.read_mat73),
    "nwb": (nwb.is_nwb, nwb.read_nwb),
    "sonata": (sonata.is_sonata, sonata.read_sonata),
    "kwik": (kwik.is_kwik, kwik.read_kwik),
    "mea": (arrays_of_spikes.is_mea, arrays_of_spikes.read_mea),
    "circus": (arrays_of_spikes.is_circus, arrays_of_spikes.read_circus),
}
MOST_DATASETS = 20_000


def read_hdf5(path: Path, reading: Reading, kind: str | None = None) -> RawTrains:
    """Read an HDF5 file of a kind, or of the kind that its contents tell.

    Raises
    ------
    RecordingError
        Naming what is in the file, if none of the layouts fits.
    """
    with open_hdf5(path) as file:
        if kind is not None:
            return KINDS[kind][1](file, reading)
        if file.attribute("/", "format") == "nix":
            from heavytail_snn.recording.formats.objects.neo_files import read_neo

            return read_neo(path, reading)
        if reading.variable is None:
            for is_kind, read_kind in KINDS.values():
                if is_kind(file):
                    return read_kind(file, reading)
        elif mat73.is_mat73(file):
            return mat73.read_mat73(file, reading)
        return _tree(file, reading)


def _tree(file: Hdf5, reading: Reading) -> RawTrains:
    """Return the spikes of an unknown file whose names say which they are."""
    tree: dict[str, Any] = {}
    variable = (reading.variable or "").strip("/").replace("/", ".")
    for number, name in enumerate(file.walk()):
        if number > MOST_DATASETS:
            raise RecordingError(f"{file.path} holds more than {MOST_DATASETS} datasets")
        kind, way = file.dtype(name), name.strip("/").split("/")
        if kind is None or kind.kind not in "iuf":
            continue
        if variable and not (f"{'.'.join(way)}.").startswith(f"{variable}."):
            continue
        branch = tree
        for part in way[:-1]:
            branch = branch.setdefault(part, {})
        branch[way[-1]] = file.array(name)
    if not tree:
        raise RecordingError(
            f"{file.path} holds no numbers that could be spike times; it has {file.seen()}"
        )
    changed = Reading(**{**vars(reading), "variable": variable or None})
    return find_spikes(tree, file.path.name, changed)
