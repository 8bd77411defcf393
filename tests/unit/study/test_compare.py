"""The comparison of measurement and prediction: matching, verdicts, extrapolation, exports."""

import math

import numpy as np
import pytest

from heavytail_snn.analysis.comparison import compare, extrapolate
from heavytail_snn.core.errors import ParameterError
from heavytail_snn.core.results import Estimate

RATE = Estimate("rate", 10.0, 0.0, "Hz", domain="N -> infinity")


def test_verdicts_follow_errors_and_the_granted_tolerance():
    close, far = Estimate("rate", 10.3, 0.15, "Hz"), Estimate("rate", 10.6, 0.15, "Hz")
    assert compare(close, RATE)["rate"].verdict == "agrees"
    row = compare(far, RATE)["rate"]
    assert row.verdict == "differs"
    assert row.z == pytest.approx(4.0)
    assert row.relative_error == pytest.approx(0.06)
    assert "6.0% above" in row.reason
    assert "holds for N -> infinity" in row.reason
    assert compare(far, RATE, tolerance=0.02)["rate"].verdict == "agrees"
    below = compare(Estimate("rate", 9.4, 0.15, "Hz"), RATE)["rate"]
    assert below.z == pytest.approx(-4.0)
    assert "below" in below.reason


def test_errors_of_both_sides_count():
    predicted = Estimate("rate", 10.0, 0.4, "Hz")
    row = compare(Estimate("rate", 11.0, 0.3, "Hz"), predicted)["rate"]
    assert row.z == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("measured", "predicted", "why"),
    [
        (Estimate("rate", 1.0, 0.1, "1/s"), RATE, "measured in 1/s, predicted in Hz"),
        (Estimate("cv", 1.0, 0.1), RATE, "no prediction"),
        (Estimate("rate", math.nan, 0.1, "Hz"), RATE, "measured value is not defined"),
        (Estimate("rate", 9.0, math.nan, "Hz"), RATE, "neither side states an error"),
    ],
)
def test_what_cannot_be_compared_says_why(measured, predicted, why):
    row = compare(measured, predicted).rows[0]
    assert row.verdict == "not comparable"
    assert why in row.reason


def test_sizes_are_extrapolated_in_one_over_n():
    rng = np.random.default_rng(1)
    scores = []
    for _ in range(300):
        measured = {
            n: [Estimate("rate", 10 + 40 / n + 0.02 * rng.standard_normal(), 0.02, "Hz")]
            for n in (100, 200, 400)
        }
        limit = extrapolate(measured)["rate"]
        scores.append((limit.value - 10) / limit.standard_error)
    assert abs(np.mean(scores)) < 0.2
    assert np.std(scores) == pytest.approx(1.0, abs=0.12)
    assert "N = 100, 200, 400" in compare(measured, RATE)["rate"].measured.source
    with pytest.raises(ParameterError, match="two positive network sizes"):
        extrapolate({100: RATE})


def test_exports_keep_every_row():
    comparison = compare([Estimate("rate", 10.6, 0.15, "Hz"), Estimate("cv", 1.0, 0.1)], [RATE])
    frame = comparison.to_pandas()
    assert list(frame["name"]) == ["rate", "cv"]
    assert frame["measured_value"][0] == 10.6
    assert frame["predicted_standard_error"][0] == 0.0
    latex = comparison.to_latex()
    assert r"10.60 $\pm$ 0.15" in latex
    assert "toprule" in latex
    assert len(comparison.explanations()) == 2
    ax = comparison.plot()
    assert [t.get_text() for t in ax.get_yticklabels()] == ["rate"]
    with pytest.raises(ParameterError, match=r"must be one of \['rate', 'cv'\]"):
        comparison["ratte"]
    with pytest.raises(ParameterError, match="must be a Result"):
        compare(3.0, RATE)
