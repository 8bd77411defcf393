"""formats: which files of recordings are read, and with which options."""

import typer

from heavytail_snn.cli.options import Json
from heavytail_snn.cli.output import print_json


def formats(as_json: Json = False) -> None:
    """List the formats of recordings that are read.

    Example: `heavytail-snn formats --json`
    """
    from heavytail_snn.analysis.report import table_text
    from heavytail_snn.recording.formats.registry import FORMATS

    rows = [
        {
            "format": item.name,
            "what": item.title,
            "files": item.layout,
            "options": " ".join(f"--{name.replace('_', '-')}" for name in item.options),
        }
        for item in FORMATS.values()
    ]
    if as_json:
        print_json(rows)
        return
    typer.echo(table_text(rows))
    typer.echo(
        "\nA file's first bytes, and else its name, say which format it is; --format NAME goes "
        "before them.\nExample: heavytail-snn analyze spikes.csv --time-unit ms"
    )
