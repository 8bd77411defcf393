"""All first analyses of one recording, simulated or recorded, in one call and one result."""

from dataclasses import dataclass
from typing import Any

from heavytail_snn.analysis.dimension import ParticipationRatio, participation_ratio
from heavytail_snn.analysis.spectra import (
    PowerSpectrum,
    SpikeStatistics,
    power_spectrum,
    spike_statistics,
)
from heavytail_snn.core.results import Estimate, Result
from heavytail_snn.recording.inputs import as_recording
from heavytail_snn.recording.quality import QualityReport, quality_report


@dataclass(frozen=True, kw_only=True)
class Description(Result):
    """Statistics, spectrum, dimension and quality of one recording.

    Parameters
    ----------
    statistics : SpikeStatistics
    spectrum : PowerSpectrum
        The mean of the units' spectra.
    dimension : ParticipationRatio
        Of the counts in bins of ``parameters["bin_size"]`` seconds.
    quality : QualityReport
        Flagged units stay in all numbers; it names them.
    """

    statistics: SpikeStatistics
    spectrum: PowerSpectrum
    dimension: ParticipationRatio
    quality: QualityReport

    def estimates(self) -> tuple[Estimate, ...]:
        """Return the numbers of all parts."""
        parts = (self.statistics, self.spectrum, self.dimension)
        return tuple(estimate for part in parts for estimate in part.estimates())


def describe(
    spikes: Any,
    *,
    bin_size: float = 0.05,
    count_window: float = 0.1,
    t_start: Any = None,
    t_stop: Any = None,
) -> Description:
    """Compute rate, CV, Fano factor, power spectrum and participation ratio of a recording.

    Parameters
    ----------
    spikes : Recording, neo object or times in seconds
        See `heavytail_snn.recording.inputs.as_recording`.
    bin_size : float or quantity of time
        Of the counts whose participation ratio is taken.
    count_window : float or quantity of time
        Of the Fano factor and the count correlation.
    t_start, t_stop : float or quantity, optional
        Limits of the run where `spikes` are plain times.

    Returns
    -------
    Description

    Raises
    ------
    RecordingError, ParameterError
        As the single analyses.
    """
    recording = as_recording("spikes", spikes, t_start=t_start, t_stop=t_stop)
    statistics = spike_statistics(recording, count_window=count_window)
    spectrum = power_spectrum(recording)
    dimension = participation_ratio(recording, bin_size=bin_size)
    quality = quality_report(recording)
    notes = [n for part in (statistics, spectrum, dimension, quality) for n in part.warnings]
    return Description(
        statistics=statistics,
        spectrum=spectrum,
        dimension=dimension,
        quality=quality,
        parameters={"bin_size": bin_size, "count_window": count_window},
        warnings=tuple(dict.fromkeys(notes)),
    )
