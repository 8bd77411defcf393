"""What elephant has, called and not rewritten: surrogates, distances, tiling, spectra, events.

Each function takes a Recording and keeps to its time support; elephant is loaded on first use.
"""

from heavytail_snn.core.lazy import lazy_face

__getattr__, __dir__, __all__ = lazy_face(__name__, __file__)
