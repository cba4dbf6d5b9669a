"""The vector store that runs on any database, held to the contract of all vector stores."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.db.models import F

from stylesim_app.core.embedding import Vectors
from stylesim_app.models import VectorIndex, VectorRow
from stylesim_app.stores import embedded_vectors, table_file
from tests.vector_store_contract import SIZE, WORKS, VectorStoreContract, draw_query, draw_vectors


class TestEmbeddedVectors(VectorStoreContract):
    store_name = "embedded"

    def test_positions_have_no_gaps(self, regions):
        end = 0
        for row in VectorRow.objects.order_by("position"):
            assert (row.position, len(row.record)) == (end, row.count * SIZE * 2)
            end += row.count
        assert VectorIndex.objects.get().length == end

    def test_a_table_is_read_in_chunks_that_part_works(self, regions, monkeypatch):
        monkeypatch.setattr(table_file, "CHUNK", 5)
        regions.check(draw_query())
        regions.add([draw_vectors(800, 9), draw_vectors(801, 9)])
        regions.check(draw_query())

    def test_vectors_are_converted_in_blocks(self, regions, monkeypatch):
        monkeypatch.setattr(embedded_vectors, "BLOCK", 3 * SIZE)
        regions.check(draw_query())

    def test_many_keys_are_named_in_several_statements(self, regions, monkeypatch):
        monkeypatch.setattr(embedded_vectors, "NAMED_KEYS", 3)
        regions.check(draw_query())
        assert len(regions.store.read(list(regions.vectors))) == WORKS

    def test_a_search_measures_few_works(self, wall, django_assert_num_queries):
        wall.nearest(draw_query())
        with django_assert_num_queries(2):
            wall.nearest(draw_query())

    def test_a_restored_backup_is_searched_as_it_is(self, regions):
        """The same positions hold other vectors, as if they were added after the restoration."""
        regions.check(draw_query())
        rows = list(VectorRow.objects.order_by("position"))[-20:]
        for row in rows:
            vectors = draw_vectors(2000 + row.position, row.count)
            row.record = vectors.numbers.astype("<f2").tobytes()
            row.save()
            regions.vectors[row.stored_id] = vectors
        table_file.open_table.cache_clear()
        regions.check(draw_query())

    def test_an_index_with_a_key_that_was_used_before_has_a_table_of_its_own(self, wall):
        former = wall.store._folder
        VectorIndex.objects.update(created=F("created") + timedelta(microseconds=1))
        wall.index.refresh_from_db()
        assert wall.open()._folder != former
        assert wall.open()._folder == type(wall.store)(VectorIndex.objects.get())._folder

    @pytest.mark.parametrize("size", [SIZE - 1, SIZE + 1])
    @pytest.mark.parametrize("asked_before", [False, True])
    def test_a_query_of_another_size_is_an_error(self, wall, size, asked_before):
        if asked_before:
            wall.check(draw_query())
        with pytest.raises(ValueError, match=f"expected vectors of {size} numbers"):
            wall.nearest(np.ones(size, np.float32))
        wall.check(draw_query())

    @pytest.mark.parametrize("number", [np.nan, np.inf])
    def test_numbers_that_are_not_finite_are_refused(self, wall, number):
        (key,) = wall.describe(1)
        with pytest.raises(ValueError, match="expected finite numbers"):
            wall.put({key: Vectors.of_picture(np.full(SIZE, number, np.float32))})
