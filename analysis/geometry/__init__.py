"""Geometry of population codes: kernels, eigenspectra, regression, similarity, matched networks."""

from heavytail_snn.analysis.geometry.code_signature import code_signature
from heavytail_snn.analysis.geometry.cross_validated_exponent import CvpcaExponent, cvpca_exponent
from heavytail_snn.analysis.geometry.cross_validated_pca import CrossValidatedPCA, cvpca
from heavytail_snn.analysis.geometry.eigenspectrum import (
    EigenspectrumExponent,
    eigenspectrum_exponent,
    kernel_eigenvalues,
)
from heavytail_snn.analysis.geometry.geometry_match import GeometryMatch, match_geometry
from heavytail_snn.analysis.geometry.measured_kernel import ResponseKernel, response_kernel
from heavytail_snn.analysis.geometry.presentation import Presentation, present
from heavytail_snn.analysis.geometry.regression import (
    TestError,
    kernel_classification,
    kernel_regression,
    readout_regression,
)
from heavytail_snn.analysis.geometry.similarity import (
    RepresentationSimilarity,
    representation_similarity,
)

__all__ = [
    "CrossValidatedPCA",
    "CvpcaExponent",
    "EigenspectrumExponent",
    "GeometryMatch",
    "Presentation",
    "RepresentationSimilarity",
    "ResponseKernel",
    "TestError",
    "code_signature",
    "cvpca",
    "cvpca_exponent",
    "eigenspectrum_exponent",
    "kernel_classification",
    "kernel_eigenvalues",
    "kernel_regression",
    "match_geometry",
    "present",
    "readout_regression",
    "representation_similarity",
    "response_kernel",
]
