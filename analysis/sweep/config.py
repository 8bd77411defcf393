"""A sweep as a TOML file: model, measures, store and seeds above, the parameters in ``[grid]``.

Values are plain numbers in the units that the model states; an axis is a list, or a table such as
``{start = 5, stop = 40, number = 8, spacing = "log"}``.
"""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np

from heavytail_snn.analysis.sweep.front import SEEDS, Sweep, named, sweep_of
from heavytail_snn.core.errors import ParameterError, check_choice, check_integer, check_real
from heavytail_snn.core.options import refuse_unknown
from heavytail_snn.core.paths import input_file
from heavytail_snn.door.regular import read_small_text

EXAMPLE = """\
# Rates and irregularity of LIF networks.  Run it with: heavytail-snn sweep THIS_FILE
model = "lif"                     # lif, theta, rate, binary
measure = ["rate", "cv"]          # and lyapunov, participation_ratio, spectrum, ...
store = "grid.zarr"               # beside this file; a second run goes on where the first stopped
seed = {start = 0, stop = 8}      # eight networks at each point

[grid]                            # a list is an axis; the rest is fixed, or has a default
alpha = [1.5, 2.0]
gain = {start = 10, stop = 40, number = 8, spacing = "log"}   # mV
n_neurons = 1000
duration = 2.0                    # s
"""
_KEYS = ("model", "measure", "store", "seed", "grid")
_REMEDY = "name a TOML file, such as one from: heavytail-snn sweep example > grid.toml"


def read_sweep(path: Any) -> Sweep:
    """Return the sweep that a TOML file describes; its store is sought beside the file.

    Raises
    ------
    ParameterError
        Naming the file, the key, the rule and the remedy.
    """
    path = input_file("sweep", path, remedy=_REMEDY)
    try:
        content = tomllib.loads(read_small_text(path))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ParameterError(path.name, str(error), "must be valid TOML", _REMEDY) from error
    refuse_unknown(path.name, content, _KEYS)
    for key in ("model", "measure", "store"):
        if key not in content:
            raise ParameterError(key, None, f"must be given in {path.name}", f"add {key} = ...")
    grid = content.get("grid", {})
    if not isinstance(grid, dict):
        raise ParameterError("grid", grid, "must be a table", "write [grid] above its keys")
    given = {name: _axis(name, value) for name, value in grid.items()}
    entry, measures = named(content["model"], content["measure"])
    store = _beside(path, content["store"])
    return sweep_of(entry, measures, given, _seeds(content.get("seed", SEEDS)), store, plain=True)


def _axis(name: str, value: Any) -> Any:
    """Return a value, a list, or the list that a table of start, stop and number means."""
    if not isinstance(value, dict):
        return value
    refuse_unknown(name, value, ("start", "stop", "number", "spacing"))
    for key in ("start", "stop", "number"):
        if key not in value:
            raise ParameterError(name, value, f"must have {key}", f"add {key} = ...")
    start, stop = (check_real(f"{name}.{key}", value[key]) for key in ("start", "stop"))
    number = check_integer(f"{name}.number", value["number"], low=2)
    spacing = check_choice(f"{name}.spacing", value.get("spacing", "linear"), ("linear", "log"))
    if spacing == "linear":
        return _digits(np.linspace(start, stop, number))
    if start <= 0 or stop <= 0:
        raise ParameterError(name, value, "must be positive for logarithmic spacing")
    return _digits(np.geomspace(start, stop, number))


def _digits(values: np.ndarray) -> list[float]:
    """Return 15 digits of each, as of a quantity: both doors then lead to the same cases."""
    return [float(f"{value:.15g}") for value in values]


def _seeds(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    refuse_unknown("seed", value, ("start", "stop"))
    start = check_integer("seed.start", value.get("start", 0))
    return range(start, check_integer("seed.stop", value.get("stop"), low=start + 1))


def _beside(path: Path, store: Any) -> Any:
    return path.parent / Path(store).expanduser() if isinstance(store, str) else store
