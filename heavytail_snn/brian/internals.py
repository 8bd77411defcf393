"""The only file that uses names which Brian2 does not document: one function for each need.

Tried with the versions in `TRIED`, on the numpy, Cython and C++ targets; another version gets one
warning when this file is first used.  What Brian2 changes underneath is mended here, and nowhere
else.
"""

import contextlib
import functools
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import brian2
import numpy as np
from brian2 import Network, NeuronGroup, Synapses
from brian2.codegen.cpp_prefs import get_compiler_and_args
from brian2.core.functions import DEFAULT_FUNCTIONS, Function
from brian2.core.namespace import get_local_namespace
from brian2.core.variables import ArrayVariable
from brian2.devices.device import RuntimeDevice, get_device, runtime_device
from brian2.groups import neurongroup
from brian2.groups.group import CodeRunner
from brian2.input.poissoninput import PoissonInput
from brian2.monitors.spikemonitor import EventMonitor
from brian2.parsing.expressions import is_boolean_expression
from brian2.synapses import synapses as synapses_module

from heavytail_snn.recording.monitor_times import note_start, note_stop

TRIED = ("2.10.1", "2.11.0")


def warn_if_untried(version: str) -> None:
    """Warn, naming the versions that were tried, if `version` of Brian2 is not among them."""
    if version not in TRIED:
        warnings.warn(
            f"heavytail_snn was tried with Brian2 {' and '.join(TRIED)}, and this is {version}: "
            "compare one run with a version that was tried, and report what differs",
            UserWarning,
            stacklevel=2,
        )


warn_if_untried(brian2.__version__)


# ---------------------------------------------------------------- functions in strings


def add_string_function(name: str, function: Function) -> None:
    """Make a function known in all Brian2 strings; a name that is known keeps its function."""
    DEFAULT_FUNCTIONS.setdefault(name, function)


def default_function(name: str) -> Function:
    """Return one of Brian2's own functions, such as "rand"."""
    return DEFAULT_FUNCTIONS[name]


def timed_array_steps(table: Any, dt: float) -> tuple[float, int]:
    """Return the fine step in which a TimedArray counts time, and how many one of its steps has.

    For a group of step `dt`; the row that holds is ``round(t / fine) // number``.
    """
    step = float(table.dt)
    upsampling = max(int(2 ** np.ceil(np.log2(8 / dt * step))), 1)
    return step / upsampling, upsampling


def plain_function(function: Function) -> Any:
    """Return the Python function behind a user function, without its check of units."""
    inner = function.pyfunc
    return getattr(inner, "_orig_func", inner)


# ---------------------------------------------------------------- what a monitor has seen


def note_when_monitors_watch() -> None:
    """Let spike and event monitors note the start and the end of each run that they are part of.

    Brian2 does not keep it, and a monitor that joins after a warm-up would count the warm-up as
    silence.  An inactive monitor sees nothing.  What the methods did before they still do.
    """
    if getattr(EventMonitor.before_run, "notes_for", "") == __package__:
        return
    before, after = EventMonitor.before_run, EventMonitor.after_run

    @functools.wraps(before)
    def before_run(self: EventMonitor, run_namespace: Mapping[str, Any]) -> None:
        before(self, run_namespace)
        if self.active:
            note_start(self, float(self.clock.variables["t"].get_value().item()))

    @functools.wraps(after)
    def after_run(self: EventMonitor) -> None:
        after(self)
        now = float(self.clock.variables["t"].get_value().item())
        if not isinstance(get_device(), RuntimeDevice):  # the program has not run yet
            now = float(self.clock._i_end * self.clock.dt_)
        if self.active:
            note_stop(self, now)

    before_run.notes_for = __package__  # type: ignore[attr-defined]
    EventMonitor.before_run, EventMonitor.after_run = before_run, after_run


# ---------------------------------------------------------------- objects and their parts


def abstract_code(item: Any, namespace: Mapping[str, Any]) -> str:
    """Return the statements that an object runs, made up to date as before a run."""
    if hasattr(item, "update_abstract_code"):
        item.update_abstract_code(run_namespace=namespace)
    code = item.abstract_code
    if not isinstance(code, str):
        raise TypeError(f"{item.name} has no statements of its own")
    return code


def pathways(synapses: Synapses) -> tuple[Any, ...]:
    """Return the pathways of synapses, such as ``pre`` and ``post``, in their order."""
    return tuple(synapses._pathways)


def delay_variable(pathway: Any) -> ArrayVariable:
    """Return the variable with the delays of a pathway.

    Brian2 2.10 calls it ``delay``; 2.11 calls it ``_pre_delay`` and refers to it as ``delay``.
    """
    return pathway._delays


def delays(pathway: Any) -> np.ndarray:
    """Return the delays of a pathway in seconds: one, or one for each synapse."""
    return np.asarray(delay_variable(pathway).get_value(), dtype=float)


def refractory(group: NeuronGroup) -> Any:
    """Return what was given as ``refractory=``: False, a quantity or a string."""
    return group._refractory


def add_counter(group: NeuronGroup, name: str) -> None:
    """Give each neuron of a group an integer variable that its equations do not declare."""
    group.variables.add_array(name, size=len(group), dtype=np.int32)


def is_condition(expression: str, group: NeuronGroup) -> bool:
    """Return whether an expression of a group is true or false rather than a number."""
    return is_boolean_expression(expression, group.variables)


def is_code_runner(item: Any) -> bool:
    """Return whether an object runs code of the user's (``run_regularly``)."""
    return type(item) is CodeRunner


def resolve(group: Any, names: Iterable[str], namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Return what names in a string of `group` stand for, with `namespace` for external ones."""
    return group.resolve_all(list(names), namespace, user_identifiers=())


def caller_namespace(level: int) -> dict[str, Any]:
    """Return the variables of a calling function, as ``run`` collects them.

    Parameters
    ----------
    level : int
        0 for the function that calls this one, 1 for its caller, and so on.
    """
    return get_local_namespace(level=level + 1)


_KINDS: dict[type, str] = {
    neurongroup.StateUpdater: "update",
    synapses_module.StateUpdater: "update",
    neurongroup.SubexpressionUpdater: "map",
    CodeRunner: "map",
    PoissonInput: "map",
    synapses_module.SummedVariableUpdater: "sum",
    neurongroup.Thresholder: "threshold",
    neurongroup.Resetter: "reset",
    synapses_module.SynapticPathway: "pathway",
}


def event_driven_code(pathway: Any) -> str:
    """Return the statements that bring event-driven variables to the present, without the user's.

    The pathway's statements are up to date: `abstract_code` was called.
    """
    if pathway.synapses.event_driven is None:
        return ""
    end = f"{pathway.code}\nlastupdate = t\n"
    code = str(pathway.abstract_code)
    if not code.endswith(end):
        raise TypeError(f"{pathway.name} has statements in another order than known")
    return code.removesuffix(end) + "\nlastupdate = t\n"


def kind_of(item: Any) -> str | None:
    """Return what an object of a network does: one of the kinds of `_KINDS`, or None."""
    return _KINDS.get(type(item))


def marks_time(thresholder: Any) -> bool:
    """Return whether a threshold writes ``lastspike`` and ``not_refractory``."""
    return thresholder.event == "spike" and thresholder.group._refractory is not False


def pathway_neurons(pathway: Any) -> np.ndarray:
    """Return for each synapse the neuron whose events a pathway follows, counted in its group."""
    name = "_synaptic_pre" if pathway.prepost == "pre" else "_synaptic_post"
    return np.asarray(pathway.synapses.variables[name].get_value(), dtype=np.int64)


def base(group: Any) -> Any:
    """Return the group itself, or the one that a subgroup or a view is part of."""
    while hasattr(group, "source") and not isinstance(group, Synapses):
        group = group.source
    return group


# ---------------------------------------------------------------- arrays by name


def array_variables(variables: Iterable[Any], synapses: Iterable[Synapses]) -> dict[str, Any]:
    """Return variables by "object.variable"; the delay of ``on_pre`` is "synapses.delay"."""
    found = {
        f"{variable.owner.name}.{variable.name}": variable
        for variable in variables
        if isinstance(variable, ArrayVariable) and hasattr(variable.owner, "name")
    }
    for item in synapses:
        for pathway in pathways(item):
            if pathway.objname == "pre":
                found[f"{item.name}.delay"] = delay_variable(pathway)
    return found


def network_arrays(network: Network) -> dict[str, Any]:
    """Return the array variables of a network by "object.variable"."""
    variables = [
        variable
        for item in network.sorted_objects
        for variable in getattr(item, "variables", {}).values()
    ]
    return array_variables(variables, _synapses_of(network))


def standalone_arrays(device: Any, network: Network) -> dict[str, Any]:
    """Return the array variables of a standalone device by "object.variable"."""
    return array_variables(device.arrays, _synapses_of(network))


def _synapses_of(network: Network) -> list[Synapses]:
    return [item for item in network.sorted_objects if isinstance(item, Synapses)]


# ---------------------------------------------------------------- standalone projects


def result_file(device: Any, variable: Any) -> str:
    """Return the name of the file in which a standalone program leaves a variable."""
    return device.get_array_filename(variable)


def connection_files(synapses: str) -> dict[str, str]:
    """Return the names of the files from which a program reads sources and targets."""
    root = f"_static_array__array_{synapses}"
    return {"sources": f"{root}_sources", "targets": f"{root}_targets"}


def argument_name(variable: Any) -> str:
    """Return how the command line of a standalone program calls a variable."""
    return f"{variable.owner.name}.{variable.name}"


def replace_run_duration(device: Any, expression: str) -> int:
    """Put a C++ expression for the duration into each call of ``network.run``; return how many."""
    replaced = 0
    for task, arguments in device.main_queue:
        if task != "run_network":
            continue
        lines = arguments[1]
        for number, line in enumerate(lines):
            if line.startswith("network.run("):
                rest = line.split(",", 1)[1]
                lines[number] = f"network.run({expression},{rest}"
                replaced += 1
    return replaced


def build_unless_run(device: Any) -> None:
    """Build and run a standalone project that was only written; do nothing on other devices."""
    if hasattr(device, "has_been_run") and not device.has_been_run:
        device.build(**{**device.build_options, "run": True})


def compile_flags() -> list[str]:
    """Return the flags with which Brian2 compiles C++ here."""
    return list(get_compiler_and_args()[1])


# ---------------------------------------------------------------- the runtime device


def cython_works() -> bool:
    """Return whether Cython and a C++ compiler work together here."""
    from brian2.codegen.runtime.cython_rt import CythonCodeObject

    return bool(CythonCodeObject.is_available())


def discard_random_buffers(device: Any) -> None:
    """Let the runtime device draw anew, instead of using up numbers it has in store."""
    device.rand_buffer_index[:] = 0
    device.randn_buffer_index[:] = 0


# ---------------------------------------------------------------- networks


@contextlib.contextmanager
def extensible(network: Network | None, level: int) -> Iterator[Network]:
    """Yield a network to which objects may be added, in place of None or the magic one.

    None stands for the objects that ``run`` would use in a calling function.  The copy has the
    clock of Brian2's magic network, to which the objects belong again afterwards.
    """
    if network is not None and network is not brian2.magic_network:
        yield network
        return
    objects = brian2.collect(level=level + 2) if network is None else set(network.objects)
    everything = _with_parts(objects)
    owners = [item._network for item in everything]
    for item in everything:
        item._network = None
    try:
        copy = Network(*objects)
        copy.t_ = float(brian2.magic_network.t_)
        yield copy
    finally:
        for item, owner in zip(everything, owners, strict=True):
            item._network = owner


def _with_parts(objects: Iterable[Any]) -> list[Any]:
    found = []
    for item in objects:
        found += [item, *_with_parts(item.contained_objects)]
    return found


@contextlib.contextmanager
def kept(network: Network) -> Iterator[None]:
    """Restore a network afterwards to the state in which it is, where the device can."""
    if get_device() is not runtime_device:
        yield
        return
    name = "heavytail_snn: before the spectrum"
    network.store(name)
    try:
        yield
    finally:
        network.restore(name)
