"""The tutorial for Brian2 users runs by itself, says what it understood and writes its figure."""

import pytest


@pytest.mark.slow
def test_example_runs_small(run_tutorial):
    printed = run_tutorial("brian2_lyapunov")
    assert "State (what is perturbed)" in printed
    assert printed.count("lambda_1") == 2
