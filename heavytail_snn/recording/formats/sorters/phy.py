"""Phy and Kilosort folders: spike_times.npy in samples, spike_clusters.npy, labels in .tsv files.

The sampling rate stands in params.py.  Labels come from cluster_info.tsv or cluster_group.tsv,
those of Kilosort from cluster_KSLabel.tsv.  https://phy.readthedocs.io/en/latest/sorting_user_guide
"""

from pathlib import Path
from typing import Any

import numpy as np

from heavytail_snn.door.arrays import load_npy
from heavytail_snn.door.literals import assignments
from heavytail_snn.door.numbers import are_whole, exact_ids, exact_times, one_number
from heavytail_snn.door.refusals import reading as reading_file
from heavytail_snn.door.refusals import refusal
from heavytail_snn.door.regular import read_small_text, regular_file
from heavytail_snn.recording.formats.sorters.tables import read_tsv
from heavytail_snn.recording.raw.options import Reading
from heavytail_snn.recording.raw.trains import RawTrains, split_by_id

IDS = ("cluster_id", "id")


def is_phy(path: Path) -> bool:
    """Tell whether a folder holds the spikes of Phy or Kilosort."""
    return path.is_dir() and (path / "spike_times.npy").exists()


def read_phy(path: Path, reading: Reading) -> RawTrains:
    """Read a Phy or Kilosort folder; the option sampling_rate goes before params.py."""
    with reading_file(path, "a Phy folder"):
        samples = load_npy(path / "spike_times.npy")
        names = ("spike_clusters.npy", "spike_templates.npy")
        file = next((path / name for name in names if (path / name).exists()), path / names[0])
        clusters = exact_ids(file.name, load_npy(regular_file(file)))
        rate = _stated_rate(path) if reading.sampling_rate is None else None
        times = exact_times("spike_times", samples)
        unit = "samples"
        if samples.dtype.kind == "f" and reading.time_unit is not None:
            unit = reading.time_unit
        elif not are_whole(times) and times.size:
            raise refusal(
                f"{path}: spike_times.npy holds fractions, from {times.min():.6g} to "
                f"{times.max():.6g}, though it should hold samples; as times in seconds",
                {"time_unit": "s"},
            )
        elif rate is None and reading.sampling_rate is None:
            raise refusal(
                f"{path} has no params.py with sample_rate, so that its samples have no rate; at "
                "30 kHz",
                {"sampling_rate": 30000.0},
            )
        raw = split_by_id(times, clusters)
        raw.time_unit, raw.sampling_rate = unit, rate
        for name, column in _labels(path).items():
            raw.keep_column(name, [column.get(unit_name, "") for unit_name in raw.names])
    if unit == "samples":
        raw.attrs["sampling_rate"] = reading.sampling_rate or rate
    return raw


def _stated_rate(path: Path) -> float | None:
    file = path / "params.py"
    if not file.exists():
        return None
    found = assignments(read_small_text(file)).get("sample_rate")
    if found is None:
        return None
    rate = one_number("sample_rate of params.py", found)
    if rate <= 0:
        raise refusal(f"{file}: sample_rate must be positive, got {rate}", {"sampling_rate": 3e4})
    return rate


def _labels(path: Path) -> dict[str, dict[str, Any]]:
    """Return the columns of all tables of clusters: name -> cluster -> value."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted(path.glob("cluster_*.tsv")) + sorted(path.glob("cluster_*.csv")):
        table = read_tsv(regular_file(file), "\t" if "\t" in read_small_text(file) else ",")
        key = next((name for name in IDS if name in table), None)
        if key is None:
            continue
        for name, values in table.items():
            if name != key:
                found.setdefault(name, {}).update(zip(table[key], map(_value, values), strict=True))
    if "group" in found:
        found["label"] = found.pop("group")
    if "KSLabel" in found:
        kept = found.setdefault("label", {})
        for cluster, label in found["KSLabel"].items():
            kept.setdefault(cluster, label) if kept.get(cluster) in (None, "") else None
    return found


def _value(text: str) -> Any:
    try:
        number = float(text)
    except ValueError:
        return text
    return number if np.isfinite(number) else text
