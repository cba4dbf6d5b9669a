"""Pictures that the collection holds already, known by the SHA-256 of their files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from ..collection.swapping import get_artwork_model
from ..conf import conf
from ..models import IndexEntry
from ..work import trash, worklist


class KnownFiles:
    """The files of the collection, including those that no worker has read yet.

    A dry run writes nothing, and keeps the hashes of the latter in memory.
    """

    def __init__(self, *, dry_run: bool) -> None:
        self._in_memory: dict[str, Any] = {}
        if dry_run:
            self._in_memory = {sha256: pk for pk, _name, sha256 in _hash_files(_unread())}
            return
        worklist.reconcile()
        entries = IndexEntry.objects
        unread = entries.filter(image_sha256="").values_list("artwork_id", "image_name")
        for pk, name, sha256 in _hash_files(list(unread)):
            entries.filter(artwork_id=pk, image_name=name, image_sha256="").update(
                image_sha256=sha256
            )

    def reason(self, pk: Any) -> str:
        """Return what a report adds for a known artwork: that it is in the trash, or nothing."""
        return _("This work is in the trash.") if trash.works().filter(pk=pk).exists() else ""

    def find(self, sha256: str) -> Any:
        """Return the key of the artwork that has a file, or None."""
        entries = IndexEntry.objects.filter(image_sha256=sha256).order_by("artwork_id")
        found = entries.values_list("artwork_id", flat=True).first()
        return self._in_memory.get(sha256) if found is None else found


def _unread() -> list[tuple[Any, str]]:
    """Return the key and the file of every artwork whose file has no known hash."""
    hashed = IndexEntry.objects.exclude(image_sha256="").values("artwork_id")
    field = conf.artwork_image_field
    pictures = get_artwork_model()._base_manager.exclude(**{field: ""})
    pictures = pictures.exclude(**{f"{field}__isnull": True}).exclude(pk__in=hashed)
    return list(pictures.values_list("pk", field))


def _hash_files(files: Iterable[tuple[Any, str]]) -> Iterable[tuple[Any, str, str]]:
    storage = get_artwork_model()._meta.get_field(conf.artwork_image_field).storage
    for pk, name in files:
        try:
            with storage.open(name, "rb") as file:
                yield pk, name, hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            # The worker reports it.
            continue
