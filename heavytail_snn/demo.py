"""The whole path in one run: weights, networks, recordings, analyses, theory, one report.

Two LIF networks that differ in their weight law only, a binary network, the rate map with the LIF
networks' weights, and a recording, all through the same functions a user would call.
"""

import shlex
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from brian2 import mV, second
from matplotlib.figure import Figure

from heavytail_snn.analysis import plots, theory
from heavytail_snn.analysis.compare import Comparison, compare
from heavytail_snn.analysis.describe import Description, describe
from heavytail_snn.analysis.lyapunov import LargestExponentCurve, largest_exponent_curve
from heavytail_snn.analysis.report import Section, write_report
from heavytail_snn.analysis.weight_tail import WeightTail, weight_tail
from heavytail_snn.coupling import Coupling
from heavytail_snn.data import EXAMPLE_PATH
from heavytail_snn.laws import LevyStable
from heavytail_snn.models import BinaryNetwork, LIFNetwork
from heavytail_snn.recording import Recording
from heavytail_snn.results import Estimate
from heavytail_snn.simulation import simulate
from heavytail_snn.wiring import FixedInDegree

N_NEURONS, IN_DEGREE, SEED = 1000, 100, 1
GAIN_MV, DRIVE_MV = 20.0, 22.0  # strong enough that recurrent input makes the spiking irregular
BINARY_GAIN, BINARY_NOISE = 0.7, 0.5
DURATION, TRANSIENT = 11.0, 1.0  # seconds
ALPHAS = (1.5, 2.0)
MAP_GAINS = np.array([0.3, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0])
MAP_STEPS = 400
COMPARED_GAIN = 2.0
SHOWN = ("rate", "cv", "fano_factor", "spectrum_tail_over_rate", "participation_ratio")


@dataclass(frozen=True)
class Demo:
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

    def table(self) -> list[dict[str, Any]]:
        """Return one row per network or recording."""
        rows = []
        for name, description in self.descriptions.items():
            found = {e.name: e for e in description.estimates()}
            row: dict[str, Any] = {"network": name}
            for quantity in SHOWN:
                estimate = found[quantity]
                row[_heading(estimate)] = f"{estimate.value:.3g} +- {estimate.standard_error:.2g}"
            tail = self.tails.get(name)
            row["tail exponent"] = tail and f"{tail.exponent:.2f} +- {tail.standard_error:.1g}"
            rows.append(row)
        return rows


def lif_coupling(alpha: float) -> Coupling:
    """Return the coupling of the demo's LIF networks."""
    return Coupling(LevyStable(alpha), FixedInDegree(IN_DEGREE), GAIN_MV, autapses=False)


def lif_network(alpha: float) -> LIFNetwork:
    """Return a LIF network with alpha-stable weights of scale 20 mV / K^(1/alpha)."""
    return LIFNetwork(lif_coupling(alpha), N_NEURONS, drive=DRIVE_MV * mV)


def binary_network() -> BinaryNetwork:
    """Return a network of +-1 units with Gaussian weights (alpha = 2) and threshold noise."""
    coupling = Coupling(LevyStable(2.0), FixedInDegree(IN_DEGREE), BINARY_GAIN, autapses=False)
    return BinaryNetwork(coupling, N_NEURONS, noise=BINARY_NOISE)


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
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with _step(say, "1/5 read the recording"):
        recorded = Recording.read(recording or EXAMPLE_PATH, **read_options)
    models = {f"LIF alpha={alpha:g}": lif_network(alpha) for alpha in ALPHAS}
    simulated: dict[str, Recording] = {}
    for name, model in {**models, "binary": binary_network()}.items():
        with _step(say, f"2/5 simulate {DURATION:g} s of {name} ({backend})"):
            run = simulate(model, DURATION * second, backend=backend, seed=SEED)
            simulated[name] = run.slice(run.t_start + TRANSIENT, run.t_stop)
            simulated[name].write(folder / f"{_file_name(name)}.npz")
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


def predicted_exponents(alpha: float) -> list[Estimate]:
    """Return the mean-field largest exponent of the rate map at each of `MAP_GAINS`.

    Population dynamics of the network's size for alpha < 2, the closed form at alpha = 2.
    """
    found = []
    for gain in MAP_GAINS:
        solution = theory.population_dynamics_map(
            alpha, float(gain), population=N_NEURONS, n_runs=4, seed=SEED
        )
        found.append(replace(solution.estimates()[0], domain="large N, weights redrawn each step"))
    return found


def compare_exponents(
    curves: dict[str, LargestExponentCurve], predicted: dict[str, list[Estimate]]
) -> list[Comparison]:
    """Compare the largest exponents at `COMPARED_GAIN`."""
    index = int(np.flatnonzero(MAP_GAINS == COMPARED_GAIN)[0])
    comparisons = []
    for name, curve in curves.items():
        measured = Estimate(
            "largest_exponent",
            float(curve.exponents[index]),
            float(curve.standard_error[index]),
            "1/step",
        )
        title = f"rate map, {name}, g = {COMPARED_GAIN:g}"
        comparisons.append(compare(measured, predicted[name][index], tolerance=0.05, title=title))
    return comparisons


def compare_lif(descriptions: dict[str, Description]) -> Comparison:
    """Compare the rate of the Gaussian LIF network with white-noise mean-field theory."""
    deviation = lif_coupling(2.0).scale(N_NEURONS) * np.sqrt(2) * 1e-3  # alpha = 2: variance 2
    circuit = theory.LIFCircuit(
        in_degree=(IN_DEGREE,), weight=(0.0,), weight_sd=deviation, drive=DRIVE_MV * 1e-3, dt=1e-4
    )
    predicted = replace(theory.lif_network(circuit).estimates()[0], domain="white, Gaussian input")
    measured = next(e for e in descriptions["LIF alpha=2"].estimates() if e.name == "rate")
    return compare(
        measured, predicted, tolerance=0.05, title="LIF network, alpha = 2, spikes per neuron"
    )


def compare_binary(descriptions: dict[str, Description]) -> Comparison:
    """Compare the flip rate of the binary network with mean-field theory."""
    # the stable scale of alpha = 2 is a Gaussian gain larger by sqrt(2)
    solution = theory.binary(float(np.sqrt(2)) * BINARY_GAIN, BINARY_NOISE)
    tau = float(binary_network().tau)
    # Q(t) = 1 - 2 (flips per unit and time) t for small t
    flips = Estimate(
        "rate", solution.initial_decay_rate / 2 / tau, 0.0, "Hz", "mean field", "N -> infinity"
    )
    measured = next(e for e in descriptions["binary"].estimates() if e.name == "rate")
    return compare(measured, flips, tolerance=0.02, title="binary network, flips per unit")


def commands_of_steps(
    folder: Path, recording: Path | str | None, backend: str, read_options: dict[str, Any]
) -> tuple[str, ...]:
    """Return the shell commands that repeat the demo and each of its steps."""
    program = _program()
    options = "".join(f" --{key.replace('_', '-')} {value}" for key, value in read_options.items())
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
    files = {name: f"{folder}/{_file_name(name)}.npz" for name in networks}
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
    return str(description.quality).replace("\n", "; ") + "."


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


def _file_name(name: str) -> str:
    return name.lower().replace(" ", "_").replace("=", "")


@contextmanager
def _step(say: Any, text: str) -> Iterator[None]:
    say(f"{text} ...")
    start = time.perf_counter()
    yield
    say(f"    done in {time.perf_counter() - start:.1f} s")
