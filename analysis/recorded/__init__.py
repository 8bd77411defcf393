"""Recorded data: what to doubt about it, responses, divergence of trials, surrogates."""

from heavytail_snn.core.lazy import lazy_face

__getattr__, __dir__, __all__ = lazy_face(__name__, __file__)
