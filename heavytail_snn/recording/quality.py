"""What a careful reader must know about recorded units: flags with stated rules, nothing dropped.

The rules of `Recording` (sorted, unique, finite, inside the limits) have been enforced before;
here are the doubts that only the user can decide.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from heavytail_snn.core.errors import check_real
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.core.showing import Rows, wrapped
from heavytail_snn.core.time_units import one_time
from heavytail_snn.recording.trains import chunks

if TYPE_CHECKING:
    from heavytail_snn.recording.recording import Recording

_FLAGGED, _WARNINGS = 8, 3  # units and warnings that are printed; the fields hold all


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
    n_spikes, duration
        Of the whole recording; the duration in seconds.
    """

    rates: np.ndarray = field_of(unit="Hz", dims=("unit",))
    violation_fraction: np.ndarray = field_of(dims=("unit",))
    total_violation_fraction: float = field_of()
    flags: tuple[tuple[str, ...], ...] = ()
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

    def __str__(self) -> str:
        left = self.flagged_units.size - _FLAGGED
        lines = [
            f"{len(self.flags)} units, {self.n_spikes} spikes in {self.duration:.6g} s; sorted, "
            "unique, finite and inside the limits",
            f"rates {self.rates.min():.3g} / {np.median(self.rates):.3g} / "
            f"{self.rates.max():.3g} Hz (min / median / max)",
            *(f"unit {u}: {'; '.join(self.flags[u])}" for u in self.flagged_units[:_FLAGGED]),
            *[f"and {left} more units (see flagged_units)"] * (left > 0),
            *self.warnings[:_WARNINGS],
        ]
        return "\n".join(wrapped(line, 1) for line in lines)

    def shown(self) -> tuple[str, Rows]:
        """Return the lines of the report."""
        return "QualityReport", [("", line) for line in str(self).splitlines()]

    def __repr__(self) -> str:
        flagged = self.flagged_units.size
        return f"QualityReport({len(self.flags)} units, {flagged} of them flagged)"


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
    violations, intervals = count_violations(recording, refractory)
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
    return QualityReport(
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


def count_violations(recording: "Recording", refractory: float) -> tuple[np.ndarray, np.ndarray]:
    """Return, for each unit, the intervals shorter than `refractory` and all intervals."""
    violations, intervals = np.zeros((2, recording.n_units), dtype=np.int64)
    for chunk in chunks(recording):
        part = slice(chunk.first, chunk.stop)
        length, owner = np.diff(chunk.times)[chunk.joined], chunk.owner[1:][chunk.joined]
        violations[part] = np.bincount(owner[length < refractory], minlength=chunk.n_units)
        intervals[part] = np.bincount(owner, minlength=chunk.n_units)
    return violations, intervals


def provenance_warnings(recording: "Recording") -> tuple[str, ...]:
    """Return what results computed from a recording must say: how it was read, doubtful units.

    Units are judged where the data were recorded; those of a simulation are what they are.
    """
    found = _reading_notes(recording)
    if "source" in recording.attrs and "model" not in recording.attrs:
        report = quality_report(recording)
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
