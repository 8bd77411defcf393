"""Every function that takes ``**options`` refuses unknown ones itself, with a did-you-mean."""

import numpy as np
import pytest
from brian2 import mV
from public_names import callables_with_any_keyword

import heavytail_snn as ht
from heavytail_snn.analysis import theory
from heavytail_snn.analysis.study.demo import run_demo
from heavytail_snn.core.errors import ParameterError
from heavytail_snn.core.options import check_options

WEIGHTS = np.array([[0.0, 2.0], [-2.0, 0.0]])
LIF = ht.models.LIFNetwork(WEIGHTS, drive=24 * mV, synapse="exponential")
CURVE = ht.analysis.largest_exponent_curve(WEIGHTS, [0.5, 0.6], n_steps=20, state_warmup=1)
STRETCHES = {
    "log_stretches": np.ones((20, 1)),
    "intervals": np.ones(20),
    "unit": "1/s",
    "kind": "map",
    "tangent_dimension": 1,
}
SPECTRUM = ht.analysis.lyapunov_spectrum


def spectrum_of(model, **options):
    return lambda **wrong: SPECTRUM(model, **options, **wrong)


# name: (the function with its data, a misspelt option, what was meant)
CALLS = {
    "analysis.lyapunov_spectrum": (spectrum_of(ht.models.RateMap(WEIGHTS)), "n_step", "n_steps"),
    "analysis.chaos_onset": (lambda **o: ht.analysis.chaos_onset(WEIGHTS, **o), "n_stepps", None),
    "analysis.lyapunov_spectrum_of_brian": (
        lambda **o: ht.analysis.lyapunov_spectrum_of_brian(None, duration=1.0, **o),
        "durations", "duration",
    ),
    "analysis.lyapunov_dt_scan": (
        lambda **o: ht.analysis.lyapunov_dt_scan(None, duration=1.0, **o),
        "qr_intervall",
        "qr_interval",
    ),
    "analysis.readout_regression": (
        lambda **o: ht.analysis.readout_regression(np.eye(4), np.ones(4), n_train=2, **o),
        "rigde",
        "ridge",
    ),
    "analysis.spectrum_from_blocks": (
        lambda **o: ht.analysis.spectrum_from_blocks(**STRETCHES, **o),
        "tangent_warm",
        "tangent_warmup",
    ),
    "analysis.LargestExponentCurve.plot": (CURVE.plot, "colr", "color"),
    "analysis.theory.population_extrapolation": (
        lambda **o: theory.population_extrapolation(1.5, 3.0, **o),
        "n_run",
        "n_runs",
    ),
    "models.RateFlow": (lambda **o: ht.models.RateFlow(WEIGHTS, **o), "gian", "gain"),
    "sweep": (
        lambda **o: ht.sweep("rate", measure="activity", store="absent.zarr", **o),
        "gian",
        "gain",
    ),
    "Recording.from_data": (
        lambda **o: ht.Recording.from_data({"a": [0.1, 0.2]}, **o),
        "time_units",
        "time_unit",
    ),
    "Recording.from_unsorted": (
        lambda **o: ht.Recording.from_unsorted([0.1], [0], 1, 0, 1, **o),
        "suport",
        "support",
    ),
    "Recording.from_spike_trains": (
        lambda **o: ht.Recording.from_spike_trains([[0.1]], 0, 1, **o),
        "epoch",
        "epochs",
    ),
    "Recording.read": (
        lambda **o: ht.Recording.read(ht.data.EXAMPLE_PATH, **o),
        "time_units",
        "time_unit",
    ),
}  # fmt: skip
ANY_NAME = {
    **{
        f"{table}.{method}": "columns are named by the user"
        for table in ("EpochTable", "UnitTable")
        for method in ("where", "with_columns")
    },
    "Recording.with_attrs": "attributes are named by the user",
    "analysis.lyapunov_from_copies": "refuses whatever it is given",
}


def test_every_function_with_options_is_here():
    assert {*CALLS, *ANY_NAME} == set(callables_with_any_keyword())


@pytest.mark.parametrize("name", CALLS)
def test_a_misspelt_option_is_refused_by_the_front(name):
    call, wrong, meant = CALLS[name]
    with pytest.raises(ParameterError) as caught:
        call(**{wrong: 1})
    text = str(caught.value)
    assert text.startswith(f"{wrong} is no option of ")
    assert f"did you mean {meant or 'n_steps'!r}?" in text
    assert name.rpartition(".")[2] in text
    assert "Its options: " in text


@pytest.mark.parametrize(
    ("model", "known"),
    [
        (ht.models.RateMap(WEIGHTS), "n_steps"),
        (ht.models.RateFlow(WEIGHTS), "duration"),
        (ht.models.ThetaNetwork(-abs(WEIGHTS), drive=1.0), "qr_spikes"),
        (LIF, "dt"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_options_named_are_those_of_the_model(model, known):
    with pytest.raises(ParameterError, match=rf"nonsense is no option .*\b{known}\b") as caught:
        SPECTRUM(model, nonsense=1)
    assert f"lyapunov_spectrum for {type(model).__name__}" in str(caught.value)


def test_compat_has_its_own_options():
    model = ht.models.RateMap(WEIGHTS)
    with pytest.raises(ParameterError, match="log_det is no option"):
        SPECTRUM(model, compat="xie2025", log_det=True)


def test_a_missing_option_is_named_by_the_front():
    with pytest.raises(ParameterError, match="duration must be given to lyapunov_spectrum for LIF"):
        SPECTRUM(LIF)
    with pytest.raises(ParameterError, match="n_train must be given to readout_regression"):
        ht.analysis.readout_regression(np.eye(4), np.ones(4))


def test_arguments_of_the_front_are_no_options():
    with pytest.raises(ParameterError, match="population is no option"):
        theory.population_extrapolation(1.5, 3.0, population=100)


def test_an_option_of_the_front_is_meant():
    with pytest.raises(ParameterError, match="did you mean 'seed'"):
        SPECTRUM(ht.models.RateMap(WEIGHTS), sead=1)


def test_data_is_no_option():
    def target(network, other, *, n_steps=1):
        raise AssertionError

    def front(network, **options):
        raise AssertionError

    with pytest.raises(ParameterError, match=r"^network is no option of front, got 1; Its options"):
        check_options(front, {"network": 1}, target)


def test_the_demo_hands_its_options_to_the_reader(tmp_path):
    with pytest.raises(ParameterError, match="did you mean 'time_unit'"):
        run_demo(tmp_path, time_units="us")


def test_right_options_pass():
    assert ht.models.RateFlow(WEIGHTS, gain=2.0, seed=None).gain == 2.0
    assert CURVE.plot(color="C1", lw=2, label="gain").lines
