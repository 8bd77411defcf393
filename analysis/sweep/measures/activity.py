"""Moments of the states: mean absolute and mean square activity, for networks without spikes."""

import numpy as np

from heavytail_snn.analysis.sweep.entry.measure import Measure, Output
from heavytail_snn.analysis.sweep.entry.model import ModelEntry, Sample, Values
from heavytail_snn.core.results import Estimate

BLOCKS = 10  # of the standard error


def outputs(entry: ModelEntry, values: Values) -> tuple[Output, ...]:
    """Return both moments, with the error over ten blocks of the run."""
    return (
        Output("mean_absolute_activity", error=True),
        Output("mean_square_activity", error=True),
    )


def take(sample: Sample) -> dict:
    """Return both moments of the states."""
    found = {
        "mean_absolute_activity": np.abs(sample.states).mean(axis=1),
        "mean_square_activity": np.square(sample.states).mean(axis=1),
    }
    return {name: _mean(name, series) for name, series in found.items()}


def _mean(name: str, series: np.ndarray) -> Estimate:
    blocks = np.array([part.mean() for part in np.array_split(series, BLOCKS)])
    return Estimate(name, float(series.mean()), float(blocks.std(ddof=1) / np.sqrt(BLOCKS)))


MEASURE = Measure(name="activity", needs=("states",), outputs=outputs, take=take)
