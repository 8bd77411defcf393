"""Make our functions and preferences known to Brian2, as soon as both are there.

Importing heavytail_snn does not import Brian2: recordings and theories need none of it.  Where
Brian2 is there already it learns our names at once, else at the end of its own import.
"""

import functools
import importlib.abc
import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType, TracebackType

from heavytail_snn.core.errors import HeavytailError


def register_with_brian() -> None:
    """Register now if Brian2 is imported, else right after its import."""
    if "brian2" in sys.modules:
        _register()
    elif not any(isinstance(finder, _AfterBrian) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AfterBrian())


def _register() -> None:
    from heavytail_snn.brian import cache, functions, internals

    functions.register()
    internals.note_when_monitors_watch()
    cache.register_preference()
    keep_own_errors_plain()


def keep_own_errors_plain() -> None:
    """Let an uncaught error of ours end a script with its traceback alone.

    Brian2 calls every uncaught exception an unexpected error of its own and asks for a report.
    Where another hook stands in its place (IPython, a debugger), that one stays.
    """
    brian = sys.excepthook
    if getattr(brian, "__module__", "") != "brian2.utils.logger":
        return

    @functools.wraps(brian)
    def excepthook(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        ours = issubclass(kind, HeavytailError)
        (sys.__excepthook__ if ours else brian)(kind, error, traceback)

    excepthook.__module__ = __name__  # so that a second call finds ours
    sys.excepthook = excepthook


class _AfterBrian(importlib.abc.MetaPathFinder):
    """Lets the import of Brian2 end with ours, and steps aside."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "brian2":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec("brian2")
        if spec is not None and spec.loader is not None:
            loader = spec.loader
            execute = loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                _register()

            loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec
