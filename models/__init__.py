"""Networks that can be simulated: one model, one file."""

from heavytail_snn.models.binary import BinaryNetwork, states_at
from heavytail_snn.models.lif import LIFNetwork
from heavytail_snn.models.lif_delta import PulseLIFNetwork
from heavytail_snn.models.lif_noise import ColouredNoise, WhiteNoise
from heavytail_snn.models.network_model import NetworkModel
from heavytail_snn.models.rapid_theta import RapidThetaNetwork
from heavytail_snn.models.rate_flow import RateFlow
from heavytail_snn.models.rate_map import RateMap
from heavytail_snn.models.theta import ThetaNetwork

__all__ = [
    "BinaryNetwork",
    "ColouredNoise",
    "LIFNetwork",
    "NetworkModel",
    "PulseLIFNetwork",
    "RapidThetaNetwork",
    "RateFlow",
    "RateMap",
    "ThetaNetwork",
    "WhiteNoise",
    "states_at",
]
