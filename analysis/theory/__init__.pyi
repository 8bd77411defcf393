from heavytail_snn.analysis.theory.binary_networks.mean_field import BinaryTheory as BinaryTheory
from heavytail_snn.analysis.theory.binary_networks.mean_field import (
    MatchedRateNetwork as MatchedRateNetwork,
)
from heavytail_snn.analysis.theory.binary_networks.mean_field import binary as binary
from heavytail_snn.analysis.theory.binary_networks.mean_field import (
    matched_rate_network as matched_rate_network,
)
from heavytail_snn.analysis.theory.binary_networks.onset import BinaryOnset as BinaryOnset
from heavytail_snn.analysis.theory.binary_networks.onset import binary_onset as binary_onset
from heavytail_snn.analysis.theory.binary_networks.onset import (
    binary_onset_gain as binary_onset_gain,
)
from heavytail_snn.analysis.theory.binary_networks.participation import (
    binary_participation as binary_participation,
)
from heavytail_snn.analysis.theory.binary_networks.replicas import ReplicaOverlap as ReplicaOverlap
from heavytail_snn.analysis.theory.binary_networks.replicas import (
    binary_replicas as binary_replicas,
)
from heavytail_snn.analysis.theory.codes.kernel_spectrum import KernelSpectrum as KernelSpectrum
from heavytail_snn.analysis.theory.codes.kernel_spectrum import PowerLawFit as PowerLawFit
from heavytail_snn.analysis.theory.codes.kernel_spectrum import circle_spectrum as circle_spectrum
from heavytail_snn.analysis.theory.codes.kernel_spectrum import (
    power_law_exponent as power_law_exponent,
)
from heavytail_snn.analysis.theory.codes.kernel_spectrum import sphere_spectrum as sphere_spectrum
from heavytail_snn.analysis.theory.codes.learning_curve import LearningCurve as LearningCurve
from heavytail_snn.analysis.theory.codes.learning_curve import learning_curve as learning_curve
from heavytail_snn.analysis.theory.codes.rate_map_kernel import RateMapKernel as RateMapKernel
from heavytail_snn.analysis.theory.codes.rate_map_kernel import rate_map_kernel as rate_map_kernel
from heavytail_snn.analysis.theory.codes.response_kernel import ResponseKernel as ResponseKernel
from heavytail_snn.analysis.theory.codes.response_kernel import (
    SynchronousKernel as SynchronousKernel,
)
from heavytail_snn.analysis.theory.codes.response_kernel import cusp_exponent as cusp_exponent
from heavytail_snn.analysis.theory.codes.response_kernel import eigen_exponent as eigen_exponent
from heavytail_snn.analysis.theory.codes.response_kernel import leading_nugget as leading_nugget
from heavytail_snn.analysis.theory.codes.response_kernel import response_kernel as response_kernel
from heavytail_snn.analysis.theory.codes.response_kernel import (
    stable_response_kernel as stable_response_kernel,
)
from heavytail_snn.analysis.theory.codes.response_kernel import (
    synchronous_kernel as synchronous_kernel,
)
from heavytail_snn.analysis.theory.codes.stable_smooth_kernel import (
    StableSmoothKernel as StableSmoothKernel,
)
from heavytail_snn.analysis.theory.codes.stable_smooth_kernel import (
    stable_smooth_kernel as stable_smooth_kernel,
)
from heavytail_snn.analysis.theory.lif.heavy_tailed import lif_coupling as lif_coupling
from heavytail_snn.analysis.theory.lif.heavy_tailed import lif_heavy_tailed as lif_heavy_tailed
from heavytail_snn.analysis.theory.lif.network import LIFCircuit as LIFCircuit
from heavytail_snn.analysis.theory.lif.network import LIFNetworkRate as LIFNetworkRate
from heavytail_snn.analysis.theory.lif.network import lif_network as lif_network
from heavytail_snn.analysis.theory.lif.population import LIFPopulation as LIFPopulation
from heavytail_snn.analysis.theory.lif.population import LIFSampling as LIFSampling
from heavytail_snn.analysis.theory.lif.siegert import SiegertRate as SiegertRate
from heavytail_snn.analysis.theory.lif.siegert import siegert as siegert
from heavytail_snn.analysis.theory.lif.spectrum import lif_spectrum as lif_spectrum
from heavytail_snn.analysis.theory.lif.stability import LIFCriticalWeight as LIFCriticalWeight
from heavytail_snn.analysis.theory.lif.stability import LIFStability as LIFStability
from heavytail_snn.analysis.theory.lif.stability import lif_critical_weight as lif_critical_weight
from heavytail_snn.analysis.theory.lif.stability import lif_stability as lif_stability
from heavytail_snn.analysis.theory.rate.flow import RateFlowTheory as RateFlowTheory
from heavytail_snn.analysis.theory.rate.flow import rate_flow as rate_flow
from heavytail_snn.analysis.theory.rate.flow_fixed_point import (
    rate_flow_fixed_point as rate_flow_fixed_point,
)
from heavytail_snn.analysis.theory.rate.flow_transition import (
    RateFlowTransition as RateFlowTransition,
)
from heavytail_snn.analysis.theory.rate.flow_transition import (
    rate_flow_transition as rate_flow_transition,
)
from heavytail_snn.analysis.theory.rate.map import RateMapTheory as RateMapTheory
from heavytail_snn.analysis.theory.rate.map import rate_map as rate_map
from heavytail_snn.analysis.theory.rate.map_spectrum import (
    RateMapSpectrumTheory as RateMapSpectrumTheory,
)
from heavytail_snn.analysis.theory.rate.map_spectrum import rate_map_spectrum as rate_map_spectrum
from heavytail_snn.analysis.theory.rate.participation import (
    ParticipationTheory as ParticipationTheory,
)
from heavytail_snn.analysis.theory.rate.participation import (
    linear_participation as linear_participation,
)
from heavytail_snn.analysis.theory.rate.participation import (
    rate_flow_participation as rate_flow_participation,
)
from heavytail_snn.analysis.theory.rate.participation import (
    rate_map_participation as rate_map_participation,
)
from heavytail_snn.analysis.theory.rate.two_replica import TwoReplicaTheory as TwoReplicaTheory
from heavytail_snn.analysis.theory.rate.two_replica import two_replica as two_replica
from heavytail_snn.analysis.theory.stable.map import StableMapTheory as StableMapTheory
from heavytail_snn.analysis.theory.stable.map import stable_map as stable_map
from heavytail_snn.analysis.theory.stable.onset_gain import quiescent_gain as quiescent_gain
from heavytail_snn.analysis.theory.stable.population_dynamics import (
    PopulationExponent as PopulationExponent,
)
from heavytail_snn.analysis.theory.stable.population_dynamics import (
    PopulationExtrapolation as PopulationExtrapolation,
)
from heavytail_snn.analysis.theory.stable.population_dynamics import (
    population_dynamics_map as population_dynamics_map,
)
from heavytail_snn.analysis.theory.stable.population_dynamics import (
    population_extrapolation as population_extrapolation,
)
from heavytail_snn.analysis.theory.stable.rate_flow import (
    HeavyTailedRateFlow as HeavyTailedRateFlow,
)
from heavytail_snn.analysis.theory.stable.rate_flow import PathSampling as PathSampling
from heavytail_snn.analysis.theory.stable.rate_flow import (
    rate_flow_heavy_tailed as rate_flow_heavy_tailed,
)
from heavytail_snn.analysis.theory.stable.sign_autocorrelation import (
    StableSignAutocorrelation as StableSignAutocorrelation,
)
from heavytail_snn.analysis.theory.stable.sign_autocorrelation import (
    stable_sign_autocorrelation as stable_sign_autocorrelation,
)
from heavytail_snn.analysis.theory.stable.sign_dynamics import (
    StableSignDynamics as StableSignDynamics,
)
from heavytail_snn.analysis.theory.stable.sign_dynamics import StableSignOnset as StableSignOnset
from heavytail_snn.analysis.theory.stable.sign_dynamics import onset_noise as onset_noise
from heavytail_snn.analysis.theory.stable.sign_dynamics import (
    stable_sign_dynamics as stable_sign_dynamics,
)
from heavytail_snn.analysis.theory.stable.sign_dynamics import (
    stable_sign_onset as stable_sign_onset,
)
from heavytail_snn.analysis.theory.stable.sign_map import SmallDistanceLaw as SmallDistanceLaw
from heavytail_snn.analysis.theory.stable.sign_map import StableSignMap as StableSignMap
from heavytail_snn.analysis.theory.stable.sign_map import flips_per_flip as flips_per_flip
from heavytail_snn.analysis.theory.stable.sign_map import (
    sign_pair_correlation as sign_pair_correlation,
)
from heavytail_snn.analysis.theory.stable.sign_map import small_distance_law as small_distance_law
from heavytail_snn.analysis.theory.stable.sign_map import stable_sign_map as stable_sign_map
from heavytail_snn.analysis.theory.stable.threshold_units import ThresholdUnits as ThresholdUnits
from heavytail_snn.analysis.theory.stable.threshold_units import critical_gain as critical_gain
from heavytail_snn.analysis.theory.stable.threshold_units import stable_survival as stable_survival
from heavytail_snn.analysis.theory.stable.threshold_units import threshold_units as threshold_units
