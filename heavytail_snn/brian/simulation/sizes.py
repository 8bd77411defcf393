"""Sizes as run-time values: one C++ program serves networks of any size and number of synapses.

The source is generated for a stand-in whose sizes are numbers that occur nowhere else; each of them
is then replaced by a call that reads the size of the run from the environment.
"""

import copy
import dataclasses
import re
from pathlib import Path

import numpy as np
from scipy import sparse

from heavytail_snn.brian.connectivity import Connectivity
from heavytail_snn.brian.simulation.run import Run

STAND_INS = ((999_983, 1_299_709), (899_981, 1_199_999))  # (neurons, synapses)
_HELPERS = """
#include <cstdlib>
inline int heavytail_size(const char* name) { return atoi(getenv(name)); }
inline int heavytail_neurons()
{ static const int n = heavytail_size("HEAVYTAIL_NEURONS"); return n; }
inline int heavytail_synapses()
{ static const int n = heavytail_size("HEAVYTAIL_SYNAPSES"); return n; }
"""
_TOP = "#define _BRIAN_OBJECTS_H\n"


class FixedSizes(Exception):
    """The source depends on the sizes in a way that no run-time value replaces."""


def size_environment(run: Run) -> dict[str, str]:
    """Return the environment variables from which a program reads the sizes of a run."""
    return {
        "HEAVYTAIL_NEURONS": str(run.model.size),
        "HEAVYTAIL_SYNAPSES": str(run.connectivity.n_synapses),
    }


def stand_in(run: Run, sizes: tuple[int, int]) -> Run:
    """Return a run of the same structure with other sizes, from which source is generated.

    A network without synapses keeps none, since it has another source.
    """
    neurons, synapses = sizes
    synapses *= run.connectivity.n_synapses > 0
    model = copy.copy(run.model)
    # not dataclasses.replace: arrays of the model have the true size, and would be refused
    object.__setattr__(model, "weights", sparse.csr_array((neurons, neurons)))
    object.__setattr__(model, "n_neurons", None)
    index = np.zeros(synapses, dtype=np.int32)
    empty = Connectivity(index, index, np.zeros(synapses), neurons, neurons)
    return dataclasses.replace(run, model=model, connectivity=empty)


def free_sizes(directory: Path, sizes: tuple[int, int]) -> None:
    """Replace the sizes of a stand-in in generated source by calls that read those of the run.

    Raises
    ------
    FixedSizes
        If a size stands where no call can stand.
    """
    neurons, synapses = sizes
    calls = {
        str(neurons): "heavytail_neurons()",
        str(neurons + 1): "(heavytail_neurons() + 1)",
        str(synapses): "heavytail_synapses()",
    }
    pattern = re.compile(rf"(?<![\w.])({'|'.join(calls)})(?![\w.])")
    anywhere = re.compile("|".join(calls))
    for path in [*directory.rglob("*.cpp"), *directory.rglob("*.h")]:
        text = path.read_text()
        freed = pattern.sub(lambda found: calls[found.group(1)], text)
        if anywhere.search(freed):
            raise FixedSizes(path.name)
        if path.name == "objects.h":
            if _TOP not in freed:
                raise FixedSizes(path.name)
            freed = freed.replace(_TOP, _TOP + _HELPERS, 1)
        if freed != text:
            path.write_text(freed)


def take_ranges(directory: Path, sizes: tuple[int, int]) -> dict[str, str]:
    """Remove the stored arrays 0, 1, ... of the stand-in; return their names and types.

    Raises
    ------
    FixedSizes
        If another stored array has the size of the network: its numbers would be the stand-in's.
    """
    found = {}
    for path in sorted((directory / "static_arrays").iterdir()):
        for dtype in ("<i4", "<i8"):
            values = np.fromfile(path, dtype=dtype)
            if values.size == sizes[0] and np.array_equal(values, np.arange(sizes[0])):
                found[path.name] = dtype
        if path.name in found:
            path.unlink()
        elif path.stat().st_size >= min(sizes):
            raise FixedSizes(path.name)
    return found
