"""One case from start to end, in whatever process: measure, write the numbers, write the record."""

import os
import platform
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from heavytail_snn.analysis.sweep.case import Case
from heavytail_snn.analysis.sweep.entry.measure import Measure
from heavytail_snn.analysis.sweep.entry.model import ModelEntry, Sample
from heavytail_snn.analysis.sweep.store import Store
from heavytail_snn.core.errors import ParameterError
from heavytail_snn.core.results import Estimate
from heavytail_snn.core.version import __version__

DONE, FAILED = "done", "failed"


@dataclass(frozen=True)
class Work:
    """What a process needs to know to compute cases.

    Parameters
    ----------
    entry : ModelEntry
    measures : tuple of Measure
    store : str
        Path of the store, the same for all processes.
    run : str
        Name of this run of the sweep.
    again : bool
        Whether a failed case is computed again.
    """

    entry: ModelEntry
    measures: tuple[Measure, ...]
    store: str
    run: str
    again: bool = False


def compute(work: Work, case: Case) -> str:
    """Compute a case unless its record is there already; return "done" or "failed".

    Whatever a model or a measure raises becomes the record of a failed case.

    Raises
    ------
    StoreError
        If the store cannot be read or written from here.
    """
    store = Store(Path(work.store))
    known = store.record(case)
    if known is not None and not (work.again and known["state"] == FAILED):
        return str(known["state"])
    start = time.time()
    with one_thread():
        numbers, record = measured(work, case)
    store.write(case, numbers, {**record, **_facts(work, start)})
    return str(record["state"])


def record_failure(work: Work, case: Case, error: Exception) -> str:
    """Write the record of a case that took its process down; return "failed"."""
    Store(Path(work.store)).write(case, {}, {**failure(error), **_facts(work, time.time())})
    return FAILED


def failure(error: Exception) -> dict[str, Any]:
    """Return what the record of a failed case says."""
    return {"state": FAILED, "error": type(error).__name__, "message": str(error)}


def measured(work: Work, case: Case) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the numbers of a case by the names of the store, and the start of its record.

    A measure that fails leaves the others what they found; the case counts as failed.
    """
    sample = Sample(work.entry, case.values, case.seed)
    numbers: dict[str, Any] = {}
    failed: dict[str, Exception] = {}
    for measure in work.measures:
        try:
            numbers |= _numbers(measure, sample)
        except Exception as error:  # of whatever the model and the measure call
            failed[measure.name] = error
    record: dict[str, Any] = {"state": DONE, "warnings": sample.warnings}
    if failed:
        first = next(iter(failed.values()))
        same = len({id(error) for error in failed.values()}) == 1
        where = "" if same and len(failed) == len(work.measures) else f"{', '.join(failed)}: "
        record |= failure(first) | {"message": f"{where}{first}"}
    return numbers, record


def _numbers(measure: Measure, sample: Sample) -> dict[str, Any]:
    found = measure.take(sample)
    numbers = {}
    for output in measure.outputs(sample.entry, sample.values):
        own = tuple(len(points) for points in output.axes.values())
        numbers[output.name] = _number(measure, found, output.name, own)
        if output.error:
            numbers[f"{output.name}_error"] = _error(measure, found, output.name, own)
    return numbers


def _number(measure: Measure, found: Mapping[str, Any], name: str, own: tuple[int, ...]) -> Any:
    if name not in found:
        raise ParameterError(
            f"take of {measure.name}", sorted(found), f"must return the output {name!r}"
        )
    value = found[name]
    value = np.asarray(value.value if isinstance(value, Estimate) else value, dtype=float)
    fits = value.ndim == len(own) and all(
        n <= most for n, most in zip(value.shape, own, strict=True)
    )
    if not fits:
        raise ParameterError(
            f"take of {measure.name}", value.shape, f"must return {name!r} with a shape up to {own}"
        )
    return value


def _error(measure: Measure, found: Mapping[str, Any], name: str, own: tuple[int, ...]) -> Any:
    if isinstance(found[name], Estimate):
        return np.asarray(found[name].standard_error, dtype=float)
    return _number(measure, found, f"{name}_error", own)


def _facts(work: Work, start: float) -> dict[str, Any]:
    now = time.time()
    return {
        "run": work.run,
        "finished": round(now, 3),
        "seconds": round(now - start, 4),
        "host": platform.node()[:60],
        "process": os.getpid(),
        "library": __version__,
        "numpy": np.__version__,
    }


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep linear algebra and compiled kernels on one thread: the workers share the cores.

    It also makes the numbers independent of the machine's number of cores.
    """
    import numba
    from threadpoolctl import threadpool_limits

    before = numba.get_num_threads()
    with ExitStack() as stack:
        stack.enter_context(threadpool_limits(limits=1))
        numba.set_num_threads(1)
        stack.callback(numba.set_num_threads, before)
        yield
