"""Every class of the studies shows itself in few short lines, and in a sound table."""

import inspect
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from public_names import modules

import heavytail_snn as ht
from heavytail_snn.analysis.study.config import parse_config
from heavytail_snn.analysis.study.demo_report import Demo
from heavytail_snn.analysis.study.engine import run_study
from heavytail_snn.analysis.study.explanations import Facts
from heavytail_snn.core.showing import Shown, along

TEXT = """
title = "Small maps"
[[network]]
model = "rate_map"
alpha = [2.0, 1.5]
n_neurons = [50, 60]
duration = 40
transient = 50
networks = 2
"""


@pytest.fixture(scope="module")
def things():
    """Return one object of each class of the studies, by name."""
    study = run_study(parse_config(TEXT))
    case = study.cases[0]
    recording = ht.Recording(np.arange(1, 200) / 100.0, np.arange(1, 200) % 3, 3, 0.0, 2.0)
    description = ht.analysis.describe(recording)
    tail = case.measurements[60][0].tail
    demo = Demo(
        {"LIF": description, "recorded": description}, {"LIF": tail}, {}, tuple(case.comparisons),
        ("heavytail-snn demo",), Path("report.html"),
    )  # fmt: skip
    found = [study, case, demo, study.config, study.config.networks[0]]
    found += [case.measurements[60][0], case.predictions[0], Facts({}, 0.1, 10, 2)]
    return {type(item).__name__: item for item in found}


def classes_of_studies():
    return {
        cls.__name__: cls
        for module in modules()
        if module.__name__.startswith("heavytail_snn.analysis.study")
        for name, cls in inspect.getmembers(module, inspect.isclass)
        if cls.__module__ == module.__name__ and not name.startswith("_")
    }


def test_every_class_of_the_studies_is_shown(things):
    assert set(things) == set(classes_of_studies())
    assert all(issubclass(cls, Shown) for cls in classes_of_studies().values())


@pytest.mark.parametrize("name", sorted(classes_of_studies()))
def test_text_is_short_and_the_table_sound(name, things):
    thing = things[name]
    lines = str(thing).splitlines()
    assert 1 <= len(lines) < 15
    assert max(map(len, lines)) <= 100
    assert "array(" not in str(thing) + repr(thing)
    assert " object at 0x" not in str(thing) + repr(thing)
    assert len(repr(thing)) < 1400
    assert "\n" not in repr(thing)
    table = ElementTree.fromstring(thing._repr_html_())
    assert table.tag == "table"


def test_a_study_says_what_it_found(things):
    text = str(things["Study"])
    assert "Study: Small maps" in text
    assert "rate map, alpha = 1.5" in text
    assert "agrees" in text or "differs" in text
    assert "2 of 60 neurons" in str(things["Case"])
    assert "±" in str(things["Demo"])


def test_tables_write_errors_as_results_do(things):
    cells = str(things["Study"].table()) + str(things["Demo"].table())
    assert "±" in cells
    assert "+-" not in cells


def test_curves_are_shown_where_they_begin_and_end():
    values, points = np.arange(5.0), np.arange(5.0) * 2
    assert along(values, points, "tau") == "0 at 0, 2 at 4, 4 at 8 tau"
    assert along(values[:1], points[:1]) == "0 at 0"
    assert along(values[:0], points[:0]) == ""
    assert along(values[:1] + 1, points, errors=np.array([0.1])) == "1.00 ± 0.10 at 0"


def test_the_package_runs_as_the_command_line():
    done = subprocess.run(
        [sys.executable, "-m", "heavytail_snn", "cite"], capture_output=True, text=True, check=True
    )
    assert "Brian 2" in done.stdout
