"""Sweeps: a grid of networks, measured on any number of processes into one store that lasts."""

from heavytail_snn.core.lazy import lazy_face

__getattr__, __dir__, __all__ = lazy_face(__name__, __file__)
