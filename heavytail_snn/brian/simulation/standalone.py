"""Standalone backend: one program for each generated source, kept in the cache folder.

A run writes its numbers to a folder of its own and starts the program there, so that any number of
processes may share it.  The C++ and CUDA backends are its two forms.
"""

import os
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, ClassVar

from brian2 import Network, prefs

from heavytail_snn.brian.cache import cache_directory
from heavytail_snn.brian.device import active_device
from heavytail_snn.brian.programs import BINARY, is_whole, keep, one_builder
from heavytail_snn.brian.scratch import scratch
from heavytail_snn.brian.simulation.network import progress_bar
from heavytail_snn.brian.simulation.project import (
    fingerprint,
    generate,
    generate_for_all_sizes,
    reader,
    run_environment,
    write_run,
)
from heavytail_snn.brian.simulation.run import Reader, Run
from heavytail_snn.core.errors import BackendError

_programs: dict[tuple[object, ...], Path] = {}


class Standalone(ABC):
    """A backend that generates, builds and starts programs."""

    name: ClassVar[str]
    device: ClassVar[str]
    """Brian2's name of the device."""
    seeding: ClassVar[str]
    """C++ statements that seed the device's generators from ``heavytail_seed``."""
    free_sizes: ClassVar[bool] = False
    """Whether one program serves all numbers of neurons and synapses."""

    @abstractmethod
    def check_tools(self) -> None:
        """Raise BackendError, with a remedy, where something that builds is missing."""

    @abstractmethod
    def check_machine(self) -> None:
        """Raise BackendError where programs could be built, but not run."""

    @abstractmethod
    def settings(self, run: Run) -> AbstractContextManager[None]:
        """Set Brian2's preferences while the source is generated."""

    def problems(self, network: Network) -> list[str]:
        """Return what the device would silently get wrong in a network, with remedies."""
        return []

    @abstractmethod
    def tools(self) -> tuple[str, ...]:
        """Return what a program depends on beside its source: versions, processor."""

    @abstractmethod
    def build(self, directory: Path) -> None:
        """Compile a generated project."""

    def complains(self, line: str) -> bool:
        """Return whether a line that the program printed is an error."""
        return True

    def generate(self, run: Run, directory: Path) -> None:
        """Write the source of a run's network; needs no tools that build."""
        directory.mkdir(parents=True, exist_ok=True)
        with self.settings(run), active_device(self.device, directory=str(directory)) as device:
            generate(run, device, directory, self.seeding, self.problems)

    def program(self, run: Run) -> Path:
        """Return the folder of the compiled program of a run, from the cache or freshly built."""
        self.check_machine()
        place: tuple[Any, ...] = (self.name, cache_directory(), prefs.as_file)
        keys = [(*place, *run.structure(sizes=sizes)) for sizes in (False, True)]
        for key in keys:
            known = _programs.get(key)
            if known is not None and is_whole(known):
                return known
        self.check_tools()
        with scratch("build-") as directory:
            source = directory / "project"
            free = self.free_sizes and generate_for_all_sizes(self.generate, run, source)
            if not free:
                self.generate(run, source)
            name = f"{run.model.structure()[0]}-{fingerprint(source, *self.tools())}"
            final = cache_directory() / self.name / name
            if not is_whole(final):
                with one_builder(final):
                    if not is_whole(final):
                        self.build(source)
                        keep(source, final)
        _programs[keys[0] if free else keys[1]] = final
        return final

    @contextmanager
    def execute(self, program: Path, run: Run) -> Iterator[Reader]:
        """Start the program in a folder of its own, and yield the reader of its results."""
        with scratch("run-") as directory:
            arguments = write_run(run, program, directory)
            self._start(run, [str(program / BINARY), *arguments], directory)
            yield reader(program, directory, run)

    def _start(self, run: Run, command: list[str], directory: Path) -> None:
        """Run the program in `directory`, passing on its progress; raise if it complains."""
        said = []
        with (
            progress_bar(run) as report,
            subprocess.Popen(
                command,
                cwd=directory,
                env={**os.environ, **run_environment(run)},
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
                    said.append(line)
        if process.returncode or any(self.complains(line) for line in said):
            raise BackendError(
                f"the compiled program stopped with exit status {process.returncode} and said: "
                f"{''.join(said)[-2000:] or 'nothing'}"
            )


def processor_count() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def tool_output(*command: str) -> str | None:
    """Return the output of a command line tool, or None where it is missing or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
