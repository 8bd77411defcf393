"""Compiled programs: what is not whole is built anew, scratch of the dead goes, size is bounded."""

import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest
from brian2 import ms, mV
from typer.testing import CliRunner

from heavytail_snn.brian import programs, scratch
from heavytail_snn.brian.cache import cache_directory
from heavytail_snn.brian.simulation import cpp, standalone
from heavytail_snn.brian.simulation.cpp import Cpp
from heavytail_snn.brian.simulation.prepare import prepare
from heavytail_snn.brian.simulation.project import reader, write_run
from heavytail_snn.brian.simulation.simulate import simulate
from heavytail_snn.cli.main import app
from heavytail_snn.core.errors import BackendError
from heavytail_snn.models import LIFNetwork

NETWORK = LIFNetwork(np.ones((5, 5)), drive=24 * mV)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HEAVYTAIL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(standalone, "_programs", {})
    scratch.remove_stale.cache_clear()
    return tmp_path / "cache"


def program(cache, name, size=100, used=0.0):
    folder = cache / "cpp" / name
    folder.mkdir(parents=True)
    binary = folder / programs.BINARY
    binary.write_bytes(b"x" * size)
    binary.chmod(0o755)
    (folder / programs.MARK).write_text(json.dumps({"bytes": size}))
    os.utime(folder, (time.time() - used, time.time() - used))
    return folder


def test_only_a_whole_program_is_used(cache):
    whole = program(cache, "whole")
    assert programs.is_whole(whole)
    (program(cache, "short") / programs.BINARY).write_bytes(b"x" * 50)
    (program(cache, "forbidden") / programs.BINARY).chmod(0o644)
    (program(cache, "unmarked") / programs.MARK).unlink()
    (program(cache, "torn") / programs.MARK).write_text('{"byt')
    (program(cache, "empty") / programs.BINARY).unlink()
    for name in ("short", "forbidden", "unmarked", "torn", "empty", "absent"):
        assert not programs.is_whole(cache / "cpp" / name), name


def test_a_broken_program_makes_room_for_a_whole_one(cache, tmp_path):
    broken = program(cache, "lif")
    (broken / programs.BINARY).write_bytes(b"")
    built = tmp_path / "built"
    built.mkdir()
    (built / programs.BINARY).write_bytes(b"new")
    (built / programs.BINARY).chmod(0o755)
    assert programs.keep(built, broken) == broken
    assert (broken / programs.BINARY).read_bytes() == b"new"
    assert programs.is_whole(broken)
    assert [item.name for item in (cache / "cpp").iterdir()] == ["lif"]


def test_what_was_used_last_stays_within_the_limit(cache, monkeypatch):
    for days in range(5):
        program(cache, f"used-{days}", size=1000, used=86400.0 * days + 3600)
    monkeypatch.setenv("HEAVYTAIL_CACHE_BYTES", "2500")
    assert programs.make_room() == 3
    assert [item.name for item in programs.programs()] == ["used-0", "used-1"]
    monkeypatch.setenv("HEAVYTAIL_CACHE_BYTES", "10")
    assert programs.make_room() == 1  # what was used today stays
    monkeypatch.setenv("HEAVYTAIL_CACHE_BYTES", "many")
    with pytest.raises(BackendError, match="must be a number of bytes, got 'many'"):
        programs.make_room()


def test_scratch_of_dead_processes_goes_and_that_of_others_stays(cache):
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    root = scratch.scratch_directory()
    root.mkdir(parents=True)
    names = {
        "dead": f"run-{scratch._host()}-{process.pid}-a1b2",
        "alive": f"run-{scratch._host()}-{os.getpid()}-a1b2",
        "elsewhere": f"build-other-{process.pid}-a1b2",
        "old": f"build-other-{process.pid}-old",
        "foreign": "something else",
    }
    for name in names.values():
        (root / name).mkdir()
    os.utime(root / names["old"], (0, 0))
    assert scratch.remove_stale(root) == 2
    assert {item.name for item in root.iterdir()} == {
        names[key] for key in ("alive", "elsewhere", "foreign")
    }
    with scratch.scratch("run-") as folder:
        assert folder.parent == root
    assert not folder.exists()


def test_a_cache_that_can_only_be_read_runs_what_it_has(cache, monkeypatch):
    cache.mkdir()
    monkeypatch.setattr(scratch, "writable", lambda folder: False)
    with scratch.scratch("run-") as folder:
        assert cache not in folder.parents
    monkeypatch.setattr("pathlib.Path.mkdir", _refuse)
    with pytest.raises(BackendError, match="HEAVYTAIL_CACHE to a folder that can be"):
        with programs.one_builder(cache / "cpp" / "lif"):
            pass


def _refuse(*arguments, **options):
    raise PermissionError(13, "Permission denied")


def test_a_relative_xdg_folder_does_not_count(monkeypatch, tmp_path):
    monkeypatch.delenv("HEAVYTAIL_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "here/cache")
    assert cache_directory() == tmp_path / ".cache" / "heavytail_snn"
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert tmp_path not in cache_directory().parents


def test_the_compiler_behind_a_wrapper_is_asked(monkeypatch, tmp_path):
    wrapper = tmp_path / "ccache"
    wrapper.write_text('#!/bin/sh\ncase "$1" in --version) echo ccache 4;; *) echo "$1 9";; esac\n')
    wrapper.chmod(0o755)
    for name in ("g++", "clang++"):
        monkeypatch.setenv("CXX", f"{wrapper} {name}")
        assert cpp.compiler_version() == f"{name} 9"
        assert cpp.compiler() == str(wrapper)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("processor : 0\nflags\t\t: sse avx2\nprocessor : 1\nflags : sse avx2\n", "sse avx2"),
        ("processor : 0\nFeatures : fp asimd sve\nCPU part : 0xd40\n", "fp asimd sve 0xd40"),
        ("processor : 0\ncpu : POWER9, altivec\n", "POWER9, altivec"),
    ],
)
def test_the_features_of_every_kind_of_processor_count(monkeypatch, tmp_path, text, named):
    (tmp_path / "cpuinfo").write_text(text)
    monkeypatch.setattr(cpp, "_CPUINFO", tmp_path / "cpuinfo")
    assert cpp.processor.__wrapped__().endswith(f" {named}")


def test_what_a_full_disk_cut_off_is_noticed(tmp_path):
    run = prepare(NETWORK, 10 * ms, record=["v"], seed=1)
    project = tmp_path / "project"
    Cpp().generate(run, project)
    write_run(run, project, tmp_path)
    files = json.loads((project / "manifest.json").read_text())["results"]
    arrays = {
        "spikes.N": [3], "spikes.t": [0.0, 0.1, 0.2], "spikes.i": [1, 2, 3],
        "traces.N": [2], "traces.v": np.zeros(10), "neurons.finite_steps": np.full(5, 100),
    }  # fmt: skip
    for key, values in arrays.items():
        name, dtype = files[key]
        np.asarray(values, dtype=dtype).tofile(tmp_path / "results" / name)
    read = reader(project, tmp_path, run)
    for key, values in arrays.items():
        assert np.array_equal(read(key), values)
        path = tmp_path / "results" / files[key][0]
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(BackendError, match=rf"of \d+ values of {key} .*disk full"):
            read(key)
        path.write_bytes(whole)


@pytest.mark.standalone
def test_a_program_that_was_damaged_is_built_anew(cache):
    first = simulate(NETWORK, 50 * ms, backend="cpp", seed=1)
    (kept,) = programs.programs()
    (kept / programs.BINARY).write_bytes(b"")
    assert simulate(NETWORK, 50 * ms, backend="cpp", seed=1) == first
    assert programs.is_whole(kept)


def test_the_cache_is_shown_and_cleared(cache):
    program(cache, "one", size=1000)
    program(cache, "two", size=1000)
    shown = json.loads(CliRunner().invoke(app, ["cache", "--json"]).stdout)
    assert shown["folder"] == str(cache)
    assert shown["programs"] == 2
    assert "removed 2 programs" in CliRunner().invoke(app, ["cache", "clear"]).stdout
    assert not programs.programs()
    refused = CliRunner().invoke(app, ["cache", "cleer"])
    assert refused.exit_code == 1
    assert "did you mean 'clear'" in refused.stderr
