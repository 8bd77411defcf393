"""Refusals of files: each says what was seen, and which options would read it.

A remedy is a mapping of options, written as the caller would write it: in Python here, on the
command line by the commands.  So a test can try every remedy that can be printed.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from heavytail_snn.core.errors import HeavytailError, RecordingError

Remedy = Mapping[str, Any]


def refusal(what: str, *remedies: Remedy) -> RecordingError:
    """Return an error that says what is wrong and how to read on.

    Parameters
    ----------
    what : str
        What was seen, with the name of the file, and the rule.
    *remedies : mapping
        Options for `Recording.read`, one mapping a way; the caller chooses, nothing is guessed.
    """
    ways = " or ".join(in_python(remedy) for remedy in remedies)
    error = RecordingError(f"{what}; pass {ways}" if ways else what)
    error.remedies = remedies
    return error


def in_python(remedy: Remedy) -> str:
    """Return options as arguments of a call: ``time_unit='ms', sort=True``."""
    return ", ".join(f"{name}={value!r}" for name, value in remedy.items())


def on_command_line(remedy: Remedy) -> str:
    """Return options as words of a command: ``--time-unit ms --sort``."""
    return " ".join(_word(name, value) for name, value in remedy.items())


def in_toml(remedy: Remedy) -> str:
    """Return options as lines of a study's table [recording]: ``time_unit = "ms"``."""
    return ", ".join(f"{name} = {json.dumps(value)}" for name, value in remedy.items())


def in_words(error: BaseException, style: Callable[[Remedy], str]) -> str:
    """Return what an error says, its remedies written as the caller would type them."""
    said = str(error)
    for remedy in sorted(getattr(error, "remedies", ()), key=lambda r: -len(in_python(r))):
        said = said.replace(in_python(remedy), style(remedy))
    return said


def _word(name: str, value: Any) -> str:
    flag = f"--{name.replace('_', '-')}"
    if value is True:
        return flag
    text = str(value)
    return (
        f"{flag} {text}" if text.replace("_", "").replace(".", "").isalnum() else f'{flag} "{text}"'
    )


@contextmanager
def reading(path: Path, what: str) -> Iterator[None]:
    """Turn whatever fails inside into a RecordingError with the file's name."""
    try:
        yield
    except HeavytailError:
        raise
    except Exception as error:  # readers of binary formats fail in every possible way
        reason = " ".join(str(error).split())[:300]
        raise RecordingError(
            f"{path} cannot be read as {what} ({type(error).__name__}: {reason}); "
            "the file is damaged or of another format"
        ) from error
