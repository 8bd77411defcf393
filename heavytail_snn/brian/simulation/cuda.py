"""CUDA backend: the standalone backend with nvcc, on an NVIDIA GPU.

Sources are generated anywhere, built where nvcc is, run where a GPU is; `cuda_export` carries a
project to another machine.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from brian2 import Network, NetworkOperation, Synapses

from heavytail_snn.brian.device import preferences
from heavytail_snn.brian.internals import pathways
from heavytail_snn.brian.simulation import cuda_tools
from heavytail_snn.brian.simulation.run import Run
from heavytail_snn.brian.simulation.standalone import Standalone, tool_output
from heavytail_snn.core.errors import BackendError

logger = logging.getLogger(__name__)

_LARGEST_HEAP = 4096  # megabytes
_RANDOM = re.compile(r"\b(rand|randn|poisson|binomial\w*|levy_stable|stable_ug)\s*\(")


class Cuda(Standalone):
    """Compiles with nvcc; Brian2CUDA generates the source."""

    name = "cuda"
    device = "cuda_standalone"
    seeding = "random_number_buffer.set_seed(heavytail_seed);"

    def check_tools(self) -> None:
        """Raise BackendError where nvcc or cuRAND is missing."""
        cuda_tools.check_build_tools()

    def check_machine(self) -> None:
        """Raise BackendError where there is no GPU."""
        if cuda_tools.gpu_name() is None:
            raise BackendError(
                "backend 'cuda' needs an NVIDIA GPU, and nvidia-smi finds none here; use "
                "backend='cpp', or export_cuda(...) to carry the project to another machine"
            )

    @contextmanager
    def settings(self, run: Run) -> Iterator[None]:
        """Import Brian2CUDA and set what its defaults get wrong."""
        with _cuda_preferences(run):
            yield

    def problems(self, network: Network) -> list[str]:
        """Return what Brian2CUDA would silently get wrong in a network, with remedies."""
        return problems(network)

    def tools(self) -> tuple[str, ...]:
        """Return the version of nvcc and the architecture of the GPU."""
        return (tool_output("nvcc", "--version") or "", cuda_tools.architecture())

    def generate(self, run: Run, directory: Path) -> None:
        """Write the source and ``build.sh``; needs Brian2CUDA, but neither nvcc nor GPU."""
        super().generate(run, directory)
        cuda_tools.write_build_script(directory)

    def build(self, directory: Path) -> None:
        """Compile a generated project."""
        logger.info("compiling %s (minutes)", directory)
        cuda_tools.build(directory)

    def complains(self, line: str) -> bool:
        """Return whether a line is an error: Brian2CUDA's programs also tell what they do."""
        return "Error" in line


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
            for pathway in pathways(item):
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
