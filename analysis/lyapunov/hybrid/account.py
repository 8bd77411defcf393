"""How far a replay was from the run, and what was special in it."""

from typing import Any

from heavytail_snn.analysis.lyapunov.hybrid.kernels import fields as K
from heavytail_snn.analysis.lyapunov.hybrid.replay import Replay, precision
from heavytail_snn.analysis.lyapunov.tangent.refusals import (
    CutoffError,
    UnreadableModelError,
)

_MAX_MISMATCH = 1e-4  # share of the spikes


def check_spikes(replay: Replay) -> None:
    """Refuse a replay whose thresholds say otherwise than the recorded spikes."""
    counts = replay.counts
    spikes = sum(found.steps.size for found in replay.tapes.events.values())
    if counts[K.C_MISMATCH] > _MAX_MISMATCH * max(spikes, 1):
        if precision(replay.system) < 8:
            raise UnreadableModelError(
                "default_float_dtype", "float32", f"must be float64 here: {counts[K.C_MISMATCH]} "
                "spikes depend on the rounding of single precision",
                "leave prefs.core.default_float_dtype as it is",
            )  # fmt: skip
        time = counts[K.C_FIRST_STEP] * replay.system.step
        raise UnreadableModelError(
            "spikes", f"{counts[K.C_MISMATCH]} that differ",
            f"must be those of the thresholds (the first at {time:.6g} s, neuron "
            f"{counts[K.C_FIRST]}): something acts on the network that was not understood",
            "report the model; an exponent from it would be wrong",
        )  # fmt: skip
    if counts[K.C_BAD]:
        raise CutoffError(
            "threshold", f"{counts[K.C_BAD]} spikes at the cut-off",
            "must be spikes of the continuous motion too, within 40 steps", "use a smaller dt",
        )  # fmt: skip


def account(replay: Replay) -> dict[str, Any]:
    """Return how far the replay was from the run, and how many events were special."""
    counts = replay.counts
    return {
        "states_compared": replay.n_compared,
        "largest_deviation": replay.largest_deviation,
        "spikes_that_differ": int(counts[K.C_MISMATCH]),
        "steps_with_several_spikes": int(counts[K.C_TIES]),
        "spikes_lifted_by_a_pulse": int(counts[K.C_LIFTED]),
        "spikes_above_threshold_before": int(counts[K.C_JUMPED]),
        "spikes_that_turn_round": int(counts[K.C_SLOW]),
        "switches": int(counts[K.C_SWITCHES]),
        "switches_that_meet_or_turn_round": int(counts[K.C_SWITCHES_ROUGH]),
    }
