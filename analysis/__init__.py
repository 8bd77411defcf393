"""Measures and predictions: one method, one file.

Array kernels under convenient fronts; nothing here simulates a network of its own accord except
the Lyapunov routes, which need its tangent dynamics.
"""

from heavytail_snn.core.lazy import lazy_face

__getattr__, __dir__, __all__ = lazy_face(__name__, __file__)
