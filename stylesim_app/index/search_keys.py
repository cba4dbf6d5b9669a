"""Keeping the search keys of artworks current."""

from __future__ import annotations

import logging
from typing import Any

from django.db import IntegrityError, OperationalError, ProgrammingError, router, transaction
from django.db.models import F, Q, QuerySet

from ..collection.keys import RELATION, make_keys, with_source
from ..collection.swapping import get_artwork_model
from ..models import SearchKeys

logger = logging.getLogger(__name__)

#: Artworks read at once.
CHUNK = 500
_FIELDS = [field.name for field in SearchKeys._meta.concrete_fields if not field.primary_key]


def refresh(artworks: QuerySet[Any]) -> int:
    """Write the keys of artworks, as the database has them now, and return their number."""
    count = 0
    chunk: list[SearchKeys] = []
    for artwork in with_source(artworks).iterator(CHUNK):
        keys = make_keys(artwork)
        chunk.append(SearchKeys(artwork=artwork, source=artwork.stylesim_source, **keys))
        if len(chunk) == CHUNK:
            count += _write(chunk)
            chunk = []
    return count + _write(chunk)


def refresh_of(pk: Any) -> None:
    """Write the keys of one artwork, in the transaction that saves it."""
    refresh(get_artwork_model()._base_manager.filter(pk=pk))


def refresh_stale() -> int:
    """Write the keys that are missing or whose artwork was changed without a signal.

    Changes by ``QuerySet.update``, ``bulk_create`` or SQL are found by comparing ``source``.
    """
    artworks = with_source(get_artwork_model()._base_manager.order_by())
    known = f"{RELATION}__source"
    stale = artworks.filter(Q(**{f"{known}__isnull": True}) | ~Q(**{known: F("stylesim_source")}))
    keys = list(stale.values_list("pk", flat=True))
    return sum(
        refresh(get_artwork_model()._base_manager.filter(pk__in=keys[start : start + CHUNK]))
        for start in range(0, len(keys), CHUNK)
    )


def fill(using: str, **_: Any) -> None:
    """Write missing keys after a migration; while a host's tables are incomplete, a worker does."""
    if using != router.db_for_write(SearchKeys):
        return
    try:
        with transaction.atomic(using=using):
            refresh_stale()
    except (OperationalError, ProgrammingError):
        logger.info("search keys will be written once all migrations have run")


def _write(rows: list[SearchKeys]) -> int:
    if not rows:
        return 0
    try:
        with transaction.atomic():
            SearchKeys.objects.bulk_create(
                rows,
                update_conflicts=True,
                unique_fields=["artwork"],
                update_fields=_FIELDS,
            )
    except IntegrityError:
        # An artwork was deleted meanwhile; the others are written at the next pass.
        return 0
    return len(rows)
