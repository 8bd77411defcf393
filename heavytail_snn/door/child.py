"""A child process for readers that a stranger's bytes can crash, hang or fill: HDF5, MAT v5, neo.

The child gets a name of a function and plain arguments; it answers with JSON and .npy files, never
with pickles, so that the parent believes no more of it than of the file.
"""

import importlib
import json
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from heavytail_snn.core import errors
from heavytail_snn.core.errors import BackendError, HeavytailError, MemoryLimitError, RecordingError
from heavytail_snn.door.arrays import load_npy
from heavytail_snn.door.regular import budget, size_of

SECONDS, SECONDS_PER_BYTE = 60.0, 2e-6  # time that a reader may take
MEMORY_FACTOR = 3  # of the budget: what libraries hold beside the arrays themselves
START = "import sys; sys.path[:] = {path!r}; from heavytail_snn.door.child import main; main()"

Answer = tuple[dict[str, Any], dict[str, np.ndarray]]


def in_child(function: str, path: Path, arguments: dict[str, Any]) -> Answer:
    """Call a function in a child process with limits of time and memory.

    Parameters
    ----------
    function : str
        "module:name" of a function that takes the path and the arguments and returns a dict of
        JSON values and a dict of arrays.
    path : Path
        The file; its size sets the limits.
    arguments : dict
        JSON values.

    Raises
    ------
    HeavytailError
        What the function raised, or a RecordingError if the process ended, took too long or
        needed too much memory.
    """
    seconds = SECONDS + SECONDS_PER_BYTE * size_of(path)
    call = {
        "function": function,
        "path": str(path.absolute()),
        "arguments": arguments,
        "memory": MEMORY_FACTOR * budget(path),
        "seconds": seconds,
    }
    with tempfile.TemporaryDirectory(prefix="heavytail_snn-") as folder:
        call["folder"] = folder
        code = _run(json.dumps(call), seconds, path, Path(folder))
        return _answer(Path(folder), path, code)


def _run(call: str, seconds: float, path: Path, folder: Path) -> int:
    if not sys.executable:
        raise BackendError(
            f"{path} is read in a process of its own, and this Python does not know its program; "
            "pass trusted=True to read it here, if the file is yours"
        )
    known = [str(Path(entry).absolute()) for entry in sys.path]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with (folder / "log").open("wb") as log:
        try:
            done = subprocess.run(
                [sys.executable, "-c", START.format(path=known)],
                input=call.encode(), stdout=log, stderr=log, timeout=seconds, check=False,
                env=environment,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise RecordingError(
                f"{path} took the reader longer than {seconds:.0f} s, which no sound file of this "
                "size does; it is damaged"
            ) from error
    return done.returncode


def _answer(folder: Path, path: Path, code: int) -> Answer:
    report = folder / "answer.json"
    try:
        answer = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}
    except ValueError:
        answer = {}
    if "error" in answer:
        raise _restored(answer)
    if "value" not in answer:
        raise RecordingError(
            f"{path} ended the process that read it ({_cause(code)}); the file is damaged"
        )
    arrays = {name: load_npy(folder / f"{i}.npy") for i, name in enumerate(answer["arrays"])}
    return answer["value"], arrays


def _cause(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _restored(answer: dict[str, Any]) -> HeavytailError:
    kind = getattr(errors, answer["error"], RecordingError)
    error: HeavytailError
    if issubclass(kind, errors.ParameterError):
        argument, value, rule, remedy = answer["parts"]
        error = kind(argument, value, rule, remedy)
    else:
        error = kind(answer["message"])
    error.remedies = tuple(answer["remedies"])
    return error


# ------------------------------------------------------------------------------ in the child


def main() -> None:
    """Do what standard input asks for; called in the child process only."""
    call = json.loads(sys.stdin.read())
    module, name = call["function"].split(":")
    function = getattr(importlib.import_module(module), name)
    folder = Path(call["folder"])
    _limit(call["memory"], call["seconds"])
    try:
        value, arrays = function(Path(call["path"]), **call["arguments"])
        for number, array in enumerate(arrays.values()):
            np.save(folder / f"{number}.npy", array, allow_pickle=False)
        answer = {"value": value, "arrays": list(arrays)}
    except errors.ParameterError as error:
        parts = [error.argument, _plain(error.value), error.rule, error.remedy]
        answer = {"error": type(error).__name__, "parts": parts, "remedies": _remedies(error)}
    except HeavytailError as error:
        answer = {
            "error": type(error).__name__,
            "message": str(error),
            "remedies": _remedies(error),
        }
    except MemoryError:
        answer = _beyond_memory(call)
    temporary = folder / "answer.tmp"
    temporary.write_text(json.dumps(answer), encoding="utf-8")
    os.replace(temporary, folder / "answer.json")
    # libraries may crash while they tidy up after a damaged file; the answer is complete
    os._exit(0)


def _beyond_memory(call: dict[str, Any]) -> dict[str, Any]:
    message = f"{call['path']} needs more than {1e-9 * call['memory']:.3g} GB to be read"
    return {"error": MemoryLimitError.__name__, "message": message, "remedies": []}


def _remedies(error: HeavytailError) -> list[dict[str, Any]]:
    return [dict(item) for item in error.remedies]


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | None) else repr(value)


def _limit(memory: float, seconds: float) -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    held = _address_space()
    for kind, soft in (
        (resource.RLIMIT_AS, held + memory),
        (resource.RLIMIT_CPU, seconds + 1),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):  # a system that has no such limit
            _, hard = resource.getrlimit(kind)
            most = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
            resource.setrlimit(kind, (int(most), hard))


def _address_space() -> float:
    statistics = Path("/proc/self/statm")
    if not statistics.exists():
        return 4e9
    return float(statistics.read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
