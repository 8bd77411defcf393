"""Measure and predict by the name of a model: one pair of functions per model."""

from collections.abc import Callable

from heavytail_snn.analysis.study.binary import measure_binary, predict_binary
from heavytail_snn.analysis.study.config import NetworkConfig
from heavytail_snn.analysis.study.lif import measure_lif, predict_lif
from heavytail_snn.analysis.study.parts import Measurement, Prediction
from heavytail_snn.analysis.study.rate_map import measure_rate_map, predict_rate_map


def measure(
    network: NetworkConfig, alpha: float, n_neurons: int, *, seed: int, backend: str
) -> Measurement:
    """Run one network and return its numbers."""
    return _MEASURE[network.model](network, alpha, n_neurons, seed, backend)


def predict(
    network: NetworkConfig, alpha: float, n_neurons: int, *, seed: int, population: int
) -> list[Prediction]:
    """Return what each theory of the model predicts."""
    return _PREDICT[network.model](network, alpha, n_neurons, seed, population)


Measure = Callable[[NetworkConfig, float, int, int, str], Measurement]
Predict = Callable[[NetworkConfig, float, int, int, int], list[Prediction]]
_MEASURE: dict[str, Measure] = {
    "rate_map": measure_rate_map,
    "lif": measure_lif,
    "binary": measure_binary,
}
_PREDICT: dict[str, Predict] = {
    "rate_map": predict_rate_map,
    "lif": predict_lif,
    "binary": predict_binary,
}
