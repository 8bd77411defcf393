"""What commands print: strict JSON for machines, refusals in one sentence."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer


@contextmanager
def refusals(as_json: bool) -> Iterator[None]:
    """Turn refusals and missing files into one sentence and exit code 1."""
    from heavytail_snn.core.errors import HeavytailError
    from heavytail_snn.door.refusals import in_words, on_command_line

    try:
        yield
    except (HeavytailError, OSError) as error:
        said = in_words(error, on_command_line)
        if as_json:
            ways = [on_command_line(way) for way in getattr(error, "remedies", ())]
            print_json({"error": type(error).__name__, "message": said, "remedies": ways})
        else:
            typer.echo(f"{type(error).__name__}: {said}", err=True)
        raise typer.Exit(1) from error


def numbers(description: Any) -> dict[str, Any]:
    """Return the estimates of a description by name."""
    return {
        e.name: {"value": e.value, "standard_error": e.standard_error, "unit": e.unit}
        for e in description.estimates()
    }


def print_json(value: Any) -> None:
    """Print strict JSON: nan and infinity become null."""
    from heavytail_snn.core.results import strict

    typer.echo(json.dumps(strict(value), indent=2))
