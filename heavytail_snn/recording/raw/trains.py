"""RawTrains: what a reader found, in the file's own unit of time, unchecked and unscaled.

A reader only knows where its format keeps times, units and limits; what spikes must obey is
checked afterwards, in one place.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from heavytail_snn.core.errors import RecordingError
from heavytail_snn.door.numbers import exact_ids, exact_times

Table = dict[str, list[Any]]


@dataclass
class RawTrace:
    """A signal beside the spikes: (n_samples, n_channels) values, times in seconds."""

    values: np.ndarray
    dt: float
    t_start: float
    unit: str
    ids: np.ndarray


@dataclass
class RawTrains:
    """What a reader found.

    Parameters
    ----------
    trains : list of (n_i,) ndarray
        Spike times of each unit, in the unit of time of the file.
    names : list of str
        One name a unit.
    time_unit : str, optional
        "s", "ms", ... or "samples" where the file or its format states it; None where it does not.
    sampling_rate : float, optional
        In Hz, where the file states it.
    t_start, t_stop : float, optional
        Limits of the run in the unit of the times, where stated.
    support : list of (m, 2) ndarray, optional
        Intervals in which spikes could be seen, in the unit of the times: one array for all
        units, or one a unit.
    columns : dict of str to list
        Further columns of the unit table, one value a unit.
    epochs, trials : dict of str to list, optional
        Tables with start and stop in the unit of the times, and columns.
    invalid : dict of str to list, optional
        Intervals that the file calls invalid: they are cut out of the support.
    traces : dict of str to RawTrace
        Signals of recordings that the library wrote.
    own : dict, optional
        Attributes and parts of such a recording, as JSON texts.
    columns_read : tuple of int, optional
        Columns without names that were taken for times and units by their values.
    attrs : dict
        Provenance for ``Recording.attrs``.
    """

    trains: list[np.ndarray]
    names: list[str]
    time_unit: str | None = None
    sampling_rate: float | None = None
    t_start: float | None = None
    t_stop: float | None = None
    support: list[np.ndarray] | None = None
    columns: Table = field(default_factory=dict)
    epochs: Table | None = None
    trials: Table | None = None
    invalid: Table | None = None
    traces: dict[str, RawTrace] = field(default_factory=dict)
    own: dict[str, str] | None = None
    columns_read: tuple[int, int] | None = None
    attrs: dict[str, Any] = field(default_factory=dict)

    def keep_column(self, name: str, values: Any) -> None:
        """Keep a column of the unit table if it has one plain value a unit."""
        items = [plain_cell(item) for item in values]
        if len(items) == len(self.trains):
            self.columns[name] = items


def plain_cell(value: Any) -> Any:
    """Return a value of a table as text, number, truth or None."""
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, np.ndarray):
        return plain_cell(value.ravel()[0]) if value.size == 1 else str(value.tolist())[:200]
    if isinstance(value, np.generic):
        return plain_cell(value.item())
    return value if isinstance(value, str | int | float | bool | None) else str(value)[:200]


def split_by_id(times: np.ndarray, ids: np.ndarray, n_units: int | None = None) -> RawTrains:
    """Split (time, id) pairs; without `n_units` the ids are labels, numbered in sorted order.

    Parameters
    ----------
    times : (n,) ndarray
    ids : (n,) ndarray of numbers or texts
    n_units : int, optional
        Number of units, silent ones included; ids then are 0 ... n_units - 1.
    """
    if times.shape != ids.shape:
        raise RecordingError(
            f"times and ids must be equally long, got {times.shape} and {ids.shape}; a part is "
            "missing"
        )
    if ids.dtype.kind in "OUST":
        labels, ids = np.unique(ids.astype(str), return_inverse=True)
        texts = [str(label) for label in labels]
        order = np.array(sorted(range(len(texts)), key=lambda i: _natural(texts[i])), np.int64)
        labels, ids = labels[order], np.argsort(order)[ids]
    elif n_units is None:
        labels, ids = np.unique(exact_ids("ids", ids), return_inverse=True)
    else:
        labels, ids = np.arange(n_units), exact_ids("ids", ids)
        if ids.size and not 0 <= ids.min() <= ids.max() < n_units:
            raise RecordingError(
                f"ids must lie in 0 ... n_units - 1 = {n_units - 1}, got {ids.min()} to "
                f"{ids.max()}; correct n_units, or leave it out to take the ids as labels"
            )
    by_unit = np.argsort(ids, kind="stable")
    ends = np.cumsum(np.bincount(ids, minlength=len(labels)))
    return RawTrains(np.split(times[by_unit], ends[:-1]), [str(label) for label in labels])


def _natural(label: str) -> list[tuple[int, int, str]]:
    """Return a key by which unit 3 comes before unit 21."""
    parts = re.split(r"(\d{1,18})", str(label))
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts if part]


def raw_pairs(times: Any, ids: Any, n_units: int | None = None) -> RawTrains:
    """Return the trains of two vectors of a file, converted strictly."""
    labels = np.asarray(ids)
    if labels.dtype.kind not in "OUST":
        labels = exact_ids("ids", labels)
    return split_by_id(exact_times("times", times), labels.ravel(), n_units)


# ------------------------------------------------------------------- over the process boundary


def to_wire(raw: RawTrains) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return JSON values and arrays from which `from_wire` makes the same trains."""
    support = raw.support or []
    arrays = {
        "times": np.concatenate(raw.trains) if raw.trains else np.empty(0),
        "counts": np.array([train.size for train in raw.trains], dtype=np.int64),
        "support": np.concatenate(support) if support else np.empty((0, 2)),
        "parts": np.array([len(part) for part in support], dtype=np.int64),
    }
    facts = {}
    for number, (name, trace) in enumerate(raw.traces.items()):
        arrays |= {f"values{number}": trace.values, f"ids{number}": trace.ids}
        facts[name] = [trace.dt, trace.t_start, trace.unit]
    left_out = ("trains", "support", "traces")
    rest = {name: value for name, value in vars(raw).items() if name not in left_out}
    return rest | {"traces": facts}, arrays


def from_wire(rest: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> RawTrains:
    """Return what `to_wire` was given."""
    trains = np.split(exact_times("times", arrays["times"]), np.cumsum(arrays["counts"])[:-1])
    raw = RawTrains(trains if arrays["counts"].size else [], **(dict(rest) | {"traces": {}}))
    for number, (name, (dt, start, unit)) in enumerate(rest["traces"].items()):
        values, ids = arrays[f"values{number}"], arrays[f"ids{number}"]
        raw.traces[name] = RawTrace(values, dt, start, unit, ids)
    if arrays["parts"].size:
        raw.support = np.split(arrays["support"], np.cumsum(arrays["parts"])[:-1])
    return raw
