"""The tutorial match_recorded_geometry.py finds the network that plays the recording.

No stored number: the truth is known.  A coarse sweep tells noise and stimulus exponent; alpha 1 and
2 at the same signal-to-noise ratio stay close, as the tutorial says.
"""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/tutorials/match_recorded_geometry.py"


@pytest.mark.slow
def test_truth_is_accepted_and_what_differs_is_not(tmp_path):
    figure = tmp_path / "figure.png"
    done = subprocess.run(
        [sys.executable, str(EXAMPLE), str(figure), "--tiny"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", "MPLBACKEND": "Agg", "HOME": str(tmp_path)},
        timeout=200,
    )
    assert "'noise': 0.7, 'exponent': 1.1}, distance" in done.stdout
    accepted = {
        line.split(":")[0].strip(): line.split(":")[1].split(" to ")
        for line in done.stdout.splitlines()
        if " to " in line
    }
    assert [float(x) for x in accepted["noise"]] == [0.7, 0.7]
    assert [float(x) for x in accepted["exponent"]] == [1.1, 1.1]
    assert float(accepted["alpha"][0]) == 1.0  # the truth
    assert figure.stat().st_size > 10_000
