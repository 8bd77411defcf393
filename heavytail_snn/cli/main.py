"""The command line: demo, study, simulate, analyze, exponent, doctor, cite.

Exit codes: 0 done, 1 refused (bad value, unreadable file, missing tool; one sentence says why),
2 wrong usage, 3 doctor found something missing that the library needs.
"""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from heavytail_snn.cli.study import study

app = typer.Typer(
    help="Is my spiking network chaotic, how many dimensions does it use, what do its spectra "
    "look like, and does theory agree?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


class ModelName(StrEnum):
    """Models that `simulate` offers."""

    LIF = "lif"
    BINARY = "binary"


Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Seed = Annotated[int, typer.Option(help="Of weights, initial states and noise.", min=0)]
Alpha = Annotated[float, typer.Option(help="Stability index of the weights, in (0, 2].")]
Neurons = Annotated[int, typer.Option("--n-neurons", help="Number of neurons.")]
Degree = Annotated[int, typer.Option("--in-degree", help="Synapses per neuron.")]
TimeUnit = Annotated[
    str | None, typer.Option(help="Unit of the times in a text or MAT file: s, ms or us.")
]


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("out/demo"),
    recording: Annotated[
        Path | None, typer.Option(help="Recording to compare with (default: packaged units).")
    ] = None,
    backend: Annotated[str, typer.Option(help="runtime, cpp or cuda.")] = "cpp",
    time_unit: TimeUnit = None,
    as_json: Json = False,
) -> None:
    """Simulate three networks, analyse them and a recording, compare with theory, report.

    Example: `heavytail-snn demo --recording spikes.nwb`
    """
    from heavytail_snn.analysis.report import table_text
    from heavytail_snn.analysis.study.demo import run_demo

    say: Callable[[str], None] = (lambda text: None) if as_json else typer.echo
    options = {"time_unit": time_unit} if time_unit else {}
    with _refusals(as_json):
        result = run_demo(out, recording=recording, backend=backend, say=say, **options)
    predictions = [
        {"prediction for": c.title, **row} for c in result.comparisons for row in c.table()
    ]
    if as_json:
        _print_json(
            {
                "networks": {n: _numbers(d) for n, d in result.descriptions.items()},
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


app.command()(study)


@app.command()
def simulate(
    model: Annotated[ModelName, typer.Argument(help="The network.")],
    out: Annotated[Path, typer.Option(help="Recording to write (.npz, .nix or .txt).")],
    alpha: Alpha = 1.5,
    n_neurons: Neurons = 1000,
    in_degree: Degree = 100,
    gain: Annotated[
        float | None, typer.Option(help="Weight scale; lif: in mV (20), binary: a number (1).")
    ] = None,
    drive: Annotated[float, typer.Option(help="Drive of the LIF neurons in mV.")] = 22.0,
    noise: Annotated[float, typer.Option(help="Threshold noise of the binary units.")] = 0.5,
    duration: Annotated[float, typer.Option(help="In seconds.")] = 10.0,
    transient: Annotated[float, typer.Option(help="Seconds left out at the start.")] = 0.0,
    seed: Seed = 1,
    backend: Annotated[str, typer.Option(help="runtime, numpy, cython, cpp or cuda.")] = "cpp",
    as_json: Json = False,
) -> None:
    """Simulate a network with alpha-stable weights and write its spikes.

    Example: `heavytail-snn simulate lif --alpha 1.5 --duration 10 --out lif.npz`
    """
    from brian2 import mV, second

    import heavytail_snn as ht

    with _refusals(as_json):
        scale = gain if gain is not None else {"lif": 20.0, "binary": 1.0}[model.value]
        wiring = ht.FixedInDegree(in_degree)
        coupling = ht.Coupling(ht.LevyStable(alpha), wiring, scale, autapses=False)
        network: Any
        if model is ModelName.LIF:
            network = ht.models.LIFNetwork(coupling, n_neurons, drive=drive * mV)
        else:
            network = ht.models.BinaryNetwork(coupling, n_neurons, noise=noise)
        recording = ht.simulate(network, duration * second, backend=backend, seed=seed)
        if transient:
            recording = recording.slice(transient, recording.t_stop)
        recording.write(out)
    facts = {"file": str(out), "units": recording.n_units, "spikes": int(recording.times.size)}
    if as_json:
        _print_json(facts)
    else:
        typer.echo(f"{recording}\nwritten to {out}\nNext: heavytail-snn analyze {out}")


@app.command()
def analyze(
    file: Annotated[str, typer.Argument(help="A recording, or `example`.")],
    bin_size: Annotated[float, typer.Option(help="Count bins of the dimension, s.")] = 0.05,
    count_window: Annotated[float, typer.Option(help="Window of the Fano factor, s.")] = 0.1,
    t_start: Annotated[float | None, typer.Option(help="Start of the run, s.")] = None,
    t_stop: Annotated[float | None, typer.Option(help="End of the run, s.")] = None,
    time_unit: TimeUnit = None,
    as_json: Json = False,
) -> None:
    """Rate, CV, Fano factor, spectrum tail, dimension and quality of a recording.

    Reads NWB, NIX and other neo formats, MAT cell arrays, .npz, and text with one or two columns.

    Example: `heavytail-snn analyze spikes.mat --json`
    """
    from heavytail_snn.analysis.description import describe
    from heavytail_snn.analysis.report import table_text
    from heavytail_snn.data import EXAMPLE_PATH
    from heavytail_snn.recording.recording import Recording

    options = {"time_unit": time_unit, "t_start": t_start, "t_stop": t_stop}
    given = {name: value for name, value in options.items() if value is not None}
    with _refusals(as_json):
        recording = Recording.read(EXAMPLE_PATH if file == "example" else file, **given)
        description = describe(recording, bin_size=bin_size, count_window=count_window)
    if as_json:
        notes = list(description.warnings)
        _print_json(
            {
                "recording": str(recording),
                "estimates": _numbers(description),
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


@app.command()
def exponent(
    alpha: Alpha = 1.5,
    n_neurons: Neurons = 1000,
    in_degree: Annotated[
        int | None, typer.Option("--in-degree", help="Synapses per unit (default: all to all).")
    ] = None,
    gain: Annotated[list[float] | None, typer.Option(help="May be given several times.")] = None,
    n_steps: Annotated[int, typer.Option(help="Steps that are averaged.")] = 1200,
    seed: Seed = 1,
    as_json: Json = False,
) -> None:
    """Largest Lyapunov exponent of the rate map x -> tanh(g W x), beside its prediction.

    Example: `heavytail-snn exponent --alpha 1.5 --gain 0.5 --gain 1 --gain 2`
    """
    import heavytail_snn as ht
    from heavytail_snn.analysis.report import table_text

    gains = gain or [0.5, 1.0, 2.0]
    with _refusals(as_json):
        wiring = ht.FixedInDegree(in_degree) if in_degree else ht.AllToAll()
        coupling = ht.Coupling(ht.LevyStable(alpha), wiring, autapses=not in_degree)
        weights = coupling.sample(n_neurons, seed)
        curve = ht.analysis.largest_exponent_curve(weights, gains, n_steps=n_steps, seed=seed)
        predicted = [
            ht.analysis.theory.population_dynamics_map(alpha, g, population=n_neurons, seed=seed)
            for g in gains
        ]
    rows = [
        {
            "gain": g,
            "largest exponent (1/step)": float(value),
            "standard error": float(error),
            "theory": float(theory.largest_exponent),
            "theory error": float(theory.standard_error),
        }
        for g, value, error, theory in zip(
            gains, curve.exponents, curve.standard_error, predicted, strict=True
        )
    ]
    if as_json:
        _print_json(rows)
    else:
        typer.echo(table_text(rows))


@app.command()
def doctor(as_json: Json = False) -> None:
    """Print what works on this machine, and the remedy for what does not.

    Example: `heavytail-snn doctor`
    """
    from dataclasses import asdict

    from heavytail_snn.analysis.report import table_text
    from heavytail_snn.cli import doctor as checks

    findings = checks.doctor()
    if as_json:
        _print_json([asdict(item) for item in findings])
    else:
        columns = ("component", "status", "detail", "remedy")
        typer.echo(table_text([{c: getattr(item, c) for c in columns} for item in findings]))
    if not checks.healthy(findings):
        raise typer.Exit(3)


@app.command()
def cite(as_json: Json = False) -> None:
    """Print what to cite.

    Example: `heavytail-snn cite`
    """
    from heavytail_snn.cli import citation

    if as_json:
        _print_json(citation.REFERENCES)
    else:
        typer.echo(citation.text())


def main() -> None:
    """Run the command line."""
    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.WARNING)
    app()


@contextmanager
def _refusals(as_json: bool) -> Iterator[None]:
    """Turn refusals and missing files into one sentence and exit code 1."""
    from heavytail_snn.core.errors import HeavytailError

    try:
        yield
    except (HeavytailError, OSError) as error:
        if as_json:
            _print_json({"error": type(error).__name__, "message": str(error)})
        else:
            typer.echo(f"{type(error).__name__}: {error}", err=True)
        raise typer.Exit(1) from error


def _numbers(description: Any) -> dict[str, Any]:
    return {
        e.name: {"value": e.value, "standard_error": e.standard_error, "unit": e.unit}
        for e in description.estimates()
    }


def _print_json(value: Any) -> None:
    """Print strict JSON: nan and infinity become null."""
    typer.echo(json.dumps(_strict(value), indent=2))


def _strict(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(item) for item in value]
    if isinstance(value, float) and not (abs(value) < float("inf")):
        return None
    return value


if __name__ == "__main__":
    main()
