"""Options that a front passes on: unknown ones are refused by the front, with a did-you-mean.

The names are read from the signature of the function that is really called, so that no list has
to follow it.
"""

import difflib
import inspect
from collections.abc import Callable, Container, Iterable, Mapping
from functools import partial, wraps
from typing import Any, Self

from heavytail_snn.core.errors import ParameterError


def check_options(
    front: Callable[..., Any],
    options: Mapping[str, Any],
    target: Callable[..., Any],
    *,
    taken: Container[str] = (),
    model: str = "",
) -> None:
    """Raise unless `options` fit the function that they are passed on to.

    Parameters
    ----------
    front : callable
        What the caller called; its own options are named beside those it passes on.
    options : mapping
        As the caller gave them.
    target : callable
        The function that receives them.
    taken : container of str
        Arguments that the front itself gives to the target.
    model : str
        The kind of model, where options depend on it.

    Raises
    ------
    ParameterError
        For an unknown option, and for one that the target needs and nobody gave.

    Examples
    --------
    >>> def kernel(network, *, n_steps=100, seed=None): ...
    >>> def measure(network, *, seed=None, **options): ...
    >>> check_options(measure, {"n_step": 20}, kernel, taken=("seed",))
    Traceback (most recent call last):
        ...
    heavytail_snn.core.errors.ParameterError: n_step is no option of measure, got 20; did you mean
    'n_steps'? Its options: seed, n_steps
    """
    name = f"{front.__name__} for {model}" if model else front.__name__
    refuse_unknown(name, options, options_of(front) + options_of(target, taken=taken))
    for argument, item in inspect.signature(target).parameters.items():
        needed = item.kind is item.KEYWORD_ONLY and item.default is item.empty
        if needed and argument not in options and argument not in taken:
            raise ParameterError(argument, None, f"must be given to {name}")


def check_arguments(cls: type, arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> None:
    """Raise unless keyword arguments fit the constructors of a class and its bases.

    Parameters
    ----------
    cls : type
        Named in the error.
    arguments, keywords : tuple, mapping
        As the caller gave them; nothing is checked where there are none, as in unpickling.

    Raises
    ------
    ParameterError
        For an unknown name, and for a missing one that has no default.
    """
    if not arguments and not keywords:
        return
    items: dict[str, inspect.Parameter] = {}
    for base in cls.__mro__[:-1]:
        if "__init__" in vars(base):
            for name, item in list(inspect.signature(base.__init__).parameters.items())[1:]:  # type: ignore[misc]
                if item.kind in (item.KEYWORD_ONLY, item.POSITIONAL_OR_KEYWORD):
                    items.setdefault(name, item)
    refuse_unknown(cls.__name__, keywords, items)
    for name, item in items.items():
        if item.kind is item.KEYWORD_ONLY and item.default is item.empty and name not in keywords:
            raise ParameterError(name, None, f"must be given to {cls.__name__}", f"add {name}=...")


def renamed[**P, R](**names: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function take keywords by their former names too.

    Parameters
    ----------
    **names : str
        former="present".

    Examples
    --------
    >>> @renamed(gain="g")
    ... def double(g):
    ...     return 2 * g
    >>> double(gain=2.0)
    4.0
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def call(*arguments: P.args, **keywords: P.kwargs) -> R:
            for old, new in names.items():
                if old in keywords and new in keywords:
                    rule = f"is the former name of {new}, which is given too"
                    raise ParameterError(old, keywords[old], rule, f"give {new} alone")
                if old in keywords:
                    keywords[new] = keywords.pop(old)
            return function(*arguments, **keywords)

        return call

    return decorate


class CheckedArguments:
    """Base of classes whose constructors name the class that was called in what they refuse.

    An unknown keyword would else be a TypeError that names the base class whose constructor runs.
    """

    def __new__(cls, *arguments: Any, **keywords: Any) -> Self:
        """Refuse names that no constructor of the class knows."""
        check_arguments(cls, arguments, keywords)
        return super().__new__(cls)

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        # what help shows is the constructor, not the check before it
        cls.__signature__ = inspect.signature(partial(cls.__init__, None))  # type: ignore[attr-defined, misc]


def options_of(target: Callable[..., Any], *, taken: Container[str] = ()) -> list[str]:
    """Return the names of a function's options, those in `taken` left out.

    Options are the arguments after the data: keyword-only ones and those with a default.
    """
    return [
        name
        for name, item in inspect.signature(target).parameters.items()
        if name not in taken
        and item.kind in (item.KEYWORD_ONLY, item.POSITIONAL_OR_KEYWORD)
        and (item.kind is item.KEYWORD_ONLY or item.default is not item.empty)
    ]


def refuse_unknown(front: str, options: Mapping[str, Any], known: Iterable[str]) -> None:
    """Raise for the first of `options` that is not among the `known` names."""
    names = list(known)
    for name, value in options.items():
        if name in names:
            continue
        close = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        listed = f"Its options: {', '.join(names)}" if names else "It has none"
        raise ParameterError(name, value, f"is no option of {front}", hint + listed)
