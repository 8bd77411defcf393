"""The tutorial for Brian2 users runs by itself and writes its figure."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/tutorials/brian2_lyapunov.py"


@pytest.mark.slow
def test_example_runs_small(tmp_path):
    figure = tmp_path / "figure.png"
    done = subprocess.run(
        [sys.executable, str(EXAMPLE), str(figure), "--tiny"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", "MPLBACKEND": "Agg", "HOME": str(tmp_path)},
        timeout=200,
    )
    assert "saltation matrix" in done.stdout
    assert done.stdout.count("lambda_1") == 2
    assert figure.stat().st_size > 10_000
