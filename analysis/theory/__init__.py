"""Mean-field theory: what the networks should do.  One theory a file; never a simulation.

Every public function says which convention its gain uses: Gaussian (weights of variance g^2/N) or
stable (characteristic function exp(-|k|^alpha), variance 2 g^2/N at alpha = 2).
"""

# random rate networks
from heavytail_snn.analysis.theory.quiescent_gain import quiescent_gain as quiescent_gain
from heavytail_snn.analysis.theory.rate_map import RateMapTheory as RateMapTheory
from heavytail_snn.analysis.theory.rate_map import rate_map as rate_map
from heavytail_snn.analysis.theory.rate_map_spectrum import (
    RateMapSpectrumTheory as RateMapSpectrumTheory,
)
from heavytail_snn.analysis.theory.rate_map_spectrum import rate_map_spectrum as rate_map_spectrum
from heavytail_snn.analysis.theory.stable_map import StableMapTheory as StableMapTheory
from heavytail_snn.analysis.theory.stable_map import stable_map as stable_map
