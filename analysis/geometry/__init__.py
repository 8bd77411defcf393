"""Geometry of population codes: kernels, roughness, eigenspectra, regression, similarity."""

from heavytail_snn.analysis.geometry.cvpca import CrossValidatedPCA, cvpca
from heavytail_snn.analysis.geometry.cvpca_exponent import CvpcaExponent, cvpca_exponent
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
from heavytail_snn.analysis.geometry.similarity import (
    RepresentationSimilarity,
    representation_similarity,
)

__all__ = [
    "CrossValidatedPCA",
    "CvpcaExponent",
    "EigenspectrumExponent",
    "Presentation",
    "RepresentationSimilarity",
    "ResponseKernel",
    "TestError",
    "cvpca",
    "cvpca_exponent",
    "eigenspectrum_exponent",
    "kernel_classification",
    "kernel_eigenvalues",
    "kernel_regression",
    "present",
    "readout_regression",
    "representation_similarity",
    "response_kernel",
]
