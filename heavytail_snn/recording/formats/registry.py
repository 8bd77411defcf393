"""The registry of formats: which reader opens what, in this process or in a child.

Formats whose libraries a stranger's bytes can crash are read in a child process.  A file's first
bytes say more than its name: the name decides only where they say nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from heavytail_snn.core.errors import ParameterError, RecordingError, check_choice
from heavytail_snn.core.options import refuse_unknown
from heavytail_snn.door.child import in_child
from heavytail_snn.door.refusals import refusal
from heavytail_snn.door.regular import file_or_folder, read_head
from heavytail_snn.recording.formats.hdf5_files.front import read_hdf5
from heavytail_snn.recording.formats.matlab.mat5 import read_mat5
from heavytail_snn.recording.formats.numpy_files import alf, npy, npz
from heavytail_snn.recording.formats.objects import json_files, neo_files, pickles
from heavytail_snn.recording.formats.sorters import neurosuite, phy, spikeinterface_folder
from heavytail_snn.recording.formats.text import table, trains
from heavytail_snn.recording.formats.tree import frames
from heavytail_snn.recording.raw.options import ALWAYS, OPTIONS, Reading
from heavytail_snn.recording.raw.trains import RawTrains, from_wire, to_wire

UNIT = ("time_unit", "sampling_rate")
TREE = (*UNIT, "variable", "time_column", "id_column", "n_units")
HDF5 = b"\x89HDF\r\n\x1a\n"
CHILD = f"{__name__}:read_for_parent"


@dataclass(frozen=True)
class Format:
    """One format.

    Parameters
    ----------
    name : str
        As `Recording.read(path, format=...)` takes it.
    title : str
        What it is, whose it is.
    layout : str
        Names of its files, and what must be in them.
    read : callable
        (path, reading) -> RawTrains.
    options : tuple of str
        Options of reading that it takes beside those that all take.
    isolated : bool
        Whether it is read in a child process.
    """

    name: str
    title: str
    layout: str
    read: Callable[[Path, Reading], RawTrains]
    options: tuple[str, ...] = ()
    isolated: bool = False


def _hdf5(kind: str | None) -> Callable[[Path, Reading], RawTrains]:
    return partial(read_hdf5, kind=kind)


FORMATS: dict[str, Format] = {
    item.name: item
    for item in (
        Format("text", "Text and CSV, GDF and NEST, SONATA, NeuroExplorer and MCS columns",
               ".txt .csv .tsv .dat .gdf: times, (time, unit), a header, or a column a unit",
               table.read_text, TREE),
        Format("lines", "Text with one train a line (PySpike)", ".txt: a line of times a unit",
               trains.read_trains, UNIT),
        Format("json", "JSON", ".json: {unit: times}, [[times], ...] or {times, ids}",
               json_files.read_json, TREE),
        Format("parquet", "Apache Parquet, through pandas", ".parquet .pqt: a row a spike",
               frames.read_parquet, TREE, True),
        Format("npy", "numpy array", ".npy: times, (time, unit), records, raster", npy.read_npy,
               TREE),
        Format("npz", "numpy archive: this library, pynapple, anybody", ".npz: times and ids, t "
               "and i, an array a unit", npz.read_npz, TREE),
        Format("mat", "MATLAB to v7; CellExplorer, Kilosort rez, wave_clus", ".mat: cells, structs,"
               " vectors, (id, time), rasters", read_mat5, TREE, True),
        Format("mat73", "MATLAB v7.3", ".mat in HDF5", _hdf5("mat73"), TREE, True),
        Format("nwb", "Neurodata Without Borders 2", ".nwb: units, obs_intervals, trials",
               _hdf5("nwb"), (), True),
        Format("sonata", "SONATA spikes", ".h5: /spikes/<population>/timestamps, node_ids",
               _hdf5("sonata"), UNIT, True),
        Format("kwik", "klusta", ".kwik: /channel_groups/N/spikes", _hdf5("kwik"),
               ("sampling_rate",), True),
        Format("mea", "Multi-electrode arrays (retinal repository)", ".h5: spikes, sCount, names",
               _hdf5("mea"), (), True),
        Format("circus", "SpyKING Circus", ".hdf5: /spiketimes/temp_N", _hdf5("circus"),
               ("sampling_rate",), True),
        Format("hdf5", "Any HDF5 whose names say what is in it", ".h5 .hdf5", _hdf5(None),
               (*TREE, "segment"), True),
        Format("phy", "Phy and Kilosort", "folder: spike_times.npy, spike_clusters.npy, params.py",
               phy.read_phy, UNIT),
        Format("alf", "ALF of IBL and Steinmetz et al.", "folder: spikes.times.npy, "
               "spikes.clusters.npy, clusters.*", alf.read_alf),
        Format("neurosuite", "Neurosuite, KlustaKwik", "folder or file: name.res.N, name.clu.N, "
               "name.xml", neurosuite.read_neurosuite, ("sampling_rate",)),
        Format("spikeinterface", "Sorting saved by SpikeInterface", "folder: spikes.npy or "
               "sorting_cached.npz", spikeinterface_folder.read_spikeinterface, ("segment",)),
        Format("neo", "NIX, NEX, Plexon, Blackrock, Neuralynx and all others of neo",
               ".nix .nex .plx .nev ...", neo_files.read_neo, ("segment",), True),
        Format("pickle", "Python pickle: it can run any program, so only where named",
               ".pkl .pickle: dict, list, array, DataFrame, neo", pickles.read_pickle,
               (*TREE, "segment"), True),
    )
}  # fmt: skip
_SUFFIXES = {
    "text": (".txt", ".csv", ".tsv", ".tab", ".dat", ".gdf", ".asc", ".spk", ".ras"),
    "json": (".json",),
    "mat": (".mat",),
    "npz": (".npz",),
    "npy": (".npy",),
    "nwb": (".nwb",),
    "parquet": (".parquet", ".pqt"),
    "hdf5": (".h5", ".hdf5", ".kwik", ".hdf"),
}
_FOLDERS = (
    ("phy", phy.is_phy),
    ("alf", alf.is_alf),
    ("spikeinterface", spikeinterface_folder.is_spikeinterface),
    ("neurosuite", neurosuite.is_neurosuite),
)


def read_raw(path: Path, format: str | None, given: dict[str, Any], *, trusted: bool) -> RawTrains:
    """Read a file or folder.

    Parameters
    ----------
    path : Path
    format : str, optional
        Default: what its first bytes say, or else its name.
    given : dict
        Checked options.
    trusted : bool
        Read it in this process, whatever its format.

    Raises
    ------
    HeavytailError
        With what was seen, and the options that read it.
    """
    path = file_or_folder(path)
    name = format_of(path) if format is None else check_choice("format", format, FORMATS)
    chosen = FORMATS[name]
    known = [option.name for option in OPTIONS if option.name in (*ALWAYS, *chosen.options)]
    _check_unit_is_unstated(chosen, given)
    refuse_unknown(f"Recording.read for {name} files", given, known)
    options = {key: value for key, value in given.items() if key in Reading.__dataclass_fields__}
    if chosen.isolated and not trusted:
        return from_wire(*in_child(CHILD, path, {"format": name, "options": options}))
    return chosen.read(path, Reading(**options))


def _check_unit_is_unstated(chosen: Format, given: dict[str, Any]) -> None:
    for option in UNIT:
        if option in given and option not in chosen.options:
            raise ParameterError(
                option,
                given[option],
                f"must not be given for {chosen.name} files, which state their unit",
            )


def read_for_parent(
    path: Path, format: str, options: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a file in the child process; called there by name."""
    return to_wire(FORMATS[format].read(path, Reading(**options)))


def format_of(path: Path) -> str:
    """Return the name of the format of a file or folder, or raise naming what is there."""
    if path.is_dir():
        for name, fits in _FOLDERS:
            if fits(path):
                return name
        here = sorted(item.name for item in path.iterdir())[:20]
        raise RecordingError(
            f"{path} is a folder without spike_times.npy (Phy), spikes.times.npy (ALF), .res files "
            f"(Neurosuite) or a sorting of SpikeInterface; it holds {here}; name a file"
        )
    return _by_bytes(path) or _by_name(path)


def _by_bytes(path: Path) -> str | None:
    head = read_head(path, 1024)
    text = head[:116].decode("latin-1")
    if HDF5 in (head[:8], head[512:520]):
        by_name = {".nwb": "nwb", ".nix": "neo"}.get(path.suffix.lower())
        return by_name or ("mat73" if text.startswith("MATLAB 7.3") else "hdf5")
    if text.startswith("MATLAB 7.3"):
        return "mat73"
    starts = {
        b"\x93NUMPY": "npy", b"PK\x03\x04": "npz", b"PAR1": "parquet", b"MATLAB 5.0": "mat",
        b"NEX1": "neo",
    }  # fmt: skip
    for start, name in starts.items():
        if head.startswith(start):
            return name
    if head[:1] == b"\x80" and 2 <= (head[1:2] or b"\0")[0] <= 5:
        raise _pickle(path)
    return None


def _pickle(path: Path) -> RecordingError:
    return refusal(f"{path} is a pickle, which can run any program", {"format": "pickle"})


def _by_name(path: Path) -> str:
    if neurosuite.is_neurosuite(path):
        return "neurosuite"
    suffix = path.suffix.lower()
    if suffix in (".pkl", ".pickle"):
        raise _pickle(path)
    for name, suffixes in _SUFFIXES.items():
        if suffix in suffixes:
            return name
    head = read_head(path, 4096)
    if suffix in ("", ".log", ".spikes") and head and b"\0" not in head:
        return "json" if head.lstrip()[:1] in (b"{", b"[") else "text"
    return "neo"
