"""Dimension of the activity: participation ratio of states, or of spike counts in bins."""

from heavytail_snn.analysis.dimension import participation_ratio
from heavytail_snn.analysis.sweep.entry.measure import Measure, Output, by_name
from heavytail_snn.analysis.sweep.entry.model import ModelEntry, Sample, Values
from heavytail_snn.analysis.sweep.entry.parameter import Parameter

BIN = Parameter("bin_size", 50.0, "ms", open_low=True, meaning="of spike counts")


def outputs(entry: ModelEntry, values: Values) -> tuple[Output, ...]:
    """Return the participation ratio, absolute and per neuron, with jackknife errors."""
    return (
        Output("participation_ratio", error=True),
        Output("participation_ratio_per_neuron", error=True),
    )


def counts_spikes(entry: ModelEntry) -> bool:
    """Tell whether spikes are counted in bins: states have no bins."""
    return "states" not in entry.serves


def take(sample: Sample) -> dict:
    """Return the participation ratio of states where the model has them, else of counts."""
    if not counts_spikes(sample.entry):
        return by_name(sample.noted(participation_ratio(sample.states)))
    bin_size = float(sample.values["bin_size"]) * 1e-3
    return by_name(sample.noted(participation_ratio(sample.recording, bin_size=bin_size)))


MEASURE = Measure(
    name="participation_ratio",
    needs=("states", "recording"),
    outputs=outputs,
    take=take,
    parameters=(BIN,),
    reads_parameters=counts_spikes,
)
