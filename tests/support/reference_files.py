"""Where the stored reference numbers and recordings of the tests lie, and how they are read."""

import hashlib
import json
import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
REFERENCE = TESTS / "reference"
RECORDINGS = TESTS / "data"
V4_NAME = "v4_images_201016/responses_raw_201016.npy"
# GPL-3.0, hence beside the repository and never in it
V4 = TESTS.parents[1] / "shared/data" / V4_NAME


def entries(name: str) -> list[dict]:
    """Return the entries of a reference file: one number each, with system and tolerance."""
    return json.loads((REFERENCE / name).read_text(encoding="utf-8"))["entries"]


def checksums() -> dict[str, str]:
    """Return the SHA-256 of every recording, by file, as tests/data/README.md states them."""
    text = (RECORDINGS / "README.md").read_text(encoding="utf-8")
    return {name: digest for digest, name in re.findall(r"^([0-9a-f]{64})  (\S+)$", text, re.M)}


def checked(path: Path, name: str) -> Path:
    """Return the path of a recording after comparing its SHA-256 with the stated one."""
    assert hashlib.sha256(path.read_bytes()).hexdigest() == checksums()[name], f"{path} has changed"
    return path
