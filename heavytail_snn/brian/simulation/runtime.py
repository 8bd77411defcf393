"""Backends: one `Run` (model, drawn values, seeds) goes in, one Recording comes out.

All backends build the same Brian2 network from the same drawn arrays; they differ in who executes
it.  After each run every neuron must have been finite in every step, and all steps done.
"""

import logging
import subprocess
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import brian2
import numpy as np
from brian2 import Clock, Network, SpikeMonitor, StateMonitor, prefs, second
from brian2.core.variables import ArrayVariable
from brian2.devices.device import RuntimeDevice, get_device, reset_device, set_device
from tqdm import tqdm

from heavytail_snn.brian.connect import Connectivity
from heavytail_snn.brian.model import NetworkModel, Values
from heavytail_snn.core.errors import BackendError, ConvergenceError, check_choice
from heavytail_snn.recording.recording import Recording, Trace

if TYPE_CHECKING:
    from brian2 import BrianObject

logger = logging.getLogger(__name__)

BACKENDS = ("runtime", "numpy", "cython", "cpp", "cuda")
_LARGEST_COUNT = 2**31 - 1


@dataclass(frozen=True, eq=False, kw_only=True)
class Run:
    """One simulation with everything drawn: what a backend executes.

    Parameters
    ----------
    model : NetworkModel
    connectivity : Connectivity
    values : dict
        Numbers in SI units by "object.variable"; see `NetworkModel.values`.
    n_steps : int
    dt : float
        Step in seconds.
    noise_seed : int
        Seed of the random numbers drawn during the run.
    record : tuple of str
        Variables to record beside the spikes.
    record_every : int
        Steps between two samples of the traces.
    seed : object
        What the arrays were drawn from, for the record.
    progress : bool
    """

    model: NetworkModel
    connectivity: Connectivity
    values: Values
    n_steps: int
    dt: float
    noise_seed: int
    record: tuple[str, ...] = ()
    record_every: int = 1
    seed: Any = None
    progress: bool = False

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.n_steps * self.dt

    def structure(self) -> tuple[Any, ...]:
        """Return what decides the generated program; all else may change without a rebuild."""
        sizes: tuple[Any, ...] = (self.model.size, self.connectivity.n_synapses)
        if self.connectivity.n_synapses == 1:  # Brian2 writes a single index into the code
            sizes += (int(self.connectivity.sources[0]), int(self.connectivity.targets[0]))
        return (*self.model.structure(), *sizes, self.dt, self.record, self.record_every)


def execute(run: Run, backend: str) -> Recording:
    """Execute a run on a backend: "runtime" (cython, else numpy), "numpy", "cython", "cpp", "cuda".

    Raises
    ------
    ParameterError
        If there is no such backend.
    BackendError
        If a tool is missing, a build fails or a program stops.
    ConvergenceError
        If a state became non-finite or the run stopped early.
    """
    check_choice("backend", backend, BACKENDS)
    check_sizes(run)
    logger.info("%s: %d steps on backend %s", type(run.model).__name__, run.n_steps, backend)
    with warnings.catch_warnings():
        # what Brian2 still has to change in its own code is no concern of the user
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"brian2\.")
        if backend == "cpp":
            from heavytail_snn.brian.simulation.cpp import run_cpp

            return run_cpp(run)
        if backend == "cuda":
            from heavytail_snn.brian.simulation.cuda import run_cuda

            return run_cuda(run)
        return run_runtime(run, runtime_target() if backend == "runtime" else backend)


def check_sizes(run: Run) -> None:
    """Raise where a count exceeds the 32-bit limits of the generated code."""
    samples = run.n_steps // run.record_every * run.model.size * bool(run.record)
    counts = {
        "number of synapses": run.connectivity.n_synapses,
        "number of steps": run.n_steps,
        "recorded samples (neurons x steps)": samples,
    }
    for name, count in counts.items():
        if count > _LARGEST_COUNT:
            raise BackendError(
                f"the {name} must stay below 2^31, got {count:.4g}; "
                "use a shorter run, a larger record_dt or a smaller network"
            )


def brian_network(run: Run) -> Network:
    """Return the Brian2 network of a run on the active device, without its values.

    Objects: neurons, synapses, spikes (SpikeMonitor), traces (StateMonitor, where asked for).
    """
    clock = _clock(run.dt)
    neurons, synapses = run.model.brian_objects(clock)
    synapses.connect(i=run.connectivity.sources, j=run.connectivity.targets)
    largest = float(np.finfo(prefs.core.default_float_dtype).max) / 10  # False for inf and nan
    neurons.run_regularly(
        f"finite_steps += int(abs({run.model.watched}) < {largest!r} and "
        "finite_steps == t_in_timesteps)",
        when="end",
        clock=clock,
        name="neurons_watch",
    )
    objects: list[BrianObject] = [neurons, synapses, SpikeMonitor(neurons, name="spikes")]
    if run.record:
        sampling = Clock(dt=run.record_every * run.dt * second, name="samples")
        names = list(run.record)
        traces = StateMonitor(neurons, names, record=True, clock=sampling, name="traces")
        objects.append(traces)
    return Network(*objects, name="network")


def _clock(dt: float) -> Clock:
    device = get_device()
    if isinstance(device, RuntimeDevice):
        return Clock(dt=dt * second, name="steps")  # the default clock is the user's
    device.defaultclock.dt = dt * second  # Brian2CUDA's delay code knows this one only
    return device.defaultclock


def recording_of(run: Run, read: Callable[[str], np.ndarray], backend: str) -> Recording:
    """Return the Recording of an executed run, after checking that it went well.

    Parameters
    ----------
    run : Run
    read : callable
        Maps "object.variable" to its final array.
    backend : str
    """
    _check_finite(run, read)
    # the generated codes compute times with different roundings: return to the grid
    steps = np.rint(read("spikes.t") / run.dt)
    ids = read("spikes.i")
    order = np.lexsort((ids, steps))
    traces = {}
    for name in run.record:
        values = read(f"traces.{name}").reshape(-1, run.model.size)
        unit = run.model.variables[name]
        traces[name] = Trace(values, dt=run.record_every * run.dt, t_start=0.0, unit=unit)
    attrs = {"backend": backend, "brian2": brian2.__version__}
    return Recording(
        steps[order] * run.dt, ids[order], run.model.size, 0.0, run.duration, traces, attrs
    )


def _check_finite(run: Run, read: Callable[[str], np.ndarray]) -> None:
    finite = read("neurons.finite_steps")
    neuron = int(np.argmin(finite))
    if finite[neuron] == run.n_steps:
        return
    when = finite[neuron] * run.dt
    bad = [name for name in run.model.variables if not np.isfinite(read(f"neurons.{name}")).all()]
    if not bad and finite.max() == finite.min() > 0:
        raise ConvergenceError(
            f"the run stopped at t = {when:.6g} s of {run.duration:.6g} s; was it interrupted?"
        )
    raise ConvergenceError(
        f"the state became non-finite: {', '.join(bad) or run.model.watched} of neuron {neuron} "
        f"first at t = {when:.6g} s of {run.duration:.6g} s; use a smaller dt, smaller weights or "
        "a lighter tail"
    )


def run_runtime(run: Run, target: str) -> Recording:
    """Execute in this process, with the code generation target "cython" or "numpy"."""
    with active_device("runtime") as device, _target(target), _global_random_state(device):
        network = brian_network(run)
        arrays = {
            f"{variable.owner.name}.{variable.name}": variable
            for item in network.sorted_objects
            for variable in getattr(item, "variables", {}).values()
            if isinstance(variable, ArrayVariable)
        }
        for key, value in run.values.items():
            arrays[key].set_value(value)
        brian2.seed(run.noise_seed)
        with progress_bar(run) as report:
            network.run(
                run.duration * second,
                report=lambda elapsed, done, start, duration: report(done),
                report_period=0.5 * second,
                namespace={},
            )
        return recording_of(run, lambda key: np.asarray(arrays[key].get_value()), target)


@cache
def runtime_target() -> str:
    """Return "cython" where Cython and a C++ compiler work, else "numpy"."""
    from brian2.codegen.runtime.cython_rt import CythonCodeObject

    return "cython" if CythonCodeObject.is_available() else "numpy"


@contextmanager
def progress_bar(run: Run) -> Iterator[Callable[[float], None]]:
    """Yield a function that takes the completed fraction and shows it, if the run asks for it."""
    label = type(run.model).__name__
    with tqdm(total=100, desc=label, unit="%", disable=not run.progress, leave=False) as bar:

        def report(completed: float) -> None:
            bar.update(max(0, round(100 * completed) - bar.n))

        yield report


@contextmanager
def active_device(name: str, **options: Any) -> Iterator[Any]:
    """Make a Brian2 device active and return to the previous one.

    Raises
    ------
    BackendError
        If the caller's own script is using a standalone device.
    """
    if not isinstance(get_device(), RuntimeDevice):
        raise BackendError(
            "simulate() cannot run inside a script that has called set_device(...) for a standalone"
            " device; call set_device('runtime') first, or choose the backend in simulate()"
        )
    if name == "runtime":
        yield get_device()
        return
    set_device(name, build_on_run=False, **options)
    try:
        yield get_device()
    finally:
        get_device().reinit()
        reset_device()


@contextmanager
def preferences(**settings: Any) -> Iterator[None]:
    """Set Brian2 preferences (dots written as double underscores) and restore them."""
    names = {name: name.replace("__", ".") for name in settings}
    before = {name: prefs[path] for name, path in names.items()}
    try:
        for name, path in names.items():
            prefs[path] = settings[name]
        yield
    finally:
        for name, path in names.items():
            prefs[path] = before[name]


def _target(target: str) -> Any:
    return preferences(codegen__target=target)


@contextmanager
def _global_random_state(device: RuntimeDevice) -> Iterator[None]:
    """Give numpy's global generator, which Brian2 draws from, back as it was."""
    state = np.random.get_state()  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002
        device.rand_buffer_index[:] = 0
        device.randn_buffer_index[:] = 0


def tool_output(*command: str) -> str | None:
    """Return the output of a command line tool, or None where it is missing or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
