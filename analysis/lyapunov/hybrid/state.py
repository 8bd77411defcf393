"""What of a network is state, and which operations matter to it."""

from heavytail_snn.analysis.lyapunov.hybrid.refusing import refuse
from heavytail_snn.analysis.lyapunov.hybrid.system import (
    SWITCH,
    THRESHOLD,
    UPDATE,
    Operation,
    System,
    find_equations,
    float_names,
    write_blocks,
    written_names,
)
from heavytail_snn.analysis.lyapunov.hybrid.values import TIME


def differentiate_all(system: System, *, noise_is_given: bool = False) -> None:
    """Find out what is state, and write every block with its derivatives.

    Raises
    ------
    WhiteNoiseError
        If white noise acts on the state, unless `noise_is_given`.
    """
    find_equations(system)
    system.active = set(system.differential)
    system.active |= float_names(system, written_names(system))
    while True:
        write_blocks(system)
        keep = _state(system)
        if keep == system.active:
            break
        system.active = keep
    _drop_what_nobody_needs(system)
    refuse(system, noise_is_given)


def _state(system: System) -> set[str]:
    """Return the active arrays that are state: what cannot be perturbed or is not read, is not."""
    moved: set[str] = set(system.differential)
    read: set[str] = set()
    for op in system.operations:
        for slot, value in op.block.outputs + (op.mark.outputs if op.mark else []):
            if value.slopes:
                moved.add(slot.name)
            read |= {s.name for s in value.slopes if s != TIME and s.name != slot.name}
        if op.condition is not None:
            read |= {s.name for a in op.condition.atoms for s in a.gap.slopes if s != TIME}
    for block in system.flows.values():
        read |= {s.name for _, v in block.outputs for s in v.slopes if s != TIME}
    state = (system.differential | (moved & read)) & system.active
    return state - _given_noise(system, state)


def _given_noise(system: System, state: set[str]) -> set[str]:
    """Return variables that noise drives and nothing else in the network acts on."""
    noisy: set[str] = set()
    touched: set[str] = set()
    pulls: dict[str, set[str]] = {}
    for op in system.operations:
        for slot, value in op.block.outputs:
            if op.kind != UPDATE:
                touched.add(slot.name)
                continue
            if value.random:
                noisy.add(slot.name)
            pulls.setdefault(slot.name, set()).update(
                s.name for s in value.slopes if s != TIME and s.name in state
            )
    own = {n for n in noisy if n in state and n not in touched}
    while True:
        alone = {n for n in own if pulls[n] <= own}
        if alone == own:
            break
        own = alone
    for name in own:
        system.frozen[name] = "noise on which nothing in the network acts"
    return own


def _drop_what_nobody_needs(system: System) -> None:
    """Leave out operations whose results reach neither the state nor a threshold."""
    needed = set(system.active)
    for block in system.flows.values():
        needed |= {slot.name for slot in block.others}
    while True:
        kept = [op for op in system.operations if op.writes & needed or _decides(op)]
        more = set(needed)
        for op in kept:
            for block in [op.block, op.mark] if op.mark else [op.block]:
                more |= {slot.name for slot in (*block.reads, *block.others)}
        if more == needed:
            break
        needed = more
    system.operations = kept


def _decides(op: Operation) -> bool:
    return op.kind in (THRESHOLD, SWITCH) and not any(v.random for v in op.block.values)
