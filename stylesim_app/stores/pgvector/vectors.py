"""The vector store in pgvector: PostgreSQL filters, measures and orders."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Exists, F, Min, OuterRef, QuerySet, Value
from django.db.models.functions import Greatest
from numpy.typing import NDArray
from pgvector import HalfVector
from pgvector.django import MaxInnerProduct

from ...core.boxes import Box
from ...core.embedding import Vectors
from ...models import StoredDescriptor, VectorIndex
from ..vector_base import NearestWork, VectorStore
from .models import PictureVector

#: What rounding a query to float16 leaves is kept times this, where float16 has all its digits.
REST_SCALE = 2.0**11

#: Artworks are joined to the nearest alone, those that are equally far included.
NEAREST = """
    WITH nearest AS ({distances} ORDER BY distance FETCH FIRST %s ROWS WITH TIES)
    SELECT DISTINCT ON (distance, artwork) stored_id, artwork, distance, box
    FROM nearest JOIN ({vectors}) AS vectors USING (stored_id, distance)
    ORDER BY distance, artwork, number
    LIMIT %s
"""


class PgvectorVectorStore(VectorStore):
    """Each search measures all vectors of the candidates: no index leads past any."""

    @property
    def rows(self) -> QuerySet[PictureVector]:
        return PictureVector.objects.filter(vector_index=self.index)

    def add(self, vectors: Mapping[int, Vectors]) -> None:
        self.rows.filter(stored__in=list(vectors)).delete()
        PictureVector.objects.bulk_create(
            PictureVector(
                vector_index=self.index,
                stored_id=stored,
                number=number,
                numbers=HalfVector(numbers),
                box=None if each.boxes is None else list(each.boxes[number]),
            )
            for stored, each in vectors.items()
            for number, numbers in enumerate(each.numbers)
        )

    def lacking(self, stored: QuerySet[StoredDescriptor]) -> QuerySet[StoredDescriptor]:
        return stored.filter(~Exists(self.rows.filter(stored=OuterRef("pk"))))

    def read(self, stored: Collection[int]) -> dict[int, Vectors]:
        rows = self.rows.filter(stored__in=list(stored)).order_by("stored", "number")
        numbers: dict[int, list[Any]] = {}
        boxes: dict[int, list[Box]] = {}
        for key, vector, box in rows.values_list("stored_id", "numbers", "box").iterator():
            numbers.setdefault(key, []).append(np.array(vector, np.float32))
            if box is not None:
                boxes.setdefault(key, []).append(Box(*box))
        return {
            key: Vectors(np.stack(each), tuple(boxes[key]) if key in boxes else None)
            for key, each in numbers.items()
        }

    def nearest(
        self,
        query: NDArray[np.float32],
        candidates: QuerySet[StoredDescriptor],
        limit: int,
    ) -> list[NearestWork]:
        vectors = self.rows.annotate(
            distance=_distance(query), artwork=F("stored__entry__artwork")
        ).values_list("stored_id", "number", "box", "artwork", "distance")
        allowed = self.rows.filter(stored__in=candidates).values("stored_id")
        try:
            works = _select(allowed.annotate(distance=Min(_distance(query))), vectors, limit)
        except EmptyResultSet:
            # Django knows without asking that there are no candidates, as of ``none()``.
            works = []
        if len(works) < limit:
            VectorIndex.objects.only("pk").get(pk=self.index.pk)
        return works


def _select(
    distances: QuerySet[Any, Any], vectors: QuerySet[Any, Any], limit: int
) -> list[NearestWork]:
    """Return the nearest works of ``distances``, each with the box of the first of its vectors that
    is as near."""
    first, parameters = distances.query.sql_with_params()
    second, others = vectors.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            NEAREST.format(distances=first, vectors=second), (*parameters, limit, *others, limit)
        )
        return [
            NearestWork(stored, artwork, distance, None if box is None else Box(*json.loads(box)))
            for stored, artwork, distance, box in cursor.fetchall()
        ]


def _distance(query: NDArray[np.float32]) -> Any:
    """Return the expression of the distance of a row of PictureVector, to 22 bits.

    An operand of ``<#>`` is rounded to float16; the product with what this leaves of the query is
    added. ``<#>`` is the negative inner product.
    """
    rounded = query.astype(np.float16)
    rest = (query - rounded) * np.float32(REST_SCALE)
    product = Value(1.0) + MaxInnerProduct("numbers", HalfVector(rounded))
    product += MaxInnerProduct("numbers", HalfVector(rest)) / Value(REST_SCALE)
    return Greatest(product, Value(0.0))
