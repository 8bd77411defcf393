"""What an analysis accepts as spikes: a Recording, neo objects, a monitor, or plain seconds.

Every analysis begins with `as_recording`, so that all of them accept the same things and refuse
the rest with the same words.
"""

from typing import Any

import numpy as np

from heavytail_snn.core.errors import ParameterError, RecordingError
from heavytail_snn.core.time_units import in_seconds
from heavytail_snn.recording.checks import check_finite, check_limit_units
from heavytail_snn.recording.recording import Recording

ACCEPTED = "must be a Recording, a neo Segment, Block or list of SpikeTrains, or times in seconds"


def as_recording(
    argument: str,
    data: Any,
    *,
    t_start: Any = None,
    t_stop: Any = None,
    minimum_spikes: int = 1,
) -> Recording:
    """Return `data` as a Recording with at least `minimum_spikes` spikes.

    Parameters
    ----------
    argument : str
        Name of the argument in error messages.
    data : Recording, neo object, brian2.SpikeMonitor, or array_like
        A flat array, plain or with a unit, holds the times of one unit; a list of arrays one
        array a unit.
    t_start, t_stop : float or quantity, optional
        Limits of the run.  A Recording brings its own and refuses others.  Plain times without
        limits get those of their first and last spike, which ``attrs`` state and results warn of.
    minimum_spikes : int
        Fewer spikes in all raise, since no analysis of an empty recording has a result.

    Raises
    ------
    ParameterError
        If `data` is something else.
    UnitError
        If a quantity is no time.
    RecordingError
        If the spikes break a rule of `Recording`, or are too few.
    """
    recording = _convert(argument, data, t_start, t_stop)
    if recording.n_spikes < minimum_spikes:
        raise RecordingError(
            f"{argument} must hold at least {minimum_spikes} spikes for this analysis, got "
            f"{recording.n_spikes} in {recording.duration:g} s; record longer or drive harder"
        )
    return recording


def _convert(argument: str, data: Any, t_start: Any, t_stop: Any) -> Recording:
    if isinstance(data, Recording):
        if t_start is not None or t_stop is not None:
            raise ParameterError(
                "t_start, t_stop",
                (t_start, t_stop),
                "must not be given with a Recording",
                "use recording.slice(t_start, t_stop)",
            )
        return data
    if _is_neo(data):
        return Recording.from_neo(data, t_start, t_stop)
    if _is_monitor(data):
        return Recording.from_monitor(data, t_start, t_stop)
    if _is_foreign(data):
        return Recording.from_data(data, t_start=t_start, t_stop=t_stop)
    return _from_times(argument, data, t_start, t_stop)


def _is_foreign(data: Any) -> bool:
    """Tell dictionaries, pandas objects, pynapple's and SpikeInterface's, by their protocols."""
    protocols = ("iloc", "time_support", "get_unit_spike_train")
    return (isinstance(data, dict) and bool(data)) or any(hasattr(data, name) for name in protocols)


def is_spikes(data: Any) -> bool:
    """Tell whether `data` can only be spikes: a Recording, a neo object or a monitor."""
    return isinstance(data, Recording) or _is_neo(data) or _is_monitor(data)


def _is_monitor(data: Any) -> bool:
    return hasattr(data, "source") and hasattr(data, "variables")


def _is_neo(data: Any) -> bool:
    """Tell neo objects and lists of them, without importing neo for plain data."""
    if isinstance(data, list | tuple):
        return len(data) > 0 and _is_neo(data[0])
    return type(data).__module__.split(".")[0] == "neo"


def _from_times(argument: str, data: Any, t_start: Any, t_stop: Any) -> Recording:
    nested = isinstance(data, list | tuple) and any(np.ndim(item) == 1 for item in data)
    if not nested and not isinstance(data, list | tuple | np.ndarray):
        raise ParameterError(argument, data, ACCEPTED)
    check_limit_units(data, t_start=t_start, t_stop=t_stop)
    trains = [in_seconds(argument, item) for item in (data if nested else [data])]
    if any(train.ndim != 1 for train in trains):
        raise ParameterError(argument, data, ACCEPTED, "one flat array a unit")
    for unit, train in enumerate(trains):
        check_finite(train, unit)
    spikes = np.concatenate(trains)
    if spikes.size == 0 and (t_start is None or t_stop is None):
        raise RecordingError(f"{argument} holds no spikes; give t_start and t_stop of the run")
    attrs = {
        "t_start_from": "spikes" if t_start is None else "given",
        "t_stop_from": "spikes" if t_stop is None else "given",
    }
    return Recording.from_spike_trains(
        trains,
        spikes.min() if t_start is None else t_start,
        spikes.max() if t_stop is None else t_stop,
        attrs=attrs,
    )
