"""Recorded data: what to doubt about it, and responses to repeated stimuli."""

from heavytail_snn.analysis.recorded.responses import checked_responses, read_responses
from heavytail_snn.recording_quality import QualityReport, quality_report

__all__ = ["QualityReport", "checked_responses", "quality_report", "read_responses"]
