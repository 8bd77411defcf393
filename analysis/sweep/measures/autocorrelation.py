"""Autocorrelation of the states: mean over units of ``x(t) x(t + lag)``, about zero."""

import numpy as np

from heavytail_snn.analysis.sweep.entry.measure import Measure, Output
from heavytail_snn.analysis.sweep.entry.model import ModelEntry, Sample, Values
from heavytail_snn.analysis.sweep.entry.parameter import Parameter
from heavytail_snn.core.errors import ParameterError

LAGS = Parameter("n_lags", 20, kind="integer", low=1, meaning="samples of the states, from 0 on")


def outputs(entry: ModelEntry, values: Values) -> tuple[Output, ...]:
    """Return the autocorrelation over lags in the model's unit of time."""
    lags = np.arange(int(values["n_lags"])) * entry.state_interval
    return (Output("autocorrelation", axes={"lag": lags}),)


def take(sample: Sample) -> dict:
    """Return the mean lagged product of the states."""
    states, n_lags = sample.states, int(sample.values["n_lags"])
    if n_lags >= len(states):
        raise ParameterError(
            "n_lags", n_lags, f"must be below the {len(states)} samples of the states",
            "use fewer lags or a longer run",
        )  # fmt: skip
    products = [np.mean(states[lag:] * states[: len(states) - lag]) for lag in range(n_lags)]
    return {"autocorrelation": np.array(products)}


MEASURE = Measure(
    name="autocorrelation", needs=("states",), outputs=outputs, take=take, parameters=(LAGS,)
)
