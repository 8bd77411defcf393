"""JSON: a dictionary of trains, lists of trains, or vectors of times and units."""

from pathlib import Path
from typing import Any

from heavytail_snn.door.literals import strict_json
from heavytail_snn.door.refusals import reading as reading_file
from heavytail_snn.door.regular import read_small_text
from heavytail_snn.recording.formats.tree.names import id_rank, is_times
from heavytail_snn.recording.formats.tree.walk import find_spikes, from_mapping
from heavytail_snn.recording.raw.options import Reading
from heavytail_snn.recording.raw.trains import RawTrains

LARGEST = 1e9  # bytes


def read_json(path: Path, reading: Reading) -> RawTrains:
    """Read a JSON file."""
    with reading_file(path, "JSON"):
        tree = strict_json(read_small_text(path, LARGEST))
    return from_tree(tree, path.name, reading)


def from_tree(tree: Any, place: str, reading: Reading) -> RawTrains:
    """Return the spikes of nested dictionaries and lists; several lists are one train a unit."""
    if reading.variable is None and isinstance(tree, dict) and is_trains(tree):
        return from_mapping(tree, place)
    return find_spikes(tree, place, reading)


def is_trains(tree: dict[Any, Any]) -> bool:
    """Tell whether a dictionary has one train a unit: vectors, none called times or units."""
    vectors = [value for value in tree.values() if _is_vector(value)]
    said = [name for name in tree if is_times(str(name)) or id_rank(str(name)) is not None]
    return len(vectors) == len(tree) > 1 and not said


def _is_vector(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(isinstance(item, int | float) and not isinstance(item, bool) for item in value)
    return getattr(value, "ndim", 0) == 1
