"""The command `study`: run a configuration, or a report again, and write a report.

Exit codes as for the other commands: 0 done (whatever the verdicts), 1 refused, 2 wrong usage.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from heavytail_snn.cli.options import Json
from heavytail_snn.cli.output import print_json, refusals

Config = Annotated[
    Path | None,
    typer.Argument(help="A TOML file, or a report.html to run again (default: the default study)."),
]


def study(
    config: Config = None,
    out: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("out/study"),
    print_default: Annotated[
        bool, typer.Option("--print-default", help="Print the default configuration and stop.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run networks x weights x theory from a configuration; compare and report.

    Example: `heavytail-snn study --print-default > study.toml; heavytail-snn study study.toml`
    """
    from heavytail_snn.analysis.study.config import DEFAULT_TOML, parse_config

    if print_default:
        typer.echo(DEFAULT_TOML, nl=False)
        return
    say: Callable[[str], None] = (lambda text: None) if as_json else typer.echo
    with refusals(as_json):
        from heavytail_snn.analysis.study.engine import read_study, run_study

        resolved = parse_config(DEFAULT_TOML) if config is None else read_study(config)
        result = run_study(resolved, out, say=say)
    if as_json:
        print_json(result.stored() | {"report": str(result.report)})
        return
    from heavytail_snn.analysis.report import table_text

    typer.echo(f"\n{table_text(result.table())}\n")
    for sentence in result.explanations():
        typer.echo(f"  {sentence}")
    typer.echo(f"\nReport: {result.report}\nAgain:  heavytail-snn study {result.report}")
