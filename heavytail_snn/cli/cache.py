"""The command `cache`: what is kept of compiled programs, and its removal."""

from typing import Annotated

import typer

from heavytail_snn.cli.options import Json
from heavytail_snn.cli.output import print_json, refusals


def cache(
    action: Annotated[str, typer.Argument(help="show or clear.")] = "show",
    as_json: Json = False,
) -> None:
    """Show the folder of compiled programs and its size, or clear it.

    Example: `heavytail-snn cache clear`
    """
    with refusals(as_json):
        from heavytail_snn.brian import programs
        from heavytail_snn.brian.cache import cache_directory
        from heavytail_snn.core.errors import check_choice

        if check_choice("action", action, ("show", "clear")) == "clear":
            number, size = programs.clear()
        else:
            found = programs.programs()
            number, size = len(found), sum(map(programs.folder_size, found))
    if as_json:
        print_json({"folder": str(cache_directory()), "programs": number, "bytes": size})
        return
    verb = "removed" if action == "clear" else "has"
    typer.echo(f"{cache_directory()}: {verb} {number} programs, {size / 1e6:.1f} MB")
