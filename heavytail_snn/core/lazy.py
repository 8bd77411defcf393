"""Packages whose parts are loaded on first use: the stub beside ``__init__.py`` says where from.

The stub (``__init__.pyi``) is what type checkers read; here its import lines become the table of
names, so that nothing is listed twice.
"""

import ast
import difflib
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def lazy_face(
    package: str, file: str
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return ``__getattr__``, ``__dir__`` and ``__all__`` for the ``__init__`` of a package.

    Parameters
    ----------
    package, file : str
        ``__name__`` and ``__file__`` of the package.

    Raises
    ------
    AttributeError
        From ``__getattr__``, for a name that the stub does not list, with a did-you-mean.
    """
    homes = _homes(Path(file).with_suffix(".pyi"))

    def get(name: str) -> Any:
        if name not in homes:
            close = difflib.get_close_matches(name, homes, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise AttributeError(f"module {package!r} has no attribute {name!r}{hint}")
        home = homes[name]
        if home == package:
            value = importlib.import_module(f"{package}.{name}")
        else:
            value = getattr(importlib.import_module(home), name)
        setattr(sys.modules[package], name, value)
        return value

    return get, lambda: sorted({*vars(sys.modules[package]), *homes}), sorted(homes)


def _homes(stub: Path) -> dict[str, str]:
    """Return the module from which each name of a stub is imported."""
    return {
        alias.name: node.module
        for node in ast.parse(stub.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
