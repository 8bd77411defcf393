"""sweep: measure a model on a grid of parameters and seeds, into a store that survives."""

import os
import shlex
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from heavytail_snn.analysis.sweep.case import Case
from heavytail_snn.analysis.sweep.cluster import client_of
from heavytail_snn.analysis.sweep.contents import dataset_of
from heavytail_snn.analysis.sweep.engine import run_here, run_on
from heavytail_snn.analysis.sweep.ensemble import Ensemble, ensemble_of
from heavytail_snn.analysis.sweep.entry.measure import Measure
from heavytail_snn.analysis.sweep.entry.model import ModelEntry
from heavytail_snn.analysis.sweep.figure import draw
from heavytail_snn.analysis.sweep.grid import Grid, grid_of
from heavytail_snn.analysis.sweep.interruption import stopping
from heavytail_snn.analysis.sweep.progress import progress_bar
from heavytail_snn.analysis.sweep.registry import measure_named, model_named
from heavytail_snn.analysis.sweep.status import SweepStatus, status_of
from heavytail_snn.analysis.sweep.store import Store, check_same, create, grid_facts
from heavytail_snn.analysis.sweep.work import FAILED, Work
from heavytail_snn.core.errors import ParameterError, StoreError, check_choice, check_flag
from heavytail_snn.core.showing import Rows, Shown

HERE = "synchronous"
SEEDS = range(5)


class Sweep(Shown):
    """A grid of networks with its store; make one with `sweep` or `Sweep.open`.

    Parameters
    ----------
    grid : Grid
    store : path
        A folder that ends in ".zarr".

    Raises
    ------
    StoreError
        If the store exists and holds another sweep, or numbers of another scientific version.
    """

    def __init__(self, grid: Grid, store: Any) -> None:
        self.grid = grid
        self.store = _store_path(store)
        if self.store.exists():
            check_same(Store(self.store), grid_facts(grid))

    @classmethod
    def open(cls, store: Any) -> "Sweep":
        """Return the sweep of an existing store; models and measures of your own are registered."""
        path = _store_path(store)
        if not path.exists():
            raise StoreError(f"there is no store {path}; name one that a sweep has written")
        facts = Store(path).facts
        entry = model_named(facts["model"][0])
        measures = tuple(measure_named(name) for name, _ in facts["measures"])
        # in the order of the axes, and as plain numbers
        given = {**dict(facts["axes"]), **facts["fixed"]}
        return cls(grid_of(entry, measures, given, facts["seeds"], plain=True), path)

    def shown(self) -> tuple[str, Rows]:
        """Return the grid and the store."""
        return "Sweep", [*self.grid.shown()[1], ("store", str(self.store))]

    def __repr__(self) -> str:
        return f"Sweep({self.grid.entry.name}: {len(self.grid)} cases in {self.store})"

    def run(
        self,
        scheduler: Any = None,
        *,
        workers: int | None = None,
        retry_failed: bool = False,
        progress: bool = True,
    ) -> SweepStatus:
        """Compute what is not in the store yet.

        Parameters
        ----------
        scheduler : None, str or distributed.Client
            None: one process a core of this machine.  An address ("tcp://host:8786") or a client:
            the workers there, which must see the store under the same path.  "synchronous": this
            process, one case after the other.
        workers : int, optional
            Number of local processes.
        retry_failed : bool
            Whether cases that failed are computed again.
        progress : bool
            Show a bar with the time left.

        Returns
        -------
        SweepStatus

        Raises
        ------
        StoreError
            If the store cannot be written; what it holds is kept.
        WorkerError
            If no worker comes or the scheduler is lost.
        SweepInterrupted
            On SIGINT and SIGTERM; says what is kept and how to go on.
        """
        check_flag("progress", progress)
        check_flag("retry_failed", retry_failed)
        here = isinstance(scheduler, str) and scheduler == HERE
        if here and workers is not None:
            raise ParameterError(
                "workers", workers, f"must be left out with {HERE!r}, which is one process",
                "leave one of them out",
            )  # fmt: skip
        facts = grid_facts(self.grid)
        store = Store(self.store) if self.store.exists() else create(self.store, self.grid, facts)
        check_same(store, facts)
        work = Work(
            self.grid.entry, self.grid.measures, str(self.store), uuid.uuid4().hex[:8], retry_failed
        )
        todo = self._todo(store, retry_failed)
        with stopping(self._kept), progress_bar(len(self.grid), len(todo), progress) as report:
            if not todo:
                pass
            elif here:
                run_here(work, todo, report)
            else:
                with client_of(scheduler, workers) as client:
                    run_on(client, work, todo, report)
        return self.status()

    def status(self) -> SweepStatus:
        """Return how many cases are done, failed and left, and the time left."""
        return status_of(self._opened().records())

    def dataset(self) -> Any:
        """Return an `xarray.Dataset` over the axes and the seed; see also `ensemble`."""
        return dataset_of(self._opened(), self.grid)

    def ensemble(self, quantity: str) -> Ensemble:
        """Return mean, error within a network and spread between networks over the grid."""
        dataset = self.dataset()
        names = [name for name in dataset if dataset[name].dtype.kind == "f"]
        return ensemble_of(dataset, check_choice("quantity", quantity, names))

    def plot(self, quantity: str, *, x: str, hue: str | None = None, ax: Any = None) -> Any:
        """Draw a quantity against an axis, one curve for each value of `hue`; return the axes."""
        return draw(self.dataset(), quantity, x=x, hue=hue, ax=ax)

    def _todo(self, store: Store, retry_failed: bool) -> list[Case]:
        records = store.records()
        return [
            case
            for case in self.grid.cases()
            if records[case.index] is None
            or (retry_failed and records[case.index]["state"] == FAILED)
        ]

    def _opened(self) -> Store:
        if not self.store.exists():
            raise StoreError(f"there is no store {self.store} yet; run() makes it")
        return Store(self.store)

    def _kept(self) -> str:
        status = self.status()
        return (
            f"kept {status.done + status.failed} of {status.total} cases in {self.store}; go on "
            f"with .run(), or: heavytail-snn sweep {shlex.quote(os.fspath(self.store))}"
        )


def sweep(model: Any, *, measure: Any, store: Any, seed: Any = SEEDS, **parameters: Any) -> Sweep:
    """Return a sweep of a model over all combinations of parameters, for several networks each.

    Nothing runs yet: `Sweep.run` does, and goes on where an earlier run stopped.

    Parameters
    ----------
    model : str or ModelEntry
        "lif", "theta", "rate", "binary", or one of your own; see `register_model`.
    measure : str, Measure, or a list of them
        "rate", "cv", "lyapunov", "participation_ratio", "spectrum", "autocorrelation", "activity",
        or your own; see `register_measure`.
    store : path
        A folder that ends in ".zarr"; made by `run`.
    seed : int or sequence of int
        One network each: with heavy tails the spread between networks exceeds the error within.
    **parameters
        Of the model and the measures: a value, or a list of values for an axis.  What has a unit
        is a Brian2 quantity.

    Returns
    -------
    Sweep

    Raises
    ------
    ParameterError, UnitError
        Naming the parameter, before anything runs.
    StoreError
        If the store holds another sweep.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> small = sweep("rate", gain=[0.5, 2.0], n_neurons=50, duration=200, seed=range(3),
    ...               measure=["activity", "lyapunov"], k=5, store=f"{folder}/grid.zarr")
    >>> small.run("synchronous", progress=False).done
    6
    >>> found = small.ensemble("largest_exponent")
    >>> bool(found.mean[0] < 0 < found.mean[1]), found.n_networks.tolist()
    (True, [3, 3])
    """
    entry, measures = named(model, measure)
    return sweep_of(entry, measures, parameters, seed, store)


def named(model: Any, measure: Any) -> tuple[ModelEntry, tuple[Measure, ...]]:
    """Return a model and measures by their names, after checking that they go together."""
    entry = model_named(model)
    several = measure if isinstance(measure, list | tuple) else [measure]
    measures = tuple(measure_named(item) for item in several)
    if not measures or len({m.name for m in measures}) < len(measures):
        raise ParameterError("measure", measure, "must name different measures", 'use ["rate"]')
    for item in measures:
        if not set(item.needs) & set(entry.serves):
            raise ParameterError(
                "measure", item.name,
                f"needs {' or '.join(item.needs)}, and {entry.name!r} has "
                f"{', '.join(entry.serves)}",
                "leave it out, or take another model",
            )  # fmt: skip
    return entry, measures


def sweep_of(
    entry: ModelEntry,
    measures: tuple[Measure, ...],
    given: Mapping[str, Any],
    seed: Any,
    store: Any,
    *,
    plain: bool = False,
) -> Sweep:
    """Return the sweep of a model and measures; `plain` numbers are in the stated units."""
    return Sweep(grid_of(entry, measures, given, seed, plain=plain), store)


def _store_path(store: Any) -> Path:
    if not (isinstance(store, str | os.PathLike) and Path(store).suffix == ".zarr"):
        raise ParameterError("store", store, "must be a path that ends in .zarr", 'use "grid.zarr"')
    return Path(store).expanduser().resolve()
