from heavytail_snn.analysis.dimension.participation import ParticipationRatio as ParticipationRatio
from heavytail_snn.analysis.dimension.participation import (
    participation_ratio as participation_ratio,
)
