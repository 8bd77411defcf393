"""Trace: a regularly sampled variable of some units, recorded beside the spikes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from heavytail_snn.core.errors import ParameterError, RecordingError
from heavytail_snn.core.time_units import one_time
from heavytail_snn.recording.checks import checked_ids
from heavytail_snn.recording.frozen import Frozen, freeze, same_fields


@dataclass(frozen=True, eq=False)
class Trace(Frozen):
    """A regularly sampled variable of some units, for example the membrane potential.

    Parameters
    ----------
    values : (n_samples, n_channels) array_like
    dt : float
        Sampling interval in seconds.
    t_start : float
        Time of the first sample in seconds.
    unit : str
        Physical unit of the values, such as "mV"; "" for dimensionless ones.
    ids : (n_channels,) array_like of int, optional
        The unit of each channel; default 0 ... n_channels - 1.
    """

    values: np.ndarray
    dt: float
    t_start: float = 0.0
    unit: str = ""
    ids: np.ndarray = None  # type: ignore[assignment]  # always an array once constructed

    def __post_init__(self) -> None:
        if np.asarray(self.values).dtype.kind not in "biuf":
            raise RecordingError(f"values of a trace must be real numbers, got {self.values!r}")
        values = np.array(self.values, dtype=np.float64)
        if values.ndim != 2:
            raise RecordingError(
                f"a trace must have the shape (n_samples, n_channels), got {values.shape}; "
                "for one channel pass values[:, None]"
            )
        ids = checked_ids(np.arange(values.shape[1]) if self.ids is None else self.ids)
        if ids.shape != values.shape[1:]:
            raise RecordingError(
                f"ids must name each of the {values.shape[1]} channels, got shape {ids.shape}; "
                "values are (n_samples, n_channels)"
            )
        freeze(
            self,
            values=values,
            ids=ids,
            dt=one_time("dt", self.dt, low=0, open_low=True),
            t_start=one_time("t_start", self.t_start),
        )

    @property
    def times(self) -> np.ndarray:
        """Sample times in seconds, shape (n_samples,)."""
        return self.t_start + self.dt * np.arange(len(self.values))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Trace) and same_fields(self, other)

    @classmethod
    def from_monitor(cls, state_monitor: Any, variable: str) -> "Trace":
        """Return one variable of a Brian2 StateMonitor, in SI units.

        Parameters
        ----------
        state_monitor : brian2.StateMonitor
        variable : str
            Name of a recorded variable.
        """
        from brian2 import get_unit

        if variable not in state_monitor.record_variables:
            recorded = sorted(state_monitor.record_variables)
            raise ParameterError("variable", variable, f"must be one of {recorded}")
        times = np.asarray(state_monitor.t_)
        dim = state_monitor.variables[variable].dim
        return cls(
            np.asarray(getattr(state_monitor, f"{variable}_")).T,
            dt=float(state_monitor.clock.dt_),
            t_start=float(times[0]) if times.size else 0.0,
            unit="" if dim.is_dimensionless else str(get_unit(dim)),
            ids=np.asarray(state_monitor.record),
        )

    def select(self, new_id: np.ndarray) -> "Trace":
        """Return the channels whose unit has a new number in `new_id`, -1 meaning dropped."""
        known = self.ids < new_id.size
        renumbered = np.full(self.ids.shape, -1)
        renumbered[known] = new_id[self.ids[known]]
        kept = renumbered >= 0
        return replace(self, values=self.values[:, kept], ids=renumbered[kept])

    def slice(self, t0: float, t1: float) -> "Trace":
        """Return the samples at times in [t0, t1)."""
        times = self.times
        first, last = np.searchsorted(times, [t0, t1], side="left")
        start = times[first] if first < times.size else t0
        return replace(self, values=self.values[first:last], t_start=float(start))


def check_traces(traces: Mapping[str, Any]) -> None:
    """Raise unless all values are traces."""
    for name, trace in traces.items():
        if not isinstance(trace, Trace):
            raise RecordingError(
                f"traces[{name!r}] must be a Trace, got {type(trace).__name__}; "
                "use Trace(values, dt=...), with values of shape (n_samples, n_channels)"
            )
