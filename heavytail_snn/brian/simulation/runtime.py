"""Runtime backend: a run in this process, with generated Cython or with numpy."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from brian2 import second

from heavytail_snn.brian.device import active_device, preferences
from heavytail_snn.brian.internals import cython_works
from heavytail_snn.brian.simulation.network import network_in_process, progress_bar
from heavytail_snn.brian.simulation.run import Reader, Run


@dataclass(frozen=True)
class Runtime:
    """Executes in this process with a code generation target of Brian2: "cython" or "numpy"."""

    name: str

    def program(self, run: Run) -> None:
        """Prepare nothing: Brian2 generates code as it runs."""

    @contextmanager
    def execute(self, program: None, run: Run) -> Iterator[Reader]:
        """Run, and yield the reader of the final arrays."""
        with (
            active_device("runtime") as device,
            preferences(codegen__target=self.name),
            network_in_process(run, device) as (network, read),
        ):
            with progress_bar(run) as report:
                network.run(
                    run.duration * second,
                    report=lambda elapsed, done, start, duration: report(done),
                    report_period=0.5 * second,
                    namespace={},
                )
            yield read


@cache
def runtime_target() -> str:
    """Return "cython" where Cython and a C++ compiler work, else "numpy"."""
    return "cython" if cython_works() else "numpy"
