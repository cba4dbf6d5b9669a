"""The private storage as tests see it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from stylesim_app.index import storage
from stylesim_app.models import StorageState


def all_files(root: Path) -> list[str]:
    """Return the files below a folder, but for the marker."""
    found = (path for path in root.rglob("*") if path.is_file() and path.name != storage.MARKER)
    return sorted(str(path.relative_to(root)) for path in found)


def due_now() -> None:
    """End the pause after a fault of the storage."""
    StorageState.objects.update(retry_at=timezone.now() - timedelta(seconds=1))
