"""Rate-network theories against our own simulated networks.

The limits are those of theory.md, sections 1.6 and 2 (finite size), not of the theories' accuracy.
"""

import sys
from pathlib import Path

import numpy as np
import pytest

from heavytail_snn.analysis import lyapunov_spectrum, theory
from heavytail_snn.analysis.lyapunov import largest_exponent_curve
from heavytail_snn.models.rate.flow import RateFlow
from heavytail_snn.models.rate.map import RateMap
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import Gaussian, LevyStable
from heavytail_snn.weights.wiring import AllToAll

TUTORIALS = Path(__file__).resolve().parents[3] / "examples" / "tutorials"


def test_map_of_400_neurons():
    network = RateMap(Coupling(Gaussian(), AllToAll()), 400, gain=3.0, seed=1)
    predicted = theory.rate_map_spectrum(3.0)
    curve = largest_exponent_curve(network.weights, [3.0], seed=1, n_steps=1500)
    assert curve.exponents[0] == pytest.approx(predicted.largest_exponent, rel=0.04)
    measured = lyapunov_spectrum(network, k=120, seed=1, n_steps=200, state_warmup=300)
    # one network: the exponents sit about 0.005 low, which is two ranks of 61
    assert measured.positive_fraction == pytest.approx(predicted.positive_fraction, rel=0.08)
    states = network.run(400, seed=1, warmup=300)
    exact = predicted.mean_field.activity_variance
    assert np.mean(states**2) == pytest.approx(exact, rel=0.03)


def test_noisy_flow_of_400_neurons():
    network = RateFlow(
        Coupling(Gaussian(), AllToAll()),
        400,
        gain=1.5,
        noise=0.5,
        scheme="euler",
        dt=0.05,
        seed=1,
    )
    states = network.run(4000, seed=1, warmup=400)
    predicted = theory.rate_flow(1.5, 0.5)
    assert np.mean(states**2) == pytest.approx(predicted.variance, rel=0.06)
    lag = np.mean(states[40:] * states[:-40])
    exact = np.interp(2.0, predicted.time, predicted.autocovariance)
    assert lag == pytest.approx(exact, rel=0.1)


@pytest.mark.parametrize("alpha", [1.0, 1.5])
def test_heavy_tailed_map_of_800_neurons(alpha):
    network = RateMap(Coupling(LevyStable(alpha), AllToAll()), 800, gain=2.0, seed=2)
    states = network.run(100, seed=2, warmup=200)
    predicted = theory.stable_map(alpha, 2.0).mean_absolute_activity
    assert np.mean(np.abs(states)) == pytest.approx(predicted, rel=0.04)


@pytest.mark.slow
def test_tutorial_runs(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(TUTORIALS))
    tutorial = __import__("theory_meets_simulation")
    errors = tutorial.main([str(tmp_path / "figure.png"), "--tiny"])
    assert (tmp_path / "figure.png").stat().st_size > 20_000
    assert all(len(values) == 3 for values in errors.values())
    sys.modules.pop("theory_meets_simulation")
