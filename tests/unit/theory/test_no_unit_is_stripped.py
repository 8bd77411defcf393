"""Dimensionless theories and models refuse numbers with a unit, inside lists too."""

import numpy as np
import pytest
from brian2 import ms, mV

import heavytail_snn as ht
from heavytail_snn.core.arrays import real_array
from heavytail_snn.core.errors import UnitError

theory = ht.analysis.theory
W = np.zeros((2, 2))

CALLS = {
    "binary replicas": lambda v: theory.binary_replicas(1, 0.5, v, initial_distance=0.1),
    "response kernel": lambda v: theory.response_kernel([0.1], v, g=1.0, s=0.5),
    "sign autocorrelation": lambda v: theory.stable_sign_autocorrelation(1.5, 1.0, 1.0, v),
    "leading nugget": lambda v: theory.leading_nugget(v, g=1.0, s=0.5),
    "survival": lambda v: theory.stable_survival(1.5, v),
    "learning curve": lambda v: theory.learning_curve([1.0, 0.5], [1.0, 0.5], v, ridge=0.1),
    "dimension": lambda v: ht.analysis.kaplan_yorke_dimension(v, complete=True),
    "entropy": lambda v: ht.analysis.entropy_rate(v, complete=True),
    "bias": lambda v: ht.models.RateMap(W, bias=v),
    "drive": lambda v: ht.models.BinaryNetwork(W, drive=v),
    "drive of events": lambda v: ht.models.ThetaNetwork(W, drive=v),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("unit", [ms, mV])
def test_numbers_with_a_unit_are_refused(name, unit):
    numbers = np.array([1.0, 2.0])
    for values in (numbers * unit, list(numbers * unit), tuple(numbers * unit)):
        with pytest.raises(UnitError, match=r"must have no unit.*divide by the unit"):
            CALLS[name](values)
    CALLS[name](numbers * unit / unit)  # the remedy
    CALLS[name](list(numbers * unit / unit))


def test_a_single_quantity_is_refused_as_a_drive():
    with pytest.raises(UnitError, match="drive must have no unit"):
        ht.models.BinaryNetwork(W, drive=5 * mV)


def test_units_are_found_in_nested_lists():
    with pytest.raises(UnitError, match="x must have no unit"):
        real_array("x", [[1.0, 2.0], (3.0, 4 * mV)])
    np.testing.assert_array_equal(real_array("x", [[1.0, 2], (3, np.float32(4))]), [[1, 2], [3, 4]])
