"""demo: simulate, analyse, compare, report; the first thing to run."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from heavytail_snn.cli.options import Json
from heavytail_snn.cli.output import numbers, print_json, refusals
from heavytail_snn.cli.reading import reads_a_recording


@reads_a_recording
def demo(
    out: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("out/demo"),
    recording: Annotated[
        Path | None, typer.Option(help="Recording to compare with (default: packaged units).")
    ] = None,
    backend: Annotated[str, typer.Option(help="runtime, cpp or cuda.")] = "cpp",
    as_json: Json = False,
    *,
    reading: dict[str, Any],
) -> None:
    """Simulate three networks, analyse them and a recording, compare with theory, report.

    Example: `heavytail-snn demo --recording spikes.nwb`
    """
    from heavytail_snn.analysis.report import table_text
    from heavytail_snn.analysis.study.demo import run_demo

    say: Callable[[str], None] = (lambda text: None) if as_json else typer.echo
    with refusals(as_json):
        result = run_demo(out, recording=recording, backend=backend, say=say, **reading)
    predictions = [
        {"prediction for": c.title, **row} for c in result.comparisons for row in c.table()
    ]
    if as_json:
        print_json(
            {
                "networks": {n: numbers(d) for n, d in result.descriptions.items()},
                "predictions": predictions,
                "report": str(result.report),
            }
        )
        return
    typer.echo(f"\n{table_text(result.table())}\n\n{table_text(predictions)}")
    for comparison in result.comparisons:
        for sentence in comparison.explanations():
            typer.echo(f"  {comparison.title}: {sentence}")
    typer.echo(f"\nReport: {result.report}\n\nEach step again:")
    for command in result.commands:
        typer.echo(f"  {command}")
