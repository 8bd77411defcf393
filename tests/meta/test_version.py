"""One version: what states it elsewhere agrees with heavytail_snn/core/version.py."""

import re
import tomllib
from pathlib import Path

import heavytail_snn
from heavytail_snn.core.version import __version__

ROOT = Path(__file__).resolve().parents[2]


def test_the_package_takes_its_version_from_one_file():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "version" not in project["project"]
    assert project["project"]["dynamic"] == ["version"]
    source = project["tool"]["setuptools"]["dynamic"]["version"]["attr"]
    assert source == "heavytail_snn.core.version.__version__"
    assert heavytail_snn.__version__ == __version__


def test_citation_and_changelog_state_this_version():
    stated = re.findall(r"^version: (.*)$", (ROOT / "CITATION.cff").read_text(), flags=re.MULTILINE)
    assert stated == [__version__]
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)
    assert newest.group(1) == __version__
