"""Damaged files of all formats: none is executed, hangs, crashes, fills memory or fails raw.

The short form of `make fuzz`, which reads a thousand.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("h5py", reason="h5py is not installed: damaged files were not read")
pytest.importorskip("nixio", reason="nixio is not installed: damaged files were not read")
FUZZ = Path(__file__).resolve().parents[1] / "support" / "fuzz.py"


def test_sixty_damaged_files():
    command = [sys.executable, str(FUZZ), "--number", "60", "--seed", "3"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1200)
    assert done.returncode in (0, 1), done.stderr[-2000:]
    result = json.loads(done.stdout)
    assert not result["bad"]
    assert sum(result["counts"].values()) == 60
    assert result["counts"]["refused"] > 20
