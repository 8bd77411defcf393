"""Neurosuite (KlustaKwik, NDManager): name.res.N in samples, name.clu.N, the rate in name.xml.

The first line of a .clu file is the number of clusters; cluster 0 holds artefacts and cluster 1
spikes that could not be sorted.  http://neurosuite.sourceforge.net/formats.html
"""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np

from heavytail_snn.core.errors import RecordingError
from heavytail_snn.door.numbers import exact_times
from heavytail_snn.door.refusals import reading as reading_file
from heavytail_snn.door.refusals import refusal
from heavytail_snn.door.regular import read_bytes, read_small_text, regular_file
from heavytail_snn.recording.raw.options import Reading
from heavytail_snn.recording.raw.trains import RawTrains, split_by_id

NAME = re.compile(r"^(?P<base>.+)\.(?P<kind>res|clu)\.(?P<shank>\d+)$")
LABELS = {0: "noise", 1: "mua"}


def is_neurosuite(path: Path) -> bool:
    """Tell whether a file is a .res.N or .clu.N, or a folder with them."""
    if path.is_dir():
        return any(NAME.match(file.name) for file in path.iterdir())
    return NAME.match(path.name) is not None


def read_neurosuite(path: Path, reading: Reading) -> RawTrains:
    """Read one shank by its .res.N or .clu.N file, or all shanks of a folder."""
    with reading_file(path, "Neurosuite files"):
        files = _shanks(path)
        rate = _rate(path, files[0])
        if rate is None and reading.sampling_rate is None:
            raise refusal(
                f"{path}: times are samples, and no .xml file with samplingRate lies beside it; at "
                "20 kHz",
                {"sampling_rate": 20000.0},
            )
        raw = RawTrains([], [], "samples", rate)
        labels, shanks = [], []
        for file in files:
            part, clusters, shank = _shank(file)
            raw.trains += part.trains
            raw.names += [f"{shank}:{cluster}" for cluster in clusters]
            labels += [LABELS.get(cluster, "good") for cluster in clusters]
            shanks += [int(shank)] * len(clusters)
        raw.columns = {"label": labels, "shank": shanks}
        raw.attrs["sampling_rate"] = reading.sampling_rate or rate
    return raw


def _shanks(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = [file for file in path.iterdir() if (m := NAME.match(file.name)) and m["kind"] == "res"]
    bases = {NAME.match(file.name)["base"] for file in files}  # type: ignore[index]
    if len(bases) != 1:
        raise RecordingError(
            f"{path} must hold the .res files of one session, got {sorted(bases)}; name a .res file"
        )
    return sorted(files, key=lambda file: int(file.suffix[1:]))


def _shank(file: Path) -> tuple[RawTrains, list[int], str]:
    parts = NAME.match(file.name)
    assert parts is not None
    res, clu = (file.parent / f"{parts['base']}.{kind}.{parts['shank']}" for kind in ("res", "clu"))
    times = exact_times(res.name, _numbers(res))
    clusters = _numbers(clu)
    if not clusters.size or clusters.size - 1 != times.size:
        raise RecordingError(
            f"{clu.name} must hold the number of clusters and {times.size} clusters, got "
            f"{clusters.size} lines; a file is incomplete"
        )
    raw = split_by_id(times, clusters[1:])
    return raw, [int(name) for name in raw.names], parts["shank"]


def _numbers(path: Path) -> np.ndarray:
    words = read_bytes(regular_file(path)).split()
    if any(not word.lstrip(b"-").isdigit() or len(word) > 18 for word in words):
        bad = next(w for w in words if not w.lstrip(b"-").isdigit() or len(w) > 18)
        raise RecordingError(f"{path} must hold whole numbers, got {bad[:40]!r}")
    return np.array([int(word) for word in words], dtype=np.int64)


def _rate(path: Path, file: Path) -> float | None:
    base = NAME.match(file.name)
    assert base is not None
    xml = file.parent / f"{base['base']}.xml"
    if not xml.exists():
        return None
    text = read_small_text(regular_file(xml))
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise RecordingError(f"{xml} defines entities, which a file of parameters does not need")
    found = ElementTree.fromstring(text).find(".//acquisitionSystem/samplingRate")
    if found is None or found.text is None:
        return None
    rate = float(found.text)
    if not 0 < rate < 1e9:
        raise RecordingError(f"{xml}: samplingRate must be positive, got {rate}")
    return rate
