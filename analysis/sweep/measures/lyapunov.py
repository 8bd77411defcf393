"""Lyapunov exponents: the largest, the dimension and entropy that follow, and all by rank."""

import numpy as np

from heavytail_snn.analysis.sweep.entry.measure import Measure, Output, by_name
from heavytail_snn.analysis.sweep.entry.model import ModelEntry, Sample, Values
from heavytail_snn.analysis.sweep.entry.parameter import Parameter

K = Parameter(
    "k", 0, kind="integer",
    meaning="number of exponents; 0: as many as the Kaplan-Yorke dimension needs",
)  # fmt: skip


def outputs(entry: ModelEntry, values: Values) -> tuple[Output, ...]:
    """Return what follows from the exponents; dimension and entropy are nan where `k` is small."""
    unit = entry.rate_unit
    # of a network with more variables than neurons, the leading ones
    number = int(values["k"]) or int(values["n_neurons"])
    return (
        Output("largest_exponent", unit, error=True),
        Output("kaplan_yorke_dimension", error=True),
        Output("kaplan_yorke_dimension_per_neuron", error=True),
        Output("entropy_rate", unit, error=True),
        Output("exponents", unit, error=True, axes={"rank": np.arange(1, number + 1)}),
        Output("converged"),
    )


def take(sample: Sample) -> dict:
    """Return the spectrum of the sample."""
    found = sample.exponents
    longest = int(sample.values["k"]) or int(sample.values["n_neurons"])
    return by_name(found) | {
        "exponents": found.exponents[:longest],
        "exponents_error": found.standard_error[:longest],
        "converged": float(found.converged),
    }


MEASURE = Measure(
    name="lyapunov", needs=("exponents",), outputs=outputs, take=take, parameters=(K,)
)
