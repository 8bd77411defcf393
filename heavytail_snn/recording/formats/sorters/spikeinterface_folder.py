"""Folders in which SpikeInterface saves a sorting: numpy_folder (spikes.npy) and npz_folder.

spikes.npy has one record a spike: sample_index, unit_index, segment_index.
https://spikeinterface.readthedocs.io
"""

from pathlib import Path

import numpy as np

from heavytail_snn.core.errors import RecordingError
from heavytail_snn.door.arrays import load_npy, open_npz
from heavytail_snn.door.literals import strict_json
from heavytail_snn.door.numbers import exact_ids, exact_times, one_number
from heavytail_snn.door.refusals import reading as reading_file
from heavytail_snn.door.refusals import refusal
from heavytail_snn.door.regular import read_small_text, regular_file
from heavytail_snn.recording.raw.options import Reading
from heavytail_snn.recording.raw.trains import RawTrains, split_by_id

INFO = "numpysorting_info.json"
CACHED = "sorting_cached.npz"


def is_spikeinterface(path: Path) -> bool:
    """Tell whether a folder is a sorting saved by SpikeInterface."""
    return path.is_dir() and ((path / INFO).exists() or (path / CACHED).exists())


def read_spikeinterface(path: Path, reading: Reading) -> RawTrains:
    """Read a saved sorting; a sorting of several segments needs the option segment."""
    with reading_file(path, "a folder of SpikeInterface"):
        numpy_folder = (path / INFO).exists()
        raw = _numpy_folder(path, reading) if numpy_folder else _npz_folder(path, reading)
        properties = path / "properties"
        if properties.is_dir():
            for file in sorted(properties.glob("*.npy")):
                array = load_npy(regular_file(file))
                if array.shape == (len(raw.trains),):
                    raw.keep_column(file.stem, array)
    raw.time_unit = "samples"
    raw.attrs["sampling_rate"] = raw.sampling_rate
    return raw


def _numpy_folder(path: Path, reading: Reading) -> RawTrains:
    info = strict_json(read_small_text(path / INFO))
    spikes = load_npy(path / "spikes.npy")
    if spikes.dtype.names is None or not {"sample_index", "unit_index"} <= set(spikes.dtype.names):
        raise RecordingError(f"{path}/spikes.npy must hold sample_index and unit_index")
    names = [str(name) for name in info["unit_ids"]]
    segments = spikes["segment_index"] if "segment_index" in spikes.dtype.names else None
    number = _chosen(path, int(info.get("num_segments", 1)), reading)
    if segments is not None:
        spikes = spikes[segments == number]
    times = exact_times("sample_index", spikes["sample_index"])
    raw = split_by_id(times, exact_ids("unit_index", spikes["unit_index"]), len(names))
    raw.names = names
    raw.sampling_rate = one_number("sampling_frequency", info["sampling_frequency"])
    return raw


def _npz_folder(path: Path, reading: Reading) -> RawTrains:
    with open_npz(path / CACHED) as archive:
        names = [str(name) for name in archive["unit_ids"].ravel()]
        number = _chosen(path, int(one_number("num_segment", archive["num_segment"])), reading)
        times = exact_times("spikes", archive[f"spike_indexes_seg{number}"])
        labels = archive[f"spike_labels_seg{number}"].astype(str)
        rate = one_number("sampling_frequency", archive["sampling_frequency"])
    place = {name: i for i, name in enumerate(names)}
    raw = split_by_id(
        times, np.array([place[label] for label in labels], dtype=np.int64), len(names)
    )
    raw.names, raw.sampling_rate = names, rate
    return raw


def _chosen(path: Path, count: int, reading: Reading) -> int:
    if count > 1 and reading.segment is None:
        raise refusal(
            f"{path} has {count} segments, each with a clock of its own",
            *({"segment": number} for number in (0, 1)),
        )
    number = reading.segment or 0
    if number >= count:
        raise RecordingError(f"{path} has {count} segments, numbered from 0; got segment {number}")
    return number
