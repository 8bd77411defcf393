"""Find the spikes in nested dictionaries, lists and arrays, or say what was seen instead.

Dictionaries are structs or groups, lists are cells, arrays are numbers.  Where two things could be
the spikes, both are named with the option that chooses them; nothing is guessed.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from heavytail_snn.core.errors import ParameterError, RecordingError
from heavytail_snn.door.literals import unit_of_time
from heavytail_snn.door.numbers import exact_times, one_number
from heavytail_snn.door.refusals import in_python, refusal
from heavytail_snn.recording.formats.tree import names as known
from heavytail_snn.recording.formats.tree.matrix import from_columns, from_matrix
from heavytail_snn.recording.raw.options import Reading
from heavytail_snn.recording.raw.trains import RawTrains, raw_pairs

DEEPEST = 12
MOST_LEAVES = 200_000


def find_spikes(tree: Any, place: str, reading: Reading) -> RawTrains:
    """Return the trains in a tree.

    Parameters
    ----------
    tree : dict, list or ndarray
    place : str
        What the tree is called, for errors and names.
    reading : Reading
        ``variable`` is a name, or names joined by dots, of the branch that holds the spikes.
    """
    if reading.variable is not None:
        tree = branch(tree, reading.variable, place)
        place = reading.variable
        reading = replace(reading, variable=None)
    return _spikes(tree, place, reading, 0)


def branch(tree: Any, variable: str, place: str) -> Any:
    """Return the branch of a tree that a dotted name leads to, or raise naming what is there."""
    if isinstance(tree, dict) and variable in tree:
        return tree[variable]
    part, _, rest = variable.partition(".")
    if isinstance(tree, list) and len(tree) == 1:
        tree = tree[0]
    if not isinstance(tree, dict) or part not in tree:
        here = sorted(tree)[:40] if isinstance(tree, dict) else []
        raise ParameterError(
            "variable", variable, f"must be one of {here}" if here else f"leads beyond {place}"
        )
    return branch(tree[part], rest, f"{place}.{part}") if rest else tree[part]


def _spikes(tree: Any, place: str, reading: Reading, depth: int) -> RawTrains:
    if depth > DEEPEST:
        raise RecordingError(f"{place} is nested deeper than {DEEPEST} levels")
    if isinstance(tree, dict):
        return _of_dict(tree, place, reading, depth)
    if isinstance(tree, list):
        return _of_list(tree, place, reading)
    if isinstance(tree, str | bytes | None) or np.asarray(tree).dtype.kind not in "iufc":
        raise refusal(f"{place} must be a vector of times, got {_seen(tree)}")
    array = np.asarray(tree)
    if array.ndim == 2 and min(array.shape) > 1:
        return from_matrix(array, place, reading)
    return RawTrains([exact_times(place, array)], [place])


# ------------------------------------------------------------------------------------- lists


def _of_list(items: list[Any], place: str, reading: Reading) -> RawTrains:
    """Return a list, or nested lists, of trains or of structs with a train each."""
    if items and all(
        isinstance(item, int | float) and not isinstance(item, bool) for item in items
    ):
        return RawTrains([exact_times(place, np.array(items))], [place])
    if items and all(_is_pair(item) for item in items) and len(items) > 2:
        return from_columns([[a for a, _ in items], [b for _, b in items]], place, reading)
    leaves = list(_leaves(items, place, 0))
    if not leaves:
        raise refusal(f"{place} holds no spike times")
    trains = [exact_times(name, train) for name, train, _ in leaves]
    raw = RawTrains(trains, [name for name, _, _ in leaves])
    fields = [struct for _, _, struct in leaves]
    for key in fields[0] or {}:
        if all(struct is not None and key in struct for struct in fields):
            values = [struct[key] for struct in fields if struct is not None]
            if all(_is_scalar(value) for value in values):
                raw.keep_column(key, values)
    units = {known.split_unit(struct["\0times"])[1] for struct in fields if struct is not None}
    raw.columns.pop("\0times", None)
    if len(units) == 1:
        raw.time_unit = units.pop()
    return raw


def _leaves(value: Any, place: str, depth: int) -> Iterator[tuple[str, Any, dict[str, Any] | None]]:
    """Yield (place, times, struct) of every leaf of nested lists, in their order."""
    if depth > DEEPEST:
        raise RecordingError(f"{place} is nested deeper than {DEEPEST} levels")
    if isinstance(value, list) and not _is_numbers(value):
        for index, item in enumerate(value):
            if index > MOST_LEAVES:
                raise RecordingError(f"{place} holds more than {MOST_LEAVES} parts")
            yield from _leaves(item, place if len(value) == 1 else f"{place}[{index}]", depth + 1)
        return
    if isinstance(value, dict):
        key = _times_key(value, place)
        yield place, value[key], {**value, "\0times": key}
        return
    array = np.asarray(value)
    if array.dtype.kind not in "iuf" or (array.size and max(array.shape, default=1) != array.size):
        raise refusal(
            f"{place} must be a vector of times, got dtype {array.dtype} and shape {array.shape}"
        )
    yield place, array, None


def _times_key(struct: dict[str, Any], place: str) -> str:
    keys = [key for key in struct if known.is_times(key) and _is_vector(struct[key])]
    exact = [key for key in keys if known.plain_name(key) in ("time", "times", "spiketimes")]
    if len(keys) == 1 or len(exact) == 1:
        return (exact or keys)[0]
    vectors = [key for key in struct if _is_vector(struct[key])]
    if len(vectors) == 1 and not keys:
        return vectors[0]
    raise refusal(
        f"{place} is a struct without a field 'time' that could be meant, its fields are "
        f"{tuple(struct)[:30]}; of the fields with numbers give one by variable"
    )


# -------------------------------------------------------------------------------- dictionaries


def _of_dict(tree: dict[str, Any], place: str, reading: Reading, depth: int) -> RawTrains:
    names = [name for name in tree if not name.startswith("__")]
    pair = _pair(tree, names)
    if pair is not None:
        raw = raw_pairs(tree[pair[0]], tree[pair[1]], _n_units(tree, reading))
        return _with_facts(raw, tree, pair[0])
    timely = [name for name in names if known.is_times(name) and _holds_spikes(tree[name])]
    if len(timely) == 1:
        raw = _spikes(tree[timely[0]], timely[0], reading, depth + 1)
        for name in names:
            if name != timely[0] and _length(tree[name]) == len(raw.trains) > 0:
                raw.keep_column(name, _items(tree[name]))
        return _with_facts(raw, tree, timely[0])
    holding = [name for name in names if _holds_spikes(tree[name])]
    if len(holding) == 1:
        return _with_facts(_spikes(tree[holding[0]], holding[0], reading, depth + 1), tree, "")
    vectors = [name for name in names if _is_vector(tree[name])]
    if len(vectors) == len(holding) > 1 and known.is_series(vectors):
        trains = [exact_times(name, tree[name]) for name in vectors]
        return _with_facts(RawTrains(trains, vectors), tree, "")
    if not holding:
        raise refusal(f"{place} holds no spike times; it has {_listing(tree)}")
    raise _several(place, tree, holding)


def _several(place: str, tree: dict[str, Any], holding: list[str]) -> ParameterError:
    """Return an error that names what could hold the spikes, and how to choose."""
    ways = [{"variable": name} for name in holding[:2]]
    error = ParameterError(
        "variable", None, f"must be one of {holding[:40]}",
        f"{place} has {_listing(tree)}; pass {' or '.join(map(in_python, ways))}",
    )  # fmt: skip
    error.remedies = tuple(ways)
    return error


def from_mapping(trains: dict[Any, Any], place: str) -> RawTrains:
    """Return a dictionary of one train a unit, as users and JSON files write it."""
    found = [exact_times(f"{place}[{name!r}]", _numbers(train)) for name, train in trains.items()]
    return RawTrains(found, [str(name) for name in trains])


def _pair(tree: dict[str, Any], names: list[str]) -> tuple[str, str] | None:
    """Return the names of two vectors of equal length that are times and units."""
    times = [name for name in names if known.is_times(name) and _is_vector(tree[name])]
    if len(times) > 1:
        times = [name for name in times if known.plain_name(name) not in ("spikes", "samples")]
    ranked = sorted(
        (rank, name)
        for name in names
        if (rank := known.id_rank(name)) is not None and _length(tree[name]) >= 0
    )
    for name in times:
        for _, other in ranked:
            if other != name and _length(tree[other]) == np.size(tree[name]) and len(times) == 1:
                return name, other
    return None


def _with_facts(raw: RawTrains, tree: dict[str, Any], times: str) -> RawTrains:
    """Add what stands beside the spikes: unit of time, limits, sampling rate."""
    unit = known.split_unit(times)[1] if times else None
    raw.time_unit = raw.time_unit or unit
    if known.plain_name(times) in known.SAMPLED:
        raw.time_unit = "samples"
    for name, value in tree.items():
        plain = known.plain_name(name)
        if plain in known.UNIT and isinstance(value, str) and unit_of_time(value) is not None:
            raw.time_unit = value.strip()
        elif not _is_scalar(value) or isinstance(value, str | bytes | None):
            continue
        elif plain in known.RATE:
            raw.sampling_rate = one_number(name, value)
        elif plain in known.START and raw.t_start is None:
            raw.t_start = one_number(name, value)
        elif plain in known.STOP and raw.t_stop is None:
            raw.t_stop = one_number(name, value)
        elif plain in known.DURATION and raw.t_stop is None:
            start, stop = 0.0, one_number(name, value)
            if all(start <= t.min() and t.max() <= stop for t in raw.trains if t.size):
                raw.t_start, raw.t_stop = start, stop
    return raw


def _n_units(tree: dict[str, Any], reading: Reading) -> int | None:
    if reading.n_units is not None:
        return reading.n_units
    for name, value in tree.items():
        if known.plain_name(name) in known.N_UNITS and _is_scalar(value):
            count = one_number(name, value)
            if count != int(count) or not 1 <= count < 2**31:
                raise RecordingError(f"{name} must be a number of units, got {count}")
            return int(count)
    return None


# ------------------------------------------------------------------------------- what things are


def _is_numbers(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, int | float) and not isinstance(item, bool) for item in value
    )


def _numbers(value: Any) -> Any:
    return np.array(value) if _is_numbers(value) else value


def _is_pair(item: Any) -> bool:
    return _is_numbers(item) and len(item) == 2


def _is_vector(value: Any) -> bool:
    if isinstance(value, list):
        return _is_numbers(value)
    if isinstance(value, dict | str | bytes | None):
        return False
    array = np.asarray(value)
    long = array.ndim > 0 and (array.size == 0 or max(array.shape) == array.size)
    return array.dtype.kind in "iuf" and long and not _is_scalar(value)


def _is_scalar(value: Any) -> bool:
    if isinstance(value, str | bytes | int | float | bool | None):
        return True
    return isinstance(value, np.ndarray | np.generic) and np.size(value) == 1


def _holds_spikes(value: Any) -> bool:
    """Tell whether a branch could hold spikes: a vector, a matrix, or something that has one."""
    if isinstance(value, list):
        return any(_holds_spikes(item) for item in value[:1000]) or (
            _is_numbers(value) and bool(value)
        )
    if isinstance(value, dict):
        return any(map(_holds_spikes, list(value.values())[:1000]))
    if _is_scalar(value):
        return False
    return np.asarray(value).dtype.kind in "iuf" and np.size(value) > 0


def _length(value: Any) -> int:
    """Return the number of entries of a list or vector, -1 for anything else."""
    if isinstance(value, list):
        return len(value)
    if isinstance(value, np.ndarray) and value.size == max(value.shape, default=0):
        return value.size
    return -1


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else list(np.ravel(value))


def _seen(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value)} cells"
    if isinstance(value, dict):
        return f"a struct with {list(value)[:8]}"
    array = np.asarray(value)
    return f"dtype {array.dtype} and shape {array.shape}"


def _listing(tree: dict[str, Any]) -> str:
    shown = [f"{name} ({_seen(value)})" for name, value in list(tree.items())[:12]]
    return ", ".join(shown) or "nothing"
