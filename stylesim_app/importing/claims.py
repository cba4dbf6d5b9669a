"""Claims on files, so that imports at the same time store each file once.

A claim is a row of ``ImportedFile``. An import that is killed leaves its claim behind; the next one
deletes the file that it may have written.
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.core.files.storage import Storage
from django.db import IntegrityError, transaction
from django.db.models.fields.files import FieldFile
from django.utils import timezone
from django.utils.translation import gettext as _

from ..collection.swapping import get_artwork_model
from ..conf import conf
from ..exceptions import StylesimError
from ..models import ImportedFile

#: An import waits so long for another one that is storing the same file.
WAIT_SECONDS = 60.0
_POLL_SECONDS = 0.1
#: No file takes so long to store: a claim of another host is then abandoned.
ABANDONED_AFTER = timedelta(minutes=10)
#: This process, among those that have had its number.
_PROCESS = uuid.uuid4()


class FileClaimed(StylesimError):
    """A file that another import has been storing for too long."""


@contextmanager
def claim(sha256: str) -> Iterator[ImportedFile]:
    """Hold the claim on a file while it is stored, after waiting for other imports.

    Raises FileClaimed.
    """
    claimed = _take(sha256)
    try:
        yield claimed
    finally:
        if claimed.pk is not None:
            ImportedFile.objects.filter(pk=claimed.pk).delete()


def release(claimed: ImportedFile) -> None:
    """Delete a claim in the transaction that adds the artwork. Raises FileClaimed if another
    import has taken it, because it looked abandoned."""
    if not ImportedFile.objects.filter(pk=claimed.pk).delete()[0]:
        raise FileClaimed(_("Another import has taken this file."))


def _take(sha256: str) -> ImportedFile:
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            with transaction.atomic():
                return ImportedFile.objects.create(
                    sha256=sha256,
                    host=_host(),
                    process_id=os.getpid(),
                    process=_PROCESS,
                )
        except IntegrityError:
            held = ImportedFile.objects.filter(sha256=sha256).first()
        if held is None:
            continue
        if _is_abandoned(held):
            discard(held)
        elif time.monotonic() > until:
            raise FileClaimed(_("Another import is storing this file. Run the command again."))
        else:
            time.sleep(_POLL_SECONDS)


def discard_abandoned() -> None:
    """Delete the claims of imports that were killed, and the files that they left behind."""
    for held in ImportedFile.objects.all():
        if _is_abandoned(held):
            discard(held)


def _is_abandoned(held: ImportedFile) -> bool:
    if held.started_at < timezone.now() - ABANDONED_AFTER:
        return True
    if held.host != _host() or held.process == _PROCESS:
        return False
    return held.process_id == os.getpid() or not _runs(held.process_id)


def _runs(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        # The process of another user.
        return True
    return True


def discard(held: ImportedFile) -> None:
    """Delete a claim, and the file that was written under it unless an artwork has it."""
    # Without its claim, an import cannot add the artwork any more; its file may then go.
    if not ImportedFile.objects.filter(pk=held.pk).delete()[0] or not held.image_name:
        return
    model, field = get_artwork_model(), conf.artwork_image_field
    if not model._base_manager.filter(**{field: held.image_name}).exists():
        model._meta.get_field(field).storage.delete(held.image_name)


def _host() -> str:
    return socket.gethostname()[:200]


@contextmanager
def noting_name(image: FieldFile, claimed: ImportedFile) -> Iterator[None]:
    """Note the name of a file in the claim before the file is written under it."""
    storage = image.storage
    image.storage = _NotingStorage(storage, claimed)  # type: ignore[assignment]
    try:
        yield
    finally:
        image.storage = storage


class _NotingStorage:
    """A storage that notes the name of a file before it writes it."""

    def __init__(self, storage: Storage, claimed: ImportedFile) -> None:
        self._storage = storage
        self._claimed = claimed

    def save(self, name: str, content: Any, max_length: int | None = None) -> str:
        free = self._storage.get_available_name(name, max_length=max_length)
        self._claimed.image_name = free
        self._claimed.save(update_fields=["image_name"])
        return self._storage.save(free, content, max_length=max_length)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)
