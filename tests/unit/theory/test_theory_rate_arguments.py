"""Rate-network theories refuse bad input, name quiescent states and hand over their results."""

import math

import numpy as np
import pytest

from heavytail_snn.analysis import compare, theory
from heavytail_snn.analysis.theory.numerics.self_consistency import largest_stable_root
from heavytail_snn.analysis.theory.numerics.transfer import TRANSFERS, as_transfer
from heavytail_snn.core.errors import ConvergenceError, ParameterError


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: theory.quiescent_gain(100, 2.1), "alpha"),
        (lambda: theory.quiescent_gain(100, 0.0), "alpha"),
        (lambda: theory.quiescent_gain(100, math.nan), "alpha"),
        (lambda: theory.quiescent_gain(0, 1.0), "n_neurons"),
        (lambda: theory.quiescent_gain(1.5, 1.0), "n_neurons"),
        (lambda: theory.stable_map(-1.0, 1.0), "alpha"),
        (lambda: theory.stable_map(1.0, 0.0), "g"),
        (lambda: theory.stable_map(1.0, 1.0, noise=-0.1), "noise"),
        (lambda: theory.stable_map(1.0, 1.0, phi="relu"), "phi"),
        (lambda: theory.stable_map(1.0, 1.0, phi="tahn"), "phi"),
        (lambda: theory.rate_map(0.0), "g"),
        (lambda: theory.rate_map("2"), "g"),
        (lambda: theory.rate_map(2.0, noise=-1.0), "noise"),
        (lambda: theory.rate_map(2.0, phi="relu"), "phi"),
        (lambda: theory.rate_map(2.0, phi="linear"), "phi"),
        (lambda: theory.rate_map(2.0, convention="gauss"), "convention"),
        (lambda: theory.rate_map_spectrum(2.0, n_exponents=0), "n_exponents"),
        (lambda: theory.rate_flow(-1.0), "g"),
        (lambda: theory.rate_flow(2.0, -0.1), "noise"),
        (lambda: theory.rate_flow(2.0, phi="threshold_linear"), "phi"),
        (lambda: theory.rate_flow(2.0).power_spectrum(np.ones(1), of="y"), "of"),
        (lambda: theory.rate_flow_fixed_point(2.0, mixing=0.0), "mixing"),
        (lambda: theory.rate_flow_fixed_point(2.0, drive=lambda lag: lag), "drive"),
        (lambda: theory.rate_flow_transition(-0.5), "noise"),
        (lambda: theory.rate_flow_transition(0.5, phi=lambda x: -np.tanh(x)), "phi"),
        (lambda: theory.two_replica(2.0, 0.0), "perturbation"),
        (lambda: theory.two_replica(0.8, 0.1), "g"),
        (lambda: theory.two_replica(2.0, 0.1, noise=-1.0), "noise"),
        (lambda: theory.rate_flow_participation(0.9), "g"),
        (lambda: theory.rate_flow_participation(2.0, window=-1.0), "window"),
        (lambda: theory.rate_map_participation(0.9), "g"),
        (lambda: theory.rate_map_participation(2.0, window=0), "window"),
        (lambda: theory.linear_participation(1.0), "g"),
        (lambda: as_transfer(np.tanh, np.cosh), "derivative"),
        (lambda: as_transfer(3.0), "phi"),
        (lambda: as_transfer(lambda x: np.exp(1e3 * x)), "phi"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow")
def test_bad_arguments_are_named(call, argument):
    with pytest.raises(ParameterError) as caught:
        call()
    assert caught.value.argument == argument
    assert caught.value.rule


def test_misspelt_transfer_gets_a_suggestion():
    with pytest.raises(ParameterError, match="did you mean 'tanh'"):
        theory.rate_flow(2.0, phi="tahn")


def test_silent_networks_are_named_quiescent():
    flow, discrete, spectrum = (
        theory.rate_flow(0.8),
        theory.rate_map(0.8),
        theory.rate_map_spectrum(1.0),
    )
    assert flow.state == discrete.state == spectrum.mean_field.state == "quiescent"
    assert flow.variance == discrete.field_variance == 0.0
    assert flow.largest_exponent == pytest.approx(-0.2)
    assert discrete.largest_exponent == pytest.approx(math.log(0.8))
    assert not flow.autocovariance.any()
    assert math.isnan(discrete.participation_ratio_per_neuron)
    assert theory.rate_flow_fixed_point(0.8).state == "quiescent"


def test_gains_beyond_the_precision_of_numbers_are_refused():
    assert theory.rate_flow(1e4).warnings == ()
    with pytest.raises(ConvergenceError, match="rounding"):
        theory.rate_flow(1e6)
    with pytest.raises(ConvergenceError, match=r"Hermite series .* fixed-point"):
        theory.rate_flow_fixed_point(60.0, duration=20.0, dt=0.05)


def test_kinks_are_named_with_their_error():
    found = theory.rate_flow(3.0, phi=lambda x: np.clip(x, -1.0, 1.0))
    assert "kinks" in found.warnings[0]


def test_noise_without_chaos_is_named_driven():
    assert theory.rate_flow(1.5, 0.5).state == theory.rate_map(1.05, noise=0.5).state == "driven"


def test_unreached_fixed_points_raise():
    with pytest.raises(ConvergenceError, match="rate_flow"):
        theory.rate_flow_fixed_point(2.0, max_iterations=5)
    with pytest.raises(ConvergenceError, match="without bound"):
        largest_stable_root(lambda x: 1.0 + x, np.linspace(0.0, 1.0, 5))
    with pytest.raises(ConvergenceError, match="not finite"):
        largest_stable_root(lambda x: math.nan, np.linspace(0.0, 1.0, 5))


def test_the_largest_falling_root_is_taken():
    found = largest_stable_root(lambda x: -(x - 1) * (x - 2) * (x - 3), np.linspace(0.0, 4.0, 14))
    assert found is not None
    assert found[0] == pytest.approx(3.0, abs=1e-12)
    assert found[1][0, 0] > 2.5
    assert largest_stable_root(lambda x: -1.0 - x, np.linspace(0.0, 4.0, 14)) is None


def test_histories_end_at_the_residual():
    for result in (theory.rate_map(2.0), theory.rate_flow(2.0, 0.1), theory.stable_map(1.0, 1.0)):
        assert result.history.ndim == 2
        assert result.history.shape[0] >= 3
        assert abs(result.residual) < 1e-9
    iterated = theory.rate_flow_fixed_point(3.0)
    assert iterated.history[-1, 1] == iterated.residual < 1e-8


@pytest.mark.parametrize("name", TRANSFERS)
def test_derivatives_of_the_named_functions(name):
    transfer = TRANSFERS[name]
    as_transfer((transfer.value, transfer.derivative))  # checks by finite differences
    assert transfer.odd == (name in ("tanh", "erf", "linear"))


def test_a_function_without_derivative_is_differentiated():
    ours, named = theory.rate_flow(2.0, phi=lambda x: np.tanh(x)), theory.rate_flow(2.0)
    assert ours.largest_exponent == pytest.approx(named.largest_exponent, abs=1e-9)
    assert theory.rate_map(2.0, phi=lambda x: np.tanh(x)).largest_exponent == pytest.approx(
        theory.rate_map(2.0).largest_exponent, abs=1e-9
    )


def test_activations_of_models_are_transfer_functions():
    from heavytail_snn.models.rate.activation import activation

    for name in ("tanh", "erf", "relu", "threshold_linear"):
        x = np.linspace(-3.05, 3.05, 50)
        model, ours = as_transfer(activation(name)), as_transfer(name)
        assert model.value(x) == pytest.approx(ours.value(x), abs=1e-14)
        assert model.derivative(x) == pytest.approx(ours.derivative(x), abs=1e-14)


def test_sech_squared_survives_large_arguments():
    slope = as_transfer("tanh").derivative(np.array([20.0, -100.0, 1e6]))
    assert slope[0] == pytest.approx(4 * math.exp(-40.0), rel=1e-12)
    assert slope[1] == pytest.approx(4 * math.exp(-200.0), rel=1e-12)
    assert slope[2] < 1e-200


def test_results_are_frozen_and_comparable():
    spectrum = theory.rate_map_spectrum(2.0)
    with pytest.raises(AttributeError):
        spectrum.positive_fraction = 1.0
    comparison = compare(spectrum.of_network(500), spectrum.of_network(500))
    assert {row.name for row in comparison.rows} == {
        "largest_exponent",
        "positive_fraction",
        "kaplan_yorke_dimension",
        "entropy_rate",
    }
    dataset = theory.rate_flow(2.0).to_xarray()
    assert dataset["autocovariance"].dims == ("time",)
    assert dataset["largest_exponent"].attrs["unit"] == "1/tau"


def test_of_network_multiplies_extensive_numbers():
    spectrum = theory.rate_map_spectrum(2.0)
    numbers = {estimate.name: estimate.value for estimate in spectrum.of_network(200)}
    assert numbers["kaplan_yorke_dimension"] == 200 * spectrum.kaplan_yorke_dimension_per_neuron
    assert numbers["largest_exponent"] == spectrum.largest_exponent


def test_flat_parts_of_phi_give_exponents_of_minus_infinity():
    """phi' is 0 or 1: a fraction P(|x| > 1) of the exponents is lost for good."""
    found = theory.rate_map_spectrum(3.0, phi=lambda x: np.clip(x, -1.0, 1.0), n_exponents=2000)
    lost = math.erfc(1.0 / math.sqrt(2.0 * found.mean_field.field_variance))
    assert np.mean(np.isneginf(found.exponents)) == pytest.approx(lost, abs=5e-3)
    assert found.kaplan_yorke_dimension_per_neuron < 1.0 - lost


def test_theory_never_imports_a_simulation():
    from pathlib import Path

    sources = Path(theory.__file__).parent.rglob("*.py")
    text = "\n".join(source.read_text() for source in sources)
    for forbidden in (
        "heavytail_snn.models",
        "heavytail_snn.brian.simulation.simulate",
        "import brian2",
    ):
        assert forbidden not in text
