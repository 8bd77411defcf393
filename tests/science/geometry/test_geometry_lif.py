"""Roughness of spiking codes: what the tutorial rough_but_smooth.py draws, in small.

No stored number: the signs of the effects are asserted, with their errors over networks, and the
null case of uncoupled neurons.
"""

import numpy as np
import pytest
from brian2 import ms, mV

from heavytail_snn.analysis.geometry import present, response_kernel
from heavytail_snn.models import LIFNetwork, RateMap, ThetaNetwork, circle
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import LevyStable
from heavytail_snn.weights.wiring import AllToAll, FixedInDegree

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


OFFSETS = np.array([0.0, 0.002, 0.006, 0.02, 0.06, 0.2, 0.6])
FAN = circle((2 * np.pi * np.arange(3)[:, None] / 3 + OFFSETS).ravel())
SIZE = 300
LAST, WHOLE = 0.1, 0.0  # seconds: starts of windows that end with the run, at 0.2 s


def shapes(alpha, gain, n_networks):
    """Return the kernels of counts of several networks, errors over networks, by window."""
    weights = Coupling(LevyStable(alpha), FixedInDegree(50), gain=gain, autapses=False)
    network = LIFNetwork(weights, SIZE, drive=22 * mV)
    runs = [
        present(network, FAN, 200 * ms, amplitude=2 * mV, seed=seed, backend="cpp")
        for seed in range(n_networks)
    ]
    return {
        start: response_kernel(
            np.concatenate([run.counts(start, 0.2) for run in runs], axis=1),
            stimuli=FAN,
            center=True,
            band=(0, 0.061),
            groups=np.repeat(np.arange(n_networks), SIZE),
            seed=1,
        )
        for start in (WHOLE, LAST)
    }


@pytest.mark.slow
@pytest.mark.standalone
def test_nugget_cusp_and_length_of_lif_codes():
    """Uncoupled, a spike crosses an edge of the window now and then: no nugget, a linear loss.

    Coupled, chaos answers even the closest stimuli differently: a nugget, below a code that is as
    smooth over long distances as the stimuli are themselves.
    """
    null = shapes(2.0, 0.0, 16)  # so few spikes cross an edge that errors need more networks
    gaussian, heavy = shapes(2.0, 1.0, 8), shapes(1.5, 1.0, 8)
    own = response_kernel(FAN.features, stimuli=FAN, with_nugget=False, band=(0, 0.061), seed=1)
    for start, result in null.items():
        assert abs(result.nugget) < 3 * result.nugget_error < 0.003
        assert result.cusp_exponent == pytest.approx(1, abs=3 * result.cusp_exponent_error)
        assert result.cusp_exponent_error < 0.07
        for coupled in (gaussian[start], heavy[start]):
            assert coupled.nugget > 4 * coupled.nugget_error
            assert coupled.closest_loss > 4 * coupled.closest_loss_error
            between = coupled.closest_loss - coupled.nugget
            assert abs(between) < 3 * np.hypot(coupled.nugget_error, coupled.closest_loss_error)
            assert result.nugget + 3 * result.nugget_error < coupled.nugget / 5
            assert result.closest_loss < coupled.closest_loss / 5
        difference = gaussian[start].nugget - heavy[start].nugget
        errors = gaussian[start].nugget_error, heavy[start].nugget_error
        assert difference > 2 * np.hypot(*errors)
    for law in (null, gaussian, heavy):
        # the shorter window sees the edges more; in the whole one the stimulus is what varies
        ratios = [law[start].smoothness_length / own.smoothness_length for start in (WHOLE, LAST)]
        assert 0.9 < ratios[0] < 1.1
        assert 0.75 < ratios[1] < ratios[0]
    for law in (gaussian, heavy):
        growth = law[LAST].nugget - law[WHOLE].nugget
        assert growth > 4 * np.hypot(law[LAST].nugget_error, law[WHOLE].nugget_error)


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
        (
            {"stimulus": np.array([[0.0, 1, 2], [0, np.nan, 0]])},
            "must be finite, .* holds nan in pattern 1",
        ),
    ],
)
def test_refuses(options, words):
    from heavytail_snn.core.errors import ParameterError

    arguments = {"stimulus": np.zeros((2, 3)), "duration": 0.1, "seed": 1} | options
    with pytest.raises(ParameterError, match=words):
        present(ThetaNetwork(np.zeros((3, 3)), drive=1.0), **arguments)
