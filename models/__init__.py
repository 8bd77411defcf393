"""Networks that can be simulated: one model, one file."""

from heavytail_snn.brian.model import NetworkModel
from heavytail_snn.models.binary.network import BinaryNetwork, states_at
from heavytail_snn.models.binary.trials import binary_trials, synchronous_trials
from heavytail_snn.models.brian.conductance_lif import ConductanceLIFNetwork
from heavytail_snn.models.brian.lif import LIFNetwork
from heavytail_snn.models.brian.lif_noise import ColouredNoise, WhiteNoise
from heavytail_snn.models.pulse.drive_tuning import tune_drive
from heavytail_snn.models.pulse.event_state import AvalancheError, EventState
from heavytail_snn.models.pulse.lif_delta import PulseLIFNetwork
from heavytail_snn.models.pulse.pulse_coupled import EventRun
from heavytail_snn.models.pulse.rapid_theta import RapidThetaNetwork
from heavytail_snn.models.pulse.theta import ThetaNetwork
from heavytail_snn.models.rate.activation import Activation, threshold_linear
from heavytail_snn.models.rate.delayed_xor import DelayedXor, delayed_xor
from heavytail_snn.models.rate.flow import RateFlow
from heavytail_snn.models.rate.map import RateMap
from heavytail_snn.models.rate.network import LowRankPlus
from heavytail_snn.models.rate.pruning import prune
from heavytail_snn.models.rate.trials import rate_trials
from heavytail_snn.models.stimulus import (
    Stimulus,
    circle,
    gaussian_mixture,
    given_stimuli,
    sphere,
    torus,
)

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
