from heavytail_snn.analysis import comparison as comparison
from heavytail_snn.analysis import description as description
from heavytail_snn.analysis import dimension as dimension
from heavytail_snn.analysis import geometry as geometry
from heavytail_snn.analysis import lyapunov as lyapunov
from heavytail_snn.analysis import matched_parameters as matched_parameters
from heavytail_snn.analysis import matching as matching
from heavytail_snn.analysis import plots as plots
from heavytail_snn.analysis import recorded as recorded
from heavytail_snn.analysis import report as report
from heavytail_snn.analysis import spectra as spectra
from heavytail_snn.analysis import study as study
from heavytail_snn.analysis import sweep as sweep
from heavytail_snn.analysis import tails as tails
from heavytail_snn.analysis import theory as theory
from heavytail_snn.analysis import toolbox as toolbox
from heavytail_snn.analysis.comparison import ComparedQuantity as ComparedQuantity
from heavytail_snn.analysis.comparison import Comparison as Comparison
from heavytail_snn.analysis.comparison import compare as compare
from heavytail_snn.analysis.description import Description as Description
from heavytail_snn.analysis.description import describe as describe
from heavytail_snn.analysis.dimension.curve import DimensionCurve as DimensionCurve
from heavytail_snn.analysis.dimension.curve import dimension_curve as dimension_curve
from heavytail_snn.analysis.dimension.participation import ParticipationRatio as ParticipationRatio
from heavytail_snn.analysis.dimension.participation import (
    participation_ratio as participation_ratio,
)
from heavytail_snn.analysis.geometry.code_signature import code_signature as code_signature
from heavytail_snn.analysis.geometry.cross_validated_exponent import CvpcaExponent as CvpcaExponent
from heavytail_snn.analysis.geometry.cross_validated_exponent import (
    cvpca_exponent as cvpca_exponent,
)
from heavytail_snn.analysis.geometry.cross_validated_pca import (
    CrossValidatedPCA as CrossValidatedPCA,
)
from heavytail_snn.analysis.geometry.cross_validated_pca import cvpca as cvpca
from heavytail_snn.analysis.geometry.eigenspectrum import (
    EigenspectrumExponent as EigenspectrumExponent,
)
from heavytail_snn.analysis.geometry.eigenspectrum import (
    eigenspectrum_exponent as eigenspectrum_exponent,
)
from heavytail_snn.analysis.geometry.eigenspectrum import kernel_eigenvalues as kernel_eigenvalues
from heavytail_snn.analysis.geometry.geometry_match import GeometryMatch as GeometryMatch
from heavytail_snn.analysis.geometry.geometry_match import match_geometry as match_geometry
from heavytail_snn.analysis.geometry.measured_kernel import ResponseKernel as ResponseKernel
from heavytail_snn.analysis.geometry.measured_kernel import response_kernel as response_kernel
from heavytail_snn.analysis.geometry.presentation import Presentation as Presentation
from heavytail_snn.analysis.geometry.presentation import present as present
from heavytail_snn.analysis.geometry.regression import TestError as TestError
from heavytail_snn.analysis.geometry.regression import (
    kernel_classification as kernel_classification,
)
from heavytail_snn.analysis.geometry.regression import kernel_regression as kernel_regression
from heavytail_snn.analysis.geometry.regression import readout_regression as readout_regression
from heavytail_snn.analysis.geometry.similarity import (
    RepresentationSimilarity as RepresentationSimilarity,
)
from heavytail_snn.analysis.geometry.similarity import (
    representation_similarity as representation_similarity,
)
from heavytail_snn.analysis.lyapunov import (
    lyapunov_spectrum_of_network as lyapunov_spectrum_of_network,
)
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
from heavytail_snn.analysis.matched_parameters import MatchedParameters as MatchedParameters
from heavytail_snn.analysis.matched_parameters import match_statistics as match_statistics
from heavytail_snn.analysis.matching import MatchedNetwork as MatchedNetwork
from heavytail_snn.analysis.matching import match_rate_network as match_rate_network
from heavytail_snn.analysis.recorded.divergence import SpikeDivergence as SpikeDivergence
from heavytail_snn.analysis.recorded.divergence import SpikeDivergenceRate as SpikeDivergenceRate
from heavytail_snn.analysis.recorded.divergence import divergence_rate as divergence_rate
from heavytail_snn.analysis.recorded.divergence import spike_divergence as spike_divergence
from heavytail_snn.analysis.recorded.responses import checked_responses as checked_responses
from heavytail_snn.analysis.recorded.responses import read_responses as read_responses
from heavytail_snn.analysis.recorded.review_figures import Autocorrelogram as Autocorrelogram
from heavytail_snn.analysis.recorded.review_figures import autocorrelogram as autocorrelogram
from heavytail_snn.analysis.recorded.review_figures import review_figure as review_figure
from heavytail_snn.analysis.recorded.stimuli import stimulus_responses as stimulus_responses
from heavytail_snn.analysis.recorded.surrogates import SurrogateTest as SurrogateTest
from heavytail_snn.analysis.recorded.surrogates import circular_shift as circular_shift
from heavytail_snn.analysis.recorded.surrogates import poisson_surrogate as poisson_surrogate
from heavytail_snn.analysis.recorded.surrogates import surrogate_test as surrogate_test
from heavytail_snn.analysis.spectra.cross import CrossSpectrum as CrossSpectrum
from heavytail_snn.analysis.spectra.cross import cross_spectrum as cross_spectrum
from heavytail_snn.analysis.spectra.power import PowerSpectrum as PowerSpectrum
from heavytail_snn.analysis.spectra.power import power_spectrum as power_spectrum
from heavytail_snn.analysis.spectra.statistics import SpikeStatistics as SpikeStatistics
from heavytail_snn.analysis.spectra.statistics import spike_statistics as spike_statistics
from heavytail_snn.analysis.tails import WeightTail as WeightTail
from heavytail_snn.analysis.tails import weight_tail as weight_tail
from heavytail_snn.recording.quality import QualityReport as QualityReport
from heavytail_snn.recording.quality import quality_report as quality_report
from heavytail_snn.recording.review.finding import Finding as Finding
