"""Tables beside the spikes: one row a unit, an epoch or a trial, with any columns.

Deliberately small: named columns of equal length, chosen by conditions, read-only; pandas gets
them through `to_pandas`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from heavytail_snn.core.errors import ParameterError, RecordingError, check_choice
from heavytail_snn.core.showing import Rows, short
from heavytail_snn.core.time_units import in_seconds
from heavytail_snn.recording.frozen import Frozen, freeze

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Table(Frozen):
    """Named columns of `n_rows` entries each.

    Parameters
    ----------
    columns : mapping of str to (n_rows,) array_like
        Numbers, booleans, text, or any objects.
    n_rows : int
    """

    columns: Mapping[str, np.ndarray]
    n_rows: int

    def __post_init__(self) -> None:
        what = type(self).__name__
        if not isinstance(self.columns, Mapping):
            raise ParameterError(
                what, self.columns, "must be a mapping of columns", '{"label": []}'
            )
        columns = {str(name): _column(name, v) for name, v in self.columns.items()}
        for name, values in columns.items():
            if values.shape != (self.n_rows,):
                raise RecordingError(
                    f"column {name!r} of {what} must have {self.n_rows} entries, one a row, got "
                    f"shape {values.shape}; give one value a row"
                )
            values.setflags(write=False)
        freeze(self, columns=columns)

    def __setstate__(self, state: dict[str, Any]) -> None:
        for values in state["columns"].values():
            values.setflags(write=False)
        freeze(self, **state)

    def column(self, name: str) -> np.ndarray:
        """Return one column, or raise with the names of those that exist."""
        if not self.columns:
            raise ParameterError(
                "name", name, f"must be a column of {type(self).__name__}", "the table has none"
            )
        return self.columns[check_choice("name", name, self.columns)]

    def where(self, **conditions: Any) -> np.ndarray:
        """Return a mask of the rows whose columns have the given values.

        Parameters
        ----------
        **conditions
            A value, a list of values, or a function of the column that returns a mask:
            ``units.where(label="good", depth=lambda d: d > 800)``.

        Returns
        -------
        (n_rows,) ndarray of bool
        """
        mask = np.ones(self.n_rows, dtype=bool)
        for name, wanted in conditions.items():
            values = self.column(name)
            if callable(wanted):
                mask &= np.asarray(wanted(values), dtype=bool)
            else:
                many = list(wanted) if isinstance(wanted, list | tuple | set) else [wanted]
                mask &= np.array([value in many for value in values.tolist()], dtype=bool)
        return mask

    def rows(self, chosen: np.ndarray) -> Self:
        """Return some rows, by numbers or a mask."""
        numbers = np.arange(self.n_rows)[chosen]
        return type(self)({n: v[numbers] for n, v in self.columns.items()}, numbers.size)

    def with_columns(self, **columns: Any) -> Self:
        """Return the table with further or replaced columns."""
        return type(self)({**self.columns, **columns}, self.n_rows)

    def to_pandas(self) -> "pd.DataFrame":
        """Return the table as a pandas.DataFrame."""
        import pandas as pd

        return pd.DataFrame(dict(self.columns), index=range(self.n_rows))

    def __eq__(self, other: object) -> bool:
        return (
            type(other) is type(self)
            and self.n_rows == other.n_rows
            and self.columns.keys() == other.columns.keys()
            and all(_same(v, other.columns[name]) for name, v in self.columns.items())
        )

    __hash__ = None  # type: ignore[assignment]  # it holds arrays

    def shown(self) -> tuple[str, Rows]:
        """Return the number of rows and each column's kind and first values."""
        head = ("rows", f"{self.n_rows}")
        cells = [(n, short(v[:4].tolist(), 80)) for n, v in list(self.columns.items())[:8]]
        return type(self).__name__, [head, *cells]

    def __repr__(self) -> str:
        names = short(list(self.columns), 200)
        return f"{type(self).__name__}({self.n_rows} rows, columns {names})"


@dataclass(frozen=True, eq=False, repr=False)
class UnitTable(Table):
    """One row a unit of a recording: name, id, label, area, depth, electrode, any column.

    Examples
    --------
    >>> units = UnitTable({"label": ["good", "mua", "good"], "depth": [100.0, 250.0, 900.0]}, 3)
    >>> units.where(label="good", depth=lambda depth: depth > 200)
    array([False, False,  True])
    """


@dataclass(frozen=True, eq=False, repr=False)
class EpochTable(Table):
    """Stretches of time with columns: epochs of an experiment, or its trials.

    The columns "start" and "stop", in seconds, are always there; stop may equal start.

    Examples
    --------
    >>> trials = EpochTable({"start": [0.5, 1.5], "stop": [1.0, 2.0], "stimulus": [7, 4]}, 2)
    >>> trials.rows(trials.where(stimulus=4)).intervals
    array([[1.5, 2. ]])
    """

    def __post_init__(self) -> None:
        missing = [name for name in ("start", "stop") if name not in self.columns]
        if missing:
            raise RecordingError(
                f"a table of epochs must have the columns start and stop, got "
                f"{sorted(self.columns)}; rename yours, in seconds"
            )
        times = {name: in_seconds(name, self.columns[name]) for name in ("start", "stop")}
        freeze(self, columns={**self.columns, **times})
        super().__post_init__()
        start, stop = self.columns["start"], self.columns["stop"]
        bad = ~(np.isfinite(start) & np.isfinite(stop) & (stop >= start))
        if bad.any():
            row = int(np.argmax(bad))
            raise RecordingError(
                f"an epoch must have finite times and not stop before it starts, got "
                f"[{start[row]:g}, {stop[row]:g}] s in row {row} ({bad.sum()} such rows); "
                "give start and stop, not start and duration, or leave these rows out"
            )

    @property
    def start(self) -> np.ndarray:
        """Starts in seconds, shape (n_rows,)."""
        return self.columns["start"]

    @property
    def stop(self) -> np.ndarray:
        """Stops in seconds, shape (n_rows,)."""
        return self.columns["stop"]

    @property
    def intervals(self) -> np.ndarray:
        """Starts and stops in seconds, shape (n_rows, 2)."""
        return np.column_stack([self.start, self.stop])

    def shifted(self, offset: float) -> Self:
        """Return the table `offset` seconds later."""
        return self.with_columns(start=self.start + offset, stop=self.stop + offset)

    def inside(self, low: float, high: float) -> Self:
        """Return the rows that lie wholly in [low, high]."""
        return self.rows((self.start >= low) & (self.stop <= high))

    def clipped(self, low: float, high: float) -> Self:
        """Return what of the epochs lies in [low, high], cut at these times."""
        kept = self.rows((self.stop >= low) & (self.start <= high))
        return kept.with_columns(
            start=np.maximum(kept.start, low), stop=np.minimum(kept.stop, high)
        )

    def joined(self, other: "EpochTable") -> "EpochTable":
        """Return the rows of both; a column that only one has is None in the other's rows."""
        names = dict.fromkeys([*self.columns, *other.columns])
        return EpochTable(
            {name: _appended(name, self, other) for name in names}, self.n_rows + other.n_rows
        )


def unit_table(given: Any, n_units: int) -> UnitTable:
    """Return a table of `n_units` rows from None, a table, a mapping or a DataFrame, or raise."""
    if isinstance(given, UnitTable):
        if given.n_rows != n_units:
            raise RecordingError(
                f"units must have one row for each of {n_units} units, got {given.n_rows}; "
                "use units.rows(...)"
            )
        return given
    return UnitTable(_columns("units", given), n_units)


def epoch_table(argument: str, given: Any) -> EpochTable:
    """Return a table of epochs from None, a table, (m, 2) times, a mapping or a DataFrame."""
    if isinstance(given, EpochTable):
        return given
    if given is None:
        return EpochTable({"start": np.empty(0), "stop": np.empty(0)}, 0)
    if isinstance(given, list | tuple | np.ndarray) or hasattr(given, "dim"):
        array = in_seconds(argument, given)
        if array.ndim != 2 or array.shape[1] != 2:
            raise ParameterError(
                argument, given, "must have the shape (m, 2): start and stop", "or name columns"
            )
        return EpochTable({"start": array[:, 0], "stop": array[:, 1]}, len(array))
    columns = _columns(argument, given)
    return EpochTable(columns, len(columns["start"]) if "start" in columns else 0)


def _columns(argument: str, given: Any) -> dict[str, Any]:
    if given is None:
        return {}
    if hasattr(given, "columns") and hasattr(given, "to_dict"):  # a DataFrame, by its protocol
        return {str(name): np.asarray(given[name]) for name in given.columns}
    if not isinstance(given, Mapping):
        raise ParameterError(argument, given, "must be a mapping of columns", '{"label": [...]}')
    return dict(given)


def _column(name: str, values: Any) -> np.ndarray:
    """Return a column as an array of its own: numbers, booleans and text stay, all else objects."""
    if hasattr(values, "dim") or hasattr(values, "dimensionality"):
        return in_seconds(str(name), values)
    if isinstance(values, str) or np.ndim(values) == 0:
        raise RecordingError(
            f"column {name!r} must be a list, got {values!r}; give one value a row"
        )
    if isinstance(values, np.ndarray) and values.dtype.kind in "biufU" and values.ndim == 1:
        return np.array(values)
    items = list(values)
    kinds = {type(item) for item in items}
    if kinds <= {bool, np.bool_} or kinds <= {int, float, np.int64, np.float64} or kinds <= {str}:
        array = np.array(items)
        # numpy would merge whole numbers beyond 2**53 with a fraction among them
        if array.dtype.kind in "biufU":
            return array
    objects = np.empty(len(items), dtype=object)
    objects[:] = items
    return objects


def _appended(name: str, one: Table, two: Table) -> Any:
    if name in one.columns and name in two.columns:
        a, b = one.columns[name], two.columns[name]
        if {a.dtype.kind, b.dtype.kind} in ({"U"}, {"b"}) or {a.dtype.kind, b.dtype.kind} <= set(
            "iuf"
        ):
            return np.concatenate([a, b])
    return [
        item
        for table in (one, two)
        for item in (
            table.columns[name].tolist() if name in table.columns else [None] * table.n_rows
        )
    ]


def _same(one: np.ndarray, two: np.ndarray) -> bool:
    if one.shape != two.shape:
        return False
    if one.dtype.kind == two.dtype.kind == "f":
        return np.array_equal(one, two, equal_nan=True)
    return one.tolist() == two.tolist()


def table_rows(table: Table) -> Iterator[dict[str, Any]]:
    """Yield each row as a dict."""
    for row in range(table.n_rows):
        yield {name: values[row] for name, values in table.columns.items()}
