"""One recording in the layouts of many tools: what each must be read as, and with which options.

Four units whose times lie on a grid of 30 kHz.  Text and numpy layouts are here, the others in
`layouts_binary`; each follows the public description of its format or is written by its library.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

RATE = 30_000
NAMES = (3, 7, 8, 21)
LABELS = ("good", "mua", "good", "noise")
T_STOP = 20.0
FILES = Path(__file__).resolve().parents[1] / "data" / "formats"


def _samples():
    rng = np.random.default_rng(7)
    pool = np.arange(1, int(T_STOP) * RATE)
    return [np.sort(rng.choice(pool, n, replace=False)) for n in (40, 25, 60, 8)]


SAMPLES = _samples()
TRAINS = [samples / RATE for samples in SAMPLES]
ORDER = np.argsort(np.concatenate(TRAINS), kind="stable")
TIMES = np.concatenate(TRAINS)[ORDER]
COUNTS = np.concatenate(SAMPLES)[ORDER]
UNITS = np.repeat(NAMES, [train.size for train in TRAINS])[ORDER]
NUMBERS = np.repeat(np.arange(4), [train.size for train in TRAINS])[ORDER]


@dataclass(frozen=True)
class Layout:
    """A layout.

    Parameters
    ----------
    name : str
    write : callable
        (folder) -> path of the file or folder to read.
    options : dict
        What reading needs: none, or the one thing that the file does not say.
    names : tuple of str or None
        Of the units as read; None where the format has none of its own.
    labels : bool
        Whether the unit table has the labels.
    span : tuple or None
        Limits that the file states.
    trains : list of arrays
    needs : str
        A package without which the layout cannot be read.
    """

    name: str
    write: Callable[[Path], Path]
    options: dict[str, Any] = field(default_factory=dict)
    names: tuple[str, ...] | None = tuple(map(str, NAMES))
    labels: bool = False
    span: tuple[float, float] | None = None
    trains: list = field(default_factory=lambda: TRAINS)
    needs: str = ""


def text(name: str, content: str | bytes) -> Callable[[Path], Path]:
    """Return a writer of one file."""

    def write(folder: Path) -> Path:
        data = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(data)
        return folder / name

    return write


def array(name: str, values: np.ndarray) -> Callable[[Path], Path]:
    """Return a writer of one .npy file."""

    def write(folder: Path) -> Path:
        np.save(folder / name, values)
        return folder / name

    return write


def archive(name: str, **arrays: Any) -> Callable[[Path], Path]:
    """Return a writer of one .npz file."""

    def write(folder: Path) -> Path:
        np.savez(folder / name, **arrays)
        return folder / name

    return write


def stored(name: str) -> Callable[[Path], Path]:
    """Return a "writer" of a file that its tool wrote."""
    return lambda folder: FILES / name


def rows(pattern: str, times=TIMES, ids=UNITS) -> str:
    """Return one line a spike."""
    return "".join(
        pattern.format(t=t, i=i) for t, i in zip(times.tolist(), ids.tolist(), strict=True)
    )


def _sonata_csv() -> str:
    lines = [
        f"{1e3 * t!r} cortex {i}\n" for t, i in zip(TIMES.tolist(), UNITS.tolist(), strict=True)
    ]
    return "timestamps population node_ids\n" + "".join(lines)


def _columns_of_units() -> str:
    """Return NeuroExplorer's text: names of units, then times in columns of unequal length."""
    longest = max(train.size for train in TRAINS)
    lines = ["\t".join(f"sig{n:03d}a" for n in NAMES)]
    for row in range(longest):
        lines.append("\t".join(repr(t[row].item()) if row < t.size else "" for t in TRAINS))
    return "\n".join(lines) + "\n"


def _mcs() -> str:
    """Return columns as MC_DataTool writes them: names, then units in brackets."""
    longest = max(train.size for train in TRAINS)
    lines = ["\t".join(f"El {n}" for n in NAMES), "\t".join("[ms]" for _ in NAMES)]
    for row in range(longest):
        cells = [repr(1e3 * t[row].item()) if row < t.size else "" for t in TRAINS]
        lines.append("\t".join(cells))
    return "\n".join(lines) + "\n"


def _pandas_csv(folder: Path) -> Path:
    import pandas as pd

    label = np.array(LABELS)[NUMBERS]
    frame = pd.DataFrame({"spike_time_ms": 1e3 * TIMES, "cluster_id": UNITS, "label": label})
    frame.to_csv(folder / "pandas.csv")
    return folder / "pandas.csv"


def _pynapple(trains=TRAINS):
    return [train[(train <= 9.5) | (train >= 10.5)] for train in trains]


def _raster(folder: Path) -> Path:
    raster = np.zeros((4, 2000), dtype=np.uint8)
    for unit, train in enumerate(TRAINS):
        raster[unit, (train / 0.01).astype(int)] = 1
    np.save(folder / "raster.npy", raster)
    return folder / "raster.npy"


_MS = [np.unique(np.round(1e3 * train)) for train in TRAINS]
WHOLE = np.concatenate(_MS), np.repeat(NAMES, [train.size for train in _MS])
RASTER = [np.unique((train / 0.01).astype(int)) / 100 for train in TRAINS]
RECORDS = np.zeros(TIMES.size, dtype=[("t", "f8"), ("unit", "i4")])
RECORDS["t"], RECORDS["unit"] = TIMES, UNITS
COMMA = rows("{t};{i}\n").replace(".", ",")
LINES = "\n".join(" ".join(map(repr, train.tolist())) for train in TRAINS) + "\n"
BY_NAME = {str(name): train.tolist() for name, train in zip(NAMES, TRAINS, strict=True)}
PADDED = np.full((4, 60), np.nan)
for _unit, _train in enumerate(TRAINS):
    PADDED[_unit, : _train.size] = _train

PLAIN = (
    Layout("two columns", text("a.txt", rows("{t!r} {i}\n"))),
    Layout("unit first", text("a.txt", rows("{i}\t{t!r}\n"))),
    Layout("csv with header", text("a.csv", "time,unit\n" + rows("{t!r},{i}\n"))),
    Layout("csv, milliseconds in the header",
           text("a.csv", "unit,t (ms)\n" + rows("{i},{t!r}\n", 1e3 * TIMES))),
    Layout("semicolons, decimal comma", text("a.csv", "time_s;neuron\n" + COMMA)),
    Layout("byte order mark", text("a.csv", b"\xef\xbb\xbf" + b"time,unit\r\n"
           + rows("{t!r},{i}\r\n").encode())),
    Layout("utf-16", text("a.csv", ("time,unit\n" + rows("{t!r},{i}\n")).encode("utf-16"))),
    Layout("pandas with index and labels", _pandas_csv, labels=True),
    Layout("comments of MATLAB", text("a.dat", "% times, cells\n" + rows("{t!r} {i}\n"))),
    Layout("R table", text("a.txt", '"time" "cell"\n' + "".join(
        f'"{k}" {line}\n' for k, line in enumerate(rows("{t!r} {i}\n").splitlines(), 1)))),
    Layout("one train a line (PySpike)", text("a.txt", "# PySpike\n" + LINES), names=None),
    Layout("GDF of NEST 2", text("a.gdf", rows("{i}\t{t!r}\t\n", 1e3 * TIMES))),
    Layout("NEST 3", text("a.dat", "# NEST version: 3.6\n# RecordingBackendASCII version: 2\n"
           "sender\ttime_ms\n" + rows("{i}\t{t!r}\n", 1e3 * TIMES))),
    Layout("NEST 3 in steps", text("a.dat", "# NEST version: 3.6\nsender\ttime_step\ttime_offset\n"
           + rows("{i}\t{t}\t0.0\n", COUNTS)), {"sampling_rate": 30000.0}),
    Layout("SONATA csv", text("a.csv", _sonata_csv()),
           names=tuple(f"cortex:{name}" for name in NAMES)),
    Layout("columns of NeuroExplorer", text("a.txt", _columns_of_units()),
           names=tuple(f"sig{n:03d}a" for n in NAMES)),
    Layout("columns of MC_DataTool", text("a.txt", _mcs()), names=tuple(f"El {n}" for n in NAMES)),
    Layout("milliseconds, no unit", text("a.csv", "time,unit\n" + rows("{t},{i}\n", *WHOLE)),
           {"time_unit": "ms"}, trains=[np.unique(np.round(1e3 * t)) / 1e3 for t in TRAINS]),
    Layout("samples, no rate", text("a.csv", "sample,cluster\n" + rows("{t},{i}\n", COUNTS)),
           {"sampling_rate": 30000.0}),
    Layout("JSON dictionary", text("a.json", json.dumps(BY_NAME))),
    Layout("JSON list", text("a.json", json.dumps(list(BY_NAME.values()))), names=None),
    Layout("JSON with times and ids", text("a.json", json.dumps(
        {"times": (1e3 * TIMES).tolist(), "ids": UNITS.tolist(), "time_unit": "ms"}))),
    Layout("npy of times", array("a.npy", TRAINS[0]), names=None, trains=TRAINS[:1]),
    Layout("npy of (time, id)", array("a.npy", np.column_stack([TIMES, UNITS]))),
    Layout("npy of records", array("a.npy", RECORDS)),
    Layout("npy padded with nan", array("a.npy", PADDED), names=None),
    Layout("npy raster", _raster, {"sampling_rate": 100.0}, None, span=(0.0, 20.0), trains=RASTER),
    Layout("npz of times and ids", archive("a.npz", times=TIMES, ids=UNITS)),
    Layout("npz of t and i", archive("a.npz", t=TIMES, i=NUMBERS), names=None),
    Layout("npz of get_states of Brian2",
           archive("a.npz", t=TIMES, i=NUMBERS, N=TIMES.size, count=[t.size for t in TRAINS]),
           names=None),
    Layout("npz with an array a unit", archive("a.npz", **{f"unit{n}": t for n, t in
           zip(NAMES, TRAINS, strict=True)}), names=tuple(f"unit{n}" for n in NAMES)),
    Layout("npz with limits", archive("a.npz", spike_times_ms=1e3 * TIMES, cluster_id=UNITS,
           t_start=0.0, t_stop=20_000.0), span=(0.0, 20.0)),
    Layout("pynapple TsGroup", stored("pynapple_tsgroup.npz"), span=(0.0, 20.0),
           trains=_pynapple()),
    Layout("pynapple Ts", stored("pynapple_ts.npz"), names=None, span=(0.0, 20.0),
           trains=_pynapple()[:1]),
    Layout("parquet", stored("table.parquet"), needs="pyarrow"),
)  # fmt: skip
