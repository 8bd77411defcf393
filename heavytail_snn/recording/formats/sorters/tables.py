"""Small tables beside sorted spikes: cluster_group.tsv, cluster_info.tsv, clusters.metrics.csv."""

import csv
import io
from pathlib import Path

from heavytail_snn.core.errors import RecordingError
from heavytail_snn.door.regular import read_small_text

WIDEST = 500


def read_tsv(path: Path, separator: str = "\t") -> dict[str, list[str]]:
    """Return the columns of a table with header as texts.

    Raises
    ------
    RecordingError
        If a row has another number of fields than the header.
    """
    rows = list(csv.reader(io.StringIO(read_small_text(path)), delimiter=separator))
    rows = [row for row in rows if row]
    if not rows:
        return {}
    header = rows[0]
    if len(header) > WIDEST or len(set(header)) < len(header):
        raise RecordingError(f"{path} must have a header of different names, got {header[:20]}")
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(header):
            raise RecordingError(
                f"{path}, line {number}: {len(row)} fields, but the header has {len(header)}; the "
                "file is damaged or cut"
            )
    return {name: [row[i] for row in rows[1:]] for i, name in enumerate(header)}
