"""Chaos, dimension and spectra of spiking networks with heavy-tailed synapses.

Importing this package makes `levy_stable`, `stable_ug` and `normal_cdf` known in Brian2 strings.
"""

from heavytail_snn.brian import functions as brian_functions
from heavytail_snn.core.errors import (
    BackendError,
    ConvergenceError,
    HeavytailError,
    MemoryLimitError,
    ParameterError,
    RecordingError,
    UnitError,
)
from heavytail_snn.core.results import Estimate, Result
from heavytail_snn.data import example_recording
from heavytail_snn.recording.recording import Recording
from heavytail_snn.recording.traces import Trace
from heavytail_snn.weights.coupling import Coupling, Dale, Inhibitory
from heavytail_snn.weights.laws import (
    Constant,
    Exponential,
    Gaussian,
    LevyStable,
    LogNormal,
    Mixture,
    Pareto,
    StudentT,
)
from heavytail_snn.weights.wiring import AllToAll, FixedInDegree, FixedProbability

brian_functions.register()

from heavytail_snn import analysis, models  # noqa: E402 - their Brian2 strings use the functions
from heavytail_snn.brian.connect import connect  # noqa: E402
from heavytail_snn.brian.simulation.simulate import simulate  # noqa: E402

__version__ = "0.1.0"

__all__ = [
    "AllToAll",
    "BackendError",
    "Constant",
    "ConvergenceError",
    "Coupling",
    "Dale",
    "Estimate",
    "Exponential",
    "FixedInDegree",
    "FixedProbability",
    "Gaussian",
    "HeavytailError",
    "Inhibitory",
    "LevyStable",
    "LogNormal",
    "MemoryLimitError",
    "Mixture",
    "ParameterError",
    "Pareto",
    "Recording",
    "RecordingError",
    "Result",
    "StudentT",
    "Trace",
    "UnitError",
    "analysis",
    "connect",
    "example_recording",
    "models",
    "simulate",
]
