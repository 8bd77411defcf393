"""Fixtures shared by all tests."""

import os
from pathlib import Path

# Test workers share the cores: threads inside each would only fight.  Before numpy is imported.
for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")

import pytest  # noqa: E402

# Workers send warnings of the library's classes to the process that started them, and Brian2 must
# be imported there in the main thread: so here.
import heavytail_snn  # noqa: E402, F401

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder with reference numbers and recordings, or skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared with reference numbers and recordings is not here")
    return SHARED


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name values by type where their text holds an address, so that all workers agree."""
    return type(val).__name__ if " at 0x" in repr(val) else None
