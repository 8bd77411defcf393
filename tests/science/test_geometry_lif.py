"""Roughness of spiking codes: what the tutorial rough_but_smooth.py draws, in small.

No stored number: the signs of the effects are asserted, with their errors over networks, and the
null case of uncoupled neurons.
"""

import numpy as np
import pytest
from brian2 import ms, mV

from heavytail_snn.analysis.geometry import present, response_kernel
from heavytail_snn.coupling import Coupling
from heavytail_snn.laws import LevyStable
from heavytail_snn.models import LIFNetwork, RateMap, ThetaNetwork, circle
from heavytail_snn.wiring import AllToAll, FixedInDegree

CENTRES, CLOSE = 6, 0.002


def losses(alpha, gain, seed):
    """Return 1 - K of close stimuli for a long and a short window and for fine spike times."""
    wiring = FixedInDegree(50)
    weights = Coupling(LevyStable(alpha), wiring, gain=gain, autapses=False)
    centres = 2 * np.pi * np.arange(CENTRES) / CENTRES
    stimulus = circle((centres[:, None] + [0.0, CLOSE]).ravel())
    run = present(
        LIFNetwork(weights, 300, drive=22 * mV),
        stimulus,
        200 * ms,
        amplitude=2 * mV,
        seed=seed,
        backend="cpp",
    )
    return [
        response_kernel(counts, stimuli=stimulus, center=True, seed=1, band=(0, 4)).closest_loss
        for counts in (run.counts(), run.counts(0.15), run.counts(precision=0.005))
    ]


@pytest.mark.slow
@pytest.mark.standalone
def test_roughness_of_lif_codes():
    measured = {
        (alpha, gain): np.array([losses(alpha, gain, seed) for seed in range(3)])
        for alpha, gain in ((2.0, 1.0), (1.5, 1.0), (2.0, 0.0))
    }
    for law in ((2.0, 1.0), (1.5, 1.0)):
        long, short, fine = measured[law].T
        for other in (short, fine):
            rise = other - long
            assert rise.mean() > 4 * rise.std(ddof=1) / np.sqrt(3)
        # coupling makes it, not the window
        assert (measured[law].mean(axis=0) > 2 * measured[2.0, 0.0].mean(axis=0)).all()
    difference = measured[2.0, 1.0][:, 2] - measured[1.5, 1.0][:, 2]
    assert difference.mean() > 2 * difference.std(ddof=1) / np.sqrt(3)


def test_counts_by_hand():
    network = ThetaNetwork(np.zeros((3, 3)), drive=1.0)
    run = present(network, np.zeros((2, 3)), 0.5, seed=1)
    recording = run.recordings[1][0]
    whole = run.counts()
    assert whole.shape == (2, 3, 1)
    assert whole[1, :, 0].tolist() == recording.counts().tolist()
    assert (whole[0] == whole[1]).all()  # frozen: the same initial state
    fine = run.counts(0.1, 0.4, precision=0.1)[1, :, 0].reshape(3, 3)
    for unit in range(3):
        times = recording.times[recording.ids == unit]
        assert fine[unit].tolist() == np.histogram(times, [0.1, 0.2, 0.3, 0.4])[0].tolist()
    fresh = present(network, np.zeros((2, 3)), 0.5, noise="fresh", seed=1)
    assert (fresh.recordings[0][0].times[:3] != fresh.recordings[1][0].times[:3]).any()


def test_rate_network_is_read_at_a_time():
    network = RateMap(Coupling(LevyStable(2.0), AllToAll()), 50, gain=1.0, seed=1)
    patterns = circle(3).patterns(50, seed=2)
    run = present(network, patterns, 4, coding="initial", seed=3)
    first = np.tanh(network.weights @ patterns[1])
    assert run.states(1.0)[1, :, 0] == pytest.approx(first)
    assert run.states(2.0)[1, :, 0] == pytest.approx(np.tanh(network.weights @ first))
    driven = present(network, patterns, 1, amplitude=0.5, seed=3)
    assert not np.allclose(driven.states()[0], driven.states()[1])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"coding": "inital"}, "did you mean 'initial'"),
        ({"noise": "frosen"}, "did you mean 'frozen'"),
        ({"n_repeats": 0}, "n_repeats must be"),
        ({"coding": "initial"}, "must be 'drive' for event-based"),
        ({"stimulus": np.zeros((2, 4))}, "stimulus must be a Stimulus or"),
    ],
)
def test_refuses(options, words):
    from heavytail_snn.errors import ParameterError

    arguments = {"stimulus": np.zeros((2, 3)), "duration": 0.1, "seed": 1} | options
    with pytest.raises(ParameterError, match=words):
        present(ThetaNetwork(np.zeros((3, 3)), drive=1.0), **arguments)
