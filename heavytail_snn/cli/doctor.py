"""doctor: what works on this machine, and the remedy for what does not."""

import typer

from heavytail_snn.cli.options import Json
from heavytail_snn.cli.output import print_json


def doctor(as_json: Json = False) -> None:
    """Print what works on this machine, and the remedy for what does not.

    Example: `heavytail-snn doctor`
    """
    from dataclasses import asdict

    from heavytail_snn.analysis.report import table_text
    from heavytail_snn.cli import machine

    findings = machine.findings()
    if as_json:
        print_json([asdict(item) for item in findings])
    else:
        columns = ("component", "status", "detail", "remedy")
        typer.echo(table_text([{c: getattr(item, c) for c in columns} for item in findings]))
    if not machine.healthy(findings):
        raise typer.Exit(3)
