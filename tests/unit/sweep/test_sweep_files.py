"""Sweeps from files and on the command line: what a TOML file says, status, exit codes."""

import json

import numpy as np
import pytest
from brian2 import mV, second
from typer.testing import CliRunner

import heavytail_snn as ht
from heavytail_snn.analysis.sweep import read_sweep
from heavytail_snn.analysis.sweep.config import EXAMPLE
from heavytail_snn.cli.main import app
from heavytail_snn.core.errors import ParameterError

SMALL = """
model = "rate"
measure = "activity"
store = "small.zarr"
seed = {stop = 2}
[grid]
gain = {start = 0.5, stop = 2.0, number = 3, spacing = "log"}
n_neurons = 20
duration = 50
"""
runner = CliRunner()


@pytest.fixture
def written(tmp_path):
    def write(text):
        (tmp_path / "grid.toml").write_text(text)
        return tmp_path / "grid.toml"

    return write


def test_a_file_means_the_same_cases_as_python(written, tmp_path):
    ours = read_sweep(written(EXAMPLE))
    assert ours.store == tmp_path / "grid.zarr"
    same = ht.sweep(
        "lif", measure=["rate", "cv"], seed=range(8), alpha=[1.5, 2.0], n_neurons=1000,
        gain=np.geomspace(10, 40, 8) * mV, duration=2 * second, store=tmp_path / "grid.zarr",
    )  # fmt: skip
    assert len(ours.grid) == 128
    assert ours.grid.fixed == same.grid.fixed
    assert ours.grid.axes["gain"] == same.grid.axes["gain"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("model =", "modell ="), "did you mean 'model'"),
        (('model = "rate"', ""), "model must be given in grid.toml"),
        (("n_neurons = 20", "n_neuron = 20"), "did you mean 'n_neurons'"),
        (("n_neurons = 20", 'n_neurons = "20"'), "n_neurons must be an integer"),
        (("number = 3", "number = 1"), "gain.number must be an integer >= 2"),
        (("start = 0.5", "start = 0"), "must be positive for logarithmic spacing"),
        (('"log"', '"lag"'), "did you mean 'log'"),
        (("{stop = 2}", "{stop = 0}"), "seed.stop must be an integer >= 1"),
        (("[grid]", "[grid"), "must be valid TOML"),
    ],
)
def test_a_broken_rule_is_named(written, change, message):
    with pytest.raises(ParameterError, match=message.replace("(", r"\(")):
        read_sweep(written(SMALL.replace(*change)))


def test_the_command_runs_goes_on_and_says_how_far_it_is(written, tmp_path):
    store = str(tmp_path / "small.zarr")
    refused = runner.invoke(app, ["sweep", "status", store])
    assert refused.exit_code == 1
    assert "there is no store" in refused.stderr
    path = str(written(SMALL))
    done = runner.invoke(app, ["sweep", path, "--scheduler", "synchronous", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["done"] == 6
    shown = runner.invoke(app, ["sweep", "status", store])
    assert "6 of 6" in shown.stdout
    again = runner.invoke(app, ["sweep", store, "--scheduler", "synchronous"])
    assert again.exit_code == 0
    assert runner.invoke(app, ["sweep", "example"]).stdout == EXAMPLE
    assert runner.invoke(app, ["sweep", "status", "one", "two"]).exit_code == 2
