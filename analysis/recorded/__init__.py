"""Recorded data: what to doubt about it, responses, divergence of trials, surrogates."""

from heavytail_snn.analysis.recorded.divergence import (
    SpikeDivergence,
    SpikeDivergenceRate,
    divergence_rate,
    spike_divergence,
)
from heavytail_snn.analysis.recorded.responses import checked_responses, read_responses
from heavytail_snn.analysis.recorded.stimuli import stimulus_responses
from heavytail_snn.analysis.recorded.surrogates import (
    SurrogateTest,
    circular_shift,
    poisson_surrogate,
    surrogate_test,
)
from heavytail_snn.recording.quality import QualityReport, quality_report

__all__ = [
    "QualityReport",
    "SpikeDivergence",
    "SpikeDivergenceRate",
    "SurrogateTest",
    "checked_responses",
    "circular_shift",
    "divergence_rate",
    "poisson_surrogate",
    "quality_report",
    "read_responses",
    "spike_divergence",
    "stimulus_responses",
    "surrogate_test",
]
