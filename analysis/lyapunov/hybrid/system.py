"""A Brian2 network as a list of operations in the order in which Brian2 runs them.

Nothing is taken for constant because it looks so: an array is constant if no object of the
network writes it, and an object is accepted only if all its statements are known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from brian2 import (
    EventMonitor,
    Network,
    NetworkOperation,
    NeuronGroup,
    PoissonGroup,
    PopulationRateMonitor,
    SpikeGeneratorGroup,
    StateMonitor,
    Subgroup,
    Synapses,
)
from brian2.equations.equations import DIFFERENTIAL_EQUATION

from heavytail_snn.analysis.lyapunov.hybrid.differentiate import Statements
from heavytail_snn.analysis.lyapunov.hybrid.scope import Arrays, Reader, Slot
from heavytail_snn.analysis.lyapunov.hybrid.values import TIME, Condition, Value
from heavytail_snn.analysis.lyapunov.tangent.refusals import UnreadableModelError
from heavytail_snn.brian import internals

UPDATE, MAP, SUM, THRESHOLD, PATHWAY, RESET = (
    "update",
    "map",
    "sum",
    "threshold",
    "pathway",
    "reset",
)
SWITCH = "switch"  # where the speeds of a group jump in its state; looked at after its update
CATCH_UP = "catch-up"  # event-driven variables to the present, whenever they are looked at
_WATCHERS = (EventMonitor, StateMonitor, PopulationRateMonitor)


@dataclass
class Block:
    """Statements with their derivatives, for one element.

    Parameters
    ----------
    lines : list of str
        Generated code.
    reads, others : list of Slot
        Perturbed and unperturbed entries that it reads.
    constants : list of float
    outputs : list of (Slot, Value)
    jumps : set of Slot
        Perturbed entries inside step functions.
    switched : set of Slot
        Those inside comparisons, whose places are known.
    values : list of Value
        Of a threshold: whether it holds, the gaps of its comparisons, whether each holds.
    """

    lines: list[str]
    reads: list[Slot]
    others: list[Slot]
    constants: list[float]
    outputs: list[tuple[Any, Value]]
    jumps: set[Slot] = field(default_factory=set)
    switched: set[Slot] = field(default_factory=set)
    values: list[Value] = field(default_factory=list)


@dataclass
class Operation:
    """One object of the network.

    Parameters
    ----------
    kind : str
    name : str
    group : Brian2 group
        Whose elements run the statements.
    code : str
    step : float
        Time step of its clock in s.
    block : Block
        Set by `differentiate_all`.
    item : Brian2 object
    condition : Condition, optional
        Of a threshold.
    source, event : str
        Of a threshold, a reset or a pathway: whose events.
    """

    kind: str
    name: str
    group: Any
    code: str
    step: float
    item: Any
    source: str = ""
    event: str = "spike"
    block: Block = field(default_factory=lambda: Block([], [], [], [], []))
    condition: Any = None
    mark: Any = None

    @property
    def writes(self) -> set[str]:
        """Names of the arrays that it writes."""
        return {slot.name for slot, _ in self.block.outputs} | {
            slot.name for slot, _ in (self.mark.outputs if self.mark else [])
        }


@dataclass
class System:
    """All operations of a network, and the motion between events.

    Parameters
    ----------
    operations : list of Operation
        In Brian2's order.
    groups : dict
        Name -> NeuronGroup or Synapses with variables.
    flows : dict
        Name of a group -> Block with the right-hand sides of its differential equations.
    arrays : Arrays
    active : set of str
        Arrays that are perturbed: the state.
    frozen : dict
        Name of an array -> why its values are recorded and taken as given.
    sources : dict
        Name -> group whose spikes are given (PoissonGroup, SpikeGeneratorGroup).
    watched : list
        Network operations, which must be shown to change nothing.
    start : float
        Time of the network in s.  A clock shows it only once the network runs.
    """

    operations: list[Operation]
    groups: dict[str, Any]
    arrays: Arrays
    namespace: Mapping[str, Any]
    sources: dict[str, Any]
    watched: list[Any]
    start: float = 0.0
    flows: dict[str, Block] = field(default_factory=dict)
    active: set[str] = field(default_factory=set)
    frozen: dict[str, str] = field(default_factory=dict)
    differential: set[str] = field(default_factory=set)
    event_driven: set[str] = field(default_factory=set)

    @property
    def step(self) -> float:
        """The smallest time step in s."""
        return min(op.step for op in self.operations)

    @cached_property
    def written(self) -> set[str]:
        """Names of all arrays that some operation writes."""
        return set().union(*(op.writes for op in self.operations))


def read_system(network: Network, namespace: Mapping[str, Any]) -> System:
    """Return the operations of a network, without derivatives yet.

    Raises
    ------
    UnreadableModelError
        For an object whose effect is not known.
    """
    operations, groups, sources, watched = [], {}, {}, []
    for item in network.sorted_objects:
        if not item.active or isinstance(item, (*_WATCHERS, Subgroup)):
            continue
        if isinstance(item, PoissonGroup | SpikeGeneratorGroup):
            sources[item.name] = item
        elif isinstance(item, NeuronGroup | Synapses):
            if type(item) not in (NeuronGroup, Synapses):
                raise _unknown(item)
            groups[item.name] = item
        elif isinstance(item, NetworkOperation):
            watched.append(item)
        else:
            operations += _operation(item, namespace)
    operations = [op for op in operations if op.source not in sources or op.kind == PATHWAY]
    operations += _catch_up(operations)
    return System(operations, groups, Arrays(), namespace, sources, watched, float(network.t))


def _operation(item: Any, namespace: Mapping[str, Any]) -> list[Operation]:
    kind = internals.kind_of(item)
    if kind is None:
        raise _unknown(item)
    try:
        code = internals.abstract_code(item, namespace)
    except TypeError as error:
        raise UnreadableModelError(
            item.name, "GSL integration", "must be a scheme that Brian2 writes out in statements",
            "set method='rk4'",
        ) from error  # fmt: skip
    if not code.strip() and kind != THRESHOLD:
        return []
    group = item.synapses if kind == PATHWAY else item.group
    source = ""
    if kind == PATHWAY:
        source = internals.base(item.source).name
    elif kind in (THRESHOLD, RESET):
        source = internals.base(group).name
    return [
        Operation(
            kind, item.name, group, code, float(item.clock.dt), item, source,
            getattr(item, "event", "spike"),
        )
    ]  # fmt: skip


def _catch_up(operations: list[Operation]) -> list[Operation]:
    """Return one operation for each group of synapses with event-driven variables."""
    found: dict[str, Operation] = {}
    for op in operations:
        code = internals.event_driven_code(op.item) if op.kind == PATHWAY else ""
        if code:
            name = f"{op.group.name}_{CATCH_UP}"
            found[name] = Operation(CATCH_UP, name, op.group, code, op.step, op.item)
    return list(found.values())


def _unknown(item: Any) -> UnreadableModelError:
    return UnreadableModelError(
        item.name, type(item).__name__, "must be an object whose statements are known: groups of "
        "neurons, synapses, their regular operations, PoissonInput, and sources of given spikes",
        "leave it out of the network, or use the neurons' equations in a NeuronGroup",
    )  # fmt: skip


# ---------------------------------------------------------------- derivatives


def find_equations(system: System) -> None:
    """Note which arrays have differential equations, and which of them move at events only."""
    for name, group in system.groups.items():
        for variable, equation in _differential(group):
            system.differential.add(f"{name}.{variable}")
            if isinstance(group, Synapses) and "event-driven" in equation.flags:
                system.event_driven.add(f"{name}.{variable}")


def _differential(group: Any) -> list[tuple[str, Any]]:
    found = list(group.equations.items())
    if isinstance(group, Synapses) and group.event_driven:
        found += list(group.event_driven.items())
    return [(n, e) for n, e in found if e.type == DIFFERENTIAL_EQUATION]


def written_names(system: System) -> set[str]:
    """Return the names of all arrays that some operation writes."""
    write_blocks(system)
    return set().union(*(op.writes for op in system.operations))


def float_names(system: System, names: set[str]) -> set[str]:
    """Return those of the arrays that hold real numbers of the model."""
    return {
        n
        for n in names
        if np.issubdtype(system.arrays.variables[n].dtype, np.floating)
        and not n.endswith(".lastupdate")
    }


def reader_of(system: System, group: Any, item: Any = None) -> Reader:
    """Return what looks up the names of a group."""
    extra = getattr(item, "variables", None) if internals.kind_of(item) == MAP else None
    return Reader(group, system.namespace, system.arrays, system.active.__contains__, extra)


def write_blocks(system: System) -> None:
    """Write every block of statements anew, for the present choice of what is active."""
    system.operations = [op for op in system.operations if op.kind != SWITCH]
    for op in system.operations:
        reader = reader_of(system, op.group, op.item)
        if op.kind == THRESHOLD:
            op.condition, op.block = _condition(reader, op.code)
            if internals.marks_time(op.item):
                op.mark = _statements(
                    reader_of(system, op.group), "lastspike = t\nnot_refractory = False"
                )
        elif op.kind == SUM:
            op.block = _sum(reader, op)
        else:
            guarded = op.kind in (UPDATE, PATHWAY, MAP)  # a reset writes always
            op.block = _statements(reader, op.code, guarded=guarded)
            if op.kind == CATCH_UP:  # it has no steps in which a switch could be seen
                op.block.jumps |= op.block.switched
    for name, group in system.groups.items():
        equations = _differential(group)
        if equations:
            system.flows[name] = _flow(reader_of(system, group), equations)
            system.operations += _switch(system, group, equations)


def _statements(reader: Reader, code: str, guarded: bool = False) -> Block:
    """Return the block of assignments; a test of refractoriness is no jump of the motion."""
    guard = reader.guard if guarded else (lambda key: None)
    statements = Statements(reader, reader.alias, guard)
    for line in code.strip().splitlines():
        before = set(statements.jumps)
        statements.run(line)
        if line.strip().startswith("not_refractory"):
            statements.jumps = before
    outputs = [(k, v) for k, v in statements.assigned.items() if isinstance(k, Slot)]
    return make_block(statements, reader, outputs)


def _sum(reader: Reader, op: Operation) -> Block:
    statements = Statements(reader, reader.alias)
    statements.run(op.code)
    target = reader.alias(op.item.target_varname)
    return make_block(statements, reader, [(target, statements.assigned["_synaptic_var"])])


def _flow(reader: Reader, equations: list[tuple[str, Any]]) -> Block:
    statements = Statements(reader, reader.alias)
    outputs = [(reader.alias(n), statements.expression(e.expr.code)) for n, e in equations]
    return make_block(statements, reader, outputs)


def _switch(system: System, group: Any, equations: list[tuple[str, Any]]) -> list[Operation]:
    """Return what tells which comparisons in the equations of a group hold, if there are any."""
    updates = [op for op in system.operations if op.kind == UPDATE and op.group.name == group.name]
    reader = reader_of(system, group)
    statements = Statements(reader, reader.alias)
    for _, equation in equations:
        statements.expression(equation.expr.code)
    atoms = statements.switch_atoms()
    if not atoms or not updates:
        return []
    condition = Condition(("and", tuple(range(len(atoms)))), atoms)
    code = ", ".join(dict.fromkeys(a.text for a in atoms))
    op = Operation(SWITCH, f"{group.name}_switch", group, code, updates[0].step, updates[0].item)
    op.condition, op.block = condition, _tested(condition, statements, reader)
    return [op]


def _condition(reader: Reader, code: str) -> tuple[Condition, Block]:
    statements = Statements(reader, reader.alias)
    condition = statements.comparisons(code.partition("=")[2])
    return condition, _tested(condition, statements, reader)


def _tested(condition: Condition, statements: Statements, reader: Reader) -> Block:
    """Return the block of a condition: whether it holds, its gaps, whether each is open."""
    test = Value(f"(1.0 if {condition.code()} else 0.0)")
    truths = [Value(f"(1.0 if {a.gap.code} {a.sign} 0.0 else 0.0)") for a in condition.atoms]
    outputs = [test, *(a.gap for a in condition.atoms), *truths]
    block = make_block(statements, reader, [("", v) for v in outputs])
    block.outputs, block.values = [], outputs
    return block


def make_block(statements: Statements, reader: Reader, outputs: list[Any]) -> Block:
    """Return what was written and read, with the values that come out."""
    return Block(
        statements.lines,
        list(reader.reads),
        list(reader.others),
        [float(c) for c in reader.constants],
        outputs,
        {j for j in statements.jumps if j != TIME},
        {s for a, b, *_ in statements.switches for v in (a, b) for s in v.slopes if s != TIME},
    )
