"""The options of reading: one table, from which Python, the command line and studies have theirs.

An option is ``time_unit`` in Python and TOML and ``--time-unit`` on the command line.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from heavytail_snn.core.errors import ParameterError, check_choice, check_integer, check_real

TIME_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


@dataclass(frozen=True)
class ReadingOption:
    """One option.

    Parameters
    ----------
    name : str
    kind : type
        str, float, int or bool: how it is typed.
    check : callable
        Gets (name, value), returns the value or raises.
    help : str
    always : bool
        Whether every format takes it; the others name those that they take.
    """

    name: str
    kind: type
    check: Callable[[str, Any], Any]
    help: str
    always: bool = True


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value or len(value) > 1000:
        raise ParameterError(name, value, "must be a text")
    return value


def _names(name: str, value: Any) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not items:
        raise ParameterError(name, value, "must be a text or a list of texts", 'use "good"')
    if not all(isinstance(item, str | int) and not isinstance(item, bool) for item in items):
        raise ParameterError(name, value, "must be a text or a list of texts", 'use "good"')
    return tuple(str(item).strip() for item in items)


def _truth(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ParameterError(name, value, "must be True or False")
    return value


def _positive(name: str, value: Any) -> float:
    return check_real(name, value, low=0, open_low=True)


def _count(low: int) -> Callable[[str, Any], int]:
    return lambda name, value: check_integer(name, value, low=low, high=2**31 - 1)


def _same(name: str, value: Any) -> Any:
    return value  # limits may be quantities; `one_time` checks them


OPTIONS = (
    ReadingOption("format", str, _text, "Name of the format, see `heavytail-snn formats`."),
    ReadingOption("time_unit", str, lambda n, v: check_choice(n, v, TIME_UNITS),
                  "Unit of the times where the file does not say: s, ms, us or ns.", False),
    ReadingOption("sampling_rate", float, _positive,
                  "Times are numbers of samples at this rate, Hz.", False),
    ReadingOption("variable", str, _text, "Variable, dataset or field that holds the spikes.",
                  False),
    ReadingOption("time_column", int, _count(0), "Column of the times, from 0.", False),
    ReadingOption("id_column", int, _count(0), "Column of the units, from 0.", False),
    ReadingOption("n_units", int, _count(1), "Number of units, silent ones included.", False),
    ReadingOption("segment", int, _count(0), "Number of the segment, from 0.", False),
    ReadingOption("t_start", float, _same, "Start of the run, s."),
    ReadingOption("t_stop", float, _same, "End of the run, s."),
    ReadingOption("sort", bool, _truth, "Sort the spikes."),
    ReadingOption("drop_duplicates", bool, _truth, "Drop repeated spikes."),
    ReadingOption("drop_outside", bool, _truth,
                  "Drop spikes outside of the intervals in which their unit was observed."),
    ReadingOption("units", str, _names, "Units to keep: their labels or names, as in good,mua."),
    ReadingOption("area", str, _names, "Areas to keep."),
    ReadingOption("min_rate", float, _positive, "Keep units of at least this rate, Hz."),
    ReadingOption("trusted", bool, _truth,
                  "The file is yours: read it in this process, which is faster."),
)  # fmt: skip
BY_NAME = {option.name: option for option in OPTIONS}
ALWAYS = tuple(option.name for option in OPTIONS if option.always)


@dataclass(frozen=True)
class Reading:
    """What a reader may know of the options; those it does not take are None."""

    time_unit: str | None = None
    sampling_rate: float | None = None
    variable: str | None = None
    time_column: int | None = None
    id_column: int | None = None
    n_units: int | None = None
    segment: int | None = None
    given: Mapping[str, Any] = field(default_factory=dict)


def checked_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that were given (not None), each checked by its rule."""
    return {
        name: BY_NAME[name].check(name, value) for name, value in given.items() if value is not None
    }
