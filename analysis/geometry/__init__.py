"""Geometry of population codes: kernels, roughness, eigenspectra, regression, similarity."""

from heavytail_snn.analysis.geometry.cvpca import CrossValidatedPCA, cvpca
from heavytail_snn.analysis.geometry.eigenspectrum import (
    EigenspectrumExponent,
    eigenspectrum_exponent,
    kernel_eigenvalues,
)
from heavytail_snn.analysis.geometry.presentation import Presentation, present
from heavytail_snn.analysis.geometry.regression import (
    TestError,
    kernel_classification,
    kernel_regression,
    readout_regression,
)
from heavytail_snn.analysis.geometry.response_kernel import ResponseKernel, response_kernel

__all__ = [
    "CrossValidatedPCA",
    "EigenspectrumExponent",
    "Presentation",
    "ResponseKernel",
    "TestError",
    "cvpca",
    "eigenspectrum_exponent",
    "kernel_classification",
    "kernel_eigenvalues",
    "kernel_regression",
    "present",
    "readout_regression",
    "response_kernel",
]
