"""Tombstones of artworks that are no longer shown, for programs that keep a copy of the collection.

Each is written in the transaction of the change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from typing import Any

from django.db import models, transaction
from django.db.models import QuerySet
from django.utils import timezone

from ..collection.adapter import adapter
from ..collection.swapping import get_artwork_model
from ..collection.visibility import public_artworks
from ..conf import conf
from ..models import Tombstone
from . import audit

#: Keys that are looked up at once.
CHUNK = 500


def update(artworks: QuerySet[Any], **values: Any) -> int:
    """Update artworks like ``QuerySet.update``, which sends no signals, with the time of the
    change, entries in the audit trail and tombstones; return the number of all."""
    with transaction.atomic():
        changing = artworks.exclude(**values).order_by()
        keys = list(changing.values_list("pk", flat=True))
        name = adapter().field("modified")
        field: Any = None if name is None else get_artwork_model()._meta.get_field(name)
        with _written_for(keys):
            if getattr(field, "auto_now", False):
                changing.update(**{field.name: timezone.now()})
            return audit.record_update(artworks, **values)


def is_kept(artwork: models.Model) -> bool:
    """Return whether the collection has an artwork, and not in the trash."""
    return bool(_kept().filter(pk=artwork.pk).exists())


def is_shown(artwork: models.Model) -> bool:
    """Return whether visitors see an artwork."""
    return bool(public_artworks().filter(pk=artwork.pk).exists())


def write(artwork: models.Model, *, is_gone: bool, was_public: bool) -> None:
    """Write the tombstone of an artwork; call it in the transaction of the change."""
    Tombstone.objects.create(artwork_key=str(artwork.pk), is_gone=is_gone, was_public=was_public)


def purge() -> None:
    """Delete the tombstones that were kept for ``STYLESIM_TOMBSTONE_DAYS``."""
    Tombstone.objects.filter(removed_at__lt=oldest()).delete()


def oldest() -> Any:
    """Return the moment since which all tombstones are kept."""
    return timezone.now() - timedelta(days=conf.tombstone_days)


@contextmanager
def _written_for(keys: Iterable[Any]) -> Iterator[None]:
    """Write tombstones for those of some artworks that are no longer shown after the block."""
    kept, shown = _among(_kept(), keys), _among(public_artworks(), keys)
    yield
    gone = kept - _among(_kept(), kept)
    hidden = shown - _among(public_artworks(), shown)
    Tombstone.objects.bulk_create(
        (
            Tombstone(artwork_key=str(key), is_gone=key in gone, was_public=key in hidden)
            for key in gone | hidden
        ),
        batch_size=CHUNK,
    )


def _kept() -> QuerySet[Any]:
    artworks: QuerySet[Any] = get_artwork_model()._default_manager.all()
    return artworks


def _among(artworks: QuerySet[Any], keys: Iterable[Any]) -> set[Any]:
    found, rest, among = artworks.order_by().values_list("pk", flat=True), iter(keys), set()
    while some := list(islice(rest, CHUNK)):
        among |= set(found.filter(pk__in=some))
    return among
