"""The nearest works of many queries in a lane of vectors: one search of the store for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from ..core.embedding import weigh_parts
from ..index import scales, vectors
from ..index.serving import Serving
from ..messages import rarity_words
from ..models import StoredDescriptor, VectorIndex
from . import coverage, lanes
from .many import Near
from .options import RankingOptions
from .vector_lanes import VectorLane


def vector_lanes() -> list[VectorLane]:
    """Return the lanes that compare vectors."""
    return [lane for lane in lanes.registered() if isinstance(lane, VectorLane)]


def rank_by_vectors(
    lane: VectorLane,
    artworks: Sequence[Any],
    visible: QuerySet[Any],
    each: int,
    serving: Serving | None = None,
) -> dict[Any, list[Near]]:
    """Return the ``each`` nearest visible works by the key of an artwork that has a vector."""
    serving = serving or Serving()
    index = serving.vector_index(lane.embedding.name)
    if index is None:
        return {}
    entries = StoredDescriptor.objects.filter(
        descriptor_set=serving.descriptor_set,
        entry__artwork__in=[artwork.pk for artwork in artworks],
    )
    stored = dict(entries.values_list("pk", "entry__artwork_id"))
    candidates = coverage.described(visible, serving.descriptor_set)
    weights = lane.weights(RankingOptions())
    store = vectors.open_store(index)
    found = {}
    try:
        for pk, numbers in store.read(list(stored)).items():
            query = numbers.numbers[0]
            query = weigh_parts(query, dict(weights)) if weights else query
            nearest = store.nearest(query, candidates, each + 1)
            found[stored[pk]] = [work for work in nearest if work.stored != pk][:each]
    except VectorIndex.DoesNotExist:
        # It was replaced meanwhile; the next look finds the new one.
        return {}
    others = visible.in_bulk({work.artwork for works in found.values() for work in works})
    scale = scales.scale_of(index, weights)

    def words(distance: float) -> str:
        return "" if scale is None else rarity_words(scale.unusual(distance), len(scale))

    return {
        key: [
            Near(others[work.artwork], distance=work.distance, words=words(work.distance))
            for work in works
            if work.artwork in others
        ]
        for key, works in found.items()
    }
