"""Every error the library raises on purpose, and the checks that raise them.

A message names the value, the rule and the remedy.  All errors share one base class, so that
``except HeavytailError`` catches what the library refuses and nothing else.
"""

import difflib
import math
import pickle
from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from typing import Any


class HeavytailError(Exception):
    """Base class of all errors raised on purpose by heavytail_snn.

    Errors pickle with their message and attributes, so that they arrive from other processes; a
    value that cannot be pickled (a lambda, a Brian2 object) arrives as its text.

    Attributes
    ----------
    remedies : tuple of mapping
        Options that do what was refused, one mapping a way, as the message names them.
    """

    remedies: tuple[Mapping[str, Any], ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        attributes = {name: _sendable(value) for name, value in vars(self).items()}
        return _restored, (type(self), tuple(map(_sendable, self.args)), attributes)


def _restored(
    cls: type[HeavytailError], arguments: tuple[Any, ...], attributes: Mapping[str, Any]
) -> HeavytailError:
    """Return an error as it was, past constructors that take other arguments than the message."""
    # not cls.__new__: for a MemoryLimitError Python finds that of MemoryError, and refuses it
    error = Exception.__new__(cls, *arguments)
    vars(error).update(attributes)
    return error


def _sendable(value: Any) -> Any:
    """Return the value, or its text where it does not survive the way to another process."""
    try:
        pickle.loads(pickle.dumps(value))
    except Exception:  # each library has its own, and a worker that fails here hangs its pool
        return _shorten(value)
    return value


class ParameterError(HeavytailError, ValueError):
    """An argument lies outside its domain.

    Parameters
    ----------
    argument : str
        Name of the argument as the caller wrote it.
    value : object
        The offending value.
    rule : str
        What must hold, worded to follow the argument's name ("must lie in (0, 2]").
    remedy : str, optional
        What to do instead.
    """

    def __init__(self, argument: str, value: Any, rule: str, remedy: str = "") -> None:
        self.argument, self.value, self.rule, self.remedy = argument, value, rule, remedy
        message = f"{argument} {rule}, got {_shorten(value)}"
        super().__init__(f"{message}; {remedy}" if remedy else message)


class UnitError(ParameterError, TypeError):
    """A quantity has the wrong physical dimension."""


class RecordingError(HeavytailError, ValueError):
    """Spike data break a rule of `Recording`, or a file cannot be read as one."""


class ConvergenceError(HeavytailError, RuntimeError):
    """An iteration or an estimate did not reach its accuracy, or a state became non-finite."""


class MemoryLimitError(HeavytailError, MemoryError):
    """The estimated memory exceeds the limit; nothing has been built yet."""


class BackendError(HeavytailError, RuntimeError):
    """A backend cannot do what was asked: tool missing, feature unsupported, build failed."""


class StoreError(HeavytailError, RuntimeError):
    """The store of a sweep cannot be read or written, or holds something else."""


class WorkerError(HeavytailError, RuntimeError):
    """A worker, or the scheduler above it, was lost or never came."""


def _shorten(value: Any, limit: int = 120) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def check_real(
    argument: str,
    value: Any,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    open_low: bool = False,
    open_high: bool = False,
    remedy: str = "",
) -> float:
    """Return `value` as a float if it is a finite real number inside the interval, else raise."""
    left = "(" if open_low or math.isinf(low) else "["
    right = ")" if open_high or math.isinf(high) else "]"
    rule = f"must be a finite number in {left}{low:g}, {high:g}{right}"
    # numpy 0-d arrays and Brian2 dimensionless quantities are numbers to a user
    if hasattr(value, "ndim") and value.ndim == 0 and hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise ParameterError(argument, value, rule, remedy)
    number = float(value)
    below = number <= low if open_low else number < low
    above = number >= high if open_high else number > high
    if below or above:
        raise ParameterError(argument, value, rule, remedy)
    return number


def check_integer(
    argument: str, value: Any, *, low: int = 0, high: float = math.inf, remedy: str = ""
) -> int:
    """Return `value` as an int if it is a whole number in [low, high], else raise."""
    whole = isinstance(value, Integral) or (isinstance(value, Real) and float(value).is_integer())
    if isinstance(value, bool) or not whole or not low <= int(value) <= high:
        bound = f"in [{low}, {high:.10g}]" if math.isfinite(high) else f">= {low}"
        raise ParameterError(argument, value, f"must be an integer {bound}", remedy)
    return int(value)


def check_flag(argument: str, value: Any) -> bool:
    """Return `value` if it is True or False, else raise."""
    if value is not True and value is not False:
        raise ParameterError(argument, value, "must be True or False")
    return value


def check_callable(argument: str, value: Any, remedy: str = "") -> Any:
    """Return `value` if it can be called, else raise."""
    if not callable(value):
        raise ParameterError(argument, value, "must be a function", remedy)
    return value


def check_sequence(argument: str, value: Any, items: str, remedy: str = "") -> tuple[Any, ...]:
    """Return the elements of an iterable that is no text, else raise: "must be a list of items"."""
    single = isinstance(value, str) or getattr(value, "ndim", 1) == 0
    if single or not isinstance(value, Iterable):
        raise ParameterError(argument, value, f"must be a list of {items}", remedy)
    return tuple(value)


def check_memory_limit(max_memory: Any) -> float:
    """Return a limit in bytes, infinite for none, else raise: no number passes a limit of nan."""
    if isinstance(max_memory, float) and max_memory == math.inf:
        return max_memory
    return check_real("max_memory", max_memory, low=0, remedy="give bytes, or inf for no limit")


def check_choice(argument: str, value: Any, choices: Iterable[str]) -> str:
    """Return `value` if it is one of `choices`, else raise with a did-you-mean."""
    options = list(choices)
    if isinstance(value, str) and value in options:
        return value
    close = difflib.get_close_matches(str(value), options, n=1)
    remedy = f"did you mean {close[0]!r}?" if close else ""
    raise ParameterError(argument, value, f"must be one of {options}", remedy)
