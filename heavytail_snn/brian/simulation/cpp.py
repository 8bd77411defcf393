"""C++ standalone backend: one compile per generated source, kept in the cache folder.

A run writes its numbers to a folder of its own and starts the compiled program there, so that any
number of processes may share one program.
"""

import logging
import os
import platform
import shutil
import subprocess
from functools import cache
from pathlib import Path

from brian2 import prefs
from brian2.codegen.cpp_prefs import get_compiler_and_args

from heavytail_snn.brian.simulation.runtime import (
    Run,
    active_device,
    preferences,
    progress_bar,
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

_SEEDING = """
for (size_t k = 0; k < _random_generators.size(); k++)
    _random_generators[k].seed(heavytail_seed + k);
"""
# -ffast-math gains nothing measurable here and would void the check for finite states
_DROPPED_FLAGS = ("-ffast-math", "-fno-finite-math-only")

_programs: dict[tuple[object, ...], Path] = {}


def run_cpp(run: Run) -> Recording:
    """Execute a run as a compiled C++ program, building it only where no equal one exists."""
    project = program(run)
    with scratch("run-") as directory:
        arguments = write_run(run, project, directory)
        _start(run, [str(project / "main"), *arguments], directory)
        return recording_of(run, reader(project, directory), "cpp")


def program(run: Run) -> Path:
    """Return the folder of the compiled program of a run, from the cache or freshly built."""
    key = (cache_directory(), prefs.as_file, *run.structure())
    known = _programs.get(key)
    if known is not None and (known / "main").exists():
        return known
    check_compiler()
    with scratch("build-") as directory:
        source = directory / "project"
        flags = [flag for flag in get_compiler_and_args()[1] if flag not in _DROPPED_FLAGS]
        with (
            active_device("cpp_standalone", directory=str(source)) as device,
            preferences(codegen__cpp__extra_compile_args=flags),
        ):
            generate(run, device, source, _SEEDING)
        name = f"{run.model.structure()[0]}-{fingerprint(source, compiler_version(), _machine())}"
        final = cache_directory() / "cpp" / name
        if not (final / "main").exists():
            _build(source)
            keep(source, final)
    _programs[key] = final
    return final


def check_compiler() -> None:
    """Raise BackendError where `make` or a C++ compiler is missing."""
    for tool, remedy in (("make", "make"), (compiler(), "a C++ compiler, such as g++")):
        if shutil.which(tool) is None:
            raise BackendError(
                f"backend 'cpp' needs {tool!r}, which is not on the PATH; install {remedy}, "
                "or use backend='runtime'"
            )


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


def _build(directory: Path) -> None:
    jobs = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    logger.info("compiling %s", directory)
    command = ["make", f"-j{jobs}", f"CXX={os.environ.get('CXX', compiler())}"]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode or not (directory / "main").exists():
        raise BackendError(
            f"compiling the C++ project failed (exit status {done.returncode}); the compiler said:"
            f"\n{(done.stderr or done.stdout)[-2000:]}"
        )
    for path in directory.rglob("*.o"):
        path.unlink()


def _start(run: Run, command: list[str], directory: Path) -> None:
    """Run the program in `directory`, passing on its progress; raise if it complains."""
    environment = {**os.environ, **run_environment(run)}
    complaints = []
    with (
        progress_bar(run) as report,
        subprocess.Popen(
            command,
            cwd=directory,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("progress "):
                report(float(line.split()[1]))
            else:
                complaints.append(line)
    if process.returncode or complaints:
        raise BackendError(
            f"the compiled program stopped with exit status {process.returncode} and said: "
            f"{''.join(complaints)[-2000:] or 'nothing'}"
        )
