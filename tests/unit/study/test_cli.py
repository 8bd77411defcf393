"""The command line: outputs, JSON, refusals and exit codes."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from heavytail_snn.cli.main import app
from heavytail_snn.recording.recording import Recording

runner = CliRunner()


@pytest.fixture
def recording_file(tmp_path):
    rng = np.random.default_rng(1)
    trains = [np.sort(rng.random(400)) * 40 for _ in range(6)]
    path = tmp_path / "poisson.npz"
    Recording.from_spike_trains(trains, 0.0, 40.0).write(path)
    return path


def test_analyze_prints_what_it_measured(recording_file):
    result = runner.invoke(app, ["analyze", str(recording_file)])
    assert result.exit_code == 0
    assert "6 units" in result.stdout
    assert "participation_ratio" in result.stdout


def test_analyze_json_is_strict_and_right(recording_file):
    result = runner.invoke(app, ["analyze", str(recording_file), "--json"])
    estimates = json.loads(result.stdout)["estimates"]
    assert estimates["rate"] == {"value": 10.0, "standard_error": 0.0, "unit": "Hz"}
    assert estimates["spectrum_tail_over_rate"]["value"] == pytest.approx(1.0, abs=0.05)
    assert estimates["cv"]["value"] == pytest.approx(1.0, abs=0.1)


def test_analyze_example_names_the_packaged_recording():
    result = runner.invoke(app, ["analyze", "example", "--json"])
    assert "35112 spikes" in json.loads(result.stdout)["recording"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["analyze", "missing.npz"], 1, "does not exist"),
        (["simulate", "lif", "--alpha", "2.5", "--out", "x.npz"], 1, "alpha must be a finite"),
        (["simulate", "lif", "--backend", "cp", "--out", "x.npz"], 1, "did you mean 'cpp'"),
        (["simulate", "lif", "--duration", "0", "--out", "x.npz"], 1, "duration"),
        (["simulate", "liff", "--out", "x.npz"], 2, "liff"),
        (["exponent", "--gain", "nan"], 1, "gain"),
    ],
)
def test_refusals_say_why_and_have_an_exit_code(arguments, code, said):
    result = runner.invoke(app, arguments)
    assert result.exit_code == code
    assert said in result.output


def test_refusals_in_json():
    result = runner.invoke(app, ["analyze", "missing.npz", "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"] == "RecordingError"


def test_simulate_writes_a_recording_that_analyze_reads(tmp_path):
    out = tmp_path / "lif.npz"
    arguments = ["simulate", "lif", "--n-neurons", "100", "--in-degree", "10", "--duration", "0.5"]
    result = runner.invoke(app, [*arguments, "--backend", "numpy", "--out", str(out), "--json"])
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    recording = Recording.read(out)
    assert facts["spikes"] == recording.times.size > 100
    assert (recording.t_start, recording.t_stop) == (0.0, 0.5)


def test_exponent_agrees_with_its_prediction():
    arguments = ["exponent", "--alpha", "2", "--n-neurons", "200", "--gain", "2", "--json"]
    (row,) = json.loads(runner.invoke(app, arguments).stdout)
    assert row["largest exponent (1/step)"] == pytest.approx(0.2862, abs=0.03)
    assert row["theory"] == pytest.approx(0.2862, abs=1e-3)


@pytest.mark.parametrize("command", ["demo", "simulate", "analyze", "exponent", "doctor", "cite"])
def test_every_command_has_help_with_an_example(command):
    result = runner.invoke(app, [command, "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert f"heavytail-snn {command}" in result.stdout


def test_doctor_and_cite():
    rows = json.loads(runner.invoke(app, ["doctor", "--json"]).stdout)
    assert {"Python", "brian2", "C++ compiler", "nvcc", "GPU"} <= {r["component"] for r in rows}
    assert all(r["remedy"] or r["status"] == "ok" for r in rows)
    assert "eLife" in runner.invoke(app, ["cite"]).stdout
