"""Lyapunov spectra of maps, flows and spiking networks, and what follows from them."""

# the saltation method for Brian2 networks
from heavytail_snn.analysis.lyapunov.brian import lyapunov_spectrum_of_brian
from heavytail_snn.analysis.lyapunov.brian_model import lyapunov_spectrum_of_model
from heavytail_snn.analysis.lyapunov.brian_tangent import BrianTangent
from heavytail_snn.analysis.lyapunov.compat import NotLyapunovWarning
from heavytail_snn.analysis.lyapunov.copies import (
    SubgridStrings,
    lyapunov_from_copies,
    paired_synapses,
    subgrid_strings,
)
from heavytail_snn.analysis.lyapunov.covariant import CovariantVectors, covariant_lyapunov_vectors
from heavytail_snn.analysis.lyapunov.damage import DamageSpreading, damage_spreading
from heavytail_snn.analysis.lyapunov.dt_scan import DtScan, lyapunov_dt_scan
from heavytail_snn.analysis.lyapunov.edge_of_chaos import edge_of_chaos_width
from heavytail_snn.analysis.lyapunov.event_driven import (
    entropy_per_spike,
    lyapunov_spectrum_of_events,
)
from heavytail_snn.analysis.lyapunov.exact_lif import DivergenceRate, ExactLIF
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
from heavytail_snn.analysis.lyapunov.replicas import (
    OneSpikeReplicas,
    one_spike_perturbation_of_model,
)
from heavytail_snn.analysis.lyapunov.saltation_linear import LinearModel
from heavytail_snn.analysis.lyapunov.saltation_spectrum import saltation_spectrum
from heavytail_snn.analysis.lyapunov.saltation_terms import Spikes, Wiring
from heavytail_snn.analysis.lyapunov.spectrum import LyapunovSpectrum, spectrum_from_blocks
from heavytail_snn.analysis.lyapunov.two_trajectories import (
    TwoTrajectories,
    two_trajectory_exponent,
)

__all__ = [
    "BrianTangent",
    "ChaosOnset",
    "CovariantVectors",
    "DamageSpreading",
    "DivergenceRate",
    "DtScan",
    "ExactLIF",
    "FluxTube",
    "LargestExponentCurve",
    "LinearModel",
    "LyapunovSpectrum",
    "NotLyapunovWarning",
    "OneSpikePerturbation",
    "OneSpikeReplicas",
    "Spikes",
    "SubgridStrings",
    "TwoTrajectories",
    "Wiring",
    "chaos_onset",
    "covariant_lyapunov_vectors",
    "damage_spreading",
    "edge_of_chaos_width",
    "entropy_per_spike",
    "entropy_rate",
    "flux_tube_radius",
    "kaplan_yorke_dimension",
    "largest_exponent_curve",
    "lyapunov_dt_scan",
    "lyapunov_from_copies",
    "lyapunov_spectrum",
    "lyapunov_spectrum_from_flow",
    "lyapunov_spectrum_from_jacobians",
    "lyapunov_spectrum_of_brian",
    "lyapunov_spectrum_of_events",
    "lyapunov_spectrum_of_model",
    "one_spike_perturbation",
    "one_spike_perturbation_of_model",
    "paired_synapses",
    "quenched_gain",
    "saltation_spectrum",
    "spectrum_from_blocks",
    "subgrid_strings",
    "two_trajectory_exponent",
]
