"""What the review looks at, and what it says: a name, a sentence, the units concerned."""

from dataclasses import dataclass

import numpy as np

from heavytail_snn.core.showing import Shown

N_PARTS = 10  # parts of the run whose rates are compared


@dataclass(frozen=True)
class Finding(Shown):
    """One thing that a careful reader must know about a recording.

    Parameters
    ----------
    name : str
        Always the same word for the same trap: "gap", "drift", "absent", "twins", "artefacts",
        "bursts", "silences", "grid", "time unit", "labels", "few spikes", "short".
    text : str
        What was seen, what it does to the numbers, what to do.
    units : tuple of int
        The units concerned; empty for all.
    """

    name: str
    text: str
    units: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"


@dataclass(frozen=True)
class ReviewedSpikes:
    """The spikes of a recording as the review takes them.

    Parameters
    ----------
    times, ids : (n_spikes,) ndarray
        Sorted by time, in seconds.
    n_units : int
    shared : (m, 2) ndarray
        Intervals in which all units were watched.
    part_counts, part_observed : (N_PARTS, n_units) ndarray
        Spikes and watched seconds of each unit in each tenth of the run.
    """

    times: np.ndarray
    ids: np.ndarray
    n_units: int
    shared: np.ndarray
    part_counts: np.ndarray
    part_observed: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        """Spikes of each unit."""
        return self.part_counts.sum(axis=0)

    @property
    def observed(self) -> np.ndarray:
        """Watched seconds of each unit."""
        return self.part_observed.sum(axis=0)


def named(units: np.ndarray, most: int = 6) -> str:
    """Return "unit 3" or "units 3, 5, 8 and 4 more"."""
    first = ", ".join(str(unit) for unit in units[:most])
    more = f" and {len(units) - most} more" if len(units) > most else ""
    return f"unit{'s' * (len(units) > 1)} {first}{more}"
