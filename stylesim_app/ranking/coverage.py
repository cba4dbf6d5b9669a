"""Coverage: the number of visible works, and of those that can be ranked."""

from __future__ import annotations

import hashlib
from typing import Any

from django.core.cache import cache
from django.core.exceptions import EmptyResultSet
from django.db.models import Exists, OuterRef, QuerySet

from ..models import DescriptorSet, StoredDescriptor

#: From this number of visible works, counting takes longer than a search; counts are cached.
MANY = 10_000
KEPT_SECONDS = 60


def described(artworks: QuerySet[Any], serving: DescriptorSet | None) -> QuerySet[StoredDescriptor]:
    """Return the descriptors of artworks in the serving set, except suspected ones."""
    # Correlated, since otherwise a list of all artworks would be made for each query.
    seen = artworks.order_by().filter(pk=OuterRef("entry__artwork"))
    return StoredDescriptor.objects.filter(
        Exists(seen), descriptor_set=serving, suspected_at__isnull=True
    )


def count(visible: QuerySet[Any], serving: DescriptorSet | None) -> tuple[int, int]:
    """Return the number of visible works that are indexed, and of all visible works.

    In a large collection the figures may be a minute old.
    """
    try:
        asked = f"{visible.query} {serving and serving.pk}"
    except EmptyResultSet:
        return 0, 0
    key = f"stylesim:coverage:{hashlib.sha256(asked.encode()).hexdigest()}"
    counts: tuple[int, int] | None = cache.get(key)
    if counts is None:
        counts = described(visible, serving).count(), visible.count()
        if counts[1] >= MANY:
            cache.set(key, counts, KEPT_SECONDS)
    return counts
