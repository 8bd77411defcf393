"""Text with one train a line, as PySpike and many scripts write it; empty lines are left out."""

from pathlib import Path

import numpy as np

from heavytail_snn.core.errors import RecordingError
from heavytail_snn.door.refusals import reading as reading_file
from heavytail_snn.recording.formats.text.lines import Lines, is_number, read_lines
from heavytail_snn.recording.raw.options import Reading
from heavytail_snn.recording.raw.trains import RawTrains

FEWEST_VALUES = 13  # numbers in each line that can be no columns of a table


def read_trains(path: Path, reading: Reading) -> RawTrains:
    """Read a text file whose lines are known to be the trains of units."""
    with reading_file(path, "text with one train a line"):
        return trains_of_lines(read_lines(path), path.name)


def is_one_train_a_line(lines: Lines) -> bool:
    """Tell whether the lines can only be trains: sorted numbers, in numbers that vary.

    Where all lines but the last agree, the file may be a table that was cut: that is no proof.
    """
    if not all(lines.is_numeric(i) for i in range(len(lines.rows))):
        return False
    body = lines.widths[:-1]
    if len(set(body)) == 1 and min(lines.widths) < FEWEST_VALUES:
        return False
    if len(set(lines.widths)) == 1 and lines.widths[0] < FEWEST_VALUES:
        return False
    return all((np.diff(_numbers(lines, i)) >= 0).all() for i in range(len(lines.rows)))


def trains_of_lines(lines: Lines, place: str) -> RawTrains:
    """Return each line as a train."""
    for number in range(len(lines.rows)):
        if not lines.is_numeric(number):
            raise RecordingError(
                f"{place}: a line must hold times, got {lines.rows[number][:60]!r}"
            )
    trains = [_numbers(lines, i) for i in range(len(lines.rows))]
    if not trains:
        raise RecordingError(f"{place} holds no spike times; an empty file is no recording")
    return RawTrains(trains, [str(i) for i in range(len(trains))])


def _numbers(lines: Lines, number: int) -> np.ndarray:
    fields = [field for field in lines.fields(number) if field]
    if lines.decimal == ",":
        fields = [field.replace(",", ".") for field in fields]
    return np.array([float(field) for field in fields if is_number(field)])
