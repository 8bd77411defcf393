"""An uncaught error of ours ends a script with its traceback; Brian2's message is for others."""

import os
import subprocess
import sys

import pytest

IMPORTS = ("import brian2, heavytail_snn as ht", "import heavytail_snn as ht, brian2")
MESSAGE = "Brian 2 encountered an unexpected error"


def last_words(tmp_path, code):
    script = tmp_path / "script.py"
    script.write_text(code)
    command = [sys.executable, str(script)]
    # a home of its own: Brian2 speaks up on import where its cache there is beyond 1 GB
    home = {**os.environ, "HOME": str(tmp_path)}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, env=home
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    return done.stderr


@pytest.mark.parametrize("imports", IMPORTS)
def test_ours_is_an_ordinary_traceback(tmp_path, imports):
    words = last_words(tmp_path, f"{imports}\nht.LevyStable(2.3)\n")
    assert words.startswith("Traceback (most recent call last):")
    assert words.splitlines()[-1].startswith("heavytail_snn.core.errors.ParameterError: alpha must")
    assert "Brian" not in words


@pytest.mark.parametrize("imports", IMPORTS)
def test_another_exception_keeps_the_message_of_brian(tmp_path, imports):
    words = last_words(tmp_path, f"{imports}\n1 / 0\n")
    assert MESSAGE in words
    assert "ZeroDivisionError" in words


def test_the_hook_of_another_program_stays(tmp_path):
    code = (
        "import sys, brian2\n"
        "sys.excepthook = lambda *parts: print('mine', parts[0].__name__, file=sys.stderr)\n"
        "import heavytail_snn as ht\nht.LevyStable(2.3)\n"
    )
    assert last_words(tmp_path, code) == "mine ParameterError\n"


def test_brian_imported_by_a_model_of_ours(tmp_path):
    words = last_words(tmp_path, "import heavytail_snn as ht\nht.models.LIFNetwork([[1, 2]])\n")
    assert MESSAGE not in words
    assert "ParameterError: weights must" in words


def test_two_registrations_wrap_once(tmp_path):
    code = (
        "import brian2, sys, heavytail_snn\nhook = sys.excepthook\n"
        "from heavytail_snn.registration import keep_own_errors_plain\n"
        "keep_own_errors_plain()\nassert sys.excepthook is hook\n"
        "raise heavytail_snn.HeavytailError('plain')\n"
    )
    assert last_words(tmp_path, code).splitlines()[-1] == (
        "heavytail_snn.core.errors.HeavytailError: plain"
    )
