"""Fixtures shared by all tests."""

import importlib.util
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Test workers share the cores: threads inside each would only fight.  Before numpy is imported.
for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")

# Workers send warnings of the library's classes to the process that started them, and Brian2 must
# be imported there in the main thread: so here.
import brian2  # noqa: E402, F401
import numpy as np  # noqa: E402
import pytest  # noqa: E402
from reference_files import RECORDINGS, REFERENCE, V4, V4_NAME, checked  # noqa: E402

import heavytail_snn  # noqa: E402, F401
from heavytail_snn.analysis.recorded import read_responses  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
TUTORIALS = ROOT / "examples/tutorials"


@pytest.fixture(scope="session")
def reference() -> Path:
    """Return the folder of stored reference numbers, tests/reference."""
    return REFERENCE


@pytest.fixture(scope="session")
def recordings() -> Callable[[str], Path]:
    """Return a function from the name of a recording to its path in tests/data, checksum tested."""
    return lambda name: checked(RECORDINGS / name, name)


@pytest.fixture(scope="session")
def v4() -> np.ndarray:
    """Return the V4 responses (neurons, images, repeats), or skip where they are absent."""
    if not V4.is_file():
        pytest.skip("GPL-3.0 data are not in the repository: V4 responses were not analysed")
    return read_responses(checked(V4, V4_NAME))


@pytest.fixture(scope="session")
def tutorial() -> Callable[[str], Any]:
    """Return a function that imports a tutorial by name."""

    def load(name: str) -> Any:
        specification = importlib.util.spec_from_file_location(name, TUTORIALS / f"{name}.py")
        module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(module)
        return module

    return load


@pytest.fixture
def run_tutorial(tmp_path: Path) -> Callable[[str], str]:
    """Return a function that runs a tutorial in its smallest form and returns what it printed."""

    def run(name: str) -> str:
        figure = tmp_path / "figure.png"
        done = subprocess.run(
            [sys.executable, str(TUTORIALS / f"{name}.py"), str(figure), "--tiny"],
            capture_output=True,
            text=True,
            check=False,
            env={
                "PATH": "/usr/bin:/bin",
                "MPLBACKEND": "Agg",
                "HOME": str(tmp_path),
                "OMP_NUM_THREADS": "1",
                "OPENBLAS_NUM_THREADS": "1",
            },
            timeout=300,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        assert figure.stat().st_size > 10_000
        return done.stdout

    return run


@pytest.fixture
def counted_compiler(tmp_path, monkeypatch):
    """A fresh cache and a g++ that notes each call; returns what lists the calls so far."""
    log = tmp_path / "calls"
    wrapper = tmp_path / "bin" / "g++"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\necho "$@" >> {log}\nexec {shutil.which("g++")} "$@"\n')
    wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HEAVYTAIL_CACHE", str(tmp_path / "cache"))
    probes = ("--version", "flag_test")  # Brian2 asks each compiler what it can do
    lines = lambda: log.read_text().splitlines()  # noqa: E731
    return lambda: [line for line in lines() if not any(probe in line for probe in probes)]


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name values by type where their text holds an address, so that all workers agree."""
    return type(val).__name__ if " at 0x" in repr(val) else None
