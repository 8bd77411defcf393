"""The lines of a text file: encoding, comments, separator, decimal comma, whether half a file."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from heavytail_snn.core.errors import RecordingError
from heavytail_snn.door.refusals import refusal
from heavytail_snn.door.regular import read_bytes

COMMENTS = ("#", "%", "//", "!")
SEPARATORS = ("\t", ";", "|", ",")
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?(nan|inf)(inity)?", re.IGNORECASE)
COMMA_NUMBER = re.compile(r"[-+]?\d+,\d+([eE][-+]?\d+)?")


@dataclass
class Lines:
    """The lines of a file that are neither empty nor comments, and how to split them.

    Parameters
    ----------
    rows : list of str
    comments : list of str
    separator : str
        One of `SEPARATORS`, or "" for white space.
    decimal : str
        "." or ",".
    widths : list of int
        Number of fields of each row.
    """

    rows: list[str]
    comments: list[str]
    separator: str
    decimal: str
    widths: list[int]

    def fields(self, number: int) -> list[str]:
        """Return the fields of one row, without quotes and spaces around them."""
        return split(self.rows[number], self.separator)

    def is_numeric(self, number: int) -> bool:
        """Tell whether all fields of a row are numbers or empty, one at least a number."""
        found = [field for field in self.fields(number) if field]
        return bool(found) and all(is_number(field, self.decimal) for field in found)


def read_lines(path: Path) -> Lines:
    """Read a text file, or raise if it is none."""
    rows: list[str] = []
    comments: list[str] = []
    for line in decoded(path, read_bytes(path)).splitlines():
        text = line.rstrip("\r\n")
        if not text.strip():
            continue
        (comments if text.lstrip().startswith(COMMENTS) else rows).append(text)
    separator, decimal = _separator(rows[:200])
    if separator and all(row.endswith(separator) for row in rows):
        rows = [row.removesuffix(separator) for row in rows]
    if separator and not any(separator in row for row in rows):
        separator, decimal = _separator(rows[:200])
    if separator:
        widths = [row.count(separator) + 1 for row in rows]
    else:
        widths = [len(row.split()) for row in rows]
    return Lines(rows, comments, separator, decimal, widths)


def decoded(path: Path, data: bytes) -> str:
    """Return bytes as text: UTF-8 or UTF-16 by the byte order mark, else UTF-8 or Latin-1."""
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding)
    if b"\0" in data:
        raise RecordingError(
            f"{path} cannot be read as text, it holds zero bytes; the file is damaged or of "
            "another format"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")  # comments of old files; numbers are the same


def split(row: str, separator: str) -> list[str]:
    """Return the fields of a row."""
    parts = row.split(separator) if separator else row.split()
    return [part.strip().strip("\"'").strip() for part in parts]


def is_number(field: str, decimal: str = ".") -> bool:
    """Tell whether a field is a number."""
    return NUMBER.fullmatch(field.replace(",", ".") if decimal == "," else field) is not None


def _separator(rows: list[str]) -> tuple[str, str]:
    """Return separator and decimal mark of the first rows."""
    for separator in SEPARATORS:
        if rows and sum(separator in row for row in rows) >= max(1, len(rows) - 1):
            fields = [field for row in rows for field in split(row, separator)]
            return separator, _decimal(fields) if separator != "," else "."
    words = [word for row in rows for word in row.split()]
    return "", _decimal(words)


def _decimal(fields: list[str]) -> str:
    return "," if any(COMMA_NUMBER.fullmatch(field) for field in fields) else "."


def check_whole(path: Path, lines: Lines) -> None:
    """Raise if rows have different numbers of fields: the file is cut, or one train a line."""
    counts = Counter(lines.widths)
    if len(counts) < 2:
        return
    usual = counts.most_common(1)[0][0]
    odd = next(i for i, width in enumerate(lines.widths) if width != usual)
    raise refusal(
        f"{path} cannot be read as text: {len(counts)} numbers of fields a line, mostly {usual} "
        f"but {lines.widths[odd]} in {lines.rows[odd][:60]!r}; it is damaged or cut, or, if each "
        "line is the train of one unit",
        {"format": "lines"},
    )
