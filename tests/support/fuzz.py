"""Read damaged recordings of all formats, each in a process with limits of memory and time.

``python tests/support/fuzz.py --number 1000 --seed 1`` prints a JSON summary; what counts are
"executed", "hang", "crash", "raw error" and "memory", which must all be 0.

The readers' own child processes are forked here, not started anew, so that a thousand files take
minutes; `tests/unit/recording/test_safe_door.py` reads through the real ones.
"""

import argparse
import importlib.util
import io
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import h5py  # noqa: F401  (loaded once, before the processes are forked)
import neo.io  # noqa: F401
import numpy as np
import pandas  # noqa: F401
import scipy.io  # noqa: F401
from layouts import PLAIN
from layouts_binary import BINARY
from mutations import damaged_copy

from heavytail_snn.core.errors import HeavytailError, RecordingError
from heavytail_snn.door import child
from heavytail_snn.recording.recording import Recording

SECONDS = 40.0  # a reader that has not answered by then hangs
READER_SECONDS = 20.0
MEMORY = 1.2e9  # bytes beyond what the libraries hold
BAD = ("executed", "hang", "crash", "raw error", "memory")


def originals(folder: Path):
    """Return (path, options) of every layout that can be written here, and of own files."""
    found = []
    for number, layout in enumerate((*PLAIN, *BINARY)):
        if layout.needs and importlib.util.find_spec(layout.needs) is None:
            continue
        if layout.options.get("format") == "pickle":
            continue  # it is asked for, and may run any program
        home = folder / str(number)
        home.mkdir()
        found.append((layout.write(home), layout.options))
    plain = Recording([0.1, 0.2, 0.5], [1, 0, 1], 3, 0.0, 1.0)
    for name in ("own.npz", "own.txt", "own.csv", "own.nix"):
        plain.write(folder / name)
        found.append((folder / name, {}))
    return found


def forked_run(call, seconds, path, folder):
    """Stand for `child._run`: the same function in a forked process."""
    process = os.fork()
    if process == 0:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        sys.stdin = io.StringIO(call)
        try:
            child.main()
        finally:
            os._exit(1)
    code = waited(process, READER_SECONDS)
    if code is None:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        raise RecordingError(f"{path} took the reader too long; it is damaged")
    return code


def waited(process, seconds):
    """Return the exit code of a process (negative for a signal), None if it is not over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    return None


def read_one(path, options, report):
    """Read one file and write the outcome; called in a process of its own."""
    held = child._address_space()
    resource.setrlimit(resource.RLIMIT_AS, (int(held + 4 * MEMORY),) * 2)
    before = peak()
    child._run = forked_run
    try:
        Recording.read(path, **options)
        outcome = ("read", "")
    except HeavytailError as error:
        outcome = ("refused", f"{type(error).__name__}: {error}")
    except BaseException as error:
        outcome = ("raw error", f"{type(error).__name__}: {error}")
    if peak() - before > MEMORY:
        outcome = ("memory", f"{1e-9 * (peak() - before):.2g} GB; {outcome[1]}")
    report.write_text(json.dumps(outcome))


def peak():
    """Return the largest memory of this process and its children so far, in bytes."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return 1024 * max(resource.getrusage(kind).ru_maxrss for kind in kinds)


def tried(path, options, folder):
    """Return the outcome of reading one file in a forked process."""
    report = folder / "outcome.json"
    process = os.fork()
    if process == 0:
        os.setsid()
        try:
            read_one(path, options, report)
        finally:
            os._exit(0)
    code = waited(process, SECONDS)
    if code is None:
        os.killpg(process, signal.SIGKILL)
        os.waitpid(process, 0)
        return "hang", ""
    if code != 0 or not report.exists():
        return "crash", f"exit code {code}"
    return tuple(json.loads(report.read_text()))


def fuzz(number, seed):
    """Return how often each outcome came, and what the bad ones were."""
    rng = np.random.default_rng(seed)
    counts, bad = Counter(), []
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        os.environ["FUZZ_MARKER"] = str(home / "executed")
        files = originals(home)
        for trial in range(number):
            original, options = files[trial % len(files)]
            folder = home / "trial"
            folder.mkdir()
            path, done = damaged_copy(original, folder, rng)
            keeps = {} if rng.random() < 0.3 else options
            outcome, said = tried(path, keeps, folder)
            if (home / "executed").exists():
                outcome = "executed"
            counts[outcome] += 1
            if outcome in BAD:
                bad.append(f"{outcome}: trial {trial}, {done}, {original.name}: {said[:300]}")
            shutil.rmtree(folder)
    return {"number": number, "files": len(files), "counts": dict(counts), "bad": bad}


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--number", type=int, default=1000)
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    result = fuzz(given.number, given.seed)
    print(json.dumps(result, indent=1))
    sys.exit(bool(result["bad"]))
