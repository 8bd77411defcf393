"""What the replay cannot treat, said before the network runs."""

from typing import TYPE_CHECKING

from heavytail_snn.analysis.lyapunov.hybrid.scope import SHARED
from heavytail_snn.analysis.lyapunov.tangent.refusals import (
    StochasticSynapseError,
    UnreadableModelError,
    WhiteNoiseError,
)

if TYPE_CHECKING:
    from heavytail_snn.analysis.lyapunov.hybrid.system import System


def refuse(system: "System", noise_is_given: bool) -> None:
    """Raise a named error for what would give a wrong number."""
    _thresholds_apart(system)
    _ends_with_the_spike(system)
    for op in system.operations:
        for slot, value in op.block.outputs:
            if not value.random:
                continue
            if op.kind in ("pathway", "sum"):
                raise StochasticSynapseError(
                    op.name, op.code.strip(), "must act without drawing random numbers",
                    "freeze the draws: one fixed weight per synapse, or a recorded spike train "
                    "with the failures removed as source",
                )  # fmt: skip
            if value.random_slopes & set(_active(system, value)):
                raise UnreadableModelError(
                    op.name, op.code.strip(), "must not multiply a random number with the state",
                    "add the noise instead, or draw it into a parameter of its own",
                )  # fmt: skip
            if op.kind == "update" and slot.name in system.active and not noise_is_given:
                raise _white(slot.name, op)
            if slot.path == (SHARED,):
                raise UnreadableModelError(
                    op.name, op.code.strip(), "must not draw into a variable shared by all",
                    "draw into a variable of the elements",
                )  # fmt: skip
            system.frozen.setdefault(slot.name, f"random numbers of {op.name}")
        if op.kind in ("update", "catch-up") and op.block.jumps:
            names = ", ".join(sorted(s.name for s in op.block.jumps))
            raise UnreadableModelError(
                op.name, f"a step of {names}", "must be continuous in the state",
                "write the step with comparisons, such as int(v > v0), or sign, whose places are "
                "known; or make it steep and smooth, 1/(1 + exp(-(v - v0)/width))",
            )  # fmt: skip


def _thresholds_apart(system: "System") -> None:
    """Refuse thresholds that jump when another element's event changes what they compare with."""
    sums = {s.name for op in system.operations if op.kind == "sum" for s, _ in op.block.outputs}
    jumping = {
        slot.name
        for op in system.operations
        if op.kind in ("pathway", "reset")
        for slot, _ in op.block.outputs
    }
    terms = {
        s.name for op in system.operations if op.kind == "sum"
        for _, v in op.block.outputs for s in v.slopes if s != "t"
    }  # fmt: skip
    for op in system.operations:
        for atom in op.condition.atoms if op.condition else []:
            for slot in atom.gap.slopes:
                if slot == "t":
                    continue
                far = (slot.path and slot.name in jumping) or (
                    slot.name in sums and terms & jumping
                )
                if far:
                    raise UnreadableModelError(
                        op.name, atom.text, f"must not read {slot.name}, which jumps when another "
                        "neuron spikes and could lift this one over its threshold at once",
                        "compare with a variable of the neuron itself that follows it: "
                        "dq/dt = (source - q)/tau",
                    )  # fmt: skip


def _ends_with_the_spike(system: "System") -> None:
    """Refuse refractory periods whose end shifts otherwise than their spike, if it matters."""
    from heavytail_snn.analysis.lyapunov.hybrid.refractoriness import (
        holds_variables,
        refractory_end,
    )

    for op in system.operations:
        end = refractory_end(system, op)
        if end is not None and end.moves and (end.duration or holds_variables(system, op)):
            raise UnreadableModelError(
                op.name, op.code.strip().splitlines()[0], "must not depend on the state: variables "
                "are held until then", "give a duration in seconds, or hold no variable",
            )  # fmt: skip


def _active(system: "System", value: object) -> list[object]:
    return [s for s in value.random_slopes if s != "t" and s.name in system.active]  # type: ignore[attr-defined]


def _white(name: str, op: object) -> WhiteNoiseError:
    error = WhiteNoiseError(
        "white_noise", None, f"must be 'frozen' for white noise on {name}: its threshold "
        "crossings have no speed, and the exponents tend to those of the leak as dt goes to 0",
        "pass white_noise='frozen' and scan dt; or use coloured noise, a separate variable "
        "deta/dt = -eta/tau_noise + sigma*sqrt(2/tau_noise)*xi added to the drift; or measure "
        "finite perturbations (one_spike_perturbation)",
    )  # fmt: skip
    error.remedies = ({"white_noise": "frozen"},)
    return error
