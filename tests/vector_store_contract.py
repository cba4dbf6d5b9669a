"""The contract that every vector store passes."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from django.db import connection, transaction

from stylesim_app.core.boxes import Box, grid
from stylesim_app.core.cosine import to_unit
from stylesim_app.core.embedding import Vectors
from stylesim_app.models import Artwork, DescriptorSet, IndexEntry, StoredDescriptor, VectorIndex
from stylesim_app.stores import import_vector_store
from stylesim_app.stores.vector_base import NearestWork

WORKS = 60
SIZE = 200
LIMIT = 8
#: How far a store may be from the oracle.
EXACT = 3e-6


def draw_vectors(seed: int, count: int | None = None) -> Vectors:
    """Draw one vector of a picture, or ``count`` of its regions."""
    numbers = to_unit(np.random.default_rng(seed).normal(size=(count or 1, SIZE)))
    if count is None:
        return Vectors.of_picture(numbers[0])
    boxes = [Box(at / count, 0.25, 1 / count, 0.5) for at in range(count)]
    return Vectors(numbers, tuple(boxes))


def draw_query(seed: int = 1000) -> Any:
    return draw_vectors(seed).numbers[0]


class Wall:
    """A vector store, and the works in it: ``vectors[key]`` of the stored descriptor ``key``."""

    def __init__(self, store_name: str) -> None:
        self.store_name = store_name
        self.descriptor_set = DescriptorSet.objects.create(
            digest="drawn", provenance={}, serving=True
        )
        self.index = self.add_index()
        self.store = self.open()
        self.vectors: dict[int, Vectors] = {}
        self.artworks: dict[int, Any] = {}

    def add_index(self) -> VectorIndex:
        return VectorIndex.objects.create(
            descriptor_set=self.descriptor_set,
            embedding="drawn",
            digest="same",
            store=self.store_name,
        )

    def open(self) -> Any:
        return import_vector_store(self.store_name)(self.index)

    def describe(self, count: int) -> list[int]:
        """Rows of so many more works, not added to the store yet."""
        # The order of the artworks is not that of the rows.
        artworks = [Artwork(title="drawn", is_public=True) for _ in range(count)]
        artworks = Artwork.objects.bulk_create(artworks)[::-1]
        entries = IndexEntry.objects.bulk_create(IndexEntry(artwork=each) for each in artworks)
        stored = StoredDescriptor.objects.bulk_create(
            StoredDescriptor(entry=each, descriptor_set=self.descriptor_set, file_name=str(each.pk))
            for each in entries
        )
        self.artworks |= {each.pk: each.entry.artwork_id for each in stored}
        return [each.pk for each in stored]

    def add(self, vectors: Sequence[Vectors]) -> list[int]:
        keys = self.describe(len(vectors))
        self.put(dict(zip(keys, vectors, strict=True)))
        return keys

    def put(self, vectors: dict[int, Vectors]) -> None:
        with transaction.atomic():
            self.store.add(vectors)
        self.vectors |= vectors

    def described(self) -> Any:
        return StoredDescriptor.objects.filter(descriptor_set=self.descriptor_set)

    def nearest(self, query: Any, limit: int = LIMIT, candidates: Any = None) -> list[NearestWork]:
        allowed = self.described() if candidates is None else candidates
        works: list[NearestWork] = self.store.nearest(query, allowed, limit)
        return works

    def expected(self, query: Any, keys: Any = None) -> list[NearestWork]:
        """What the definition gives in float64, of all works or of those named."""
        works = []
        for key in self.vectors if keys is None else keys:
            each = self.vectors[key]
            kept = each.numbers.astype(np.float16).astype(np.float64)
            products = [float(np.dot(row, query.astype(np.float64))) for row in kept]
            best = int(np.argmax(products))
            box = None if each.boxes is None else each.boxes[best]
            works.append(NearestWork(key, self.artworks[key], max(0.0, 1 - products[best]), box))
        return sorted(works, key=lambda work: (round(work.distance, 9), work.artwork))

    def check(self, query: Any, limit: int = LIMIT, keys: Any = None) -> None:
        """Hold an answer to the definition."""
        candidates = None if keys is None else self.described().filter(pk__in=keys)
        found = self.nearest(query, limit, candidates)
        expected = self.expected(query, keys)[:limit]
        assert [work.stored for work in found] == [work.stored for work in expected]
        assert [work.artwork for work in found] == [work.artwork for work in expected]
        assert [work.box for work in found] == [work.box for work in expected]
        distances = [work.distance for work in expected]
        assert [work.distance for work in found] == pytest.approx(distances, abs=EXACT)


class VectorStoreContract:
    """What a search relies on, whichever the store."""

    store_name: str

    @pytest.fixture
    def wall(self, db: None) -> Wall:
        wall = Wall(self.store_name)
        wall.add([draw_vectors(seed) for seed in range(WORKS)])
        return wall

    @pytest.fixture
    def regions(self, db: None) -> Wall:
        """Works of one to seven regions each."""
        wall = Wall(self.store_name)
        wall.add([draw_vectors(seed, 1 + seed % 7) for seed in range(WORKS)])
        return wall

    def test_the_nearest_are_those_of_the_definition(self, wall):
        for seed in range(1000, 1010):
            wall.check(draw_query(seed))

    def test_the_nearest_region_of_a_work_counts_and_is_named(self, regions):
        for seed in range(1000, 1010):
            regions.check(draw_query(seed))
            assert all(work.box for work in regions.nearest(draw_query(seed)))

    def test_works_of_one_vector_and_of_several_are_ranked_together(self, wall):
        wall.add([draw_vectors(seed, 5) for seed in range(WORKS, 2 * WORKS)])
        wall.check(draw_query(), limit=2 * WORKS)

    def test_a_work_is_nearest_to_itself(self, wall):
        for key, vectors in list(wall.vectors.items())[::7]:
            (found,) = wall.nearest(vectors.numbers[0], limit=1)
            assert found.stored == key
            assert found.distance == pytest.approx(0, abs=1e-3)

    def test_no_distance_is_below_zero(self, wall):
        longer = 1.01 * draw_query()
        (key,) = wall.add([Vectors.of_picture(longer)])
        (found,) = wall.nearest(longer, limit=1)
        assert (found.stored, found.distance) == (key, 0.0)

    def test_works_beyond_distance_zero_are_equally_far(self, wall):
        query = draw_query()
        factors = (1.01, 1.04, 1.02, 1.03)
        keys = wall.add([Vectors.of_picture(factor * query) for factor in factors])
        found = wall.nearest(query, limit=2)
        assert [work.artwork for work in found] == sorted(wall.artworks[key] for key in keys)[:2]
        wall.check(query)

    def test_queries_need_no_length_of_one(self, wall):
        wall.check(0.2 * draw_query())
        wall.check(30 * draw_query())

    def test_parts_of_a_query_may_be_zero(self, wall):
        for used in (slice(0, 7), slice(150, None), slice(60, 140), slice(199, None)):
            query = np.zeros(SIZE, np.float32)
            query[used] = draw_query()[used]
            wall.check(query)
        query = draw_query()
        query[5:90], query[100:103], query[110:190] = 0, 0, 0
        wall.check(query)

    def test_from_a_query_of_zeros_all_are_equally_far(self, wall):
        found = wall.nearest(np.zeros(SIZE, np.float32))
        assert [work.distance for work in found] == [1.0] * LIMIT
        assert [work.artwork for work in found] == sorted(wall.artworks.values())[:LIMIT]

    def test_works_that_are_equally_far_are_ordered_by_artwork(self, wall):
        wall.add([draw_vectors(3)] * 40)
        found = wall.nearest(draw_vectors(3).numbers[0])
        assert len({work.distance for work in found}) == 1
        wall.check(draw_vectors(3).numbers[0])
        wall.check(draw_vectors(3).numbers[0], limit=50)

    def test_of_regions_that_are_equally_far_the_first_is_named(self, wall):
        numbers, boxes = draw_vectors(500, 2).numbers, grid(2)[:3]
        wall.add([Vectors(numbers[[0, 1, 1]], tuple(boxes))])
        (found,) = wall.nearest(numbers[1], limit=1)
        assert found.box == boxes[1]

    def test_candidates_are_filtered_before_they_are_chosen(self, regions):
        query = draw_query()
        farthest = [work.stored for work in regions.expected(query)[-5:]]
        regions.check(query, keys=farthest)
        regions.check(query, keys=farthest, limit=3)
        regions.check(query, keys=list(regions.vectors)[::2])

    def test_without_candidates_nothing_is_found(self, wall):
        nobody = StoredDescriptor.objects
        for candidates in (nobody.none(), nobody.filter(pk__in=[]), nobody.filter(file_name="-")):
            assert wall.nearest(draw_query(), candidates=candidates) == []
            assert wall.nearest(np.zeros(SIZE, np.float32), candidates=candidates) == []

    def test_more_than_there_are_may_be_asked_for(self, wall):
        wall.check(draw_query(), limit=1000)

    def test_what_is_deleted_is_found_no_more(self, regions):
        query = draw_query()
        for work in regions.nearest(query)[:3]:
            StoredDescriptor.objects.get(pk=work.stored).delete()
            del regions.vectors[work.stored]
        regions.check(query)
        regions.add([draw_vectors(700, 3)])
        regions.check(query)

    def test_vectors_that_were_replaced_count_no_more(self, regions):
        """Whatever was the nearest is far now, and the other way round."""
        query = draw_query()
        order = [work.stored for work in regions.expected(query)]
        regions.nearest(query)
        regions.put(
            {key: regions.vectors[other] for key, other in zip(order, reversed(order), strict=True)}
        )
        regions.check(query)
        regions.check(query, limit=1)
        regions.check(query, keys=order[:5])

    def test_vectors_that_are_replaced_at_once_count_no_more(self, db):
        """A work's former vectors and its present ones are next to each other in a table."""
        wall = Wall(self.store_name)
        (key,) = wall.add([draw_vectors(1, 4)])
        wall.nearest(draw_query())
        wall.put({key: draw_vectors(2, 2)})
        for seed in (1, 2):
            for query in draw_vectors(seed, 2).numbers:
                wall.check(query)

    def test_a_store_may_be_empty(self, db):
        wall = Wall(self.store_name)
        assert wall.nearest(draw_query()) == []
        wall.describe(3)
        assert wall.nearest(draw_query()) == []
        assert wall.nearest(np.zeros(SIZE, np.float32)) == []

    def test_what_is_added_is_found_at_once(self, db):
        wall = Wall(self.store_name)
        wall.nearest(draw_query())
        for count in (1, 4, 20):
            wall.add([draw_vectors(10 * count + seed, 3) for seed in range(count)])
            wall.check(draw_query())

    @pytest.mark.django_db(transaction=True)
    def test_what_another_process_adds_is_found_at_once(self, transactional_db):
        wall = Wall(self.store_name)
        wall.add([draw_vectors(seed) for seed in range(10)])
        wall.check(draw_query())

        def add() -> None:
            try:
                wall.store, own = wall.open(), wall.store
                wall.add([Vectors.of_picture(draw_query())])
                wall.store = own
            finally:
                connection.close()

        other = threading.Thread(target=add)
        other.start()
        other.join()
        wall.check(draw_query())

    def test_vectors_are_read_as_they_are_kept(self, wall):
        keys = [*wall.add([draw_vectors(300, 4)]), *list(wall.vectors)[:2]]
        found = wall.store.read([*keys, 10**9])
        assert found.keys() == set(keys)
        for key, vectors in found.items():
            expected = wall.vectors[key]
            assert vectors.numbers.dtype == np.float32
            assert np.array_equal(vectors.numbers, expected.numbers.astype(np.float16))
            assert vectors.boxes == expected.boxes
        assert wall.store.read([]) == {}

    def test_what_is_lacking_is_what_was_not_added(self, db):
        wall = Wall(self.store_name)
        later = wall.describe(2)
        assert set(wall.store.lacking(wall.described()).values_list("pk", flat=True)) == {*later}
        wall.put({later[0]: draw_vectors(0)})
        assert wall.store.lacking(wall.described()).get().pk == later[1]
        assert not wall.store.lacking(wall.described().filter(pk=later[0])).exists()

    def test_each_index_has_vectors_of_its_own(self, wall):
        """Two of one embedding and one fit may exist at once."""
        old, vectors = wall.store, wall.vectors
        wall.nearest(draw_query())
        wall.index = wall.add_index()
        wall.store, wall.vectors = wall.open(), {}
        assert wall.store.lacking(wall.described()).count() == WORKS
        assert wall.nearest(draw_query()) == []
        key = next(iter(vectors))
        wall.put({key: draw_vectors(900)})
        wall.check(draw_query())
        wall.store, wall.vectors = old, vectors
        wall.check(draw_query())

    def test_an_index_that_was_replaced_is_not_taken_for_an_empty_collection(self, wall):
        for asked_before in (False, True):
            if asked_before:
                wall.index = wall.add_index()
                wall.store = wall.open()
                wall.put({next(iter(wall.vectors)): draw_vectors(0)})
                wall.nearest(draw_query())
            VectorIndex.objects.all().delete()
            with pytest.raises(VectorIndex.DoesNotExist):
                wall.nearest(draw_query())
            with pytest.raises(VectorIndex.DoesNotExist):
                wall.nearest(np.zeros(SIZE, np.float32))
