"""What a demo shows: its table, figures, sections and the commands that repeat each step."""

import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from heavytail_snn.analysis import plots
from heavytail_snn.analysis.comparison import Comparison, verdicts
from heavytail_snn.analysis.description import Description
from heavytail_snn.analysis.lyapunov import LargestExponentCurve
from heavytail_snn.analysis.report import Section
from heavytail_snn.analysis.study.demo_networks import (
    ALPHAS,
    BINARY_GAIN,
    BINARY_NOISE,
    DRIVE_MV,
    DURATION,
    GAIN_MV,
    IN_DEGREE,
    MAP_GAINS,
    MAP_STEPS,
    N_NEURONS,
    SEED,
    TRANSIENT,
    lif_coupling,
)
from heavytail_snn.analysis.tails import WeightTail
from heavytail_snn.core.results import Estimate
from heavytail_snn.core.showing import Rows, Shown, as_text, with_error
from heavytail_snn.door.refusals import on_command_line
from heavytail_snn.recording.recording import Recording
from heavytail_snn.weights.laws import LevyStable

SHOWN = ("rate", "cv", "fano_factor", "spectrum_tail_over_rate", "participation_ratio")


@dataclass(frozen=True)
class Demo(Shown):
    """What a demo produced.

    Parameters
    ----------
    descriptions : dict of str to Description
        By the name of the network or recording.
    tails : dict of str to WeightTail
    curves : dict of str to LargestExponentCurve
    comparisons : tuple of Comparison
    commands : tuple of str
        Shell commands that repeat each step.
    report : Path
        The HTML file.
    """

    descriptions: dict[str, Description]
    tails: dict[str, WeightTail]
    curves: dict[str, LargestExponentCurve]
    comparisons: tuple[Comparison, ...]
    commands: tuple[str, ...]
    report: Path

    def shown(self) -> tuple[str, Rows]:
        """Return rates and dimensions, the verdicts of the theories and the report."""
        rows = [
            (
                row["network"],
                ", ".join(f"{key} {text}" for key, text in list(row.items())[1:] if text),
            )
            for row in self.table()
        ]
        rows += [(comparison.title, verdicts([comparison])) for comparison in self.comparisons]
        return "Demo", [*rows, ("report", str(self.report))]

    def __str__(self) -> str:
        return as_text(*self.shown())

    def __repr__(self) -> str:
        networks = ", ".join(self.descriptions)
        return f"Demo({networks}; {verdicts(self.comparisons)}; report={str(self.report)!r})"

    def table(self) -> list[dict[str, Any]]:
        """Return one row per network or recording."""
        rows = []
        for name, description in self.descriptions.items():
            found = {e.name: e for e in description.estimates()}
            row: dict[str, Any] = {"network": name}
            for quantity in SHOWN:
                estimate = found[quantity]
                row[_heading(estimate)] = with_error(estimate.value, estimate.standard_error)
            tail = self.tails.get(name)
            row["tail exponent"] = tail and with_error(tail.exponent, tail.standard_error)
            rows.append(row)
        return rows


def commands_of_steps(
    folder: Path, recording: Path | str | None, backend: str, read_options: dict[str, Any]
) -> tuple[str, ...]:
    """Return the shell commands that repeat the demo and each of its steps."""
    program = _program()
    options = f" {on_command_line(read_options)}" if read_options else ""
    file = shlex.quote(str(recording)) + options if recording else "example"
    run = (
        f"--n-neurons {N_NEURONS} --in-degree {IN_DEGREE} --duration {DURATION:g} "
        f"--transient {TRANSIENT:g} --seed {SEED} --backend {backend}"
    )
    lif = f"--gain {GAIN_MV:g} --drive {DRIVE_MV:g}"
    networks = {f"LIF alpha={alpha:g}": f"simulate lif --alpha {alpha:g} {lif}" for alpha in ALPHAS}
    networks["binary"] = (
        f"simulate binary --alpha 2 --gain {BINARY_GAIN:g} --noise {BINARY_NOISE:g}"
    )
    files = {name: f"{folder}/{file_name(name)}.npz" for name in networks}
    gains = " ".join(f"--gain {gain:g}" for gain in MAP_GAINS)
    demo = f"demo --out {folder} --backend {backend}"
    steps = [
        demo + (f" --recording {file}" if recording else ""),
        *(f"{text} {run} --out {files[name]}" for name, text in networks.items()),
        *(f"analyze {each}" for each in (*files.values(), file)),
        *(
            f"exponent --alpha {alpha:g} --n-neurons {N_NEURONS} --in-degree {IN_DEGREE} {gains} "
            f"--n-steps {MAP_STEPS} --seed {SEED}"
            for alpha in ALPHAS
        ),
    ]
    return tuple(f"{program} {step}" for step in steps)


def _program() -> str:
    """Return how to call the command line: by name if it is on the PATH, else by its place."""
    if shutil.which("heavytail-snn"):
        return "heavytail-snn"
    place = Path(sys.executable).parent / "heavytail-snn"
    return str(place.relative_to(Path.cwd()) if place.is_relative_to(Path.cwd()) else place)


def report_sections(
    demo: Demo, recordings: dict[str, Recording], predicted: dict[str, list[Estimate]]
) -> list[Section]:
    """Return the parts of the report with their figures."""
    verdicts = [{"prediction for": c.title, **row} for c in demo.comparisons for row in c.table()]
    explained = " ".join(s for c in demo.comparisons for s in c.explanations())
    with plots.figure_style():
        return [
            Section(
                "Networks and recording",
                "Means over units with standard errors; the participation ratio is the unbiased "
                "cross-block estimate from counts in 50 ms bins. Events of the binary network are "
                "flips. Recorded units that a quality check flags stay in all numbers: "
                f"{_quality(demo.descriptions['recorded'])}",
                table=demo.table(),
            ),
            Section(
                "Rasters",
                figure=_rasters(recordings),
                caption="Spikes of up to 100 units in the last second (flips for the binary "
                "network; ten seconds for the recording), and the population rate above them.",
            ),
            Section(
                "Weights",
                figure=_weights(demo),
                caption="Fraction of weights larger than |w|. At alpha = 1.5 single synapses "
                "reach many times the scale; the Gaussian has no such tail. Black dashes: the law.",
            ),
            Section(
                "Spectra",
                figure=_spectra(demo),
                caption="Two-sided spike-train spectra, mean over units, over the rate, with 95 % "
                "bands. Without structure at high frequency every train ends on the rate line.",
            ),
            Section(
                "Exponents of the rate network",
                "The map x -> tanh(g W x) with the LIF networks' weights: its largest Lyapunov "
                "exponent from the tangent product J Q. Theory is the closed mean-field form at "
                "alpha = 2 and population dynamics of the network's size at alpha = 1.5.",
                figure=_exponents(demo, predicted),
                caption="Largest exponent against gain. Heavy tails (alpha = 1.5) turn chaotic at "
                "smaller gain and more slowly.",
            ),
            Section(
                "Measured and predicted",
                "A difference counts when it exceeds three standard errors and the accuracy "
                "granted to the theory (5 %, 2 % for the binary network). "
                + (f"Where they part: {explained}" if explained else "All agree."),
                table=verdicts,
            ),
            Section(
                "Recorded against simulated",
                figure=_numbers(demo),
                caption="The same numbers from simulation and recording, with standard errors.",
            ),
            Section(
                "Each step again",
                table=[{"command": command} for command in demo.commands],
            ),
        ]  # fmt: skip


def _quality(description: Description) -> str:
    return "; ".join(description.quality.sentences()) + "."


def _rasters(recordings: dict[str, Recording]) -> Figure:
    figure, axes = plt.subplots(len(recordings), 1, figsize=(8, 2.4 * len(recordings)))
    for number, (ax, (name, each)) in enumerate(zip(axes, recordings.items(), strict=True)):
        span = 10.0 if name == "recorded" else 1.0
        middle = (each.t_start + each.t_stop) / 2 if name == "recorded" else each.t_stop - span
        plots.raster(each, ax, window=(middle, middle + span), color=f"C{number}")
        ax.set_title(name)
    return figure


def _weights(demo: Demo) -> Figure:
    figure, ax = plt.subplots(figsize=(6.5, 4))
    tails = {name: tail for name, tail in demo.tails.items() if name != "binary"}
    laws = {f"LIF alpha={a:g}": (LevyStable(a), lif_coupling(a).scale(N_NEURONS)) for a in ALPHAS}
    plots.weight_tails(tails, ax, laws=laws, unit="mV")
    return figure


def _spectra(demo: Demo) -> Figure:
    figure, ax = plt.subplots(figsize=(7.5, 4))
    plots.spectra({name: d.spectrum for name, d in demo.descriptions.items()}, ax)
    return figure


def _exponents(demo: Demo, predicted: dict[str, list[Estimate]]) -> Figure:
    figure, ax = plt.subplots(figsize=(7, 4))
    lines = {n: (MAP_GAINS, np.array([e.value for e in p])) for n, p in predicted.items()}
    plots.exponent_curves(demo.curves, ax, predictions=lines)
    return figure


def _numbers(demo: Demo) -> Figure:
    figure, axes = plt.subplots(1, len(SHOWN), figsize=(11, 2.6))
    plots.estimate_bars({n: d.estimates() for n, d in demo.descriptions.items()}, SHOWN, axes)
    return figure


def _heading(estimate: Estimate) -> str:
    name = {"spectrum_tail_over_rate": "tail / rate", "participation_ratio": "PR"}.get(
        estimate.name, estimate.name.replace("_", " ")
    )
    return f"{name} ({estimate.unit})" if estimate.unit else name


def file_name(name: str) -> str:
    """Return the name of a network as the name of a file."""
    return name.lower().replace(" ", "_").replace("=", "")
