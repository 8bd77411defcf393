from heavytail_snn.analysis.geometry.code_signature import code_signature as code_signature
from heavytail_snn.analysis.geometry.cross_validated_exponent import CvpcaExponent as CvpcaExponent
from heavytail_snn.analysis.geometry.cross_validated_exponent import (
    cvpca_exponent as cvpca_exponent,
)
from heavytail_snn.analysis.geometry.cross_validated_pca import (
    CrossValidatedPCA as CrossValidatedPCA,
)
from heavytail_snn.analysis.geometry.cross_validated_pca import cvpca as cvpca
from heavytail_snn.analysis.geometry.eigenspectrum import (
    EigenspectrumExponent as EigenspectrumExponent,
)
from heavytail_snn.analysis.geometry.eigenspectrum import (
    eigenspectrum_exponent as eigenspectrum_exponent,
)
from heavytail_snn.analysis.geometry.eigenspectrum import kernel_eigenvalues as kernel_eigenvalues
from heavytail_snn.analysis.geometry.geometry_match import GeometryMatch as GeometryMatch
from heavytail_snn.analysis.geometry.geometry_match import match_geometry as match_geometry
from heavytail_snn.analysis.geometry.measured_kernel import ResponseKernel as ResponseKernel
from heavytail_snn.analysis.geometry.measured_kernel import response_kernel as response_kernel
from heavytail_snn.analysis.geometry.presentation import Presentation as Presentation
from heavytail_snn.analysis.geometry.presentation import present as present
from heavytail_snn.analysis.geometry.regression import TestError as TestError
from heavytail_snn.analysis.geometry.regression import (
    kernel_classification as kernel_classification,
)
from heavytail_snn.analysis.geometry.regression import kernel_regression as kernel_regression
from heavytail_snn.analysis.geometry.regression import readout_regression as readout_regression
from heavytail_snn.analysis.geometry.similarity import (
    RepresentationSimilarity as RepresentationSimilarity,
)
from heavytail_snn.analysis.geometry.similarity import (
    representation_similarity as representation_similarity,
)
