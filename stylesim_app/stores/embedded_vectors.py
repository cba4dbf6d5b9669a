"""The embedded vector store: rows in the database, searched as a memory-mapped NumPy array."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from django.db.models import Exists, F, OuterRef, QuerySet
from numpy.typing import NDArray

from ..conf import conf
from ..core.blas import one_thread
from ..core.bounds import least
from ..core.boxes import Box
from ..core.descriptors import widen
from ..core.embedding import Vectors
from ..models import StoredDescriptor, VectorIndex, VectorRow
from .slices import map_slices
from .table_file import Column, Numbers, open_table
from .vector_base import NearestWork, VectorStore

#: Numbers that a thread converts at once: as many as its cache holds.
BLOCK = 2**18
#: Zero columns of a query that are skipped, if there are so many in a row.
GAP = 64
#: Of the best of all works, so many times the wanted ones are looked up among the candidates
#: before all candidates are.
SURPLUS = 2
#: How many times more works are measured if those measured do not settle which are nearest.
GROWTH = 4
#: A product in float32 is off by so much, as a share of the query's length; beyond that no order
#: is read from it.
MARGIN = 1e-5
#: Stored descriptors that one statement names.
NAMED_KEYS = 5000

Keys = NDArray[np.int64]
FloatArray = NDArray[np.float32]


class Products(NamedTuple):
    """The stored descriptor of each work, and the largest product of a query and a vector of it.

    A work whose vectors were replaced may occur more than once.
    """

    stored: Keys
    largest: FloatArray

    def only(self, stored: Keys) -> Products:
        """Return the products of those of the works that are named."""
        named = np.isin(self.stored, stored)
        return Products(self.stored[named], self.largest[named])


class EmbeddedVectorStore(VectorStore):
    """Vectors are numbered without gaps as they are added, and never change.

    So the number of vectors ever added, ``VectorIndex.length``, tells whether the table is current,
    and what it lacks. The table only suggests works: those suggested are measured by their rows, so
    that vectors that were deleted or replaced meanwhile do not count.
    """

    @property
    def rows(self) -> QuerySet[VectorRow]:
        return VectorRow.objects.filter(vector_index=self.index)

    def add(self, vectors: Mapping[int, Vectors]) -> None:
        total = sum(len(each.numbers) for each in vectors.values())
        indexes = VectorIndex.objects.filter(pk=self.index.pk)
        # The row stays locked until the end of the transaction: whoever reads the length later
        # finds all rows below it.
        indexes.update(length=F("length") + total)
        position = indexes.values_list("length", flat=True).get() - total
        self.rows.filter(stored__in=list(vectors)).delete()
        rows = []
        for stored, each in vectors.items():
            rows.append(
                VectorRow(
                    vector_index=self.index,
                    stored_id=stored,
                    position=position,
                    count=len(each.numbers),
                    record=_to_record(each.numbers),
                    boxes=None if each.boxes is None else [list(box) for box in each.boxes],
                )
            )
            position += len(each.numbers)
        VectorRow.objects.bulk_create(rows)

    def lacking(self, stored: QuerySet[StoredDescriptor]) -> QuerySet[StoredDescriptor]:
        return stored.filter(~Exists(self.rows.filter(stored=OuterRef("pk"))))

    def read(self, stored: Collection[int]) -> dict[int, Vectors]:
        found = {}
        for keys in _portions(list(stored)):
            rows = self.rows.filter(stored__in=keys)
            columns = ("stored_id", "count", "record", "boxes")
            for key, count, record, boxes in rows.values_list(*columns):
                numbers = _to_numbers(record, count).astype(np.float32)
                box = None if boxes is None else tuple(Box(*each) for each in boxes)
                found[key] = Vectors(numbers, box)
        return found

    def nearest(
        self,
        query: NDArray[np.float32],
        candidates: QuerySet[StoredDescriptor],
        limit: int,
    ) -> list[NearestWork]:
        if np.any(query):
            works = self._find_nearest(query, candidates, limit)
        else:
            # All works are equally far, so that the table suggests none.
            allowed = self.rows.filter(stored__in=candidates).order_by("stored__entry__artwork")
            works = _measure(allowed[:limit], query)
        if len(works) < limit:
            VectorIndex.objects.only("pk").get(pk=self.index.pk)
        return works

    def _find_nearest(
        self, query: FloatArray, candidates: QuerySet[StoredDescriptor], limit: int
    ) -> list[NearestWork]:
        products = self._scan(query)
        margin = MARGIN * float(np.linalg.norm(query))
        size, filtered = SURPLUS * limit, False
        while True:
            chosen = least(-products.largest, size)
            works = self._measure_among(products.stored[chosen], candidates, query)[:limit]
            others = np.delete(products.largest, chosen)
            if not len(others):
                return works
            if len(works) == limit and others.max() + margin < 1 - works[-1].distance:
                return works
            if len(works) < limit and not filtered:
                # The candidates are few, or far: look at them alone.
                keys = candidates.values_list("pk", flat=True).iterator()
                products = products.only(np.fromiter(keys, np.int64))
                filtered = True
            else:
                # Works are about as near as the last one, or their vectors were replaced.
                size *= GROWTH

    def _scan(self, query: FloatArray) -> Products:
        """Return the products of all vectors that were committed before this call, by work."""
        columns = self._read_table(len(query))
        stored = np.asarray(columns["stored"])[:, 0]
        with one_thread():
            products = _multiply(np.asarray(columns["vectors"]), query)
        starts = np.flatnonzero(np.diff(stored, prepend=0))
        largest = np.maximum.reduceat(products, starts) if len(starts) else products[:0]
        filled = stored[starts] > 0
        # Distances are never below zero, so that all products above 1 are equal.
        return Products(stored[starts[filled]], np.minimum(largest[filled], 1))

    def _read_table(self, size: int) -> Numbers:
        length = VectorIndex.objects.values_list("length", flat=True).get(pk=self.index.pk)
        columns = (Column("stored", np.int64, 1), Column("vectors", np.float16, size))
        return open_table(self._folder, columns).read(length, partial(self._read_rows, size))

    @property
    def _folder(self) -> Path:
        """The folder of the table.

        A fit may be shared by several indexes, and a key is given out again once a backup was
        restored; together with the moment of creation they mean one index.
        """
        created = f"{self.index.created:%Y%m%d%H%M%S%f}"
        return conf.cache_dir / f"vectors-{self.index.pk}-{created}-{self.index.digest[:16]}"

    def _read_rows(self, size: int, start: int, stop: int) -> tuple[Keys, Numbers]:
        """Return what is at the positions from ``start`` to ``stop``. Raises ValueError for vectors
        of another size."""
        # The first may belong to a row that begins before.
        before = self.rows.filter(position__lte=start).order_by("-position")
        first = before.values_list("position", flat=True).first()
        rows = self.rows.filter(
            position__gte=start if first is None else first, position__lt=stop
        ).order_by("position")
        found = list(rows.values_list("position", "count", "stored_id", "record"))
        # If the index is gone by now, so may be rows of it.
        VectorIndex.objects.only("pk").get(pk=self.index.pk)
        counts = [count for _, count, _, _ in found]
        numbers = np.frombuffer(b"".join(bytes(record) for *_, record in found), "<f2")
        if len(numbers) != sum(counts) * size:
            raise ValueError(f"expected vectors of {size} numbers, as the query has")
        positions = np.fromiter(
            (at + number for at, count, _, _ in found for number in range(count)), np.int64
        )
        inside = (start <= positions) & (positions < stop)
        stored = np.repeat(np.array([key for _, _, key, _ in found], np.int64), counts)
        vectors = numbers.reshape(-1, size)
        return positions[inside], {"stored": stored[inside], "vectors": vectors[inside]}

    def _measure_among(
        self, stored: Keys, candidates: QuerySet[StoredDescriptor], query: FloatArray
    ) -> list[NearestWork]:
        """Measure those of the stored descriptors that are candidates, nearest first."""
        works = []
        for keys in _portions(np.unique(stored).tolist()):
            # Named within the subquery, of which some databases evaluate all.
            allowed = self.rows.filter(stored__in=candidates.filter(pk__in=keys))
            works += _measure(allowed, query)
        return sorted(works, key=_order)


def _measure(rows: QuerySet[VectorRow], query: FloatArray) -> list[NearestWork]:
    """Return the works of rows, nearest first, measured in float64.

    Each product is summed in an order that depends on nothing but the size, so that equal vectors
    are equally far.
    """
    wide = query.astype(np.float64)
    works = []
    for stored, artwork, count, record, boxes in rows.values_list(
        "stored_id", "stored__entry__artwork", "count", "record", "boxes"
    ):
        products = (_to_numbers(record, count) * wide).sum(axis=1)
        best = int(products.argmax())
        box = None if boxes is None else Box(*boxes[best])
        works.append(NearestWork(stored, artwork, max(0.0, 1 - float(products[best])), box))
    return sorted(works, key=_order)


def _order(work: NearestWork) -> tuple[float, Any]:
    return work.distance, work.artwork


def _multiply(vectors: NDArray[np.float16], query: FloatArray) -> FloatArray:
    """Return the products of a query ``(d,)`` and vectors ``(n, d)``, ``(n,)``.

    Only columns where the query is not zero are read.
    """
    spans = _spans(query)
    rows = max(1, BLOCK // max(span.stop - span.start for span in spans))
    products = np.zeros(len(vectors), np.float32)

    def multiply(start: int, stop: int) -> None:
        for low in range(start, stop, rows):
            high = min(low + rows, stop)
            for span in spans:
                products[low:high] += widen(vectors[low:high, span]) @ query[span]

    map_slices(multiply, len(vectors), max(len(vectors), 1))
    return products


def _spans(query: FloatArray) -> list[slice]:
    """Return the columns where a query is not zero; short gaps are not left out."""
    used = np.flatnonzero(query)
    ends = np.flatnonzero(np.diff(used) > GAP)
    starts, stops = used[[0, *(ends + 1)]], used[[*ends, -1]] + 1
    return [slice(*span) for span in zip(starts.tolist(), stops.tolist(), strict=True)]


def _to_record(numbers: FloatArray) -> bytes:
    """Return vectors as little-endian float16. Raises ValueError if some are not finite."""
    record = numbers.astype("<f2")
    if not np.isfinite(record).all():
        raise ValueError("expected finite numbers within the range of float16")
    return record.tobytes()


def _to_numbers(record: bytes | memoryview, count: int) -> NDArray[np.float16]:
    return np.frombuffer(record, "<f2").reshape(count, -1)


def _portions(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(keys), NAMED_KEYS):
        yield keys[start : start + NAMED_KEYS]
