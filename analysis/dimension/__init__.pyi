from heavytail_snn.analysis.dimension.curve import DimensionCurve as DimensionCurve
from heavytail_snn.analysis.dimension.curve import dimension_curve as dimension_curve
from heavytail_snn.analysis.dimension.participation import ParticipationRatio as ParticipationRatio
from heavytail_snn.analysis.dimension.participation import (
    participation_ratio as participation_ratio,
)
