"""Files that the collection holds already, known by their SHA-256.

Two uploads of the same bytes at the same time are told apart by a claim, a row lock that the second
waits for:

    with transaction.atomic():
        known_files.claim(sha256)
        if not known_files.works_with(sha256, artworks).exists():
            artwork.save()
            known_files.enter(artwork, sha256)
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from ..collection.adapter import adapter
from ..models import FileClaim, IndexEntry

#: A claim is only needed while a transaction is open.
KEPT = timedelta(hours=1)


def digest(upload: File[Any]) -> str:
    """Return the SHA-256 of an uploaded file as hexadecimal digits, and rewind the file.

    It is read in pieces. Empty for a stream that cannot be read twice.
    """
    if not getattr(upload, "seekable", lambda: True)():
        return ""
    sha256 = hashlib.sha256()
    upload.seek(0)
    for piece in upload.chunks():
        sha256.update(piece)
    upload.seek(0)
    return sha256.hexdigest()


def claim(sha256: str) -> None:
    """Wait until no other transaction holds a claim on these bytes, and hold it to the end of the
    current transaction. Call it before ``works_with``, inside ``transaction.atomic``."""
    while True:
        # The first statement is a write: SQLite then waits for its only lock.
        FileClaim.objects.bulk_create([FileClaim(sha256=sha256)], ignore_conflicts=True)
        claimed = FileClaim.objects.select_for_update().filter(sha256=sha256)
        if claimed.values_list("pk").first() is not None:
            return


def works_with(sha256: str, artworks: QuerySet[Any]) -> QuerySet[Any]:
    """Return those of the artworks whose file has these bytes, the oldest first."""
    if not sha256:
        return artworks.none()
    return artworks.filter(stylesim_entry__image_sha256=sha256).order_by("pk")


def enter(artwork: Any, sha256: str) -> None:
    """Enter a new artwork in the work list with the SHA-256 of its file.

    In the transaction that saves it, so that the next claim sees it without waiting for a worker.
    """
    name = str(adapter().image(artwork).name)
    IndexEntry.objects.get_or_create(
        artwork=artwork, defaults={"image_name": name, "image_sha256": sha256}
    )


def add_unless_known(
    upload: File[Any],
    save: Callable[[], Any],
    visible: QuerySet[Any],
    *,
    anyway: bool = False,
    in_trash: QuerySet[Any] | None = None,
) -> tuple[Any, Any]:
    """Save a new artwork unless a visible one has the same file, or one of those ``in_trash``.

    Return the new artwork or None, and the artwork that has the file or None. With ``anyway``, both
    may be artworks. A work that the caller may not see is no reason to refuse, which would reveal
    it.
    """
    sha256 = digest(upload)
    with transaction.atomic():
        if sha256:
            claim(sha256)
        known = works_with(sha256, visible).first()
        if known is None and in_trash is not None:
            known = works_with(sha256, in_trash).first()
        if known is not None and not anyway:
            return None, known
        added = save()
        enter(added, sha256)
        return added, known


def purge() -> None:
    """Delete the claims of past transactions."""
    FileClaim.objects.filter(claimed_at__lt=timezone.now() - KEPT).delete()
