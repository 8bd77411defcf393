"""A stranger's Brian2 script, run unchanged up to one of its runs, which is then taken over."""

import ast
import difflib
import inspect
import os
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import brian2
from brian2 import Network

from heavytail_snn.brian.device import exclusive
from heavytail_snn.brian.pool import pools_here
from heavytail_snn.core.errors import ParameterError


class ScriptError(ParameterError):
    """A script could not be brought to the run that was asked for."""


class _Done(BaseException):
    """Ends a script after its run was taken over."""

    def __init__(self, result: Any) -> None:
        self.result = result


class _Failed(BaseException):
    """Carries an error of the take-over through the script's own ``except`` clauses."""


def run_script(
    path: str | os.PathLike[str],
    take_over: Callable[[Network, float, dict[str, Any]], Any],
    *,
    at_run: int = 1,
    settings: Mapping[str, str] | None = None,
) -> Any:
    """Run a script until its `at_run`-th call of ``run``, and return ``take_over(...)`` there.

    Parameters
    ----------
    path : path of a Python file
    take_over : callable
        ``take_over(network, duration, namespace)``, with the duration in s that the script asked
        for.  What it returns is returned, and the script is not continued.
    at_run : int
    settings : mapping
        Name -> Python expression: replaces what the script assigns to that name at its top
        level, or in its functions if it does so only there.

    Notes
    -----
    The script runs on the runtime target (a ``set_device`` is passed over), with figures that are
    not shown, and does the work of a ``multiprocessing.Pool`` in this process.  Afterwards Brian2's
    preferences and the default time step are as they were.

    Raises
    ------
    ScriptError
        If the file cannot be read or parsed, a setting has no assignment, the script fails or ends
        before that run.
    """
    file = Path(path)
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"), filename=str(file))
    except (OSError, UnicodeDecodeError, SyntaxError, ValueError) as error:
        raise ScriptError(
            "script", str(path), f"must be a Python file that parses: {error}"
        ) from error
    _apply(tree, dict(settings or {}), str(path))
    _refuse_without_run(tree, str(path))
    code = compile(tree, str(file), "exec")
    counter = _Counter(take_over, at_run, str(file))
    module = types.ModuleType("__main__")
    module.__file__ = str(file)
    with _quiet_surroundings(file, module), pools_here(), counter.installed():
        try:
            exec(code, module.__dict__)
        except _Done as done:
            return done.result
        except _Failed as failed:
            raise failed.__cause__ from None  # type: ignore[misc]
        except SystemExit as end:
            counter.ended = f" before it called sys.exit({end.code})"
        except Exception as error:
            raise ScriptError(
                "script", str(path),
                f"must reach run {at_run}, and failed before: {type(error).__name__}: {error}",
                "run the script by itself first, or correct it with --set NAME=VALUE",
            ) from error  # fmt: skip
    raise ScriptError(
        "script", str(path),
        f"must call run() at least {at_run} times, and did {counter.n} times{counter.ended}",
        f"choose --run between 1 and {counter.n}" if counter.n else
        "give a script that runs a network when it is executed",
    )  # fmt: skip


class _Counter:
    def __init__(self, take_over: Callable[..., Any], at_run: int, file: str) -> None:
        self.take_over, self.at_run, self.file = take_over, at_run, file
        self.n, self.ended = 0, ""
        self.process = os.getpid()

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Let every run of a network go through the counter."""
        original = Network.run
        counter = self

        def run(network: Network, duration: Any, *arguments: Any, **options: Any) -> Any:
            if counter.busy:
                return original(network, duration, *arguments, **options)
            if os.getpid() != counter.process:
                raise ScriptError(
                    "script", counter.file, "must run its network in its own process, and did so "
                    "in another", "call the function that runs it directly",
                )  # fmt: skip
            counter.n += 1
            names = options.get("namespace")
            if names is None:
                names = _names_of_caller()
                options = {**options, "namespace": names}
            if counter.n != counter.at_run:
                return original(network, duration, *arguments, **options)
            counter.busy = True
            try:
                result = counter.take_over(network, float(duration), dict(names))
            except Exception as error:
                raise _Failed from error
            raise _Done(result)

        self.busy = False
        Network.run = run
        try:
            yield
        finally:
            Network.run = original


def _names_of_caller() -> dict[str, Any]:
    """Return the variables of the nearest frame outside Brian2 and this file."""
    own = {__file__, os.path.dirname(brian2.__file__)}
    frame = inspect.currentframe()
    while frame is not None:
        name = frame.f_code.co_filename
        if not any(name.startswith(place) for place in own) and not name.startswith("<"):
            return {**frame.f_globals, **frame.f_locals}
        frame = frame.f_back
    return {}


@contextmanager
def _quiet_surroundings(file: Path, module: types.ModuleType) -> Iterator[None]:
    """The script as the main program, on the runtime target, with figures that are not shown."""
    with exclusive():
        yield from _changed_surroundings(file, module)


def _changed_surroundings(file: Path, module: types.ModuleType) -> Iterator[None]:
    import matplotlib

    matplotlib.use("Agg")
    kept = sys.argv, sys.path[:], sys.modules.get("__main__")
    set_device = brian2.set_device
    settings = {name: brian2.prefs[name] for name in brian2.prefs}
    step = float(brian2.defaultclock.dt)

    def stay(*_: Any, **__: Any) -> None:
        """Stay on the runtime target."""

    sys.argv = [str(file)]
    sys.path.insert(0, str(file.resolve().parent))
    sys.modules["__main__"] = module
    brian2.set_device = brian2.devices.device.set_device = stay
    try:
        yield
    finally:
        brian2.set_device = brian2.devices.device.set_device = set_device
        for name, value in settings.items():
            if brian2.prefs[name] != value:
                brian2.prefs[name] = value
        brian2.defaultclock.dt = step * brian2.second
        sys.argv, sys.path[:] = kept[0], kept[1]
        if kept[2] is not None:
            sys.modules["__main__"] = kept[2]


_NO_OTHER_CODE = {*sys.stdlib_module_names, "brian2", "numpy", "scipy", "matplotlib", "pylab"}
_RUNS = {"run", "exec", "eval", "compile", "getattr", "runpy", "importlib", "__import__"}


def _refuse_without_run(tree: ast.Module, path: str) -> None:
    """Refuse a script that cannot run a network, before it has done all that it does instead."""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                names.add(name)
            case ast.Import(names=parts):
                names |= {part.name.split(".")[0] for part in parts}
                if not all(part.name.split(".")[0] in _NO_OTHER_CODE for part in parts):
                    return
            case ast.ImportFrom(module=source, level=level, names=parts):
                names |= {part.name for part in parts}
                if level or (source or "").split(".")[0] not in _NO_OTHER_CODE:
                    return
    if not names & _RUNS:
        raise ScriptError(
            "script", path, "must call run(), and nothing in it does",
            "give a script that runs a network when it is executed",
        )  # fmt: skip


def _apply(tree: ast.Module, settings: dict[str, str], path: str) -> None:
    """Replace assigned values: at the top level, or in functions what is only assigned there."""
    everywhere = list(_assigned(tree, ()))
    top = list(_assigned(tree, (ast.FunctionDef, ast.Lambda, ast.ClassDef)))
    names = {target.id for target, _ in everywhere}
    for name in settings:
        places = [node for target, node in top if target.id == name]
        places = places or [node for target, node in everywhere if target.id == name]
        if not places:
            raise ScriptError("--set", name, f"must be assigned in {path}", _close(name, names))
        for node in places:
            node.value = _parsed(name, settings[name])
    ast.fix_missing_locations(tree)


def _assigned(node: ast.AST, passed_over: tuple[type, ...]) -> Iterator[tuple[ast.Name, Any]]:
    """Yield (name, assignment) below a node, without what lies inside other nodes."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, passed_over):
            continue
        if isinstance(child, ast.Assign) and len(child.targets) == 1:
            if isinstance(child.targets[0], ast.Name):
                yield child.targets[0], child
        yield from _assigned(child, passed_over)


def _close(name: str, names: set[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    some = ", ".join(sorted(names)[:12])
    return f"did you mean {close[0]}?" if close else f"choose one of {some}"


def _parsed(name: str, text: str) -> ast.expr:
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        raise ScriptError("--set", f"{name}={text}", "must be a Python expression") from error
