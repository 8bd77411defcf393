"""simulate: a network with alpha-stable weights, its spikes in a file."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from heavytail_snn.cli.options import Alpha, Degree, Json, Neurons, Seed
from heavytail_snn.cli.output import print_json, refusals


class ModelName(StrEnum):
    """Models that `simulate` offers."""

    LIF = "lif"
    BINARY = "binary"


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
    from heavytail_snn.core.paths import output_file
    from heavytail_snn.recording.files import WRITTEN

    with refusals(as_json):
        output_file("out", out, WRITTEN)  # before a simulation that would be lost
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
        print_json(facts)
    else:
        typer.echo(f"{recording}\nwritten to {out}\nNext: heavytail-snn analyze {out}")
