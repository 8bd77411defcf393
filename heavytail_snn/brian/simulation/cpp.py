"""C++ backend: the standalone backend with g++ or clang++."""

import logging
import os
import platform
import shutil
import subprocess
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path

from heavytail_snn.brian.device import preferences
from heavytail_snn.brian.internals import compile_flags
from heavytail_snn.brian.simulation.run import Run
from heavytail_snn.brian.simulation.standalone import Standalone, processor_count, tool_output
from heavytail_snn.core.errors import BackendError

logger = logging.getLogger(__name__)

# -ffast-math gains nothing measurable here and would void the check for finite states
_DROPPED_FLAGS = ("-ffast-math", "-fno-finite-math-only")


class Cpp(Standalone):
    """Compiles with ``make`` and a C++ compiler."""

    name = "cpp"
    device = "cpp_standalone"
    free_sizes = True
    seeding = """
for (size_t k = 0; k < _random_generators.size(); k++)
    _random_generators[k].seed(heavytail_seed + k);
"""

    def check_tools(self) -> None:
        """Raise BackendError where `make` or a C++ compiler is missing."""
        for tool, remedy in (("make", "make"), (compiler(), "a C++ compiler, such as g++")):
            if shutil.which(tool) is None:
                raise BackendError(
                    f"backend 'cpp' needs {tool!r}, which is not on the PATH; install {remedy}, "
                    "or use backend='runtime'"
                )

    def check_machine(self) -> None:
        """Accept every machine: it runs what it builds."""

    def settings(self, run: Run) -> AbstractContextManager[None]:
        """Drop the flags that let the compiler assume finite numbers."""
        flags = [flag for flag in compile_flags() if flag not in _DROPPED_FLAGS]
        return preferences(codegen__cpp__extra_compile_args=flags)

    def tools(self) -> tuple[str, ...]:
        """Return the compiler's version and the processor's features."""
        return (compiler_version(), _machine())

    def build(self, directory: Path) -> None:
        """Compile a generated project."""
        logger.info("compiling %s", directory)
        command = ["make", f"-j{processor_count()}", f"CXX={os.environ.get('CXX', compiler())}"]
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
        if done.returncode or not (directory / "main").exists():
            raise BackendError(
                f"compiling the C++ project failed (exit status {done.returncode}); the compiler "
                f"said:\n{(done.stderr or done.stdout)[-2000:]}"
            )
        for path in directory.rglob("*.o"):
            path.unlink()


def compiler() -> str:
    """Return the C++ compiler that make will call."""
    return os.environ.get("CXX", "g++" if shutil.which("g++") else "c++").split()[0]


def compiler_version() -> str:
    """Return the first line of the compiler's version, "" where there is none."""
    return (tool_output(compiler(), "--version") or "").partition("\n")[0]


@cache
def _machine() -> str:
    """Return what -march=native depends on."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() + platform.machine()
    return next((line for line in lines if line.startswith("flags")), platform.machine())
