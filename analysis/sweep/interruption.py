"""SIGINT and SIGTERM during a sweep: it stops, says what is kept, and how to go on."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class SweepInterrupted(KeyboardInterrupt):
    """A sweep was stopped by a signal; what is in the store is kept.

    Attributes
    ----------
    signal : int
        Which signal it was.
    """

    def __init__(self, message: str, signal: int) -> None:
        super().__init__(message)
        self.signal = signal

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.args[0], self.signal)


class _Stop(BaseException):
    """Raised by the handler: not an Exception, so that nothing on the way takes it for one."""


@contextmanager
def stopping(say: Any) -> Iterator[None]:
    """Turn the first SIGINT or SIGTERM inside into `SweepInterrupted` with the text of `say()`.

    In other threads than the main one signals do what they did before.
    """
    caught: list[int] = []

    def stop(number: int, frame: Any) -> None:
        first = not caught
        caught.append(number)
        if first:  # others while the workers are closed are not needed
            raise _Stop

    here = threading.current_thread() is threading.main_thread()
    names = (signal.SIGINT, signal.SIGTERM) if here else ()
    before = {name: signal.signal(name, stop) for name in names}
    try:
        yield
    except _Stop:
        raise SweepInterrupted(say(), caught[0]) from None
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
