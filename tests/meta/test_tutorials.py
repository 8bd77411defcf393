"""Every tutorial runs by itself, in its smallest form; what they show is tested elsewhere."""

from pathlib import Path

import pytest

NAMES = sorted(
    path.stem for path in (Path(__file__).parents[2] / "examples/tutorials").glob("*.py")
)
ELSEWHERE = (  # run by tests of what they find
    "brian2_lyapunov",
    "chaos_regularises",
    "match_recorded_geometry",
    "theory_meets_simulation",
)


@pytest.mark.slow
@pytest.mark.standalone
@pytest.mark.parametrize("name", [name for name in NAMES if name not in ELSEWHERE])
def test_tutorial_runs(name, run_tutorial):
    run_tutorial(name)
