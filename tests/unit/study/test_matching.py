"""Matched models: rate networks against spiking ones, LIF parameters against simulated intervals.

Rate and CV of LIF neurons: Brunel, J. Comput. Neurosci. 8, 183 (2000), appendix A.
"""

import math

import numpy as np
import pytest
from brian2 import ms, mV, second
from lif_in_si import siegert

from heavytail_snn.analysis.matched_parameters import (
    coefficient_of_variation,
    match_statistics,
    white_input,
)
from heavytail_snn.analysis.matching import match_rate_network
from heavytail_snn.core.errors import ConvergenceError, ParameterError
from heavytail_snn.models import BinaryNetwork, LIFNetwork, RateMap
from heavytail_snn.models.brian.lif_noise import ColouredNoise, WhiteNoise
from heavytail_snn.recording.recording import Recording
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import Gaussian, LevyStable
from heavytail_snn.weights.wiring import AllToAll, FixedInDegree

MEMBRANE = {"tau": 20e-3, "theta": 20e-3, "v_reset": 0.0, "t_ref": 2e-3}


def lif_network(alpha=2.0, gain=3.0, **options):
    coupling = Coupling(LevyStable(alpha), FixedInDegree(50), gain, autapses=False)
    return LIFNetwork(coupling, 200, drive=21 * mV, noise=WhiteNoise(4 * mV), **options)


def simulated_intervals(mu, sigma, *, n=400, duration=1.5, dt=5e-5):
    """Intervals of LIF neurons with white input, threshold lowered for the grid."""
    rng, scale = np.random.default_rng(1), sigma * math.sqrt(dt / 20e-3)
    threshold = 20e-3 - 0.5826 * scale
    v, rest, last, intervals = np.zeros(n), np.zeros(n, int), np.full(n, np.nan), []
    for step in range(round(duration / dt)):
        free = rest <= 0
        kick = scale * rng.standard_normal(n)
        v = np.where(free, v + dt / 20e-3 * (mu - v) + kick, 0.0)
        rest -= 1
        fired = v > threshold
        if fired.any():
            intervals.append((step * dt - last)[fired])
            last[fired], v[fired], rest[fired] = step * dt, 0.0, round(2e-3 / dt)
    intervals = np.concatenate(intervals)
    return intervals[np.isfinite(intervals)]


def test_cv_is_that_of_simulated_neurons():
    intervals = simulated_intervals(24e-3, 3e-3)
    rate = siegert(24e-3, 3e-3).rate
    cv = coefficient_of_variation(24e-3, 3e-3, rate, **MEMBRANE)
    assert 1 / intervals.mean() == pytest.approx(rate, rel=0.01)
    assert intervals.std() / intervals.mean() == pytest.approx(cv, rel=0.03)


@pytest.mark.parametrize(("drive", "noise"), [(24e-3, 3e-3), (18e-3, 6e-3), (26e-3, 3e-4)])
def test_white_input_inverts_rate_and_cv(drive, noise):
    rate = siegert(drive, noise).rate
    cv = coefficient_of_variation(drive, noise, rate, **MEMBRANE)
    assert white_input(rate, cv, **MEMBRANE) == pytest.approx((drive, noise), rel=1e-3)


def test_limits_of_white_input():
    far_below = siegert(5e-3, 3e-3).rate
    assert coefficient_of_variation(5e-3, 3e-3, far_below, **MEMBRANE) == pytest.approx(1, abs=0.01)
    with pytest.raises(ParameterError, match=r"rate must be below 1 / t_ref = 500 Hz"):
        white_input(600.0, 0.5, **MEMBRANE)
    with pytest.raises(ConvergenceError, match=r"no white input .* bursts or slow input"):
        white_input(5.0, 40.0, **MEMBRANE)


def recording_of(drive, noise, n_units):
    rng = np.random.default_rng(2)
    intervals = simulated_intervals(drive, noise)
    trains = [np.cumsum(rng.choice(intervals, 2000)) for _ in range(n_units)]
    stop = min(train[-1] for train in trains)
    return Recording.from_spike_trains([t[t < stop] for t in trains], 0.0, stop)


def test_parameters_of_a_recording_are_found_within_their_errors():
    found = match_statistics(recording_of(22e-3, 4e-3, 12))
    # the intervals themselves are a finite sample, of 0.5 % in the rate
    assert found.drive == pytest.approx(22e-3, abs=5 * found.drive_error + 2e-4)
    assert found.noise == pytest.approx(4e-3, abs=5 * found.noise_error + 2e-4)
    assert 0 < found.noise_error < 1e-3
    expected_gain = found.noise / math.sqrt(2 * 20e-3 * found.rate)
    assert found.gain == pytest.approx(expected_gain)
    assert {e.name for e in found.estimates()} >= {"rate", "cv2", "drive", "noise", "gain"}


def test_one_unit_and_bursts_are_said():
    found = match_statistics(recording_of(22e-3, 4e-3, 1))
    assert found.drive == pytest.approx(22e-3, abs=5 * found.drive_error + 2e-4)
    assert 0 < found.drive_error < 1e-3
    assert any("one unit" in note for note in found.warnings)
    rng = np.random.default_rng(3)
    starts = np.cumsum(0.05 + rng.random((4, 60)), axis=1)
    bursts = [np.sort((s[:, None] + np.arange(2) * 4e-3).ravel()) for s in starts]
    found = match_statistics(Recording.from_spike_trains(bursts, 0.0, 70.0))
    assert any("above that of a Poisson train" in note for note in found.warnings)


def test_lif_rate_network_keeps_the_rates_of_neurons():
    matched = match_rate_network(lif_network(), seed=1, duration=1.0 * second, backend="numpy")
    rows = {row.name: row for row in matched.comparison.rows}
    assert abs(rows["rate"].relative_error) < 0.06
    assert abs(rows["rate_sd"].relative_error) < 0.3
    assert matched.correlation > 0.8
    expected = 1e-3 * math.sqrt(4**2 + 20e-3 * 2 * 3**2 * rows["rate"].predicted.value)
    assert matched.sigma == pytest.approx(expected, rel=0.05)


def test_binary_rate_network_keeps_the_autocovariance():
    coupling = Coupling(Gaussian(), AllToAll(), autapses=False)
    model = BinaryNetwork(coupling, 200, noise=0.5, tau=10 * ms)
    matched = match_rate_network(model, seed=1, duration=1.0 * second, backend="numpy")
    for row in matched.comparison.rows:
        assert abs(row.relative_error) < 0.2, row.reason
    assert matched.network.noise**2 == pytest.approx(0.675, rel=0.03)  # theory at g = 1, s = 0.5


def test_a_given_recording_is_not_simulated_again():
    model = lif_network()
    first = match_rate_network(model, seed=1, duration=0.5 * second, backend="numpy")
    quiet = Recording.from_spike_trains([np.array([0.3])] * 200, 0.0, 1.0)
    matched = match_rate_network(model, seed=1, recording=quiet)
    assert matched.comparison["rate"].measured.value == pytest.approx(1 / 0.8)
    assert matched.sigma == first.sigma
    assert matched.comparison["rate"].verdict == "differs"


def test_what_the_match_leaves_out_is_said():
    noise = ColouredNoise(4 * mV)
    coupling = Coupling(LevyStable(2.0), FixedInDegree(20), 3.0, autapses=False)
    model = LIFNetwork(coupling, 60, drive=21 * mV, noise=noise, synapse="exponential")
    silent = Recording.from_spike_trains([np.array([0.3])] * 60, 0.0, 1.0)
    matched = match_rate_network(model, seed=1, recording=silent)
    assert len(matched.warnings) == 2


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (RateMap(np.eye(3)), "must be a LIFNetwork or BinaryNetwork"),
        (BinaryNetwork(np.eye(3), states=(0, 1), noise=1.0), "states must be"),
        (BinaryNetwork(np.eye(3)), "noise must be Gaussian and positive"),
        (BinaryNetwork(np.eye(3), noise=1.0, noise_alpha=1.5), "noise must be Gaussian"),
    ],
)
def test_models_that_cannot_be_matched(model, said):
    with pytest.raises(ParameterError, match=said):
        match_rate_network(model)
