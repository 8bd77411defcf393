"""The report of a study: what was simulated, what theory says, where they part."""

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from heavytail_snn.analysis import plots, theory
from heavytail_snn.analysis.report import Section, write_report
from heavytail_snn.analysis.study.parts import coupling_of
from heavytail_snn.analysis.study.result import LABELS, STORED, Case, Study
from heavytail_snn.core.results import Estimate
from heavytail_snn.weights.laws import LevyStable

MAP_ALPHAS = np.linspace(1.0, 2.0, 6)
MAP_GAINS = np.geomspace(0.2, 3.0, 9)
MAP_POPULATION = 300
UNITS = {"rate_map": "1", "lif": "mV", "binary": "1"}


def write_study_report(study: Study, folder: Path) -> Path:
    """Write the report of a finished study and return its path."""
    verdicts = [row.verdict for case in study.cases for c in case.comparisons for row in c.rows]
    counts = {name: verdicts.count(name) for name in ("agrees", "differs", "not comparable")}
    lead = (
        f"{len(study.cases)} kinds of network, {len(verdicts)} compared quantities: "
        f"{counts['agrees']} agree, {counts['differs']} differ"
        + (f", {counts['not comparable']} cannot be compared." if counts["not comparable"] else ".")
        if study.cases
        else "A recording, without networks."
    )
    with plots.figure_style():
        sections = [*_networks(study), *_recorded(study)]
        return write_report(
            folder,
            title=study.config.title,
            lead=lead,
            sections=sections,
            provenance={"seed": study.config.seed, "again": "heavytail-snn study report.html"},
            stored=(STORED, study.stored()),
        )


def _networks(study: Study) -> list[Section]:
    if not study.cases:
        return []
    explained = study.explanations()
    sections = [
        Section(
            "Measured and predicted",
            f"A difference counts when it exceeds {study.config.z_limit:g} combined standard "
            "errors plus the accuracy granted to the theory. Numbers of networks of several sizes "
            "are extrapolated in 1/N where the theory means infinite N.\n\n"
            + ("\n\n".join(explained) if explained else "Nothing differs."),
            figure=_forest(study),
            caption="Measured over predicted. Circles agree, squares differ.",
            table=study.table(),
        ),
        Section("Theories and their domains", table=_domains(study)),
        Section("What was simulated", table=_simulated(study)),
    ]
    return sections + _figures(study)


def _figures(study: Study) -> list[Section]:
    spiking = [case for case in study.cases if case.largest.recording is not None]
    maps = [case for case in study.cases if case.largest.exponents is not None]
    sections = [
        Section(
            "Weights",
            figure=_weights(study),
            caption="Fraction of weights larger than |w|, with the exponent fitted to the largest "
            "hundredth. Dashes: the law they were drawn from.",
        )
    ]
    if spiking:
        sections += [
            Section(
                "Rasters",
                figure=_rasters(spiking),
                caption="Spikes of up to 100 units (flips of the binary networks) and the "
                "population rate, last half second.",
            ),
            Section(
                "Spectra",
                figure=_spectra(study, spiking),
                caption="Mean spectra over the rate with 95 % bands. Dashes: theory.",
            ),
        ]
    if maps:
        sections += [
            Section(
                "Exponents of the rate maps",
                figure=_exponents(maps),
                caption="Lyapunov exponents against rank, first network of the largest size. "
                "Dashes: theory for infinite N at alpha = 2.",
            ),
            Section(
                "Dimension against gain",
                figure=_dimension(maps),
                caption="Gaussian weights: Kaplan-Yorke dimension and participation ratio per "
                "neuron, with the measured values.",
            ),
            Section(
                "Onset of chaos",
                figure=_onset(maps),
                caption=f"Largest exponent of the rate map from population dynamics of "
                f"{MAP_POPULATION} neurons. Line: onset; circles: the simulated networks.",
            ),
        ]
    return sections


def _recorded(study: Study) -> list[Section]:
    recording, description = study.recording, study.description
    if recording is None or description is None:
        return []
    rows = [
        {"quantity": e.name.replace("_", " "), "value": e.value,
         "standard error": e.standard_error, "unit": e.unit}
        for e in description.estimates()
    ]  # fmt: skip
    notes = ". ".join(description.warnings)
    quality = ". ".join(description.quality.sentences())
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4))
    middle = (recording.t_start + recording.t_stop) / 2
    span = min(5.0, recording.duration / 2)
    plots.raster(recording, left, window=(middle, middle + span))
    spectra = {"recorded": description.spectrum} | {
        case.name: case.largest.spectrum
        for case in study.cases
        if case.network.model == "lif" and case.largest.spectrum is not None
    }
    plots.spectra(spectra, right)
    return [
        Section(
            "The recording",
            f"{recording}. {quality}." + (f" {notes}." * bool(notes)),
            figure=figure,
            caption=f"{span:g} s from the middle of the recording, and its mean spectrum over the "
            "rate" + (" beside the LIF networks." if len(spectra) > 1 else "."),
            table=rows,
        ),
        *_beside(study, rows),
    ]


def _beside(study: Study, recorded: list[dict]) -> list[Section]:
    """Put the recording's numbers beside those of each LIF network."""
    values = {row["quantity"]: row["value"] for row in recorded}
    table = []
    for case in study.cases:
        if case.network.model != "lif":
            continue
        for estimate in case.largest.estimates:
            name = estimate.name.replace("_", " ")
            if name in values:
                table.append(
                    {"network": case.name, "quantity": name, "simulated": estimate.value,
                     "recorded": values[name], "unit": estimate.unit}
                )  # fmt: skip
    return [Section("Recorded beside simulated", table=table)] if table else []


def _domains(study: Study) -> list[dict]:
    return [
        {
            "network": case.name,
            "theory": prediction.title,
            "holds for": next((e.domain for e in prediction.estimates), "-"),
            "note": prediction.note or "-",
        }
        for case in study.cases
        for prediction in case.predictions
    ]


def _simulated(study: Study) -> list[dict]:
    return [
        {
            "network": case.name,
            "N": ", ".join(str(n) for n in case.measurements),
            "synapses per neuron": case.network.in_degree or "all",
            "gain": case.network.gain,
            "drive": case.network.drive,
            "noise": case.network.noise,
            "duration": case.network.duration,
            "networks per N": case.network.networks,
            "largest synapse's share": case.largest.tail.largest_fraction,
        }
        for case in study.cases
    ]


def _forest(study: Study) -> Figure:
    comparisons = {f"{case.name}, {c.title}": c for case in study.cases for c in case.comparisons}
    rows = sum(len(c.rows) for c in comparisons.values())
    figure, ax = plt.subplots(figsize=(9, 0.24 * rows + 1.4))
    plots.comparison_forest(comparisons, ax)
    return figure


def _weights(study: Study) -> Figure:
    models = list(dict.fromkeys(case.network.model for case in study.cases))
    figure, axes = plt.subplots(1, len(models), figsize=(4.2 * len(models), 3.6), squeeze=False)
    for ax, model in zip(axes[0], models, strict=True):
        chosen = [case for case in study.cases if case.network.model == model]
        tails = {f"alpha = {case.alpha:g}": case.largest.tail for case in chosen}
        laws = {
            f"alpha = {case.alpha:g}": (LevyStable(case.alpha), _scale(case)) for case in chosen
        }
        plots.weight_tails(tails, ax, laws=laws, unit=UNITS[model].replace("1", ""))
        ax.set_title(LABELS[model])
    return figure


def _scale(case: Case) -> float:
    scale = coupling_of(case.network, case.alpha).scale(max(case.measurements))
    # a rate map's gain multiplies weights of unit scale
    return scale / case.network.gain if case.network.model == "rate_map" else scale


def _rasters(cases: list[Case]) -> Figure:
    figure, axes = plt.subplots(len(cases), 1, figsize=(8, 2.1 * len(cases)), squeeze=False)
    for number, (ax, case) in enumerate(zip(axes[:, 0], cases, strict=True)):
        recording = case.largest.recording
        assert recording is not None
        span = min(0.5, recording.duration / 2)
        window = (recording.t_stop - span, recording.t_stop)
        plots.raster(recording, ax, window=window, color=f"C{number}")
        ax.set_title(case.name)
    return figure


def _spectra(study: Study, cases: list[Case]) -> Figure:
    models = list(dict.fromkeys(case.network.model for case in cases))
    figure, axes = plt.subplots(1, len(models), figsize=(4.6 * len(models), 3.6), squeeze=False)
    for ax, model in zip(axes[0], models, strict=True):
        chosen = [case for case in cases if case.network.model == model]
        plots.spectra(_measured(chosen, "spectrum"), ax, predictions=_lines(chosen, "spectrum"))
        ax.set_title(LABELS[model])
    return figure


def _exponents(cases: list[Case]) -> Figure:
    figure, ax = plt.subplots(figsize=(6.5, 4))
    found, lines = _measured(cases, "exponents"), _lines(cases, "exponents")
    plots.exponent_spectra(found, ax, predictions=lines)
    return figure


def _measured(cases: list[Case], name: str) -> dict[str, Any]:
    """Return what the largest network of each case measured, by alpha, where it did."""
    each = {f"alpha = {case.alpha:g}": getattr(case.largest, name) for case in cases}
    return {label: found for label, found in each.items() if found is not None}


def _lines(cases: list[Case], name: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the predicted curves of that name, by alpha."""
    return {
        f"alpha = {case.alpha:g}": prediction.curves[name]
        for case in cases
        for prediction in case.predictions
        if name in prediction.curves
    }


def _dimension(cases: list[Case]) -> Figure:
    figure, ax = plt.subplots(figsize=(6.5, 4))
    gains = np.geomspace(0.75, 4.0, 14)
    solutions = [theory.rate_map_spectrum(g, convention="stable") for g in gains]
    names = {
        "kaplan_yorke_dimension_per_neuron": "Kaplan-Yorke dimension",
        "participation_ratio_per_neuron": "participation ratio",
    }
    lines = {
        names["kaplan_yorke_dimension_per_neuron"]: np.array(
            [s.kaplan_yorke_dimension_per_neuron for s in solutions]
        ),
        names["participation_ratio_per_neuron"]: np.array(
            [s.mean_field.participation_ratio_per_neuron for s in solutions]
        ),
    }
    measured: dict[str, tuple[float, Estimate]] = {}
    for case in cases:
        if case.alpha == 2:
            for estimate in case.largest.estimates:
                if estimate.name in names:
                    measured[names[estimate.name]] = (case.network.gain, estimate)
    plots.dimension_against_gain(gains, lines, ax, measured=measured)
    return figure


def _onset(cases: list[Case]) -> Figure:
    figure, ax = plt.subplots(figsize=(6.5, 4))
    exponents = np.array(
        [
            [
                theory.population_dynamics_map(
                    alpha, gain, population=MAP_POPULATION, n_runs=4, seed=1
                ).largest_exponent
                for gain in MAP_GAINS
            ]
            for alpha in MAP_ALPHAS
        ]
    )
    marked = {f"$\\alpha$ = {case.alpha:g}": (case.alpha, case.network.gain) for case in cases}
    plots.onset_map(MAP_ALPHAS, MAP_GAINS, exponents, ax, marked=marked)
    return figure
