"""Standalone projects: generated source, named by its content, and the files of one run.

Every number that may change stays out of the source: connections are read from files, values and
file names come on the command line, duration and seed from the environment.  So equal source means
equal program, and a project is built once for all runs, in all processes.
"""

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import Network, prefs, second
from brian2.core.preferences import BrianPreference

from heavytail_snn.brian.simulation.runtime import Run, brian_network
from heavytail_snn.core.errors import BackendError

MANIFEST = "manifest.json"
_NOT_SOURCE = {"static_arrays", "results", MANIFEST}
_CONNECTIONS = {
    "sources": "_static_array__array_synapses_sources",
    "targets": "_static_array__array_synapses_targets",
}
_NUMBERED = re.compile(rb"(_codeobject)_\d+")
_REPORT = 'std::cerr << "progress " << completed << std::endl;'

prefs.register_preferences(
    "heavytail_snn",
    "Preferences of heavytail_snn.",
    cache_directory=BrianPreference(
        default="",
        docs="Where compiled projects are kept; empty for $HEAVYTAIL_CACHE or ~/.cache.",
    ),
)


def cache_directory() -> Path:
    """Return the folder of the compiled projects.

    The preference ``heavytail_snn.cache_directory``, else the environment variable
    HEAVYTAIL_CACHE, else ``heavytail_snn`` in the user's cache folder.
    """
    chosen = prefs["heavytail_snn.cache_directory"] or os.environ.get("HEAVYTAIL_CACHE")
    if chosen:
        return Path(chosen).expanduser().resolve()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "heavytail_snn"


def generate(
    run: Run,
    device: Any,
    directory: Path,
    seeding: str,
    problems: Callable[[Network], list[str]] | None = None,
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
    problems : callable, optional
        Names what the device cannot do with the network; anything named raises BackendError.
    """
    network = brian_network(run)
    found = problems(network) if problems else []
    if found:
        raise BackendError("; ".join(found))
    device.insert_code(
        "main",
        '{ const unsigned long heavytail_seed = strtoul(getenv("HEAVYTAIL_SEED"), NULL, 10);\n'
        f"{seeding} }}",
    )
    device.apply_run_args()
    network.run(run.duration * second, report=_REPORT, report_period=0.5 * second, namespace={})
    _read_duration_at_run_time(device)
    device.build(directory=str(directory), compile=False, run=False, with_output=False)
    recorded = ["spikes.t", "spikes.i", "neurons.finite_steps"]
    recorded += [f"neurons.{name}" for name in run.model.variables]
    recorded += [f"traces.{name}" for name in run.record]
    by_key = {
        f"{variable.owner.name}.{variable.name}": variable
        for variable in device.arrays
        if hasattr(variable.owner, "name")
    }
    files = {
        key: [device.get_array_filename(by_key[key]), np.dtype(by_key[key].dtype).str]
        for key in recorded
    }
    for name in _CONNECTIONS.values():  # values, which each run writes for itself
        (directory / "static_arrays" / name).unlink(missing_ok=True)
    values = {key: np.dtype(by_key[key].dtype).str for key in run.values}
    (directory / MANIFEST).write_text(json.dumps({"results": files, "values": values}, indent=1))


def _read_duration_at_run_time(device: Any) -> None:
    """Let the program take its duration from the environment instead of a literal."""
    replaced = 0
    for task, arguments in device.main_queue:
        if task != "run_network":
            continue
        lines = arguments[1]
        for number, line in enumerate(lines):
            if line.startswith("network.run("):
                rest = line.split(",", 1)[1]
                lines[number] = f'network.run(atof(getenv("HEAVYTAIL_DURATION")),{rest}'
                replaced += 1
    if replaced != 1:
        raise BackendError(
            f"the generated code must hold one call of network.run, found {replaced}; "
            "this version of Brian2 is not supported"
        )


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
    digest = hashlib.sha256("\n".join(tools).encode())
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
    connectivity = {"sources": run.connectivity.sources, "targets": run.connectivity.targets}
    for name, array in connectivity.items():
        array.astype(np.int32, copy=False).tofile(arrays / _CONNECTIONS[name])
    dtypes = json.loads((project / MANIFEST).read_text())["values"]
    arguments = ["--results_dir", "results/"]
    for key, value in run.values.items():
        if np.ndim(value):
            # Brian2CUDA turns the whole argument into lower case
            name = f"value_{key}".lower()
            np.ascontiguousarray(value, dtype=dtypes[key]).tofile(arrays / name)
            arguments.append(f"{key}=static_arrays/{name}")
        else:
            arguments.append(f"{key}={float(value)!r}")
    return arguments


def run_environment(run: Run) -> dict[str, str]:
    """Return the environment variables of one run."""
    return {
        "HEAVYTAIL_DURATION": repr(run.duration),
        "HEAVYTAIL_SEED": str(run.noise_seed),
    }


def reader(project: Path, directory: Path) -> Any:
    """Return the function that reads "object.variable" from the results in ``directory``."""
    files = json.loads((project / MANIFEST).read_text())["results"]

    def read(key: str) -> np.ndarray:
        name, dtype = files[key]
        path = directory / "results" / name
        if not path.exists():
            raise BackendError(f"the program left no result {key} ({path}); did it stop early?")
        return np.fromfile(path, dtype=dtype)

    return read


@contextmanager
def scratch(prefix: str) -> Iterator[Path]:
    """Yield a fresh folder inside the cache, on the same file system as the projects."""
    root = cache_directory()
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=root, ignore_cleanup_errors=True) as name:
        yield Path(name)


def keep(built: Path, final: Path) -> Path:
    """Move a finished project to its place; if another process was faster, use that one's."""
    final.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.rename(built, final)
    except OSError:
        if not final.exists():
            raise
    return final
