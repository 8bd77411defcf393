"""Lyapunov spectra of the continuous-time rate network dx/dt = -x + g J tanh(x).

Exact: the mean exponent is -1 for zero diagonal (trace of the Jacobian).  Odd activations make the
spectrum symmetric about -1 (lyapunov.md, section 1.7), but only in the limit of many neurons: at 60
the deviation stays at 0.05 however long the run.  Measured and published: lyapunov.json,
entries "scs"; dynamic mean-field theory of Sompolinsky, Crisanti & Sommers 1988,
doi:10.1103/PhysRevLett.61.259, for many neurons.
"""

import json

import numpy as np
import pytest

from heavytail_snn.analysis.lyapunov import lyapunov_spectrum
from heavytail_snn.models.rate.flow import RateFlow
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import Gaussian
from heavytail_snn.weights.wiring import AllToAll

GAUSSIAN = Coupling(Gaussian(), AllToAll(), autapses=False)


@pytest.fixture(scope="module")
def reference(reference):
    entries = json.loads((reference / "lyapunov.json").read_text())["entries"]
    return {entry["id"]: entry for entry in entries}


def test_mean_exponent_is_minus_one_and_one_exponent_is_neutral():
    network = RateFlow(GAUSSIAN, 60, gain=5.0, dt=0.1, seed=1)
    result = lyapunov_spectrum(network, k=60, seed=1, duration=300)
    assert result.mean_exponent == pytest.approx(-1, abs=1e-5)
    assert result.unit == "1/tau"
    assert result.zero_index is not None
    assert abs(result.zero_value) < 5 / 300


def test_the_spectrum_of_a_large_network_is_symmetric_about_minus_one():
    network = RateFlow(GAUSSIAN, 150, gain=4.0, dt=0.1, seed=1)
    result = lyapunov_spectrum(network, k=150, seed=1, duration=80)
    symmetric = result.exponents + result.exponents[::-1] + 2
    assert np.sqrt(np.mean(symmetric**2)) < 0.03


def test_euler_with_the_same_step_is_another_map():
    network = RateFlow(GAUSSIAN, 60, gain=3.0, dt=0.1, scheme="euler", seed=1)
    result = lyapunov_spectrum(network, k=60, seed=1, duration=100)
    # the mean exponent of an Euler step differs from -1 in first order of dt
    assert abs(result.mean_exponent + 1) > 1e-3


def test_noise_removes_the_neutral_exponent_and_lowers_the_first():
    quiet = RateFlow(GAUSSIAN, 60, gain=2.0, dt=0.1, scheme="euler", seed=1)
    noisy = RateFlow(GAUSSIAN, 60, gain=2.0, dt=0.1, scheme="euler", noise=0.5**0.5, seed=1)
    first = lyapunov_spectrum(quiet, k=5, seed=1, duration=200)
    second = lyapunov_spectrum(noisy, k=5, seed=1, duration=200, verify=True)
    assert second.zero_index is None
    assert second.largest_exponent < first.largest_exponent - 0.05
    assert second.parameters["two_trajectory"][1e-8] == pytest.approx(
        second.largest_exponent, abs=1e-5
    )


@pytest.mark.parametrize("gain", [2, pytest.param(5, marks=pytest.mark.slow)])
def test_first_exponent_and_dimension_at_200_neurons(reference, gain):
    results = [
        lyapunov_spectrum(
            RateFlow(GAUSSIAN, 200, gain=float(gain), seed=s), k=25, seed=s, duration=100,
            state_warmup=60, tangent_warmup=20,
        )
        for s in range(3)
    ]  # fmt: skip
    for key, values in (
        ("lam_max", [r.largest_exponent for r in results]),
        ("D_over_N", [r.kaplan_yorke_dimension / 200 for r in results]),
    ):
        entry = reference[f"scs/N200_g{gain}/{key}"]
        error = np.hypot(np.std(values, ddof=1) / 3**0.5, entry["se"])
        limit = max(3 * error + 0.02 * entry["value"], entry["tolerance"])
        assert abs(np.mean(values) - entry["value"]) < limit, (key, np.mean(values))
