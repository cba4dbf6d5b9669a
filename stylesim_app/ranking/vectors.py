"""Works ranked by the cosines of their vectors, in one index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from ..core.errors import DescriptorError
from ..core.local_scaling import LocalScaling
from ..exceptions import NotPrepared
from ..index import vectors
from ..index.embeddings import Embedding
from ..index.serving import Serving
from ..models import VectorIndex, WorkItem
from ..stores.vector_base import NearestWork
from . import coverage
from .queries import Query

FloatArray = NDArray[np.float32]

#: Nearest works whose order local scaling may change.
SCALED = 200


@dataclass(frozen=True, eq=False)
class Search:
    """A search of one index: the vectors of the query, and how to find works near one."""

    index: VectorIndex
    vectors: FloatArray
    serving: Serving

    def nearest_scaled(
        self, query: FloatArray, candidates: QuerySet[Any], limit: int, scaling: LocalScaling
    ) -> list[tuple[NearestWork, Any]]:
        """Return candidates like ``nearest``, by distances with their local scaling.

        They are the nearest by it among the SCALED nearest without.
        """
        found = self.nearest(query[None], candidates, max(limit, SCALED))
        stored = vectors.open_store(self.index).read([each.stored for each, _ in found])
        # A picture may have been replaced since.
        found = [(each, artwork) for each, artwork in found if each.stored in stored]
        if not found:
            return []
        keys = np.array([each.stored for each, _ in found])
        rows = np.stack([stored[key].numbers[0] for key in keys.tolist()])
        offsets = scaling.offsets(rows, keys).tolist()
        scaled = [
            (replace(each, distance=each.distance + offset), artwork)
            for (each, artwork), offset in zip(found, offsets, strict=True)
        ]
        return sorted(scaled, key=lambda pair: pair[0].distance)[:limit]

    def nearest(
        self, queries: FloatArray, candidates: QuerySet[Any], limit: int
    ) -> list[tuple[NearestWork, Any]]:
        """Return the candidates that are nearest to one of the queries ``(n, d)``, with their
        artworks.

        Raises NotPrepared if the index was replaced meanwhile.
        """
        described = coverage.described(candidates, self.serving.descriptor_set)
        try:
            store = vectors.open_store(self.index)
            found = _merge([store.nearest(query, described, limit) for query in queries], limit)
        except VectorIndex.DoesNotExist as error:
            raise NotPrepared(
                WorkItem.State.STALE,
                _("The index changed during this search. Please try again."),
            ) from error
        keys = [each.artwork for each in found]
        artworks = candidates.select_related("stylesim_entry").in_bulk(keys)
        return [(each, artworks[each.artwork]) for each in found if each.artwork in artworks]


def _merge(answers: Sequence[Sequence[NearestWork]], limit: int) -> list[NearestWork]:
    """Return the nearest works of several answers, each work once, in the order of a store."""
    nearest: dict[int, NearestWork] = {}
    for each in sorted(chain(*answers), key=lambda each: (each.distance, each.artwork)):
        nearest.setdefault(each.stored, each)
    return list(nearest.values())[:limit]


def begin(query: Query, embedding: Embedding, serving: Serving) -> Search:
    """Return a search of the index of an embedding. Raises NotIndexed."""
    serving.require_storage()
    index = serving.vector_index(embedding.name)
    if index is None or (embedding.fitted is None and index.digest != embedding.digest):
        raise NotPrepared(WorkItem.State.STALE, _not_ready())
    try:
        found = query.vectors(embedding, index, serving)
    except (FileNotFoundError, DescriptorError) as error:
        raise NotPrepared(WorkItem.State.STALE, _not_ready()) from error
    if found is None:
        raise NotPrepared(
            WorkItem.State.PENDING,
            _(
                "This work cannot be compared in this way yet. Index it again to add what is "
                "missing."
            ),
        )
    return Search(index, found.numbers, serving)


def _not_ready() -> str:
    return _("This comparison is being prepared. Please try again in a few minutes.")
