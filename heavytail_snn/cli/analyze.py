"""analyze: rate, CV, Fano factor, spectrum, dimension and quality of a recording."""

from typing import Annotated, Any

import typer

from heavytail_snn.cli.options import Json
from heavytail_snn.cli.output import numbers, print_json, refusals
from heavytail_snn.cli.reading import reads_a_recording


@reads_a_recording
def analyze(
    file: Annotated[str, typer.Argument(help="A recording, or `example`.")],
    bin_size: Annotated[float, typer.Option(help="Count bins of the dimension, s.")] = 0.05,
    count_window: Annotated[float, typer.Option(help="Window of the Fano factor, s.")] = 0.1,
    as_json: Json = False,
    *,
    reading: dict[str, Any],
) -> None:
    """Rate, CV, Fano factor, spectrum tail, dimension and quality of a recording.

    `heavytail-snn formats` lists what it reads.

    Example: `heavytail-snn analyze spikes.mat --json`
    """
    from heavytail_snn.analysis.description import describe
    from heavytail_snn.analysis.report import table_text
    from heavytail_snn.data import EXAMPLE_PATH
    from heavytail_snn.recording.recording import Recording

    with refusals(as_json):
        recording = Recording.read(EXAMPLE_PATH if file == "example" else file, **reading)
        description = describe(recording, bin_size=bin_size, count_window=count_window)
    if as_json:
        notes = list(description.warnings)
        print_json(
            {
                "recording": str(recording),
                "estimates": numbers(description),
                "quality": description.quality.to_dict(),
                "warnings": notes,
            }
        )
        return
    rows = [
        {"quantity": e.name, "value": e.value, "standard error": e.standard_error, "unit": e.unit}
        for e in description.estimates()
    ]
    typer.echo(f"{recording}\n\n{table_text(rows)}\n\n{description.quality}")
    for note in description.warnings:
        typer.echo(f"note: {note}")
