"""Every row of the reference files of rate networks, maps and flows has a computation.

Here run the rows that need no simulated network; all of them:
``python tests/benchmarks/reference_rows.py``, last outcome in REFERENCE_ROWS.md.  Reference:
rate_networks.json, lyapunov.json (closed forms, theory, and measurements by independent code).
"""

import re
from pathlib import Path

import pytest
import reference_table
from rate_reference import FAMILIES, all_entries, compute, family_of, groups
from reference_table import Row, judge, rows


@pytest.fixture(scope="module")
def entries(reference):
    return all_entries(reference)


def test_every_row_has_exactly_one_computation(entries):
    for entry in entries:
        fitting = [f for f in FAMILIES if re.fullmatch(f.pattern, entry["id"])]
        assert len(fitting) == 1, (entry["id"], [f.pattern for f in fitting])


def test_no_row_is_lost_in_grouping(entries):
    grouped = [entry["id"] for _, members in groups(entries) for entry in members]
    assert sorted(grouped) == sorted(entry["id"] for entry in entries)


def test_rows_that_need_no_network(entries):
    quick = [entry for entry in entries if family_of(entry["id"]).quick]
    verdicts = [v for family, members in groups(quick) for v in compute(family, members)]
    assert len(verdicts) > 80
    assert [v for v in verdicts if not v.passed] == []


def test_the_recorded_run_covers_every_row(entries):
    lines = Path(reference_table.__file__).with_name("REFERENCE_ROWS.md").read_text().splitlines()
    outcome = {line.split(" | ")[0].removeprefix("| "): line for line in lines}
    names = [row.name for entry in entries for row in rows(entry)]
    assert [name for name in names if name not in outcome] == []
    not_run = [name for name in names if "not run" in outcome[name]]
    assert all(name.startswith("published_gstar/N10000") for name in not_run)


def test_a_wrong_number_is_judged_wrong():
    row = Row("x", 1.0, 0.01, 0.05, 4)
    assert judge(row, [1.03, 1.05]).passed
    assert not judge(row, [1.19, 1.21]).passed
    # a few scattered networks may lie further away, by their own error
    assert judge(row, [1.0, 1.4]).passed
    # and two networks of a reference that agree closely are worth what ours scatter
    scattered = [0.2, 0.4, 0.5, 0.5, 0.7]
    assert judge(Row("x", 0.9, 0.01, 0.05, 2), scattered).passed
    assert not judge(Row("x", 0.9, 0.01, 0.05, 4), scattered).passed
    assert not judge(Row("x", 0.0, 0.0, 1e-6, 1), [2e-6]).passed
    assert judge(Row("x", 1.0, 0.0, "factor 3", 1), [2.9]).passed
    assert not judge(Row("x", 1.0, 0.0, "must be < 1.3", 1), [1.4]).passed
