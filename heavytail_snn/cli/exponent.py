"""exponent: largest Lyapunov exponents of rate maps beside their theory."""

from typing import Annotated

import typer

from heavytail_snn.cli.options import Alpha, Json, Neurons, Seed
from heavytail_snn.cli.output import print_json, refusals


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
    from heavytail_snn.core.errors import check_real

    gains = gain or [0.5, 1.0, 2.0]
    with refusals(as_json):
        for g in gains:
            check_real("gain", g, low=0, open_low=True, remedy="silence has the exponent -inf")
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
        print_json(rows)
    else:
        typer.echo(table_text(rows))
