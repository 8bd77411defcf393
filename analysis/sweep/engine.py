"""The engine: a list of cases, computed one after the other here or on the workers of a scheduler.

It only hands out cases: each worker writes its numbers into the store itself.
"""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from heavytail_snn.analysis.sweep.case import Case
from heavytail_snn.analysis.sweep.work import Work, compute, record_failure
from heavytail_snn.core.errors import HeavytailError, StoreError, WorkerError

Report = Callable[[str], None]
AHEAD = 2  # cases a worker has waiting, so that none is idle and few are lost with a worker


def run_here(work: Work, cases: Iterable[Case], report: Report) -> None:
    """Compute cases in this process, one after the other."""
    for case in cases:
        report(compute(work, case))


def run_on(client: Any, work: Work, cases: Iterable[Case], report: Report) -> None:
    """Compute cases on the workers of a Dask client.

    Raises
    ------
    StoreError
        If a worker cannot read or write the store.
    WorkerError
        If the scheduler is lost.
    """
    from distributed import as_completed

    waiting = iter(cases)
    running: dict[Any, Case] = {}
    finished = as_completed(loop=client.loop)

    def hand_out() -> None:
        room = AHEAD * max(1, sum(client.nthreads().values())) - len(running)
        for case in islice(waiting, max(0, room)):
            name = f"{work.entry.name}-{case.key}-{work.run}"
            future = client.submit(compute, work, case, key=name, pure=False)
            running[future] = case
            finished.add(future)

    try:
        hand_out()
        for future in finished:
            report(_outcome(client, work, running.pop(future), future))
            hand_out()
    except (OSError, TimeoutError) as error:
        raise _lost(client) from error
    finally:
        if client.status == "running":
            client.cancel(list(running), force=True)


def _outcome(client: Any, work: Work, case: Case, future: Any) -> str:
    """Return the state of a finished case; a case that its workers died of has failed."""
    from concurrent.futures import CancelledError

    from distributed import KilledWorker

    try:
        return str(future.result())
    except KilledWorker as error:
        died = WorkerError(
            f"the worker process died {error.allowed_failures + 1} times while it had this case; "
            "was it killed for its memory? Use fewer workers or smaller networks"
        )
        return record_failure(work, case, died)
    except CancelledError as error:
        raise _lost(client) from error
    except HeavytailError:
        raise
    except ImportError as error:
        raise WorkerError(
            f"a worker cannot import what the sweep needs ({error}); install the same packages "
            "there, with your models and measures"
        ) from error
    except (OSError, MemoryError) as error:
        raise StoreError(f"a worker could not reach the store {work.store} ({error})") from error


def _lost(client: Any) -> WorkerError:
    return WorkerError(
        f"the scheduler {client.scheduler.address} was lost; cases whose record was written are "
        "kept: start a scheduler and run the same sweep again"
    )
