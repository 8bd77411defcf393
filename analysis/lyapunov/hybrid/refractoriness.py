"""When a refractory neuron is free again, read from the statement that Brian2 makes of it."""

import re
from dataclasses import dataclass

from brian2 import NeuronGroup

from heavytail_snn.analysis.lyapunov.hybrid.differentiate import Statements
from heavytail_snn.analysis.lyapunov.hybrid.system import (
    UPDATE,
    Block,
    Operation,
    System,
    make_block,
    reader_of,
)
from heavytail_snn.analysis.lyapunov.hybrid.values import TIME, Condition, Value
from heavytail_snn.analysis.lyapunov.tangent.refusals import UnreadableModelError
from heavytail_snn.brian import internals

_DURATION = re.compile(r"timestep\(t - lastspike, dt\) >= timestep\((.*), dt\)$")
_CONDITION = re.compile(r"not_refractory or not \((.*)\)$")


@dataclass(frozen=True)
class RefractoryEnd:
    """The end of refractoriness.

    Parameters
    ----------
    block : Block
        Lines and reads, without outputs.
    duration : Value or None
        In s.
    condition : Condition or None
        The neuron is refractory while it holds.
    """

    block: Block
    duration: Value | None
    condition: Condition | None

    @property
    def moves(self) -> bool:
        """Whether it depends on the state, so that it shifts otherwise than the spike."""
        values = [self.duration] if self.duration else [a.gap for a in self.condition.atoms]  # type: ignore[union-attr]
        return any(s != TIME for v in values for s in v.slopes)


def refractory_end(system: System, op: Operation) -> RefractoryEnd | None:
    """Return how refractoriness ends in a state update, None where there is none.

    Raises
    ------
    UnreadableModelError
        For a statement that is neither a duration nor a condition.
    """
    if op.kind != UPDATE or not isinstance(op.group, NeuronGroup):
        return None
    if internals.refractory(op.group) is False:
        return None
    text = op.code.strip().splitlines()[0].partition("=")[2].strip()
    reader = reader_of(system, op.group)
    statements = Statements(reader, reader.alias)
    duration, condition = None, None
    if found := _DURATION.match(text):
        duration = statements.expression(found[1])
    elif found := _CONDITION.match(text):
        condition = statements.comparisons(found[1])
    else:
        raise UnreadableModelError(
            op.group.name, text, "must be a duration or a condition", "give a duration"
        )
    return RefractoryEnd(make_block(statements, reader, []), duration, condition)


def holds_variables(system: System, op: Operation) -> bool:
    """Tell whether the equations of a group depend on its refractoriness."""
    flow = system.flows.get(op.group.name)
    name = f"{op.group.name}.not_refractory"
    return flow is not None and any(s.name == name for s in (*flow.reads, *flow.others))
