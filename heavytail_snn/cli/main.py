"""The commands, from demo and study to doctor, cache and cite; one file each.

Exit codes: 0 done, 1 refused (bad value, unreadable file, missing tool; one sentence says why),
2 wrong usage, 3 doctor found something missing that the library needs.
"""

import logging

import typer

from heavytail_snn.cli.analyze import analyze
from heavytail_snn.cli.cache import cache
from heavytail_snn.cli.cite import cite
from heavytail_snn.cli.demo import demo
from heavytail_snn.cli.doctor import doctor
from heavytail_snn.cli.exponent import exponent
from heavytail_snn.cli.formats import formats
from heavytail_snn.cli.lyapunov import lyapunov
from heavytail_snn.cli.simulate import simulate
from heavytail_snn.cli.study import study
from heavytail_snn.cli.sweep import sweep

app = typer.Typer(
    help="Is my spiking network chaotic, how many dimensions does it use, what do its spectra "
    "look like, and does theory agree?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
for command in (
    demo,
    study,
    sweep,
    simulate,
    analyze,
    formats,
    exponent,
    lyapunov,
    doctor,
    cache,
    cite,
):
    app.command()(command)


def main() -> None:
    """Run the command line."""
    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.WARNING)
    app()
