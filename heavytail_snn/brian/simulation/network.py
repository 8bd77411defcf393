"""The Brian2 network of a run, and the Recording that its final arrays become.

All backends build the same network from the same drawn arrays.  After each run every neuron must
have been finite in every step, and all steps done.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import brian2
import numpy as np
from brian2 import Clock, Network, SpikeMonitor, StateMonitor, prefs, second
from brian2.devices.device import get_device
from tqdm import tqdm

from heavytail_snn.brian.device import global_random_state, on_runtime_device
from heavytail_snn.brian.internals import network_arrays
from heavytail_snn.brian.simulation.run import Reader, Run
from heavytail_snn.core.errors import ConvergenceError
from heavytail_snn.recording.recording import Recording
from heavytail_snn.recording.traces import Trace

if TYPE_CHECKING:
    from collections.abc import Callable

    from brian2 import BrianObject


def brian_network(run: Run) -> Network:
    """Return the Brian2 network of a run on the active device, without its values.

    Objects: neurons, synapses, spikes (SpikeMonitor), traces (StateMonitor, where asked for).
    """
    clock = _clock(run.dt)
    neurons, synapses = run.model.brian_objects(clock)
    largest = float(np.finfo(prefs.core.default_float_dtype).max) / 10  # False for inf and nan
    neurons.run_regularly(
        f"finite_steps += int(abs({run.model.watched}) < {largest!r} and "
        "finite_steps == t_in_timesteps)",
        when="end",
        clock=clock,
        name="neurons_watch",
    )
    run.connectivity.connect(synapses)
    objects: list[BrianObject] = [neurons, synapses, SpikeMonitor(neurons, name="spikes")]
    if run.record:
        sampling = Clock(dt=run.record_every * run.dt * second, name="samples")
        names = list(run.record)
        traces = StateMonitor(neurons, names, record=True, clock=sampling, name="traces")
        objects.append(traces)
    return Network(*objects, name="network")


def _clock(dt: float) -> Clock:
    if on_runtime_device():
        return Clock(dt=dt * second, name="steps")  # the default clock is the user's
    device = get_device()
    device.defaultclock.dt = dt * second  # Brian2CUDA's delay code knows this one only
    return device.defaultclock


@contextmanager
def network_in_process(run: Run, device: Any) -> Iterator[tuple[Network, Reader]]:
    """Yield the network of a run with its values and seed set, and the reader of its arrays.

    For the runtime device.  Numpy's global generator is given back afterwards.
    """
    with global_random_state(device):
        network = brian_network(run)
        arrays = network_arrays(network)
        for key, value in run.values.items():
            arrays[key].set_value(value)
        brian2.seed(run.noise_seed)
        yield network, lambda key: np.asarray(arrays[key].get_value())


@contextmanager
def progress_bar(run: Run) -> "Iterator[Callable[[float], None]]":
    """Yield a function that takes the completed fraction and shows it, if the run asks for it."""
    label = type(run.model).__name__
    with tqdm(total=100, desc=label, unit="%", disable=not run.progress, leave=False) as bar:

        def report(completed: float) -> None:
            bar.update(max(0, round(100 * completed) - bar.n))

        yield report


def recording_of(run: Run, read: Reader, backend: str) -> Recording:
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


def _check_finite(run: Run, read: Reader) -> None:
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
