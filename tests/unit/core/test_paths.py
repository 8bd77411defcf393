"""Paths are looked at before the work, and refusals name path, rule and remedy."""

import os

import numpy as np
import pytest
from typer.testing import CliRunner

import heavytail_snn as ht
from heavytail_snn.analysis.study import demo, engine
from heavytail_snn.analysis.study.config import DEFAULT_TOML, parse_config, read_config
from heavytail_snn.cli.main import app
from heavytail_snn.core.errors import ParameterError
from heavytail_snn.core.paths import input_file, output_file, output_folder

RECORDING = ht.Recording(np.array([0.1, 0.2]), np.array([0, 1]), 2, 0.0, 1.0)
runner = CliRunner()


def forbidden(*_, **__):
    raise AssertionError("the work began before the path was looked at")


def test_a_recording_is_not_written_into_a_missing_folder(tmp_path):
    path = tmp_path / "none" / "run.npz"
    with pytest.raises(ParameterError, match=r"existing folder, got .*run.npz'; make the folder"):
        RECORDING.write(path)
    path.parent.mkdir()  # the remedy
    RECORDING.write(path)
    assert ht.Recording.read(path) == RECORDING


def test_files_to_write(tmp_path):
    (tmp_path / "a.npz").mkdir()
    with pytest.raises(ParameterError, match=r"must be a file, not a folder.*add a name"):
        RECORDING.write(tmp_path / "a.npz")
    RECORDING.write(tmp_path / "a.npz" / "name.npz")
    with pytest.raises(ParameterError, match=r"must end in \.npz, \.nix, \.nwb, \.csv or \.txt"):
        RECORDING.write(tmp_path / "a.mat")
    with pytest.raises(ParameterError, match=r'out must be a path.*"run.npz"'):
        output_file("out", 3, (".npz", ".nix"))
    assert output_file("out", "run.npz", (".npz", ".nix")).name == "run.npz"


def test_files_and_folders_without_permission(tmp_path, monkeypatch):
    (tmp_path / "a.toml").write_text(DEFAULT_TOML)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(ParameterError, match=r"must be readable.*permissions"):
        input_file("configuration", tmp_path / "a.toml")
    with pytest.raises(ParameterError, match=r"must be writable.*write elsewhere"):
        output_file("out", tmp_path / "a.npz", (".npz", ".nix"))
    with pytest.raises(ParameterError, match=r"folder that can be written.*another folder"):
        output_folder("folder", tmp_path / "new")


def test_configurations_that_are_no_files(tmp_path):
    for read in (read_config, engine.read_study):
        with pytest.raises(ParameterError, match=r"must be an existing file.*print-default"):
            read(tmp_path / "nope.toml")
        with pytest.raises(ParameterError, match="must be a file, not a folder"):
            read(tmp_path)
    with pytest.raises(ParameterError, match=r"report must be an existing file.*or a TOML file"):
        engine.read_study(tmp_path / "report.html")
    written = runner.invoke(app, ["study", "--print-default"]).stdout  # the remedy
    (tmp_path / "study.toml").write_text(written)
    assert read_config(tmp_path / "study.toml") == parse_config(DEFAULT_TOML)


@pytest.mark.parametrize("argument", ["nope.toml", "."])
def test_the_command_study_names_the_file(argument, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = runner.invoke(app, ["study", argument])
    assert result.exit_code == 1
    assert f"configuration must be a{'n existing' if 'nope' in argument else ''} file" in (
        result.output
    )


@pytest.mark.parametrize("out", ["none/run.npz", "run.mat", "."])
def test_simulate_looks_at_its_output_first(out, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("heavytail_snn.brian.simulation.simulate.prepare", forbidden)
    result = runner.invoke(app, ["simulate", "lif", "--out", out])
    assert result.exit_code == 1
    assert "ParameterError: out must" in result.output


def test_study_and_demo_look_at_their_folder_first(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("taken")
    monkeypatch.setattr(engine, "run_case", forbidden)
    monkeypatch.setattr(demo, "simulate", forbidden)
    for command in ("study", "demo"):
        result = runner.invoke(app, [command, "--out", str(tmp_path / "file" / "below")])
        assert result.exit_code == 1
        assert "folder must be a folder that can be written" in result.output
