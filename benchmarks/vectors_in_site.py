"""Inside a site: storage, additions and queries of vectors as the collection grows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from stylesim_app.conf import conf
from stylesim_app.core.boxes import grid
from stylesim_app.core.cosine import to_unit
from stylesim_app.core.embedding import Vectors
from stylesim_app.index.near_pairs import KEPT
from stylesim_app.models import Artwork, DescriptorSet, IndexEntry, StoredDescriptor, VectorIndex
from stylesim_app.stores import import_vector_store
from stylesim_app.stores.embedded_vectors import EmbeddedVectorStore
from stylesim_app.stores.vector_base import VectorStore

from .site import percentiles

SIZES = (1_000, 10_000, 100_000)
#: Of each kind the vectors of a work, the numbers of each, and how many of them a query weighs.
KINDS = ((1, 1152, 640), (14, 128, 128))
CHUNK = 500
QUERIES = 15
LIMIT = 10


def measure(store_name: str, *sizes: str) -> Iterator[dict[str, Any]]:
    """Yield a row for each kind of vectors and each size of the collection."""
    described = DescriptorSet.objects.create(digest="drawn", provenance={}, serving=True)
    generator = np.random.default_rng(0)
    stores = [
        import_vector_store(store_name)(
            VectorIndex.objects.create(
                descriptor_set=described, embedding=str(kind), digest="", store=store_name
            )
        )
        for kind in KINDS
    ]
    for low, high in pairwise([0, *map(int, sizes or SIZES)]):
        keys = _describe(described, low, high)
        for store, (count, size, weighed) in zip(stores, KINDS, strict=True):
            before = _stored_bytes()
            seconds = _add(store, keys, (count, size), generator)
            queries = to_unit(generator.normal(size=(QUERIES, size)))
            queries[:, weighed:] = 0
            figures = _measure_queries(store, queries)
            figures["near pairs of a work ms"] = _measure_pairs(store, described, weighed)
            yield {
                "store": store_name,
                "vectors": count,
                "numbers": size,
                "works": high,
                "bytes a work": (_stored_bytes() - before) / len(keys),
                "add a work ms": 1e3 * seconds / len(keys),
                **figures,
            }


def _describe(described: DescriptorSet, low: int, high: int) -> list[int]:
    """Write the rows of works from ``low`` to ``high``, and return the keys of their stored
    descriptors."""
    keys = []
    for start in range(low, high, CHUNK):
        titles = [f"work {number}" for number in range(start, min(start + CHUNK, high))]
        artworks = Artwork.objects.bulk_create(
            Artwork(title=title, is_public=True, image=f"{title}.jpg") for title in titles
        )
        entries = IndexEntry.objects.bulk_create(
            IndexEntry(artwork=artwork, state="indexed", image_name=f"{artwork.title}.jpg")
            for artwork in artworks
        )
        stored = StoredDescriptor.objects.bulk_create(
            StoredDescriptor(entry=entry, descriptor_set=described, file_name=entry.image_name)
            for entry in entries
        )
        keys += [each.pk for each in stored]
    return keys


def _add(
    store: VectorStore, keys: list[int], shape: tuple[int, int], generator: np.random.Generator
) -> float:
    """Add drawn vectors of works, and return the seconds that this took."""
    boxes = tuple(grid(3)) if shape[0] > 1 else None
    seconds = 0.0
    for start in range(0, len(keys), CHUNK):
        chunk = keys[start : start + CHUNK]
        drawn = to_unit(generator.normal(size=(len(chunk), *shape)))
        vectors = {key: Vectors(each, boxes) for key, each in zip(chunk, drawn, strict=True)}
        began = time.perf_counter()
        with transaction.atomic():
            store.add(vectors)
        seconds += time.perf_counter() - began
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return seconds


def _measure_queries(store: VectorStore, queries: NDArray[np.float32]) -> dict[str, float]:
    candidates = StoredDescriptor.objects.filter(entry__artwork__is_public=True)
    seconds = []
    for query in [queries[0], *queries]:
        start = time.perf_counter()
        store.nearest(query, candidates, LIMIT)
        seconds.append(time.perf_counter() - start)
    figures = {
        "first query s": seconds[0],
        **{f"query {name}": value for name, value in percentiles(seconds[1:]).items()},
    }
    if isinstance(store, EmbeddedVectorStore):
        start = time.perf_counter()
        for query in queries:
            store._scan(query)
        figures["scan ms"] = 1e3 * (time.perf_counter() - start) / len(queries)
    return figures


def _measure_pairs(store: VectorStore, described: DescriptorSet, weighed: int) -> float:
    """Return the milliseconds in which a work is compared with those before it: the mean of works
    from the first to the last, as when the pairs of all are found."""
    stored = StoredDescriptor.objects.filter(descriptor_set=described).order_by("pk")
    keys = list(stored.values_list("pk", flat=True))
    chosen = [keys[round(at)] for at in np.linspace(0, len(keys) - 1, QUERIES)]
    start = time.perf_counter()
    for key, found in store.read(chosen).items():
        query = found.numbers[0].copy()
        query[weighed:] = 0
        store.nearest(query, stored.filter(pk__lt=key), KEPT)
    return 1e3 * (time.perf_counter() - start) / QUERIES


def _stored_bytes() -> int:
    """Return the size of the vectors in PostgreSQL, or of the database and the tables in files."""
    pages = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    database = "SELECT pg_total_relation_size('stylesim_pgvector_picturevector')"
    with connection.cursor() as cursor:
        cursor.execute(database if connection.vendor == "postgresql" else pages)
        (size,) = cursor.fetchone()
    tables = conf.cache_dir.glob("vectors-*/*")
    return int(size) + sum(path.stat().st_size for path in tables)
