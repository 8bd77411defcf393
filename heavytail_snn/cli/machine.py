"""What `doctor` looks at: what the backends need, what works, and the remedy for the rest."""

import hashlib
import importlib.metadata
import math
import platform
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from heavytail_snn.brian import programs
from heavytail_snn.brian.cache import cache_directory, writable
from heavytail_snn.brian.simulation import cpp, cuda_tools
from heavytail_snn.brian.simulation.runtime import runtime_target
from heavytail_snn.core.errors import BackendError
from heavytail_snn.core.memory import memory_limit

Status = Literal["ok", "missing", "broken"]


@dataclass(frozen=True)
class Finding:
    """One row of the table.

    Parameters
    ----------
    component : str
    status : "ok", "missing" or "broken"
    detail : str
        Version or path.
    remedy : str
        What to do; "" where nothing is to be done.
    needed : bool
        Whether the library cannot work without it.
    """

    component: str
    status: Status
    detail: str = ""
    remedy: str = ""
    needed: bool = False


def findings() -> tuple[Finding, ...]:
    """Look at this machine and return one finding a component; runs only version queries."""
    return (
        Finding("Python", "ok", platform.python_version(), needed=True),
        _package("brian2", "pip install 'brian2>=2.10.1'", needed=True),
        _package("cython", "pip install cython; without it the runtime backend uses numpy"),
        _compiler(),
        _tool("make", "install make; needed by the backends cpp and cuda"),
        _tool("nvcc", "install the CUDA toolkit; needed to build CUDA projects"),
        _curand(),
        _brian2cuda(),
        _gpu(),
        *_backends(),
        *_cache(),
        _memory(),
    )


def _cache() -> list[Finding]:
    """Say where programs are kept, how large they are, and for which processor."""
    folder = cache_directory()
    found = programs.programs()
    size = sum(map(programs.folder_size, found)) / 1e6
    detail = f"{folder}: {len(found)} programs, {size:.0f} MB"
    key = hashlib.sha256("\n".join(cpp.Cpp().tools()).encode()).hexdigest()[:12]
    place = Finding("compiled projects", "ok", detail, "heavytail-snn cache clear removes them")
    if not writable(folder):
        remedy = "set HEAVYTAIL_CACHE to a folder that can be written"
        place = Finding("compiled projects", "broken", f"{detail}, read-only", remedy)
    return [place, Finding("processor key", "ok", key)]


def _memory() -> Finding:
    limit = memory_limit()
    if math.isinf(limit):
        return Finding("memory limit", "missing", "none is known", "give max_memory to simulate")
    return Finding("memory limit", "ok", f"{limit / 1e9:.3g} GB")


def healthy(findings: Iterable[Finding]) -> bool:
    """Return whether everything that is needed is there."""
    return all(item.status == "ok" for item in findings if item.needed)


def _package(name: str, remedy: str, *, needed: bool = False) -> Finding:
    try:
        return Finding(name, "ok", importlib.metadata.version(name), needed=needed)
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, "missing", "", remedy, needed)


def _compiler() -> Finding:
    version = cpp.compiler_version()
    if version:
        return Finding("C++ compiler", "ok", version)
    remedy = "install g++ or clang; without it only the numpy target works"
    return Finding("C++ compiler", "missing", cpp.compiler(), remedy)


def _tool(name: str, remedy: str) -> Finding:
    path = shutil.which(name)
    return Finding(name, "ok", path) if path else Finding(name, "missing", "", remedy)


def _curand() -> Finding:
    folder = cuda_tools.find_curand()
    if folder is not None:
        return Finding("cuRAND", "ok", str(folder))
    return Finding("cuRAND", "missing", "", "pip install nvidia-curand, or a full CUDA toolkit")


def _brian2cuda() -> Finding:
    try:
        version = importlib.metadata.version("brian2cuda")
    except importlib.metadata.PackageNotFoundError:
        return Finding("brian2cuda", "missing", "", "pip install 'heavytail_snn[cuda]'")
    brian = importlib.metadata.version("brian2")
    pinned = [
        need.partition(";")[0].replace(" ", "").lower()
        for need in importlib.metadata.requires("brian2cuda") or []
        if need.lower().startswith("brian2")
    ]
    exact = [need.partition("==")[2] for need in pinned if "==" in need]
    if exact and brian not in exact:
        remedy = f"it goes with brian2 {exact[0]} only: pip install brian2=={exact[0]}"
        return Finding("brian2cuda", "broken", f"{version} with brian2 {brian}", remedy)
    return Finding("brian2cuda", "ok", version)


def _gpu() -> Finding:
    name = cuda_tools.gpu_name()
    if name:
        return Finding("GPU", "ok", name)
    remedy = "use backend='cpp', or export_cuda(...) and a machine with an NVIDIA GPU"
    return Finding("GPU", "missing", "", remedy)


def _backends() -> list[Finding]:
    findings = [Finding("backend runtime", "ok", runtime_target(), needed=True)]
    try:
        cpp.Cpp().check_tools()
        findings.append(Finding("backend cpp", "ok", "builds and runs"))
    except BackendError as error:
        findings.append(Finding("backend cpp", "missing", "", str(error)))
    missing = [item for item in (_brian2cuda(),) if item.status != "ok"]
    if missing:
        findings.append(Finding("backend cuda", "missing", "", missing[0].remedy))
        return findings
    try:
        cuda_tools.check_build_tools()
    except BackendError as error:
        findings.append(Finding("backend cuda", "missing", "generates only", str(error)))
        return findings
    if cuda_tools.gpu_name():
        findings.append(Finding("backend cuda", "ok", "generates, builds and runs"))
    else:
        findings.append(
            Finding("backend cuda", "missing", "generates and builds", "no GPU to run on here")
        )
    return findings
