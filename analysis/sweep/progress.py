"""The bar of a running sweep: cases done, the time left, and how many failed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

from heavytail_snn.analysis.sweep.work import FAILED


@contextmanager
def progress_bar(total: int, todo: int, shown: bool) -> Iterator[Callable[[str], None]]:
    """Yield a function that counts a case by its state.

    Parameters
    ----------
    total, todo : int
        All cases, and those that this run computes.
    shown : bool
    """
    failed = 0
    bar = tqdm(total=total, initial=total - todo, unit="case", disable=not shown, delay=1.0)
    with bar:

        def report(state: str) -> None:
            nonlocal failed
            if state == FAILED:
                failed += 1
                bar.set_postfix(failed=failed, refresh=False)
            bar.update()

        yield report
