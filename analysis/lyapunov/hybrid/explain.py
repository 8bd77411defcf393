"""What was understood of a network, in words: state, given input, constants, order of events."""

from heavytail_snn.analysis.lyapunov.hybrid.system import (
    CATCH_UP,
    PATHWAY,
    RESET,
    SUM,
    SWITCH,
    THRESHOLD,
    UPDATE,
    System,
)

_WORDS = {
    UPDATE: "motion over one step",
    "map": "regular operation",
    CATCH_UP: "event-driven variables to the present, whenever looked at",
    SUM: "sum over synapses",
    SWITCH: "where speeds jump, with the time at which the state gets there",
    THRESHOLD: "fires where",
    PATHWAY: "pulse of a spike",
    RESET: "reset after a spike",
}


def explain(system: System) -> str:
    """Return a text with one block per group and one line per operation."""
    lines = ["State (what is perturbed):"]
    for name, group in sorted(system.groups.items()):
        own = sorted(n.rpartition(".")[2] for n in system.active if n.startswith(f"{name}."))
        if own:
            size = len(group)
            kind = type(group).__name__
            lines.append(
                f"  {name} ({kind} of {size}): {', '.join(map(_marked(system, name), own))}"
            )
    if system.frozen or system.sources:
        lines.append("Given (recorded in this run, the same for all perturbations):")
        lines += [f"  {name}: {why}" for name, why in sorted(system.frozen.items())]
        lines += [
            f"  spikes of {name} ({type(group).__name__})"
            for name, group in sorted(system.sources.items())
        ]
    constants = sorted(_constants(system))
    if constants:
        lines += ["Constant (nothing in the network writes it):", "  " + ", ".join(constants)]
    lines.append("In each step, in this order:")
    for op in system.operations:
        code = " | ".join(line.strip() for line in op.code.strip().splitlines() if line.strip())
        if op.kind == THRESHOLD:
            code = code.partition("=")[2].strip()
        lines.append(f"  {op.name}: {_WORDS[op.kind]}: {_short(code)}")
    if system.watched:
        names = ", ".join(item.name for item in system.watched)
        lines.append(f"Watched, and refused if they change anything: {names}")
    return "\n".join(lines)


def _marked(system: System, owner: str):  # type: ignore[no-untyped-def]
    def mark(variable: str) -> str:
        name = f"{owner}.{variable}"
        if name in system.event_driven:
            return f"{variable} (between events exactly)"
        return variable if name in system.differential else f"{variable} (written by events)"

    return mark


def _constants(system: System) -> set[str]:
    read = set()
    for op in system.operations:
        for block in (op.block, op.mark):
            if block is not None:
                read |= {slot.name for slot in block.others}
    return {n for n in read - system.written if n.rpartition(".")[0] in system.groups}


def _short(code: str, width: int = 150) -> str:
    return code if len(code) <= width else code[: width - 4] + " ..."
