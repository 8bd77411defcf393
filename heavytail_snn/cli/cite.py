"""cite: what to cite."""

import typer

from heavytail_snn.cli import citation
from heavytail_snn.cli.options import Json
from heavytail_snn.cli.output import print_json


def cite(as_json: Json = False) -> None:
    """Print what to cite.

    Example: `heavytail-snn cite`
    """
    if as_json:
        print_json(citation.REFERENCES)
    else:
        typer.echo(citation.text())
