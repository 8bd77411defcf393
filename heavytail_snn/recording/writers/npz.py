"""Writing .npz: the library's own, which keeps everything, and a TsGroup as pynapple saves it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from heavytail_snn.core.errors import ParameterError
from heavytail_snn.core.results import plain
from heavytail_snn.door.atomic import replacing

if TYPE_CHECKING:
    from heavytail_snn.recording.recording import Recording


def write_npz(recording: "Recording", path: Path, parts: Mapping[str, np.ndarray]) -> None:
    """Write all of a recording; counts and an end mark tell a whole file from a part.

    Parameters
    ----------
    recording : Recording
    path : Path
    parts : mapping
        Its support and tables as arrays.
    """
    arrays: dict[str, Any] = {
        "heavytail_snn_format": 1,
        "n_spikes": recording.n_spikes,
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
    arrays.update(parts)
    arrays["end"] = 1
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)


def write_pynapple(recording: "Recording", path: Path) -> None:
    """Write a TsGroup as pynapple's `save` does, which its `load_file` opens.

    Its time support is common to all units, so that a support unit by unit is refused.
    """
    if path.suffix.lower() != ".npz":
        raise ParameterError("path", str(path), "must end in .npz for pynapple")
    if recording.traces:
        raise ParameterError(
            "path", str(path), "must not be a TsGroup for a recording with traces", "use npz"
        )
    if not recording.support.is_common:
        raise ParameterError(
            "path", str(path), "must not be a TsGroup for units observed at different times",
            "use npz or nwb",
        )  # fmt: skip
    support = recording.support.intervals(0)
    columns = {
        name: values
        for name, values in recording.units.columns.items()
        if values.dtype.kind in "biufU" and name not in ("t", "index", "keys", "start", "end")
    }
    arrays: dict[str, Any] = {
        "t": recording.times,
        "index": recording.ids,
        "keys": np.arange(recording.n_units),
        "start": support[:, 0],
        "end": support[:, 1],
        "type": np.array(["TsGroup"], dtype=np.str_),
        "rate": recording.rates(),
        **{name: values for name, values in columns.items() if name != "rate"},
    }
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)
