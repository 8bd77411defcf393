"""Case: one network of a sweep, and the key under which its numbers are known for good.

A case is pure: what is measured, the resolved parameters and the seed decide its numbers.  Its key
is a hash of these and of the library's scientific version.
"""

import hashlib
import json
from dataclasses import dataclass

from heavytail_snn.analysis.sweep.entry.measure import Measure
from heavytail_snn.analysis.sweep.entry.model import ModelEntry
from heavytail_snn.analysis.sweep.entry.parameter import Value
from heavytail_snn.core.showing import Shown
from heavytail_snn.core.version import SCIENTIFIC_VERSION


@dataclass(frozen=True)
class Case(Shown):
    """One network of a sweep.

    Parameters
    ----------
    index : tuple of int
        Its place in the grid, the seed last.
    values : dict
        All parameters, plain numbers in their stated units.
    seed : int
    key : str
        See `case_key`.
    """

    index: tuple[int, ...]
    values: dict[str, Value]
    seed: int
    key: str


def case_key(
    entry: ModelEntry, measures: tuple[Measure, ...], values: dict[str, Value], seed: int
) -> str:
    """Return the identity of a case: equal keys mean equal numbers."""
    identity = {
        "scientific version": SCIENTIFIC_VERSION,
        "model": [entry.name, entry.version],
        "measures": sorted([measure.name, measure.version] for measure in measures),
        "parameters": values,
        "seed": seed,
    }
    text = json.dumps(identity, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
