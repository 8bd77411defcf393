"""Lyapunov spectra of maps, flows and spiking networks, and what follows from them."""

from heavytail_snn.core.lazy import lazy_face

__getattr__, __dir__, __all__ = lazy_face(__name__, __file__)
