"""Why a measurement differs from a prediction: each possible cause is computed, not asserted.

A cause is named where its size explains a difference: synapses that stand out, coloured input, a
trend with the number of neurons, too few networks.  Where none applies, the sentence says so.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from heavytail_snn.analysis.comparison import ComparedQuantity
from heavytail_snn.analysis.study.parts import Prediction
from heavytail_snn.core.results import Estimate
from heavytail_snn.core.showing import Shown

_STANDS_OUT = 5.0  # times the share that equal synapses would have
_COLOURED = 0.2  # relative deviation of the low-frequency power from the rate


@dataclass(frozen=True)
class Facts(Shown):
    """What was measured on a kind of network beside the compared number.

    Parameters
    ----------
    by_size : mapping from n_neurons to estimates by name
    strongest_share : float
        Mean share of a neuron's largest synapse in the sum of its squared weights.
    in_degree : int
    n_networks : int
    """

    by_size: Mapping[int, Mapping[str, Estimate]]
    strongest_share: float
    in_degree: int
    n_networks: int


def explain(row: ComparedQuantity, prediction: Prediction, facts: Facts) -> str:
    """Return the verdict's sentence, with the causes found where the numbers differ."""
    if row.verdict != "differs":
        return row.reason
    causes = [
        *_strong_synapses(prediction, facts),
        *_coloured_input(prediction, facts),
        *_trend(row, prediction, facts),
    ]
    if not causes:
        causes = [_unexplained(row, facts)]
    return " ".join([row.reason, *causes])


def _strong_synapses(prediction: Prediction, facts: Facts) -> list[str]:
    share = facts.strongest_share
    if not prediction.weak_synapses or share < _STANDS_OUT / facts.in_degree:
        return []
    return [
        f"This theory assumes that no synapse stands out, but the largest of {facts.in_degree} "
        f"carries {share:.0%} of a neuron's squared weights."
    ]


def _coloured_input(prediction: Prediction, facts: Facts) -> list[str]:
    low = _largest(facts).get("low_frequency_power")
    if not prediction.white_input or low is None or abs(low.value - 1) < _COLOURED:
        return []
    return [
        "It assumes white input, but the spike trains have "
        f"{low.value:.2g} times the power of Poisson trains at low frequencies."
    ]


def _trend(row: ComparedQuantity, prediction: Prediction, facts: Facts) -> list[str]:
    """Say how the difference changes with N, where several sizes were run."""
    if not prediction.infinite or row.predicted is None:
        return []
    sizes = sorted(n for n, found in facts.by_size.items() if row.name in found)
    if len(sizes) < 2:
        ratio = facts.in_degree / sizes[-1] if sizes else math.nan
        if prediction.weak_synapses or not sizes or ratio < 0.05:
            return []
        return [
            f"It means infinite N, while here each neuron hears {ratio:.0%} of N = {sizes[-1]}; "
            "other sizes were not run."
        ]
    first, last = (facts.by_size[n][row.name] for n in (sizes[0], sizes[-1]))
    apart = [abs(e.value - row.predicted.value) for e in (first, last)]
    noise = math.hypot(first.standard_error, last.standard_error)
    change = f"{_relative(apart[0], row)} at N = {sizes[0]}, {_relative(apart[1], row)} at N = "
    change += f"{sizes[-1]}"
    if apart[0] - apart[1] > noise:
        return [f"The difference shrinks with size ({change}): an effect of finite N."]
    return [f"It does not shrink with size ({change})."]


def _unexplained(row: ComparedQuantity, facts: Facts) -> str:
    limit = f"the {row.accuracy:.0%} granted to the theory" if row.accuracy else "its errors"
    return (
        f"Neither strong synapses, coloured input nor the sizes run explain it; it exceeds {limit} "
        f"in {_count(facts.n_networks)}."
    )


def _relative(apart: float, row: ComparedQuantity) -> str:
    assert row.predicted is not None
    scale = abs(row.predicted.value)
    return f"{apart / scale:.1%}" if scale > 0 else f"{apart:.2g}"


def _largest(facts: Facts) -> Mapping[str, Estimate]:
    return facts.by_size[max(facts.by_size)]


def _count(n: int) -> str:
    return f"{n} network{'s' * (n > 1)}"


def sentences(
    rows: Sequence[ComparedQuantity], prediction: Prediction, facts: Facts
) -> dict[str, str]:
    """Return one sentence per quantity that differs from this theory or cannot be compared."""
    return {row.name: explain(row, prediction, facts) for row in rows if row.verdict != "agrees"}
