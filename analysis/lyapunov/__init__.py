"""Lyapunov spectra of maps, flows and spiking networks, and what follows from them."""

from heavytail_snn.analysis.lyapunov.kaplan_yorke import entropy_rate, kaplan_yorke_dimension
from heavytail_snn.analysis.lyapunov.spectrum import LyapunovSpectrum, spectrum_from_blocks

__all__ = ["LyapunovSpectrum", "entropy_rate", "kaplan_yorke_dimension", "spectrum_from_blocks"]
