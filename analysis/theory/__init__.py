"""Mean-field theory: what the networks should do.  One theory a file; never a simulation.

Every public function says which convention its gain uses: Gaussian (weights of variance g^2/N) or
stable (characteristic function exp(-|k|^alpha), variance 2 g^2/N at alpha = 2).
"""

from heavytail_snn.core.lazy import lazy_face

__getattr__, __dir__, __all__ = lazy_face(__name__, __file__)
