"""CUDA standalone backend: generate anywhere, build where nvcc is, run where a GPU is.

`export_cuda` writes a folder that needs neither Python nor Brian2 to be built and run on another
machine; `read_results` turns the folder that comes back into a Recording.
"""

import importlib.util
import logging
import os
import pickle
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from brian2 import Network, NetworkOperation, Synapses

from heavytail_snn.brian.simulation.runtime import (
    Run,
    active_device,
    preferences,
    recording_of,
    tool_output,
)
from heavytail_snn.brian.simulation.standalone import (
    cache_directory,
    fingerprint,
    generate,
    keep,
    reader,
    run_environment,
    scratch,
    write_run,
)
from heavytail_snn.core.errors import BackendError
from heavytail_snn.recording.recording import Recording

logger = logging.getLogger(__name__)

_SEEDING = "random_number_buffer.set_seed(heavytail_seed);"
_DEFAULT_ARCHITECTURE = "90"
_RUN_FILE = "run.pickle"
_LARGEST_HEAP = 4096  # megabytes
_RANDOM = re.compile(r"\b(rand|randn|poisson|binomial\w*|levy_stable|stable_ug)\s*\(")
_README = """\
A spiking network as a CUDA project, written by heavytail_snn.  It needs nvcc, cuRAND, make, g++.

    sh build.sh     # -j16; ARCH=90 and CURAND=/path/with/include/and/lib override what it finds
    sh run.sh       # writes results/

Then, on a machine with heavytail_snn:

    from heavytail_snn.brian.simulation.cuda import read_results
    recording = read_results("this folder")
"""
_BUILD_SCRIPT = r"""#!/bin/sh
# Compile the project, or the make targets given.  ARCH: compute capability without the dot.
# CURAND: folder with include/ and lib/ of cuRAND, where the toolkit lacks it, for example
# site-packages/nvidia/cu13.
set -e
cd "$(dirname "$0")"
ARCH=${ARCH:-$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null \
    | head -n 1 | tr -d .)}
ARCH=${ARCH:-%ARCHITECTURE%}
CURAND=${CURAND-%CURAND%}
INCLUDE=""; LINK=""
if [ -n "$CURAND" ]; then
    # the package has libcurand.so.10 but no libcurand.so, which the linker looks for
    mkdir -p shim
    for library in "$CURAND"/lib/libcurand.so*; do ln -sf "$library" shim/libcurand.so; done
    INCLUDE="-I$CURAND/include"; LINK="-Lshim -Xlinker -rpath,$CURAND/lib"
fi
make -j"${JOBS:-$(nproc)}" NVCC="${NVCC:-nvcc} -ccbin=${CXX:-g++}" \
    NVCCFLAGS="-I. $INCLUDE -std=c++17 -arch=sm_$ARCH -w -Xcompiler=-O3" \
    LFLAGS="-lcurand -arch=sm_$ARCH $LINK" "$@"
"""


def run_cuda(run: Run) -> Recording:
    """Generate, build (once) and run on this machine's GPU.

    Raises
    ------
    BackendError
        If Brian2CUDA, nvcc, cuRAND or a GPU is missing; `export_cuda` needs only the first.
    """
    if gpu_name() is None:
        raise BackendError(
            "backend 'cuda' needs an NVIDIA GPU, and nvidia-smi finds none here; use "
            "backend='cpp', or export_cuda(...) to carry the project to another machine"
        )
    project = program(run)
    with scratch("run-") as directory:
        arguments = write_run(run, project, directory)
        _execute([str(project / "main"), *arguments], directory, run_environment(run))
        return recording_of(run, reader(project, directory), "cuda")


def program(run: Run) -> Path:
    """Return the folder of the compiled CUDA program of a run, from the cache or freshly built."""
    check_build_tools()
    with scratch("build-") as directory:
        source = directory / "project"
        generate_cuda(run, source)
        tools = (tool_output("nvcc", "--version") or "", architecture())
        name = f"{run.model.structure()[0]}-{fingerprint(source, *tools)}"
        final = cache_directory() / "cuda" / name
        if not (final / "main").exists():
            build(source)
            keep(source, final)
    return final


def generate_cuda(run: Run, directory: Path) -> None:
    """Write the CUDA source of a run's network; needs Brian2CUDA, but neither nvcc nor GPU."""
    directory.mkdir(parents=True, exist_ok=True)
    with (
        _cuda_preferences(run),
        active_device("cuda_standalone", directory=str(directory)) as device,
    ):
        generate(run, device, directory, _SEEDING, problems)
    (directory / "build.sh").write_text(
        _BUILD_SCRIPT.replace("%ARCHITECTURE%", _DEFAULT_ARCHITECTURE).replace("%CURAND%", "")
    )


def export_cuda(run: Run, directory: str | os.PathLike[str]) -> Path:
    """Write a folder that another machine can build (build.sh) and run (run.sh).

    Parameters
    ----------
    run : Run
        From `heavytail_snn.brian.simulation.simulate.prepare(model, duration, seed=...)`.
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
    generate_cuda(run, target)
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
    from heavytail_snn.brian.simulation.simulate import provenance

    folder = Path(directory)
    if not (folder / _RUN_FILE).exists():
        raise BackendError(f"{folder} holds no {_RUN_FILE}; name a folder made by export_cuda")
    run = pickle.loads((folder / _RUN_FILE).read_bytes())
    return recording_of(run, reader(folder, folder), "cuda").with_attrs(**provenance(run))


def build(directory: Path, *targets: str) -> None:
    """Compile a generated project, or some make targets of it, applying what CUDA 13 needs."""
    check_build_tools()
    curand = find_curand()
    jobs = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    environment = {
        "ARCH": architecture(),
        "CURAND": "" if curand in (None, toolkit()) else str(curand),
        "JOBS": str(jobs),
    }
    logger.info("compiling %s (minutes)", directory)
    _execute(["sh", "build.sh", *targets], directory, environment)


def check_build_tools() -> None:
    """Raise BackendError, with a remedy, where nvcc or cuRAND is missing."""
    if shutil.which("nvcc") is None:
        raise BackendError("backend 'cuda' needs nvcc on the PATH; install the CUDA toolkit")
    if find_curand() is None:
        raise BackendError(
            "backend 'cuda' needs cuRAND, which is neither in the CUDA toolkit nor in this Python; "
            "pip install nvidia-curand"
        )


def toolkit() -> Path | None:
    """Return the folder of the CUDA toolkit that nvcc belongs to, as nvcc itself tells."""
    nvcc = shutil.which("nvcc")
    if nvcc is None:
        return None
    command = [nvcc, "--dryrun", "-x", "cu", os.devnull, "-c", "-o", os.devnull]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    top = re.search(r"^#\$ TOP=(.+)$", said, flags=re.MULTILINE)
    return Path(top.group(1)).resolve() if top else Path(nvcc).resolve().parent.parent


def find_curand() -> Path | None:
    """Return the folder with ``include/curand.h``: the toolkit, or the PyPI package."""
    folders = [path for path in (toolkit(),) if path is not None]
    spec = importlib.util.find_spec("nvidia")
    for location in spec.submodule_search_locations or () if spec else ():
        folders += sorted(Path(location).glob("*"), reverse=True)
    for folder in folders:
        if (folder / "include" / "curand.h").exists():
            return folder
    return None


def gpu_name() -> str | None:
    """Return name and driver of the first GPU, None where there is none."""
    found = tool_output("nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader")
    return found.splitlines()[0].strip() if found and found.strip() else None


def architecture() -> str:
    """Return the compute capability of this machine's GPU without the dot; 90 without a GPU."""
    found = tool_output("nvidia-smi", "--query-gpu=compute_cap", "--format=csv,noheader")
    return found.splitlines()[0].replace(".", "").strip() if found else _DEFAULT_ARCHITECTURE


def problems(network: Network) -> list[str]:
    """Return what Brian2CUDA would silently get wrong in a network, in sentences with remedies."""
    found = []
    for item in network.sorted_objects:
        if isinstance(item, NetworkOperation):
            found.append(
                f"network operation {item.name!r} would be dropped; write it as run_regularly"
            )
        if item.name != item.name.lower():
            found.append(f"name {item.name!r} must be lower case, or array arguments are lost")
        if isinstance(item, Synapses):
            for pathway in item._pathways:
                if _RANDOM.search(str(pathway.code)):
                    found.append(
                        f"{pathway.name!r} draws random numbers for each spike, and neurons that "
                        "spike together would share them; draw them in the neuron, each step"
                    )
    return found


@contextmanager
def _cuda_preferences(run: Run) -> Iterator[None]:
    """Import Brian2CUDA and set what its defaults get wrong: fast math, c++11, one block, heap."""
    try:
        import brian2cuda  # noqa: F401  (registers the device)
    except ImportError as error:
        raise BackendError(
            f"backend 'cuda' needs Brian2CUDA ({error}); pip install 'heavytail_snn[cuda]'. "
            "Brian2CUDA 1.0b1 goes with Brian2 2.10.1 only"
        ) from error
    heap = min(_LARGEST_HEAP, 128 + 16 * run.connectivity.n_synapses // 10**6)
    quiet = logging.getLogger("brian2.brian2cuda")
    level = quiet.level
    quiet.setLevel(logging.WARNING)
    root = "devices__cuda_standalone__"
    settings: dict[str, Any] = {
        f"{root}parallel_blocks": None,
        f"{root}cuda_backend__detect_gpus": False,
        f"{root}cuda_backend__gpu_id": 0,
        f"{root}cuda_backend__compute_capability": 9.0,
        f"{root}cuda_backend__gpu_heap_size": heap,
        f"{root}cuda_backend__extra_compile_args_nvcc": ["-w", "-std=c++17"],
        "codegen__cpp__extra_compile_args_gcc": ["-w", "-O3", "-std=c++17"],
    }
    try:
        with preferences(**settings):
            yield
    finally:
        quiet.setLevel(level)


def _execute(command: list[str], directory: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        command,
        cwd=directory,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or "Error" in done.stderr:
        raise BackendError(
            f"{command[0]} failed with exit status {done.returncode}: "
            f"{(done.stderr + done.stdout)[-2000:]}"
        )
