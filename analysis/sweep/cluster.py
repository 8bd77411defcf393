"""Where cases are computed: this machine's cores, or any Dask scheduler, by its address or client.

Always processes and never threads inside one: Brian2 keeps its state once for a process.
"""

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from typing import Any

from heavytail_snn.core.errors import BackendError, ParameterError, WorkerError, check_integer

ALLOWED_DEATHS = 2  # of workers during one case, before the case counts as failed
WAIT = 60.0  # s, for the first worker
# not numba: its variable would be seen by this process too, which then could not compile any more;
# each case sets the number of its threads
_THREADS = ("OMP", "MKL", "OPENBLAS")


@contextlib.contextmanager
def client_of(scheduler: Any, workers: int | None) -> Iterator[Any]:
    """Yield a connected client that has workers.

    Parameters
    ----------
    scheduler : None, str or distributed.Client
        None starts one worker for each core of this process, or `workers`.

    Raises
    ------
    BackendError
        If dask or distributed is missing.
    WorkerError
        If the scheduler does not answer, or no worker comes.
    """
    distributed = _distributed()
    if scheduler is None:
        with _local(distributed, workers) as client:
            yield client
        return
    if workers is not None:
        raise ParameterError(
            "workers", workers, "is the number of local processes, and a scheduler was given",
            "leave one of them out",
        )  # fmt: skip
    if isinstance(scheduler, distributed.Client):
        _wait(scheduler)
        _prepare(scheduler)
        yield scheduler
        return
    if not isinstance(scheduler, str):
        raise ParameterError(
            "scheduler", scheduler, "must be an address, a client or None",
            'use for example "tcp://127.0.0.1:8786"',
        )  # fmt: skip
    if ":" not in scheduler:
        raise ParameterError(
            "scheduler", scheduler, 'must be an address, or "synchronous" for this process alone',
            'use for example "tcp://127.0.0.1:8786"',
        )  # fmt: skip
    try:
        client = distributed.Client(scheduler, timeout=10, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise WorkerError(
            f"no Dask scheduler answered at {scheduler} ({error}); start one with `dask scheduler` "
            "and name its address"
        ) from error
    with client:
        _wait(client)
        _prepare(client)
        yield client


@contextlib.contextmanager
def _local(distributed: Any, workers: int | None) -> Iterator[Any]:
    import dask

    number = check_integer("workers", _cores() if workers is None else workers, low=1)
    threads = {f"{name}_NUM_THREADS": "1" for name in _THREADS}
    settings = {
        "distributed.nanny.pre-spawn-environ": threads,
        "distributed.scheduler.allowed-failures": ALLOWED_DEATHS,
        "distributed.worker.multiprocessing-method": "spawn",
        "distributed.admin.tick.limit": "1h",  # a case may hold its worker for long
        "distributed.scheduler.work-stealing": False,
    }
    with (
        _environment_kept(),
        dask.config.set(settings),
        _main_hidden(),
        _quiet(),
        distributed.LocalCluster(
            n_workers=number, threads_per_worker=1, processes=True, dashboard_address=":0",
            silence_logs=logging.CRITICAL, preload=[f"{__package__}.worker"],
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):  # fmt: skip
        _wait(client)
        yield client


def _prepare(client: Any) -> None:
    """Let each worker, those that come later too, import Brian2 in its main thread.

    Brian2 handles signals from its import on, which Python allows in the main thread only; cases
    are computed in another one.
    """
    from distributed import WorkerPlugin

    class Prepared(WorkerPlugin):
        """Imports Brian2."""

        name = "heavytail_snn"

        def setup(self, worker: Any) -> None:
            """Import when the worker starts."""
            import brian2  # noqa: F401

    try:
        client.register_plugin(Prepared())
    except ImportError as error:
        raise WorkerError(
            f"a worker cannot import what the sweep needs ({error}); install the same packages "
            "there"
        ) from error


def _wait(client: Any) -> None:
    try:
        client.wait_for_workers(1, timeout=WAIT)
    except TimeoutError as error:
        raise WorkerError(
            f"the scheduler {client.scheduler.address} had no worker for {WAIT:g} s; start some "
            "with `dask worker ADDRESS --nworkers 4 --nthreads 1`"
        ) from error


@contextlib.contextmanager
def _environment_kept() -> Iterator[None]:
    """Give this process back its variables: Dask sets those of its workers here as well."""
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the cluster tells of its start and end from the caller's log."""
    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


@contextlib.contextmanager
def _main_hidden() -> Iterator[None]:
    """Let new processes start without running the user's script once more.

    Python's spawn runs the main script in each child, so that a script without the guard
    ``if __name__ == "__main__"`` would start sweeps without end.  Dask needs none of it: functions
    of the main script travel by value.
    """
    main = sys.modules["__main__"]
    hidden = {name: vars(main).pop(name) for name in ("__file__",) if name in vars(main)}
    spec = getattr(main, "__spec__", None)
    main.__spec__ = None
    try:
        yield
    finally:
        vars(main).update(hidden)
        main.__spec__ = spec


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise BackendError(
            "a sweep on several processes needs dask and distributed, which are not installed; "
            "pip install 'heavytail_snn[sweep]', or run(scheduler=\"synchronous\")"
        ) from error
    return distributed
