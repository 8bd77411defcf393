"""Run: one simulation with everything drawn, which every backend executes in its own way."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from heavytail_snn.brian.connectivity import Connectivity
from heavytail_snn.brian.model import NetworkModel, Values
from heavytail_snn.core.errors import BackendError

Reader = Callable[[str], np.ndarray]
"""Maps "object.variable" to its array at the end of a run."""

_LARGEST_COUNT = 2**31 - 1


@dataclass(frozen=True, eq=False, kw_only=True)
class Run:
    """One simulation with everything drawn: what a backend executes.

    Parameters
    ----------
    model : NetworkModel
    connectivity : Connectivity
    values : dict
        Numbers in SI units by "object.variable"; see `NetworkModel.values`.
    n_steps : int
    dt : float
        Step in seconds.
    noise_seed : int
        Seed of the random numbers drawn during the run.
    record : tuple of str
        Variables to record beside the spikes.
    record_every : int
        Steps between two samples of the traces.
    seed : object
        What the arrays were drawn from, for the record.
    progress : bool
    """

    model: NetworkModel
    connectivity: Connectivity
    values: Values
    n_steps: int
    dt: float
    noise_seed: int
    record: tuple[str, ...] = ()
    record_every: int = 1
    seed: Any = None
    progress: bool = False

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.n_steps * self.dt

    def structure(self, *, sizes: bool = True) -> tuple[Any, ...]:
        """Return what decides the generated program; all else may change without a rebuild.

        Parameters
        ----------
        sizes : bool
            Whether numbers of neurons and synapses count; False where they are run-time values.
        """
        count: tuple[Any, ...] = (self.connectivity.n_synapses > 0,)
        if sizes:
            count = (self.model.size, self.connectivity.n_synapses)
        if (
            sizes and self.connectivity.n_synapses == 1
        ):  # Brian2 writes a single index into the code
            count += (int(self.connectivity.sources[0]), int(self.connectivity.targets[0]))
        return (*self.model.structure(), *count, self.dt, self.record, self.record_every)


def check_sizes(run: Run) -> None:
    """Raise where a count exceeds the 32-bit limits of the generated code."""
    samples = run.n_steps // run.record_every * run.model.size * bool(run.record)
    counts = {
        "number of synapses": run.connectivity.n_synapses,
        "number of steps": run.n_steps,
        "recorded samples (neurons x steps)": samples,
    }
    for name, count in counts.items():
        if count > _LARGEST_COUNT:
            raise BackendError(
                f"the {name} must stay below 2^31, got {count:.4g}; "
                "use a shorter run, a larger record_dt or a smaller network"
            )
