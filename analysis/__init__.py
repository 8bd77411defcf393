"""Measures and predictions: one method, one file.

Array kernels under convenient fronts; nothing here simulates a network of its own accord except
the Lyapunov routes, which need its tangent dynamics.
"""

from heavytail_snn.analysis import theory
from heavytail_snn.analysis.comparison import ComparedQuantity, Comparison, compare
from heavytail_snn.analysis.description import Description, describe
from heavytail_snn.analysis.dimension import ParticipationRatio, participation_ratio
from heavytail_snn.analysis.geometry import *  # noqa: F403
from heavytail_snn.analysis.geometry import __all__ as _geometry
from heavytail_snn.analysis.lyapunov import *  # noqa: F403 - the sub-package lists its names
from heavytail_snn.analysis.lyapunov import __all__ as _lyapunov
from heavytail_snn.analysis.matched_parameters import MatchedParameters, match_statistics
from heavytail_snn.analysis.matching import MatchedNetwork, match_rate_network
from heavytail_snn.analysis.recorded import *  # noqa: F403
from heavytail_snn.analysis.recorded import __all__ as _recorded
from heavytail_snn.analysis.spectra import (
    CrossSpectrum,
    PowerSpectrum,
    SpikeStatistics,
    cross_spectrum,
    power_spectrum,
    spike_statistics,
)
from heavytail_snn.analysis.tails import WeightTail, weight_tail

__all__ = [
    "ComparedQuantity",
    "Comparison",
    "CrossSpectrum",
    "Description",
    "MatchedNetwork",
    "MatchedParameters",
    "ParticipationRatio",
    "PowerSpectrum",
    "SpikeStatistics",
    "WeightTail",
    "compare",
    "cross_spectrum",
    "describe",
    "match_rate_network",
    "match_statistics",
    "participation_ratio",
    "power_spectrum",
    "spike_statistics",
    "theory",
    "weight_tail",
    *_geometry,
    *_lyapunov,
    *_recorded,
]
