"""An empty folder to import from."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of nothing but what the test puts there."""
    path = tmp_path / "in"
    path.mkdir()
    return path
