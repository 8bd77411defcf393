"""Lyapunov spectra of maps, flows and spiking networks, and what follows from them."""

from heavytail_snn.analysis.lyapunov.from_flow import lyapunov_spectrum_from_flow
from heavytail_snn.analysis.lyapunov.from_jacobians import lyapunov_spectrum_from_jacobians
from heavytail_snn.analysis.lyapunov.kaplan_yorke import entropy_rate, kaplan_yorke_dimension
from heavytail_snn.analysis.lyapunov.spectrum import LyapunovSpectrum, spectrum_from_blocks

__all__ = [
    "LyapunovSpectrum",
    "entropy_rate",
    "kaplan_yorke_dimension",
    "lyapunov_spectrum_from_flow",
    "lyapunov_spectrum_from_jacobians",
    "spectrum_from_blocks",
]
