"""The study: numbers, explanations, a report that runs itself again, refusals, exit codes."""

import json
import re

import numpy as np
import pytest
from typer.testing import CliRunner

from heavytail_snn.analysis.comparison import compare
from heavytail_snn.analysis.study.config import parse_config
from heavytail_snn.analysis.study.engine import read_recording, read_study, run_study, stored_in
from heavytail_snn.analysis.study.explanations import Facts, explain
from heavytail_snn.analysis.study.lif import spread_of_rates
from heavytail_snn.analysis.study.parts import Measurement, Prediction, pooled
from heavytail_snn.analysis.study.registry import measure, predict
from heavytail_snn.cli.main import app
from heavytail_snn.core.errors import (
    ConvergenceError,
    HeavytailError,
    ParameterError,
    RecordingError,
)
from heavytail_snn.core.results import Estimate
from heavytail_snn.recording.recording import Recording

runner = CliRunner()
MAPS = """
title = "Small <maps></script>"
[[network]]
model = "rate_map"
alpha = [2.0, 1.5]
n_neurons = [50, 100]
duration = 40
transient = 100
networks = 2
"""
BINARY = """
backend = "numpy"
[[network]]
model = "binary"
alpha = 1.5
n_neurons = 60
in_degree = 0
duration = 1.0
transient = 0.1
networks = 1
"""
LIF = """
backend = "numpy"
population = 50
[[network]]
model = "lif"
alpha = 1.5
n_neurons = 100
in_degree = 20
duration = 0.6
transient = 0.1
networks = 1
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return run_study(parse_config(MAPS), tmp_path_factory.mktemp("study"))


def numbers_of(path):
    return stored_in(path)["numbers"]


def test_report_runs_itself_again_with_the_same_numbers(study, tmp_path):
    again = run_study(read_study(study.report), tmp_path)
    assert again.config == study.config
    assert numbers_of(again.report) == numbers_of(study.report)
    assert len(numbers_of(study.report)) >= 9
    other = run_study(parse_config(MAPS.replace("title", "seed = 2\ntitle")))
    assert other.cases[0].largest.estimates != study.cases[0].largest.estimates


def test_report_keeps_configuration_versions_and_seeds(study):
    stored = stored_in(study.report)
    assert stored["configuration"]["network"][0]["gain"] == 1.4
    assert {"python", "brian2", "heavytail_snn"} <= set(stored["versions"])
    seeds = [seed for each in stored["seeds"].values() for seed in each]
    assert len(set(seeds)) == len(seeds) == 8


def test_report_is_one_self_contained_page(study):
    page = study.report.read_text()
    assert "Small &lt;maps&gt;" in page
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    figures = set(re.findall(r'<section id="([\w-]+)">(?:(?!</section>).)*<img', page, re.DOTALL))
    assert "exponents-of-the-rate-maps" in figures
    assert all((study.report.parent / f"{name}.png").stat().st_size > 1000 for name in figures)
    for case in study.cases:
        assert case.name in page


def test_sizes_are_extrapolated_only_for_theories_of_infinite_networks(study):
    for case in study.cases:
        for prediction, comparison in zip(case.predictions, case.comparisons, strict=True):
            for row in comparison.rows:
                assert ("1/N" in row.measured.source) == prediction.infinite


def test_binary_networks_are_measured_and_predicted():
    case = run_study(parse_config(BINARY)).cases[0]
    rows = {row.name: row for row in case.comparisons[0].rows}
    assert {"flip_rate", "state_autocorrelation_at_1", "state_autocorrelation_at_2"} <= set(rows)
    assert rows["flip_rate"].relative_error == pytest.approx(0, abs=0.15)
    assert rows["flip_rate"].unit == "Hz"


def test_lif_theory_that_does_not_converge_predicts_nothing_and_says_why(monkeypatch):
    def fail(*arguments, **options):
        raise ConvergenceError("still drifting")

    monkeypatch.setattr("heavytail_snn.analysis.theory.lif_heavy_tailed", fail)
    network = parse_config(LIF).networks[0]
    first, second = predict(network, 1.5, 100, seed=1, population=50)
    assert (first.estimates, first.note) == ((), "still drifting")
    assert {e.name for e in second.estimates} == {"rate", "rate_sd"}
    assert second.weak_synapses


def test_lif_networks_are_measured():
    network = parse_config(LIF).networks[0]
    measured = {e.name: e for e in measure(network, 1.5, 100, seed=1, backend="numpy").estimates}
    assert set(measured) == {
        "rate", "cv", "rate_sd", "spectrum_tail_over_rate", "low_frequency_power",
    }  # fmt: skip
    assert 10 < measured["rate"].value < 120
    assert measured["spectrum_tail_over_rate"].value == pytest.approx(1, abs=0.1)


def test_spread_of_rates_is_free_of_count_noise():
    rng = np.random.default_rng(2)
    equal = [np.sort(rng.random(rng.poisson(200)) * 10) for _ in range(800)]
    spread = spread_of_rates(Recording.from_spike_trains(equal, 0.0, 10.0))
    assert spread.value < 0.6  # the counts alone have a spread of 1.4 Hz
    unequal = [
        np.sort(rng.random(rng.poisson(10 * rate)) * 10) for rate in rng.normal(20, 4, size=800)
    ]
    spread = spread_of_rates(Recording.from_spike_trains(unequal, 0.0, 10.0))
    assert spread.value == pytest.approx(4, abs=3 * spread.standard_error)
    assert 0.05 < spread.standard_error < 0.3


def test_pooling_takes_the_larger_of_both_errors():
    def network(value, error):
        return Measurement((Estimate("rate", value, error, "Hz"),), None, 1)

    apart = pooled([network(10.0, 0.1), network(12.0, 0.1)])[0]
    assert (apart.value, apart.standard_error) == (11.0, pytest.approx(1.0))
    close = pooled([network(10.0, 0.3), network(10.1, 0.3)])[0]
    assert close.standard_error == pytest.approx(0.3 / np.sqrt(2))
    assert np.isnan(pooled([network(10.0, np.nan)])[0].standard_error)


# ------------------------------------------------------------------ explanations


def differing(measured=60.0):
    return compare(Estimate("rate", measured, 1.0, "Hz"), Estimate("rate", 40.0, 0.0, "Hz")).rows[0]


def facts(sizes=None, share=0.02, low=1.0):
    sizes = sizes or {1000: 60.0}
    by_size = {
        n: {"rate": Estimate("rate", value, 1.0, "Hz"),
            "low_frequency_power": Estimate("low_frequency_power", low, 0.01)}
        for n, value in sizes.items()
    }  # fmt: skip
    return Facts(by_size, share, 100, 2)


@pytest.mark.parametrize(
    ("prediction", "known", "said"),
    [
        ({"weak_synapses": True}, facts(share=0.4), "largest of 100 carries 40% of a neuron's"),
        ({"white_input": True}, facts(low=0.3), "0.3 times the power of Poisson trains"),
        ({}, facts({500: 80.0, 1000: 60.0}), "shrinks with size (100.0% at N = 500, 50.0% at"),
        ({}, facts({500: 60.0, 1000: 60.0}), "does not shrink with size"),
        ({}, facts(), "each neuron hears 10% of N = 1000"),
        ({"infinite": False}, facts(), "Neither strong synapses"),
        ({"weak_synapses": True}, facts(share=0.02), "Neither strong synapses"),
    ],
)
def test_causes_are_named_where_they_were_found(prediction, known, said):
    row = differing()
    sentence = explain(row, Prediction("theory", (), {}, **prediction), known)
    assert sentence.startswith(row.reason)
    assert said in sentence


def test_agreement_needs_no_cause():
    row = differing(40.5)
    assert explain(row, Prediction("theory", (), {}), facts()) == row.reason


# ------------------------------------------------------------------ recordings and commands


def config_of(path, unit=None):
    text = f'[recording]\nfile = "{path}"\n' + (f'time_unit = "{unit}"\n' if unit else "")
    return parse_config(text)


@pytest.fixture
def spikes(tmp_path):
    rng = np.random.default_rng(1)
    trains = [np.sort(rng.random(400)) * 40 for _ in range(5)]
    path = tmp_path / "spikes.txt"
    pairs = sorted((t, unit) for unit, train in enumerate(trains) for t in train)
    np.savetxt(path, pairs, fmt=("%.6f", "%d"))
    return path


def test_a_recording_alone_makes_a_report(spikes, tmp_path):
    study = run_study(config_of(spikes, "s"), tmp_path / "out")
    assert study.description.statistics.rate == pytest.approx(10, rel=0.02)
    assert "The recording" in study.report.read_text()
    assert not study.table()


def corrupt(path, how):
    lines = path.read_text().splitlines()
    if how == "truncated":
        path.write_text("\n".join(lines)[:-6] + "\n12.")
    elif how == "nan":
        path.write_text("\n".join([*lines, "nan 2"]))
    elif how == "empty":
        path.write_text("")
    elif how == "swapped columns":
        path.write_text("\n".join(" ".join(reversed(line.split())) for line in lines))


def test_swapped_columns_are_told_by_their_values(spikes):
    right = read_recording(config_of(spikes, "s"))
    corrupt(spikes, "swapped columns")
    assert read_recording(config_of(spikes, "s")) == right


@pytest.mark.parametrize("how", ["truncated", "nan", "empty"])
def test_corrupted_recordings_end_in_a_named_error(spikes, how):
    corrupt(spikes, how)
    with pytest.raises(HeavytailError):
        run_study(config_of(spikes, "s"))


@pytest.mark.parametrize("unit", ["ms", "us"])
def test_swapped_time_units_are_noticed_by_their_rates(spikes, unit):
    with pytest.raises(RecordingError, match=r"rates of units must lie .* set time_unit"):
        read_recording(config_of(spikes, unit))


def test_a_page_that_is_no_report_is_refused(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<p>hello</p>")
    with pytest.raises(ParameterError, match="must be a report of a study"):
        read_study(page)
    page.write_text('<script type="application/json" id="study">{oops</script>')
    with pytest.raises(ParameterError, match="broken configuration"):
        read_study(page)


def test_default_configuration_is_printed_as_it_is_read():
    result = runner.invoke(app, ["study", "--print-default"])
    assert result.exit_code == 0
    assert len(parse_config(result.stdout).networks) == 3


def test_command_writes_a_report_and_strict_json(spikes, tmp_path):
    config = tmp_path / "s.toml"
    config.write_text(f'[recording]\nfile = "{spikes.name}"\ntime_unit = "s"\n')
    result = runner.invoke(app, ["study", str(config), "--out", str(tmp_path / "o"), "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["configuration"]["recording"]["time_unit"] == "s"
    assert (tmp_path / "o" / "report.html").exists()
    result = runner.invoke(app, ["study", str(config), "--out", str(tmp_path / "o")])
    assert "heavytail-snn study" in result.stdout


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("alpha = 1\n", 1, "line 1: alpha"),
        ('[recording]\nfile = "missing.npz"\n', 1, "missing.npz"),
        (None, 1, "must be an existing file"),
    ],
)
def test_refusals_have_exit_code_one_and_one_sentence(tmp_path, text, code, said):
    config = tmp_path / "s.toml"
    if text is not None:
        config.write_text(text)
    result = runner.invoke(app, ["study", str(config), "--out", str(tmp_path)])
    assert result.exit_code == code
    assert said in result.output
    assert "Traceback" not in result.output
