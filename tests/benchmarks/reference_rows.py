"""Every row of the reference files of rate networks and of the Lyapunov maps and flows.

Run ``OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python tests/benchmarks/reference_rows.py``: about a
quarter of an hour on one core, or a part with ``--only PATTERN``.  Each row is printed with the
reference, ours, its standard error, the difference in combined standard errors (z) and whether it
is within the tolerance of the file.  ``--store FILE`` collects the parts, and ``--table FILE``
writes all that is stored as Markdown; the last complete one is tests/support/REFERENCE_ROWS.md.
"""

import argparse
import json
import re
import sys
import time
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))

from rate_reference import all_entries, compute, groups  # noqa: E402
from reference_table import rows  # noqa: E402

from heavytail_snn.analysis.lyapunov import NotLyapunovWarning  # noqa: E402

HEADER = "| row | reference | ours | standard error | z | |\n|---|---|---|---|---|---|"


def line(verdict):
    """Return one line of the Markdown table."""
    number = "{:.5g}".format
    z = "" if verdict["z"] != verdict["z"] else f"{verdict['z']:+.1f}"
    error = "" if not verdict["error"] else f"{verdict['error']:.2g}"
    passed = "pass" if verdict["passed"] else "**fail**"
    cells = (verdict["name"], number(verdict["reference"]), number(verdict["ours"]), error, z)
    return f"| {' | '.join(cells)} | {passed} |"


def write_table(path, known, entries):
    """Write all stored rows in the order of the files; what stands above the table is kept."""
    text = path.read_text() if path.exists() else HEADER
    named = [row for entry in entries for row in rows(entry)]
    lines = [
        line(known[row.name])
        if row.name in known
        else f"| {row.name} | {row.reference:.5g} | not run | | | |"
        for row in named
    ]
    path.write_text("\n".join([text.split(HEADER)[0] + HEADER, *lines]) + "\n")


def main():
    """Compute, print, and store."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default=".*", help="regular expression of row names")
    parser.add_argument("--store", type=Path, help="JSON file to add the numbers to")
    parser.add_argument("--table", type=Path, help="write the stored numbers as Markdown and stop")
    chosen = parser.parse_args()
    known = json.loads(chosen.store.read_text()) if chosen.store and chosen.store.exists() else {}
    entries = all_entries(ROOT / "tests/reference")
    if chosen.table:
        write_table(chosen.table, known, entries)
        return
    warnings.simplefilter("ignore", NotLyapunovWarning)
    for family, members in groups([e for e in entries if re.match(chosen.only, e["id"])]):
        start = time.process_time()
        for verdict in compute(family, members):
            print(line(verdict.as_dict()), flush=True)
            known[verdict.name] = verdict.as_dict()
        print(f"  ({time.process_time() - start:.1f} s)", flush=True)
        if chosen.store:
            chosen.store.write_text(json.dumps(known, indent=0))


if __name__ == "__main__":
    main()
