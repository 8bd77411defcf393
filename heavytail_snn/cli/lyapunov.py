"""lyapunov: the Lyapunov spectrum of the network that a Brian2 script runs."""

import contextlib
import sys
from typing import Annotated, Any

import typer

from heavytail_snn.cli.options import Json
from heavytail_snn.cli.output import print_json, refusals


def lyapunov(
    script: Annotated[str, typer.Argument(help="A Brian2 script, which nobody has to change.")],
    k: Annotated[
        int | None, typer.Option(help="Exponents (default: as many as D_KY needs).")
    ] = None,
    duration: Annotated[
        float | None, typer.Option(help="Averaging time in s (default: that of the script's run).")
    ] = None,
    run: Annotated[int, typer.Option(help="Take over at this call of run().", min=1)] = 1,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=VALUE, instead of the script's value.")
    ] = None,
    state_warmup: Annotated[
        float | None, typer.Option(help="In s, before the vectors start (default: duration / 5).")
    ] = None,
    tangent_warmup: Annotated[
        float | None, typer.Option(help="In s, in which they align (default: duration / 5).")
    ] = None,
    white_noise: Annotated[
        str | None, typer.Option(help="'frozen': accept white noise as given; depends on dt.")
    ] = None,
    repeats: Annotated[int, typer.Option(help="Runs from different initial states.", min=1)] = 1,
    seed: Annotated[int | None, typer.Option(help="Of Brian2 and the tangent vectors.")] = None,
    explain: Annotated[
        bool, typer.Option(help="Only say what is understood of the model.")
    ] = False,
    plot: Annotated[str | None, typer.Option(help="Write a figure of the spectrum here.")] = None,
    as_json: Json = False,
) -> None:
    """Lyapunov spectrum of the network that a Brian2 script runs.

    Example: `heavytail-snn lyapunov my_model.py --k 20 --duration 5 --set N=400`
    """
    import brian2

    from heavytail_snn.analysis.lyapunov.hybrid.explain import explain as words
    from heavytail_snn.analysis.lyapunov.hybrid.spectrum import (
        lyapunov_spectrum_of_network,
        read_network,
    )
    from heavytail_snn.brian import internals
    from heavytail_snn.brian.script import run_script

    def take_over(network: Any, asked: float, names: dict[str, Any]) -> Any:
        if explain:
            with internals.extensible(network, level=0) as net:
                return words(read_network(net, names, white_noise=white_noise))
        span = asked if duration is None else duration
        if seed is not None:
            brian2.seed(seed)
        return lyapunov_spectrum_of_network(
            network,
            duration=span,
            k=k,
            state_warmup=span / 5 if state_warmup is None else state_warmup,
            tangent_warmup=span / 5 if tangent_warmup is None else tangent_warmup,
            qr_interval=min(0.015, span / 20),
            white_noise=white_noise,
            repeats=repeats,
            seed=seed,
            namespace=names,
            progress=not as_json,
        )

    with refusals(as_json):
        # what the script prints would stand before the JSON
        with contextlib.redirect_stdout(sys.stderr if as_json else sys.stdout):
            result = run_script(script, take_over, at_run=run, settings=_settings(set_ or []))
        if plot is not None and not explain:
            import matplotlib.pyplot as plt

            result.plot()
            plt.savefig(plot, dpi=150, bbox_inches="tight")
    if explain:
        typer.echo(result)
    elif as_json:
        print_json(result.to_dict() if hasattr(result, "to_dict") else vars(result))
    else:
        typer.echo(str(result))


def _settings(pairs: list[str]) -> dict[str, str]:
    from heavytail_snn.core.errors import ParameterError

    found = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name.isidentifier():
            raise ParameterError("--set", pair, "must be NAME=VALUE", "for example --set N=400")
        found[name] = value
    return found
