"""Networks that can be simulated: one model, one file."""

from heavytail_snn.models.activation import Activation, threshold_linear
from heavytail_snn.models.binary import BinaryNetwork, states_at
from heavytail_snn.models.binary_trials import binary_trials, synchronous_trials
from heavytail_snn.models.conductance_lif import ConductanceLIFNetwork
from heavytail_snn.models.delayed_xor import DelayedXor, delayed_xor
from heavytail_snn.models.event_state import AvalancheError, EventState
from heavytail_snn.models.lif import LIFNetwork
from heavytail_snn.models.lif_delta import PulseLIFNetwork
from heavytail_snn.models.lif_noise import ColouredNoise, WhiteNoise
from heavytail_snn.models.network_model import NetworkModel
from heavytail_snn.models.pruning import prune
from heavytail_snn.models.pulse_coupled import EventRun
from heavytail_snn.models.rapid_theta import RapidThetaNetwork
from heavytail_snn.models.rate_flow import RateFlow
from heavytail_snn.models.rate_map import RateMap
from heavytail_snn.models.rate_network import LowRankPlus
from heavytail_snn.models.rate_trials import rate_trials
from heavytail_snn.models.stimulus import (
    Stimulus,
    circle,
    gaussian_mixture,
    given_stimuli,
    sphere,
    torus,
)
from heavytail_snn.models.theta import ThetaNetwork
from heavytail_snn.models.tune_drive import tune_drive

__all__ = [
    "Activation",
    "AvalancheError",
    "BinaryNetwork",
    "ColouredNoise",
    "ConductanceLIFNetwork",
    "DelayedXor",
    "EventRun",
    "EventState",
    "LIFNetwork",
    "LowRankPlus",
    "NetworkModel",
    "PulseLIFNetwork",
    "RapidThetaNetwork",
    "RateFlow",
    "RateMap",
    "Stimulus",
    "ThetaNetwork",
    "WhiteNoise",
    "binary_trials",
    "circle",
    "delayed_xor",
    "gaussian_mixture",
    "given_stimuli",
    "prune",
    "rate_trials",
    "sphere",
    "states_at",
    "synchronous_trials",
    "threshold_linear",
    "torus",
    "tune_drive",
]
