"""Carry a CUDA project to a machine with a GPU, and its results back.

`export_cuda` writes a folder that needs neither Python nor Brian2 to be built and run on another
machine; `read_results` turns the folder that comes back into a Recording.
"""

import os
import pickle
import shlex
from pathlib import Path

from heavytail_snn.brian.simulation.cuda import Cuda
from heavytail_snn.brian.simulation.network import recording_of
from heavytail_snn.brian.simulation.prepare import provenance
from heavytail_snn.brian.simulation.project import reader, run_environment, write_run
from heavytail_snn.brian.simulation.run import Run
from heavytail_snn.core.errors import BackendError
from heavytail_snn.recording.recording import Recording

_RUN_FILE = "run.pickle"
_README = """\
A spiking network as a CUDA project, written by heavytail_snn.  It needs nvcc, cuRAND, make, g++.

    sh build.sh     # -j16; ARCH=90 and CURAND=/path/with/include/and/lib override what it finds
    sh run.sh       # writes results/

Then, on a machine with heavytail_snn:

    from heavytail_snn.brian.simulation.cuda_export import read_results
    recording = read_results("this folder")
"""


def export_cuda(run: Run, directory: str | os.PathLike[str]) -> Path:
    """Write a folder that another machine can build (build.sh) and run (run.sh).

    Parameters
    ----------
    run : Run
        From `heavytail_snn.brian.simulation.prepare.prepare(model, duration, seed=...)`.
    directory : path
        Must not exist, or be empty.

    Returns
    -------
    Path
        The folder, with a README.  About 0.5 MB and 16 bytes a synapse.
    """
    target = Path(directory).resolve()
    if target.exists() and any(target.iterdir()):
        raise BackendError(f"{target} is not empty; name a folder that does not exist yet")
    Cuda().generate(run, target)
    arguments = write_run(run, target, target)
    settings = " ".join(f"{name}={value}" for name, value in run_environment(run).items())
    command = " ".join(shlex.quote(argument) for argument in arguments)
    (target / "run.sh").write_text(
        f'#!/bin/sh\nset -e\ncd "$(dirname "$0")"\nmkdir -p results\n{settings} ./main {command}\n'
    )
    (target / "README").write_text(_README)
    (target / _RUN_FILE).write_bytes(pickle.dumps(run))
    return target


def read_results(directory: str | os.PathLike[str]) -> Recording:
    """Return the Recording of an exported project whose ``results/`` have come back.

    Parameters
    ----------
    directory : path
        As written by `export_cuda`.  It holds a pickle: read only folders of your own.
    """
    folder = Path(directory)
    if not (folder / _RUN_FILE).exists():
        raise BackendError(f"{folder} holds no {_RUN_FILE}; name a folder made by export_cuda")
    run = pickle.loads((folder / _RUN_FILE).read_bytes())
    return recording_of(run, reader(folder, folder, run), "cuda").with_attrs(**provenance(run))
