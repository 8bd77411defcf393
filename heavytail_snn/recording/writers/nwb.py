"""Writing NWB through pynwb: units with their columns and observed intervals, epochs, trials."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np

from heavytail_snn.core.errors import BackendError, ParameterError
from heavytail_snn.door.atomic import replacing

if TYPE_CHECKING:
    from heavytail_snn.recording.recording import Recording

BEGIN = datetime(2000, 1, 1, tzinfo=UTC)  # times are seconds of an unknown day
RESERVED = ("spike_times", "obs_intervals", "electrodes", "electrode_group", "waveforms", "id")


def write_nwb(recording: "Recording", path: Path) -> None:
    """Write an NWB file; the limits of the run are those of the observed intervals.

    Parameters
    ----------
    recording : Recording
        "session_start_time", "session_description" and "identifier" of its attrs describe the
        session.
    path : Path
    """
    if recording.traces:
        raise ParameterError(
            "path", str(path), "must not be NWB for a recording with traces", "use .npz"
        )
    try:
        from pynwb import NWBHDF5IO, NWBFile
    except ImportError as error:
        raise BackendError(
            f"{path} needs pynwb, which is not installed; run pip install 'heavytail_snn[nwb]'"
        ) from error
    attrs = recording.attrs
    file = NWBFile(
        session_description=str(attrs.get("session_description", attrs.get("source", "spikes"))),
        identifier=str(attrs.get("identifier", uuid4())),
        session_start_time=_start(attrs.get("session_start_time")),
    )
    _add_units(file, recording)
    for kind in ("epochs", "trials"):
        _add_intervals(file, kind, getattr(recording, kind))
    with replacing(path) as temporary, NWBHDF5IO(str(temporary), "w") as writer:
        writer.write(file)


def _start(value: Any) -> datetime:
    if value is None:
        return BEGIN
    try:
        return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError as error:
        raise ParameterError(
            "session_start_time", value, "must be a date as 2000-01-31T12:00:00+00:00"
        ) from error


def _add_units(file: Any, recording: "Recording") -> None:
    columns = {
        name: values
        for name, values in recording.units.columns.items()
        if name not in RESERVED and values.dtype.kind in "biufU"
    }
    names = [str(name) for name in recording.attrs.get("unit_names", [])]
    if "name" not in columns and names:
        columns["name"] = np.array(names)
    if "name" in columns:  # NWB calls it so that it does not hide the table's own name
        columns["unit_name"] = columns.pop("name")
    for name in columns:
        file.add_unit_column(name=name, description=f"{name} of the unit")
    for unit, train in enumerate(recording.spike_trains()):
        row = {name: _plain(values[unit]) for name, values in columns.items()}
        file.add_unit(
            spike_times=train, obs_intervals=recording.support.intervals(unit), id=unit, **row
        )


def _add_intervals(file: Any, kind: str, table: Any) -> None:
    if not table.n_rows:
        return
    rest = [n for n, v in table.columns.items() if n not in ("start", "stop", "tags", "kind")
            and v.dtype.kind in "biufU"]  # fmt: skip
    add_column, add = {
        "epochs": (file.add_epoch_column, file.add_epoch),
        "trials": (file.add_trial_column, file.add_trial),
    }[kind]
    for name in rest:
        add_column(name=name, description=f"{name} of the {kind.removesuffix('s')}")
    for row in range(table.n_rows):
        values = {name: _plain(table.columns[name][row]) for name in rest}
        add(start_time=float(table.start[row]), stop_time=float(table.stop[row]), **values)


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
