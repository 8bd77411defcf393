"""The gallery's own machinery: its manifest, its verdicts and its score, on tiny scripts."""

import json
import math
from dataclasses import replace

import pytest
from brian2_gallery import (
    MANIFEST,
    Entry,
    Outcome,
    classify,
    complaint,
    examples_in,
    judge,
    read_manifest,
    report,
    score,
)

QUIET = """
from brian2 import *
prefs.codegen.target = "numpy"
N = 9
group = NeuronGroup(N, "dv/dt = (2 - v)/(9*ms)NOISE : 1", threshold="v > 1", reset="v = 0")
group.v = "i/(2.0*N)"
run(20*ms)
"""

DONE = {"exponents": [-3.0], "standard_error": [None], "warnings": [], "n_neurons": 2}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "below").mkdir()
    (tmp_path / "quiet.py").write_text(QUIET.replace("NOISE", ""))
    (tmp_path / "below/noisy.py").write_text(QUIET.replace("NOISE", " + xi*ms**-0.5"))
    (tmp_path / "no_neurons.py").write_text("run(1)\n")
    return tmp_path


def entry(name, **options):
    return Entry(name, duration=0.05, set={"N": "2"}, **options)


def test_the_manifest_holds_known_keys_and_verdicts_only(tmp_path):
    assert all(e.name == name for name, e in read_manifest(MANIFEST).items())
    path = tmp_path / "m.toml"
    path.write_text('["a.py"]\nverdict = "perfect"\n')
    with pytest.raises(ValueError, match="perfect"):
        read_manifest(path)
    path.write_text('["a.py"]\nverdikt = "refused"\n')
    with pytest.raises(TypeError, match="verdikt"):
        read_manifest(path)
    words = Entry("a.py", run=2, set={"N": "2 + 1"}).options()
    assert words[words.index("--set") + 1] == "N=2 + 1"
    assert words[words.index("--run") + 1] == "2"


def test_examples_are_scripts_with_a_threshold(folder):
    assert examples_in(folder) == ["below/noisy.py", "quiet.py"]


def test_a_spectrum_a_choice_and_a_timeout_are_told_apart(folder):
    found = judge(entry("quiet.py"), folder)
    assert (found.verdict, found.n, found.k) == ("unmodified", 2, 2), found
    found = judge(entry("below/noisy.py", verdict="choice"), folder)
    assert (found.verdict, found.choice) == ("choice", "--white-noise frozen"), found
    assert 0 < found.refused_after
    assert judge(entry("quiet.py", limit_s=0.25), folder).verdict == "timeout"


@pytest.mark.parametrize(
    ("code", "out", "verdict"),
    [
        (0, {**DONE, "exponents": [-3.0, None]}, "error"),
        (0, {**DONE, "exponents": [None], "warnings": ["1 exponents are -inf"]}, "unmodified"),
        (1, {"error": "ScriptError", "message": "ModuleNotFoundError: sbi"}, "missing"),
        (1, {"error": "UnreadableModelError", "message": "must be"}, "refused"),
    ],
)
def test_answers_are_classified(code, out, verdict):
    assert classify("a.py", code, json.dumps(out), "", 1.0).verdict == verdict


def test_what_ends_without_an_answer_is_an_error_with_its_last_words():
    found = classify("a.py", 3, "", "Traceback\nValueError: broken\n\n", 1.0)
    assert found.verdict == "error"
    assert "exit code 3: ValueError: broken" in found.said


def test_what_is_not_as_expected_is_shown_and_counted():
    wanted = Entry("a.py", verdict="refused", says="SpatialNeuron")
    found = Outcome("a.py", "refused", 2.0, "SpatialNeuron | no", refused_after=2.0)
    assert complaint(wanted, found) == ""
    assert "expected unmodified" in complaint(Entry("a.py"), found)
    assert "that says" in complaint(wanted, replace(found, said="no"))
    assert "after 9.0 s" in complaint(wanted, replace(found, refused_after=9.0))
    spectrum = Outcome("b.py", "unmodified", 3.0, n=4, k=2, exponent=-0.5, error=math.nan)
    page = report({"a.py": wanted, "b.py": Entry("b.py")}, [found, spectrum], "2.10.1")
    assert "2 examples with a threshold: 1 spectra unmodified" in score([found, spectrum])
    assert "SpatialNeuron \\| no" in page
    assert "| b.py | unmodified | 4 | 2 | -0.5, too short for an error |" in page
