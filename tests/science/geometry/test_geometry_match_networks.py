"""The tutorial match_recorded_geometry.py finds the network that plays the recording.

No stored number: the truth is known.  A coarse sweep tells noise and stimulus exponent; alpha 1 and
2 at the same signal-to-noise ratio stay close, as the tutorial says.
"""

import pytest


@pytest.mark.slow
def test_truth_is_accepted_and_what_differs_is_not(run_tutorial):
    printed = run_tutorial("match_recorded_geometry")
    assert "'noise': 0.7, 'exponent': 1.1}, distance" in printed
    accepted = {
        line.split(":")[0].strip(): line.split(":")[1].split(" to ")
        for line in printed.splitlines()
        if " to " in line and ":" in line.split(" to ")[0]
    }
    assert [float(x) for x in accepted["noise"]] == [0.7, 0.7]
    assert [float(x) for x in accepted["exponent"]] == [1.1, 1.1]
    assert float(accepted["alpha"][0]) == 1.0  # the truth
