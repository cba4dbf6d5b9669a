"""The steps of the demo: an account, a collection, and its index."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model

from project.demo.children import Child
from project.demo.gallery import write_gallery
from stylesim_app import tasks
from stylesim_app.importing.outcome import ImportedRow
from stylesim_app.importing.run import import_works
from stylesim_app.importing.sources import open_source
from stylesim_app.index import calibration, status, upkeep
from stylesim_app.models import Artwork, ImageSearch, IndexEntry
from stylesim_app.work import foreground, worklist

ADMIN = "admin"


def ensure_admin() -> str | None:
    """Return the password of the account ``admin``, which is created if it is missing.

    None if its password has been changed since.
    """
    path: Path = settings.DATA_DIR / "admin_password"
    user = get_user_model().objects.filter(username=ADMIN).first()
    if user is None:
        path.unlink(missing_ok=True)
        password = secrets.token_urlsafe(9)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(password)
        get_user_model().objects.create_superuser(ADMIN, password=password)
        return password
    password = path.read_text() if path.exists() else ""
    return password if user.check_password(password) else None


def draw_gallery(progress: Callable[[Iterable[str]], Iterable[str]]) -> Path:
    """Draw the missing pictures of the sample gallery; return its manifest."""
    return write_gallery(settings.DATA_DIR / "gallery", progress)


def has_gallery() -> bool:
    """Return whether the sample gallery was imported completely, so that works which were changed
    or deleted since are not added again."""
    return _imported().exists() and Artwork.objects.exists()


def keep_gallery() -> None:
    """Note that the sample gallery was imported completely."""
    _imported().touch()


def _imported() -> Path:
    return Path(settings.DATA_DIR / "gallery" / "imported")


def import_public(path: Path, on_row: Callable[[int, ImportedRow], object]) -> list[str]:
    """Import a folder or manifest as public works; return the notes of the source.

    ``on_row`` is called with the number of rows and what became of each. Raises ImportFailed.
    """
    source = open_source(path)
    import_works(
        source.rows(),
        is_public=True,
        on_row=lambda row: on_row(source.total, row),
    )
    return list(source.notes)


def release_leases() -> None:
    """Release the rows that a worker held when it was stopped."""
    for model in (ImageSearch, IndexEntry):
        worklist.release(model.objects.all())


def keep_working(worker: Child) -> bool:
    """Restart a worker that died or hangs; return whether it did. Raises ChildFailed."""
    if worker.alive and not _is_deaf(worker):
        return False
    worker.restart()
    release_leases()
    tasks.ring()
    return True


def _is_deaf(worker: Child) -> bool:
    """Return whether works are waiting but the worker gave no sign of life for too long."""
    if worker.age < status.SILENCE.total_seconds() or not foreground.count_waiting():
        return False
    return not status.index_status(Artwork.objects.all()).worker_alive


def calibrate_on_all() -> None:
    """Calibrate on the complete collection; the worker used a part while it grew."""
    index = status.index_status(Artwork.objects.all())
    if index.indexed >= calibration.MINIMUM_WORKS and index.calibrated_on != index.indexed:
        upkeep.calibrate()
