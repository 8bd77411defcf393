"""The models and measures that a sweep knows by name: those of the library and the user's own.

The library's are files: ``models/lif.py`` holds the model "lif".  A new file is known at once.
"""

import importlib
import pkgutil
from typing import Any

from heavytail_snn.analysis.sweep.entry.measure import Measure
from heavytail_snn.analysis.sweep.entry.model import ModelEntry
from heavytail_snn.core.errors import ParameterError, check_choice

_MODELS: dict[str, ModelEntry] = {}
_MEASURES: dict[str, Measure] = {}
_ROOM = __name__.rpartition(".")[0]


def register_model(entry: ModelEntry) -> ModelEntry:
    """Make a model of your own known to sweeps by its name, and return it.

    Raises
    ------
    ParameterError
        If the name is taken by another model.
    """
    return _register(entry, ModelEntry, _MODELS, "models")


def register_measure(measure: Measure) -> Measure:
    """Make a measure of your own known to sweeps by its name, and return it.

    Raises
    ------
    ParameterError
        If the name is taken by another measure.
    """
    return _register(measure, Measure, _MEASURES, "measures")


def model_names() -> list[str]:
    """Return the names of all models, the library's first."""
    return [*_files("models"), *_MODELS]


def measure_names() -> list[str]:
    """Return the names of all measures, the library's first."""
    return [*_files("measures"), *_MEASURES]


def model_named(model: Any) -> ModelEntry:
    """Return a model by its name, or the entry itself."""
    if isinstance(model, ModelEntry):
        return model
    name = check_choice("model", model, model_names())
    return _MODELS.get(name) or _loaded(f"models.{name}").ENTRY


def measure_named(measure: Any) -> Measure:
    """Return a measure by its name, or the measure itself."""
    if isinstance(measure, Measure):
        return measure
    name = check_choice("measure", measure, measure_names())
    return _MEASURES.get(name) or _loaded(f"measures.{name}").MEASURE


def _register[Kind: (ModelEntry, Measure)](
    thing: Kind, kind: type, known: dict[str, Kind], folder: str
) -> Kind:
    if not isinstance(thing, kind):
        raise ParameterError(folder[:-1], thing, f"must be a {kind.__name__}")
    if thing.name in _files(folder) or known.get(thing.name, thing) is not thing:
        raise ParameterError("name", thing.name, f"is taken by another of the {folder}", "rename")
    known[thing.name] = thing
    return thing


def _files(folder: str) -> list[str]:
    package = _loaded(folder)
    return sorted(item.name for item in pkgutil.iter_modules(package.__path__))


def _loaded(name: str) -> Any:
    return importlib.import_module(f"{_ROOM}.{name}")
