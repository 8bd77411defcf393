"""Spectra and statistics of spike trains."""

from heavytail_snn.analysis.spectra.cross import CrossSpectrum, cross_spectrum
from heavytail_snn.analysis.spectra.power import PowerSpectrum, power_spectrum
from heavytail_snn.analysis.spectra.statistics import SpikeStatistics, spike_statistics

__all__ = [
    "CrossSpectrum",
    "PowerSpectrum",
    "SpikeStatistics",
    "cross_spectrum",
    "power_spectrum",
    "spike_statistics",
]
