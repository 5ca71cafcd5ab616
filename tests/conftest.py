"""What every test may ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of the captures beside the repository."""
    if not SHARED.is_dir():
        pytest.skip("the folder of captures, ../shared, is not there")
    return SHARED
