"""Reading and writing recordings: `Recording.read` and `Recording.write` lead here.

Reading goes through the registry of formats; `heavytail-snn formats` lists them.
"""

import json
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from heavytail_snn.core.errors import ParameterError, RecordingError, check_choice
from heavytail_snn.core.options import refuse_unknown
from heavytail_snn.core.paths import output_file
from heavytail_snn.door.arrays import open_npz
from heavytail_snn.door.refusals import reading, refusal
from heavytail_snn.door.regular import checked_path, file_or_folder
from heavytail_snn.recording.assembly import assembled
from heavytail_snn.recording.formats.numpy_files.npz import is_own
from heavytail_snn.recording.formats.objects.python_objects import raw_of
from heavytail_snn.recording.formats.registry import FORMATS, format_of, read_raw
from heavytail_snn.recording.raw.choice import chosen_units
from heavytail_snn.recording.raw.options import BY_NAME, Reading, checked_options
from heavytail_snn.recording.stored import restored_parts, stored_parts
from heavytail_snn.recording.traces import Trace
from heavytail_snn.recording.writers.csv_files import write_csv, write_text
from heavytail_snn.recording.writers.nix import write_nix
from heavytail_snn.recording.writers.npz import write_npz, write_pynapple
from heavytail_snn.recording.writers.nwb import write_nwb

if TYPE_CHECKING:
    from heavytail_snn.recording.recording import Recording


def _write_npz(recording: "Recording", path: Path) -> None:
    write_npz(recording, path, stored_parts(recording))


WRITERS: dict[str, Callable[["Recording", Path], None]] = {
    "npz": _write_npz,
    "nix": write_nix,
    "nwb": write_nwb,
    "txt": write_text,
    "csv": write_csv,
    "pynapple": write_pynapple,
}
WRITTEN = (".npz", ".nix", ".nwb", ".csv", ".txt")


def read(path: str | PathLike[str], make: "type[Recording]", **options: Any) -> "Recording":
    """Read a recording from a file or folder; called as `Recording.read`.

    Parameters
    ----------
    path : path
    make : type
        `Recording`, which depends on this file and not the other way round.
    **options
        format : name of the format, see `heavytail-snn formats`; default what the file's first
        bytes and its name say.  Pickles are read only with ``format="pickle"``.

        time_unit : "s", "ms", "us" or "ns", where the file does not say; never guessed.

        sampling_rate : times are numbers of samples at this rate in Hz.

        t_start, t_stop : limits of the run in seconds or as quantities; default what the file
        states, else the first and last spike.

        variable, time_column, id_column, n_units, segment : what in the file holds the spikes.

        sort, drop_duplicates, drop_outside : repair instead of raising; see
        `Recording.from_unsorted`.

        units, area, min_rate : keep these units: labels or names, areas, rate in Hz.

        trusted : the file is yours, read it in this process; default False: formats whose
        libraries damaged bytes can crash (HDF5, MATLAB, neo) are read in a child process.

    Returns
    -------
    Recording
        ``units`` hold the columns of the file's unit table, ``support`` the intervals in which
        the file says that units were observed, ``attrs`` the file's name, the names of the units
        and where unit of time and limits come from.

    Raises
    ------
    RecordingError
        If the file is damaged, of another format, empty, or its spikes break a rule; it says what
        was seen and its `remedies` are the options that read it.
    ParameterError
        If an option is unknown or does not fit the format.
    MemoryLimitError
        If the file claims more memory than a file of its size may take.
    BackendError
        If a package needed for the format is missing.
    """
    path = file_or_folder(path)
    given = {name: value for name, value in options.items() if value is not None}
    refuse_unknown("Recording.read", {n: v for n, v in given.items() if n not in BY_NAME}, BY_NAME)
    given = checked_options(given)
    trusted, format = given.pop("trusted", False), given.pop("format", None)
    if format is not None:
        check_choice("format", format, FORMATS)
    chosen = {name: given.pop(name) for name in ("units", "area", "min_rate") if name in given}
    name = format or format_of(path)
    if name == "npz" and is_own(path):
        recording = _read_own(path, make, given)
    else:
        raw = read_raw(path, name, given, trusted=trusted)
        if not raw.trains:
            raise RecordingError(f"{path} holds no units; an empty table is no recording")
        with reading(path, "a recording"):
            recording = assembled(path, make, raw, given)
    return chosen_units(recording, **chosen)


def from_data(data: Any, make: "type[Recording]", **options: Any) -> "Recording":
    """Return the spikes in a Python object; called as `Recording.from_data`, see there."""
    given = {name: value for name, value in options.items() if value is not None}
    known = [n for n in BY_NAME if n not in ("format", "trusted")]
    refuse_unknown("Recording.from_data", given, known)
    given = checked_options(given)
    chosen = {name: given.pop(name) for name in ("units", "area", "min_rate") if name in given}
    limits = [given.get("t_start"), given.get("t_stop")]
    if isinstance(data, make):
        raise ParameterError("data", data, "is a Recording already", "use it as it is")
    if hasattr(data, "source") and hasattr(data, "variables"):
        recording = make.from_monitor(data, *limits)
    elif _is_neo(data):
        repairs = {n: given[n] for n in ("sort", "drop_duplicates") if n in given}
        recording = make.from_neo(data, *limits, **repairs)
    else:
        options = {
            key: value for key, value in given.items() if key in Reading.__dataclass_fields__
        }
        raw = raw_of(data, Reading(**options))
        if not raw.trains:
            raise RecordingError("data holds no units; an empty table is no recording")
        recording = assembled(type(data).__name__, make, raw, given)
    return chosen_units(recording, **chosen)


def _is_neo(data: Any) -> bool:
    first = data[0] if isinstance(data, list | tuple) and len(data) else data
    return type(first).__module__.split(".")[0] == "neo"


def _read_own(path: Path, make: "type[Recording]", given: dict[str, Any]) -> "Recording":
    for name, value in given.items():
        if name in ("t_start", "t_stop"):
            raise ParameterError(
                "t_start, t_stop", value, "must not be given for a file that states its limits",
                "use Recording.read(path).slice(t_start, t_stop)",
            )  # fmt: skip
        raise ParameterError(name, value, "must not be given for a file that the library wrote")
    with open_npz(path) as archive, reading(path, "a recording"):
        contents = dict(archive)
        return _from_own_npz(path, contents, make)


def _from_own_npz(
    path: Path, contents: dict[str, np.ndarray], make: "type[Recording]"
) -> "Recording":
    if "n_spikes" in contents and (
        int(contents["n_spikes"]) != contents["times"].size or "end" not in contents
    ):
        raise RecordingError(f"{path} is incomplete: its counts do not fit; write it anew")
    traces = {}
    for number, name in enumerate(contents["trace_names"]):
        part = {key: contents[f"trace{number}_{key}"] for key in ("values", "ids", "unit")}
        start, dt = contents[f"trace{number}_sampling"]
        traces[str(name)] = Trace(
            part["values"], float(dt), float(start), str(part["unit"]), part["ids"]
        )
    return make(
        contents["times"],
        contents["ids"],
        int(contents["n_units"]),
        float(contents["t_start"]),
        float(contents["t_stop"]),
        traces,
        json.loads(str(contents["attrs"])),
        **restored_parts(contents),
    )


def write(recording: "Recording", path: str | PathLike[str], *, format: str | None = None) -> None:
    """Write a recording, completely or not at all: an existing file stays until then.

    Parameters
    ----------
    recording : Recording
    path : path
        An existing file is replaced.
    format : {"npz", "nix", "nwb", "txt", "csv", "pynapple"}, optional
        Default: by the suffix.  npz and nix keep everything; nwb all but traces; txt and csv
        spikes, limits and (csv) the unit table; pynapple a TsGroup with its time support (.npz).

    Raises
    ------
    ParameterError
        If the suffix is none of these, the folder does not exist, or the format would lose
        something.
    """
    path = checked_path(path)
    if format is not None:
        check_choice("format", format, WRITERS)
    output_file("path", path, WRITTEN if format is None else None)
    if path.exists() and not path.is_file():
        raise refusal(f"{path} is no regular file and is not replaced")
    WRITERS[format or path.suffix.lower().removeprefix(".")](recording, path)
