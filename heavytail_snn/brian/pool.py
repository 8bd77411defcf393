"""The work of a pool of processes, done in this one, where a run can be taken over."""

import multiprocessing
import multiprocessing.pool
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any


class PoolHere:
    """Stands for ``multiprocessing.Pool``: each call is done at once, and by itself."""

    def __init__(
        self,
        processes: int | None = None,
        initializer: Callable[..., Any] | None = None,
        initargs: Iterable[Any] = (),
        *_: Any,
        **__: Any,
    ) -> None:
        if initializer is not None:
            initializer(*initargs)

    def apply(
        self,
        func: Callable[..., Any],
        args: Iterable[Any] = (),
        kwds: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return what the function gives."""
        return func(*args, **(kwds or {}))

    def map(self, func: Callable[..., Any], iterable: Iterable[Any], *_: Any, **__: Any) -> Any:
        """Return what the function gives of each item."""
        return [func(item) for item in iterable]

    def imap(self, func: Callable[..., Any], iterable: Iterable[Any], *_: Any, **__: Any) -> Any:
        """Yield what the function gives of each item."""
        return iter(self.map(func, iterable))

    imap_unordered = imap

    def starmap(self, func: Callable[..., Any], iterable: Iterable[Any], *_: Any, **__: Any) -> Any:
        """Return what the function gives of each tuple of arguments."""
        return [func(*items) for items in iterable]

    def apply_async(
        self,
        func: Callable[..., Any],
        args: Iterable[Any] = (),
        kwds: Mapping[str, Any] | None = None,
        callback: Callable[[Any], Any] | None = None,
        error_callback: Any = None,
    ) -> "Done":
        """Return the finished result of `apply`; an error is raised here, at once."""
        return Done(self.apply(func, args, kwds), callback)

    def map_async(
        self, func: Callable[..., Any], iterable: Iterable[Any], chunksize: int | None = None,
        callback: Callable[[Any], Any] | None = None, error_callback: Any = None,
    ) -> "Done":  # fmt: skip
        """Return the finished result of `map`."""
        return Done(self.map(func, iterable), callback)

    def starmap_async(
        self, func: Callable[..., Any], iterable: Iterable[Any], chunksize: int | None = None,
        callback: Callable[[Any], Any] | None = None, error_callback: Any = None,
    ) -> "Done":  # fmt: skip
        """Return the finished result of `starmap`."""
        return Done(self.starmap(func, iterable), callback)

    def close(self) -> None:
        """Do nothing: there are no processes."""

    join = terminate = close

    def __enter__(self) -> "PoolHere":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


class Done:
    """A result that is there already."""

    def __init__(self, value: Any, callback: Callable[[Any], Any] | None = None) -> None:
        self.value = value
        if callback is not None:
            callback(value)

    def get(self, timeout: float | None = None) -> Any:
        """Return the result."""
        return self.value

    def wait(self, timeout: float | None = None) -> None:
        """Do nothing: the result is there."""

    def ready(self) -> bool:
        """Return True."""
        return True

    successful = ready


@contextmanager
def pools_here() -> Iterator[None]:
    """Let pools of processes that are made inside do their work in this process."""
    kept = multiprocessing.Pool, multiprocessing.pool.Pool
    multiprocessing.Pool = multiprocessing.pool.Pool = PoolHere  # type: ignore[assignment,misc]
    try:
        yield
    finally:
        multiprocessing.Pool, multiprocessing.pool.Pool = kept  # type: ignore[misc]
