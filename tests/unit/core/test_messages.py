"""Messages name the argument that is wrong, its own value and a remedy that works."""

import warnings

import numpy as np
import pytest
from brian2 import ms, mV, second
from typer.testing import CliRunner

import heavytail_snn as ht
from heavytail_snn.analysis.theory.numerics.arrays import check_array
from heavytail_snn.cli.main import app
from heavytail_snn.core.errors import ParameterError, UnitError

models, analysis, theory = ht.models, ht.analysis, ht.analysis.theory
COUPLING = ht.Coupling(ht.LevyStable(1.5), ht.AllToAll())
WEIGHTS = np.array([[0.0, 0.1], [0.1, 0.0]])
LIF = models.LIFNetwork(WEIGHTS)
MESSAGES = {
    "steps": (lambda: ht.simulate(models.RateMap(COUPLING, 10), 50 * ms), "give steps, such as"),
    "time constants": (
        lambda: ht.simulate(models.RateFlow(COUPLING, 10), 50 * ms), "give time constants, such"
    ),
    "of a spectrum": (
        lambda: analysis.lyapunov_spectrum(models.RateFlow(COUPLING, 10), duration=1 * second),
        "duration must have no unit.*give time constants, such as duration=100",
    ),
    "drive": (lambda: models.LIFNetwork(WEIGHTS, drive=22), r"got 22; write drive=22\*mV"),
    "drive as an array": (lambda: models.LIFNetwork(WEIGHTS, drive=[22, 23]), r"drive=1\*mV"),
    "reset": (
        lambda: models.LIFNetwork(WEIGHTS, v_reset=30 * mV),
        r"v_reset must lie below theta = 20\. mV, got 30\. \* mvolt; lower it, or raise theta",
    ),
    "reset of conductances": (
        lambda: models.ConductanceLIFNetwork(WEIGHTS, v_reset=30 * mV), "v_reset must lie below"
    ),
    "own value": (
        lambda: models.LIFNetwork(WEIGHTS, tau=-3 * ms), r"tau must .* in SI units, got -3\. \* mse"
    ),
    "open end": (lambda: check_array("u", [-1.0], low=0), r"numbers in \[0, inf\), got"),
    "both ends": (lambda: check_array("u", [-1.0], low=0, high=2), r"numbers in \[0, 2\], got"),
    "size": (lambda: models.LIFNetwork(COUPLING), "got None; a Coupling needs n_neurons"),
    "record_dt": (
        lambda: ht.simulate(LIF, 5 * ms, record_dt=1 * ms),
        r'record_dt has nothing to sample, got .*; omit it, or write record=\["v"\]',
    ),
    "progress": (lambda: ht.simulate(LIF, 5 * ms, progress="x"), "progress must be True or False"),
    "dt of Siegert": (
        lambda: theory.siegert(20 * mV, 5 * mV, dt=100 * ms), r"dt must .*use at most tau/4 = 0.005"
    ),
    "dt of a circuit": (
        lambda: theory.LIFCircuit(in_degree=10, weight=0.1 * mV, drive=20 * mV, dt=100 * ms),
        "dt must .*use at most tau/4",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_names_what_is_wrong(name):
    call, message = MESSAGES[name]
    with pytest.raises(ParameterError, match=message):
        call()


def test_a_wrong_size_says_nothing_of_couplings():
    with pytest.raises(ParameterError) as caught:
        models.LIFNetwork(COUPLING, 0)
    assert "a Coupling needs" not in str(caught.value)


@pytest.mark.parametrize("gain", ["0", "nan"])
def test_the_command_exponent_names_its_option(gain):
    result = CliRunner().invoke(app, ["exponent", "--gain", gain, "--n-neurons", "50"])
    assert result.exit_code == 1
    assert "ParameterError: gain must be a finite number in (0, inf), got" in result.output


def test_the_remedies_of_the_messages_work():
    assert ht.simulate(models.RateMap(COUPLING, 10), duration=100, seed=1).t_stop == 100
    assert ht.simulate(models.RateFlow(COUPLING, 10), duration=100, seed=1).t_stop == 100
    flow = models.RateFlow(COUPLING, 10)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert analysis.lyapunov_spectrum(flow, duration=100, seed=1).unit == "1/tau"
    models.LIFNetwork(WEIGHTS, drive=22 * mV)
    models.LIFNetwork(WEIGHTS, v_reset=30 * mV, theta=40 * mV)
    options = {"record": ["v"], "record_dt": 1 * ms, "backend": "numpy"}
    assert ht.simulate(LIF, 5 * ms, **options).traces["v"].dt == pytest.approx(1e-3)
    assert theory.siegert(20 * mV, 5 * mV, dt=5 * ms).rate > 0


def test_the_unit_of_a_duration_is_a_matter_of_units():
    with pytest.raises(UnitError):
        ht.simulate(models.RateMap(COUPLING, 10), 50 * ms)
