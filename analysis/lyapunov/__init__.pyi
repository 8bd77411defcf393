from heavytail_snn.analysis.lyapunov.brian.copies import SubgridStrings as SubgridStrings
from heavytail_snn.analysis.lyapunov.brian.copies import (
    lyapunov_from_copies as lyapunov_from_copies,
)
from heavytail_snn.analysis.lyapunov.brian.copies import paired_synapses as paired_synapses
from heavytail_snn.analysis.lyapunov.brian.copies import subgrid_strings as subgrid_strings
from heavytail_snn.analysis.lyapunov.brian.dt_scan import DtScan as DtScan
from heavytail_snn.analysis.lyapunov.brian.dt_scan import lyapunov_dt_scan as lyapunov_dt_scan
from heavytail_snn.analysis.lyapunov.brian.front import (
    lyapunov_spectrum_of_brian as lyapunov_spectrum_of_brian,
)
from heavytail_snn.analysis.lyapunov.brian.model import (
    lyapunov_spectrum_of_model as lyapunov_spectrum_of_model,
)
from heavytail_snn.analysis.lyapunov.brian.replicas import OneSpikeReplicas as OneSpikeReplicas
from heavytail_snn.analysis.lyapunov.brian.replicas import (
    one_spike_perturbation_of_model as one_spike_perturbation_of_model,
)
from heavytail_snn.analysis.lyapunov.brian.saltation.exact_lif import (
    DivergenceRate as DivergenceRate,
)
from heavytail_snn.analysis.lyapunov.brian.saltation.exact_lif import ExactLIF as ExactLIF
from heavytail_snn.analysis.lyapunov.brian.saltation.linear import LinearModel as LinearModel
from heavytail_snn.analysis.lyapunov.brian.saltation.spectrum import (
    saltation_spectrum as saltation_spectrum,
)
from heavytail_snn.analysis.lyapunov.brian.saltation.terms import Spikes as Spikes
from heavytail_snn.analysis.lyapunov.brian.saltation.terms import Wiring as Wiring
from heavytail_snn.analysis.lyapunov.brian.tangent import BrianTangent as BrianTangent
from heavytail_snn.analysis.lyapunov.damage import DamageSpreading as DamageSpreading
from heavytail_snn.analysis.lyapunov.damage import damage_spreading as damage_spreading
from heavytail_snn.analysis.lyapunov.events.covariant import CovariantVectors as CovariantVectors
from heavytail_snn.analysis.lyapunov.events.covariant import (
    covariant_lyapunov_vectors as covariant_lyapunov_vectors,
)
from heavytail_snn.analysis.lyapunov.events.flux_tube import FluxTube as FluxTube
from heavytail_snn.analysis.lyapunov.events.flux_tube import (
    OneSpikePerturbation as OneSpikePerturbation,
)
from heavytail_snn.analysis.lyapunov.events.flux_tube import flux_tube_radius as flux_tube_radius
from heavytail_snn.analysis.lyapunov.events.flux_tube import (
    one_spike_perturbation as one_spike_perturbation,
)
from heavytail_snn.analysis.lyapunov.events.spectrum import entropy_per_spike as entropy_per_spike
from heavytail_snn.analysis.lyapunov.events.spectrum import (
    lyapunov_spectrum_of_events as lyapunov_spectrum_of_events,
)
from heavytail_snn.analysis.lyapunov.events.two_trajectories import (
    TwoTrajectories as TwoTrajectories,
)
from heavytail_snn.analysis.lyapunov.events.two_trajectories import (
    two_trajectory_exponent as two_trajectory_exponent,
)
from heavytail_snn.analysis.lyapunov.front import lyapunov_spectrum as lyapunov_spectrum
from heavytail_snn.analysis.lyapunov.hybrid.spectrum import (
    lyapunov_spectrum_of_network as lyapunov_spectrum_of_network,
)
from heavytail_snn.analysis.lyapunov.rate.compat import NotLyapunovWarning as NotLyapunovWarning
from heavytail_snn.analysis.lyapunov.rate.edge_of_chaos import (
    edge_of_chaos_width as edge_of_chaos_width,
)
from heavytail_snn.analysis.lyapunov.rate.gain_curve import (
    LargestExponentCurve as LargestExponentCurve,
)
from heavytail_snn.analysis.lyapunov.rate.gain_curve import (
    largest_exponent_curve as largest_exponent_curve,
)
from heavytail_snn.analysis.lyapunov.rate.onset import ChaosOnset as ChaosOnset
from heavytail_snn.analysis.lyapunov.rate.onset import chaos_onset as chaos_onset
from heavytail_snn.analysis.lyapunov.rate.onset import quenched_gain as quenched_gain
from heavytail_snn.analysis.lyapunov.tangent.from_flow import (
    lyapunov_spectrum_from_flow as lyapunov_spectrum_from_flow,
)
from heavytail_snn.analysis.lyapunov.tangent.from_jacobians import (
    lyapunov_spectrum_from_jacobians as lyapunov_spectrum_from_jacobians,
)
from heavytail_snn.analysis.lyapunov.tangent.kaplan_yorke import entropy_rate as entropy_rate
from heavytail_snn.analysis.lyapunov.tangent.kaplan_yorke import (
    kaplan_yorke_dimension as kaplan_yorke_dimension,
)
from heavytail_snn.analysis.lyapunov.tangent.protocol import StepMeaning as StepMeaning
from heavytail_snn.analysis.lyapunov.tangent.protocol import TangentProtocol as TangentProtocol
from heavytail_snn.analysis.lyapunov.tangent.spectrum import LyapunovSpectrum as LyapunovSpectrum
from heavytail_snn.analysis.lyapunov.tangent.spectrum import (
    spectrum_from_blocks as spectrum_from_blocks,
)
