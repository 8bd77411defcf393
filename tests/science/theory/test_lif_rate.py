"""LIF network against closed forms and by hand.

Rate without noise: 1/(t_ref + tau ln(mu/(mu - theta))), integrated by hand from
tau v' = mu - v.  White noise: v is an Ornstein-Uhlenbeck process of variance sigma^2/2, and with a
threshold its rate is that of Siegert, Phys. Rev. 81 (1951) 617, with the threshold raised by
0.5826 sigma sqrt(dt/tau) for a clocked simulation (Broadie, Glasserman & Kou, Math. Finance 7
(1997) 325).  Areas of synaptic potentials: by integration of the equations in the docstring.
"""

import numpy as np
import pytest
from brian2 import ms, mV, second
from scipy import integrate, special, stats

from heavytail_snn.brian.simulation.simulate import simulate
from heavytail_snn.core.errors import ParameterError, UnitError
from heavytail_snn.models import ColouredNoise, LIFNetwork, WhiteNoise

DT = 1e-4
CHAIN = np.array([[0.0, 0.0, 0.0], [3.0, 0.0, 0.0], [-4.0, 0.0, 0.0]])  # 0 -> 1 and 0 -| 2


def chain(**options):
    """Neuron 0 spikes regularly, 1 and 2 are silent receivers."""
    drive = [40, 0, 0] * mV
    return LIFNetwork(CHAIN, drive=drive, initial=0 * mV, **options)


def spike_steps(run, neuron=0):
    return np.rint(run.spike_trains()[neuron] / DT).astype(int)


def test_noise_free_rate():
    run = simulate(LIFNetwork(np.eye(2) * 1e-9, drive=40 * mV), 2 * second, backend="numpy", seed=1)
    exact = 0.002 + 0.02 * np.log(2)  # 63.04 Hz
    for train in run.spike_trains():
        assert np.abs(np.diff(train) - exact).max() < DT
    assert 1 / exact == pytest.approx(63.04, abs=1e-4)
    for train in run.spike_trains():
        rate = (train.size - 1) / (train[-1] - train[0])
        assert rate == pytest.approx(1 / exact, rel=DT / exact)


def test_first_spike_and_interval_are_exact_in_steps():
    for t_ref in (0, 1, 20):
        run = simulate(chain(t_ref=t_ref * 0.1 * ms), 60 * ms, backend="numpy")
        steps = spike_steps(run)
        rise = int(np.ceil(0.02 * np.log(2) / DT))  # steps from reset to beyond threshold
        # a spike carries the time at which its step starts, and is reset within that step; Brian2
        # counts the refractory period from there, so that t_ref/dt - 1 whole steps are lost
        assert steps[0] == rise - 1
        assert (np.diff(steps) == rise + max(t_ref - 1, 0)).all()


@pytest.mark.parametrize("dt", [5e-5, 2e-4])
def test_the_time_step_is_the_one_asked_for(dt):
    """Spikes lie on its grid, at the last step before the exact time, and so does the delay."""
    network = chain(delay=1 * ms, t_ref=0 * ms)
    run = simulate(network, 40 * ms, dt=dt * second, backend="numpy", record=["v"])
    first = np.ceil(0.02 * np.log(2) / dt) - 1
    assert run.spike_trains()[0] / dt == pytest.approx([first, 2 * first + 1], abs=1e-6)
    assert np.flatnonzero(run.traces["v"].values[:, 1])[0] == round(first + 1e-3 / dt + 1)
    assert run.attrs["dt"] == run.traces["v"].dt == pytest.approx(dt)


@pytest.mark.parametrize("delay", [0.0, 0.1, 1.5])
def test_sign_size_and_delay_of_a_delta_synapse(delay):
    run = simulate(
        chain(delay=delay * ms, unit_weight=2 * mV), 20 * ms, backend="numpy", record=["v"]
    )
    v = run.traces["v"].values
    spike = spike_steps(run)[0]
    arrival = spike + round(delay / 0.1) + 1  # seen by the sample at the next step's start
    assert np.flatnonzero(v[:, 1])[0] == arrival
    assert v[arrival, 1] == pytest.approx(0.006, rel=1e-12)
    assert v[arrival, 2] == pytest.approx(-0.008, rel=1e-12)
    later = arrival + 30
    assert v[later, 1] == pytest.approx(0.006 * np.exp(-30 * DT / 0.02), rel=1e-9)


def test_delta_input_in_the_refractory_period_is_lost():
    weights = np.array([[0.0, 0.0], [15.0, 0.0]])
    network = LIFNetwork(weights, drive=[40, 41] * mV, initial=0 * mV, delay=0.5 * ms, t_ref=2 * ms)
    run = simulate(network, 30 * ms, backend="numpy", record=["v"])
    first, second_ = spike_steps(run, 0)[0], spike_steps(run, 1)[0]
    assert second_ < first + 5 < second_ + 20  # the pulse falls into neuron 1's refractory period
    assert (run.traces["v"].values[second_ + 1 : second_ + 20, 1] == 0).all()


@pytest.mark.parametrize("synapse", ["delta", "exponential", "alpha"])
def test_potentials_of_all_synapses_have_the_same_area(synapse):
    """Area of v after one spike is W unit_weight tau, whatever the synapse."""
    network = LIFNetwork(
        CHAIN,
        drive=[20.001, 0, 0] * mV,
        initial=[19.99, 0, 0] * mV,
        synapse=synapse,
        tau_syn=4 * ms,
    )
    run = simulate(network, 180 * ms, backend="numpy", record=["v"])
    assert run.counts().tolist() == [1, 0, 0]
    areas = run.traces["v"].values[:, 1:].sum(axis=0) * DT
    assert areas == pytest.approx([0.003 * 0.02, -0.004 * 0.02], rel=5e-3)


@pytest.mark.parametrize(("synapse", "peak"), [("exponential", 0.0), ("alpha", 4e-3)])
def test_time_course_of_the_synapse(synapse, peak):
    network = chain(synapse=synapse, tau_syn=4 * ms, delay=1 * ms)
    run = simulate(network, 28 * ms, backend="numpy", record=["recurrent"])
    current = run.traces["recurrent"].values[:, 1]
    arrival = spike_steps(run)[0] + 11
    t = DT * np.arange(current.size - arrival)
    shape = np.exp(-t / 4e-3) if synapse == "exponential" else t / 4e-3 * np.exp(-t / 4e-3)
    assert current[:arrival] == pytest.approx(0)
    assert current[arrival:] == pytest.approx(0.003 * 0.02 / 4e-3 * shape, rel=1e-5, abs=1e-12)
    assert np.argmax(current[arrival:]) * DT == pytest.approx(peak, abs=DT)


def test_white_noise_has_variance_half_sigma_squared():
    network = LIFNetwork(
        np.eye(2000) * 1e-9, drive=0 * mV, initial=0 * mV, theta=99 * mV, noise=WhiteNoise(4 * mV)
    )
    run = simulate(network, 81 * ms, backend="numpy", seed=2, record=["v"], record_dt=80 * ms)
    v = run.traces["v"].values[1]
    expected = 0.004**2 / 2 * (1 - np.exp(-2 * 80 / 20))
    assert v.var() == pytest.approx(expected, rel=4 * np.sqrt(2 / 2000))
    assert stats.kstest(v / v.std(), "norm").pvalue > 1e-3


def test_coloured_noise_has_its_variance_and_correlation_time():
    network = LIFNetwork(
        np.eye(2000) * 1e-9, drive=0 * mV, theta=100 * mV, noise=ColouredNoise(3 * mV, tau=8 * ms)
    )
    run = simulate(network, 24 * ms, backend="numpy", seed=3, record=["eta"], record_dt=8 * ms)
    eta = run.traces["eta"].values
    assert eta.std(axis=1) == pytest.approx(0.003, rel=0.07)
    correlation = (eta[0] * eta[1]).mean() / eta.var()
    assert correlation == pytest.approx(np.exp(-1), abs=4 / np.sqrt(2000))


def siegert(mu, sigma, tau, theta, reset, t_ref):
    low, high = (reset - mu) / sigma, (theta - mu) / sigma
    area = integrate.quad(lambda u: special.erfcx(-u), low, high)[0]
    return 1 / (t_ref + tau * np.sqrt(np.pi) * area)


@pytest.mark.slow
@pytest.mark.parametrize(("mu", "sigma"), [(15, 5), (22, 2)])
def test_rate_with_white_noise_is_siegert_with_the_shifted_threshold(mu, sigma):
    network = LIFNetwork(
        np.eye(1000) * 1e-9, drive=mu * mV, noise=WhiteNoise(sigma * mV), v_reset=10 * mV
    )
    run = simulate(network, 2 * second, backend="numpy", seed=4).slice(0.2, 2.0)
    shifted = 20 + 0.5826 * sigma * np.sqrt(1e-4 / 0.02)
    expected = siegert(mu, sigma, 0.02, shifted, 10, 0.002)
    counts = run.counts()
    error = counts.std() / np.sqrt(counts.size) / run.duration
    # lost steps: half a step late at threshold, one step short in the refractory period
    assert run.rates().mean() == pytest.approx(expected, abs=4 * error + 0.005 * expected)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"tau": 0 * ms}, ParameterError, "tau must be"),
        ({"tau": 20}, UnitError, r"tau=20\*ms"),
        ({"tau": 20 * mV}, UnitError, "tau must be a Brian2 quantity"),
        ({"t_ref": -1 * ms}, ParameterError, "t_ref must be"),
        ({"theta": 0 * mV}, ParameterError, "v_reset must lie below theta = 0"),
        ({"drive": [1, 2, 3] * mV}, ParameterError, "drive must be one value or 2 values"),
        ({"drive": np.nan * mV}, ParameterError, "drive must be finite"),
        ({"initial": 3}, UnitError, "initial must be"),
        ({"synapse": "alfa"}, ParameterError, "did you mean 'alpha'"),
        ({"noise": 3 * mV}, ParameterError, "must be a noise or None"),
        ({"n_neurons": 3}, ParameterError, "n_neurons must equal"),
        ({"weights": np.ones(3)}, ParameterError, "square matrix"),
    ],
)
def test_bad_parameters_are_named(options, error, message):
    with pytest.raises(error, match=message):
        LIFNetwork(**{"weights": np.eye(2), **options})


def test_bad_noise_is_named():
    with pytest.raises(UnitError, match="sigma"):
        WhiteNoise(2 * ms)
    with pytest.raises(ParameterError, match="tau must be"):
        ColouredNoise(2 * mV, tau=0 * ms)
    with pytest.raises(ParameterError, match="seed"):
        WhiteNoise(2 * mV, seed=-1)
