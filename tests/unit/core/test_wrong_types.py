"""Arguments of the wrong type or name are refused by the front, with a remedy that works."""

import pickle

import numpy as np
import pytest
from brian2 import ms

import heavytail_snn as ht
from heavytail_snn.core.errors import ParameterError, check_callable, check_sequence
from heavytail_snn.core.results import Estimate

models, analysis, theory = ht.models, ht.analysis, ht.analysis.theory
COUPLING = ht.Coupling(ht.LevyStable(1.5), ht.AllToAll())
RECORDING = ht.Recording(np.array([0.1, 0.2]), np.array([0, 1]), 2, 0.0, 1.0)
WEIGHTS = np.array([[0.0, 0.1], [0.1, 0.0]])

NAMES = {
    "map": (lambda: models.RateMap(COUPLING, 10, gian=1), "gian .*RateMap.*mean 'gain'"),
    "map, misspelt weights": (lambda: models.RateMap(weigths=WEIGHTS), "mean 'weights'"),
    "flow": (lambda: models.RateFlow(COUPLING, 10, gian=1), "gian .*RateFlow.*mean 'gain'"),
    "flow, own": (lambda: models.RateFlow(COUPLING, 10, schema="rk4"), "mean 'scheme'"),
    "theta": (
        lambda: models.ThetaNetwork(COUPLING, 10),
        "drive .*given to ThetaNetwork.*add drive",
    ),
    "theta, misspelt": (lambda: models.ThetaNetwork(COUPLING, 10, drve=1.0), "mean 'drive'"),
    "rapid theta": (
        lambda: models.RapidThetaNetwork(COUPLING, 10, drive=1.0, rapidnes=2.0),
        "RapidThetaNetwork.*mean 'rapidness'",
    ),
    "pulse lif": (lambda: models.PulseLIFNetwork(COUPLING, 10), "given to PulseLIFNetwork"),
}


@pytest.mark.parametrize("name", NAMES)
def test_the_front_of_a_network_names_what_it_does_not_know(name):
    call, message = NAMES[name]
    with pytest.raises(ParameterError, match=message):
        call()


def test_networks_are_built_copied_and_pickled_as_before():
    network = models.RateMap(weights=WEIGHTS, gain=2.0)
    assert pickle.loads(pickle.dumps(network)).gain == network.with_gain(2.0).gain == 2.0
    theta = models.ThetaNetwork(WEIGHTS, drive=1.0)
    assert pickle.loads(pickle.dumps(theta)).with_drive(2.0).drive == 2.0


TYPES = {
    "pairs": (lambda: analysis.divergence_rate(RECORDING), r"pairs must be a list.*\[\(first, s"),
    "pair": (lambda: analysis.divergence_rate([RECORDING]), r"pairs of Recordings.*\[\(first"),
    "spectrum": (lambda: analysis.lyapunov.entropy_per_spike(3), "must be a LyapunovSpectrum"),
    "statistic": (
        lambda: analysis.recorded.surrogate_test(RECORDING, 3), "statistic must be a function"
    ),
    "recording": (
        lambda: analysis.recorded.surrogate_test(lambda r: 1.0, 3), "must be a Recording"
    ),
    "states": (lambda: models.BinaryNetwork(COUPLING, 10, states=3), "a list.*leave it out"),
    "record": (
        lambda: ht.simulate(models.LIFNetwork(WEIGHTS), 5 * ms, record=3, backend="numpy"),
        r'record must be a list of names, got 3; write record=\["v"\]',
    ),
    "record of a quantity": (
        lambda: ht.simulate(models.LIFNetwork(WEIGHTS), 5 * ms, record=3 * ms, backend="numpy"),
        "record must be a list",
    ),
    "kernel": (
        lambda: theory.sphere_spectrum(np.array([1, 2]), 2, max_degree=3),
        "kernel must be a function.*circle_spectrum",
    ),
    "drive": (lambda: theory.rate_flow_fixed_point(1.5, drive=3), "drive must be a function"),
    "exponent": (lambda: theory.sign_pair_correlation(3, 1.5), "exponent must be a function"),
    "activity": (
        lambda: theory.binary(1, 0.5, units="zero_one", threshold=8.0),
        r"threshold must leave a mean activity above 1e-25, and leaves .*lower the threshold",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TYPES)
def test_a_wrong_type_is_refused_by_name(name):
    call, message = TYPES[name]
    with pytest.raises(ParameterError, match=message):
        call()


def test_the_remedies_work():
    models.BinaryNetwork(COUPLING, 10)
    models.BinaryNetwork(COUPLING, 10, states=[0, 1])
    run = ht.simulate(models.LIFNetwork(WEIGHTS), 5 * ms, record=["v"], backend="numpy")
    assert "v" in run.traces
    assert theory.circle_spectrum(np.array([1.0, 0.5, 0.2, 0.5])).eigenvalue.size
    found = theory.rate_flow_fixed_point(1.5, drive=lambda lag: 0.1 * np.exp(-lag))
    assert found.variance > 0
    assert theory.binary(1, 0.5, units="zero_one", threshold=5.0).mean_activity > 1e-23


def test_checks_of_functions_and_lists():
    assert check_callable("f", len) is len
    assert check_sequence("x", (i for i in range(2)), "numbers") == (0, 1)
    for value in ("text", 3, np.array(3)):
        with pytest.raises(ParameterError, match="x must be a list of numbers"):
            check_sequence("x", value, "numbers")


@pytest.mark.parametrize("phi", ["tanh", np.tanh, (np.tanh, lambda x: 1 / np.cosh(x) ** 2)])
def test_the_heavy_tailed_flow_takes_a_transfer_function_as_the_other_theories(phi):
    sampling = theory.PathSampling(population=20, duration=20.0, n_iterations=4, n_average=4)
    options = {"sampling": sampling, "tolerance": 10.0, "seed": 1}
    found = theory.rate_flow_heavy_tailed(1.5, 3.0, phi=phi, **options)
    usual = theory.rate_flow_heavy_tailed(1.5, 3.0, **options)
    assert found.scale == usual.scale > 0
    with pytest.raises(ParameterError, match="did you mean 'tanh'"):
        theory.rate_flow_heavy_tailed(1.5, 3.0, phi="tan", **options)
    assert theory.rate_flow_heavy_tailed(1.5, 0.0, phi=phi, **options).scale == 0.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"value": "2"}, "value must be a number"),
        ({"value": None}, "value must be a number"),
        ({"standard_error": -0.1}, "standard_error must be nan or a number >= 0"),
        ({"standard_error": "small"}, "standard_error must be nan"),
        ({"standard_error": None}, "standard_error must be nan"),
        ({"name": 3}, "name must be a text"),
        ({"name": ""}, "name must be a text"),
        ({"unit": 3}, "unit must be a text"),
    ],
)
def test_an_estimate_checks_its_numbers(change, message):
    with pytest.raises(ParameterError, match=message):
        Estimate(**({"name": "rate", "value": 2.0, "standard_error": 0.5, "unit": "Hz"} | change))


def test_estimates_hold_plain_numbers():
    estimate = Estimate("rate", np.float32(2.0), np.float64(0.5), "Hz")
    assert (type(estimate.value), type(estimate.standard_error)) == (float, float)
    assert str(Estimate("rate", 2)) == "rate = 2"
    assert np.isnan(Estimate("rate", float("nan")).value)
    assert Estimate("dimension", float("inf"), 0.0).value == float("inf")
