"""The whole path in one run: weights, networks, recordings, analyses, theory, one report.

Two LIF networks that differ in their weight law only, a binary network, the rate map with the LIF
networks' weights, and a recording, all through the same functions a user would call.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from brian2 import second

from heavytail_snn.analysis.description import describe
from heavytail_snn.analysis.lyapunov import largest_exponent_curve
from heavytail_snn.analysis.report import write_report
from heavytail_snn.analysis.study.demo_networks import (
    ALPHAS,
    DURATION,
    GAIN_MV,
    MAP_GAINS,
    MAP_STEPS,
    N_NEURONS,
    SEED,
    TRANSIENT,
    binary_network,
    compare_binary,
    compare_exponents,
    compare_lif,
    lif_coupling,
    lif_network,
    predicted_exponents,
)
from heavytail_snn.analysis.study.demo_report import (
    Demo,
    commands_of_steps,
    file_name,
    report_sections,
)
from heavytail_snn.analysis.tails import weight_tail
from heavytail_snn.brian.simulation.simulate import simulate
from heavytail_snn.core.paths import output_folder
from heavytail_snn.data import EXAMPLE_PATH
from heavytail_snn.recording.recording import Recording


def run_demo(
    folder: Path | str = "out/demo",
    *,
    recording: Path | str | None = None,
    backend: str = "cpp",
    say: Any = lambda text: None,
    **read_options: Any,
) -> Demo:
    """Simulate, analyse, compare and report.

    Parameters
    ----------
    folder : path
        Gets the report, its figures and the simulated recordings (``.npz``).
    recording : path, optional
        Any file `Recording.read` opens; default: hippocampal units that come with the package.
    backend : str
        As for `simulate`.
    say : callable
        Receives one line of text per step.
    **read_options
        For `Recording.read`, such as ``time_unit="us"``.
    """
    folder = output_folder("folder", folder)
    with _step(say, "1/5 read the recording"):
        recorded = Recording.read(recording or EXAMPLE_PATH, **read_options)
    models = {f"LIF alpha={alpha:g}": lif_network(alpha) for alpha in ALPHAS}
    simulated: dict[str, Recording] = {}
    for name, model in {**models, "binary": binary_network()}.items():
        with _step(say, f"2/5 simulate {DURATION:g} s of {name} ({backend})"):
            run = simulate(model, DURATION * second, backend=backend, seed=SEED)
            simulated[name] = run.slice(run.t_start + TRANSIENT, run.t_stop)
            simulated[name].write(folder / f"{file_name(name)}.npz")
    everything = {**simulated, "recorded": recorded}
    with _step(say, "3/5 rates, spectra and dimensions"):
        descriptions = {name: describe(each) for name, each in everything.items()}
    with _step(say, "4/5 largest exponents of the rate map, and theory"):
        matrices = {f"LIF alpha={a:g}": lif_coupling(a).sample(N_NEURONS, SEED) for a in ALPHAS}
        matrices["binary"] = binary_network().weights.sample(N_NEURONS, SEED)
        tails = {name: weight_tail(matrix) for name, matrix in matrices.items()}
        curves = {
            f"alpha={alpha:g}": largest_exponent_curve(
                matrices[f"LIF alpha={alpha:g}"] / GAIN_MV, MAP_GAINS,
                n_steps=MAP_STEPS, seed=SEED,
            )
            for alpha in ALPHAS
        }  # fmt: skip
        predicted = {f"alpha={alpha:g}": predicted_exponents(alpha) for alpha in ALPHAS}
        comparisons = (
            *compare_exponents(curves, predicted),
            compare_lif(descriptions),
            compare_binary(descriptions),
        )
    with _step(say, "5/5 figures and report"):
        commands = commands_of_steps(folder, recording, backend, read_options)
        demo = Demo(descriptions, tails, curves, comparisons, commands, folder / "report.html")
        sections = report_sections(demo, everything, predicted)
        write_report(
            folder,
            title="Heavy-tailed and Gaussian spiking networks beside a recording",
            lead="Two networks of leaky integrate-and-fire neurons that differ only in the tail of "
            "their weights, a binary network, and recorded units, through the same analyses; the "
            "rate network with the same weights, beside its theory.",
            sections=sections,
            provenance={"seed": SEED, "backend": backend, "recording": str(recorded)},
        )
    return demo


@contextmanager
def _step(say: Any, text: str) -> Iterator[None]:
    say(f"{text} ...")
    start = time.perf_counter()
    yield
    say(f"    done in {time.perf_counter() - start:.1f} s")
