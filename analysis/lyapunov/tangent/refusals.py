"""What the spectra of spiking networks refuse, one named error each.

Every one is a `ParameterError`: the message gives the value, the rule that it breaks and the way
out.  A refusal here stands for a wrong number elsewhere.
"""

from heavytail_snn.core.errors import ParameterError


class SaltationError(ParameterError):
    """The tangent of the model or of the recording cannot be followed."""


class WhiteNoiseError(SaltationError):
    """White noise reaches the threshold variable: the crossing has no speed."""


class CutoffError(SaltationError):
    """The spike is a numerical cut-off that one time step jumps over."""


class StochasticSynapseError(SaltationError):
    """A synapse draws random numbers when a spike arrives."""


class TangentialCrossingError(SaltationError):
    """A recorded spike crosses its threshold with no or negative speed."""


class PulseCrossingError(SaltationError):
    """A pulse lifts its target over the threshold at the instant of its arrival."""


class GridLockedError(SaltationError):
    """An exponent was asked of perturbed copies whose spikes sit on the time grid."""


class UnreadableModelError(SaltationError):
    """The model contains something whose tangent is not known."""
