"""The trash: deleted works of the app's own model, which can be restored for some days.

A work in the trash keeps its file, its index entry and its descriptors, and its manager leaves it
out, so that no page, ranking or count finds it. Models of hosts have no trash.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db.models import ProtectedError, QuerySet, RestrictedError
from django.http import HttpRequest
from django.utils import timezone

from ..collection import visibility
from ..collection.swapping import get_artwork_model
from ..conf import conf
from ..models import Artwork
from . import tombstones

logger = logging.getLogger(__name__)

#: Works that the schedule deletes at once.
LIMIT = 200


def exists() -> bool:
    """Return whether the artwork model in use has a trash."""
    return get_artwork_model() is Artwork


def is_in_use() -> bool:
    """Return whether deleted works go to the trash."""
    return exists() and conf.trash_days > 0


def works() -> QuerySet[Any]:
    """Return the works in the trash, the latest first; none of a host's own model."""
    model = get_artwork_model()
    if not exists():
        none: QuerySet[Any] = model._base_manager.none()
        return none
    found: QuerySet[Any] = model._base_manager.filter(trashed_at__isnull=False)
    return found.order_by("-trashed_at", "-pk")


def works_outside() -> QuerySet[Any]:
    """Return all artworks but those in the trash, whatever the model's own manager leaves out."""
    artworks: QuerySet[Any] = get_artwork_model()._base_manager.all()
    return artworks.filter(trashed_at=None) if exists() else artworks


def works_known_to(request: HttpRequest) -> QuerySet[Any]:
    """Return the works in the trash if the caller may delete works and sees all of them."""
    if exists() and visibility.may(request.user, "delete") and visibility.sees_all(request):
        return works()
    return works().none()


def move(artworks: QuerySet[Any]) -> int:
    """Move artworks to the trash, and return their number."""
    return tombstones.update(artworks, trashed_at=timezone.now())


def restore(artworks: QuerySet[Any]) -> int:
    """Return artworks of the trash to the collection, and return their number."""
    return tombstones.update(artworks, trashed_at=None)


def delete(artworks: QuerySet[Any]) -> list[Any]:
    """Delete artworks of the trash for good; return those to which other records refer."""
    kept = []
    for artwork in artworks:
        try:
            artwork.delete()
        except (ProtectedError, RestrictedError):
            kept.append(artwork)
    return kept


def purge() -> None:
    """Delete the works that were in the trash for ``STYLESIM_TRASH_DAYS``."""
    if not exists():
        return
    expired = timezone.now() - timedelta(days=conf.trash_days)
    for artwork in delete(works().filter(trashed_at__lt=expired).order_by("trashed_at")[:LIMIT]):
        logger.warning("other records refer to artwork %s, which stays in the trash", artwork.pk)
