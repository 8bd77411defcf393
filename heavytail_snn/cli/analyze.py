"""analyze: rate, CV, Fano factor, spectrum, dimension and quality of a recording."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from heavytail_snn.cli.options import Json
from heavytail_snn.cli.output import numbers, print_json, refusals
from heavytail_snn.cli.reading import reads_a_recording

if TYPE_CHECKING:
    from heavytail_snn.analysis.description import Description
    from heavytail_snn.recording.recording import Recording


@reads_a_recording
def analyze(
    file: Annotated[str, typer.Argument(help="A recording, or `example`.")],
    bin_size: Annotated[float, typer.Option(help="Count bins of the dimension, s.")] = 0.05,
    count_window: Annotated[float, typer.Option(help="Window of the Fano factor, s.")] = 0.1,
    figures: Annotated[str | None, typer.Option(help="File for the reviewer's figures.")] = None,
    as_json: Json = False,
    *,
    reading: dict[str, Any],
) -> None:
    """Rate, CV, Fano factor, spectrum tail, dimension and quality of a recording.

    Then what a reviewer would ask: gaps, drift, lost units, artefacts, labels; `--figures` draws
    intervals, rate over time, autocorrelogram and dimension over bin sizes.

    `heavytail-snn formats` lists what it reads.

    Example: `heavytail-snn analyze spikes.mat --json`
    """
    from heavytail_snn.analysis.description import describe
    from heavytail_snn.analysis.report import table_text
    from heavytail_snn.data import EXAMPLE_PATH
    from heavytail_snn.recording.recording import Recording

    with refusals(as_json):
        recording = Recording.read(EXAMPLE_PATH if file == "example" else file, **reading)
        description = describe(
            recording,
            bin_size=bin_size,
            count_window=count_window,
            progress=sys.stderr.isatty() and not as_json,
        )
        if figures is not None:
            _draw(recording, description, figures)
    if as_json:
        notes = list(description.warnings)
        print_json(
            {
                "recording": str(recording),
                "estimates": numbers(description),
                "quality": description.quality.to_dict(),
                "dimension_curve": description.curve.to_dict() if description.curve else None,
                "warnings": notes,
            }
        )
        return
    rows = [
        {"quantity": e.name, "value": e.value, "standard error": e.standard_error, "unit": e.unit}
        for e in description.estimates()
    ]
    typer.echo(f"{recording}\n\n{table_text(rows)}\n\n{description.quality}")
    typer.echo(f"\nwhat a reviewer would ask\n{description.quality.review()}")
    if description.curve is not None:
        typer.echo(f"\n{description.curve}\n")
    for note in description.warnings:
        typer.echo(f"note: {note}")


def _draw(recording: "Recording", description: "Description", path: str) -> None:
    from heavytail_snn.analysis.recorded.review_figures import review_figure
    from heavytail_snn.core.errors import ParameterError

    if not Path(path).resolve().parent.is_dir():
        raise ParameterError("figures", path, "must lie in a folder that exists", "make it first")
    figure = review_figure(recording, curve=description.curve)
    kinds = sorted(figure.canvas.get_supported_filetypes())
    if Path(path).suffix[1:] not in kinds:
        raise ParameterError("figures", path, f"must end in one of {kinds}", "use review.png")
    figure.savefig(path)
