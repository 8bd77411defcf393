"""Responses of a recording to stimuli at known times: by hand, and against single trials."""

import numpy as np
import pytest
from brian2 import amp, ms

from heavytail_snn.analysis.geometry import cvpca, present, response_kernel
from heavytail_snn.analysis.recorded import stimulus_responses
from heavytail_snn.core.errors import ParameterError, UnitError
from heavytail_snn.models import ThetaNetwork, circle
from heavytail_snn.recording.recording import Recording

NAN = np.nan
# two neurons, onsets at 1, 2, 3 and 4 s
RECORDING = Recording(
    [1.0, 1.05, 1.1, 1.2, 2.15, 3.0, 3.1, 3.1, 4.2, 5.0], [0, 1, 0, 0, 1, 0, 0, 1, 0, 1], 2, 0, 5
)
ONSETS, LABELS = [1.0, 2.0, 3.0, 4.0], [9, -2, 9, 9]


def test_counts_by_hand():
    """A spike on an edge belongs to the bin that it opens, the one at `stop` to none."""
    whole = stimulus_responses(RECORDING, ONSETS, LABELS, stop=0.2)
    expected = [[[0, NAN, NAN], [1, NAN, NAN]], [[2, 2, 0], [1, 1, 0]]]
    np.testing.assert_array_equal(whole, expected)
    fine = stimulus_responses(RECORDING, ONSETS, LABELS, stop=0.2, precision=0.1)
    # neuron 0: first and second bin, neuron 1: first and second bin
    np.testing.assert_array_equal(fine[1].T, [[1, 1, 1, 0], [1, 1, 0, 1], [0, 0, 0, 0]])
    np.testing.assert_array_equal(fine[0, :, 0], [0, 0, 0, 1])
    assert np.isnan(fine[0, :, 1:]).all()


def test_windows_before_the_onset_in_units_and_overlapping():
    times = np.array(ONSETS) * 1000 * ms
    early = stimulus_responses(RECORDING, times, LABELS, start=-900 * ms, stop=0 * ms)
    # from 0.1, 2.1 and 3.1 s to the onsets at 1, 3 and 4 s
    np.testing.assert_array_equal(early[1], [[0, 0, 1], [0, 1, 1]])
    late = stimulus_responses(RECORDING, ONSETS[:3], LABELS[:3], stop=2.0)
    np.testing.assert_array_equal(late[1], [[3, 3], [2, 1]])
    np.testing.assert_array_equal(late[0, :, 0], [2, 2])


def test_rounding_moves_no_spike_over_an_edge():
    spikes = np.round(0.1 * np.arange(200), 9)
    onsets = np.cumsum(np.full(190, 0.1))  # off the spikes by up to 1e-13 to either side
    assert (onsets > spikes[1:191]).any()
    assert (onsets < spikes[1:191]).any()
    recording = Recording(spikes, np.zeros(200, int), 1, 0.0, 20.0)
    responses = stimulus_responses(recording, onsets, np.arange(190), stop=0.3, precision=0.1)
    assert (responses == 1).all()
    assert (stimulus_responses(recording, onsets, np.arange(190), stop=0.3) == 3).all()


def test_order_of_labels_and_repeats():
    rng = np.random.default_rng(1)
    order = rng.permutation(4)
    onsets, labels = np.array(ONSETS)[order], np.array(LABELS)[order]
    shuffled = stimulus_responses(RECORDING, onsets, labels, stop=0.2)
    sorted_ = stimulus_responses(RECORDING, ONSETS, LABELS, stop=0.2)
    np.testing.assert_array_equal(shuffled[0], sorted_[0])
    trials = np.argsort(onsets[labels == 9])
    np.testing.assert_array_equal(shuffled[1][:, trials], sorted_[1])


@pytest.mark.parametrize("precision", [None, 0.03])
def test_concatenated_trials_count_as_single_ones(precision):
    """Simulated trials, shifted and joined in any order, give the counts of the presentation."""
    run = present(
        ThetaNetwork(np.zeros((20, 20)), drive=2.0),
        circle(5),
        0.2,
        amplitude=0.2,
        noise="fresh",
        n_repeats=3,
        seed=1,
    )
    trials = [(s, r) for r in range(3) for s in (3, 0, 4, 1, 2)]
    onsets = 10.0 + 0.25 * np.arange(15)
    parts = [run.recordings[s][r] for s, r in trials]
    recording = Recording(
        np.concatenate([part.times + onset for part, onset in zip(parts, onsets, strict=True)]),
        np.concatenate([part.ids for part in parts]),
        20,
        9.0,
        14.0,
    )
    labels = np.array([s for s, _ in trials])
    window = {"start": 0.02, "stop": 0.19, "precision": precision}
    joined = stimulus_responses(recording, onsets, labels, **window)
    expected = run.counts(0.02, 0.19, precision=precision)
    assert expected.sum() > 100
    assert expected.shape == (5, 20 * (1 if precision is None else 5), 3)
    np.testing.assert_array_equal(joined, expected)
    fewer = stimulus_responses(recording, onsets[:12], labels[:12], **window)
    for stimulus in range(5):
        n = np.count_nonzero(labels[:12] == stimulus)
        np.testing.assert_array_equal(fewer[stimulus, :, :n], expected[stimulus, :, :n])
        assert np.isnan(fewer[stimulus, :, n:]).all()


def test_what_kernels_and_cvpca_take():
    rng = np.random.default_rng(3)
    onsets, labels = np.arange(0.0, 30.0, 0.1), np.repeat(np.arange(30), 10)[:300]
    labels[-4:] = 0  # the last stimulus is shown less often than the first
    rate = rng.gamma(2.0, 30.0, size=(30, 50))[labels]
    numbers = rng.poisson(0.1 * rate)
    trial, ids = np.repeat(np.indices(numbers.shape).reshape(2, -1), numbers.ravel(), axis=1)
    times = onsets[trial] + 0.1 * rng.random(trial.size)
    recording = Recording.from_unsorted(times, ids, 50, 0.0, 30.0)
    responses = stimulus_responses(recording, onsets, labels, stop=0.1)
    assert np.nansum(responses) == recording.n_spikes
    assert responses.shape == (30, 50, 14)
    kernel = response_kernel(responses, products="across", center=True)
    # signal variance 0.1^2 * 1800 = 18 beside the Poisson noise 6
    assert kernel.coincidence == pytest.approx(0.75, abs=0.05)
    signal = cvpca(np.swapaxes(responses, 0, 1), seed=1).total_signal_variance
    assert signal == pytest.approx(50 * 18, rel=0.15)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"recording": np.ones(3)}, "must be a Recording"),
        ({"onsets": [], "labels": []}, "at least one finite time"),
        ({"onsets": [1.0, NAN, 3.0, 4.0]}, "at least one finite time"),
        ({"onsets": [[1.0, 2.0]]}, "must be a flat array"),
        ({"labels": [1, 2, 3]}, r"labels must name the stimulus of each of 4 onsets"),
        ({"labels": [1.0, 2.0, 3.0, 4.0]}, "labels must hold one whole number"),
        ({"stop": 1.01}, "onsets must have their windows inside"),
        ({"start": -1.01}, "onsets must have their windows inside"),
        ({"onsets": [100, 200, 300, 400]}, "plain times are in seconds"),
        ({"start": 0.2}, "stop must lie after start"),
        ({"stop": NAN}, "stop must be a finite number"),
        ({"precision": 0.3}, "precision must not exceed the window"),
        ({"precision": 0}, "precision must be a finite number in"),
    ],
)
def test_refuses(changes, words):
    arguments = {"recording": RECORDING, "onsets": ONSETS, "labels": LABELS, "stop": 0.2} | changes
    recording, onsets, labels = (arguments.pop(name) for name in ("recording", "onsets", "labels"))
    with pytest.raises(ParameterError, match=words):
        stimulus_responses(recording, onsets, labels, **arguments)


def test_refuses_other_units():
    with pytest.raises(UnitError, match="onsets must have the dimension of time"):
        stimulus_responses(RECORDING, np.array(ONSETS) * amp, LABELS, stop=0.2)
