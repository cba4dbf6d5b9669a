"""Removal of pictures that artworks no longer have, and of their thumbnails.

Each removal is a row, written in the same transaction as the change. The files are deleted once it
commits; a schedule deletes what a stopped process left.
"""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta
from pathlib import PurePath
from typing import Any

from django.core.files.base import File
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from .. import files
from ..collection import thumbnails
from ..collection.adapter import adapter
from ..collection.swapping import get_artwork_model
from ..conf import conf
from ..models import AbstractArtwork, RemovedPicture

logger = logging.getLogger(__name__)

#: How long the process that removed a picture has, before the schedule deletes its files.
OVERDUE = timedelta(minutes=5)
#: Rows that the schedule handles at once.
LIMIT = 500


def remove(artwork: models.Model, image_name: str, *, keep: bool = True) -> None:
    """Enter the previous picture of an artwork for removal; call it in the transaction.

    Only the app's own models own their files. A file that another artwork uses is kept. Without
    ``keep``, the original is deleted at once, since its work was in the trash for a time.
    """
    row = RemovedPicture.objects.create(
        image_name=image_name,
        is_owned=isinstance(artwork, AbstractArtwork),
        artwork_key=str(artwork.pk)[:100],
        title=adapter().title(artwork)[:500],
    )
    transaction.on_commit(lambda: settle(row, keep=keep), robust=True)


def settle(row: RemovedPicture, *, keep: bool = True) -> None:
    """Delete the thumbnails and the original of a removed picture, or keep the original for the
    days of ``STYLESIM_KEEP_REMOVED_DAYS``."""
    name = row.image_name
    if is_used(name):
        row.delete()
        return
    storage = _field().storage
    thumbnails.delete_thumbnails(storage, name)
    if row.is_owned:
        if keep and conf.keep_removed_days and _keep(row):
            storage.delete(name)
            return
        storage.delete(name)
    row.delete()


def is_used(image_name: str) -> bool:
    """Return whether an artwork has this file."""
    used = {conf.artwork_image_field: image_name}
    return bool(get_artwork_model()._base_manager.filter(**used).exists())


def purge() -> None:
    """Delete files that a stopped process left, and originals that were kept long enough."""
    now = timezone.now()
    unsettled = RemovedPicture.objects.filter(kept_at=None, removed_at__lt=now - OVERDUE)
    for row in unsettled.order_by("pk")[:LIMIT]:
        try:
            settle(row)
        except OSError:
            logger.exception("the files of the removed picture %s cannot be deleted", row.pk)
            break
    expired = Q(removed_at__lt=now - timedelta(days=conf.keep_removed_days))
    kept = RemovedPicture.objects.filter(expired, kept_at__isnull=False).order_by("pk")
    keys = list(kept.values_list("pk", flat=True)[:LIMIT])
    RemovedPicture.objects.filter(pk__in=keys).delete()


def _keep(row: RemovedPicture) -> bool:
    """Copy the original to the private storage; return False if it is gone."""
    private = files.private_storage()
    if row.kept_name:
        # An earlier attempt stopped half-way.
        private.delete(row.kept_name)
    row.kept_name = f"removed/{uuid.uuid4().hex}{PurePath(row.image_name).suffix.lower()}"
    row.save(update_fields=["kept_name"])
    try:
        with _field().storage.open(row.image_name, "rb") as original:
            private.save(row.kept_name, File(original))
    except FileNotFoundError:
        return False
    row.kept_at = timezone.now()
    row.save(update_fields=["kept_at"])
    return True


def _field() -> Any:
    return get_artwork_model()._meta.get_field(conf.artwork_image_field)
