from heavytail_snn.brian.model import NetworkModel as NetworkModel
from heavytail_snn.models.binary.network import BinaryNetwork as BinaryNetwork
from heavytail_snn.models.binary.network import states_at as states_at
from heavytail_snn.models.binary.trials import binary_trials as binary_trials
from heavytail_snn.models.binary.trials import synchronous_trials as synchronous_trials
from heavytail_snn.models.brian.conductance_lif import (
    ConductanceLIFNetwork as ConductanceLIFNetwork,
)
from heavytail_snn.models.brian.lif import LIFNetwork as LIFNetwork
from heavytail_snn.models.brian.lif_noise import ColouredNoise as ColouredNoise
from heavytail_snn.models.brian.lif_noise import WhiteNoise as WhiteNoise
from heavytail_snn.models.brian.spiking_network import SpikingNetwork as SpikingNetwork
from heavytail_snn.models.pulse.drive_tuning import tune_drive as tune_drive
from heavytail_snn.models.pulse.event_state import AvalancheError as AvalancheError
from heavytail_snn.models.pulse.event_state import EventState as EventState
from heavytail_snn.models.pulse.lif_delta import PulseLIFNetwork as PulseLIFNetwork
from heavytail_snn.models.pulse.pulse_coupled import EventRun as EventRun
from heavytail_snn.models.pulse.rapid_theta import RapidThetaNetwork as RapidThetaNetwork
from heavytail_snn.models.pulse.theta import ThetaNetwork as ThetaNetwork
from heavytail_snn.models.rate.activation import Activation as Activation
from heavytail_snn.models.rate.activation import threshold_linear as threshold_linear
from heavytail_snn.models.rate.delayed_xor import DelayedXor as DelayedXor
from heavytail_snn.models.rate.delayed_xor import delayed_xor as delayed_xor
from heavytail_snn.models.rate.flow import RateFlow as RateFlow
from heavytail_snn.models.rate.map import RateMap as RateMap
from heavytail_snn.models.rate.network import LowRankPlus as LowRankPlus
from heavytail_snn.models.rate.pruning import prune as prune
from heavytail_snn.models.rate.trials import rate_trials as rate_trials
from heavytail_snn.models.stimulus import Stimulus as Stimulus
from heavytail_snn.models.stimulus import circle as circle
from heavytail_snn.models.stimulus import gaussian_mixture as gaussian_mixture
from heavytail_snn.models.stimulus import given_stimuli as given_stimuli
from heavytail_snn.models.stimulus import sphere as sphere
from heavytail_snn.models.stimulus import torus as torus
