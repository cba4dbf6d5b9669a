"""Approximate indexes for collections too large to look at every work.

Malkov, Yashunin: Efficient and Robust Approximate Nearest Neighbor Search Using Hierarchical
Navigable Small World Graphs, 2016. One index over style and one over content for each index,
since vectors of different bases do not compare.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.models import QuerySet
from pgvector import Vector
from pgvector.django import L2Distance

from ...core.compression import CompactDescriptor
from ...core.descriptors import CONTENT_LAYER, STYLE_LAYERS
from ...models import CompactIndex
from .expressions import StyleVector
from .models import CompactVectors

#: Works from which on a scan is slower than a person waits.
HNSW_FROM = 262_144
#: Candidates from each index, as a multiple of the wanted ones.
SURPLUS = 2
#: The most that pgvector keeps in view, ``hnsw.ef_search``.
MAX_IN_VIEW = 1000


def create_indexes(index: CompactIndex) -> None:
    """Create the indexes of an index while it has few rows; they grow with it."""
    style = StyleVector.template % {"expressions": StyleVector.arg_joiner.join(STYLE_LAYERS)}
    names = _names(index.pk)
    with connection.cursor() as cursor:
        for name, vector in zip(names, (f"({style})", CONTENT_LAYER), strict=True):
            cursor.execute(
                f"CREATE INDEX IF NOT EXISTS {name} ON {CompactVectors._meta.db_table} "
                f"USING hnsw ({vector} vector_l2_ops) WHERE compact_index_id = {index.pk}"
            )


def drop_indexes(instance: CompactIndex, **_: Any) -> None:
    """Drop the indexes of a deleted compact index once its rows are gone."""
    if instance.store == "pgvector":
        names = ", ".join(_names(instance.pk))
        transaction.on_commit(lambda: _drop(names))


def nearest(
    rows: QuerySet[CompactVectors], query: CompactDescriptor, size: int
) -> QuerySet[CompactVectors]:
    """Return the rows that are likely to be nearest in style, and in content."""
    style = Vector(np.concatenate([query.layer(layer) for layer in STYLE_LAYERS]))
    content = Vector(query.layer(CONTENT_LAYER))
    count = SURPLUS * size
    near_in_style = rows.order_by(L2Distance(StyleVector(), style))[:count]
    near_in_content = rows.order_by(L2Distance(CONTENT_LAYER, content))[:count]
    return rows.filter(pk__in=near_in_style.values("pk").union(near_in_content.values("pk")))


@contextmanager
def searching(size: int) -> Iterator[None]:
    """Search on in this context until filters leave as many as a statement asks for."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL hnsw.iterative_scan = relaxed_order")
        cursor.execute(f"SET LOCAL hnsw.ef_search = {min(SURPLUS * size, MAX_IN_VIEW)}")
        yield


def _drop(names: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX IF EXISTS {names}")


def _names(index: int) -> tuple[str, str]:
    return f"stylesim_style_{index}", f"stylesim_content_{index}"
