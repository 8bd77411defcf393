"""What builds and runs CUDA projects on this machine: nvcc, cuRAND, the GPU, and a build script."""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from heavytail_snn.brian.simulation.standalone import processor_count, tool_output
from heavytail_snn.core.errors import BackendError

DEFAULT_ARCHITECTURE = "90"
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


def write_build_script(directory: Path) -> None:
    """Write ``build.sh``, which compiles a generated project on this or another machine."""
    text = _BUILD_SCRIPT.replace("%ARCHITECTURE%", DEFAULT_ARCHITECTURE).replace("%CURAND%", "")
    (directory / "build.sh").write_text(text)


def build(directory: Path, *targets: str) -> None:
    """Compile a generated project, or some make targets of it, applying what CUDA 13 needs."""
    check_build_tools()
    curand = find_curand()
    environment = {
        "ARCH": architecture(),
        "CURAND": "" if curand in (None, toolkit()) else str(curand),
        "JOBS": str(processor_count()),
    }
    done = subprocess.run(
        ["sh", "build.sh", *targets],
        cwd=directory,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or "Error" in done.stderr:
        raise BackendError(
            f"compiling the CUDA project failed with exit status {done.returncode}: "
            f"{(done.stderr + done.stdout)[-2000:]}"
        )


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
    return found.splitlines()[0].replace(".", "").strip() if found else DEFAULT_ARCHITECTURE
