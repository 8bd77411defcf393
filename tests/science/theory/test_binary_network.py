"""Binary networks: exact updates, Poisson update times, threshold noise, mean field of replicas.

Single unit: at an update P(up) = P(noise > threshold - h), so autocorrelation exp(-t/tau) and the
mean of the noise law.  Replica overlap c* = (2/pi) asin((g^2 c* + s^2)/(g^2 + s^2)) of +-1 units
with the same updates and noise: Keup, Kuehn, Dahmen & Helias, Phys. Rev. X 11 (2021) 021064.
"""

import numpy as np
import pytest
from brian2 import ms, mV, second
from scipy import optimize, stats

from heavytail_snn.brian.simulation.simulate import simulate
from heavytail_snn.core.errors import ParameterError, UnitError
from heavytail_snn.models import BinaryNetwork, states_at
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import Gaussian, LevyStable
from heavytail_snn.weights.wiring import AllToAll, FixedInDegree

ISOLATED = 1e-12 * np.eye(2000)


@pytest.mark.parametrize(("states", "drive"), [((-1, 1), 0.0), ((0, 1), 0.3)])
def test_synchronous_updates_are_those_of_the_map(states, drive):
    weights = Coupling(LevyStable(1.2), FixedInDegree(10)).sample(60, seed=1)
    network = BinaryNetwork(
        weights, states=states, update="synchronous", threshold=0.2, drive=drive, tau=10 * ms
    )
    run = simulate(network, 400 * ms, backend="numpy", seed=2, record=["state"])
    state = np.array(run.attrs["initial_state"])
    expected = []
    for _ in range(40):
        state = np.where(weights @ state + drive > 0.2, states[1], states[0])
        expected.append(state)
    assert np.array_equal(run.traces["state"].values, expected)
    assert len({tuple(s) for s in expected}) > 3  # it moves


def test_flips_hold_the_whole_trajectory():
    network = BinaryNetwork(Coupling(LevyStable(1.5), FixedInDegree(10)), 50, noise=0.3)
    run = simulate(network, 100 * ms, backend="numpy", seed=1, record=["state", "h"])
    trace = run.traces["state"]
    assert np.array_equal(states_at(run, trace.times), trace.values)
    assert (
        run.n_spikes
        == np.abs(np.diff(trace.values, axis=0)).sum() / 2
        + (trace.values[0] != run.attrs["initial_state"]).sum()
    )
    # the field follows the states of the step before
    weights = Coupling(LevyStable(1.5), FixedInDegree(10)).sample(50, seed=1)
    assert run.traces["h"].values[1:] == pytest.approx(trace.values[:-1] @ weights.toarray().T)


def test_isolated_units_flip_at_poisson_times():
    network = BinaryNetwork(ISOLATED, noise=1.0, tau=5 * ms, initial=np.ones(2000))
    run = simulate(network, 50 * ms, backend="numpy", seed=3)
    lags = np.array([0.002, 0.005, 0.010, 0.040])
    mean = states_at(run, lags - 0.5 * run.attrs["dt"]).mean(axis=1)
    assert mean == pytest.approx(np.exp(-lags / 0.005), abs=4 / np.sqrt(2000))
    assert run.rates().mean() == pytest.approx(1 / (2 * 0.005), rel=0.05)


@pytest.mark.parametrize(
    ("options", "law"),
    [
        ({}, stats.norm(0, 0.7)),
        ({"noise_alpha": 1.0}, stats.cauchy(0, 0.7)),
        ({"noise_alpha": 2.0}, stats.norm(0, 0.7 * np.sqrt(2))),
    ],
)
def test_threshold_noise_has_its_law(options, law):
    network = BinaryNetwork(
        ISOLATED,
        states=(0, 1),
        update="synchronous",
        noise=0.7,
        drive=1.9,
        threshold=0.4,
        **options,
    )
    run = simulate(network, 200 * ms, backend="numpy", seed=4, record=["state"])
    mean = run.traces["state"].values.mean()
    assert mean == pytest.approx(law.cdf(1.9 - 0.4), abs=4 * 0.5 / np.sqrt(2000 * 20))


def test_frozen_noise_keeps_identical_replicas_together():
    coupling = Coupling(Gaussian(), AllToAll())
    start = np.where(np.arange(200) % 3, 1, -1)
    runs = [
        simulate(
            BinaryNetwork(coupling.sample(200, 1), noise=0.5, noise_seed=7, initial=start),
            200 * ms, backend="numpy", seed=seed,
        )
        for seed in (1, 2)
    ]  # fmt: skip
    assert runs[0].n_spikes > 1000
    assert np.array_equal(runs[0].times, runs[1].times)
    assert np.array_equal(runs[0].ids, runs[1].ids)


@pytest.mark.slow
def test_replicas_that_differ_in_a_few_units_reach_the_predicted_overlap():
    g, s, n = 1.0, 0.5, 1500
    weights = Coupling(Gaussian(), AllToAll(), gain=g).sample(n, 5)
    start = np.random.default_rng(6).choice([-1, 1], n)
    other = start.copy()
    other[:150] *= -1
    trajectories = []
    for initial in (start, other):
        network = BinaryNetwork(weights, noise=s, noise_seed=8, initial=initial)
        run = simulate(network, 300 * ms, backend="runtime", dt=0.2 * ms)
        trajectories.append(states_at(run, np.arange(0.1, 0.3, 0.01)))
    overlap = (trajectories[0] * trajectories[1]).mean()
    predicted = optimize.brentq(
        lambda c: 2 / np.pi * np.arcsin((g**2 * c + s**2) / (g**2 + s**2)) - c, -0.5, 0.99
    )
    assert predicted == pytest.approx(0.2771, abs=1e-4)
    assert overlap == pytest.approx(predicted, abs=0.035)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"states": (0, 2)}, ParameterError, "states must be"),
        ({"update": "synchron"}, ParameterError, "did you mean 'synchronous'"),
        ({"tau": 10}, UnitError, "tau must be"),
        ({"tau": 1 * mV}, UnitError, "tau must be"),
        ({"noise": -1}, ParameterError, "noise must be"),
        ({"noise_alpha": 2.1}, ParameterError, "noise_alpha must be"),
        ({"noise_alpha": 0}, ParameterError, "noise_alpha must be"),
        ({"threshold": np.nan}, ParameterError, "threshold must be"),
        ({"drive": np.ones(3)}, ParameterError, "drive must be"),
        ({"initial": [1, 0]}, ParameterError, "initial must hold"),
        ({"noise_seed": -2}, ParameterError, "noise_seed must be"),
    ],
)
def test_bad_parameters_are_named(options, error, message):
    with pytest.raises(error, match=message):
        BinaryNetwork(np.eye(2), **options)


def test_synchronous_dynamics_have_one_step():
    with pytest.raises(ParameterError, match="must equal tau"):
        simulate(BinaryNetwork(np.eye(2), update="synchronous"), 1 * second, dt=1 * ms)
