"""All first analyses of one recording, simulated or recorded, in one call and one result."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tqdm import tqdm

from heavytail_snn.analysis.dimension import (
    DimensionCurve,
    ParticipationRatio,
    dimension_curve,
    participation_ratio,
)
from heavytail_snn.analysis.dimension.block_moments import fits
from heavytail_snn.analysis.spectra import (
    PowerSpectrum,
    SpikeStatistics,
    power_spectrum,
    spike_statistics,
)
from heavytail_snn.core.results import Estimate, Result
from heavytail_snn.recording.inputs import as_recording
from heavytail_snn.recording.quality import QualityReport
from heavytail_snn.recording.recording import Recording
from heavytail_snn.recording.windows import Windows


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
    curve : DimensionCurve or None
        The dimension over bin sizes, halves and population sizes; None for more than 3,500 units,
        and for a run too short for the widest of its bins.
    """

    statistics: SpikeStatistics
    spectrum: PowerSpectrum
    dimension: ParticipationRatio
    quality: QualityReport
    curve: DimensionCurve | None = None

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
    progress: bool = False,
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
    progress : bool
        Show what is computed and how much time is left, on standard error.

    Returns
    -------
    Description

    Raises
    ------
    RecordingError, ParameterError
        As the single analyses.
    """
    recording = as_recording("spikes", spikes, t_start=t_start, t_stop=t_stop)
    parts = _in_turn(
        {
            "quality": lambda: recording.usual_quality,
            "statistics": lambda: spike_statistics(recording, count_window=count_window),
            "spectrum": lambda: power_spectrum(recording),
            "dimension": lambda: participation_ratio(recording, bin_size=bin_size),
            "curve": lambda: _curve(recording),
        },
        progress=progress,
    )
    notes = [
        note
        for name in ("statistics", "spectrum", "dimension", "quality", "curve")
        for note in (parts[name].warnings if parts[name] is not None else ())
    ]
    return Description(
        **parts,
        parameters={"bin_size": bin_size, "count_window": count_window},
        warnings=tuple(dict.fromkeys(notes)),
    )


# what each part takes of the time, measured with 1,000 units of 3 Hz
_SHARES = {"quality": 4, "statistics": 4, "spectrum": 4, "dimension": 3, "curve": 8}


def _in_turn(steps: dict[str, Callable[[], Any]], *, progress: bool) -> dict[str, Any]:
    """Return the results of all steps, and show how far it is."""
    found = {}
    with tqdm(total=sum(_SHARES.values()), disable=not progress, bar_format=_BAR) as bar:
        for name, step in steps.items():
            bar.set_description(name)
            found[name] = step()
            bar.update(_SHARES[name])
    return found


_BAR = "{desc:10} {percentage:3.0f}% |{bar}| {elapsed}, {remaining} left"


def _curve(recording: Recording) -> DimensionCurve | None:
    windows = Windows(recording.support.shared, 0.05)
    if windows.n < 20 or not fits(recording.n_units, 10, recording.n_units):
        return None
    return dimension_curve(recording)
