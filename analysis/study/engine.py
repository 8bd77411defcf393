"""A study: networks x weights x theory from one configuration, in one report that can be re-run.

`run_study` measures every configured network, asks the theories, compares, explains what differs,
and writes a report that carries its own configuration.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from heavytail_snn.analysis.comparison import Comparison, compare
from heavytail_snn.analysis.description import describe
from heavytail_snn.analysis.study.config import (
    NetworkConfig,
    StudyConfig,
    config_from_dict,
    read_config,
)
from heavytail_snn.analysis.study.explanations import Facts, sentences
from heavytail_snn.analysis.study.parts import Measurement, Prediction, network_seed, pooled
from heavytail_snn.analysis.study.registry import measure, predict
from heavytail_snn.analysis.study.report import write_study_report
from heavytail_snn.analysis.study.result import LABELS, STORED, Case, Study
from heavytail_snn.core.errors import HeavytailError, ParameterError, RecordingError
from heavytail_snn.core.paths import input_file, output_folder
from heavytail_snn.core.results import Estimate
from heavytail_snn.data import EXAMPLE_PATH
from heavytail_snn.door.literals import strict_json
from heavytail_snn.door.refusals import in_toml, in_words
from heavytail_snn.door.regular import read_bytes
from heavytail_snn.recording.recording import Recording

FASTEST = 1000.0  # Hz; no neuron sustains more
MANY, LONGEST_PAUSE = 100, 0.5  # s; no unit spaces that many spikes that far
LARGEST_REPORT = 500e6  # bytes; its figures are inside
SLOWEST = 1e-3  # Hz; a unit that fires less than four times an hour was not recorded for that


def run_study(
    config: StudyConfig,
    folder: Path | str | None = None,
    *,
    say: Callable[[str], None] = lambda text: None,
) -> Study:
    """Measure, predict, compare and explain; write ``report.html`` if a folder is given.

    Parameters
    ----------
    config : StudyConfig
    folder : path, optional
        Gets the report and its figures as files.
    say : callable
        Receives one line of text per step.

    Raises
    ------
    RecordingError, ParameterError
        If the recording cannot be read or cannot be what it claims to be; before any simulation.
    """
    if folder is not None:
        folder = output_folder("folder", folder)
    recording = description = None
    if config.recording:
        say(f"read {config.recording}")
        recording = read_recording(config)
        description = describe(recording)
    cases = [
        run_case(config, network, alpha, say)
        for network in config.networks
        for alpha in network.alpha
    ]
    study = Study(config, cases, recording, description)
    if folder is None:
        return study
    say("figures and report")
    return Study(config, cases, recording, description, write_study_report(study, folder))


def run_case(
    config: StudyConfig, network: NetworkConfig, alpha: float, say: Callable[[str], None]
) -> Case:
    """Measure one kind of network at all its sizes, and compare with each theory."""
    name = f"{LABELS[network.model]}, alpha = {alpha:g}"
    measurements: dict[int, list[Measurement]] = {}
    for n in network.n_neurons:
        say(f"{name}: {network.networks} x N = {n}")
        seeds = [network_seed(config, name, n, i) for i in range(network.networks)]
        measurements[n] = [
            measure(network, alpha, n, seed=seed, backend=config.backend) for seed in seeds
        ]
    say(f"{name}: theory")
    largest = max(network.n_neurons)
    predictions = predict(network, alpha, largest, seed=config.seed, population=config.population)
    by_size = {n: pooled(each) for n, each in measurements.items()}
    facts = Facts(
        {n: {e.name: e for e in estimates} for n, estimates in by_size.items()},
        float(np.mean([m.tail.largest_fraction for m in measurements[largest]])),
        network.in_degree or largest,
        network.networks,
    )
    comparisons, explanations = [], {}
    for prediction in predictions:
        comparison = compare_with(prediction, by_size, config.z_limit)
        comparisons.append(comparison)
        for quantity, sentence in sentences(comparison.rows, prediction, facts).items():
            explanations[f"{prediction.title}: {quantity}"] = sentence
    return Case(name, network, alpha, measurements, predictions, comparisons, explanations)


def compare_with(
    prediction: Prediction, by_size: dict[int, tuple[Estimate, ...]], z_limit: float
) -> Comparison:
    """Compare what a theory predicts; sizes are extrapolated where it means infinite N.

    Quantities that the theory does not know are left to the other theories.
    """
    names = {e.name for e in prediction.estimates}
    chosen = {n: [e for e in each if e.name in names] for n, each in by_size.items()}
    several = prediction.infinite and len(chosen) > 1
    measured: Any = chosen if several else chosen[max(chosen)]
    return compare(
        measured,
        [e for e in prediction.estimates if any(e.name == m.name for m in chosen[max(chosen)])],
        z_limit=z_limit,
        tolerance=prediction.accuracy,
        title=prediction.title,
    )


def read_recording(config: StudyConfig) -> Recording:
    """Read the configured recording and refuse what no neurons can have produced."""
    assert config.recording is not None
    path = EXAMPLE_PATH if config.recording == "example" else config.recording
    try:
        recording = Recording.read(path, **config.reading)
    except HeavytailError as error:
        if not error.remedies:
            raise
        raise RecordingError(in_words(error, in_toml)) from error
    check_plausible(recording)
    return recording


def check_plausible(recording: Recording) -> None:
    """Raise RecordingError for rates or intervals that say the times are in another unit."""
    remedy = "are the times in another unit? set time_unit to s, ms or us"
    rates = recording.rates()
    fastest, middle = float(rates.max()), float(np.median(rates))
    if fastest > FASTEST or middle < SLOWEST:
        wrong = f"{fastest:.3g}" if fastest > FASTEST else f"a median of {middle:.3g}"
        raise RecordingError(
            f"rates of units must lie between {SLOWEST:g} and {FASTEST:g} Hz, got {wrong} over "
            f"{recording.duration:.4g} s; {remedy}"
        )
    shortest = min(float(np.diff(t).min(initial=np.inf)) for t in recording.spike_trains())
    if recording.n_spikes > MANY and shortest > LONGEST_PAUSE:
        raise RecordingError(
            f"of {recording.n_spikes} spikes some of one unit must lie within {LONGEST_PAUSE:g} s, "
            f"got {shortest:.3g} s as the shortest interval; {remedy}"
        )


def read_study(path: Path | str) -> StudyConfig:
    """Return the configuration in a TOML file, or the one stored in a report."""
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        return read_config(path)
    return config_from_dict(stored_in(path)["configuration"])


def stored_in(path: Path) -> dict[str, Any]:
    """Return the block that `Study.stored` left in a report.

    Raises
    ------
    ParameterError
        If the file holds no such block.
    """
    path = input_file("report", path, remedy="name a report.html, or a TOML file")
    text = read_bytes(path, LARGEST_REPORT).decode("utf-8", errors="replace")
    block = re.search(rf'<script type="application/json" id="{STORED}">(.*?)</script>', text, re.S)
    if block is None:
        raise ParameterError(
            "report", str(path), "must be a report of a study", "give its TOML file instead"
        )
    try:
        return strict_json(block.group(1))
    except (ValueError, RecursionError) as error:
        raise ParameterError(
            "report", str(path), f"holds a broken configuration ({error})", "use its TOML file"
        ) from error
