"""Pickles, which run whatever program they hold: only where the caller names the format.

They are loaded in a process of its own, which bounds time and memory but forbids nothing else.
"""

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from heavytail_snn.door.refusals import reading as reading_file
from heavytail_snn.door.regular import read_bytes
from heavytail_snn.recording.formats.objects.json_files import from_tree
from heavytail_snn.recording.formats.objects.neo_files import from_segments
from heavytail_snn.recording.formats.tree.frames import from_frame
from heavytail_snn.recording.raw.options import Reading
from heavytail_snn.recording.raw.trains import RawTrains


def read_pickle(path: Path, reading: Reading) -> RawTrains:
    """Read a pickled dictionary, list, array, DataFrame or neo object from a source you trust."""
    with reading_file(path, "a pickle"):
        thing = pickle.loads(read_bytes(path))
    return from_object(thing, path.name, reading)


def from_object(thing: Any, place: str, reading: Reading) -> RawTrains:
    """Return the spikes of a Python object: neo, pandas, dictionaries, lists, arrays."""
    if type(thing).__module__.split(".")[0] == "neo":
        segments = getattr(thing, "segments", None) or [thing]
        return from_segments(list(segments), place, reading)
    if hasattr(thing, "iloc") and hasattr(thing, "columns"):
        return from_frame(thing, place, reading, named=True)
    if isinstance(thing, tuple):
        thing = list(thing)
    return from_tree(_plain(thing), place, reading)


def _plain(thing: Any) -> Any:
    if isinstance(thing, dict):
        return {str(name): _plain(value) for name, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [_plain(item) for item in thing]
    if hasattr(thing, "dtype") and not isinstance(thing, np.generic):
        array = np.asarray(thing)
        return array if array.dtype != object else [_plain(item) for item in array.tolist()]
    return thing
