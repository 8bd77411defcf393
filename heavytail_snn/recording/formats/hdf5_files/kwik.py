"""Kwik files of klusta: samples and clusters of each channel group, the labels of clusters.

cluster_group is 0 noise, 1 mua, 2 good, 3 unsorted.  https://klusta.readthedocs.io/en/latest/kwik
"""

from typing import Any

from heavytail_snn.door.hdf5 import Hdf5
from heavytail_snn.door.numbers import one_number
from heavytail_snn.door.refusals import refusal
from heavytail_snn.recording.raw.options import Reading
from heavytail_snn.recording.raw.trains import RawTrains, raw_pairs

LABELS = {0: "noise", 1: "mua", 2: "good", 3: "unsorted"}


def is_kwik(file: Hdf5) -> bool:
    """Tell whether an HDF5 file is one of klusta."""
    return any(file.has(f"{group}/spikes/time_samples") for group in _groups(file))


def read_kwik(file: Hdf5, reading: Reading) -> RawTrains:
    """Read the spikes of all channel groups."""
    rate = _rate(file)
    if rate is None and reading.sampling_rate is None:
        raise refusal(
            f"{file.path}: times are samples, and neither spikedetekt nor recordings state their "
            "rate; at 20 kHz",
            {"sampling_rate": 20000.0},
        )
    raw = RawTrains([], [], "samples", rate)
    labels, shanks = [], []
    for group in _groups(file):
        spikes = f"{group}/spikes"
        if not file.has(f"{spikes}/time_samples"):
            continue
        times = file.array(f"{spikes}/time_samples")
        part = raw_pairs(times, file.array(f"{spikes}/clusters/main"))
        shank = group.rsplit("/", 1)[-1]
        raw.trains += part.trains
        raw.names += [f"{shank}:{name}" for name in part.names]
        shanks += [shank] * len(part.names)
        labels += [_label(file, f"{group}/clusters/main/{name}") for name in part.names]
    raw.columns = {"label": labels, "shank": shanks}
    raw.attrs["sampling_rate"] = reading.sampling_rate or rate
    return raw


def _groups(file: Hdf5) -> list[str]:
    return [f"/channel_groups/{name}" for name in file.names("/channel_groups")]


def _label(file: Hdf5, cluster: str) -> str:
    code: Any = file.attribute(cluster, "cluster_group") if file.has(cluster) else None
    return LABELS.get(int(one_number("cluster_group", code)), str(code)) if code is not None else ""


def _rate(file: Hdf5) -> float | None:
    for place in ("/application_data/spikedetekt", "/recordings/0"):
        for name in ("sample_rate", "sampling_rate"):
            value = file.attribute(place, name)
            if value is not None:
                return one_number(name, value)
    return None
