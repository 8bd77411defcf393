"""Dimension of activity: how many directions carry its variance."""

from heavytail_snn.core.lazy import lazy_face

__getattr__, __dir__, __all__ = lazy_face(__name__, __file__)
