"""The command `sweep`: run a grid, go on with a store, say how far it is.

Exit codes as for the other commands, 1 also where a case failed, and 128 + the signal's number
where one stopped it.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from heavytail_snn.cli.options import Json
from heavytail_snn.cli.output import print_json, refusals

Words = Annotated[
    list[str],
    typer.Argument(
        help="GRID.toml or STORE.zarr to run, `status STORE.zarr`, or `example` for a first file."
    ),
]


def sweep(
    words: Words,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler (default: this machine).")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Local processes (default: one a core).")
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Compute failed cases again.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Measure a model on a grid of parameters and seeds; stop and go on at any time.

    Example: `heavytail-snn sweep example > grid.toml; heavytail-snn sweep grid.toml`
    """
    if words == ["example"]:
        from heavytail_snn.analysis.sweep.config import EXAMPLE

        typer.echo(EXAMPLE, nl=False)
        return
    with refusals(as_json):
        status = words[0] == "status"
        if len(words) != 1 + status:
            raise typer.BadParameter("give one GRID.toml, one STORE.zarr, or: status STORE.zarr")
        chosen = _sweep(words[-1])
        if status:
            found = chosen.status()
        else:
            found = _run(chosen, scheduler, workers, retry_failed, not as_json)
    if as_json:
        counts = {name: getattr(found, name) for name in ("done", "failed", "left", "seconds_left")}
        print_json(counts | {"store": str(chosen.store), "errors": found.errors})
    else:
        typer.echo(str(found))
        typer.echo(f"\nStore: {chosen.store}")
    if not status and found.failed:
        raise typer.Exit(1)


def _sweep(name: str) -> Any:
    """Return the sweep of a store, or of a TOML file."""
    from heavytail_snn.analysis.sweep.config import read_sweep
    from heavytail_snn.analysis.sweep.front import Sweep

    return Sweep.open(name) if Path(name).suffix == ".zarr" else read_sweep(name)


def _run(
    chosen: Any, scheduler: str | None, workers: int | None, retry_failed: bool, progress: bool
) -> Any:
    from heavytail_snn.analysis.sweep.interruption import SweepInterrupted

    try:
        return chosen.run(scheduler, workers=workers, retry_failed=retry_failed, progress=progress)
    except SweepInterrupted as stopped:
        typer.echo(f"stopped: {stopped}", err=True)
        raise typer.Exit(128 + stopped.signal) from None
