"""Batched trials of rate networks are the single runs, under the same noise."""

import numpy as np
import pytest
from scipy import sparse

from heavytail_snn.core.errors import ConvergenceError, ParameterError
from heavytail_snn.models import LowRankPlus, RateFlow, RateMap
from heavytail_snn.models.rate.trials import rate_trials

RNG = np.random.default_rng(0)
N, TRIALS = 12, 3
WEIGHTS = RNG.normal(size=(N, N)) / np.sqrt(N)
INITIAL, DRIVE = RNG.normal(size=(2, TRIALS, N))
BIAS = RNG.normal(size=N)
LOW_RANK = LowRankPlus(WEIGHTS, BIAS[:, None], DRIVE[0][:, None] / N)
NETWORKS = {
    "map": RateMap(WEIGHTS, gain=1.5, noise=0.3, bias=BIAS),
    "quiet map": RateMap(WEIGHTS, gain=1.5),
    "flow": RateFlow(WEIGHTS, gain=2.0, bias=BIAS),
    "noisy flow": RateFlow(WEIGHTS, gain=2.0, noise=0.7, scheme="euler", dt=0.05),
    "sparse flow": RateFlow(sparse.csr_array(WEIGHTS), gain=2.0, phi="erf"),
    "low-rank flow": RateFlow(LOW_RANK, bias=BIAS, noise=0.2, scheme="euler"),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_trial_is_the_run_of_its_own(name):
    network = NETWORKS[name]
    times = np.array([0, 1, 4, 7]) * network.dt
    states = rate_trials(network, times, initial=INITIAL, drive=DRIVE, seed=5)
    assert states.shape == (4, TRIALS, N)
    assert np.array_equal(states[0], INITIAL)
    for trial in range(TRIALS):
        inputs = np.tile(DRIVE[trial], (7, 1))
        run = network.run(7, seed=5, initial_state=INITIAL[trial], inputs=inputs)
        assert states[1:, trial] == pytest.approx(run[[0, 3, 6]], rel=1e-12, abs=1e-13)
    # without a drive, and from the seed's own initial state
    same = rate_trials(network, times, n_trials=2, seed=5)
    assert same[1:, 1] == pytest.approx(network.run(7, seed=5)[[0, 3, 6]], rel=1e-12, abs=1e-13)
    assert np.array_equal(same[:, 0], same[:, 1])


def test_precision_is_that_of_the_weights():
    network = NETWORKS["noisy flow"]
    half = rate_trials(network.with_precision("float32"), [1.0], initial=INITIAL, seed=1)
    full = rate_trials(network, [1.0], initial=INITIAL, seed=1)
    assert 0 < np.abs(half - full).max() < 1e-5


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda net: rate_trials(WEIGHTS, [1.0], n_trials=1), "must be a RateFlow or a RateMap"),
        (
            lambda net: rate_trials(net, [1.0]),
            r"n_trials must be known.*give n_trials, or a drive or",
        ),
        (lambda net: rate_trials(net, [2.0, 1.0], n_trials=1), "non-negative and increasing"),
        (lambda net: rate_trials(net, [0.25], n_trials=1), "whole multiples of 0.1.*read the"),
        (
            lambda net: rate_trials(net, [1.0], drive=np.zeros((3, 5))),
            r"drive must be a number, or",
        ),
        (lambda net: rate_trials(net, [1.0], initial=[np.nan] * N, n_trials=1), "initial must be"),
        (
            lambda net: rate_trials(net, [1.0], drive=DRIVE, n_trials=2),
            r"must be one number, alike.*got \[2, 3\]",
        ),
        (lambda net: rate_trials(net, [1.0], drive=DRIVE.T), "transpose it: a row is a trial"),
    ],
)
def test_refuses(call, words):
    with pytest.raises(ParameterError, match=words):
        call(NETWORKS["flow"])


def test_divergence_has_a_name():
    cubic = (lambda x: x**3, lambda x: 3 * x**2)
    network = RateFlow(WEIGHTS, phi=cubic, gain=5.0)
    with pytest.raises(ConvergenceError, match="non-finite"):
        rate_trials(network, [5.0], initial=10 * INITIAL)
