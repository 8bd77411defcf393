"""doctor: finds what is there, names the remedy for what is not, runs nothing that costs."""

import importlib.metadata
import platform

import pytest

from heavytail_snn.brian.simulation import cuda_tools
from heavytail_snn.cli import machine


def rows():
    return {finding.component: finding for finding in machine.findings()}


def test_every_part_the_backends_need_has_a_row():
    found = rows()
    expected = [
        "Python",
        "brian2",
        "cython",
        "C++ compiler",
        "make",
        "nvcc",
        "cuRAND",
        "brian2cuda",
    ]
    expected += ["GPU", "backend runtime", "backend cpp", "backend cuda", "compiled projects"]
    expected += ["processor key", "memory limit"]
    assert list(found) == expected
    assert found["Python"].detail == platform.python_version()
    assert found["brian2"].detail == importlib.metadata.version("brian2")
    assert machine.healthy(found.values())


def test_without_tools_each_missing_one_has_a_remedy(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(cuda_tools, "find_curand", lambda: None)
    found = rows()
    for name in ("C++ compiler", "make", "nvcc", "cuRAND", "GPU", "backend cpp", "backend cuda"):
        assert found[name].status == "missing", name
        assert found[name].remedy, name
    assert found["Python"].status == "ok"


@pytest.mark.parametrize("brian", ["2.11.0", "2.9.0"])
def test_a_brian2_that_brian2cuda_does_not_fit_is_named(monkeypatch, brian):
    versions = {"brian2": brian, "brian2cuda": "1.0b1", "cython": "3.1.3"}
    monkeypatch.setattr(importlib.metadata, "version", versions.__getitem__)
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: ["brian2==2.10.1", "numpy"])
    found = rows()["brian2cuda"]
    assert found.status == "broken"
    assert "brian2 2.10.1 only" in found.remedy


def test_what_is_needed_decides_health():
    missing = machine.Finding("brian2", "missing", "", "pip install brian2", needed=True)
    optional = machine.Finding("GPU", "missing", "", "buy one")
    assert not machine.healthy([missing])
    assert machine.healthy([optional])
