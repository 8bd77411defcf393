"""Mean-field theory: what the networks should do.  One theory a file; never a simulation.

Every public function says which convention its gain uses: Gaussian (weights of variance g^2/N) or
stable (characteristic function exp(-|k|^alpha), variance 2 g^2/N at alpha = 2).
"""

# random rate networks
from heavytail_snn.analysis.theory.participation import ParticipationTheory as ParticipationTheory
from heavytail_snn.analysis.theory.participation import linear_participation as linear_participation
from heavytail_snn.analysis.theory.participation import (
    rate_flow_participation as rate_flow_participation,
)
from heavytail_snn.analysis.theory.participation import (
    rate_map_participation as rate_map_participation,
)
from heavytail_snn.analysis.theory.quiescent_gain import quiescent_gain as quiescent_gain
from heavytail_snn.analysis.theory.rate_flow import RateFlowTheory as RateFlowTheory
from heavytail_snn.analysis.theory.rate_flow import rate_flow as rate_flow
from heavytail_snn.analysis.theory.rate_flow_fixed_point import (
    rate_flow_fixed_point as rate_flow_fixed_point,
)
from heavytail_snn.analysis.theory.rate_flow_transition import (
    RateFlowTransition as RateFlowTransition,
)
from heavytail_snn.analysis.theory.rate_flow_transition import (
    rate_flow_transition as rate_flow_transition,
)
from heavytail_snn.analysis.theory.rate_map import RateMapTheory as RateMapTheory
from heavytail_snn.analysis.theory.rate_map import rate_map as rate_map
from heavytail_snn.analysis.theory.rate_map_spectrum import (
    RateMapSpectrumTheory as RateMapSpectrumTheory,
)
from heavytail_snn.analysis.theory.rate_map_spectrum import rate_map_spectrum as rate_map_spectrum
from heavytail_snn.analysis.theory.stable_map import StableMapTheory as StableMapTheory
from heavytail_snn.analysis.theory.stable_map import stable_map as stable_map
from heavytail_snn.analysis.theory.two_replica import TwoReplicaTheory as TwoReplicaTheory
from heavytail_snn.analysis.theory.two_replica import two_replica as two_replica
