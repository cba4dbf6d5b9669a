"""Inside a site: search times as the collection grows."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import faiss
import numpy as np

from stylesim_app import files
from stylesim_app.core.descriptors import LAYERS
from stylesim_app.index.neighbours import WEIGHTING
from stylesim_app.models import Artwork
from stylesim_app.ranking import similar
from stylesim_app.ranking.options import RankingOptions
from stylesim_app.stores import embedded

from .collection import Collection
from .site import percentiles
from .timing import median_seconds

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
QUERIES = 40
#: Rows that a thread sums at once.
ROWS = 8192
#: Weights that differ slightly from the default ones, so that no list of neighbours answers.
OPTIONS = RankingOptions(content_weight=1.0001e-4)


def measure(store: str, *sizes: str) -> Iterator[dict[str, Any]]:
    collection = Collection()
    for works in map(int, sizes or SIZES):
        collection.grow(works)
        row = {"store": store, "works": works, **_measure_queries()}
        yield row | (_measure_scan(collection) if store == "embedded" else {})


def _measure_queries() -> dict[str, float]:
    artworks = Artwork.objects.order_by("pk")
    places = np.linspace(0, artworks.count() - 1, QUERIES).astype(int)
    queries = [artworks[int(place)] for place in places]
    # Blends are written on their first read, which is excluded from the timing.
    answers = [similar.find_similar(each, OPTIONS, artworks, artworks) for each in queries]
    seconds = []
    for artwork in queries:
        start = time.perf_counter()
        similar.find_similar(artwork, OPTIONS, artworks, artworks)
        seconds.append(time.perf_counter() - start)
    return {
        **{f"query {name}": value for name, value in percentiles(seconds).items()},
        "certified %": 100 * float(np.mean([answer.certified for answer in answers])),
    }


def _measure_scan(collection: Collection) -> dict[str, float]:
    """Time one pass over the compact descriptors, a plain read of them, and FAISS."""
    first = collection.described.first()
    if first is None:
        return {}
    store = collection.embedded()
    query = store.compressor.compress(files.read_descriptor(first.file_name))
    table = store._read_table().table
    flat = np.concatenate([table.z[layer] for layer in LAYERS], axis=1)
    index = faiss.IndexFlatL2(flat.shape[1])
    index.add(flat)

    def read() -> None:
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            starts = range(0, len(flat), ROWS)
            list(threads.map(lambda start: flat[start : start + ROWS].sum(), starts))

    seconds = median_seconds(
        {
            "scan": lambda: embedded._scan(table, [query], WEIGHTING),
            "reading the same bytes": read,
            "FAISS IndexFlatL2": lambda: index.search(flat[:1], 10),
        },
        in_a_row=5,
    )
    return {f"{name} ms": 1e3 * value for name, value in seconds.items()}
