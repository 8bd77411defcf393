"""Writing text: (time, unit) in columns, or a table with header and the columns of the units.

The first line says how many units and spikes there are and the limits of the run, the last line
that the file is complete.
"""

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from heavytail_snn.core.errors import ParameterError
from heavytail_snn.core.results import plain
from heavytail_snn.door.atomic import replacing

if TYPE_CHECKING:
    from heavytail_snn.recording.recording import Recording

UNITS = "# units: "
END = "# end of recording\n"


def write_text(recording: "Recording", path: Path) -> None:
    """Write the times in seconds and the numbers of the units."""
    _check_nothing_lost(recording, path)
    columns = np.column_stack([recording.times, recording.ids])
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        file.write(f"{_first_line(recording)}# time (s), unit\n")
        np.savetxt(file, columns, fmt=["%.17g", "%d"])
        file.write(END)


def write_csv(recording: "Recording", path: Path) -> None:
    """Write a row a spike: time_s, unit, and the columns of its unit."""
    _check_nothing_lost(recording, path)
    table = recording.units.columns
    names = [name for name in table if name not in ("unit", "time_s")]
    rest = [_joined([table[name][unit] for name in names]) for unit in range(recording.n_units)]
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        file.write(_first_line(recording))
        if table:
            columns = {name: plain(values.tolist()) for name, values in table.items()}
            file.write(f"{UNITS}{json.dumps(columns)}\n")
        file.write(_joined(["time_s", "unit", *names]) + "\n")
        comma = "," if names else ""
        for time, unit in zip(recording.times.tolist(), recording.ids.tolist(), strict=True):
            file.write(f"{time!r},{unit}{comma}{rest[unit]}\n")
        file.write(END)


def _first_line(recording: "Recording") -> str:
    return (
        f"# heavytail_snn recording: n_units={recording.n_units} n_spikes={recording.n_spikes} "
        f"t_start={recording.t_start!r} t_stop={recording.t_stop!r}\n"
    )


def _joined(cells: list[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def _check_nothing_lost(recording: "Recording", path: Path) -> None:
    losses = {
        "traces": bool(recording.traces),
        "gaps in its support": recording.support.has_gaps,
        "epochs": bool(recording.epochs.n_rows),
        "trials": bool(recording.trials.n_rows),
        "a unit table": path.suffix.lower() == ".txt" and len(recording.units.columns) > 0,
    }
    for what, lost in losses.items():
        if lost:
            raise ParameterError(
                "path", str(path), f"must not end in {path.suffix} for a recording with {what}",
                "use .npz",
            )  # fmt: skip
