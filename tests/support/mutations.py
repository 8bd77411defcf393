"""Damaged copies of recordings: bytes flipped, cut, doubled, numbers made extreme, renamed."""

import re
import shutil
from pathlib import Path

EXTREMES = (
    b"nan", b"inf", b"-1", b"1e999", b"1e308", b"9223372036854775808", b"9007199254740993", b"0x1F",
    b"1_000", b"", b"9**9**9", b"True", b"2020-01-01", b"1+2j", b"\xff", b"-0.0", b"NaN", b"1e-320",
)  # fmt: skip


def flipped(data, rng):
    changed = bytearray(data)
    for place in rng.integers(0, len(data), rng.integers(1, 9)):
        changed[place] ^= 1 << rng.integers(8)
    return bytes(changed)


def flipped_head(data, rng):
    """Flip bits where headers lie."""
    head = min(len(data), 600)
    return flipped(data[:head], rng) + data[head:]


def overwritten(data, rng):
    start = int(rng.integers(len(data)))
    length = int(rng.integers(1, 65))
    return data[:start] + rng.bytes(length) + data[start + length :]


def filled(data, rng):
    """Set a whole number to its largest or smallest value."""
    start, width = int(rng.integers(len(data))), int(rng.choice([1, 2, 4, 8]))
    fill = bytes([int(rng.choice([0, 255, 127, 128]))]) * width
    return data[:start] + fill + data[start + width :]


def truncated(data, rng):
    return data[: int(rng.integers(len(data)))]


def shortened(data, rng):
    start = int(rng.integers(len(data)))
    return data[:start] + data[start + int(rng.integers(1, 200)) :]


def doubled(data, rng):
    start = int(rng.integers(len(data)))
    return data[:start] + data[max(0, start - int(rng.integers(1, 200))) :]


def appended(data, rng):
    return data + rng.bytes(int(rng.integers(1, 500)))


def extreme(data, rng):
    """Replace numbers of a text by what is none, or none that can be."""
    numbers = list(re.finditer(rb"[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?", data))
    if not numbers:
        return flipped(data, rng)
    found = numbers[int(rng.integers(len(numbers)))]
    return data[: found.start()] + EXTREMES[int(rng.integers(len(EXTREMES)))] + data[found.end() :]


def shuffled_lines(data, rng):
    lines = data.splitlines(keepends=True)
    rng.shuffle(lines)
    return b"".join(lines)


MUTATIONS = (
    flipped, flipped_head, overwritten, filled, truncated, shortened, doubled, appended, extreme,
    extreme, shuffled_lines,
)  # fmt: skip
SUFFIXES = (".txt", ".csv", ".npz", ".npy", ".mat", ".h5", ".nwb", ".json", ".nix", ".nex", ".gdf")


def damaged_copy(original: Path, folder: Path, rng) -> tuple[Path, str]:
    """Copy a file or folder, damage one file of it, and return its path and what was done."""
    target = folder / original.name
    if original.is_dir():
        shutil.copytree(original, target)
        files = sorted(item for item in target.rglob("*") if item.is_file())
        victim = files[int(rng.integers(len(files)))]
    else:
        if rng.random() < 0.05:
            target = target.with_suffix(str(rng.choice(SUFFIXES)))
        shutil.copy(original, target)
        victim = target
    mutation = MUTATIONS[int(rng.integers(len(MUTATIONS)))]
    data = victim.read_bytes()
    for _ in range(int(rng.choice([1, 1, 1, 3]))):
        data = mutation(data, rng) if data else data
    victim.write_bytes(data)
    return target, f"{mutation.__name__} of {victim.name}"
