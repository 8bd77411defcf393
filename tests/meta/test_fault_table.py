"""The table and the list of seeded faults name tests, and text, that exist."""

import re
from pathlib import Path

from faults import faults

TESTS = Path(__file__).parents[1]


def test_every_test_of_the_table_exists():
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", (TESTS / "meta/README.md").read_text())
    assert len(named) > 25
    for file, test in named:
        assert f"def {test}(" in (TESTS / file).read_text(), f"{file}::{test}"


def test_every_fault_of_the_list_can_be_planted():
    listed = faults()
    assert len(listed) >= 20
    for fault in listed:
        text = (TESTS.parent / fault.file).read_text()
        assert text.count(fault.old) == 1, f"{fault.file}: {fault.old}"
        file, _, test = fault.test.partition("::")
        assert f"def {test.partition('[')[0]}" in (TESTS.parent / file).read_text(), fault.test
