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
from heavytail_snn.brian.programs import BINARY
from heavytail_snn.brian.simulation.run import Run
from heavytail_snn.brian.simulation.standalone import Standalone, processor_count, tool_output
from heavytail_snn.core.errors import BackendError

logger = logging.getLogger(__name__)

_CPUINFO = Path("/proc/cpuinfo")
# of x86, of ARM (whose parts with equal features may differ in what they run best), of others
_FEATURES = ("flags", "Features", "CPU implementer", "CPU part", "isa", "cpu")
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
        return (compiler_version(), processor())

    def build(self, directory: Path) -> None:
        """Compile a generated project."""
        logger.info("compiling %s", directory)
        command = ["make", f"-j{processor_count()}", f"CXX={os.environ.get('CXX', compiler())}"]
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
        if done.returncode or not (directory / BINARY).exists():
            raise BackendError(
                f"compiling the C++ project failed (exit status {done.returncode}); the compiler "
                f"said:\n{(done.stderr or done.stdout)[-2000:]}"
            )
        for path in directory.rglob("*.o"):
            path.unlink()


def compiler() -> str:
    """Return the program that make will call to compile: a compiler, or a wrapper of one."""
    return _compiler_words()[0]


def _compiler_words() -> list[str]:
    """Return the command, such as ``ccache clang++``: a wrapper says what it wraps."""
    return os.environ.get("CXX", "").split() or ["g++" if shutil.which("g++") else "c++"]


def compiler_version() -> str:
    """Return the first line of the compiler's version, "" where there is none."""
    return (tool_output(*_compiler_words(), "--version") or "").partition("\n")[0]


@cache
def processor() -> str:
    """Return what -march=native depends on: the features of the processor, or its name."""
    try:
        lines = _CPUINFO.read_text().splitlines()
    except OSError:  # macOS names the processor, whose features follow from it
        name = tool_output("sysctl", "-n", "machdep.cpu.brand_string")
        return " ".join((platform.machine(), (name or platform.processor()).strip()))
    fields = (line.partition(":") for line in lines)
    known = {name.strip(): value.strip() for name, _, value in fields if value}
    features = [known[name] for name in _FEATURES if name in known]
    return " ".join((platform.machine(), *features))
