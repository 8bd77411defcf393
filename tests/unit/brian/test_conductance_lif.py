"""ConductanceLIFNetwork: equations against a hand-written integration; arguments; spectrum."""

import numpy as np
import pytest
from brian2 import ms, mV, prefs, second

import heavytail_snn as ht
from heavytail_snn.analysis.lyapunov.brian.model import lyapunov_spectrum_of_model
from heavytail_snn.analysis.lyapunov.tangent.refusals import WhiteNoiseError
from heavytail_snn.core.errors import ParameterError, UnitError
from heavytail_snn.models.brian.conductance_lif import ConductanceLIFNetwork
from heavytail_snn.models.brian.lif import LIFNetwork, WhiteNoise


def weights(n=40, seed=0):
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal((n, n)) * 0.1 * (rng.random((n, n)) < 0.2)
    np.fill_diagonal(matrix, 0)
    return matrix


def test_two_neurons_follow_the_equations():
    """Neuron 0 fires regularly; its pulses, of both signs, drive neurons 1 and 2."""
    matrix = np.zeros((3, 3))
    matrix[1, 0], matrix[2, 0] = 0.3, -0.4
    model = ConductanceLIFNetwork(matrix, drive=[30, 15, 15] * mV, initial=[0, 5, 5] * mV)
    run = ht.simulate(model, 60 * ms, backend="numpy", record=("v",), seed=1)
    # noise-free rate of neuron 0: t_ref + tau ln(mu / (mu - theta)), on the grid
    period = 0.002 + 0.020 * np.log(30 / 10)
    own = run.times[run.ids == 0]
    np.testing.assert_allclose(np.diff(own), period, atol=2e-4)

    dt, v, g = 1e-5, np.array([0.005, 0.005]), np.zeros(2)
    tau_g, reversal, jump = np.array([0.005, 0.010]), np.array([0.070, -0.010]), [0.3, 0.4]
    arrivals = np.round((own + 1e-4 + 0.0015) / dt).astype(int)
    voltages = []
    for step in range(round(0.05999 / dt)):
        g = g + np.array(jump) * (step in arrivals)
        v = v + dt * (0.015 - v + g * (reversal - v)) / 0.020
        g = g * np.exp(-dt / tau_g)
        voltages.append(v)
    trace = run.traces["v"]
    found = np.asarray(trace.values if hasattr(trace, "values") else trace.samples)
    found = found if found.shape[0] == 3 else found.T
    simulated = found[1:, ::100]
    expected = np.array(voltages)[np.arange(simulated.shape[1]) * 1000 - 1].T
    np.testing.assert_allclose(simulated[:, 1:], expected[:, 1:], atol=2e-5)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"theta": 80 * mV}, ParameterError),
        ({"e_i": 30 * mV}, ParameterError),
        ({"tau_e": 0 * ms}, ParameterError),
        ({"tau_i": 5 * mV}, UnitError),
        ({"drive": 24}, UnitError),
        ({"v_reset": 25 * mV}, ParameterError),
        ({"initial": [1, 2] * mV}, ParameterError),
    ],
)
def test_bad_arguments_are_named(change, error):
    with pytest.raises(error):
        ConductanceLIFNetwork(weights(), **change)


@pytest.fixture
def numpy_target():
    before, prefs.codegen.target = prefs.codegen.target, "numpy"
    yield
    prefs.codegen.target = before


@pytest.mark.usefixtures("numpy_target")
def test_spectrum_of_the_models():
    """An uncoupled conductance network: its clocks are neutral, in any dimension."""
    tiny = weights() * 1e-9
    model = ConductanceLIFNetwork(tiny, drive=30 * mV)
    result = lyapunov_spectrum_of_model(
        model, duration=0.6 * second, k=3, seed=1, state_warmup=0.1, tangent_warmup=0.1
    )
    np.testing.assert_allclose(result.exponents, 0, atol=2.0)
    assert result.parameters["replay"]["largest_deviation"] < 1e-9
    noisy = LIFNetwork(tiny, drive=30 * mV, noise=WhiteNoise(1 * mV))
    options = {"duration": 0.2, "k": 1, "state_warmup": 0.05, "tangent_warmup": 0.05, "seed": 1}
    with pytest.raises(WhiteNoiseError, match="white_noise='frozen'"):
        lyapunov_spectrum_of_model(noisy, **options)
    frozen = lyapunov_spectrum_of_model(noisy, white_noise="frozen", **options)
    assert any("white noise" in w for w in frozen.warnings)
    assert frozen.largest_exponent < 0
    with pytest.raises(ParameterError, match="runs through Brian2"):
        lyapunov_spectrum_of_model("model", duration=1, k=1)
