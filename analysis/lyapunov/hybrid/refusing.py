"""What the replay cannot treat, said before the network runs."""

from typing import TYPE_CHECKING

from heavytail_snn.analysis.lyapunov.brian.equations.refusals import (
    StochasticSynapseError,
    UnreadableModelError,
    WhiteNoiseError,
)

from heavytail_snn.analysis.lyapunov.hybrid.scope import SHARED

if TYPE_CHECKING:
    from heavytail_snn.analysis.lyapunov.hybrid.system import System


def refuse(system: "System", noise_is_given: bool) -> None:
    """Raise a named error for what would give a wrong number."""
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
                    op.name, op.code.strip(), "must not draw into a variable that all elements share",
                    "draw into a variable of the elements",
                )  # fmt: skip
            system.frozen.setdefault(slot.name, f"random numbers of {op.name}")
        if op.kind == "update" and op.block.jumps:
            names = ", ".join(sorted(s.name for s in op.block.jumps))
            raise UnreadableModelError(
                op.name, f"a step of {names}", "must be continuous in the state",
                "replace the comparison, int or floor by a steep smooth function such as "
                "1/(1 + exp(-(v - v0)/width))",
            )  # fmt: skip


def _active(system: "System", value: object) -> list[object]:
    return [s for s in value.random_slopes if s != "t" and s.name in system.active]  # type: ignore[attr-defined]


def _white(name: str, op: object) -> WhiteNoiseError:
    return WhiteNoiseError(
        "white_noise", None, f"must be 'frozen' for white noise on {name}: its threshold "
        "crossings have no speed, and the exponents tend to those of the leak as dt goes to 0",
        "pass white_noise='frozen' and scan dt; or use coloured noise, a separate variable "
        "deta/dt = -eta/tau_noise + sigma*sqrt(2/tau_noise)*xi added to the drift; or measure "
        "finite perturbations (one_spike_perturbation)",
    )  # fmt: skip
