"""SweepStatus: how far a sweep is, from the records in its store."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from heavytail_snn.analysis.sweep.work import DONE, FAILED
from heavytail_snn.core.showing import Rows, Shown, as_text

_SHOWN = 3  # of the errors and warnings


@dataclass(frozen=True, kw_only=True)
class SweepStatus(Shown):
    """How far a sweep is.

    Parameters
    ----------
    done, failed, left : int
        Numbers of cases.
    seconds_left : float
        At the pace of the present run; nan where it has fewer than two cases.
    errors, warnings : dict of str to int
        How many cases said what.
    """

    done: int
    failed: int
    left: int
    seconds_left: float = float("nan")
    errors: dict[str, int] = field(default_factory=dict)
    warnings: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Number of all cases."""
        return self.done + self.failed + self.left

    def shown(self) -> tuple[str, Rows]:
        """Return the counts, the time left, and what failed most often."""
        rows = [("done", f"{self.done} of {self.total}"), ("failed", str(self.failed))]
        left = str(self.left)
        if self.left and np.isfinite(self.seconds_left):
            left += f", about {in_words(self.seconds_left)} at the pace of this run"
        rows.append(("left", left))
        for label, found in (("failed with", self.errors), ("warning", self.warnings)):
            for text, number in list(found.items())[:_SHOWN]:
                rows.append((label, f"{number} x {text}"))
            more = len(found) - _SHOWN
            rows += [("", f"and {more} other texts")] * (more > 0)
        return "Sweep", rows

    def __str__(self) -> str:
        return as_text(*self.shown())


def status_of(records: np.ndarray) -> SweepStatus:
    """Return the status that the records of a store give."""
    known = [record for record in records.ravel() if record is not None]
    states = Counter(record["state"] for record in known)
    left = records.size - len(known)
    errors = Counter(f"{r['error']}: {r['message']}" for r in known if r["state"] == FAILED)
    warnings = Counter(text for record in known for text in record.get("warnings", ()))
    return SweepStatus(
        done=states[DONE],
        failed=states[FAILED],
        left=left,
        seconds_left=_seconds_left(known, left),
        errors=dict(errors.most_common()),
        warnings=dict(warnings.most_common()),
    )


def _seconds_left(known: list[dict], left: int) -> float:
    """Return the time left at the pace of the run that finished the last case."""
    if not known:
        return float("nan")
    run = max(known, key=lambda record: record["finished"])["run"]
    times = sorted(record["finished"] for record in known if record["run"] == run)
    if len(times) < 2:
        return float("nan")
    return left * (times[-1] - times[0]) / (len(times) - 1)


def in_words(seconds: float) -> str:
    """Return a time such as "3 min" or "2.5 h"."""
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.2g} {unit}"
    return f"{seconds:.2g} s"
