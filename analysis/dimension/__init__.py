"""Dimension of activity: how many directions carry its variance."""

from heavytail_snn.analysis.dimension.participation import ParticipationRatio, participation_ratio

__all__ = ["ParticipationRatio", "participation_ratio"]
