"""Fixtures shared by all tests."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder with reference numbers and recordings, or skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared with reference numbers and recordings is not here")
    return SHARED
