"""Random streams and the common part of results."""

import json
from dataclasses import FrozenInstanceError, dataclass

import numpy as np
import pytest

from heavytail_snn.core.errors import ParameterError, check_choice, check_integer, check_real
from heavytail_snn.core.randomness import child_sequence, recorded_seed, stream
from heavytail_snn.core.results import Estimate, Result, field_of


def test_streams_depend_on_seed_and_purpose_only():
    first = stream(1, "weights").random(5)
    stream(1, "noise").random(100)
    assert (stream(1, "weights").random(5) == first).all()
    assert (stream(1, "noise").random(5) != first).all()
    assert (stream(2, "weights").random(5) != first).all()
    assert (stream(child_sequence(1, "a"), "weights").random(5) != first).all()


def test_global_random_state_is_not_touched():
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - the global state is the subject
    stream(3, "weights").random(10)
    stream(None, "weights").random(10)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_recorded_seeds_repeat_the_run():
    sequence = child_sequence(5, "trial")
    entropy, key = recorded_seed(sequence)
    again = np.random.SeedSequence(entropy, spawn_key=key)
    assert (stream(again, "x").random(3) == stream(sequence, "x").random(3)).all()
    assert recorded_seed(7) == 7


@dataclass(frozen=True, kw_only=True)
class Example(Result):
    """A result for the tests."""

    rates: np.ndarray = field_of(unit="Hz", dims=("neuron",))
    mean_rate: float = field_of(unit="Hz", quantity="rate", error="rate_error")
    rate_error: float = field_of(unit="Hz")


def test_results_export_names_units_and_errors():
    result = Example(rates=np.array([1.0, 3.0]), mean_rate=2.0, rate_error=0.5, seed=4)
    assert result.estimates() == (Estimate("rate", 2.0, 0.5, "Hz", "Example"),)
    dataset = result.to_xarray()
    assert dataset["rates"].dims == ("neuron",)
    assert dataset["rates"].attrs["unit"] == "Hz"
    assert float(dataset["mean_rate"]) == 2.0
    assert json.loads(json.dumps(result.to_dict()))["rates"] == [1.0, 3.0]
    assert str(result.estimates()[0]) == "rate = 2.00 ± 0.50 Hz"
    with pytest.raises(FrozenInstanceError):
        result.mean_rate = 3.0


@pytest.mark.parametrize("value", [None, "", [], float("nan"), float("inf"), 1j, True, object()])
def test_numbers_are_checked(value):
    with pytest.raises(ParameterError, match="gain must be a finite number"):
        check_real("gain", value)
    with pytest.raises(ParameterError, match="n must be an integer"):
        check_integer("n", value)


def test_checks_accept_numpy_numbers_and_suggest_spellings():
    assert check_real("gain", np.float32(0.5)) == 0.5
    assert check_real("gain", np.array(2)) == 2.0
    assert check_integer("n", np.int64(3)) == 3
    with pytest.raises(ParameterError, match="did you mean 'cuda'"):
        check_choice("backend", "cudda", ("cpp", "cuda"))
