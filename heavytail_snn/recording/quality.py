"""What a careful reader must know about recorded units: flags with stated rules, nothing dropped.

The rules of `Recording` (sorted, unique, finite, inside the limits) have been enforced before;
here are the doubts that only the user can decide.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from heavytail_snn.core.errors import check_real
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.core.showing import WIDTH, Rows, wrapped
from heavytail_snn.core.time_units import one_time
from heavytail_snn.recording.review.clock import (
    few_spikes,
    grid_finding,
    grid_of,
    labels,
    short_run,
    time_unit,
)
from heavytail_snn.recording.review.finding import N_PARTS, Finding, ReviewedSpikes
from heavytail_snn.recording.review.presence import absent, drift, gap, gap_finding
from heavytail_snn.recording.review.together import artefacts, bursts, silences, twins
from heavytail_snn.recording.trains import chunks

if TYPE_CHECKING:
    from heavytail_snn.recording.recording import Recording

_FLAGGED, _WARNINGS, _FINDINGS = 4, 2, 4  # that are printed; the fields hold all
_BURST = 10e-3  # s


@dataclass(frozen=True, kw_only=True)
class QualityReport(Result):
    """Flags of a recording, unit by unit.

    Parameters
    ----------
    rates : (n_units,) ndarray
        Firing rates over the whole recording in Hz.
    violation_fraction : (n_units,) ndarray
        Fraction of the unit's inter-spike intervals below the refractory time; nan for a unit
        with fewer than two spikes.
    total_violation_fraction : float
        The same over the intervals of all units; nan without any interval.
    flags : tuple of tuple of str
        For each unit what is doubtful about it; empty for a sound unit.
    findings : tuple of Finding
        What a reviewer would ask about the recording as a whole: gaps, drift, units that vanish,
        one neuron in two units, artefacts, silences, bursts, grids, wrong units of time, labels,
        too few spikes, too short a run.
    part_rates : (10, n_units) ndarray
        Rates in tenths of the run in Hz; nan where a unit was not watched.
    presence_ratio : (n_units,) ndarray
        In how many of the tenths in which it was watched the unit fires.
    n_spikes, duration
        Of the whole recording; the duration in seconds.
    """

    rates: np.ndarray = field_of(unit="Hz", dims=("unit",))
    violation_fraction: np.ndarray = field_of(dims=("unit",))
    total_violation_fraction: float = field_of()
    flags: tuple[tuple[str, ...], ...] = ()
    findings: tuple[Finding, ...] = ()
    part_rates: np.ndarray = field_of(unit="Hz", dims=("part", "unit"))
    presence_ratio: np.ndarray = field_of(dims=("unit",))
    n_spikes: int = 0
    duration: float = field_of(unit="s", default=float("nan"))

    @property
    def flagged_units(self) -> np.ndarray:
        """Numbers of the units with at least one flag."""
        return np.flatnonzero([bool(flags) for flags in self.flags])

    @property
    def sound_units(self) -> np.ndarray:
        """Numbers of the units without a flag, ready for `Recording.select`."""
        return np.flatnonzero([not flags for flags in self.flags])

    def sentences(self) -> list[str]:
        """Return what was found, one sentence each: the first flagged units, the rest in full."""
        return [*self._units(), *self.warnings, *map(str, self.findings)]

    def _units(self) -> list[str]:
        left = self.flagged_units.size - _FLAGGED
        return [
            f"{len(self.flags)} units, {self.n_spikes} spikes in {self.duration:.6g} s; sorted, "
            "unique, finite and inside the limits",
            f"rates {self.rates.min():.3g} / {np.median(self.rates):.3g} / "
            f"{self.rates.max():.3g} Hz (min / median / max)",
            *(f"unit {u}: {'; '.join(self.flags[u])}" for u in self.flagged_units[:_FLAGGED]),
            *[f"and {left} more units (see flagged_units)"] * (left > 0),
        ]

    def __str__(self) -> str:
        unsaid = [f.name for f in self.findings[_FINDINGS:]]
        lines = [
            *self._units(),
            *self.warnings[:_WARNINGS],
            *(_cut(str(finding)) for finding in self.findings[:_FINDINGS]),
            *[f"and {', '.join(unsaid)} (see findings)"] * bool(unsaid),
        ]
        return "\n".join(wrapped(line, 1) for line in lines)

    def review(self) -> str:
        """Return every finding in full, one a paragraph."""
        if not self.findings:
            return "nothing that a reviewer would ask was found"
        return "\n".join(wrapped(str(finding), 6) for finding in self.findings)

    def shown(self) -> tuple[str, Rows]:
        """Return the lines of the report."""
        return "QualityReport", [("", line) for line in str(self).splitlines()]

    def __repr__(self) -> str:
        flagged = self.flagged_units.size
        return f"QualityReport({len(self.flags)} units, {flagged} of them flagged)"


def _cut(text: str) -> str:
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 4].rstrip()} ..."


def quality_report(
    recording: "Recording",
    *,
    refractory: float = 2e-3,
    max_violation_fraction: float = 0.05,
    max_rate: float = 100.0,
    max_share: float = 0.5,
) -> QualityReport:
    """Flag units that may be no single neurons.

    Parameters
    ----------
    recording : Recording
    refractory : float or quantity of time
        No single neuron fires twice within this time, in seconds.
    max_violation_fraction : float
        A unit with a larger fraction of such intervals is flagged.
    max_rate : float
        A unit with a higher rate in Hz over the whole recording is flagged.
    max_share : float
        In a recording of at least five units, a unit with a larger share of all spikes is flagged.

    Returns
    -------
    QualityReport
        Silent units and units with a single spike are flagged too.
    """
    refractory = one_time("refractory", refractory, low=0)
    limit = check_real("max_violation_fraction", max_violation_fraction, low=0, high=1)
    max_rate = check_real("max_rate", max_rate, low=0)
    max_share = check_real("max_share", max_share, low=0, high=1)
    violations, intervals, brief = _short_intervals(recording, refractory)
    with np.errstate(invalid="ignore"):  # 0/0: without intervals there is no fraction
        fraction = violations / intervals
        total = float(violations.sum() / intervals.sum())
    counts, rates = recording.counts(), recording.rates()
    share = counts / max(recording.n_spikes, 1) if recording.n_units >= 5 else np.zeros_like(rates)
    rules = (
        (counts == 0, lambda u: "silent"),
        (counts == 1, lambda u: "a single spike, no interval"),
        (rates > max_rate, lambda u: f"rate {rates[u]:.4g} Hz above {max_rate:g} Hz"),
        (
            fraction > limit,
            lambda u: f"{fraction[u]:.1%} of the intervals below {1e3 * refractory:g} ms",
        ),
        (share > max_share, lambda u: f"{share[u]:.0%} of all spikes"),
    )
    spikes = _reviewed(recording)
    return QualityReport(
        findings=_review(recording, spikes, brief, intervals),
        part_rates=_divided(spikes.part_counts, spikes.part_observed),
        presence_ratio=_divided(
            (spikes.part_counts > 0).sum(axis=0), (spikes.part_observed > 0).sum(axis=0)
        ),
        rates=rates,
        violation_fraction=fraction,
        total_violation_fraction=total,
        flags=tuple(
            tuple(text(u) for mask, text in rules if mask[u]) for u in range(recording.n_units)
        ),
        n_spikes=recording.n_spikes,
        duration=recording.duration,
        parameters={
            "refractory": refractory,
            "max_violation_fraction": limit,
            "max_rate": max_rate,
            "max_share": max_share,
        },
        warnings=_reading_notes(recording),
    )


def _short_intervals(
    recording: "Recording", refractory: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, for each unit, the intervals below `refractory`, all, and those of bursts."""
    violations, intervals, brief = np.zeros((3, recording.n_units), dtype=np.int64)
    for chunk in chunks(recording):
        part = slice(chunk.first, chunk.stop)
        length, owner = np.diff(chunk.times)[chunk.joined], chunk.owner[1:][chunk.joined]
        for counts, limit in ((violations, refractory), (intervals, np.inf), (brief, _BURST)):
            counts[part] = np.bincount(owner[length < limit], minlength=chunk.n_units)
    return violations, intervals, brief


def _divided(number: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Divide; nan, meaning unknown, where nothing was watched."""
    return np.divide(number, of, out=np.full(of.shape, np.nan), where=of > 0)


def _reviewed(recording: "Recording") -> ReviewedSpikes:
    edges = np.linspace(recording.t_start, recording.t_stop, N_PARTS + 1)
    cuts = np.searchsorted(recording.times, edges[1:-1], side="left")
    n_units = recording.n_units
    parts = [np.bincount(ids, minlength=n_units) for ids in np.split(recording.ids, cuts)]
    observed = [
        recording.support.restricted(np.array([[low, high]])).observed
        for low, high in pairwise(edges)
    ]
    shared = recording.support.shared
    return ReviewedSpikes(
        recording.times, recording.ids, n_units, shared, np.array(parts), np.array(observed)
    )


def _review(
    recording: "Recording",
    spikes: ReviewedSpikes,
    brief: np.ndarray,
    intervals: np.ndarray,
) -> tuple[Finding, ...]:
    if not spikes.times.size:
        return ()
    rates, grid = recording.rates(), grid_of(spikes.times)
    silence = gap(spikes) if len(spikes.shared) else None
    n_intervals = int(intervals.sum())
    found = (
        few_spikes(spikes),
        short_run(spikes),
        time_unit(rates, recording.duration, int(brief.sum()), n_intervals),
        labels(dict(recording.units.columns)),
        gap_finding(silence) if silence else None,
        drift(spikes),
        absent(spikes, silence),
        twins(spikes, grid),
        artefacts(spikes),
        silences(spikes) if len(spikes.shared) else None,
        bursts(brief, intervals, rates, _BURST),
        grid_finding(grid),
    )
    return tuple(finding for finding in found if finding is not None)


def provenance_warnings(recording: "Recording") -> tuple[str, ...]:
    """Return what results computed from a recording must say: how it was read, doubtful units.

    Units are judged where the data were recorded; those of a simulation are what they are.
    """
    found = _reading_notes(recording)
    if "source" in recording.attrs and "model" not in recording.attrs:
        report = recording.usual_quality
        doubtful = [u for u in report.flagged_units if recording.counts()[u] > 1]
        if doubtful:
            units = ", ".join(map(str, doubtful))
            found += (f"doubtful units are in these numbers: {units} (see Recording.quality())",)
    return found


def _reading_notes(recording: "Recording") -> tuple[str, ...]:
    found = []
    guessed = [n for n in ("t_start", "t_stop") if recording.attrs.get(f"{n}_from") == "spikes"]
    if guessed:
        found.append(f"{' and '.join(guessed)} taken from the spikes: rates are a little high")
    if recording.attrs.get("duplicates_dropped"):
        found.append(f"{recording.attrs['duplicates_dropped']} duplicate spikes were dropped")
    if recording.attrs.get("empty_cells"):
        found.append(f"{recording.attrs['empty_cells']} empty cells of the file are no units")
    return tuple(found)
