"""Options that several commands share."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Seed = Annotated[int, typer.Option(help="Of weights, initial states and noise.", min=0)]
Alpha = Annotated[float, typer.Option(help="Stability index of the weights, in (0, 2].")]
Neurons = Annotated[int, typer.Option("--n-neurons", help="Number of neurons.")]
Degree = Annotated[int, typer.Option("--in-degree", help="Synapses per neuron.")]
