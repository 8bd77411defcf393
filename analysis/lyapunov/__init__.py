"""Lyapunov spectra of maps, flows and spiking networks, and what follows from them."""

from heavytail_snn.analysis.lyapunov.compat import NotLyapunovWarning
from heavytail_snn.analysis.lyapunov.covariant import CovariantVectors, covariant_lyapunov_vectors
from heavytail_snn.analysis.lyapunov.edge_of_chaos import edge_of_chaos_width
from heavytail_snn.analysis.lyapunov.event_driven import (
    entropy_per_spike,
    lyapunov_spectrum_of_events,
)
from heavytail_snn.analysis.lyapunov.flux_tube import (
    FluxTube,
    OneSpikePerturbation,
    flux_tube_radius,
    one_spike_perturbation,
)
from heavytail_snn.analysis.lyapunov.from_flow import lyapunov_spectrum_from_flow
from heavytail_snn.analysis.lyapunov.from_jacobians import lyapunov_spectrum_from_jacobians
from heavytail_snn.analysis.lyapunov.front import lyapunov_spectrum
from heavytail_snn.analysis.lyapunov.gain_curve import LargestExponentCurve, largest_exponent_curve
from heavytail_snn.analysis.lyapunov.kaplan_yorke import entropy_rate, kaplan_yorke_dimension
from heavytail_snn.analysis.lyapunov.onset import ChaosOnset, chaos_onset, quenched_gain
from heavytail_snn.analysis.lyapunov.spectrum import LyapunovSpectrum, spectrum_from_blocks
from heavytail_snn.analysis.lyapunov.two_trajectories import (
    TwoTrajectories,
    two_trajectory_exponent,
)

__all__ = [
    "ChaosOnset",
    "CovariantVectors",
    "FluxTube",
    "LargestExponentCurve",
    "LyapunovSpectrum",
    "NotLyapunovWarning",
    "OneSpikePerturbation",
    "TwoTrajectories",
    "chaos_onset",
    "covariant_lyapunov_vectors",
    "edge_of_chaos_width",
    "entropy_per_spike",
    "entropy_rate",
    "flux_tube_radius",
    "kaplan_yorke_dimension",
    "largest_exponent_curve",
    "lyapunov_spectrum",
    "lyapunov_spectrum_from_flow",
    "lyapunov_spectrum_from_jacobians",
    "lyapunov_spectrum_of_events",
    "one_spike_perturbation",
    "quenched_gain",
    "spectrum_from_blocks",
    "two_trajectory_exponent",
]
