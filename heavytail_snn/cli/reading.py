"""The options of reading on the command line, for every command that takes a recording.

``time_unit`` in Python is ``--time-unit`` here; the table of options is that of `Recording.read`.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from heavytail_snn.recording.raw.options import OPTIONS, ReadingOption


def reads_a_recording(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command all options of reading; it gets those that were given as ``reading``.

    Parameters
    ----------
    command : callable
        With an argument ``reading``, a dict of options for `Recording.read`.
    """
    own = inspect.signature(command, eval_str=True).parameters
    names = [option.name for option in OPTIONS]

    @functools.wraps(command)
    def with_reading(**values: Any) -> None:
        given = {name: values.pop(name) for name in names}
        reading = {
            name: value for name, value in given.items() if value is not None and value is not False
        }
        command(**values, reading=reading)

    kept = [item for name, item in own.items() if name != "reading"]
    everything = [*kept, *(_parameter(option) for option in OPTIONS)]
    with_reading.__signature__ = inspect.Signature(everything)  # type: ignore[attr-defined]
    with_reading.__annotations__ = {item.name: item.annotation for item in everything}
    return with_reading


def _parameter(option: ReadingOption) -> inspect.Parameter:
    flag = f"--{option.name.replace('_', '-')}"
    panel = typer.Option(flag, help=option.help, rich_help_panel="Reading the recording")
    kind = bool if option.kind is bool else option.kind | None
    return inspect.Parameter(
        option.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=False if option.kind is bool else None,
        annotation=Annotated[kind, panel],
    )
