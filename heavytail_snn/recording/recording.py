"""Recording: the one class for simulated and recorded spikes, and the traces beside them.

Two sorted arrays (time, unit) inside; neo objects and files only at the edge.  A Recording knows
the limits of its run, and what its constructor accepted can be trusted: sorted, finite, unique.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from heavytail_snn.core.errors import RecordingError, check_integer, check_memory_limit
from heavytail_snn.core.showing import Rows
from heavytail_snn.core.time_units import in_seconds, one_time
from heavytail_snn.recording import building, checks, parts
from heavytail_snn.recording.exchange import Exchange
from heavytail_snn.recording.frozen import freeze, same_fields
from heavytail_snn.recording.overview import overview
from heavytail_snn.recording.support import TimeSupport, time_support
from heavytail_snn.recording.tables import EpochTable, UnitTable, epoch_table, unit_table
from heavytail_snn.recording.traces import Trace, check_traces
from heavytail_snn.recording.trains import UnitTrains, sorted_by_unit
from heavytail_snn.recording.windows import (
    Windows,
    check_count_memory,
    counts_in,
    covering_bins,
    covering_index,
)

if TYPE_CHECKING:
    from heavytail_snn.recording.quality import QualityReport


@dataclass(frozen=True, eq=False)
class Recording(Exchange):
    """Spikes of `n_units` units in [t_start, t_stop], and what was recorded with them.

    Parameters
    ----------
    times : (n_spikes,) array_like or quantity of time
        Spike times in seconds, sorted; or, alone, anything that `from_data` takes: a dictionary
        of trains, a DataFrame, a TsGroup, a sorting.  The order of simultaneous spikes carries no
        meaning and is normalised, so that spikes are stored sorted by (time, id).
    ids : (n_spikes,) array_like of int
        Unit of each spike, 0 ... n_units - 1.
    n_units : int
        Number of units, silent ones included.
    t_start, t_stop : float or quantity of time
        Limits **of the run**, not of the spikes, in seconds; both ends belong to the recording.
        Where the times carry a unit the limits must too (0 needs none).
    traces : mapping of str to Trace, optional
    attrs : mapping, optional
        Where the data come from.  "unit_names", a list of one name a unit, follows `select`.
    support : (m, 2) array_like, or one such array a unit, optional
        Intervals in seconds in which spikes could have been seen, of all units or of each;
        default the whole run.  Rates, intervals, counts and spectra look nowhere else.
    units : UnitTable, mapping of columns or DataFrame, optional
        One row a unit: label, area, depth, any column.
    epochs, trials : EpochTable, mapping of columns, DataFrame or (m, 2) array_like, optional
        Stretches of time with the columns start and stop, in seconds, and any other.

    Raises
    ------
    RecordingError
        If the spikes are unsorted, duplicated (one unit twice at one time), not finite or outside
        the limits or the support, or an id is not of a unit.  Nothing is repaired silently: see
        `from_unsorted`.
    ParameterError, UnitError
        If `n_units` or a limit is out of its domain, or a quantity is no time.

    Notes
    -----
    The arrays given are copied, never modified; the arrays inside are read-only.  A recording
    without any spike is valid (a silent network is a result); analyses of it raise.

    Examples
    --------
    >>> recording = Recording([0.1, 0.2, 0.2], [1, 0, 2], 4, 0.0, 1.0)
    >>> recording.rates()
    array([1., 1., 1., 0.])
    >>> recording.binned(0.5)
    array([[1, 1, 1, 0],
           [0, 0, 0, 0]])
    """

    times: np.ndarray
    ids: np.ndarray = None  # type: ignore[assignment]
    n_units: int = None  # type: ignore[assignment]
    t_start: float = None  # type: ignore[assignment]
    t_stop: float = None  # type: ignore[assignment]
    traces: Mapping[str, Trace] = field(default_factory=dict)
    attrs: Mapping[str, Any] = field(default_factory=dict)
    # always there once constructed
    support: TimeSupport = None  # type: ignore[assignment]
    units: UnitTable = None  # type: ignore[assignment]
    epochs: EpochTable = None  # type: ignore[assignment]
    trials: EpochTable = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        if self.ids is None and self.n_units is None:
            freeze(self, **building.fields_of_data(self))
            return
        times, ids = in_seconds("times", self.times), checks.checked_ids(self.ids)
        checks.check_limit_units(self.times, t_start=self.t_start, t_stop=self.t_stop)
        n_units = check_integer("n_units", self.n_units, low=1, high=2**31 - 1)
        t_start, t_stop = checks.checked_limits(self.t_start, self.t_stop)
        checks.check_shapes(times, ids)
        checks.check_values(times, ids, n_units, t_start, t_stop)
        checks.check_sorted(times)
        if (np.diff(ids)[np.diff(times) == 0] < 0).any():
            order = np.lexsort((ids, times))
            times, ids = times[order], ids[order]
        checks.check_no_duplicates(times, ids)
        traces, attrs = checks.as_dict("traces", self.traces), checks.as_dict("attrs", self.attrs)
        check_traces(traces)
        checks.check_unit_names(n_units, attrs)
        freeze(self, times=times, ids=ids, n_units=n_units, t_start=t_start, t_stop=t_stop)
        freeze(self, traces=traces, attrs=attrs, units=unit_table(self.units, n_units))
        support = time_support(self.support, n_units, t_start, t_stop)
        checks.check_support(times, ids, support)
        freeze(self, support=support, epochs=epoch_table("epochs", self.epochs))
        freeze(self, trials=epoch_table("trials", self.trials))

    @classmethod
    def from_unsorted(
        cls,
        times: Any,
        ids: Any,
        n_units: int,
        t_start: Any,
        t_stop: Any,
        *,
        sort: bool = True,
        drop_duplicates: bool = False,
        drop_outside: bool = False,
        attrs: Mapping[str, Any] | None = None,
        **parts: Any,
    ) -> "Recording":
        """Return a Recording of spikes in any order, repaired as asked.

        Parameters
        ----------
        times, ids, n_units, t_start, t_stop, attrs
            As for `Recording`.
        sort : bool
            Sort the spikes by (time, id).
        drop_duplicates : bool
            Keep only the first of several spikes of one unit at one time; their number is stored
            in ``attrs["duplicates_dropped"]``.
        drop_outside : bool
            Leave out spikes outside of their unit's support; their number is stored in
            ``attrs["outside_dropped"]``.
        **parts
            support, units, epochs, trials, traces: as for `Recording`.
        """
        return building.from_unsorted(
            cls, times, ids, n_units, t_start, t_stop, sort=sort, drop_duplicates=drop_duplicates,
            drop_outside=drop_outside, attrs=attrs, parts=parts,
        )  # fmt: skip

    @classmethod
    def from_spike_trains(
        cls,
        trains: Iterable[Any],
        t_start: Any,
        t_stop: Any,
        *,
        sort: bool = False,
        drop_duplicates: bool = False,
        drop_outside: bool = False,
        attrs: Mapping[str, Any] | None = None,
        **parts: Any,
    ) -> "Recording":
        """Return a Recording of one array of spike times a unit.

        Parameters
        ----------
        trains : iterable of (n_i,) array_like or quantities
            Spike times of each unit in seconds, sorted; empty for a silent unit.
        t_start, t_stop, attrs
            As for `Recording`.
        sort : bool
            Sort each train instead of raising where it is unsorted.
        drop_duplicates, drop_outside, **parts
            As for `from_unsorted`.
        """
        return building.from_spike_trains(
            cls, trains, t_start, t_stop, sort=sort, drop_duplicates=drop_duplicates,
            drop_outside=drop_outside, attrs=attrs, parts=parts,
        )  # fmt: skip

    @classmethod
    def from_monitor(
        cls,
        spike_monitor: Any,
        t_start: Any = None,
        t_stop: Any = None,
        *,
        traces: Mapping[str, Trace] | None = None,
        attrs: Mapping[str, Any] | None = None,
    ) -> "Recording":
        """Return the spikes of a Brian2 SpikeMonitor or EventMonitor.

        Parameters
        ----------
        spike_monitor : brian2.SpikeMonitor
        t_start : float or quantity, optional
            When the monitor started to record; default the start of the first run that it was part
            of.  Runs that it was not part of are gaps in the support.
        t_stop : float or quantity, optional
            Default: the present time of the monitor's clock, that is the end of the run, also
            where the last spike came earlier.
        traces, attrs
            As for `Recording`; see `Trace.from_monitor`.
        """
        return building.from_monitor(cls, spike_monitor, t_start, t_stop, traces, attrs)

    @property
    def duration(self) -> float:
        """Length of the run in seconds."""
        return self.t_stop - self.t_start

    @property
    def n_spikes(self) -> int:
        """Number of spikes of all units."""
        return self.times.size

    def counts(self) -> np.ndarray:
        """Return the number of spikes of each unit, shape (n_units,)."""
        return np.bincount(self.ids, minlength=self.n_units)

    def rates(self) -> np.ndarray:
        """Return the spikes of each unit over its observed time, in Hz, shape (n_units,).

        nan for a unit without observed time, whose rate is undefined.
        """
        watched = self.support.observed
        rates = np.full(watched.shape, np.nan)
        return np.divide(self.counts(), watched, out=rates, where=watched > 0)

    def spike_trains(self) -> list[np.ndarray]:
        """Return the sorted spike times of each unit in seconds, a list of `n_units` arrays."""
        return np.split(self.by_unit.times, self.by_unit.ends[1:-1])

    @cached_property
    def by_unit(self) -> UnitTrains:
        """The spikes sorted by (unit, time); sorted once and kept."""
        return sorted_by_unit(self.times, self.ids, self.n_units)

    def n_bins(self, bin_size: float) -> int:
        """Return the number of bins that cover the run; the last may reach beyond t_stop."""
        return covering_bins(self.t_start, self.t_stop, bin_size)

    def bin_indices(self, bin_size: float) -> np.ndarray:
        """Return the bin of each spike, shape (n_spikes,); a spike at t_stop is in the last bin."""
        return covering_index(self.times, self.t_start, self.t_stop, bin_size)

    def binned(self, bin_size: Any, *, max_memory: float = 8e9) -> np.ndarray:
        """Count the spikes of each unit in bins from t_start on; every spike is in one bin.

        Parameters
        ----------
        bin_size : float or quantity of time
        max_memory : float
            Largest array in bytes that may be built.

        Returns
        -------
        (n_bins, n_units) ndarray of int
            Where the duration is no multiple of `bin_size`, the last bin reaches beyond t_stop.
            A support with gaps: only the complete bins in which every unit was observed, in the
            order of time, from the start of each interval on; see `shared_windows`.
        """
        bin_size = one_time("bin_size", bin_size, low=0, open_low=True)
        max_memory = check_memory_limit(max_memory)
        inside = self.shared_windows(bin_size) if self.support.has_gaps else None
        wanted = inside.n if inside else self.duration / bin_size
        check_count_memory(wanted, self.n_units, bin_size, max_memory)
        if inside:
            return counts_in(self, inside)
        n_bins = self.n_bins(bin_size)
        flat = self.bin_indices(bin_size) * self.n_units + self.ids
        return np.bincount(flat, minlength=n_bins * self.n_units).reshape(n_bins, self.n_units)

    def shared_windows(self, width: Any) -> Windows:
        """Return the complete windows that lie inside the support of every unit.

        Parameters
        ----------
        width : float or quantity of time

        Raises
        ------
        RecordingError
            If no window of this width lies inside the support of all units.
        """
        width = one_time("width", width, low=0, open_low=True)
        windows = Windows(self.support.shared, width)
        if not windows.n:
            raise RecordingError(
                f"no window of {width:g} s lies inside the times in which all {self.n_units} units "
                "were observed; use narrower windows, or select units observed together"
            )
        return windows

    def quality(self) -> "QualityReport":
        """Report what a careful reader of these data must know; flags units, drops nothing."""
        return self.usual_quality

    @cached_property
    def usual_quality(self) -> "QualityReport":
        """The report with the usual limits; made once and kept."""
        from heavytail_snn.recording.quality import quality_report

        return quality_report(self)

    def select(self, units: Sequence[int] | np.ndarray) -> "Recording":
        """Return the recording of some units, renumbered in the order given.

        Parameters
        ----------
        units : sequence of int, or (n_units,) boolean mask
            Their former numbers are kept in ``attrs["selected_units"]``.
        """
        return parts.selected(self, units)

    def slice(self, t0: Any, t1: Any) -> "Recording":
        """Return the stretch [t0, t1), or [t0, t_stop] if t1 is t_stop, with these limits.

        Adjoining slices share no spike, and together hold every spike.
        """
        return parts.sliced(self, t0, t1)

    def restrict(self, epochs: Any) -> "Recording":
        """Return what was recorded in some epochs: gaps between them, limits at their ends.

        Parameters
        ----------
        epochs : EpochTable or (m, 2) array_like
            Starts and stops in seconds, without overlap; both ends belong to an epoch.  Of the
            trials those inside the new limits stay.
        """
        return parts.restricted(self, epochs)

    @classmethod
    def concatenate(cls, recordings: Sequence["Recording"], *, gap: Any = 1.0) -> "Recording":
        """Return recordings of the same units, without traces, one after another.

        Between two lies a `gap` (seconds or a quantity) that is not observed; None keeps their
        clocks, which must not overlap.  Attributes and unit table are those of the first.
        """
        return parts.concatenated(recordings, gap)

    def with_attrs(self, **attrs: Any) -> "Recording":
        """Return the same recording with further attributes."""
        return replace(self, attrs={**self.attrs, **attrs})

    def __eq__(self, other: object) -> bool:
        """Compare all but `attrs`, the provenance."""
        return isinstance(other, Recording) and same_fields(self, other, ignore=("attrs",))

    def shown(self) -> tuple[str, Rows]:
        """Return size, limits, rates, traces and where the data come from."""
        return "Recording", overview(self)

    def __repr__(self) -> str:
        return (
            f"Recording({self.n_units} units, {self.n_spikes} spikes, "
            f"{self.t_start:g} to {self.t_stop:g} s)"
        )
