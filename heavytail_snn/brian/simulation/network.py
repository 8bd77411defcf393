"""The Brian2 network of a run, and the Recording that its final arrays become.

All backends build the same network from the same drawn arrays.  After each run every neuron must
have been finite in every step, and all steps done.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import brian2
import numpy as np
from brian2 import (
    Clock,
    Network,
    NeuronGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    get_unit,
    prefs,
    second,
)
from brian2.devices.device import get_device
from tqdm import tqdm

from heavytail_snn.brian.device import global_random_state, on_runtime_device
from heavytail_snn.brian.internals import add_counter, is_condition, network_arrays
from heavytail_snn.brian.model import STEPS, NetworkModel
from heavytail_snn.brian.simulation.run import Reader, Run
from heavytail_snn.core.errors import ConvergenceError, ParameterError
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
    _check_objects(run.model, neurons, synapses)
    _watch(run.model, neurons, clock)
    run.connectivity.connect(synapses)
    objects: list[BrianObject] = [neurons, synapses, SpikeMonitor(neurons, name="spikes")]
    if run.record:
        sampling = Clock(dt=run.record_every * run.dt * second, name="samples")
        names = list(run.record)
        traces = StateMonitor(neurons, names, record=True, clock=sampling, name="traces")
        objects.append(traces)
    return Network(*objects, name="network")


def _check_objects(model: NetworkModel, neurons: NeuronGroup, synapses: Synapses) -> None:
    for item, kind, name in ((neurons, NeuronGroup, "neurons"), (synapses, Synapses, "synapses")):
        if not isinstance(item, kind) or item.name != name:
            raise ParameterError(
                "brian_objects",
                getattr(item, "name", item),
                f"of {type(model).__name__} must return a NeuronGroup named 'neurons' and Synapses "
                "named 'synapses'",
                f"write {kind.__name__}(..., name={name!r})",
            )
    if STEPS in neurons.variables:
        raise ParameterError(
            "equations", STEPS, f"of {type(model).__name__} must not declare {STEPS}",
            "remove it: the library counts the steps itself",
        )  # fmt: skip


def _watch(model: NetworkModel, neurons: NeuronGroup, clock: Clock) -> None:
    """Count the steps in which each neuron, and all steps before, were finite."""
    largest = float(np.finfo(prefs.core.default_float_dtype).max) / 10  # False for inf and nan
    add_counter(neurons, STEPS)
    bounds = [f"abs({quantity}) < {largest!r}" for quantity in _watched(model, neurons)]
    neurons.run_regularly(
        f"{STEPS} += int({' and '.join([*bounds, f'{STEPS} == t_in_timesteps'])})",
        when="end",
        clock=clock,
        name="neurons_watch",
    )


def _watched(model: NetworkModel, neurons: NeuronGroup) -> list[str]:
    """Return dimensionless expressions: that of the model, or each variable over its SI unit."""
    if model.watched is not None:
        if is_condition(model.watched, neurons):
            raise ParameterError(
                "watched", model.watched,
                f"of {type(model).__name__} must be a quantity that stays finite, not a condition",
                'write for example watched = "v/volt", or None to watch all variables',
            )  # fmt: skip
        return [model.watched]
    equations = neurons.equations
    units = {name: get_unit(equations[name].dim) for name in sorted(equations.diff_eq_names)}
    return [name if unit.is_dimensionless else f"{name}/({unit!r})" for name, unit in units.items()]


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
    finite = read(f"neurons.{STEPS}")
    neuron = int(np.argmin(finite))
    if finite[neuron] == run.n_steps:
        return
    when = finite[neuron] * run.dt
    bad = [name for name in run.model.variables if not np.isfinite(read(f"neurons.{name}")).all()]
    if not bad and finite.max() == finite.min() > 0:
        raise ConvergenceError(
            f"the run stopped at t = {when:.6g} s of {run.duration:.6g} s; was it interrupted?"
        )
    what = ", ".join(bad) or run.model.watched or "a state"
    raise ConvergenceError(
        f"the state became non-finite: {what} of neuron {neuron} "
        f"first at t = {when:.6g} s of {run.duration:.6g} s; use a smaller dt, smaller weights or "
        "a lighter tail"
    )
