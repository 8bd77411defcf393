"""Reading and writing recordings: the format by its suffix, the limits given, stated or inferred.

Where a file does not say when the recording began and ended, the first and last spike are taken,
and ``attrs["t_start_from"]`` and ``attrs["t_stop_from"]`` say so ("given", "file" or "spikes").
"""

import inspect
import json
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from heavytail_snn.core.errors import (
    BackendError,
    ParameterError,
    RecordingError,
    check_choice,
    check_integer,
    check_real,
)
from heavytail_snn.core.options import options_of, refuse_unknown
from heavytail_snn.core.results import plain
from heavytail_snn.core.time_units import one_time
from heavytail_snn.recording import readers
from heavytail_snn.recording.checks import check_finite
from heavytail_snn.recording.stored import restored_parts, stored_parts
from heavytail_snn.recording.traces import Trace

if TYPE_CHECKING:
    from heavytail_snn.recording.recording import Recording

FORMATS = ("text", "mat", "npz", "nwb", "phy", "neo")
SUFFIXES = {
    ".txt": "text",
    ".csv": "text",
    ".dat": "text",
    ".mat": "mat",
    ".npz": "npz",
    ".nwb": "nwb",
}
TIME_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


def read(
    path: str | PathLike[str],
    make: "type[Recording]",
    *,
    format: str | None = None,
    t_start: Any = None,
    t_stop: Any = None,
    time_unit: str | None = None,
    sort: bool = False,
    drop_duplicates: bool = False,
    **options: Any,
) -> "Recording":
    """Read a recording from a file or, for Phy, a folder; called as `Recording.read`.

    Parameters
    ----------
    path : path
    make : type
        `Recording`, which depends on this file and not the other way round.
    format : {"text", "mat", "npz", "nwb", "phy", "neo"}, optional
        Default: by the suffix (.txt .csv .dat, .mat, .npz, .nwb, a folder with spike_times.npy);
        anything else, .nix among it, is opened through neo.
    t_start, t_stop : float or quantity, optional
        Limits of the run; default what the file states, else the first and last spike.
    time_unit : {"s", "ms", "us", "ns"}, optional
        Unit of the times in a text, MATLAB or plain .npz file, never guessed; default "s".
    sort, drop_duplicates : bool
        Repair instead of raising; see `Recording.from_spike_trains`.
    **options
        text: n_units (ids then are unit numbers, silent units included; without it ids are
        labels).  mat: variable.  phy: sampling_rate in Hz.  neo: segment, the number of the
        Segment where a file has several.

    Returns
    -------
    Recording
        ``attrs`` hold the file's name, its unit names and where the limits come from.

    Raises
    ------
    RecordingError
        If the file is damaged, of another format, empty, or its spikes break a rule.
    ParameterError
        If an option is unknown or does not fit the format.
    BackendError
        If a package needed for the format is missing.

    Notes
    -----
    Only open files of Python pickles (.pkl, through neo) from sources you trust.
    """
    path = _checked_path(path)
    if not path.exists():
        raise RecordingError(f"{path} does not exist; check the path")
    repair = {"sort": sort, "drop_duplicates": drop_duplicates}
    limits = {"t_start": t_start, "t_stop": t_stop}
    format = _format_of(path) if format is None else check_choice("format", format, FORMATS)
    _check_options(format, options)
    if format in ("nwb", "neo", "phy") and time_unit is not None:
        raise ParameterError(
            "time_unit", time_unit, f"must not be given for {format} files, which state their unit"
        )
    if format == "neo":
        return _read_neo(path, make, limits, repair, **options)
    scale = TIME_UNITS[check_choice("time_unit", time_unit or "s", TIME_UNITS)]
    if format == "npz":
        contents = readers.read_npz(path)
        if "heavytail_snn_format" in contents:
            if t_start is not None or t_stop is not None:
                raise ParameterError(
                    "t_start, t_stop",
                    (t_start, t_stop),
                    "must not be given for a file that states its limits",
                    "use Recording.read(path).slice(t_start, t_stop)",
                )
            with readers.reading(path, "a recording"):
                return _from_own_npz(contents, make)
        with readers.reading(path, "a recording"):
            raw = _raw_of_npz(contents)
    else:
        if "n_units" in options:
            options["n_units"] = check_integer("n_units", options["n_units"], low=1)
        if options.get("sampling_rate") is not None:
            check_real("sampling_rate", options["sampling_rate"], low=0, open_low=True)
        raw = getattr(readers, f"read_{format}")(path, **options)
    return _assemble(path, make, raw, scale, limits, repair)


def _checked_path(path: Any) -> Path:
    if not isinstance(path, str | PathLike) or not str(path):
        raise ParameterError("path", path, "must be the name of a file", 'use "recording.npz"')
    return Path(path)


def write(recording: "Recording", path: str | PathLike[str]) -> None:
    """Write a recording: .npz keeps everything, .nix goes through neo, .txt keeps the spikes.

    Parameters
    ----------
    recording : Recording
    path : path
        An existing file is replaced.

    Raises
    ------
    ParameterError
        If the suffix is none of these, or a .txt file would lose traces.
    """
    path = _checked_path(path)
    if path.suffix == ".npz":
        _write_npz(recording, path)
    elif path.suffix == ".nix":
        _write_nix(recording, path)
    elif path.suffix == ".txt":
        _write_text(recording, path)
    else:
        raise ParameterError("path", str(path), "must end in .npz, .nix or .txt")


def _format_of(path: Path) -> str:
    if path.is_dir():
        if not (path / "spike_times.npy").exists():
            raise RecordingError(
                f"{path} is a folder without spike_times.npy; name a file, or a folder of Phy"
            )
        return "phy"
    return SUFFIXES.get(path.suffix.lower(), "neo")


def _check_options(format: str, options: dict[str, Any]) -> None:
    reader = _read_neo if format == "neo" else getattr(readers, f"read_{format}")
    own = inspect.signature(read).parameters.values()
    known = [item.name for item in own if item.kind is item.KEYWORD_ONLY]
    refuse_unknown(f"Recording.read for {format} files", options, known + options_of(reader))


def _assemble(
    path: Path,
    make: "type[Recording]",
    raw: readers.RawTrains,
    scale: float,
    limits: dict[str, Any],
    repair: dict[str, bool],
) -> "Recording":
    """Check the trains of a file and give them limits."""
    trains = [train * scale if scale != 1.0 else train for train in raw.trains]
    for unit, train in enumerate(trains):
        check_finite(train, unit)
    spikes = np.concatenate(trains) if trains else np.empty(0)
    attrs = {"source": path.name, "unit_names": raw.names, **raw.attrs}
    edges: dict[str, Any] = dict(repair)
    for name, extreme in (("t_start", np.min), ("t_stop", np.max)):
        stated = getattr(raw, name)
        if limits[name] is not None:
            edges[name], attrs[f"{name}_from"] = one_time(name, limits[name]), "given"
        elif stated is not None:
            edges[name], attrs[f"{name}_from"] = stated * scale, "file"
        elif spikes.size:
            edges[name], attrs[f"{name}_from"] = float(extreme(spikes)), "spikes"
        else:
            raise RecordingError(
                f"{path} holds no spikes and does not state its limits; pass t_start and t_stop"
            )
    return make.from_spike_trains(trains, attrs=attrs, **edges)


# ------------------------------------------------------------------------------------ neo, nix


def _read_neo(
    path: Path,
    make: "type[Recording]",
    limits: dict[str, Any],
    repair: dict[str, bool],
    segment: int | None = None,
) -> "Recording":
    import neo

    with readers.reading(path, "a file that neo knows"):
        if path.suffix == ".nix":
            _require_nixio(path)
            reader = neo.io.NixIO(str(path), "ro")
        else:
            reader = neo.io.get_io(str(path))
        block = reader.read_block()
        if hasattr(reader, "close"):
            reader.close()
    if segment is None:
        data: Any = block
    else:
        number = check_integer("segment", segment, high=len(block.segments) - 1)
        data = block.segments[number]
    return make.from_neo(data, **limits, **repair).with_attrs(source=path.name)


def _write_nix(recording: "Recording", path: Path) -> None:
    import neo

    _require_nixio(path)
    block = neo.Block(name="heavytail_snn recording")
    block.segments.append(recording.to_neo(lazy=False))
    writer = neo.io.NixIO(str(path), "ow")
    writer.write_block(block)
    writer.close()


def _require_nixio(path: Path) -> None:
    try:
        import nixio  # noqa: F401
    except ImportError as error:
        raise BackendError(
            f"{path} needs the package nixio; run pip install 'neo[nixio]', or write .npz"
        ) from error


# ----------------------------------------------------------------------------------- npz, text


def _write_npz(recording: "Recording", path: Path) -> None:
    arrays: dict[str, Any] = {
        "heavytail_snn_format": 1,
        "times": recording.times,
        "ids": recording.ids,
        "n_units": recording.n_units,
        "t_start": recording.t_start,
        "t_stop": recording.t_stop,
        "attrs": json.dumps(plain(dict(recording.attrs))),
        "trace_names": np.array(list(recording.traces), dtype=str),
    }
    for number, trace in enumerate(recording.traces.values()):
        arrays[f"trace{number}_values"] = trace.values
        arrays[f"trace{number}_ids"] = trace.ids
        arrays[f"trace{number}_sampling"] = np.array([trace.t_start, trace.dt])
        arrays[f"trace{number}_unit"] = trace.unit
    arrays.update(stored_parts(recording))
    np.savez_compressed(path, **arrays)


def _from_own_npz(contents: dict[str, np.ndarray], make: "type[Recording]") -> "Recording":
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


def _raw_of_npz(contents: dict[str, np.ndarray]) -> readers.RawTrains:
    n_units = int(contents["n_units"]) if "n_units" in contents else None
    raw = readers.split_by_id(contents["times"].astype(np.float64), contents["ids"], n_units)
    for name in ("t_start", "t_stop"):
        if name in contents:
            setattr(raw, name, float(contents[name]))
    return raw


def _write_text(recording: "Recording", path: Path) -> None:
    if recording.traces:
        raise ParameterError(
            "path", str(path), "must not end in .txt for a recording with traces", "use .npz"
        )
    header = (
        f"heavytail_snn recording: n_units={recording.n_units} "
        f"t_start={recording.t_start!r} t_stop={recording.t_stop!r}\ntime (s), unit"
    )
    columns = np.column_stack([recording.times, recording.ids])
    np.savetxt(path, columns, fmt=["%.17g", "%d"], header=header)
