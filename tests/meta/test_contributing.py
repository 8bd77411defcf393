"""What CONTRIBUTING.md names exists: files, make targets, the markers of the fast tests."""

import re
from pathlib import Path

from fast_tests import FAST

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()


def test_every_file_and_folder_exists():
    rooms = "tests|models|analysis|heavytail_snn"
    named = re.findall(rf"`((?:{rooms})/[\w./]*|[\w.]+\.(?:md|cff))`", TEXT)
    assert len(named) > 15
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_make_target_exists_and_is_explained():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE)) - {"help"}
    explained = set(re.findall(r"^([a-z-]+):.*## \w", makefile, flags=re.MULTILINE))
    assert targets == explained
    assert set(re.findall(r"make ([a-z-]+)", TEXT)) <= targets


def test_the_fast_tests_are_those_that_the_matrix_runs():
    assert f'"{FAST}"' in TEXT
