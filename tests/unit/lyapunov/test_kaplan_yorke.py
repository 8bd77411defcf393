"""Kaplan-Yorke dimension and entropy: the rules at the edges, by definition."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heavytail_snn.analysis.lyapunov import entropy_rate, kaplan_yorke_dimension
from heavytail_snn.core.errors import ParameterError


@pytest.mark.parametrize(
    ("exponents", "options", "expected"),
    [
        ([0.5, -0.2], {"complete": True}, 2.0),
        ([0.5, -0.2], {"complete": False}, math.nan),
        ([0.5, 0.3], {"complete": False}, math.nan),
        ([0.5, -1.0], {}, 1.5),
        ([-1.0, 0.5], {}, 1.5),
        ([-0.1, -0.5], {}, 0.0),
        ([0.2, -0.2], {"complete": True}, 2.0),
        ([0.2, -0.2, -1.0], {}, 2.0),
        ([0.9, 0.0, -14.6], {}, 2 + 0.9 / 14.6),
        ([0.5, -math.inf], {}, 1.0),
        ([0.0, -1.0], {}, 1.0),
        # the neutral exponent of a flow, seen through rounding and finite time
        ([1e-16, -2.0], {"zero_tolerance": 1e-3}, 1.0),
        ([-1e-16, -2.0], {"zero_tolerance": 1e-3}, 1.0),
        ([-1e-16, -2.0], {}, 0.0),
        ([-0.1, -2.0], {"zero_tolerance": 1e-3}, 0.0),
        # here the second exponent is the neutral one and the first is weak chaos
        ([5e-4, -1e-5, -2.0], {"zero_tolerance": 1e-3}, 2 + (5e-4 - 1e-5) / 2),
        # the leading exponent alone is neutral: nothing is known about the next one
        ([1e-9], {"zero_tolerance": 1e-3, "complete": False}, math.nan),
        ([-1e-9], {"zero_tolerance": 1e-3, "complete": False}, math.nan),
    ],
)
def test_dimension_rules(exponents, options, expected):
    assert kaplan_yorke_dimension(exponents, **options) == pytest.approx(expected, nan_ok=True)


def test_a_list_without_negative_sum_is_taken_as_whole_only_with_a_warning():
    with pytest.warns(UserWarning, match="complete=False"):
        assert kaplan_yorke_dimension([0.5, -0.2]) == 2.0


@pytest.mark.parametrize(
    ("exponents", "options", "expected"),
    [
        ([0.5, 0.25, -1.0], {}, 0.75),
        ([0.5, 0.25], {}, math.nan),
        ([0.5, 0.25], {"complete": True}, 0.75),
        ([0.5, 0.0], {}, math.nan),
        ([-0.5, -1.0], {}, 0.0),
        ([1e-4, -2.0], {"zero_tolerance": 1e-3}, 0.0),
        ([1e-4, -2.0], {}, 1e-4),
    ],
)
def test_entropy_rules(exponents, options, expected):
    assert entropy_rate(exponents, **options) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("function", [kaplan_yorke_dimension, entropy_rate])
@pytest.mark.parametrize(
    "bad", [None, "", [], math.nan, [math.nan], [math.inf], [[1.0, -1.0]], [1j], [True], ["a"]]
)
def test_bad_exponents_are_named(function, bad):
    with pytest.raises(ParameterError, match="exponents"):
        function(bad)


@given(
    st.lists(st.floats(-2, 2), min_size=2, max_size=8),
    st.integers(0, 7),
    st.floats(0, 1),
)
def test_dimension_grows_with_every_exponent_and_lies_between_0_and_n(values, index, rise):
    raised = list(values)
    raised[index % len(values)] += rise
    before = kaplan_yorke_dimension(values, complete=True)
    after = kaplan_yorke_dimension(raised, complete=True)
    assert 0 <= before <= len(values)
    assert after >= before - 1e-9
