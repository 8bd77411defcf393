"""The files of a standalone project and of its runs.

Every number that may change stays out of the source: connections are read from files, values and
file names come on the command line, duration and seed from the environment.  So equal source means
equal program, and a project is built once for all runs, in all processes.
"""

import hashlib
import json
import logging
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import Network, second
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice

from heavytail_snn.brian import internals
from heavytail_snn.brian.model import STEPS
from heavytail_snn.brian.simulation.network import brian_network
from heavytail_snn.brian.simulation.run import Reader, Run
from heavytail_snn.brian.simulation.sizes import (
    STAND_INS,
    free_sizes,
    size_environment,
    stand_in,
    take_ranges,
)
from heavytail_snn.core.errors import BackendError

_log = logging.getLogger(__name__)

MANIFEST = "manifest.json"
LAYOUT = "manifest 3"  # programs with another layout of their files are built anew
_NOT_SOURCE = {"static_arrays", "results", MANIFEST}
_CONNECTIONS = internals.connection_files("synapses")
_NUMBERED = re.compile(rb"(_codeobject)_\d+")
_REPORT = 'std::cerr << "progress " << completed << std::endl;'


def generate(
    run: Run,
    device: Any,
    directory: Path,
    seeding: str,
    problems: Callable[[Network], list[str]],
) -> None:
    """Write the source of a run's network, and a manifest that tells where its results will be.

    Parameters
    ----------
    run : Run
    device : brian2 standalone device
        Active, with build_on_run=False.
    directory : Path
    seeding : str
        C++ statements that seed the device's generators from ``heavytail_seed``.
    problems : callable
        Names what the device cannot do with the network; anything named raises BackendError.
    """
    network = brian_network(run)
    found = problems(network)
    if found:
        raise BackendError("; ".join(found))
    device.insert_code(
        "main",
        '{ const unsigned long heavytail_seed = strtoul(getenv("HEAVYTAIL_SEED"), NULL, 10);\n'
        f"{seeding} }}",
    )
    device.apply_run_args()
    network.run(run.duration * second, report=_REPORT, report_period=0.5 * second, namespace={})
    replaced = internals.replace_run_duration(device, 'atof(getenv("HEAVYTAIL_DURATION"))')
    if replaced != 1:
        raise BackendError(
            f"the generated code must hold one call of network.run, found {replaced}; "
            "this version of Brian2 is not supported"
        )
    device.build(directory=str(directory), compile=False, run=False, with_output=False)
    for name in _CONNECTIONS.values():  # values, which each run writes for itself
        (directory / "static_arrays" / name).unlink(missing_ok=True)
    _write_manifest(run, device, network, directory)


def generate_for_all_sizes(write: Callable[[Run, Path], None], run: Run, directory: Path) -> bool:
    """Write source that serves all sizes, where the model allows it; return whether it does.

    Models of others are generated twice, for two stand-ins: source that differs after their sizes
    were replaced depends on the size in another way.

    Parameters
    ----------
    write : callable
        Generates the source of a run in a folder.
    run : Run
    directory : Path
        Nothing is left in it where the answer is False.
    """
    ours = type(run.model).__module__.startswith(f"{__package__.partition('.')[0]}.")
    chosen = STAND_INS[:1] if ours else STAND_INS
    folders = [directory.with_name(f"{directory.name}-{n}") for n in range(len(chosen))]
    try:
        for folder, sizes in zip(folders, chosen, strict=True):
            write(stand_in(run, sizes), folder)
            free_sizes(folder, sizes)
            manifest = json.loads((folder / MANIFEST).read_text())
            manifest["ranges"] = take_ranges(folder, sizes)
            (folder / MANIFEST).write_text(json.dumps(manifest, indent=1))
        if len({fingerprint(folder) for folder in folders}) == 1:
            folders[0].rename(directory)
            return True
    except Exception as error:  # what is really wrong comes up again with the true size
        _log.debug("%s has a program for each size: %s", type(run.model).__name__, error)
    finally:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
    return False


def _write_manifest(run: Run, device: Any, network: Network, directory: Path) -> None:
    recorded = ["spikes.t", "spikes.i", f"neurons.{STEPS}"]
    recorded += [f"neurons.{name}" for name in run.model.variables]
    recorded += [f"traces.{name}" for name in run.record]
    arrays = internals.standalone_arrays(device, network)
    results = {
        key: [internals.result_file(device, arrays[key]), np.dtype(arrays[key].dtype).str]
        for key in recorded
    }
    values = {
        key: [internals.argument_name(arrays[key]), np.dtype(arrays[key].dtype).str]
        for key in run.values
    }
    counts = {"spikes": "spikes.N"} | ({"traces": "traces.N"} if run.record else {})
    if type(device) is not CPPStandaloneDevice:
        counts = {}  # other devices do not write how much they recorded
    for key in counts.values():
        results[key] = [internals.result_file(device, arrays[key]), np.dtype(arrays[key].dtype).str]
    manifest = {"results": results, "values": values, "counts": counts}
    (directory / MANIFEST).write_text(json.dumps(manifest, indent=1))


def fingerprint(directory: Path, *tools: str) -> str:
    """Return the hash of a project's source and of the tools that build it.

    Two accidents are ignored: Brian2 numbers code objects by what else is alive in the process, and
    Brian2CUDA writes some lines in the order of a set.
    """
    texts = []
    for path in directory.rglob("*"):
        relative = path.relative_to(directory)
        if path.is_file() and relative.parts[0] not in _NOT_SOURCE:
            lines = _NUMBERED.sub(rb"\1", path.read_bytes()).splitlines()
            name = _NUMBERED.sub(rb"\1", str(relative).encode())
            texts.append(b"\n".join([name, *sorted(lines)]))
    digest = hashlib.sha256("\n".join([LAYOUT, *tools]).encode())
    for text in sorted(texts):
        digest.update(text)
    return digest.hexdigest()[:16]


def write_run(run: Run, project: Path, directory: Path) -> list[str]:
    """Write the arrays of one run to ``directory/static_arrays`` and return its command line.

    Parameters
    ----------
    run : Run
    project : Path
        Generated (and perhaps built) project, not modified.
    directory : Path
        Where the program will be started; may be the project itself.
    """
    arrays = directory / "static_arrays"
    arrays.mkdir(parents=True, exist_ok=True)
    if directory != project:
        for path in (project / "static_arrays").iterdir():
            shutil.copy(path, arrays)
    (directory / "results").mkdir(exist_ok=True)
    ranges = json.loads((project / MANIFEST).read_text()).get("ranges", {})
    for name, dtype in ranges.items():
        np.arange(run.model.size, dtype=dtype).tofile(arrays / name)
    connectivity = {"sources": run.connectivity.sources, "targets": run.connectivity.targets}
    for name, array in connectivity.items():
        array.astype(np.int32, copy=False).tofile(arrays / _CONNECTIONS[name])
    known = json.loads((project / MANIFEST).read_text())["values"]
    arguments = ["--results_dir", "results/"]
    for key, value in run.values.items():
        name, dtype = known[key]
        if np.ndim(value):
            # Brian2CUDA turns the whole argument into lower case
            file = f"value_{key}".lower()
            np.ascontiguousarray(value, dtype=dtype).tofile(arrays / file)
            arguments.append(f"{name}=static_arrays/{file}")
        else:
            arguments.append(f"{name}={float(value)!r}")
    return arguments


def run_environment(run: Run) -> dict[str, str]:
    """Return the environment variables of one run."""
    return {
        "HEAVYTAIL_DURATION": repr(run.duration),
        "HEAVYTAIL_SEED": str(run.noise_seed),
        **size_environment(run),
    }


def reader(project: Path, directory: Path, run: Run) -> Reader:
    """Return the function that reads "object.variable" from the results in ``directory``.

    A program does not notice that it writes to a full disk: how much it recorded must be there.
    """
    manifest = json.loads((project / MANIFEST).read_text())
    files, counts = manifest["results"], manifest["counts"]

    def read(key: str) -> np.ndarray:
        name, dtype = files[key]
        path = directory / "results" / name
        if not path.exists():
            raise BackendError(f"the program left no result {key} ({path}); did it stop early?")
        values = np.fromfile(path, dtype=dtype)
        whole = expected(key)
        if whole is not None and values.size != whole:
            raise BackendError(
                f"the program left {values.size} of {whole} values of {key} in {directory}; is the "
                "disk full? free space, or set HEAVYTAIL_CACHE to a folder on another one"
            )
        return values

    def expected(key: str) -> int | None:
        owner, _, name = key.partition(".")
        if name == "N" or key == f"neurons.{STEPS}":
            return 1 if name == "N" else run.model.size
        if owner not in counts:
            return None
        return int(read(counts[owner])[0]) * (run.model.size if owner == "traces" else 1)

    return read
