"""Lyapunov spectra of maps, flows and spiking networks, and what follows from them."""

# the saltation method for Brian2 networks
from heavytail_snn.analysis.lyapunov.brian.copies import (
    SubgridStrings,
    lyapunov_from_copies,
    paired_synapses,
    subgrid_strings,
)
from heavytail_snn.analysis.lyapunov.brian.dt_scan import DtScan, lyapunov_dt_scan
from heavytail_snn.analysis.lyapunov.brian.front import lyapunov_spectrum_of_brian
from heavytail_snn.analysis.lyapunov.brian.model import lyapunov_spectrum_of_model
from heavytail_snn.analysis.lyapunov.brian.replicas import (
    OneSpikeReplicas,
    one_spike_perturbation_of_model,
)
from heavytail_snn.analysis.lyapunov.brian.saltation.exact_lif import DivergenceRate, ExactLIF
from heavytail_snn.analysis.lyapunov.brian.saltation.linear import LinearModel
from heavytail_snn.analysis.lyapunov.brian.saltation.spectrum import saltation_spectrum
from heavytail_snn.analysis.lyapunov.brian.saltation.terms import Spikes, Wiring
from heavytail_snn.analysis.lyapunov.brian.tangent import BrianTangent
from heavytail_snn.analysis.lyapunov.damage import DamageSpreading, damage_spreading
from heavytail_snn.analysis.lyapunov.events.covariant import (
    CovariantVectors,
    covariant_lyapunov_vectors,
)
from heavytail_snn.analysis.lyapunov.events.flux_tube import (
    FluxTube,
    OneSpikePerturbation,
    flux_tube_radius,
    one_spike_perturbation,
)
from heavytail_snn.analysis.lyapunov.events.spectrum import (
    entropy_per_spike,
    lyapunov_spectrum_of_events,
)
from heavytail_snn.analysis.lyapunov.events.two_trajectories import (
    TwoTrajectories,
    two_trajectory_exponent,
)
from heavytail_snn.analysis.lyapunov.front import lyapunov_spectrum
from heavytail_snn.analysis.lyapunov.rate.compat import NotLyapunovWarning
from heavytail_snn.analysis.lyapunov.rate.edge_of_chaos import edge_of_chaos_width
from heavytail_snn.analysis.lyapunov.rate.gain_curve import (
    LargestExponentCurve,
    largest_exponent_curve,
)
from heavytail_snn.analysis.lyapunov.rate.onset import (
    ChaosOnset,
    chaos_onset,
    quenched_gain,
)
from heavytail_snn.analysis.lyapunov.tangent.from_flow import lyapunov_spectrum_from_flow
from heavytail_snn.analysis.lyapunov.tangent.from_jacobians import lyapunov_spectrum_from_jacobians
from heavytail_snn.analysis.lyapunov.tangent.kaplan_yorke import (
    entropy_rate,
    kaplan_yorke_dimension,
)
from heavytail_snn.analysis.lyapunov.tangent.spectrum import LyapunovSpectrum, spectrum_from_blocks

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
