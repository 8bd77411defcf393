"""ALF folders (IBL, Steinmetz et al. 2019): spikes.times.npy, spikes.clusters.npy, clusters.*.

Names are object.attribute.extra.npy; times are seconds.  Labels of Steinmetz et al. are numbers:
1 mua, 2 good, 3 unsorted.  https://int-brain-lab.github.io/ONE/alf_intro.html
"""

from pathlib import Path

import numpy as np

from heavytail_snn.core.errors import RecordingError
from heavytail_snn.door.arrays import load_npy
from heavytail_snn.door.numbers import exact_ids, exact_times
from heavytail_snn.door.refusals import reading as reading_file
from heavytail_snn.door.regular import regular_file
from heavytail_snn.recording.formats.sorters.tables import read_tsv
from heavytail_snn.recording.raw.options import Reading
from heavytail_snn.recording.raw.trains import RawTrains, Table, split_by_id

PHY_ANNOTATION = {0: "noise", 1: "mua", 2: "good", 3: "unsorted"}


def is_alf(path: Path) -> bool:
    """Tell whether a folder holds spikes by the names of ALF."""
    return path.is_dir() and bool(_files(path, "spikes", "times"))


def read_alf(path: Path, reading: Reading) -> RawTrains:
    """Read an ALF folder."""
    with reading_file(path, "an ALF folder"):
        times = exact_times("spikes.times", load_npy(_one(path, "spikes", "times")))
        clusters = exact_ids("spikes.clusters", load_npy(_one(path, "spikes", "clusters")))
        columns = _attributes(path, "clusters")
        rows = {len(values) for values in columns.values()}
        n_units = rows.pop() if len(rows) == 1 else None
        if n_units is not None and clusters.size and clusters.max() >= n_units:
            raise RecordingError(
                f"{path} has clusters.* of {n_units} clusters but spikes of cluster "
                f"{clusters.max()}; a file is of another recording"
            )
        raw = split_by_id(times, clusters, n_units)
        for name, values in columns.items():
            raw.keep_column(name, values)
        _name_labels(path, raw)
        raw.time_unit = "s"
        raw.trials = _intervals(path, "trials")
    return raw


def _files(path: Path, thing: str, attribute: str) -> list[Path]:
    return sorted(f for f in path.glob(f"{thing}.{attribute}*.npy") if f.is_file())


def _one(path: Path, thing: str, attribute: str) -> Path:
    found = [f for f in _files(path, thing, attribute) if f.name.split(".")[1] == attribute]
    if len(found) != 1:
        raise RecordingError(
            f"{path} must hold one file {thing}.{attribute}.npy, got {[f.name for f in found]}"
        )
    return regular_file(found[0])


def _attributes(path: Path, thing: str) -> dict[str, list[object]]:
    """Return the attributes of an object that have one value a row."""
    found: dict[str, list[object]] = {}
    for file in _files(path, thing, ""):
        array = load_npy(regular_file(file))
        if array.size == array.shape[0] if array.ndim else False:
            found[file.name.split(".")[1].lstrip("_")] = list(array.ravel())
    for file in sorted(path.glob(f"{thing}.*.csv")):
        table = read_tsv(file, separator=",")
        found.update({name: list(values) for name, values in table.items() if name})
    return found


def _name_labels(path: Path, raw: RawTrains) -> None:
    if "phy_annotation" in raw.columns:
        codes = raw.columns.pop("phy_annotation")
        raw.columns["label"] = [PHY_ANNOTATION.get(int(code), str(code)) for code in codes]
    places = path / "channels.brainLocation.tsv"
    if "peakChannel" in raw.columns and places.exists():
        table = read_tsv(places)
        areas = table.get("allen_ontology", [])
        # peakChannel counts from 1
        peaks = [int(channel) - 1 for channel in raw.columns["peakChannel"]]
        if peaks and 0 <= min(peaks) and max(peaks) < len(areas):
            raw.columns["area"] = [areas[peak] for peak in peaks]


def _intervals(path: Path, thing: str) -> Table | None:
    files = [f for f in _files(path, thing, "intervals") if f.name == f"{thing}.intervals.npy"]
    if not files:
        return None
    array = np.asarray(load_npy(regular_file(files[0])), dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 2:
        return None
    table: Table = {"start": array[:, 0].tolist(), "stop": array[:, 1].tolist()}
    for name, values in _attributes(path, thing).items():
        if name != "intervals" and len(values) == len(array):
            table[name] = [value.item() if hasattr(value, "item") else value for value in values]
    return table
