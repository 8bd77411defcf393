"""Kernels compiled by numba, kept for later processes wherever the machine lets them be kept."""

import functools
import logging
from collections.abc import Callable
from typing import Any

import numba

_log = logging.getLogger(__name__)


def compiled(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Compile a function like ``numba.njit(cache=True)``, also where nothing can be written.

    Parameters
    ----------
    function : callable, optional
        Without it, a decorator is returned.
    **options
        Of ``numba.njit``.

    Notes
    -----
    numba keeps machine code in $NUMBA_CACHE_DIR, beside the source or in the user's cache folder,
    and refuses to compile at all where it can write to none of them: an installed package that
    belongs to another user, with no home folder.  Then each process compiles anew, and a log
    message says so.

    Examples
    --------
    >>> @compiled(nogil=True)
    ... def double(x):
    ...     return 2 * x
    >>> double(3)
    6
    """
    if function is None:
        return functools.partial(compiled, **options)
    kernel = numba.njit(**options)(function)
    try:
        kernel.enable_caching()
    except RuntimeError as error:
        if "no locator available" not in str(error):
            raise
        _say_that_nothing_is_kept()
    return kernel


@functools.cache
def _say_that_nothing_is_kept() -> None:
    _log.warning(
        "neither the package folder nor a cache folder can be written: kernels are compiled anew "
        "in each process; set NUMBA_CACHE_DIR to a folder that can be written"
    )
