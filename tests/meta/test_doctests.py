"""Every Examples section runs and prints what it says."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(
    ("" if path.parts[0] == "heavytail_snn" else "heavytail_snn.")
    + ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    for folder in ("heavytail_snn", "models", "analysis")
    for path in (p.relative_to(ROOT) for p in (ROOT / folder).rglob("*.py"))
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_of(name):
    module = importlib.import_module(name)
    assert doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE).failed == 0


def test_there_are_examples_to_run():
    finder = doctest.DocTestFinder(exclude_empty=True)
    modules = [importlib.import_module(name) for name in MODULES]
    assert sum(len(t.examples) for m in modules for t in finder.find(m)) > 20
