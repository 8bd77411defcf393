"""Every public class shows itself in few short lines, without arrays, and in a sound table."""

import warnings
from xml.etree import ElementTree

import numpy as np
import pytest
from examples_of_classes import EXAMPLES, WITHOUT, example
from public_names import public_classes

import heavytail_snn as ht
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.core.showing import number, short, with_error, words

NAMES = sorted(EXAMPLES)


def shown(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return example(name)


def test_every_public_class_has_an_example():
    assert {*EXAMPLES, *WITHOUT} == set(public_classes())
    assert not {*EXAMPLES} & {*WITHOUT}


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_of_its_class(name):
    assert isinstance(shown(name), public_classes()[name])


@pytest.mark.parametrize("name", NAMES)
def test_text_is_short_and_without_arrays(name):
    thing = shown(name)
    for text in (str(thing), repr(thing), f"{[thing]}"):
        assert "array(" not in text
        assert " object at 0x" not in text
    lines = str(thing).splitlines()
    assert 1 <= len(lines) < 15
    assert max(map(len, lines)) <= 100
    assert len(repr(thing)) < 1400
    assert "\n" not in repr(thing)


@pytest.mark.parametrize("name", NAMES)
def test_every_estimate_is_shown(name):
    thing = shown(name)
    text = " ".join(str(thing).split())
    for estimate in thing.estimates() if isinstance(thing, Result) else ():
        assert words(estimate.name) in text
        if np.isnan(estimate.value):
            assert f"{words(estimate.name)} not determined" in text
            continue
        value = with_error(estimate.value, estimate.standard_error, estimate.unit)
        assert f"{words(estimate.name)} {value}" in text
        known = np.isfinite(estimate.standard_error) and estimate.standard_error > 0
        assert ("±" in value) == known


@pytest.mark.parametrize("name", NAMES)
def test_the_table_of_a_notebook_is_sound(name):
    thing = shown(name)
    text = thing._repr_html_()
    table = ElementTree.fromstring(text)
    assert table.tag == "table"
    assert "array(" not in text
    assert len(text) < 20_000
    assert {cell.tag for row in table.iter("tr") for cell in row} <= {"th", "td"}


def test_angle_brackets_are_escaped():
    for name in ("Result", "analysis.Comparison", "Estimate", "Recording"):
        text = shown(name)._repr_html_()
        assert "&lt;" in text
        assert "".join(ElementTree.fromstring(text).itertext()).count("<") >= 1


def test_control_characters_do_not_break_the_table():
    text = ht.Result(warnings=("a\x00b\x1b[0m",))._repr_html_()
    assert "a b" in "".join(ElementTree.fromstring(text).itertext())


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (1.23456, 0.0123, "1.235 ± 0.012"),
        (1.23456, 0.0996, "1.23 ± 0.10"),
        (1.23456, 0.00999, "1.235 ± 0.010"),
        (123.4, 12.3, "123 ± 12"),
        (12345.6, 1234.0, "12300 ± 1200"),
        (0.001, 0.5, "0.00 ± 0.50"),
        (-3.14159, 0.2, "-3.14 ± 0.20"),
        (1.5e-7, 2.4e-9, "(1.500 ± 0.024)e-07"),
        (2.5e8, 3.1e7, "(2.50 ± 0.31)e+08"),
        (1.5, 2e-16, "1.5 ± 2.0e-16"),
        (1.23456789, 0.0, "1.23457"),
        (1.23456789, float("nan"), "1.235"),
        (1.23456789, float("inf"), "1.235"),
        (float("nan"), 0.1, "not determined"),
        (float("inf"), 0.1, "inf"),
        (0.0, 0.0, "0"),
    ],
)  # fmt: skip
def test_numbers_are_rounded_to_their_errors(value, error, text):
    assert with_error(value, error) == text
    assert with_error(value, error, "Hz") == (text if np.isnan(value) else f"{text} Hz")


def test_names_become_words():
    assert words("kaplan_yorke_dimension_per_neuron") == "Kaplan-Yorke dimension per neuron"
    assert words("n_neurons") == "neurons"
    assert words("cv") == "CV"
    assert words("cv2") == "CV2"


def test_values_are_shortened():
    assert short(np.zeros((1000, 1000))) == "array of shape (1000, 1000)"
    assert short(list(range(100))) == "[0, 1, 2, 3, 4, 5, 6, 7, ... 100 in all]"
    assert short([np.zeros((3, 3))]) == "[array of shape (3, 3)]"
    assert short(np.float64(0.1)) == "0.1"
    assert short(0.1 + 0.2, digits=6) == "0.3"
    assert len(short("x" * 1000, 50)) == 50
    assert number(1 / 3) == "0.333333"


def test_recorded_descriptions_of_couplings_keep_every_digit():
    """What a run stores about its weights has to build them again."""
    from heavytail_snn import Coupling, FixedInDegree, LevyStable

    coupling = Coupling(LevyStable(1 / 3 + 1), FixedInDegree(3), gain=1 / 7)
    names = {"Coupling": Coupling, "LevyStable": LevyStable, "FixedInDegree": FixedInDegree}
    assert eval(repr(coupling), names) == coupling


def test_a_result_of_ones_own_shows_itself():
    from dataclasses import dataclass

    @dataclass(frozen=True, kw_only=True)
    class Mine(Result):
        half_width: float = field_of(unit="Hz", quantity="half_width", error="half_width_error")
        half_width_error: float
        spectrum: np.ndarray = field_of(unit="Hz")
        n_segments: int = 3

    result = Mine(
        half_width=2.345, half_width_error=0.12, spectrum=np.ones(5), warnings=("short run",) * 5
    )
    assert str(result).splitlines() == [
        "Mine",
        "  half width  2.35 ± 0.12 Hz",
        "  warning     short run",
        "  warning     short run",
        "              and 3 more in .warnings",
        "  with        segments 3",
        "  fields      .spectrum (5,)",
    ]
    assert repr(result) == "Mine(half width 2.35 ± 0.12 Hz)"


def test_long_comparisons_show_differences_first():
    measured = [ht.Estimate(f"q_{i}", float(i != 17), 0.01) for i in range(20)]
    predicted = [ht.Estimate(f"q_{i}", 1.0, 0.01) for i in range(20)]
    lines = str(ht.analysis.compare(measured, predicted)).splitlines()
    assert len(lines) < 15
    assert lines[1].split()[:2] == ["q", "17"]
    assert "differs" in lines[1]
    assert lines[-1].strip() == "and 8 more in .rows"


def test_quality_reports_of_many_units_stay_short():
    text = str(shown("analysis.QualityReport"))
    assert "unit 1: silent" in text
    assert "and 57 more units" in text


@pytest.mark.parametrize(
    ("name", "words_of_it"),
    [
        ("analysis.LargestExponentCurve", ["exponents", "1/step", "at gains"]),
        ("analysis.theory.TwoReplicaTheory", ["distance", "at 0", "at 5 tau"]),
        ("analysis.theory.ResponseKernel", ["nugget", "last kernel 1 at 0", "rad"]),
        ("analysis.theory.SynchronousKernel", ["last kernel 1 at 0", "rad"]),
        ("analysis.theory.StableSignDynamics", ["largest exponent inf 1/update"]),
        ("analysis.theory.MatchedRateNetwork", ["1/tau"]),
    ],
)
def test_a_result_shows_what_it_found(name, words_of_it):
    text = " ".join(str(shown(name)).split())
    for part in words_of_it:
        assert part in text
