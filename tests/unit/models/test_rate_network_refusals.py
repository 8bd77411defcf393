"""Bad input to rate networks and their spectra: each refusal names value, rule and remedy."""

import numpy as np
import pytest

from heavytail_snn.analysis.lyapunov import (
    largest_exponent_curve,
    lyapunov_spectrum,
    lyapunov_spectrum_from_jacobians,
    quenched_gain,
)
from heavytail_snn.core.errors import ParameterError
from heavytail_snn.models.rate.flow import RateFlow
from heavytail_snn.models.rate.map import RateMap
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import LevyStable
from heavytail_snn.weights.wiring import AllToAll

GAUSSIAN = Coupling(LevyStable(2.0), AllToAll())
NAN = np.array([[1.0, 0.0], [np.nan, 0.0]])
SHORT = {"n_steps": 100, "state_warmup": 10, "tangent_warmup": 10}


def chaotic():
    return RateMap(GAUSSIAN, 40, gain=3.0, seed=1)


@pytest.mark.filterwarnings("ignore::heavytail_snn.analysis.lyapunov.NotLyapunovWarning")
@pytest.mark.parametrize(
    ("call", "argument", "value", "rule", "remedy"),
    [
        (lambda: lyapunov_spectrum(chaotic(), k=41), "k", "41", "[1, 40]", "40 exponents"),
        (lambda: lyapunov_spectrum(chaotic(), k=41, compat="xie2025"),
         "k", "41", "[1, 40]", "40 exponents"),
        (lambda: lyapunov_spectrum_from_jacobians(
            lambda x: (x, np.eye(3)), np.zeros(3), k=4, n_steps=100),
         "k", "4", "[1, 3]", "3 exponents"),
        (lambda: lyapunov_spectrum(chaotic(), k=4, n_steps=5), "n_steps", "5", ">= 10", "blocks"),
        (lambda: lyapunov_spectrum(chaotic(), k=4, n_steps=30, qr_every=5),
         "n_steps", "30", ">= 50", "10 blocks of 5 steps"),
        (lambda: lyapunov_spectrum(chaotic(), k=4, n_steps=5, compat="xie2025"),
         "n_steps", "5", ">= 10", "blocks"),
        (lambda: largest_exponent_curve(np.eye(3), [1.0], n_steps=3),
         "n_steps", "3", ">= 10", "block"),
        (lambda: lyapunov_spectrum(RateFlow(GAUSSIAN, 10, seed=1), duration=0.5),
         "duration", "0.5", "at least 10 steps", "block"),
        (lambda: RateMap(np.ones((3, 4))), "weights", "(3, 4)", "square", "input_weights"),
        (lambda: quenched_gain(np.ones((3, 4))), "weights", "(3, 4)", "square", "one row"),
        (lambda: RateMap(NAN), "weights", "(1, 0) and 0 more", "finite", "law"),
        (lambda: quenched_gain(NAN), "weights", "(1, 0)", "finite", "law"),
        (lambda: RateMap(np.eye(3), phi=(np.tanh, np.cos)),
         "phi", "user function", "own derivative (at x =", "correct the derivative"),
        (lambda: lyapunov_spectrum(chaotic(), k=3, inputs=np.zeros((200, 3)), **SHORT),
         "inputs", "(3,)", "40 values a step", "input_weights"),
        (lambda: lyapunov_spectrum(chaotic(), compat="xie2024"),
         "compat", "xie2024", "one of ['xie2025']", "did you mean"),
    ],
)  # fmt: skip
def test_value_rule_and_remedy_are_named(call, argument, value, rule, remedy):
    with pytest.raises(ParameterError) as caught:
        call()
    error = caught.value
    assert error.argument == argument
    assert value in str(error.value)
    assert rule in error.rule
    assert remedy in error.remedy
    assert all(text in str(error) for text in (argument, value, rule, remedy))


@pytest.mark.parametrize(
    ("options", "argument"),
    [
        ({"inputs": np.full((200, 40), np.nan)}, "inputs"),
        ({"inputs": np.zeros(200)}, "inputs"),
        ({"inputs": np.zeros((50, 40))}, "inputs"),
        ({"initial_state": np.zeros(3)}, "initial_state"),
        ({"initial_state": np.full(40, np.nan)}, "initial_state"),
    ],
)
def test_bad_drives_and_starts_are_named(options, argument):
    with pytest.raises(ParameterError, match=argument):
        lyapunov_spectrum(chaotic(), k=3, **SHORT, **options)


def test_inputs_must_fit_the_input_weights():
    network = RateMap(np.eye(3), input_weights=np.ones((3, 2)))
    with pytest.raises(ParameterError, match=r"inputs must hold 2 values a step, got \(3,\)"):
        network.run(2, inputs=np.zeros((2, 3)))


def test_too_few_exponents_give_no_dimension_and_say_what_to_do():
    result = lyapunov_spectrum(chaotic(), k=3, **SHORT)
    assert np.isnan(result.kaplan_yorke_dimension)
    assert "k = 3 is too small" in result.warnings[0]
    assert "increase k" in result.warnings[0]
    assert lyapunov_spectrum(chaotic(), **SHORT).kaplan_yorke_dimension > 3
